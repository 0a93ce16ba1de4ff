/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TOY_STATE_H
#define _TOY_STATE_H

extern int toy_mode;

#ifdef CONFIG_TOY_BIG
#define toy_is_big()		(toy_mode == 2)
#else
#define toy_is_big()		(0)
#endif	/* CONFIG_TOY_BIG */

struct toy_page;

#endif
