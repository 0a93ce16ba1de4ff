// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <linux/bug.h>
#include <linux/types.h>
#include <acme/port.h>

extern const struct shim_export __start_shim_exports[], __stop_shim_exports[];

static jmp_buf escape;

void shim_bug(const char *file, int line)
{
	(void)file;
	printf("BUG at line %d\n", line);
	longjmp(escape, 1);
}

int main(void)
{
	const struct port_ops ops = { NULL, NULL };

	for (const struct shim_export *e = __start_shim_exports; e < __stop_shim_exports; e++)
		printf("%s %s\n", e->name, e->kind);
	if (setjmp(escape) == 0)
		port_register(port_c, &ops);
	return 0;
}
