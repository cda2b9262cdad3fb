/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "log.h"
#include "options.h"

/*
 * A file opened later must not become 0, 1 or 2 and be written to as if it were standard output. Opened the wrong way round, so that
 * writing to a standard output that is closed still fails.
 */
static int hold_standard_fds(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return -EBADF;
	return 0;
}

static enum log_level level_of(int verbosity)
{
	if (verbosity < 0)
		return LOG_LEVEL_WARNING;
	return verbosity > 0 ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
}

static int run(const struct options *options)
{
	switch (options->command) {
	case COMMAND_PATH:
	case COMMAND_IMAGE:
		return cmd_scan(options);
	case COMMAND_DAEMON_START:
	case COMMAND_DAEMON_STATUS:
	case COMMAND_DAEMON_STOP:
		return cmd_daemon(options);
	case COMMAND_THREADS:
		return cmd_threads(options);
	case COMMAND_DB:
		return cmd_db(options);
	case COMMAND_HELP:
		options_usage();
		return EXIT_STATUS_OK;
	case COMMAND_VERSION:
		puts("clamav-scan " CLAMAV_SCAN_VERSION);
		return EXIT_STATUS_OK;
	}
	abort(); /* the switch has all of them */
}

/* An answer that nobody could read is no success. A status that says more (malware was found) stays. */
static int close_stdout(int status)
{
	bool failed = ferror(stdout);

	errno = 0;
	if (fclose(stdout) == 0 && !failed)
		return status;
	log_error("cannot write to standard output: %s", errno ? strerror(errno) : "a write failed");
	return status == EXIT_STATUS_OK ? EXIT_STATUS_ERROR : status;
}

int main(int argc, char *argv[])
{
	struct options options;

	if (hold_standard_fds() < 0)
		return EXIT_STATUS_ERROR; /* there is nowhere to say why */
	/* A reader who went away is a failed write, which is reported, and no reason to drop everything. */
	signal(SIGPIPE, SIG_IGN);

	if (options_parse(&options, argc, argv) < 0)
		return EXIT_STATUS_USAGE;
	log_set_level(level_of(options.verbosity));
	return close_stdout(run(&options));
}
