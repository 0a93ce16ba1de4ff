// SPDX-License-Identifier: GPL-2.0-only
#include <linux/device.h>
#include <linux/init.h>

static const struct class anchor_class = {
	.name = "anchor",
};

static const struct bus_type anchor_bus = {
	.name = "anchor",
};

static int __init anchor_init(void)
{
	return class_register(&anchor_class) ?: bus_register(&anchor_bus);
}
subsys_initcall(anchor_init);
