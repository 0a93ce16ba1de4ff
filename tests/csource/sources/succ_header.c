// SPDX-License-Identifier: GPL-2.0-only
#include <linux/types.h>

enum kind {
	near = -1, far,
	shifted = 1 << 3, next,
	size = sizeof(int), unknown,
	octal = 010,
	quotient = -7 / 2,
	letter = 'A',
	chosen = (shifted > 2 && !far) ? shifted : ~0,
	huge = 1 << 99999999999,
};

struct line_ops;

typedef struct {
	enum kind kind;
	struct line_ops *ops;
	struct {
		u8 bytes[4 * 2];
		unsigned int flag : 3;
	};
	int (*open)(void *port, int flags);
} line_t;

extern line_t *first, lines[2];

#define for_each_line(line) \
	for ((line) = lines; (line) < lines + LINES; (line)++)
#define LINES 2
