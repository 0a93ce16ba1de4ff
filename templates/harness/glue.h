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

/* What of the kernel's no call may change, by its name. */
struct glue_memory {
	const char *name;
	const void *address;
	size_t size;
};
extern const struct glue_memory glue_memories[];
extern const int glue_memory_count;

/* Learn what nothing outside names: the table that empty slots hold. */
void glue_start(void);
int glue_slot_type(int slot);
const volatile void *glue_slot_ops(int slot);
int glue_slot_pointer(int slot);
int glue_register(long type, const volatile void *ops);
int glue_unregister(long type);
/* All hosts, or for each of them all once more. */
void glue_iterate(int nested);
/* Take a slot, past the functions for that. */
void glue_hold(int slot, int type, const volatile void *ops);
void glue_reset(void);
void glue_assign(int number);
void glue_boot(int guest, int due);
/*
 * Arguments and results are each marked with its number, or filled with this byte; from GLUE_NUMBERS on
 * they are what is above that, below it each has bits of its own, the lowest and the highest set.
 */
#define GLUE_MARKS 1
#define GLUE_NUMBERS 1000
enum { GLUE_BITS = 2, GLUE_OTHER_BITS = 4 };
void glue_prepare(int fill);
/* There are fewer marks. */
#define GLUE_MARK_COUNT 128
/* From here on they are those of truth values. */
#define GLUE_TRUTH GLUE_MARK_COUNT
/* What a value is: a host points to one, a string to characters. */
enum glue_kind { GLUE_NUMBER, GLUE_POINTER, GLUE_STRING, GLUE_HOST };
const void *glue_host(int slot);
/* A call by its name, for the host in a slot. */
void glue_wrapper(const char *name, int slot);

/* In the driver. */
void driver_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
int driver_visit(int slot);
void driver_called(const char *function, int count, const long *arguments);
/*
 * Make a value what its number and the byte to fill with say, a host another than a slot's, a result what its function's
 * arguments say besides; a value as the number that it tells.
 */
void driver_argument(void *value, size_t size, int number, enum glue_kind kind, int slot);
void driver_result(void *value, size_t size, int number, enum glue_kind kind, int count,
		   const long *arguments);
long driver_told(const void *value, size_t size, long number, enum glue_kind kind);
void driver_clear_bss(void);
void shim_bug(const char *file, int line) __attribute__((noreturn));
