// SPDX-License-Identifier: GPL-2.0-only
/* expect: 3:5: not C that can be parsed: at end of input */
int x
