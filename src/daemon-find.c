/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon-find.h"

#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "clamd-ask.h"
#include "clamd.h"
#include "cleanup.h"
#include "log.h"

/* A daemon that reloads its database still answers PING at once. */
#define PING_TIMEOUT_MS 5000

static const char *const usual_sockets[] = {
	"/run/clamd.scan/clamd.sock", "/var/run/clamd.scan/clamd.sock",
	"/run/clamav/clamd.ctl",      "/run/clamav/clamd.sock",
	"/var/run/clamd.sock",	      "/tmp/clamd.sock",
};
static const char *const usual_configs[] = { "/etc/clamav/clamd.conf", "/etc/clamd.d/scan.conf", "/etc/clamd.conf" };

struct find {
	struct job job;
	char *socket;
	struct found_daemons found;
	daemon_find_fn fn;
	void *data;
};

/* A path to a socket that a stranger cannot have put there. */
static bool is_trustworthy(const char *path)
{
	static const char *const users[] = { "clamav", "clamscan" };
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	if (st.st_uid == 0 || st.st_uid == geteuid())
		return true;
	for (size_t i = 0; i < sizeof(users) / sizeof(*users); i++) {
		struct passwd entry, *pw = NULL;
		char buffer[4096];

		if (getpwnam_r(users[i], &entry, buffer, sizeof(buffer), &pw) == 0 && pw && pw->pw_uid == st.st_uid)
			return true;
	}
	return false;
}

static bool known(const struct found_daemons *found, const char *address)
{
	for (size_t i = 0; i < found->n; i++)
		if (!strcmp(found->list[i].address, address))
			return true;
	return false;
}

/* Returns 0 when it answers, or already did. */
static int try_address(struct find *find, const char *address)
{
	struct found_daemon *daemon;
	char version[256];
	int r;

	if (known(&find->found, address))
		return 0;
	r = clamd_ping(address, PING_TIMEOUT_MS);
	if (r < 0)
		return r;
	find->found.list = xrealloc(find->found.list, (find->found.n + 1) * sizeof(*find->found.list));
	daemon = &find->found.list[find->found.n++];
	*daemon = (struct found_daemon){ .address = xstrdup(address) };
	clamd_version(address, PING_TIMEOUT_MS, version, sizeof(version));
	if (*version)
		daemon->version_line = xstrdup(version);
	return 0;
}

/* Ours may have been started with this socket, or without one of its own. */
static void try_state(struct find *find, const char *socket)
{
	_cleanup_free_ char *path = daemon_state_path(socket);
	struct daemon_state *state = xcalloc(1, sizeof(*state));
	int r = daemon_state_read(state, path);

	if (r == 0 && daemon_state_alive(state) && try_address(find, state->socket) == 0) {
		struct found_daemon *daemon = &find->found.list[find->found.n - 1];

		if (!daemon->state && !strcmp(daemon->address, state->socket)) {
			daemon->state = state;
			return;
		}
	}
	if (r == 0)
		daemon_state_release(state);
	free(state);
}

static void try_usual(struct find *find, const char *path)
{
	if (is_trustworthy(path))
		(void)try_address(find, path); /* a stale socket is no daemon, and no news */
}

static bool option_value(const char *line, const char *name, char value[256])
{
	size_t size = strlen(name);

	return !strncasecmp(line, name, size) && isspace((unsigned char)line[size]) && sscanf(line + size, " %255s", value) == 1;
}

static void try_config(struct find *find, const char *path)
{
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	char line[1024], value[256], port[256] = "", host[256] = "127.0.0.1";

	while (file && fgets(line, sizeof(line), file)) {
		if (option_value(line, "LocalSocket", value))
			try_usual(find, value);
		else if (option_value(line, "TCPSocket", value))
			snprintf(port, sizeof(port), "%s", value);
		else if (option_value(line, "TCPAddr", value))
			snprintf(host, sizeof(host), "%s", value);
	}
	if (*port) {
		_cleanup_free_ char *address = xasprintf(strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);

		(void)try_address(find, address); /* not running is no news */
	}
}

static void find_run(struct job *job)
{
	struct find *find = (struct find *)job;
	int r;

	if (find->socket) {
		if (!clamd_address_is_tcp(find->socket))
			try_state(find, find->socket);
		r = try_address(find, find->socket);
		if (r < 0)
			log_info("no daemon answers at %s: %s", find->socket, strerror(-r));
	}
	try_state(find, NULL);
	for (size_t i = 0; i < sizeof(usual_sockets) / sizeof(*usual_sockets); i++)
		try_usual(find, usual_sockets[i]);
	for (size_t i = 0; i < sizeof(usual_configs) / sizeof(*usual_configs); i++)
		try_config(find, usual_configs[i]);
}

static void find_done(struct job *job)
{
	struct find *find = (struct find *)job;

	find->fn(find->data, &find->found);
	free(find->socket);
	free(find);
}

void daemon_find(struct jobs *jobs, const char *socket, daemon_find_fn fn, void *data)
{
	struct find *find = xcalloc(1, sizeof(*find));

	*find = (struct find){
		.job = { .run = find_run, .done = find_done },
		.socket = xstrdup_or_null(socket),
		.fn = fn,
		.data = data,
	};
	jobs_start(jobs, &find->job);
}

void found_daemons_release(struct found_daemons *found)
{
	for (size_t i = 0; i < found->n; i++) {
		free(found->list[i].address);
		free(found->list[i].version_line);
		if (found->list[i].state)
			daemon_state_release(found->list[i].state);
		free(found->list[i].state);
	}
	free(found->list);
	*found = (struct found_daemons){};
}
