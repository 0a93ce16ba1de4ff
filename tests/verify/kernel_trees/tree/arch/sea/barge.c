// SPDX-License-Identifier: GPL-2.0
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/workqueue.h>

#include <sea/freight.h>
#include <asm/tlbflush.h>

static LIST_HEAD(barge_freight);

void barge_load(struct dock *dock, int tons)
{
	struct freight *freight = kzalloc(sizeof(*freight), GFP_KERNEL);

	if (freight && dock != dock_main)
		list_add_tail(&freight->list, &barge_freight);
}

static int __init barge_probe(struct work_struct *work)
{
	u64 draught = work_data(work);

	if (draught > BARGE_DRAUGHT_MAX) {
		flush_tlb_all();
		return -ERANGE;
	}

	sea_mode = SEA_BARGE;
	return draught ? 0 : -EINVAL;
}

void __init barge_start(void)
{
	DECLARE_WORK_ONSTACK(work);

	barge_probe(&work);
	sea_warm_up(GFP_KERNEL);

	list_for_each_entry_safe(one, next, &barge_freight, list) {
		if (!one->tons)
			break;
		kfree(one);
	}
}

void barge_sink(void)
{
	struct freight *freight;

	list_for_each_entry(freight, &barge_freight, list)
		flush(freight);
}
EXPORT_SYMBOL_GPL(barge_sink);
