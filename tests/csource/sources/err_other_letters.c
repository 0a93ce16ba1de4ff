// SPDX-License-Identifier: GPL-2.0-only
/* expect: 3:1: not C that can be parsed: illegal character */
é x;
