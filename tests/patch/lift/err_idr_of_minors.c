// SPDX-License-Identifier: GPL-2.0-only
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/mutex.h>

struct buoy_ops {
	int (*open)(struct buoy *buoy);
};

static DEFINE_IDR(buoy_minors);
static DEFINE_MUTEX(buoy_lock);

int buoy_register(struct buoy *buoy, const struct buoy_ops *ops)
{
	int minor;

	mutex_lock(&buoy_lock);
	minor = idr_alloc(&buoy_minors, buoy, 0, 0, GFP_KERNEL);
	mutex_unlock(&buoy_lock);
	buoy->ops = ops;
	return minor;
}
EXPORT_SYMBOL_GPL(buoy_register);
