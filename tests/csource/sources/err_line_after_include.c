// SPDX-License-Identifier: GPL-2.0-only
/* expect: #line renames the file */
#include <linux/types.h>
#line 5 "other.h"
int hidden;
