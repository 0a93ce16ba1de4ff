/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_PRINTK_H
#define SHIM_LINUX_PRINTK_H

#include <linux/compiler.h>

#ifndef XENHOSTGEN_PARSE
/* Says nothing, and still has its arguments checked. */
static inline __printf(1, 2) int shim_printk(const char *format, ...)
{
	(void)format;
	return 0;
}

#define printk(...) shim_printk(__VA_ARGS__)
#define pr_emerg(...) shim_printk(__VA_ARGS__)
#define pr_alert(...) shim_printk(__VA_ARGS__)
#define pr_crit(...) shim_printk(__VA_ARGS__)
#define pr_err(...) shim_printk(__VA_ARGS__)
#define pr_warn(...) shim_printk(__VA_ARGS__)
#define pr_notice(...) shim_printk(__VA_ARGS__)
#define pr_info(...) shim_printk(__VA_ARGS__)
#define pr_debug(...) shim_printk(__VA_ARGS__)
#define pr_cont(...) shim_printk(__VA_ARGS__)
#define pr_devel(...) shim_printk(__VA_ARGS__)
#define pr_emerg_once(...) shim_printk(__VA_ARGS__)
#define pr_alert_once(...) shim_printk(__VA_ARGS__)
#define pr_crit_once(...) shim_printk(__VA_ARGS__)
#define pr_err_once(...) shim_printk(__VA_ARGS__)
#define pr_warn_once(...) shim_printk(__VA_ARGS__)
#define pr_notice_once(...) shim_printk(__VA_ARGS__)
#define pr_info_once(...) shim_printk(__VA_ARGS__)
#define pr_debug_once(...) shim_printk(__VA_ARGS__)
#define pr_emerg_ratelimited(...) shim_printk(__VA_ARGS__)
#define pr_alert_ratelimited(...) shim_printk(__VA_ARGS__)
#define pr_crit_ratelimited(...) shim_printk(__VA_ARGS__)
#define pr_err_ratelimited(...) shim_printk(__VA_ARGS__)
#define pr_warn_ratelimited(...) shim_printk(__VA_ARGS__)
#define pr_notice_ratelimited(...) shim_printk(__VA_ARGS__)
#define pr_info_ratelimited(...) shim_printk(__VA_ARGS__)
#define pr_debug_ratelimited(...) shim_printk(__VA_ARGS__)
#define dump_stack() do { } while (0)
#endif

#endif
