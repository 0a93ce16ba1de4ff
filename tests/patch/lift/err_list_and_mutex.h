/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_BEACON_H
#define _LINUX_BEACON_H

#include <linux/list.h>
#include <linux/types.h>

struct beacon;

enum beacon_type {
	BEACON_NONE,
	BEACON_LIGHT,
	BEACON_RADIO,
};

/**
 * struct beacon_ops - what a driver of beacons does
 * @start: switch it on
 * @stop: switch it off
 */
struct beacon_ops {
	int (*start)(struct beacon *beacon);
	void (*stop)(struct beacon *beacon);
};

struct beacon {
	enum beacon_type type;
	const struct beacon_ops *ops;
	struct list_head node;
};

int beacon_register(struct beacon *beacon);
void beacon_unregister(struct beacon *beacon);

#endif
