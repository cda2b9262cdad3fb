/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A scan that has ended, for the tests of its reports: two platforms of an image, a database, a time. Tests add files to it.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "cleanup.h"
#include "report.h"

struct fixture {
	struct ledger ledger;
	struct platform *amd64, *arm64;
	struct root *amd64_root, *arm64_root;
	struct database_file files[2];
	struct database database;
	struct report report;
	char folder[64];
};

static inline struct folder *fixture_folder(struct fixture *f, struct root *root, struct folder *parent, const char *name)
{
	struct folder *folder = folder_new(root, parent, name);

	ledger_add_folder(&f->ledger, folder);
	return folder;
}

static inline int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->amd64 = ledger_add_platform(&f->ledger, "linux/amd64",
				       "sha256:1111111111111111111111111111111111111111111111111111111111111111", NULL);
	f->arm64 = ledger_add_platform(&f->ledger, "linux/arm64", NULL, NULL);
	f->amd64_root = ledger_add_root(&f->ledger, f->amd64, "/unpacked/amd64", "", -1, true);
	f->arm64_root = ledger_add_root(&f->ledger, f->arm64, "/unpacked/arm64", "", -1, true);

	f->files[0] =
		(struct database_file){ .name = (char *)"daily.cvd", .signatures = true, .version = 27900, .built = 1795478400 };
	f->files[1] = (struct database_file){ .name = (char *)"main.cvd", .signatures = true, .version = 62, .built = 1700000000 };
	f->database = (struct database){ .files = f->files, .n_files = 2, .signatures = 3600000, .newest = 1795478400 };
	memcpy(f->database.fingerprint, "sha256:", 7);
	memset(f->database.fingerprint + 7, 'a', 64);

	f->report = (struct report){
		.ledger = &f->ledger,
		.engine = "ClamAV 1.4.6",
		.engine_version_line = "ClamAV 1.4.6/27900/Tue Nov 24 00:00:00 2026",
		.daemon = "own",
		.socket = "/run/clamd.sock",
		.database = &f->database,
		.kind = "image",
		.reference = "docker://registry.example/app:1",
		.digest = "sha256:2222222222222222222222222222222222222222222222222222222222222222",
		.media_type = "application/vnd.oci.image.index.v1+json",
		.started = { .tv_sec = 1795507200, .tv_nsec = 0 }, /* 2026-11-24 08:00:00 UTC */
		.finished = { .tv_sec = 1795507236, .tv_nsec = 123456789 },
		.phase_ms = { [PHASE_FETCH] = 1000, [PHASE_SCAN] = 30000 },
	};
	setenv("TZ", "UTC", 1);
	*state = f;
	return 0;
}

static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	ledger_free(&f->ledger);
	free(f);
	return 0;
}

/* A file in "<folder>/" of the root, or at its top where folder is NULL. Its content is told by one byte. */
static inline struct content *fixture_file(struct fixture *f, struct root *root, const char *folder, const char *name,
					   unsigned char byte, uint64_t size)
{
	struct folder *top = fixture_folder(f, root, NULL, "");
	struct folder *where = folder ? fixture_folder(f, root, top, folder) : top;
	unsigned char sha256[32];

	memset(sha256, byte, sizeof(sha256));
	return ledger_add_location(&f->ledger, location_new(where, name), sha256, size);
}

static inline void fixture_clean(struct fixture *f, const char *name, unsigned char byte)
{
	content_clean(fixture_file(f, f->amd64_root, NULL, name, byte, 100));
}

static inline void fixture_infected(struct fixture *f, const char *name, unsigned char byte)
{
	content_infected(fixture_file(f, f->amd64_root, NULL, name, byte, 68), "Eicar-Signature");
}

static inline void fixture_unscanned(struct fixture *f, const char *name, enum reason reason, const char *detail)
{
	ledger_add_unscanned(&f->ledger, location_new(fixture_folder(f, f->amd64_root, NULL, ""), name), reason, detail);
}

/* Something of everything: odd names, both platforms, each kind of verdict and warning. */
static inline void fixture_everything(struct fixture *f)
{
	struct content *c = fixture_file(f, f->arm64_root, "opt", "a b", 1, 68);

	content_infected(c, "Eicar-Signature");
	fixture_file(f, f->amd64_root, "opt", "a b", 1, 68);
	fixture_file(f, f->amd64_root, NULL, "x: OK\nopt/y", 1, 68);
	content_infected(fixture_file(f, f->amd64_root, NULL, "\xff\xfe \"quoted\"", 2, 5000), "Win.Test-1");
	content_warning(fixture_file(f, f->amd64_root, NULL, "doc.xls", 3, 1 << 20), WARNING_HEURISTIC,
			"Heuristics.OLE2.ContainsMacros", NULL, NULL);
	content_warning(fixture_file(f, f->amd64_root, NULL, "secret.zip", 4, 2 << 20), WARNING_OPAQUE, "Heuristics.Encrypted.Zip",
			"zip", "encrypted");
	content_warning(fixture_file(f, f->amd64_root, NULL, "root\xe9.img", 5, 3 << 20), WARNING_OPAQUE, NULL, "squashfs",
			"unsupported");
	content_unscanned(fixture_file(f, f->amd64_root, NULL, "bomb.zip", 6, 42), REASON_LIMIT,
			  "Heuristics.Limits.Exceeded.MaxScanSize");
	content_unscanned(fixture_file(f, f->arm64_root, NULL, "slow", 7, 42), REASON_TIMEOUT, "no answer in 600 s, twice");
	fixture_unscanned(f, "unreadable", REASON_READ_ERROR, "Input/output error");
	fixture_clean(f, "etc/passwd", 8);
	ledger_warn(&f->ledger, "database-age", "the database is 8 days old");
	ledger_fail(&f->ledger, REASON_FETCH, "linux/arm64", "blob sha256:3333 is missing");
	f->ledger.skipped[SKIPPED_SYMLINK] = 7;
	f->ledger.skipped[SKIPPED_DEVICE] = 1;
}

/* The text that print makes of the report, malloc'ed. */
static inline char *fixture_print(struct fixture *f, int (*print)(const struct report *, FILE *))
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	assert_int_equal(print(&f->report, file), 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(strlen(text), size);
	return text;
}

static inline void json_release(json_object **object)
{
	json_object_put(*object);
}
#define _cleanup_json_ _cleanup_(json_release)

/* The member behind a JSON pointer: "/findings/0/signature". */
static inline json_object *json_at(json_object *object, const char *pointer)
{
	json_object *member = NULL;

	if (json_pointer_get(object, pointer, &member) < 0)
		fail_msg("there is no %s in %s", pointer, json_object_to_json_string(object));
	return member;
}

static inline void assert_json_string(json_object *object, const char *pointer, const char *expected)
{
	json_object *member = json_at(object, pointer);

	assert_true(json_object_is_type(member, json_type_string));
	assert_string_equal(json_object_get_string(member), expected);
}

static inline void assert_json_number(json_object *object, const char *pointer, uint64_t expected)
{
	json_object *member = json_at(object, pointer);

	assert_true(json_object_is_type(member, json_type_int));
	assert_int_equal(json_object_get_uint64(member), expected);
}

static inline void assert_json_null(json_object *object, const char *pointer)
{
	assert_null(json_at(object, pointer));
}

static inline size_t json_length(json_object *object, const char *pointer)
{
	return json_object_array_length(json_at(object, pointer));
}
