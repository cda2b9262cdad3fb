/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One file of a database folder: what kind it is by its name, and what it says by its contents. Used by database.c.
 */

#include "database.h"

#define CVD_HEADER_SIZE 512

struct database_format;

/* By the end of the name, in small or capital letters, as libclamav does; NULL: clamd does not load it. Static. */
const struct database_format *database_format(const char *name);

/*
 * Reads the header of a CVD or CLD: "ClamAV-VDB:16 Sep 2021 08-32 -0400:62:6647427:90:MD5:SIGNATURE:BUILDER:1631795562", filled up with
 * blanks. -EBADMSG when it is anything else.
 */
int database_parse_header(struct database_file *file, const char header[CVD_HEADER_SIZE]);

/*
 * Reads the whole file: fills in *file but for its name, and the SHA-256 of its contents. path: for messages. Logs and returns a
 * negative errno; -ESTALE without a log when it vanished since the folder was listed (freshclam at work).
 */
int database_file_read(struct database_file *file, unsigned char sha256[32], int folder_fd, const char *folder);
