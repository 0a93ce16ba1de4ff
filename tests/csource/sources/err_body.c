// SPDX-License-Identifier: GPL-2.0-only
int f(void)
{
	foo bar baz;
}
/* expect: 4:6: not C that can be parsed: before: bar */
