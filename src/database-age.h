/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How old the database behind a scan may be. */

#include "database.h"
#include "ledger.h"

/* From this age on a warning says so, whatever the limit. */
#define DATABASE_AGE_WARNING_DAYS 7

/*
 * database: of our own daemon, or NULL; version_line: a daemon's answer to VERSION, which ends in the daily database's date, or NULL.
 * A database older than max_days (0: no limit), or of unknown age where there is a limit, is a failure in the ledger.
 */
void database_age_check(const struct database *database, const char *version_line, unsigned max_days, struct ledger *ledger);
