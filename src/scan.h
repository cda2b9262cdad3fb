/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One scan from beginning to end: what is to be scanned is walked and hashed while a daemon is found or loads its database; contents
 * go to the schedule as they are met; the scan has ended when every producer has ended and the schedule has its last verdict.
 */

#include "options.h"
#include "report.h"
#include "work.h"

struct scan;

/* work and options outlive the scan. Logs; 0 or a negative errno. */
int scan_new(struct scan **ret, const struct options *options, const struct work *work);
/* What went wrong before it could begin: it still ends with a result. */
void scan_fail(struct scan *scan, enum reason reason, const char *detail);
/* Begins with the folders and files, or the image, of the options; logs. 0 or a negative errno. */
int scan_start(struct scan *scan);
/* Until it has ended or was interrupted; everything that ran has been ended then. */
void scan_run(struct scan *scan);
/* The facts for the report; its strings live as long as the scan. */
void scan_describe(struct scan *scan, struct report *report);
/* Copies the daemon's log to the folder. */
void scan_save_log(struct scan *scan, const char *folder);
void scan_free(struct scan *scan);
