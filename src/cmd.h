/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The subcommands, a file each. All of them log what goes wrong and return the exit status of the program.
 */

#include "options.h"

/* As design and man page have them; scans end with an enum outcome (ledger.h), which has the same numbers. */
enum exit_status { EXIT_STATUS_OK = 0, EXIT_STATUS_ERROR = 2, EXIT_STATUS_USAGE = 64 };

int cmd_scan(const struct options *options); /* path and image */
int cmd_daemon(const struct options *options);
int cmd_threads(const struct options *options);
int cmd_db(const struct options *options);

/*
 * The scanning threads that the options mean on this machine: options->threads, or 75 % of the CPUs, at most
 * options->max_threads; at least 1. Says at level debug (-v) how it came to that, and at level info when the bound cut a number.
 */
unsigned threads_count(const struct options *options);
