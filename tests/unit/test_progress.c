/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pty.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "cleanup.h"
#include "log.h"
#include "progress.h"

/* Standard error is a pipe or a terminal of the test's own, and the clock stands until the test moves it. */
static struct {
	uint64_t now_ms;
	int stderr_fd, read_fd;
	char text[8192];
} test;

static uint64_t test_now_ms(void)
{
	return test.now_ms;
}

static void redirect(int write_fd, int read_fd)
{
	test.stderr_fd = dup(STDERR_FILENO);
	assert_return_code(test.stderr_fd, 0);
	assert_return_code(dup2(write_fd, STDERR_FILENO), 0);
	close(write_fd);
	assert_return_code(fcntl(read_fd, F_SETFL, O_NONBLOCK), 0);
	test.read_fd = read_fd;
	test.now_ms = 1000;
	progress_now_ms = test_now_ms;
}

static void to_pipe(void)
{
	int fds[2];

	assert_return_code(pipe2(fds, O_CLOEXEC), 0);
	redirect(fds[1], fds[0]);
}

static void to_terminal(unsigned short columns)
{
	struct winsize size = { .ws_row = 25, .ws_col = columns };
	struct termios raw;
	int master, slave;

	assert_return_code(openpty(&master, &slave, NULL, NULL, &size), 0);
	assert_return_code(tcgetattr(slave, &raw), 0);
	cfmakeraw(&raw);
	assert_return_code(tcsetattr(slave, TCSANOW, &raw), 0);
	redirect(slave, master);
}

/* What was written since the last time. */
static const char *written(void)
{
	ssize_t n = read(test.read_fd, test.text, sizeof(test.text) - 1);

	test.text[n > 0 ? n : 0] = '\0';
	return test.text;
}

static int restore(void **state)
{
	(void)state;
	progress_end();
	dup2(test.stderr_fd, STDERR_FILENO);
	close(test.stderr_fd);
	close(test.read_fd);
	return 0;
}

static void a_log_gets_a_plain_line_every_ten_seconds(void **state)
{
	struct progress now = { .phase = "scanning",
				.files_done = 10,
				.files_total = 5237,
				.bytes_done = 1 << 20,
				.bytes_total = 10 << 20,
				.total_known = true };

	(void)state;
	to_pipe();
	progress_start(PROGRESS_PLAIN);
	progress_show(&now);
	assert_string_equal(written(), "clamav-scan: scanning: 10 of 5,237 files, 1.0 MiB of 10.0 MiB\n");
	test.now_ms += 9999;
	progress_show(&now);
	assert_string_equal(written(), "");
	test.now_ms += 1;
	progress_show(&now);
	assert_non_null(strstr(written(), "scanning: 10 of"));
}

static void a_terminal_gets_one_live_line_ten_times_a_second_at_most(void **state)
{
	struct progress now = { .phase = "fetching", .detail = "linux/arm64" };

	(void)state;
	to_terminal(80);
	progress_start(PROGRESS_TTY);
	progress_show(&now);
	assert_string_equal(written(), "\rfetching linux/arm64\033[K");
	test.now_ms += 99;
	progress_show(&now);
	assert_string_equal(written(), "");
	test.now_ms += 1;
	now.bytes_done = 2048;
	progress_show(&now);
	assert_string_equal(written(), "\rfetching linux/arm64: 2.0 KiB, 20.0 KiB/s\033[K");
}

static void a_live_line_stays_within_the_terminal(void **state)
{
	struct progress now = { .phase = "scanning", .detail = "linux/arm64/v8", .files_total = 5237, .bytes_total = 1 << 30 };

	(void)state;
	to_terminal(20);
	progress_start(PROGRESS_TTY);
	progress_show(&now);
	assert_string_equal(written(), "\rscanning linux/arm6\033[K");
}

static void without_a_width_a_line_has_80_columns(void **state)
{
	struct progress now = { .phase = "scanning",
				.detail = "a detail that is longer than any terminal of eighty columns would ever "
					  "show on one line" };

	(void)state;
	to_pipe();
	progress_start(PROGRESS_TTY);
	progress_show(&now);
	assert_int_equal(strlen(written()), strlen("\r") + 79 + strlen("\033[K"));
}

static void an_endless_detail_is_cut(void **state)
{
	struct progress now = { .phase = "fetching" };
	char detail[5000];

	(void)state;
	memset(detail, 'x', sizeof(detail) - 1);
	detail[sizeof(detail) - 1] = '\0';
	now.detail = detail;
	to_terminal(2000);
	progress_start(PROGRESS_TTY);
	progress_show(&now);
	assert_in_range(strlen(written()), 400, 1024);
}

static void a_name_cannot_steer_the_terminal(void **state)
{
	struct progress now = { .phase = "fetching", .detail = "\033[2Jlinux\n" };

	(void)state;
	to_terminal(80);
	progress_start(PROGRESS_TTY);
	progress_show(&now);
	assert_string_equal(written(), "\rfetching ?[2Jlinux?\033[K");
}

static void a_log_line_wipes_the_live_line_first(void **state)
{
	struct progress now = { .phase = "fetching" };

	(void)state;
	to_terminal(80);
	progress_start(PROGRESS_TTY);
	progress_show(&now);
	log_warning("look here");
	assert_string_equal(written(), "\rfetching\033[K\r\033[Kclamav-scan: warning: look here\n");
	log_warning("and here");
	assert_string_equal(written(), "clamav-scan: warning: and here\n");
}

static void the_end_wipes_the_live_line_and_nothing_follows(void **state)
{
	struct progress now = { .phase = "fetching" };

	(void)state;
	to_terminal(80);
	progress_start(PROGRESS_TTY);
	progress_show(&now);
	written();
	progress_end();
	assert_string_equal(written(), "\r\033[K");
	test.now_ms += 60000;
	progress_show(&now);
	assert_string_equal(written(), "");
}

static void none_shows_nothing(void **state)
{
	struct progress now = { .phase = "fetching" };

	(void)state;
	to_terminal(80);
	progress_start(PROGRESS_NONE);
	progress_show(&now);
	assert_string_equal(written(), "");
}

static void auto_shows_a_live_line_on_a_terminal_that_can(void **state)
{
	struct progress now = { .phase = "fetching" };

	(void)state;
	to_terminal(80);
	setenv("TERM", "xterm", 1);
	progress_start(PROGRESS_AUTO);
	progress_show(&now);
	assert_string_equal(written(), "\rfetching\033[K");
}

static void auto_shows_plain_lines_on_a_dumb_terminal(void **state)
{
	struct progress now = { .phase = "fetching" };

	(void)state;
	to_terminal(80);
	setenv("TERM", "dumb", 1);
	progress_start(PROGRESS_AUTO);
	progress_show(&now);
	assert_string_equal(written(), "clamav-scan: fetching\n");
}

static void auto_shows_plain_lines_in_a_log(void **state)
{
	struct progress now = { .phase = "fetching" };

	(void)state;
	to_pipe();
	setenv("TERM", "xterm", 1);
	progress_start(PROGRESS_AUTO);
	progress_show(&now);
	assert_string_equal(written(), "clamav-scan: fetching\n");
}

/* Equal steps: after a quarter of the work in 10 s, three quarters are left. */
static void the_time_left_follows_from_the_speed(void **state)
{
	struct progress now = { .phase = "scanning", .files_total = 400, .bytes_total = 40 << 20, .total_known = true };

	(void)state;
	to_terminal(200);
	progress_start(PROGRESS_TTY);
	progress_show(&now);
	for (unsigned i = 0; i < 100; i++) {
		test.now_ms += 100;
		now.files_done++;
		now.bytes_done += (40 << 20) / 400;
		progress_show(&now);
		written();
	}
	now.findings = 1;
	now.unscanned = 2;
	test.now_ms += 100;
	now.files_done++;
	now.bytes_done += (40 << 20) / 400;
	progress_show(&now);
	assert_string_equal(written(), "\rscanning: 101 of 400 files, 10.1 MiB of 40.0 MiB, 1.0 MiB/s, 1 finding, 2 not scanned, "
				       "29 s left\033[K");
}

/* The largest come first: nearly all bytes are done, but thousands of files are left, and they take their time too. */
static void many_small_files_at_the_end_are_not_free(void **state)
{
	struct progress now = {
		.phase = "scanning", .files_total = 10001, .bytes_total = (100 << 20) + 10000, .total_known = true
	};

	(void)state;
	to_pipe();
	progress_start(PROGRESS_PLAIN);
	progress_show(&now);
	test.now_ms += 10000;
	now.files_done = 1;
	now.bytes_done = 100 << 20;
	written();
	progress_show(&now);
	assert_non_null(strstr(written(), ", 15 s left\n"));
}

static void no_time_left_is_promised_while_files_are_still_met(void **state)
{
	struct progress now = { .phase = "hashing", .files_total = 400, .bytes_total = 40 << 20 };

	(void)state;
	to_pipe();
	progress_start(PROGRESS_PLAIN);
	progress_show(&now);
	test.now_ms += 10000;
	now.files_done = 100;
	now.bytes_done = 10 << 20;
	written();
	progress_show(&now);
	assert_string_equal(written(), "clamav-scan: hashing: 100 of 400 files so far, 10.0 MiB of 40.0 MiB, 1.0 MiB/s\n");
}

static void a_new_phase_starts_with_no_speed(void **state)
{
	struct progress now = { .phase = "hashing", .bytes_done = 0 };

	(void)state;
	to_pipe();
	progress_start(PROGRESS_PLAIN);
	progress_show(&now);
	test.now_ms += 10000;
	now.bytes_done = 10 << 20;
	progress_show(&now);
	now.phase = "scanning";
	now.bytes_done = 0;
	test.now_ms += 10000;
	written();
	progress_show(&now);
	assert_string_equal(written(), "clamav-scan: scanning\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_log_gets_a_plain_line_every_ten_seconds, restore),
		cmocka_unit_test_teardown(a_terminal_gets_one_live_line_ten_times_a_second_at_most, restore),
		cmocka_unit_test_teardown(a_live_line_stays_within_the_terminal, restore),
		cmocka_unit_test_teardown(without_a_width_a_line_has_80_columns, restore),
		cmocka_unit_test_teardown(an_endless_detail_is_cut, restore),
		cmocka_unit_test_teardown(a_name_cannot_steer_the_terminal, restore),
		cmocka_unit_test_teardown(a_log_line_wipes_the_live_line_first, restore),
		cmocka_unit_test_teardown(the_end_wipes_the_live_line_and_nothing_follows, restore),
		cmocka_unit_test_teardown(none_shows_nothing, restore),
		cmocka_unit_test_teardown(auto_shows_a_live_line_on_a_terminal_that_can, restore),
		cmocka_unit_test_teardown(auto_shows_plain_lines_on_a_dumb_terminal, restore),
		cmocka_unit_test_teardown(auto_shows_plain_lines_in_a_log, restore),
		cmocka_unit_test_teardown(the_time_left_follows_from_the_speed, restore),
		cmocka_unit_test_teardown(many_small_files_at_the_end_are_not_free, restore),
		cmocka_unit_test_teardown(no_time_left_is_promised_while_files_are_still_met, restore),
		cmocka_unit_test_teardown(a_new_phase_starts_with_no_speed, restore),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
