/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_MODULE_H
#define SHIM_LINUX_MODULE_H

#include <linux/export.h>
#include <linux/init.h>

/* Built in, as boot code is. */
#define module_init(function) shim_initcall(function)
#define module_exit(function) \
	static void (*shim_##function)(void) __used __exitdata = (function)

#define MODULE_INFO(tag, text) _Static_assert(sizeof(text), "MODULE_INFO")
#define MODULE_LICENSE(text) MODULE_INFO(license, text)
#define MODULE_AUTHOR(text) MODULE_INFO(author, text)
#define MODULE_DESCRIPTION(text) MODULE_INFO(description, text)
#define MODULE_ALIAS(text) MODULE_INFO(alias, text)

#endif
