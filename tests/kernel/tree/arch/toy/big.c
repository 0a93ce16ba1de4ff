// SPDX-License-Identifier: GPL-2.0
#include <linux/init.h>
#include <toy/state.h>

bool big_ready;

/* Called by the loader. */
void __init big_start(void)
{
	toy_mode = 2;
	big_ready = true;
}
