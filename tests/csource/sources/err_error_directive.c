// SPDX-License-Identifier: GPL-2.0-only
	#error stop here
/* expect: 2:10: #error stop here */
