/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_WINCH_H
#define _LINUX_WINCH_H

struct device;
struct winch;

struct winch_ops {
	int (*pull)(struct winch *winch, int metres);
};

struct winch {
	struct device *parent;
	const struct winch_ops *ops;
};

static inline int winch_pull(struct winch *winch, int metres)
{
	return winch->ops->pull(winch, metres);
}

struct winch *devm_winch_alloc(struct device *dev, const struct winch_ops *ops);

#endif
