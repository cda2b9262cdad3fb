/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cleanup.h"
#include "escape.h"
#include "report-items.h"
#include "report-parts.h"

struct log_counts {
	uint64_t found, errors, scanned, bytes_scanned;
};

/*
 * "PATH: SIGNATURE FOUND", which policies match with ^\S+: \S+ FOUND$, or "PATH: reason: detail ERROR". Where a limit was met there
 * are both: the engine reports a hit, and policies that know it go on doing so.
 */
static void log_item(const struct item *item, struct log_counts *counts, FILE *file)
{
	_cleanup_free_ char *path = escape_log(item->path), *signature = item_signature(item);
	_cleanup_free_ char *detail = item->detail ? escape_text(item->detail) : NULL;

	if (signature) {
		fprintf(file, "%s: %s FOUND\n", path, signature);
		counts->found++;
	}
	if (item->kind == ITEM_UNSCANNED) {
		fprintf(file, "%s: %s%s%s ERROR\n", path, reason_name(item->reason), detail ? ": " : "", detail ?: "");
		counts->errors++;
	}
}

static bool concerns(const struct failure *failure, const struct platform *platform)
{
	return !failure->platform || (platform->name && !strcmp(failure->platform, platform->name));
}

static void log_failures(const struct report *report, const struct platform *platform, struct log_counts *counts, FILE *file)
{
	for (const struct failure *f = report->ledger->failures; f; f = f->next) {
		_cleanup_free_ char *detail = escape_text(f->detail);

		if (!concerns(f, platform))
			continue;
		fprintf(file, "Scan is incomplete: %s: %s ERROR\n", reason_name(f->reason), detail);
		counts->errors++;
	}
}

static bool was_scanned(const struct content *content, const struct location *location)
{
	return !location->reason && (content->verdict == VERDICT_CLEAN || content->verdict == VERDICT_INFECTED);
}

static void count_scanned(const struct report *report, const struct platform *platform, struct log_counts *counts)
{
	for (const struct content *c = report->ledger->contents; c; c = c->hh.next)
		for (const struct location *l = c->locations; l; l = l->next)
			if (l->folder->root->platform == platform && was_scanned(c, l)) {
				counts->scanned++;
				counts->bytes_scanned += c->key.size;
			}
}

static double megabytes(uint64_t bytes)
{
	return (double)bytes / (1024 * 1024);
}

/* As clamscan: local time, colons all through. */
static void log_date(const char *label, const struct timespec *time, FILE *file)
{
	char date[64];
	struct tm tm;

	if (localtime_r(&time->tv_sec, &tm) && strftime(date, sizeof(date), "%Y:%m:%d %H:%M:%S", &tm) > 0)
		fprintf(file, "%s%s\n", label, date);
}

static void log_time(const struct report *report, FILE *file)
{
	int64_t ms = (int64_t)(report->finished.tv_sec - report->started.tv_sec) * 1000 +
		     (report->finished.tv_nsec - report->started.tv_nsec) / 1000000;

	/* The clock may have been set back in mid-scan. */
	if (ms < 0)
		ms = 0;
	fprintf(file, "Time: %" PRId64 ".%03" PRId64 " sec (%" PRId64 " m %" PRId64 " s)\n", ms / 1000, ms % 1000, ms / 60000,
		ms / 1000 % 60);
	log_date("Start Date: ", &report->started, file);
	log_date("End Date:   ", &report->finished, file);
}

static void log_summary(const struct report *report, const struct platform *platform, const struct log_counts *counts, FILE *file)
{
	const char *version = report->engine ?: "unknown";
	_cleanup_free_ char *escaped = NULL;

	if (!strncmp(version, "ClamAV ", strlen("ClamAV ")))
		version += strlen("ClamAV ");
	escaped = escape_text(version);

	fprintf(file, "\n----------- SCAN SUMMARY -----------\n");
	if (report->database)
		fprintf(file, "Known viruses: %" PRIu64 "\n", report->database->signatures);
	else
		fprintf(file, "Known viruses: unknown\n");
	fprintf(file, "Engine version: %s\n", escaped);
	fprintf(file, "Scanned directories: %" PRIu64 "\n", platform->folders);
	fprintf(file, "Scanned files: %" PRIu64 "\n", counts->scanned);
	fprintf(file, "Infected files: %" PRIu64 "\n", counts->found);
	if (counts->errors > 0)
		fprintf(file, "Total errors: %" PRIu64 "\n", counts->errors);
	fprintf(file, "Data scanned: %.2f MB\n", megabytes(counts->bytes_scanned));
	fprintf(file, "Data read: %.2f MB (ratio %.2f:1)\n", megabytes(platform->bytes),
		platform->bytes > 0 ? (double)counts->bytes_scanned / (double)platform->bytes : 0);
	log_time(report, file);
}

/* "ClamAV 1.4.6/27900/Mon …" has it in the middle; without that, the daily database's, else the newest of all. */
static uint64_t database_version(const struct report *report)
{
	const char *number = report->engine_version_line ? strchr(report->engine_version_line, '/') : NULL;
	const struct database *db = report->database;
	uint64_t version = 0;
	char *end;

	if (number && isdigit((unsigned char)number[1])) {
		errno = 0;
		version = strtoull(number + 1, &end, 10);
		if (errno == 0 && (*end == '/' || *end == '\0'))
			return version;
		version = 0;
	}
	for (size_t i = 0; db && i < db->n_files; i++) {
		if (!db->files[i].signatures)
			continue;
		if (!strncmp(db->files[i].name, "daily.", strlen("daily.")) && db->files[i].version > 0)
			return db->files[i].version;
		if (db->files[i].version > version)
			version = db->files[i].version;
	}
	return version;
}

int report_log(const struct report *report, const struct items *items, const struct platform *platform, FILE *file)
{
	_cleanup_free_ char *version = escape_text(report->engine_version_line ?: report->engine ?: "unknown");
	struct log_counts counts = {};

	for (size_t i = 0; i < items->n; i++)
		if (items->items[i].platform == platform)
			log_item(&items->items[i], &counts, file);
	log_failures(report, platform, &counts, file);
	count_scanned(report, platform, &counts);
	log_summary(report, platform, &counts, file);
	/* Upstream spells it so, and things read it. */
	fprintf(file, "Executed-on: Scan was executed on clamsdcan version - %s Database version: %" PRIu64 "\n", version,
		database_version(report));
	return ferror(file) || fflush(file) == EOF ? -EIO : 0;
}
