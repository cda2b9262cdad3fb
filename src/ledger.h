/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The ledger: every file that was met, and what became of it.
 *
 * A *location* is where bytes stand (platform, path); a *content* is the bytes (SHA-256, size). Contents are scanned, locations
 * are reported. Each regular file gets exactly one verdict: its content's, or, where its bytes could not be tied to a content
 * (unreadable, changed), one of its own. Only the main thread touches a ledger.
 *
 *	root ── folder ── folder ── location ──► content ── verdict
 *	  └ platform                location ──────┘
 *
 * Everything belongs to the ledger and lives until ledger_free(). Memory that runs out ends the program (a scan that cannot keep
 * count cannot be trusted), so nothing here returns -ENOMEM.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

enum verdict { VERDICT_PENDING, VERDICT_CLEAN, VERDICT_INFECTED, VERDICT_UNSCANNED };

/* Why something was not scanned; reason_name() gives the word of results.json. */
enum reason {
	REASON_NONE,
	REASON_READ_ERROR,  /* could not be opened or read */
	REASON_CHANGED,	    /* changed or vanished between hashing and scanning */
	REASON_TOO_LARGE,   /* over the largest size that ClamAV scans */
	REASON_LIMIT,	    /* a limit of the engine was exceeded within */
	REASON_TIMEOUT,	    /* no answer within the time limit, twice */
	REASON_DAEMON,	    /* the daemon died or reported an error, twice */
	REASON_CANARY,	    /* the daemon stopped finding what it must find: its "clean" is not believed */
	REASON_NO_SPACE,    /* no room in the work folder */
	REASON_FETCH,	    /* a blob could not be fetched, or is not what its digest says */
	REASON_UNPACK,	    /* a layer could not be unpacked */
	REASON_INTERRUPTED, /* the scan was ended before its turn */
	REASON_DATABASE,    /* the database is too old, or there is none */
	REASON_INTERNAL,    /* anything else */
	_REASON_MAX,
};
const char *reason_name(enum reason reason);

enum warning { WARNING_NONE, WARNING_HEURISTIC, WARNING_OPAQUE };

enum skipped { SKIPPED_SYMLINK, SKIPPED_FIFO, SKIPPED_DEVICE, SKIPPED_SOCKET, _SKIPPED_MAX };

/* One platform of an image, or the paths of a folder scan: what has a log of its own. */
struct platform {
	char *name;	  /* "linux/arm64/v8", or NULL for paths, an artifact and an image that names none */
	char *digest;	  /* of its manifest, or NULL */
	char *log_suffix; /* "amd64", "arm-v7", "oci", "path": clamscan-result-<suffix>.log; unique within the ledger */
	uint64_t files, bytes, folders; /* met so far; folders counts directories */
	struct platform *next;
};

/* Where a walk begins. */
struct root {
	char *path;  /* as the user gave it, or where it was unpacked */
	char *shown; /* what a reported path begins with: "" for an image, else the path as given */
	int fd;	     /* the folder, or -1 where the root is a file */
	bool ours;   /* unpacked by us: modes may be changed, and files hard-linked */
	struct platform *platform;
	struct root *next;
};

struct folder {
	struct root *root;
	struct folder *parent; /* NULL: the root itself */
	struct folder *next;   /* all of them, to free */
	char name[];	       /* one component, any bytes but '/' and NUL; "" for the root */
};

struct location {
	struct location *next; /* of the same content, or of the list without content */
	struct folder *folder;
	enum reason reason; /* not REASON_NONE: unscanned, whatever its content's verdict */
	char *detail;	    /* of reason, or NULL */
	char name[];	    /* one component; where the root is a file, "" */
};

struct content {
	struct {
		unsigned char sha256[32];
		uint64_t size;
	} key;
	enum verdict verdict;
	enum reason reason;	   /* when unscanned */
	char *detail;		   /* when unscanned, for people; or NULL */
	char *signature;	   /* when infected, and with a warning; as ClamAV names it, without .UNOFFICIAL */
	enum warning warning;	   /* when clean */
	const char *opaque_format; /* "zip", "squashfs"; with WARNING_OPAQUE; a static string */
	const char *opaque_reason; /* "encrypted", "unsupported"; a static string */
	struct location *locations;
	unsigned attempts; /* times it was given to a worker */
	UT_hash_handle hh;
};

struct warning_line {
	const char *kind; /* a static string: "database-age", … */
	char *message;
	struct warning_line *next;
};

/* A reason for "incomplete" that belongs to no file: a platform that could not be fetched, a daemon that did not start. */
struct failure {
	enum reason reason;
	char *platform; /* or NULL */
	char *detail;
	struct failure *next;
};

struct ledger {
	struct content *contents;   /* uthash, by key; insertion order */
	struct location *unscanned; /* locations without content */
	struct platform *platforms; /* in the order they came */
	struct root *roots;
	struct folder *folders;
	struct warning_line *warnings;
	struct failure *failures;
	uint64_t skipped[_SKIPPED_MAX];
};

void ledger_free(struct ledger *ledger);

/*
 * name, digest: may be NULL; copied. log_suffix: NULL takes the architecture from the name, "amd64", with the variant or the system
 * added where that is taken already ("arm", then "arm-v7"). In any case it ends as a safe part of a file name, unique in this ledger.
 */
struct platform *ledger_add_platform(struct ledger *ledger, const char *name, const char *digest, const char *log_suffix);
/* path, shown: copied; fd: owned from here on. */
struct root *ledger_add_root(struct ledger *ledger, struct platform *platform, const char *path, const char *shown, int fd,
			     bool ours);

/* Allocations that may be made by a walker's thread, and are handed to the ledger by the main thread afterwards. */
struct folder *folder_new(struct root *root, struct folder *parent, const char *name);
struct location *location_new(struct folder *folder, const char *name);

void ledger_add_folder(struct ledger *ledger, struct folder *folder);
/* Ties a location to its content, which is made when it is new (verdict pending). */
struct content *ledger_add_location(struct ledger *ledger, struct location *location, const unsigned char sha256[32],
				    uint64_t size);
/* A file whose bytes are known to nobody. detail: copied, may be NULL. */
void ledger_add_unscanned(struct ledger *ledger, struct location *location, enum reason reason, const char *detail);
/* This one location turned out not to be its content any more. */
void ledger_location_unscanned(struct location *location, enum reason reason, const char *detail);

void content_clean(struct content *content);
void content_infected(struct content *content, const char *signature);
void content_unscanned(struct content *content, enum reason reason, const char *detail);
void content_warning(struct content *content, enum warning warning, const char *signature, const char *format, const char *why);

void ledger_warn(struct ledger *ledger, const char *kind, const char *message);
void ledger_fail(struct ledger *ledger, enum reason reason, const char *platform, const char *detail);
/* Everything still pending becomes unscanned. */
void ledger_end_pending(struct ledger *ledger, enum reason reason, const char *detail);
/* Everything clean becomes unscanned: the daemon is not believed any more. */
void ledger_distrust(struct ledger *ledger, const char *detail);

/*
 * The path as it is reported, a malloc'ed string of any bytes but NUL, of any length: shown, then the components. For an image it
 * has no leading slash.
 */
char *location_path(const struct location *location);

struct counts {
	uint64_t locations, contents, clean, infected, heuristic, opaque, unscanned; /* locations, but for contents */
	uint64_t pending; /* locations without a verdict: 0 once a scan has ended */
	uint64_t failures;
	uint64_t skipped[_SKIPPED_MAX];
};
/* platform: count only this one's locations (skipped and failures stay the whole's); NULL: all. */
void ledger_count(const struct ledger *ledger, const struct platform *platform, struct counts *ret);

/* As results.json says it; index by the exit status. */
enum outcome { OUTCOME_CLEAN = 0, OUTCOME_INFECTED = 1, OUTCOME_INCOMPLETE = 2, OUTCOME_INFECTED_INCOMPLETE = 3 };
/* strict: warnings (heuristic, opaque and ledger_warn's) count as incomplete. Clean only when clean == locations and nothing failed. */
enum outcome ledger_outcome(const struct ledger *ledger, bool strict);
const char *outcome_name(enum outcome outcome);
