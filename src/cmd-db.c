/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "alloc.h"
#include "cleanup.h"
#include "database.h"
#include "escape.h"
#include "log.h"

/* As "2026-01-31T12:00:00Z". */
static const char *time_text(char buffer[32], time_t time)
{
	struct tm tm;

	if (!gmtime_r(&time, &tm) || strftime(buffer, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return "?";
	return buffer;
}

static void print_text(const struct database *db, time_t now)
{
	_cleanup_free_ char *folder = escape_text(db->folder);
	unsigned age = database_age_days(db, now);
	int width = 4;
	char date[32];

	printf("Database:     %s\n", folder);
	printf("Signatures:   %llu\n", (unsigned long long)db->signatures);
	printf("Date:         %s (%u %s old)\n", time_text(date, db->newest), age, age == 1 ? "day" : "days");
	printf("Fingerprint:  %s\n\n", db->fingerprint);

	for (size_t i = 0; i < db->n_files; i++)
		if (strlen(db->files[i].name) > (size_t)width && strlen(db->files[i].name) < 60)
			width = (int)strlen(db->files[i].name);
	printf("%-*s  %7s  %-10s  %10s  %12s\n", width, "FILE", "VERSION", "DATE", "SIGNATURES", "BYTES");
	for (size_t i = 0; i < db->n_files; i++) {
		const struct database_file *file = &db->files[i];
		_cleanup_free_ char *name = escape_text(file->name);
		char version[16] = "-", signatures[16] = "-";

		if (file->version > 0)
			snprintf(version, sizeof(version), "%u", file->version);
		if (file->signatures)
			snprintf(signatures, sizeof(signatures), "%u", file->n_signatures);
		printf("%-*s  %7s  %-10.10s  %10s  %12llu\n", width, name, version, time_text(date, file->built), signatures,
		       (unsigned long long)file->size);
	}
}

static void add(struct json_object *object, const char *key, struct json_object *value)
{
	if (!value || json_object_object_add(object, key, value) != 0)
		die_oom();
}

static struct json_object *file_object(const struct database_file *file)
{
	struct json_object *object = json_object_new_object();
	_cleanup_free_ char *name = escape_text(file->name);
	char date[32];

	if (!object)
		die_oom();
	add(object, "name", json_object_new_string(name));
	add(object, "version", json_object_new_int64(file->version));
	add(object, "date", json_object_new_string(time_text(date, file->built)));
	add(object, "signatures", json_object_new_int64(file->signatures ? file->n_signatures : 0));
	add(object, "size", json_object_new_int64((int64_t)file->size));
	return object;
}

/* The keys are those of "database" in results.json, and a few more. */
static void print_json(const struct database *db, time_t now)
{
	struct json_object *object = json_object_new_object(), *files = json_object_new_array();
	_cleanup_free_ char *folder = escape_text(db->folder);
	char date[32];

	if (!object || !files)
		die_oom();
	add(object, "folder", json_object_new_string(folder));
	add(object, "fingerprint", json_object_new_string(db->fingerprint));
	add(object, "signatures", json_object_new_int64((int64_t)db->signatures));
	add(object, "date", json_object_new_string(time_text(date, db->newest)));
	add(object, "age_days", json_object_new_int64(database_age_days(db, now)));
	for (size_t i = 0; i < db->n_files; i++)
		if (json_object_array_add(files, file_object(&db->files[i])) != 0)
			die_oom();
	add(object, "files", files);
	puts(json_object_to_json_string_ext(object,
					    JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

int cmd_db(const struct options *options)
{
	_cleanup_(database_release) struct database db = {};
	time_t now = time(NULL);
	unsigned age;

	if (database_read(&db, options->database) < 0)
		return EXIT_STATUS_ERROR;
	if (options->format == FORMAT_JSON)
		print_json(&db, now);
	else
		print_text(&db, now);

	age = database_age_days(&db, now);
	if (options->max_db_age_days > 0 && age > options->max_db_age_days) {
		log_error("the database in %s is %u days old, more than the %u that --max-db-age allows (run freshclam)", db.folder,
			  age, options->max_db_age_days);
		return EXIT_STATUS_ERROR;
	}
	return EXIT_STATUS_OK;
}
