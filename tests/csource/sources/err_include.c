// SPDX-License-Identifier: GPL-2.0-only
#include <acme/nowhere.h>
/* expect: 2:10: acme/nowhere.h: No such file or directory */
