/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs the judged C one call at a time and says what it did.
 *
 * Each line of standard input is a call in a numbered state, each line of standard output its
 * answer: "WORDS|SLOTS|WORDS|SLOTS|...|ENDING RESULT STATE [PLACE]", or what it crashed of. A state is an image of all writable memory of the judged objects, which the linker has
 * gathered in two sections; equal images are the same state, so that a hidden variable shows as
 * further states. Calls run in a confined child process: when one crashes or doesn't end, the
 * next child goes on behind it with all states kept.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine.h"
#include "glue.h"

#define say driver_say
#define STATES_MAX (1 << 16)
#define STATE_BYTES_MAX (256UL << 20)
#define IMAGE_MAX (1UL << 20)
#define KEPT_MAX (1UL << 16)
#define LINES_MAX (1 << 20)
#define CRASHES_MAX 2048
#define HANGS_MAX 2
/* A prime well above STATES_MAX keeps the table sparse. */
#define HASHES 131101

/* How the driver ends when it can't go on; the reader knows these numbers. */
enum { BROKEN = 4, TOO_MANY_CRASHES = 5, TOO_MANY_HANGS = 6, TOO_BIG = 7, UNCONFINED = 8 };

extern char __start_judged_data[] __attribute__((weak)), __stop_judged_data[] __attribute__((weak));
extern char __start_judged_bss[] __attribute__((weak)), __stop_judged_bss[] __attribute__((weak));
/* What the sanitizer wants called first. */
typedef void (*starter)(void);
extern starter __start_judged_start[] __attribute__((weak));
extern starter __stop_judged_start[] __attribute__((weak));

/* What parent and children share: the states found so far and the call that is under way. */
static struct shared {
	size_t count;
	long line;
	size_t at_hash[HASHES];
	char images[];
} *shared;
static size_t data_size, bss_size, image_size, states_max;

static jmp_buf after_bug;
static const char *bug_file;
static int bug_line;
static int visits, visits_max, quiet, filled;
/* What a call has changed besides the slots, NULL for nothing. */
static const char *effect;
static char kept[KEPT_MAX];
static char answer[1 << 16];
static size_t answer_length;

/* Add to the answer; too long an answer is cut. */
void driver_say(const char *format, ...)
{
	size_t room = sizeof(answer) - answer_length;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(answer + answer_length, room, format, arguments);
	va_end(arguments);
	if (length > 0)
		answer_length += (size_t)length < room ? (size_t)length : room - 1;
}

/* Add text of unknown origin as one word of one field. */
static void say_word(const char *text, size_t length)
{
	for (size_t i = 0; i < length && text[i]; i++)
		say("%c", text[i] > ' ' && text[i] <= '~' && text[i] != '|' ? text[i] : '_');
}

static void send_answer(void)
{
	const char *rest = answer;

	say("\n");
	answer[answer_length - 1] = '\n';
	while (answer_length) {
		ssize_t sent = write(STDOUT_FILENO, rest, answer_length);

		if (sent < 0)
			_exit(BROKEN);
		rest += sent;
		answer_length -= (size_t)sent;
	}
}

void shim_bug(const char *file, int line)
{
	bug_file = file;
	bug_line = line;
	longjmp(after_bug, 1);
}

int driver_visit(int slot)
{
	if (!quiet)
		say(" %d", slot);
	if (++visits < visits_max)
		return 1;
	if (visits_max > 1)
		say(" endless");
	return 0;
}

void driver_called(const char *function, int count, const long *arguments)
{
	say(" %s", function);
	while (count--)
		say(":%ld", *arguments++);
}

/* Each parameter that is a pointer, and each such result, has memory of its own to point to. */
static struct {
	_Alignas(16) unsigned char bytes[64];
} pointed[GLUE_MARK_COUNT];
static unsigned char is_pointed[GLUE_MARK_COUNT];

/* What that memory holds: a string, too. */
static unsigned char content(int number, size_t at)
{
	return at == sizeof(pointed[0]) - 1 ? 0 : 1 + (number * 31 + filled + at * 7) % 250;
}

/* A truth value: each is both, and of eight in a row no two are the same throughout. */
static int truth(int number)
{
	if (filled >= GLUE_NUMBERS) /* all 0, all 1, then by turns */
		return (filled > GLUE_NUMBERS + 1 ? number ^ filled : filled) & 1;
	return filled == GLUE_MARKS ? ~number & 1 : number >> (filled - 1) & 1;
}

/* Bits for a numbered value: a number, or bits of its own. */
static void fill_in(unsigned char *bytes, size_t size, int number, unsigned int salt)
{
	unsigned int random = (unsigned int)(filled * 7919 + number * 104729) + salt;

	for (size_t i = 0; i < size; i++) {
		random = random * 1103515245 + 12345;
		bytes[i] = filled >= GLUE_NUMBERS ? i ? 0 : filled - GLUE_NUMBERS : random >> 16;
	}
	if (filled < GLUE_NUMBERS)
		bytes[0] = 2 * number + 1;
	if (size > 1 && filled < GLUE_NUMBERS)
		bytes[size - 1] |= 0x80;
}

static void mark(void *value, size_t size, int number, enum glue_kind kind, unsigned int salt)
{
	/* A byte that differs from all others tells which it was. A narrower type would cut it off. */
	memset(value, 0, size);
	((unsigned char *)value)[size - 1] = number;
	if (number >= GLUE_TRUTH)
		*(unsigned char *)value = truth(number) ^ (filled > GLUE_MARKS && filled < GLUE_NUMBERS && salt & 1);
	else if (filled > GLUE_MARKS)
		fill_in(value, size, number, filled < GLUE_NUMBERS ? salt : 0);
	if (kind == GLUE_NUMBER || filled >= GLUE_NUMBERS)
		return;
	*(void **)value = pointed[number].bytes;
	is_pointed[number] = 1;
	for (size_t at = 0; at < sizeof(pointed[0]); at++)
		pointed[number].bytes[at] = content(number, at);
}

void driver_argument(void *value, size_t size, int number, enum glue_kind kind, int slot)
{
	mark(value, size, number, kind, filled);
	if (filled < GLUE_MARKS)
		memset(value, filled & (number >= GLUE_TRUTH ? 1 : 255), size);
	else if (kind == GLUE_HOST && filled < GLUE_NUMBERS)
		*(const void **)value = glue_host((slot + number) % glue_slot_count);
}

void driver_result(void *value, size_t size, int number, enum glue_kind kind, int count,
		   const long *arguments)
{
	unsigned int salt = 0;

	while (count--)
		salt = salt * 2654435761u + (unsigned int)(arguments[count] ^ arguments[count] >> 32);
	mark(value, size, number, kind, salt);
}

/* A pointer as a number that is the same in every run. */
static long told_pointer(const unsigned char *pointer, enum glue_kind kind)
{
	size_t into = (size_t)(pointer - pointed[0].bytes);
	long hash = 0;

	for (int slot = 0; slot < glue_slot_count; slot++)
		if (pointer == glue_host(slot))
			return kind == GLUE_HOST ? slot : (1L << 32) + slot;
	if (into < sizeof(pointed))
		return (long)(into / sizeof(pointed[0]) + into % sizeof(pointed[0]) * 1000);
	for (int i = 0; i < glue_memory_count; i++)
		if (pointer == glue_memories[i].address)
			return -1000 - i;
	if ((long)pointer < 4096 || kind != GLUE_STRING)
		return (long)pointer < 0 ? -1 : (long)pointer < 4096 ? (long)pointer : -2;
	while (*pointer)
		hash = (hash * 31 + *pointer++) % 1000000007;
	return hash;
}

/* A marked value by its mark, a pointer by what it points to, any other by its number. */
long driver_told(const void *value, size_t size, long number, enum glue_kind kind)
{
	const signed char *bytes = value;

	if (kind != GLUE_NUMBER)
		return told_pointer(*(const unsigned char *const *)value, kind);
	if (filled != GLUE_MARKS)
		return number;
	for (size_t i = 0; i + 1 < size; i++)
		if (bytes[i])
			return number;
	return size > 1 ? bytes[size - 1] : number;
}

/* What a call has written where arguments and results point. */
static void say_writes(void)
{
	for (int number = 0; number < GLUE_MARK_COUNT; number++)
		for (size_t at = 0; at < sizeof(pointed[0]) && is_pointed[number]; at++)
			if (pointed[number].bytes[at] != content(number, at))
				say(" writes:%d:%zu:%d", number, at, pointed[number].bytes[at]);
}

/*
 * Whole sections, which are pages, red zones and all: not by memcpy() and memcmp(), which the
 * sanitizer watches. The words are volatile, or the compiler would make those calls of the loops.
 */
typedef volatile unsigned long __attribute__((may_alias)) word;

static void copy(void *to, const void *from, size_t size)
{
	for (size_t at = 0; at < size / sizeof(word); at++)
		((word *)to)[at] = ((const word *)from)[at];
}

static int same(const void *left, const void *right, size_t size)
{
	size_t at = 0;

	while (at < size / sizeof(word) && ((const word *)left)[at] == ((const word *)right)[at])
		at++;
	return at == size / sizeof(word);
}

void driver_clear_bss(void)
{
	for (size_t done = 0; done < bss_size; done++)
		*(volatile char *)(__start_judged_bss + done) = 0;
}

static char *image(size_t state)
{
	return shared->images + state * image_size;
}

static void restore(size_t state)
{
	if (state >= shared->count)
		_exit(BROKEN);
	copy(__start_judged_data, image(state), data_size);
	copy(__start_judged_bss, image(state) + data_size, bss_size);
	glue_reset();
}

/* The number of the state that memory is in now; -1 when there are too many. */
static long current(void)
{
	char *now = image(shared->count);
	size_t hash = 14695981039346656037UL;

	copy(now, __start_judged_data, data_size);
	copy(now + data_size, __start_judged_bss, bss_size);
	/* Sections are whole pages; the multiplication spreads upwards only. */
	for (size_t done = 0; done < image_size; done += sizeof(word)) {
		hash = (hash ^ *(const word *)(now + done)) * 1099511628211UL;
		hash ^= hash >> 32;
	}
	for (hash %= HASHES; shared->at_hash[hash]; hash = (hash + 1) % HASHES)
		if (same(image(shared->at_hash[hash] - 1), now, image_size))
			return (long)shared->at_hash[hash] - 1;
	if (shared->count == states_max)
		return -1;
	shared->at_hash[hash] = ++shared->count;
	return (long)shared->count - 1;
}

static int visit(int most, int nested)
{
	visits = 0;
	visits_max = most;
	glue_iterate(nested);
	return visits;
}

/* Visit all, then see that "break" leaves, and that one iteration can stand in another. */
static void iterate(void)
{
	int all;

	quiet = 0;
	all = visit(glue_slot_count + 1, 0);
	quiet = 1;
	if (visit(1, 0) != (all > 0))
		say(" on-after-break");
	if (visit(all + all * all + 1, 1) != all + all * all)
		say(" not-in-another");
}

/* Keep what is the kernel's, or compare it with what has been kept. */
static void remember(int compare)
{
	char *at = kept;

	effect = compare ? effect : NULL;
	for (int i = 0; i < glue_memory_count; i++) {
		const struct glue_memory *memory = &glue_memories[i];

		if (memory->size > (size_t)(kept + KEPT_MAX - at))
			return;
		if (!compare)
			memcpy(at, memory->address, memory->size);
		else if (!effect && memcmp(at, memory->address, memory->size))
			effect = memory->name;
		at += memory->size;
	}
}

static void protect(int access)
{
	if (data_size)
		mprotect(__start_judged_data, data_size, access);
	if (bss_size)
		mprotect(__start_judged_bss, bss_size, access);
}

/* Wrappers and iterators write nothing, not even the value that is there. */
static struct sigaction sanitizers;

static void written(int number, siginfo_t *info, void *context)
{
	char *at = info->si_addr;

	(void)number;
	(void)context;
	if ((at >= __start_judged_data && at < __stop_judged_data) ||
	    (at >= __start_judged_bss && at < __stop_judged_bss)) {
		protect(PROT_READ | PROT_WRITE);
		effect = "memory";
		return;
	}
	sigaction(SIGSEGV, &sanitizers, NULL);
}

static void seal(void)
{
	struct sigaction action = { .sa_sigaction = written, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &action, &sanitizers);
	protect(PROT_READ);
}

static void unseal(void)
{
	protect(PROT_READ | PROT_WRITE);
	sigaction(SIGSEGV, &sanitizers, NULL);
}

static void say_slots(void)
{
	say("|");
	for (int slot = 0; slot < glue_slot_count; slot++) {
		const volatile void *ops = glue_slot_ops(slot);
		int known = 0;

		while (known < glue_table_count && glue_tables[known].address != ops)
			known++;
		say(" %d,", glue_slot_type(slot));
		if (known < glue_table_count)
			say("%s", glue_tables[known].name);
		else
			say("%p", (void *)ops);
	}
}

static void say_missed_slots(void)
{
	for (int slot = 0; slot < glue_slot_count; slot++)
		if (glue_slot_pointer(slot) != slot)
			say(" %d", slot);
}

static void say_ending(long result, long state)
{
	say("|ok %ld %ld %s", result, state, effect ? effect : "");
}

static void say_bug(long state)
{
	say("|bug 0 %ld ", state);
	say_word(bug_file, 200);
	say(":%d", bug_line);
}

static int table_number(const char *name)
{
	for (int known = 0; known < glue_table_count; known++)
		if (!strcmp(glue_tables[known].name, name))
			return known;
	_exit(BROKEN);
}

static const volatile void *table(const char *name)
{
	return glue_tables[table_number(name)].address;
}

/*
 * "boot INPUTS ; STAGES": boot from power-on; the answer tells the slots behind each stage.
 * "due INPUTS ; STAGES": the same by the spec's steps.
 */
static void boot(char *line, int due)
{
	char *stages = strchr(line, ';'), *rest = NULL, *number;
	int guest, used;

	if (!stages)
		_exit(BROKEN);
	*stages++ = 0;
	effect = NULL;
	restore(0);
	for (number = strtok_r(line, " ", &rest); number; number = strtok_r(NULL, " ", &rest))
		glue_assign(atoi(number));
	if (setjmp(after_bug)) {
		say_bug(0);
		return;
	}
	for (; sscanf(stages, "%d%n", &guest, &used) == 1; stages += used) {
		if (guest < 0)
			driver_clear_bss();
		else
			glue_boot(guest, due);
		say_slots();
		say("|");
	}
	answer_length--;
	say_ending(0, 0);
}

/*
 * "register STATE TYPE OPS", "unregister STATE TYPE", "iterate STATE 0 - 1", "slots STATE",
 * "wrapper STATE SLOT OP FILL" (slot -1: no host). The first letter tells them apart. Behind the last
 * two stand slots, each with a type and a table, that are first made to hold these.
 */
static void call_in_state(char kind, const char *line)
{
	char name[256] = "", held[256];
	unsigned long state = 0;
	long type = 0, result = 0, before = 0, behind;
	const int only_reads = kind == 'w' || kind == 'i';
	int fill = GLUE_MARKS, used = 0, is_held = 0, slot, holds;

	sscanf(line, "%lu %ld %255s %d%n", &state, &type, name, &fill, &used);
	restore(state);
	filled = fill;
	memset(is_pointed, 0, sizeof(is_pointed));
	/* What a call may write to the kernel's variables is not there already both times. */
	if (kind != 'w')
		fill = (kind == 'r' ? table_number(name) : (int)state) & 1 ? GLUE_BITS : GLUE_OTHER_BITS;
	glue_prepare(fill);
	for (line += used; used && sscanf(line, "%d %d %255s%n", &slot, &holds, held, &used) == 3; line += used) {
		glue_hold(slot, holds, table(held));
		is_held = 1;
	}
	if (is_held)
		before = current();
	remember(0);
	if (only_reads)
		seal();
	if (setjmp(after_bug)) {
		if (only_reads)
			unseal();
		behind = current();
		answer_length = 0;
		say_slots();
		say_bug(behind);
		return;
	}
	switch (kind) {
	case 'r':
		result = glue_register(type, table(name));
		break;
	case 'u':
		result = glue_unregister(type);
		break;
	case 'w':
		glue_wrapper(name, (int)type);
		say_writes();
		break;
	case 'i':
		iterate();
		break;
	}
	if (only_reads)
		unseal();
	remember(1);
	behind = current();
	if (kind != 'w' && kind != 'i') {
		say_missed_slots();
		say_slots();
	}
	/* Of what is held only here, no calls tell. */
	say_ending(result, is_held && behind == before ? (long)state : behind);
}

/* Run calls from the one under way on; only a crash ends this early. */
static void child(char **lines, long count, rlim_t mapped_before)
{
	starter *start;

	if (confine(mapped_before))
		_exit(UNCONFINED);
	for (start = __start_judged_start; start < __stop_judged_start; start++)
		(*start)();
	glue_start();
	for (; shared->line < count; shared->line++) {
		char *line = lines[shared->line], *arguments = strchr(line, ' ');

		if (shared->line % 256 == 0)
			start_clock();
		if (!arguments)
			_exit(BROKEN);
		if (line[0] == 'b' || line[0] == 'd')
			boot(arguments, line[0] == 'd');
		else
			call_in_state(line[0], arguments);
		send_answer();
	}
	_exit(0);
}

/* Answer for a child that has crashed: how it ended, and what the sanitizer wrote. */
static void send_crash(int status, int message)
{
	char text[4096];
	ssize_t length = pread(message, text, sizeof(text), 0);

	say("crash ");
	if (WIFSIGNALED(status))
		say("%s", strsignal(WTERMSIG(status)));
	else
		say("exit status %d", WEXITSTATUS(status));
	say("\t");
	for (ssize_t i = 0; i < length; i++)
		say("%c", text[i] == '\n' ? '\t' : text[i] >= ' ' && text[i] <= '~' ? text[i] : '?');
	send_answer();
}

static void batch(char **lines, long count, rlim_t mapped_before)
{
	static int crashes, hangs;
	int message = memfd_create("message", 0);

	for (long line = 0; line < count; line = shared->line + 1) {
		int status;
		pid_t pid;

		shared->line = line;
		if (message < 0 || ftruncate(message, 0) || lseek(message, 0, SEEK_SET))
			exit(BROKEN);
		pid = fork();
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (dup2(message, STDERR_FILENO) < 0)
				_exit(BROKEN);
			close(STDIN_FILENO);
			child(lines, count, mapped_before);
		}
		if (pid < 0 || waitpid(pid, &status, 0) < 0)
			exit(BROKEN);
		if (WIFEXITED(status) && WEXITSTATUS(status) == UNCONFINED)
			exit(UNCONFINED);
		if (WIFEXITED(status) && !WEXITSTATUS(status) && shared->line == count)
			break;
		/* The judged C can write here, too. */
		if (shared->line < line || shared->line >= count)
			exit(BROKEN);
		send_crash(status, message);
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF && ++hangs == HANGS_MAX)
			exit(TOO_MANY_HANGS);
		if (++crashes == CRASHES_MAX)
			exit(TOO_MANY_CRASHES);
	}
	close(message);
}

/* Map the states and enter the first. */
static void prepare(void)
{
	size_t header = sizeof(*shared);

	data_size = (size_t)(__stop_judged_data - __start_judged_data);
	bss_size = (size_t)(__stop_judged_bss - __start_judged_bss);
	image_size = data_size + bss_size;
	if (image_size > IMAGE_MAX)
		exit(TOO_BIG);
	states_max = STATES_MAX;
	if (image_size && STATE_BYTES_MAX / image_size < states_max)
		states_max = STATE_BYTES_MAX / image_size;
	shared = mmap(NULL, header + (states_max + 2) * image_size, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (shared == MAP_FAILED)
		exit(BROKEN);
	current();
}

int main(void)
{
	char **lines = malloc(sizeof(*lines) * LINES_MAX);
	rlim_t mapped_before;
	char *line = NULL;
	size_t room = 0;
	long count = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0);
	if (!lines)
		return BROKEN;
	prepare();
	mapped_before = mapped();
	/* An empty line ends a batch. */
	while (getline(&line, &room, stdin) > 0) {
		if (line[0] != '\n' && count < LINES_MAX) {
			line[strcspn(line, "\n")] = 0;
			lines[count++] = strdup(line);
			continue;
		}
		batch(lines, count, mapped_before);
		while (count)
			free(lines[--count]);
	}
	return 0;
}
