/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "capture.h"
#include "priority.h"

/* In a child, for a priority once lowered cannot always be raised again. Returns the nice value it has then. */
static int nice_after(int nice)
{
	const struct rlimit none = { 0, 0 };
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (setpriority(PRIO_PROCESS, 0, 5) < 0)
			_exit(100);
		/* root loses its right with its number; others never had it */
		if (setrlimit(RLIMIT_NICE, &none) < 0 || (geteuid() == 0 && setuid(65534) < 0))
			_exit(101);
		priority_set(nice);
		_exit(getpriority(PRIO_PROCESS, 0) + 20);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_in_range(WEXITSTATUS(status), 0, 39);
	return WEXITSTATUS(status) - 20;
}

static void a_lower_priority_is_always_allowed(void **state)
{
	(void)state;
	capture_begin(STDERR_FILENO);
	assert_int_equal(nice_after(10), 10);
	assert_string_equal(capture_end(STDERR_FILENO), "");
}

static void a_higher_priority_that_is_not_allowed_is_one_line_and_no_error(void **state)
{
	const char *said;

	(void)state;
	capture_begin(STDERR_FILENO);
	assert_int_equal(nice_after(-10), 5);
	said = capture_end(STDERR_FILENO);
	assert_non_null(strstr(said, "cannot set the priority to nice -10"));
	assert_non_null(strstr(said, "going on with nice 5"));
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

static void the_priority_that_one_has_is_no_cause_for_a_line(void **state)
{
	(void)state;
	capture_begin(STDERR_FILENO);
	assert_int_equal(nice_after(5), 5);
	assert_string_equal(capture_end(STDERR_FILENO), "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lower_priority_is_always_allowed),
		cmocka_unit_test(a_higher_priority_that_is_not_allowed_is_one_line_and_no_error),
		cmocka_unit_test(the_priority_that_one_has_is_no_cause_for_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
