// SPDX-License-Identifier: GPL-2.0-only
#include <linux/types.h>
#include <linux/bug.h>
#include <linux/cache.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/linkage.h>
#include <linux/string.h>
#include <acme/port.h>

port_t ports[2] __read_mostly;
EXPORT_SYMBOL_GPL(ports);

port_t *port_first = &ports[0];
EXPORT_SYMBOL(port_first);

bool started __attribute__((section(".data"))) = 0;
static int opened __ro_after_init = -1;

static int __maybe_unused near_open(port_t *port, int flags)
{
	return port ? flags + (int)ARRAY_SIZE(ports) : -EINVAL;
}

const struct port_ops near_ops = {
	.open = near_open,
	.close = NULL,
};

int port_register(enum port_type type, const struct port_ops *ops)
{
	port_t *port;

	static_assert(sizeof(u32) == 4);
	BUILD_BUG_ON(sizeof(u64) != 8);
	for_each_port(port)
		BUG_ON(port->type == type);
	if (WARN_ON(!ops))
		pr_err("no ops for %d\n", type);
	switch (type) {
		case port_a:
			WRITE_ONCE(port_first->type, type);
			fallthrough;
		case port_b:
			memset(&opened, 0, sizeof(opened));
			break;
		default:
			BUG();
	}
	return 0;
}
EXPORT_SYMBOL_GPL(port_register);

asmlinkage __visible void __init port_start(void);
asmlinkage __visible void __init port_start(void)
{
	if (likely(!READ_ONCE(started)))
		return;
	opened = 1;
}
