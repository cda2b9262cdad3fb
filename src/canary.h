/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Canaries: files that the daemon must find, sent over the same way as real ones. They prove that it loaded its database, that it
 * sees the whole of a file, and that it still opens archives (which it silently stops doing when its temporary folder is full).
 *
 * For a daemon of ours they carry a signature made for this run, a random byte string at no particular offset. For any other daemon
 * they carry the EICAR test string, which counts only at the start of a file: it is put together at run time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CANARY_PATTERN_BYTES 24

struct canary_signature {
	char name[64]; /* "Clamav-Scan.Canary.1f0a33c2"; "" for EICAR */
	unsigned char pattern[CANARY_PATTERN_BYTES];
};

/* A fresh random signature. Logs; 0 or a negative errno. */
int canary_signature_make(struct canary_signature *ret);
/* Writes it as an .ndb database of one line. Logs; 0 or a negative errno. */
int canary_signature_write_ndb(const struct canary_signature *signature, const char *path);
/* Reads back what canary_signature_write_ndb() wrote: 0, -EBADMSG or another negative errno. */
int canary_signature_read_ndb(struct canary_signature *ret, const char *path);

struct canary {
	const char *kind; /* "plain", "zip", "7z", "nested", "size": for messages */
	char *path;
	uint64_t size;
};

struct canaries {
	char *folder;
	struct canary_signature signature;
	struct canary list[4];
	size_t n;
};

/* Makes the canary files in the folder, which exists. Logs; 0 or a negative errno. */
int canaries_make(struct canaries *ret, const char *folder, const struct canary_signature *signature);
/*
 * One more, for a daemon whose limits are unknown: an archive over size bytes whose last member must still be found. It is sparse on
 * disk. Logs; 0 or a negative errno. The caller frees path, and unlinks the file.
 */
int canary_make_size(struct canary *ret, const struct canaries *canaries, uint64_t size);
/* Frees the memory; the files go with the work folder. */
void canaries_release(struct canaries *canaries);

/* Whether a reply's signature is what this canary must bring. */
bool canary_matches(const struct canaries *canaries, const char *signature);
