// SPDX-License-Identifier: GPL-2.0-only
#include <linux/export.h>
#include <linux/notifier.h>

static BLOCKING_NOTIFIER_HEAD(tide_chain);

int tide_register_notifier(struct notifier_block *block)
{
	return blocking_notifier_chain_register(&tide_chain, block);
}
EXPORT_SYMBOL_GPL(tide_register_notifier);
