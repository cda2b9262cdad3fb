/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "option-values.h"

#define SEE_HELP "(see clamav-scan --help)"

enum option_id {
	OPTION_THREADS,
	OPTION_MAX_THREADS,
	OPTION_DATABASE,
	OPTION_DAEMON,
	OPTION_SOCKET,
	OPTION_NICE,
	OPTION_WORK_DIR,
	OPTION_OUTPUT,
	OPTION_FORMAT,
	OPTION_PROGRESS,
	OPTION_PLATFORM,
	OPTION_AUTHFILE,
	OPTION_CERT_DIR,
	OPTION_TLS_VERIFY,
	OPTION_MAX_DB_AGE,
	OPTION_FILE_TIMEOUT,
	OPTION_DAEMON_TIMEOUT,
	OPTION_STRICT,
	OPTION_VERBOSE,
	OPTION_QUIET,
	_OPTION_MAX,
	OPTION_HELP = _OPTION_MAX,
	OPTION_VERSION,
};

/* getopt_long's answer for a long option: beyond all letters. */
#define LONG_BASE 256

static const struct option_spec {
	const char *name;
	/* Checks and stores a value; NULL where an option stands without one. what: the option or variable, for the message. */
	int (*set)(struct options *options, const char *what, const char *value);
	int has_arg;
	char letter; /* or 0 */
	bool image_only;
} specs[] = {
	[OPTION_THREADS] = { "threads", option_set_threads, required_argument, 'j', false },
	[OPTION_MAX_THREADS] = { "max-threads", option_set_max_threads, required_argument, 0, false },
	[OPTION_DATABASE] = { "database", option_set_database, required_argument, 0, false },
	[OPTION_DAEMON] = { "daemon", option_set_daemon, required_argument, 0, false },
	[OPTION_SOCKET] = { "socket", option_set_socket, required_argument, 0, false },
	[OPTION_NICE] = { "nice", option_set_nice, required_argument, 0, false },
	[OPTION_WORK_DIR] = { "work-dir", option_set_work_dir, required_argument, 0, false },
	[OPTION_OUTPUT] = { "output", option_set_output, required_argument, 'o', false },
	[OPTION_FORMAT] = { "format", option_set_format, required_argument, 0, false },
	[OPTION_PROGRESS] = { "progress", option_set_progress, required_argument, 0, false },
	[OPTION_PLATFORM] = { "platform", option_set_platform, required_argument, 0, true },
	[OPTION_AUTHFILE] = { "authfile", option_set_authfile, required_argument, 0, true },
	[OPTION_CERT_DIR] = { "cert-dir", option_set_cert_dir, required_argument, 0, true },
	[OPTION_TLS_VERIFY] = { "tls-verify", option_set_tls_verify, optional_argument, 0, true },
	[OPTION_MAX_DB_AGE] = { "max-db-age", option_set_max_db_age, required_argument, 0, false },
	[OPTION_FILE_TIMEOUT] = { "file-timeout", option_set_file_timeout, required_argument, 0, false },
	[OPTION_DAEMON_TIMEOUT] = { "daemon-timeout", option_set_daemon_timeout, required_argument, 0, false },
	[OPTION_STRICT] = { "strict", option_set_strict, no_argument, 0, false },
	[OPTION_VERBOSE] = { "verbose", option_set_verbose, no_argument, 'v', false },
	[OPTION_QUIET] = { "quiet", option_set_quiet, no_argument, 'q', false },
	[OPTION_HELP] = { "help", NULL, no_argument, 'h', false },
	[OPTION_VERSION] = { "version", NULL, no_argument, 0, false },
};
#define N_SPECS (sizeof(specs) / sizeof(specs[0]))

static const struct command_spec {
	const char *name;
	enum command command;
	int min_args, max_args;
	const char *wants; /* what the arguments are, for the message */
} commands[] = {
	{ "path", COMMAND_PATH, 1, INT_MAX, "the folders and files to scan, at least one" },
	{ "image", COMMAND_IMAGE, 1, 1, "exactly one image reference" },
	{ "daemon start", COMMAND_DAEMON_START, 0, 0, "no arguments" },
	{ "daemon status", COMMAND_DAEMON_STATUS, 0, 0, "no arguments" },
	{ "daemon stop", COMMAND_DAEMON_STOP, 0, 0, "no arguments" },
	{ "threads", COMMAND_THREADS, 0, 1, "at most one value, auto or a number" },
	{ "db", COMMAND_DB, 0, 0, "no arguments" },
	{ "help", COMMAND_HELP, 0, INT_MAX, "" },
};

/* How each option came by its value. */
enum origin { ORIGIN_DEFAULT, ORIGIN_ENVIRONMENT, ORIGIN_COMMAND_LINE };

struct parse {
	struct options *options;
	enum origin origin[_OPTION_MAX];
	bool help, version;
	char **words; /* what is no option: the subcommand and its arguments */
	int n_words;
};

/* "--work-dir", or "CLAMAV_SCAN_WORK_DIR" for the environment. */
static const char *option_label(enum option_id id, enum origin origin, char *buffer, size_t size)
{
	const char *prefix = origin == ORIGIN_ENVIRONMENT ? "CLAMAV_SCAN_" : "--";

	snprintf(buffer, size, "%s%s", prefix, specs[id].name);
	if (origin == ORIGIN_ENVIRONMENT)
		for (char *c = buffer; *c; c++)
			*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
	return buffer;
}

static enum option_id option_from_getopt(int c)
{
	if (c >= LONG_BASE)
		return (enum option_id)(c - LONG_BASE);
	for (size_t i = 0; i < N_SPECS; i++)
		if (specs[i].letter == c)
			return (enum option_id)i;
	abort(); /* getopt returns no letter that the table does not have */
}

/* What getopt could not make sense of. c: '?', or ':' for a value that is missing. word: the argument it stood in. */
static int bad_option(int c, const char *word)
{
	if (c == ':') {
		log_error("%s needs a value " SEE_HELP, word);
	} else if (optopt >= LONG_BASE) {
		log_error("--%s takes no value, but '%s' gives it one " SEE_HELP, specs[optopt - LONG_BASE].name, word);
	} else if (optopt != 0) {
		log_error("unknown option '-%c' " SEE_HELP, optopt);
	} else {
		size_t n = strcspn(word, "="), matches = 0;

		for (size_t i = 0; i < N_SPECS; i++)
			matches += n > 2 && strncmp(specs[i].name, word + 2, n - 2) == 0;
		log_error("%s option '%.*s' " SEE_HELP, matches > 1 ? "ambiguous" : "unknown", (int)n, word);
	}
	return -EINVAL;
}

static int parse_one(struct parse *parse, enum option_id id, const char *value)
{
	char label[64];

	if (id == OPTION_HELP || id == OPTION_VERSION) {
		parse->help |= id == OPTION_HELP;
		parse->version |= id == OPTION_VERSION;
		return 0;
	}
	parse->origin[id] = ORIGIN_COMMAND_LINE;
	/* The later of the two counts, and either silences both variables. */
	if (id == OPTION_VERBOSE || id == OPTION_QUIET)
		parse->origin[OPTION_VERBOSE] = parse->origin[OPTION_QUIET] = ORIGIN_COMMAND_LINE;
	return specs[id].set(parse->options, option_label(id, ORIGIN_COMMAND_LINE, label, sizeof(label)), value);
}

/*
 * Options may stand anywhere before "--". getopt hands us the other words one by one (the leading '-'), whatever POSIXLY_CORRECT
 * says; they are gathered at the front of argv, which getopt has left behind by then.
 */
static int parse_command_line(struct parse *parse, int argc, char *argv[])
{
	struct option longs[N_SPECS + 1] = {};
	char shorts[2 + 2 * N_SPECS + 1] = "-:";
	size_t n = 2;
	int c, r = 0;

	for (size_t i = 0; i < N_SPECS; i++) {
		longs[i] = (struct option){ specs[i].name, specs[i].has_arg, NULL, LONG_BASE + (int)i };
		if (specs[i].letter)
			shorts[n++] = specs[i].letter;
		if (specs[i].letter && specs[i].has_arg == required_argument)
			shorts[n++] = ':';
	}

	parse->words = argv + 1;
	opterr = 0;
	optind = 0; /* begin anew, also when called twice */
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (c == 1)
			parse->words[parse->n_words++] = optarg;
		else if (c == '?' || c == ':')
			r = bad_option(c, argv[optind - 1]);
		else
			r = parse_one(parse, option_from_getopt(c), optarg);
		if (r < 0)
			return r;
	}
	for (; optind < argc; optind++)
		parse->words[parse->n_words++] = argv[optind];
	return 0;
}

/* Takes the subcommand's one or two words off the front. */
static const struct command_spec *parse_command(struct parse *parse)
{
	const char *first = parse->n_words > 0 ? parse->words[0] : NULL;
	const char *second = parse->n_words > 1 ? parse->words[1] : NULL;
	bool daemon = first && strcmp(first, "daemon") == 0;

	for (size_t i = 0; first && i < sizeof(commands) / sizeof(commands[0]); i++) {
		const char *name = commands[i].name;

		if (daemon && second && strncmp(name, "daemon ", 7) == 0 && strcmp(name + 7, second) == 0) {
			parse->words += 2;
			parse->n_words -= 2;
			return &commands[i];
		}
		if (strcmp(name, first) == 0 && !strchr(name, ' ')) {
			parse->words++;
			parse->n_words--;
			return &commands[i];
		}
	}

	if (!first)
		log_error("no subcommand: give path, image, daemon, threads or db " SEE_HELP);
	else if (!daemon)
		log_error("unknown subcommand '%s': there are path, image, daemon, threads and db " SEE_HELP, first);
	else if (!second)
		log_error("daemon wants one word more: start, status or stop " SEE_HELP);
	else
		log_error("unknown subcommand 'daemon %s': there are daemon start, status and stop " SEE_HELP, second);
	return NULL;
}

static int check_arguments(const struct parse *parse, const struct command_spec *command)
{
	if (parse->n_words < command->min_args) {
		log_error("%s wants %s " SEE_HELP, command->name, command->wants);
		return -EINVAL;
	}
	if (parse->n_words > command->max_args) {
		log_error("%s takes %s: '%s' is one too many " SEE_HELP, command->name, command->wants,
			  parse->words[command->max_args]);
		return -EINVAL;
	}
	for (int i = 0; command->command != COMMAND_HELP && i < parse->n_words; i++)
		if (*parse->words[i] == '\0') {
			log_error("argument %d of %s is empty (''): it wants %s " SEE_HELP, i + 1, command->name, command->wants);
			return -EINVAL;
		}
	if (command->command == COMMAND_THREADS && parse->n_words == 1)
		return option_set_threads(parse->options, "VALUE", parse->words[0]);
	return 0;
}

/* The variables of those options that the command line did not give. */
static int parse_environment(struct parse *parse, enum command command)
{
	char label[64];
	int r;

	for (enum option_id id = 0; id < _OPTION_MAX; id++) {
		int verbosity = parse->options->verbosity;
		const char *value;

		if (parse->origin[id] == ORIGIN_COMMAND_LINE || (specs[id].image_only && command != COMMAND_IMAGE))
			continue;
		value = getenv(option_label(id, ORIGIN_ENVIRONMENT, label, sizeof(label)));
		if (!value || *value == '\0')
			continue;
		r = specs[id].set(parse->options, label, value);
		if (r < 0)
			return r;
		if (id == OPTION_QUIET && verbosity == 1 && parse->options->verbosity == -1) {
			log_error("CLAMAV_SCAN_VERBOSE 'true' and CLAMAV_SCAN_QUIET 'true' exclude each other " SEE_HELP);
			return -EINVAL;
		}
		parse->origin[id] = ORIGIN_ENVIRONMENT;
	}
	return 0;
}

static int check_image_only(const struct parse *parse, const struct command_spec *command)
{
	for (enum option_id id = 0; id < _OPTION_MAX; id++)
		if (specs[id].image_only && parse->origin[id] == ORIGIN_COMMAND_LINE && command->command != COMMAND_IMAGE) {
			log_error("--%s belongs to clamav-scan image, not to %s " SEE_HELP, specs[id].name, command->name);
			return -EINVAL;
		}
	return 0;
}

/* A database of one's own says nothing to a daemon that has loaded another. */
static int check_database(const struct parse *parse, enum command command)
{
	struct options *options = parse->options;
	char database[64], other[64];

	options->database_given = parse->origin[OPTION_DATABASE] != ORIGIN_DEFAULT;
	if (!options->database_given)
		return 0;

	option_label(OPTION_DATABASE, parse->origin[OPTION_DATABASE], database, sizeof(database));
	if (options->daemon == DAEMON_EXISTING) {
		option_label(OPTION_DAEMON, parse->origin[OPTION_DAEMON], other, sizeof(other));
		log_error("%s '%s' and %s 'existing' exclude each other: only a daemon of our own loads that database " SEE_HELP,
			  database, options->database, other);
		return -EINVAL;
	}
	/* "daemon start" makes its own socket where --socket says. */
	if (options->socket && command != COMMAND_DAEMON_START) {
		option_label(OPTION_SOCKET, parse->origin[OPTION_SOCKET], other, sizeof(other));
		log_error("%s '%s' and %s '%s' exclude each other: only a daemon of our own loads that database " SEE_HELP,
			  database, options->database, other, options->socket);
		return -EINVAL;
	}
	options->daemon = DAEMON_OWN;
	return 0;
}

int options_parse(struct options *ret, int argc, char *argv[])
{
	struct parse parse = { .options = ret };
	const struct command_spec *command;
	int r;

	*ret = (struct options){
		.max_threads = 8,
		.database = "/var/lib/clamav",
		.nice = -10,
		.platform = "all",
		.file_timeout_s = 600,
		.daemon_timeout_s = 600,
	};

	r = parse_command_line(&parse, argc, argv);
	if (r < 0)
		return r;
	if (parse.help || parse.version) {
		ret->command = parse.help ? COMMAND_HELP : COMMAND_VERSION;
		return 0;
	}

	command = parse_command(&parse);
	if (!command)
		return -EINVAL;
	ret->command = command->command;
	r = check_arguments(&parse, command);
	if (r < 0 || ret->command == COMMAND_HELP)
		return r;
	ret->args = parse.words;
	ret->n_args = parse.n_words;

	if (ret->command == COMMAND_THREADS && ret->n_args == 1)
		parse.origin[OPTION_THREADS] = ORIGIN_COMMAND_LINE;
	r = check_image_only(&parse, command);
	if (r < 0)
		return r;
	r = parse_environment(&parse, ret->command);
	if (r < 0)
		return r;
	return check_database(&parse, ret->command);
}
