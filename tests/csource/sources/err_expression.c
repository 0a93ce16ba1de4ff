// SPDX-License-Identifier: GPL-2.0-only
int x;
	int y = ;
/* expect: 3:10: not C that can be parsed: invalid expression */
