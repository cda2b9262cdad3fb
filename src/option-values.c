/* SPDX-License-Identifier: Apache-2.0 */
#include "option-values.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "log.h"
#include "parse.h"

#define THREADS_MAX 1024
#define DAYS_MAX 36500	  /* a hundred years */
#define TIMEOUT_MAX 86400 /* a day */

static int bad_value(const char *what, const char *value, const char *allowed)
{
	log_error("%s '%s' is not allowed: give %s (see clamav-scan --help)", what, value, allowed);
	return -EINVAL;
}

static int set_number(unsigned *ret, const char *what, const char *value, unsigned min, unsigned max)
{
	uint64_t number;
	char allowed[64];

	if (parse_u64(value, max, &number) < 0 || number < min) {
		snprintf(allowed, sizeof(allowed), "a whole number from %u to %u", min, max);
		return bad_value(what, value, allowed);
	}
	*ret = (unsigned)number;
	return 0;
}

static int set_name(const char **ret, const char *what, const char *value, const char *allowed)
{
	if (*value == '\0')
		return bad_value(what, value, allowed);
	*ret = value;
	return 0;
}

static int set_choice(int *ret, const char *what, const char *value, const char *const *names, const char *allowed)
{
	return parse_choice(value, names, ret) < 0 ? bad_value(what, value, allowed) : 0;
}

/* A flag on the command line has no value, and means true. */
static int set_flag(bool *ret, const char *what, const char *value)
{
	*ret = true;
	if (value && parse_bool(value, ret) < 0)
		return bad_value(what, value, "true or false");
	return 0;
}

int option_set_threads(struct options *options, const char *what, const char *value)
{
	uint64_t number = 0;

	if (strcmp(value, "auto") != 0 && (parse_u64(value, THREADS_MAX, &number) < 0 || number == 0))
		return bad_value(what, value, "auto or a whole number from 1 to 1024");
	options->threads = (unsigned)number;
	return 0;
}

int option_set_max_threads(struct options *options, const char *what, const char *value)
{
	return set_number(&options->max_threads, what, value, 1, THREADS_MAX);
}

int option_set_database(struct options *options, const char *what, const char *value)
{
	return set_name(&options->database, what, value, "a folder with ClamAV's database files");
}

int option_set_daemon(struct options *options, const char *what, const char *value)
{
	static const char *const names[] = { "auto", "existing", "own", NULL }; /* as enum daemon_mode */
	int choice;

	if (set_choice(&choice, what, value, names, "auto, existing or own") < 0)
		return -EINVAL;
	options->daemon = (enum daemon_mode)choice;
	return 0;
}

static bool host_valid(const char *host, size_t n)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr in6;

	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		if (n - 2 >= sizeof(address))
			return false;
		memcpy(address, host + 1, n - 2);
		address[n - 2] = '\0';
		return inet_pton(AF_INET6, address, &in6) == 1;
	}
	if (n == 0 || n > 253)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", host[i]))
			return false;
	return true;
}

int option_set_socket(struct options *options, const char *what, const char *value)
{
	static const char allowed[] = "an absolute path of at most 107 bytes, HOST:PORT or [IPV6]:PORT";
	const char *colon = strrchr(value, ':');
	uint64_t port;

	if (*value == '/') {
		if (strlen(value) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
			return bad_value(what, value, allowed);
	} else if (!colon || !host_valid(value, (size_t)(colon - value)) || parse_u64(colon + 1, 65535, &port) < 0 || port == 0) {
		return bad_value(what, value, allowed);
	}
	options->socket = value;
	return 0;
}

int option_set_nice(struct options *options, const char *what, const char *value)
{
	return parse_int(value, -20, 19, &options->nice) < 0 ? bad_value(what, value, "a whole number from -20 to 19") : 0;
}

int option_set_work_dir(struct options *options, const char *what, const char *value)
{
	return set_name(&options->work_dir, what, value, "a folder with room for what is unpacked");
}

int option_set_output(struct options *options, const char *what, const char *value)
{
	return set_name(&options->output, what, value, "a folder for results.json and the logs");
}

int option_set_format(struct options *options, const char *what, const char *value)
{
	static const char *const names[] = { "text", "json", NULL }; /* as enum output_format */
	int choice;

	if (set_choice(&choice, what, value, names, "text or json") < 0)
		return -EINVAL;
	options->format = (enum output_format)choice;
	return 0;
}

int option_set_progress(struct options *options, const char *what, const char *value)
{
	static const char *const names[] = { "auto", "tty", "plain", "none", NULL }; /* as enum progress_mode */
	int choice;

	if (set_choice(&choice, what, value, names, "auto, tty, plain or none") < 0)
		return -EINVAL;
	options->progress = (enum progress_mode)choice;
	return 0;
}

/* OS/ARCH[/VARIANT] */
static bool platform_valid(const char *text)
{
	unsigned parts = 0;

	for (;; text++) {
		size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-");

		if (n == 0)
			return false;
		parts++;
		text += n;
		if (*text != '/')
			return *text == '\0' && (parts == 2 || parts == 3);
	}
}

int option_set_platform(struct options *options, const char *what, const char *value)
{
	if (strcmp(value, "all") != 0 && !platform_valid(value))
		return bad_value(what, value, "all or OS/ARCH[/VARIANT] in small letters, such as linux/arm64/v8");
	options->platform = value;
	return 0;
}

int option_set_authfile(struct options *options, const char *what, const char *value)
{
	return set_name(&options->authfile, what, value, "a file with registry credentials");
}

int option_set_cert_dir(struct options *options, const char *what, const char *value)
{
	return set_name(&options->cert_dir, what, value, "a folder with *.crt, *.cert and *.key files");
}

int option_set_tls_verify(struct options *options, const char *what, const char *value)
{
	bool verify;

	if (set_flag(&verify, what, value) < 0)
		return -EINVAL;
	options->tls_verify = verify ? "true" : "false";
	return 0;
}

int option_set_max_db_age(struct options *options, const char *what, const char *value)
{
	return set_number(&options->max_db_age_days, what, value, 0, DAYS_MAX);
}

int option_set_file_timeout(struct options *options, const char *what, const char *value)
{
	return set_number(&options->file_timeout_s, what, value, 1, TIMEOUT_MAX);
}

int option_set_daemon_timeout(struct options *options, const char *what, const char *value)
{
	return set_number(&options->daemon_timeout_s, what, value, 1, TIMEOUT_MAX);
}

int option_set_strict(struct options *options, const char *what, const char *value)
{
	return set_flag(&options->strict, what, value);
}

int option_set_verbose(struct options *options, const char *what, const char *value)
{
	bool on;

	if (set_flag(&on, what, value) < 0)
		return -EINVAL;
	if (on)
		options->verbosity = 1;
	return 0;
}

int option_set_quiet(struct options *options, const char *what, const char *value)
{
	bool on;

	if (set_flag(&on, what, value) < 0)
		return -EINVAL;
	if (on)
		options->verbosity = -1;
	return 0;
}
