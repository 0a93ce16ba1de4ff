/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs one generated suite, as a kernel would at boot. */
#include <kunit/test.h>

extern struct kunit_suite *const stub_suite;
extern int (*const stub_asked)(char *) __attribute__((weak));

int main(int argc, char **argv)
{
	struct kunit_case *each = stub_suite->test_cases;

	if (argc > 1 && &stub_asked)
		stub_asked(argv[1]);
	printf("[    1.000000]     # Subtest: %s\n", stub_suite->name);
	for (int number = 1; each->name; each++, number++) {
		struct kunit test = { each->name };

		each->run(&test);
		printf("[    1.000000]     %sok %d %s%s\n", test.failed ? "not " : "", number, each->name,
		       test.skipped ? " # SKIP for a boot of its own" : "");
	}
	printf("[    1.000000] ok 1 %s\n", stub_suite->name);
	return 0;
}

/* Where the shim's BUG ends. */
void shim_bug(const char *file, int line)
{
	printf("[    1.000000] kernel BUG at %s:%d!\n", file, line);
	exit(0);
}
