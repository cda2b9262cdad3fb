/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The values of the options, one setter each: checks the whole value and stores it. Used by options.c alone.
 *
 * what: the option ("--nice") or the variable ("CLAMAV_SCAN_NICE"), for the message. value: not empty where it comes from the
 * environment; NULL where an option stands without one. Returns 0, or -EINVAL after one line that quotes the value and says what
 * is allowed.
 */

#include "options.h"

int option_set_threads(struct options *options, const char *what, const char *value);
int option_set_max_threads(struct options *options, const char *what, const char *value);
int option_set_database(struct options *options, const char *what, const char *value);
int option_set_daemon(struct options *options, const char *what, const char *value);
int option_set_socket(struct options *options, const char *what, const char *value);
int option_set_nice(struct options *options, const char *what, const char *value);
int option_set_work_dir(struct options *options, const char *what, const char *value);
int option_set_output(struct options *options, const char *what, const char *value);
int option_set_format(struct options *options, const char *what, const char *value);
int option_set_progress(struct options *options, const char *what, const char *value);
int option_set_platform(struct options *options, const char *what, const char *value);
int option_set_authfile(struct options *options, const char *what, const char *value);
int option_set_cert_dir(struct options *options, const char *what, const char *value);
int option_set_tls_verify(struct options *options, const char *what, const char *value);
int option_set_max_db_age(struct options *options, const char *what, const char *value);
int option_set_file_timeout(struct options *options, const char *what, const char *value);
int option_set_daemon_timeout(struct options *options, const char *what, const char *value);
int option_set_strict(struct options *options, const char *what, const char *value);
int option_set_verbose(struct options *options, const char *what, const char *value);
int option_set_quiet(struct options *options, const char *what, const char *value);
