/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SEA_STATE_H
#define _SEA_STATE_H

enum sea_mode {
	SEA_NONE,	/* ashore */
	SEA_FERRY,
	SEA_BARGE,
};

#ifdef CONFIG_SEA
extern enum sea_mode sea_mode;
#else
#define sea_mode	SEA_NONE
#endif

#define sea_is_ferry()		(sea_mode == SEA_FERRY)
#define sea_is_barge()		(sea_mode == SEA_BARGE)

#include <linux/percpu.h>
DECLARE_PER_CPU(struct gauge, sea_gauge);

extern u32 sea_flags;

#ifdef CONFIG_SEA_MASTER
#include <asm/sea/harbour.h>

#define sea_master()		(sea_flags & \
				 SEA_MASTER)
#else  /* !CONFIG_SEA_MASTER */
#define sea_master()		(0)
#endif	/* CONFIG_SEA_MASTER */

#if IS_ENABLED(CONFIG_SEA_PAINT)
void sea_paint(struct brush *brush);
#else
static inline void sea_paint(struct brush *brush) { }
#endif

#endif	/* _SEA_STATE_H */
