// SPDX-License-Identifier: GPL-2.0-only
#include "err_include_itself.c"
/* expect: #include nested depth 200 exceeds maximum of 200 */
