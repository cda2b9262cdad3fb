/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The command line, and the environment behind it: every long option has a variable, CLAMAV_SCAN_ and its name in capitals with
 * underscores; the command line wins, an empty variable counts as unset. A value that is not exactly right is an error that quotes it.
 */

#include <stdbool.h>

enum command {
	COMMAND_PATH,
	COMMAND_IMAGE,
	COMMAND_DAEMON_START,
	COMMAND_DAEMON_STATUS,
	COMMAND_DAEMON_STOP,
	COMMAND_THREADS,
	COMMAND_DB,
	COMMAND_HELP,
	COMMAND_VERSION,
};

enum daemon_mode { DAEMON_AUTO, DAEMON_EXISTING, DAEMON_OWN };
enum output_format { FORMAT_TEXT, FORMAT_JSON };
enum progress_mode { PROGRESS_AUTO, PROGRESS_TTY, PROGRESS_PLAIN, PROGRESS_NONE };

struct options {
	enum command command;
	char *const *args; /* what is no option: DIR|FILE…, REF, VALUE */
	int n_args;

	unsigned threads; /* 0: auto; not yet bounded by max_threads (see cmd.h); also the VALUE of COMMAND_THREADS */
	unsigned max_threads;
	const char *database;
	bool database_given;	 /* by option or environment, not by default */
	enum daemon_mode daemon; /* DAEMON_OWN where a database is given */
	const char *socket;	 /* NULL, "/path" or "HOST:PORT" ("[::1]:3310"); with a database only for COMMAND_DAEMON_START */
	int nice;
	const char *work_dir; /* NULL: a fresh folder in $TMPDIR, or /tmp */
	const char *output;   /* NULL: none */
	enum output_format format;
	enum progress_mode progress;
	const char *platform;			      /* "all", or OS/ARCH[/VARIANT] */
	const char *authfile, *cert_dir, *tls_verify; /* NULL where not given; tls_verify is "true" or "false" */
	unsigned max_db_age_days;		      /* 0: no limit */
	bool strict;
	int verbosity; /* -1: quiet, 0, 1: verbose */

	unsigned file_timeout_s;   /* how long one file may take before its worker is given up */
	unsigned daemon_timeout_s; /* how long our own daemon may take to load its database */
};

/*
 * Fills *ret from argv and the environment. Strings point into argv or the environment; the words that are no
 * options are moved to the front of argv.
 * Returns 0, or -EINVAL after one line on standard error that names what is wrong (exit status 64).
 */
int options_parse(struct options *ret, int argc, char *argv[]);

/* The text of --help, on standard output. */
void options_usage(void);
