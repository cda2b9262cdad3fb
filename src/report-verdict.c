/* SPDX-License-Identifier: Apache-2.0 */
#include "report-parts.h"

#include "cleanup.h"
#include "escape.h"
#include "human.h"

/* Contents that are malware, whatever number of places they stand in. */
static uint64_t count_infected_contents(const struct report *report)
{
	uint64_t n = 0;

	for (const struct content *c = report->ledger->contents; c; c = c->hh.next) {
		if (c->verdict != VERDICT_INFECTED)
			continue;
		for (const struct location *l = c->locations; l; l = l->next)
			if (!l->reason) {
				n++;
				break;
			}
	}
	return n;
}

static uint64_t count_warnings(const struct report *report, const struct counts *counts)
{
	uint64_t n = counts->heuristic + counts->opaque;

	for (const struct warning_line *w = report->ledger->warnings; w; w = w->next)
		n++;
	return n;
}

static void print_malware(const struct report *report, const struct counts *counts, FILE *file)
{
	char findings[HUMAN_SIZE], places[HUMAN_SIZE];

	fprintf(file, "%s in %s", human_count(findings, count_infected_contents(report), "finding", "findings"),
		human_count(places, counts->infected, "place", "places"));
}

/* What makes it incomplete: the first failure in its own words, for it may be all there is. */
static void print_missing(const struct report *report, const struct counts *counts, FILE *file)
{
	const struct failure *failure = report->ledger->failures;
	const char *separator = "";
	char number[HUMAN_SIZE];

	if (failure) {
		_cleanup_free_ char *detail = escape_text(failure->detail);

		fputs(detail, file);
		if (counts->failures > 1)
			fprintf(file, " (and %s)", human_count(number, counts->failures - 1, "more failure", "more failures"));
		separator = "; ";
	}
	if (counts->unscanned > 0) {
		fprintf(file, "%s%s not scanned", separator, human_count(number, counts->unscanned, "file was", "files were"));
		separator = "; ";
	}
	if (report->strict && count_warnings(report, counts) > 0)
		fprintf(file, "%s%s, which --strict does not accept", separator,
			human_count(number, count_warnings(report, counts), "warning", "warnings"));
}

void report_verdict_line(const struct report *report, const struct counts *counts, FILE *file)
{
	enum outcome outcome = ledger_outcome(report->ledger, report->strict);
	uint64_t warnings = count_warnings(report, counts);
	char number[HUMAN_SIZE];

	fprintf(file, "%s: ", outcome_name(outcome));
	switch (outcome) {
	case OUTCOME_CLEAN:
		fprintf(file, "%s scanned, %s found", human_count(number, counts->locations, "file", "files"),
			warnings > 0 ? "no malware" : "nothing");
		break;
	case OUTCOME_INFECTED:
		print_malware(report, counts, file);
		break;
	case OUTCOME_INCOMPLETE:
		print_missing(report, counts, file);
		if (counts->clean > 0)
			fprintf(file, "; no malware was found in the %s",
				human_count(number, counts->clean, "file scanned", "files scanned"));
		break;
	case OUTCOME_INFECTED_INCOMPLETE:
		print_malware(report, counts, file);
		fputs("; ", file);
		print_missing(report, counts, file);
		break;
	}
	if (warnings > 0 && !report->strict)
		fprintf(file, ", %s", human_count(number, warnings, "warning", "warnings"));
	fputc('\n', file);
}
