/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A folder of ClamAV database files: which files clamd would load from it, what their headers say, and a fingerprint of them all.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct database_file {
	char *name; /* within the folder: "daily.cvd" */
	uint64_t size;
	bool signatures;  /* brings some that clamd uses by default: not a whitelist, .cfg, .sign, nor one for unwanted programs */
	unsigned version; /* of a CVD or CLD, from its header; else 0 */
	unsigned n_signatures; /* from a CVD's header; else the lines of a text file that are neither empty nor comments */
	time_t built;	       /* Unix seconds: from a CVD's header; else the file's modification time */
};

struct database {
	char *folder;
	struct database_file *files; /* sorted by name */
	size_t n_files;
	uint64_t signatures; /* of all, but of daily.cld and daily.cvd side by side only the newer one's, as clamd has it */
	time_t newest;	     /* of the daily database where there is one, else of the newest file that brings signatures */
	char fingerprint[7 + 64 + 1]; /* "sha256:…" over "<SHA-256> <size> <name>\n" of all files, in order */
};

/*
 * Reads the folder. Files that clamd does not load (.info, freshclam.dat) are passed over, but a CVD's .sign is not; a symbolic link
 * to a file is followed, as clamd does. All of every file is read; that a CVD's body is whole is for clamd to check.
 * Logs and returns a negative errno when the folder is missing, unreadable or brings no signatures (-ENODATA), when one of its
 * files cannot be read, or when a CVD's 512-byte header is broken (-EBADMSG): the message names the file, and freshclam or --database as the remedy.
 */
int database_read(struct database *ret, const char *folder);
void database_release(struct database *db);

/* Whole days from the newest to now, 0 when that lies in the future. */
unsigned database_age_days(const struct database *db, time_t now);
