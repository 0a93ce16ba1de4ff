/* SPDX-License-Identifier: GPL-2.0-only */
/* Included before anything else when parsing: what GNU C has and the parser hasn't. */
#define __attribute__(attributes)
#define __extension__
#define __inline inline
#define __inline__ inline
#define __const const
#define __const__ const
#define __volatile__ volatile
#define __restrict restrict
#define __signed__ signed
#define static_assert _Static_assert
