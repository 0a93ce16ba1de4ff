/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/a.h>
#ifndef X
# define for_each_foo(x) \
	for (;;)
#endif
enum foo_type { a, b = 2, };
struct foo_ops;
struct foo_ops { int (*f)(int x); struct { int z; } q; } __packed;
typedef struct { int x; } foo_t;
typedef void (*fn_t)(int);
typedef int arr_t[3];
static int a, *b = 3, (*fn)(int), d[] = { 1, 2 };
bool ready __attribute__((section(".data"))) = 0;
int al __aligned(8);
struct foo kept[2] __ro_after_init, __other __initdata;
extern foo_t *p, q[2];
void __init foo_register(enum foo_type t, foo_t *x);
asmlinkage __visible void __init foo(void)
{
	if (a) { b(); } else c();
	do { } while (0);
}
foo_t ops = {
};
EXPORT_SYMBOL_GPL(ops);
if (a() && b()) foo_register(r2, &x);
if (a) { x(); } else if (b) y(); else z();
foo_register(a, &b);
a = b;
*p = 4;
p->x[3] = 2;
u32 msr;
return;
}
{
BUG();
}
do { x; } while (0);
for_each_foo(x) { y(); }
struct foo *make(struct foo *a) { return a; }
struct foo v = { .a = 1, };
struct foo w;
enum { A1, B1 };
const struct { int a; } anon = { 1 };
static const struct foo_ops *const tbl[] = { &a, };
static_assert(sizeof(int) == 4);
DEFINE_MUTEX(foo);
foo(
