/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "escape.h"
#include "human.h"
#include "report-items.h"
#include "report-parts.h"

#define LINES_MAX 50

/* A label in a column of its own. */
#define LABEL "%-10s "

static void print_text(const char *text, FILE *file)
{
	_cleanup_free_ char *escaped = escape_text(text);

	fputs(escaped, file);
}

static void print_target(const struct report *report, FILE *file)
{
	fprintf(file, LABEL, "Scanned:");
	print_text(report->reference ?: "nothing", file);
	if (report->digest) {
		fputs(" (", file);
		print_text(report->digest, file);
		fputc(')', file);
	}
	fputc('\n', file);
}

static void print_engine(const struct report *report, FILE *file)
{
	const struct database *db = report->database;
	char number[HUMAN_SIZE], date[32];
	struct tm tm;

	fprintf(file, LABEL, "Engine:");
	print_text(report->engine ?: "none answered", file);
	if (report->daemon)
		fprintf(file, ", %s", !strcmp(report->daemon, "own") ? "a daemon of our own" : "a daemon that was there");
	fputc('\n', file);

	fprintf(file, LABEL, "Database:");
	if (db) {
		unsigned age = database_age_days(db, report->started.tv_sec);

		fputs(human_count(number, db->signatures, "signature", "signatures"), file);
		if (gmtime_r(&db->newest, &tm) && strftime(date, sizeof(date), "%Y-%m-%d", &tm) > 0)
			fprintf(file, " of %s, %s old", date, human_count(number, age, "day", "days"));
		fputc('\n', file);
	} else {
		/* A daemon that is not ours tells its database's version and date at most. */
		const char *version = report->engine_version_line ? strchr(report->engine_version_line, '/') : NULL;

		print_text(version ? version + 1 : "unknown", file);
		fputc('\n', file);
	}
}

static void print_counts(const struct report *report, const struct counts *counts, FILE *file)
{
	static const char *const skipped[_SKIPPED_MAX][2] = {
		[SKIPPED_SYMLINK] = { "symbolic link", "symbolic links" },
		[SKIPPED_FIFO] = { "FIFO", "FIFOs" },
		[SKIPPED_DEVICE] = { "device", "devices" },
		[SKIPPED_SOCKET] = { "socket", "sockets" },
	};
	const char *separator = "; no files: ";
	char a[HUMAN_SIZE], b[HUMAN_SIZE], c[HUMAN_SIZE];
	uint64_t bytes = 0;

	for (const struct platform *p = report->ledger->platforms; p; p = p->next)
		bytes += p->bytes;
	fprintf(file, LABEL "%s, %s, %s", "Files:", human_count(a, counts->locations, "file", "files"),
		human_count(b, counts->contents, "different content", "different contents"), human_size(c, bytes));
	for (enum skipped s = 0; s < _SKIPPED_MAX; s++) {
		if (counts->skipped[s] == 0)
			continue;
		fprintf(file, "%s%s", separator, human_count(a, counts->skipped[s], skipped[s][0], skipped[s][1]));
		separator = ", ";
	}
	fputc('\n', file);
}

static void print_platforms(const struct report *report, FILE *file)
{
	char number[HUMAN_SIZE], size[HUMAN_SIZE];

	for (const struct platform *p = report->ledger->platforms; p; p = p->next) {
		if (!p->name)
			continue;
		fprintf(file, LABEL, p == report->ledger->platforms ? "Platforms:" : "");
		print_text(p->name, file);
		fprintf(file, ": %s, %s\n", human_count(number, p->files, "file", "files"), human_size(size, p->bytes));
	}
}

static void print_time(const struct report *report, FILE *file)
{
	int64_t ms = (int64_t)(report->finished.tv_sec - report->started.tv_sec) * 1000 +
		     (report->finished.tv_nsec - report->started.tv_nsec) / 1000000;
	const char *separator = " (";
	char duration[HUMAN_SIZE];

	/* The clock may have been set back in mid-scan. */
	fprintf(file, LABEL "%s", "Time:", human_duration(duration, ms > 0 ? (uint64_t)ms : 0));
	for (enum phase phase = 0; phase < _PHASE_MAX; phase++) {
		if (report->phase_ms[phase] == 0)
			continue;
		fprintf(file, "%s%s %s", separator, phase_name(phase), human_duration(duration, report->phase_ms[phase]));
		separator = ", ";
	}
	fputs(!strcmp(separator, ", ") ? ")\n" : "\n", file);
}

static void print_place(const struct report *report, const struct item *item, FILE *file)
{
	if (report->ledger->platforms->next && item->platform->name) {
		print_text(item->platform->name, file);
		fputs("  ", file);
	}
	print_text(item->path, file);
}

static void print_more(size_t more, FILE *file)
{
	char number[HUMAN_SIZE];

	if (more > 0)
		fprintf(file, "  and %s more\n", human_number(number, more));
}

static void print_found(const struct report *report, const struct items *items, const char *title, bool malware, FILE *file)
{
	size_t n = 0;

	for (size_t i = 0; i < items->n; i++) {
		const struct item *item = &items->items[i];

		if (item->kind == ITEM_UNSCANNED || (item->kind == ITEM_INFECTED) != malware)
			continue;
		if (n++ == 0)
			fprintf(file, "\n%s:\n", title);
		if (n > LINES_MAX)
			continue;

		_cleanup_free_ char *signature = item_signature(item);
		fprintf(file, "  %s  ", signature);
		print_place(report, item, file);
		if (item->kind == ITEM_OPAQUE)
			fprintf(file, "  (%s: nobody can look inside)", item->content->opaque_reason ?: "unsupported");
		fputc('\n', file);
	}
	print_more(n > LINES_MAX ? n - LINES_MAX : 0, file);
}

static void print_unscanned_item(const struct report *report, const struct item *item, FILE *file)
{
	fputs("    ", file);
	print_place(report, item, file);
	if (item->detail) {
		fputs("  (", file);
		print_text(item->detail, file);
		fputc(')', file);
	}
	fputc('\n', file);
}

static void print_reason(const struct report *report, const struct items *items, enum reason reason, size_t lines, FILE *file)
{
	size_t n = 0;

	for (size_t i = 0; i < items->n; i++) {
		const struct item *item = &items->items[i];

		if (item->kind == ITEM_UNSCANNED && item->reason == reason && n++ < lines)
			print_unscanned_item(report, item, file);
	}
	print_more(n > lines ? n - lines : 0, file);
}

/* A reason after the other; together they get LINES_MAX lines, and each has its share. */
static void print_unscanned(const struct report *report, const struct items *items, FILE *file)
{
	size_t n_of[_REASON_MAX] = {}, n_reasons = 0;
	char number[HUMAN_SIZE];

	for (size_t i = 0; i < items->n; i++)
		if (items->items[i].kind == ITEM_UNSCANNED)
			n_reasons += n_of[items->items[i].reason]++ == 0;
	if (n_reasons == 0)
		return;

	fputs("\nNot scanned:\n", file);
	for (enum reason reason = 0; reason < _REASON_MAX; reason++) {
		if (n_of[reason] == 0)
			continue;
		fprintf(file, "  %s: %s\n", reason_name(reason), human_count(number, n_of[reason], "file", "files"));
		print_reason(report, items, reason, LINES_MAX / n_reasons, file);
	}
}

static void print_failures(const struct report *report, FILE *file)
{
	if (report->ledger->failures)
		fputs("\nFailed:\n", file);
	for (const struct failure *f = report->ledger->failures; f; f = f->next) {
		fprintf(file, "  %s: ", reason_name(f->reason));
		if (f->platform) {
			print_text(f->platform, file);
			fputs(": ", file);
		}
		print_text(f->detail, file);
		fputc('\n', file);
	}
}

static void print_warnings(const struct report *report, FILE *file)
{
	if (report->ledger->warnings)
		fputs("\nTo be noted:\n", file);
	for (const struct warning_line *w = report->ledger->warnings; w; w = w->next) {
		fputs("  ", file);
		print_text(w->message, file);
		fputc('\n', file);
	}
}

int report_summary(const struct report *report, FILE *file)
{
	struct counts counts;
	struct items items;

	items_collect(report->ledger, &items);
	items_count(report->ledger, NULL, &counts);
	print_target(report, file);
	print_engine(report, file);
	print_counts(report, &counts, file);
	print_platforms(report, file);
	print_time(report, file);
	print_found(report, &items, "Malware", true, file);
	print_found(report, &items, "Warnings", false, file);
	print_unscanned(report, &items, file);
	print_failures(report, file);
	print_warnings(report, file);
	fputc('\n', file);
	report_verdict_line(report, &counts, file);
	items_release(&items);

	errno = 0;
	if (fflush(file) == EOF || ferror(file))
		return errno ? -errno : -EIO;
	return 0;
}
