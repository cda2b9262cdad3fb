/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "human.h"
#include "log.h"

#define LIVE_INTERVAL_MS 100
#define PLAIN_INTERVAL_MS 10000
#define COLUMNS_DEFAULT 80

/*
 * What a file costs beside its bytes, in bytes: opening, handing over and the engine's fixed part take about the time of so many
 * bytes more. The largest files come first, so bytes alone would promise an end that thousands of small files then put off.
 */
#define FILE_COST_BYTES 16384

/* The speed is a mean in which what lies further back than this counts little. */
#define SPEED_MEMORY_MS 15000
/* Before this much of a phase has gone by, a speed says nothing. */
#define SPEED_MIN_MS 2000

static uint64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t (*progress_now_ms)(void) = monotonic_ms;

static struct {
	enum progress_mode mode; /* tty, plain or none */
	bool live_line_shown;
	bool shown; /* something was, at last_shown_ms */
	uint64_t last_shown_ms;

	const char *phase; /* that the speeds below belong to */
	uint64_t phase_start_ms, last_sample_ms;
	uint64_t last_bytes, last_files;
	double bytes_per_ms, cost_per_ms; /* smoothed */
} state = { .mode = PROGRESS_NONE };

static void put(const char *text, size_t size)
{
	/* Where standard error is gone nobody misses the progress. */
	if (write(STDERR_FILENO, text, size) < 0)
		return;
}

static void wipe(void)
{
	if (state.live_line_shown)
		put("\r\033[K", strlen("\r\033[K"));
	state.live_line_shown = false;
}

void progress_start(enum progress_mode mode)
{
	const char *term = getenv("TERM");

	if (mode == PROGRESS_AUTO)
		mode = isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0 ? PROGRESS_TTY : PROGRESS_PLAIN;
	memset(&state, 0, sizeof(state));
	state.mode = mode;
	log_set_before(mode == PROGRESS_TTY ? wipe : NULL);
}

static double cost(uint64_t bytes, uint64_t files)
{
	return (double)bytes + (double)files * FILE_COST_BYTES;
}

static double smooth(double mean, double sample, double elapsed_ms, double total_ms)
{
	/* While a phase is young its plain mean is the best there is. */
	double memory = total_ms < SPEED_MEMORY_MS ? total_ms : SPEED_MEMORY_MS;

	return mean + (sample - mean) * (elapsed_ms < memory ? elapsed_ms / memory : 1);
}

/* Takes the speed since the last sample into account. */
static void sample_speed(const struct progress *now, uint64_t now_ms)
{
	double elapsed;

	if (!state.phase || strcmp(state.phase, now->phase) != 0 || now->bytes_done < state.last_bytes ||
	    now->files_done < state.last_files) {
		state.phase = now->phase;
		state.phase_start_ms = state.last_sample_ms = now_ms;
		state.bytes_per_ms = state.cost_per_ms = 0;
	} else if (now_ms - state.last_sample_ms < LIVE_INTERVAL_MS) {
		return;
	} else {
		double bytes = (double)(now->bytes_done - state.last_bytes);
		double work = cost(now->bytes_done - state.last_bytes, now->files_done - state.last_files);
		double total = (double)(now_ms - state.phase_start_ms);

		elapsed = (double)(now_ms - state.last_sample_ms);
		state.bytes_per_ms = smooth(state.bytes_per_ms, bytes / elapsed, elapsed, total);
		state.cost_per_ms = smooth(state.cost_per_ms, work / elapsed, elapsed, total);
		state.last_sample_ms = now_ms;
	}
	state.last_bytes = now->bytes_done;
	state.last_files = now->files_done;
}

/* False while nothing sensible can be said. */
static bool time_left(const struct progress *now, uint64_t now_ms, uint64_t *ret_ms)
{
	double left;

	if (!now->total_known || now->files_done >= now->files_total || now_ms - state.phase_start_ms < SPEED_MIN_MS)
		return false;
	left = cost(now->bytes_total > now->bytes_done ? now->bytes_total - now->bytes_done : 0,
		    now->files_total - now->files_done);
	if (state.cost_per_ms <= 0 || left / state.cost_per_ms > 1e12)
		return false;
	*ret_ms = (uint64_t)(left / state.cost_per_ms);
	return true;
}

__attribute__((format(printf, 2, 3))) static void print(FILE *file, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vfprintf(file, format, ap);
	va_end(ap);
}

/* "scanning linux/arm64: 1,200 of 5,237 files, 10.0 of 114.4 MiB, 3.1 MiB/s, 2 findings, 35 s left". Returns its length. */
static size_t format_line(const struct progress *now, uint64_t now_ms, char *line, size_t size)
{
	char a[HUMAN_SIZE], b[HUMAN_SIZE];
	FILE *file = fmemopen(line, size, "w");
	uint64_t left_ms;

	if (!file)
		return 0;
	print(file, "%s%s%s", now->phase, now->detail ? " " : "", now->detail ?: "");
	if (now->files_total > 0) {
		print(file, ": %s of %s%s", human_number(a, now->files_done), human_count(b, now->files_total, "file", "files"),
		      now->total_known ? "" : " so far");
		print(file, ", %s of %s", human_size(a, now->bytes_done), human_size(b, now->bytes_total));
	} else if (now->bytes_done > 0) {
		print(file, ": %s", human_size(a, now->bytes_done));
	}
	if (state.bytes_per_ms > 0)
		print(file, ", %s/s", human_size(a, (uint64_t)(state.bytes_per_ms * 1000)));
	if (now->findings > 0)
		print(file, ", %s", human_count(a, now->findings, "finding", "findings"));
	if (now->unscanned > 0)
		print(file, ", %s not scanned", human_number(a, now->unscanned));
	if (time_left(now, now_ms, &left_ms))
		print(file, ", %s left", human_duration(a, left_ms / 1000 * 1000));
	fclose(file);
	return strnlen(line, size);
}

static size_t terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return COLUMNS_DEFAULT;
	return size.ws_col;
}

static void show_live(const char *line, size_t n)
{
	char shown[512], text[sizeof(shown) + 8];
	size_t columns = terminal_columns(), end = 0;

	/* The last column stays free: a cursor behind it would be on the next line. */
	for (; end < n && end + 1 < columns && end + 1 < sizeof(shown); end++)
		shown[end] = line[end] >= 0x20 && line[end] < 0x7f ? line[end] : '?';
	shown[end] = '\0';
	put(text, (size_t)snprintf(text, sizeof(text), "\r%s\033[K", shown));
	state.live_line_shown = true;
}

void progress_show(const struct progress *now)
{
	uint64_t now_ms = progress_now_ms(), interval = state.mode == PROGRESS_TTY ? LIVE_INTERVAL_MS : PLAIN_INTERVAL_MS;
	char line[512] = "";
	size_t n;

	if (state.mode == PROGRESS_NONE)
		return;
	sample_speed(now, now_ms);
	if (state.shown && now_ms - state.last_shown_ms < interval)
		return;
	state.shown = true;
	state.last_shown_ms = now_ms;

	n = format_line(now, now_ms, line, sizeof(line));
	if (state.mode == PROGRESS_TTY)
		show_live(line, n);
	else
		log_info("%.*s", (int)n, line);
}

void progress_end(void)
{
	wipe();
	state.mode = PROGRESS_NONE;
	log_set_before(NULL);
}
