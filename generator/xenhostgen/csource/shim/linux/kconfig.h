/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_KCONFIG_H
#define SHIM_LINUX_KCONFIG_H

/* Included before every file, as in the kernel. What is on is 1: a built-in option, or _MODULE. */
#define IS_ENABLED(option) SHIM_DEFINED(option)
#define IS_BUILTIN(option) SHIM_DEFINED(option)
#define IS_REACHABLE(option) SHIM_DEFINED(option)
#define IS_MODULE(option) IS_ENABLED(option##_MODULE)
#define SHIM_DEFINED(value) SHIM_PICK(SHIM_COMMA_##value 1, 0, 0)
#define SHIM_PICK(...) SHIM_SECOND(__VA_ARGS__)
#define SHIM_COMMA_1 0,
#define SHIM_SECOND(first, second, ...) second

#endif
