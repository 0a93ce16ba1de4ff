/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_INIT_H
#define SHIM_LINUX_INIT_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/stringify.h>
#include <linux/types.h>

#define __init __section(".init.text")
#define __exit __section(".exit.text")
#define __initdata __section(".init.data")
#define __initconst __section(".init.rodata")
#define __exitdata __section(".exit.data")
#define __ref __section(".ref.text")
#define __refdata __section(".ref.data")

/* Nobody calls it: calls from there are for the boot path alone. */
#define shim_initcall(function) static int (*shim_##function)(void) __used __initdata = (function)
#define early_initcall(function) shim_initcall(function)
#define pure_initcall(function) shim_initcall(function)
#define core_initcall(function) shim_initcall(function)
#define postcore_initcall(function) shim_initcall(function)
#define arch_initcall(function) shim_initcall(function)
#define subsys_initcall(function) shim_initcall(function)
#define fs_initcall(function) shim_initcall(function)
#define device_initcall(function) shim_initcall(function)
#define late_initcall(function) shim_initcall(function)
#define console_initcall(function) shim_initcall(function)
#define shim_option(function) static int (*shim_##function)(char *) __used __initdata = (function)
#define __setup(option, function) shim_option(function)
#define early_param(option, function) shim_option(function)

#endif
