// SPDX-License-Identifier: GPL-2.0
#include <linux/init.h>

#include <toy/state.h>
#ifdef CONFIG_TOY_BIG
#include <toy/big.h>
#endif

static void __init small_clock(void)
{
	toy_mode = 0;
}
EXPORT_SYMBOL_GPL(small_clock);

/* The first C function that runs. */
asmlinkage __visible void __init small_start(struct boot_info *info)
{
	unsigned long pages = 0;
	int i;

	if (!info)
		return;	/* nothing to boot from */

	toy_info = info;
	toy_mode = MODE_SMALL; /* from now on */
	/* Interrupts are off. */
	small_count(&pages);

	if (pages) {
		small_clock();
	}
}
