/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the files of the report module share: names of files, and the texts that go into them. For callers there is report.h.
 */

#include <stdio.h>

#include "report.h"

/* "clamscan-result-amd64.log", malloc'ed. */
char *report_log_name(const struct platform *platform);

/* As report_json(), with the verdict incomplete and a failure that says that the scan did not come to its end. */
int report_json_provisional(const struct report *report, FILE *file);

/* The log of a platform as clamscan writes it. items: all of the ledger's. Returns 0 or a negative errno. */
struct items;
int report_log(const struct report *report, const struct items *items, const struct platform *platform, FILE *file);

/* The last line of the summary: the verdict and what it rests on. counts: items_count()'s. */
void report_verdict_line(const struct report *report, const struct counts *counts, FILE *file);
