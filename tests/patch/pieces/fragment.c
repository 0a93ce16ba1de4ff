/* SPDX-License-Identifier: GPL-2.0-only */
/* The added lines of a patch: white space collapsed, a function's end without its beginning. */
#include <acme/port.h>
if (!linked())
return;
/* a
* note */
#define for_each_port(p) \
for ((p) = ports; (p) < ports + 2; /* two */ (p)++)
port_register(port_b, &far_ops);
}
acme_ops_t near_ops = {
};
EXPORT_SYMBOL(near_ops)
#ifdef CONFIG_ACME
static int unfinished(void)
{
if (x) {
