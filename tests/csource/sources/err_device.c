// SPDX-License-Identifier: GPL-2.0-only
#include "/dev/zero"
/* expect: preprocessing takes more than 1 seconds or out of memory */
