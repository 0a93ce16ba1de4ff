/* SPDX-License-Identifier: GPL-2.0-only */
/* As much of KUnit as the generated suites use, for a program of the host's that writes what a console would show. */
#include <linux/init.h>
#include <linux/types.h>

int printf(const char *format, ...);
int snprintf(char *into, size_t size, const char *format, ...);
int fflush(void *stream);
void exit(int status) __attribute__((noreturn));
int atoi(const char *text);

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define KSYM_NAME_LEN 128
#define scnprintf snprintf
#define kallsyms_lookup_name(name) ((unsigned long)0)
#define kstrtoint(text, base, into) (*(into) = atoi(text), 0)
#ifndef __ref
#define __ref
#endif
#undef __setup
#define __setup(name, function) int (*const stub_asked)(char *) = function

struct kunit {
	const char *name;
	int failed;
	int skipped;
};

struct kunit_case {
	const char *name;
	void (*run)(struct kunit *test);
};

struct kunit_suite {
	const char *name;
	struct kunit_case *test_cases;
};

#define KUNIT_CASE(function) { #function, function }
#define kunit_info(test, format, ...) \
	(printf("[    1.000000]     # %s: " format, (test)->name, ##__VA_ARGS__), fflush(0))
#define kunit_skip(test, why) do { (test)->skipped = 1; return; } while (0)
#define KUNIT_FAIL(test, format, ...) \
	do { \
		(test)->failed = 1; \
		kunit_info(test, "EXPECTATION FAILED at suite.c:%d\n", __LINE__); \
		printf("[    1.000000] " format "\n", ##__VA_ARGS__); \
	} while (0)
#define KUNIT_EXPECT_TRUE(test, condition) do { if (!(condition)) KUNIT_FAIL(test, #condition); } while (0)
#define KUNIT_EXPECT_EQ(test, left, right) KUNIT_EXPECT_TRUE(test, (left) == (right))
#define KUNIT_EXPECT_EQ_MSG(test, left, right, ...) KUNIT_EXPECT_TRUE(test, (left) == (right))
#define KUNIT_EXPECT_PTR_EQ(test, left, right) KUNIT_EXPECT_TRUE(test, (left) == (right))
#define KUNIT_EXPECT_STREQ_MSG(test, left, right, ...) \
	KUNIT_EXPECT_TRUE(test, !__builtin_strcmp(left, right))
#define KUNIT_ASSERT_LT(test, left, right) KUNIT_EXPECT_TRUE(test, (left) < (right))
#define KUNIT_ASSERT_PTR_EQ(test, left, right) KUNIT_EXPECT_PTR_EQ(test, left, right)
#define KUNIT_ASSERT_NOT_NULL_MSG(test, pointer, ...) KUNIT_EXPECT_TRUE(test, pointer)

#define kunit_test_suite(suite) struct kunit_suite *const stub_suite = &(suite)
