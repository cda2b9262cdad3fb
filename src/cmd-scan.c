/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "alloc.h"
#include "cleanup.h"
#include "cmd.h"
#include "guard.h"
#include "log.h"
#include "priority.h"
#include "report.h"
#include "scan.h"
#include "work.h"

/* "path" of several arguments: all of them, for the report. */
static char *reference_of(const struct options *options)
{
	char *text = xstrdup(options->args[0]);

	for (int i = 1; i < options->n_args; i++) {
		char *longer = xasprintf("%s %s", text, options->args[i]);

		free(text);
		text = longer;
	}
	return text;
}

/* A verdict that could not be written down as asked is not complete. */
static enum outcome incomplete(enum outcome outcome)
{
	return outcome | OUTCOME_INCOMPLETE;
}

static enum outcome publish(const struct options *options, struct scan *scan, struct report *report)
{
	enum outcome outcome;
	int r;

	scan_describe(scan, report);
	clock_gettime(CLOCK_REALTIME, &report->finished);
	outcome = ledger_outcome(report->ledger, options->strict);

	if (options->output && report_write(report, options->output) < 0)
		outcome = incomplete(outcome);
	if (options->output && (outcome & OUTCOME_INCOMPLETE))
		scan_save_log(scan, options->output);
	r = options->format == FORMAT_JSON ? report_json(report, stdout) : report_summary(report, stdout);
	if (r == 0 && fflush(stdout) != 0)
		r = -errno;
	if (r < 0) {
		log_error_errno(r, "cannot write the result to standard output");
		outcome = incomplete(outcome);
	}
	return outcome;
}

static int scan_in(const struct options *options, const struct work *work)
{
	_cleanup_free_ char *reference = reference_of(options);
	struct report report = { .reference = reference };
	enum outcome outcome;
	struct scan *scan;

	if (scan_new(&scan, options, work) < 0)
		return EXIT_STATUS_ERROR;
	scan_describe(scan, &report);
	if (options->output && report_begin(&report, options->output) < 0) {
		scan_free(scan);
		return EXIT_STATUS_ERROR;
	}
	if (scan_start(scan) < 0)
		scan_fail(scan, REASON_INTERNAL, log_last_error());
	scan_run(scan);
	outcome = publish(options, scan, &report);
	scan_free(scan);
	return (int)outcome;
}

int cmd_scan(const struct options *options)
{
	struct work work;
	int status = EXIT_STATUS_ERROR;

	if (guard_start() < 0)
		return status;
	priority_set(options->nice);
	if (work_make(&work, options->work_dir) == 0) {
		status = scan_in(options, &work);
		work_remove(&work);
	}
	guard_dismiss();
	return status;
}
