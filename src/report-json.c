/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <uthash.h>

#include "alloc.h"
#include "cleanup.h"
#include "json-build.h"
#include "report-items.h"
#include "report-parts.h"

#undef uthash_fatal
#define uthash_fatal(msg) die_oom()

static json_object *tool_json(void)
{
	json_object *tool = json_new_object();

	json_add_text(tool, "name", "clamav-scan");
	json_add_text(tool, "version", CLAMAV_SCAN_VERSION);
	return tool;
}

static json_object *engine_json(const struct report *report)
{
	json_object *engine = json_new_object();

	json_add_text(engine, "version", report->engine);
	json_add_text(engine, "daemon", report->daemon);
	json_add_text(engine, "socket", report->socket);
	return engine;
}

static json_object *database_json(const struct report *report)
{
	const struct database *db = report->database;
	json_object *database, *files;

	if (!db)
		return NULL;
	database = json_new_object();
	files = json_new_array();
	json_add_text(database, "fingerprint", db->fingerprint);
	json_add_number(database, "signatures", db->signatures);
	for (size_t i = 0; i < db->n_files; i++) {
		json_object *file = json_new_object();

		json_add_text(file, "name", db->files[i].name);
		json_add_number(file, "version", db->files[i].version);
		json_add_date(file, "date", db->files[i].built, -1);
		json_append(files, file);
	}
	json_add(database, "files", files);
	json_add_number(database, "age_days", database_age_days(db, report->started.tv_sec));
	return database;
}

static json_object *target_json(const struct report *report)
{
	json_object *target = json_new_object();

	json_add_text(target, "kind", report->kind);
	json_add_text(target, "reference", report->reference);
	json_add_text(target, "digest", report->digest);
	return target;
}

static json_object *platforms_json(const struct report *report)
{
	json_object *platforms = json_new_array();

	for (const struct platform *p = report->ledger->platforms; p; p = p->next) {
		json_object *platform = json_new_object();
		_cleanup_free_ char *log = report_log_name(p);

		json_add_text(platform, "platform", p->name);
		json_add_text(platform, "digest", p->digest);
		json_add_number(platform, "files", p->files);
		json_add_number(platform, "bytes", p->bytes);
		json_add_text(platform, "log", log);
		json_append(platforms, platform);
	}
	return platforms;
}

/* The locations of one content, while the items are gone through. */
struct finding {
	const struct content *content;
	json_object *locations; /* borrowed */
	UT_hash_handle hh;
};

static json_object *finding_json(const struct item *item, json_object *locations)
{
	json_object *object = json_new_object();
	char hex[65];

	for (size_t i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", item->content->key.sha256[i]);
	json_add_text(object, "signature", item->content->signature ?: "Unnamed");
	json_add_bool(object, "heuristic", item->kind == ITEM_HEURISTIC);
	json_add_text(object, "sha256", hex);
	json_add_number(object, "size", item->content->key.size);
	json_add(object, "locations", locations);
	return object;
}

static json_object *location_json(const struct item *item)
{
	json_object *location = json_new_object();

	json_add_text(location, "platform", item->platform->name);
	json_add(location, "layer", NULL);
	json_add_path(location, item->path);
	json_add_text(location, "state", "visible");
	return location;
}

static json_object *findings_json(const struct items *items)
{
	struct finding *by_content = NULL, *finding;
	_cleanup_free_ struct finding *findings = xcalloc(items->n + 1, sizeof(*findings));
	json_object *array = json_new_array();
	size_t n = 0;

	for (size_t i = 0; i < items->n; i++) {
		const struct item *item = &items->items[i];

		if (item->kind != ITEM_INFECTED && item->kind != ITEM_HEURISTIC)
			continue;
		HASH_FIND_PTR(by_content, &item->content, finding);
		if (!finding) {
			finding = &findings[n++];
			finding->content = item->content;
			finding->locations = json_new_array();
			HASH_ADD_PTR(by_content, content, finding);
			json_append(array, finding_json(item, finding->locations));
		}
		json_append(finding->locations, location_json(item));
	}
	HASH_CLEAR(hh, by_content);
	return array;
}

static json_object *opaque_json(const struct items *items)
{
	json_object *array = json_new_array();

	for (size_t i = 0; i < items->n; i++) {
		const struct item *item = &items->items[i];
		json_object *object;

		if (item->kind != ITEM_OPAQUE)
			continue;
		object = json_new_object();
		json_add_text(object, "platform", item->platform->name);
		json_add_path(object, item->path);
		json_add_text(object, "format", item->content->opaque_format ?: "unknown");
		json_add_text(object, "reason", item->content->opaque_reason ?: "unknown");
		json_append(array, object);
	}
	return array;
}

static json_object *unscanned_json(const struct items *items)
{
	json_object *array = json_new_array();

	for (size_t i = 0; i < items->n; i++) {
		const struct item *item = &items->items[i];
		json_object *object;

		if (item->kind != ITEM_UNSCANNED)
			continue;
		object = json_new_object();
		json_add_text(object, "platform", item->platform->name);
		json_add_path(object, item->path);
		json_add_text(object, "reason", reason_name(item->reason));
		json_add_text(object, "detail", item->detail);
		json_append(array, object);
	}
	return array;
}

static void append_failure(json_object *failures, enum reason reason, const char *platform, const char *detail)
{
	json_object *failure = json_new_object();

	json_add_text(failure, "reason", reason_name(reason));
	json_add_text(failure, "platform", platform);
	json_add_text(failure, "detail", detail);
	json_append(failures, failure);
}

static json_object *failures_json(const struct report *report, bool provisional)
{
	json_object *failures = json_new_array();

	for (const struct failure *f = report->ledger->failures; f; f = f->next)
		append_failure(failures, f->reason, f->platform, f->detail);
	if (provisional)
		append_failure(failures, REASON_INTERRUPTED, NULL, "the scan began and did not come to its end");
	return failures;
}

static json_object *warnings_json(const struct report *report)
{
	json_object *warnings = json_new_array();

	for (const struct warning_line *w = report->ledger->warnings; w; w = w->next) {
		json_object *warning = json_new_object();

		json_add_text(warning, "kind", w->kind);
		json_add_text(warning, "message", w->message);
		json_append(warnings, warning);
	}
	return warnings;
}

static json_object *counts_json(const struct report *report)
{
	json_object *object = json_new_object(), *skipped = json_new_object();
	struct counts counts;

	items_count(report->ledger, NULL, &counts);
	json_add_number(object, "locations", counts.locations);
	json_add_number(object, "contents", counts.contents);
	json_add_number(object, "clean", counts.clean);
	json_add_number(object, "infected", counts.infected);
	json_add_number(object, "heuristic", counts.heuristic);
	json_add_number(object, "opaque", counts.opaque);
	json_add_number(object, "unscanned", counts.unscanned);
	json_add_number(skipped, "symlink", counts.skipped[SKIPPED_SYMLINK]);
	json_add_number(skipped, "fifo", counts.skipped[SKIPPED_FIFO]);
	json_add_number(skipped, "device", counts.skipped[SKIPPED_DEVICE]);
	json_add_number(skipped, "socket", counts.skipped[SKIPPED_SOCKET]);
	json_add(object, "skipped", skipped);
	return object;
}

static json_object *timing_json(const struct report *report)
{
	json_object *timing = json_new_object(), *phases = json_new_object();

	json_add_timespec(timing, "started", &report->started);
	json_add_timespec(timing, "finished", &report->finished);
	for (enum phase phase = 0; phase < _PHASE_MAX; phase++)
		json_add_number(phases, phase_name(phase), report->phase_ms[phase]);
	json_add(timing, "phases_ms", phases);
	return timing;
}

static int results_json(const struct report *report, bool provisional, FILE *file)
{
	enum outcome outcome = provisional ? OUTCOME_INCOMPLETE : ledger_outcome(report->ledger, report->strict);
	json_object *results = json_new_object();
	struct items items;
	int r;

	items_collect(report->ledger, &items);
	json_add_number(results, "schema", 1);
	json_add(results, "tool", tool_json());
	json_add(results, "engine", engine_json(report));
	json_add(results, "database", database_json(report));
	json_add(results, "target", target_json(report));
	json_add(results, "platforms", platforms_json(report));
	json_add_text(results, "verdict", outcome_name(outcome));
	json_add_bool(results, "strict", report->strict);
	json_add(results, "findings", findings_json(&items));
	json_add(results, "opaque", opaque_json(&items));
	json_add(results, "unscanned", unscanned_json(&items));
	json_add(results, "failures", failures_json(report, provisional));
	json_add(results, "warnings", warnings_json(report));
	json_add(results, "counts", counts_json(report));
	json_add(results, "timing", timing_json(report));
	items_release(&items);

	r = json_print(results, file);
	json_object_put(results);
	return r;
}

int report_json(const struct report *report, FILE *file)
{
	return results_json(report, false, file);
}

int report_json_provisional(const struct report *report, FILE *file)
{
	return results_json(report, true, file);
}
