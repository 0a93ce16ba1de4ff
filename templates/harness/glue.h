/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the driver and the judged C meet.
 *
 * The driver is ours and sees no judged header: what those define or redefine can't change it.
 * The glue is generated, compiled with the judged headers, and trusted no more than they are.
 */
#include <stddef.h>

/* A name by which calls and answers tell an ops table. */
struct glue_table {
	const char *name;
	const volatile void *address;
};

/* In the glue. */
extern struct glue_table glue_tables[];
extern const int glue_table_count, glue_slot_count;

/* Learn what nothing outside names: the table that empty slots hold. */
void glue_start(void);
int glue_slot_type(int slot);
const volatile void *glue_slot_ops(int slot);
int glue_slot_pointer(int slot);
int glue_register(long type, const volatile void *ops);
int glue_unregister(long type);
void glue_iterate(void);
void glue_reset(void);
void glue_assign(int number);
void glue_boot(int guest);
/* Arguments are marked each with its number, or filled with this byte. */
#define GLUE_MARKS 1
long glue_wrapper(const char *op, int slot, int fill);

/* In the driver. */
int driver_visit(int slot);
void driver_called(const char *function, int count, const long *arguments);
void driver_clear_bss(void);
void shim_bug(const char *file, int line) __attribute__((noreturn));
