// SPDX-License-Identifier: GPL-2.0
/*
 * Ferries: every crossing begins here.
 */
#define pr_fmt(fmt) "ferry: " fmt

#include <linux/cpu.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <sea/state.h>
#include <asm/gangway.h>
#ifdef CONFIG_SEA_LIGHTS
#include <asm/lights.h>
#endif

#include "rope.h"

static DEFINE_PER_CPU(struct rope, ferry_ropes[4]);
static struct kmem_cache *ferry_tickets __ro_after_init;
asmlinkage void ferry_entry(void);

#define for_each_rope(rope, cpu) \
	for ((rope) = per_cpu(ferry_ropes, cpu); (rope)->length; (rope)++)

DEFINE_SEA_HANDLER(ferry_bell)
{
	ring(regs->bell);
}

static __always_inline bool ferry_has_left(const struct rope *rope)
{
	return unlikely(READ_ONCE(rope->length) == 0);
}

static int __init ferry_fare(char *given)
{
	return kstrtouint(given, 0, &this_cpu_ptr(ferry_ropes)->fare);
}
early_param("ferry_fare", ferry_fare);

#ifdef CONFIG_SEA_LIGHTS
static void __init ferry_lights(void)
{
	asm volatile("lights %0" : : "r" (LIGHTS_ON) : "memory");
}
#else
static void __init ferry_lights(void) { }
#endif

static void __init ferry_untie(int side)
{
	struct rope *rope;

	for_each_rope(rope, side) {
		if (ferry_has_left(rope))
			continue;
		rope->length = 0;
	}
}

/* The first function of a ferry. */
asmlinkage __visible void __init ferry_start(struct ticket *ticket)
{
	struct cabin cabin = { .beds = 2 };
	unsigned long crew = 0;
	int err;

	if (ticket == NULL) {
		pr_err("nobody comes aboard\n");
		return;
	}

	wipe_bss();
	ferry_tickets = KMEM_CACHE(ticket, SLAB_PANIC);
	sea_mode = 1;	/* from now on */
	sea_flags = ticket->flags;
	ferry_lights();

	err = cabin_lock(&cabin, &crew);
	if (err < 0)
		goto ashore;
#ifdef CONFIG_SEA_BAND
	band_play(({ struct song *song = song_of(crew); song->next; }));
#endif
	ferry_untie(0);
	this_cpu_write(ferry_ropes[0].length, 0);
	start_kernel();
ashore:
	pr_info("no crossing today: %d\n", err);
}

static const struct sea_driver ferry_driver __initconst = {
	.name	= "ferry",
	.start	= ferry_start,
};
sea_driver(ferry_driver);
