// SPDX-License-Identifier: GPL-2.0-only
#if 1
/* expect: 2: unterminated #if */
