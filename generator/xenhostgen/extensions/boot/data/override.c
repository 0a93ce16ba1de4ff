// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether a word stands on the kernel's command line, asked as early as in a guest's first C function:
 * then the line is only where the hypervisor has put it.
 */
#include <linux/init.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/page.h>
#include <asm/setup.h>
#include <asm/xen/hypervisor.h>
#include <xen/interface/xen.h>
#include <xen/interface/hvm/start_info.h>
#include <xen/xen.h>

bool kunit_override(const char *word);

bool __ref kunit_override(const char *word)
{
	const char *line = boot_command_line;

	if (!line[0] && xen_start_info)
		line = (const char *)xen_start_info->cmd_line;
	else if (!line[0] && pvh_start_info.cmdline_paddr)
		line = __va(pvh_start_info.cmdline_paddr);
	return strstr(line, word);
}
