/* SPDX-License-Identifier: Apache-2.0 */
#include "database-age.h"

#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "log.h"

/* "ClamAV 1.4.6/27900/Mon Nov 23 09:00:00 2026" → days; -1: it names no date. */
static long age_from_version(const char *version_line, time_t now)
{
	const char *date = strrchr(version_line, '/');
	struct tm tm = {};
	time_t built;

	/* The daemon prints it in its own time zone; ours is the best guess, and a few hours do not matter. */
	if (!date || !strptime(date + 1, "%a %b %d %H:%M:%S %Y", &tm))
		return -1;
	tm.tm_isdst = -1;
	built = mktime(&tm);
	if (built == (time_t)-1)
		return -1;
	return built > now ? 0 : (long)((now - built) / (24 * 60 * 60));
}

void database_age_check(const struct database *database, const char *version_line, unsigned max_days, struct ledger *ledger)
{
	time_t now = time(NULL);
	_cleanup_free_ char *text = NULL;
	long days = -1;

	if (database)
		days = database_age_days(database, now);
	else if (version_line)
		days = age_from_version(version_line, now);

	if (days < 0 && max_days > 0)
		text = xasprintf("the age of the daemon's database is not known, and --max-db-age %u asks for it", max_days);
	else if (max_days > 0 && days > (long)max_days)
		text = xasprintf("the database is %ld days old, --max-db-age allows %u: run freshclam, or take a newer image", days,
				 max_days);
	if (text) {
		log_error("%s", text);
		ledger_fail(ledger, REASON_DATABASE, NULL, text);
	} else if (days >= DATABASE_AGE_WARNING_DAYS) {
		text = xasprintf("the database is %ld days old: run freshclam, or take a newer image", days);
		log_warning("%s", text);
		ledger_warn(ledger, "database-age", text);
	}
}
