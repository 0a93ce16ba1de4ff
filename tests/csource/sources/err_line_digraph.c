// SPDX-License-Identifier: GPL-2.0-only
/* expect: #line renames the file */
int shown;
%:line 5 "<built-in>"
int hidden;
