/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "cleanup.h"
#include "log.h"
#include "parse.h"

/* Where our cgroup of one hierarchy can be seen. */
struct place {
	char *mount; /* the mount point, without the prefix */
	char *root;  /* the cgroup that is mounted there: "/", or a container's own */
	char *below; /* from there to ours: "", or "/a/b" */
};

static void place_release(struct place *place)
{
	free(place->mount);
	free(place->root);
	free(place->below);
	*place = (struct place){};
}

/* Is word one of those in a list with commas? */
static bool list_has(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (;;) {
		size_t part = strcspn(list, ",");

		if (part == n && memcmp(list, word, n) == 0)
			return true;
		if (list[part] == '\0')
			return false;
		list += part + 1;
	}
}

/* The path of our cgroup in /proc/self/cgroup, malloc'ed, or NULL. controller: of version 1; NULL: version 2. */
static char *cgroup_path(const char *prefix, const char *controller)
{
	_cleanup_free_ char *name = xasprintf("%s/proc/self/cgroup", prefix), *line = NULL;
	_cleanup_fclose_ FILE *file = fopen(name, "re");
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0) {
		/* ID:CONTROLLERS:PATH; a path may hold colons of its own */
		char *controllers = strchr(line, ':');
		char *path = controllers ? strchr(controllers + 1, ':') : NULL;

		line[strcspn(line, "\n")] = '\0';
		if (!path || path[1] != '/')
			continue;
		*controllers++ = *path++ = '\0';
		if (controller ? list_has(controllers, controller) : strcmp(line, "0") == 0 && *controllers == '\0')
			return xstrdup(path);
	}
	return NULL;
}

/* mountinfo writes blanks, line ends and backslashes as \ooo. */
static void unescape(char *text)
{
	char *out = text;

	while (*text) {
		if (text[0] == '\\' && strspn(text + 1, "01234567") >= 3) {
			*out++ = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
			text += 4;
		} else {
			*out++ = *text++;
		}
	}
	*out = '\0';
}

/* Cuts the next word off a line; NULL at its end. */
static char *next_word(char **line)
{
	char *word = strsep(line, " ");

	return word && *word ? word : NULL;
}

/*
 * One line of mountinfo: "31 23 0:28 ROOT MOUNT rw,relatime shared:5 - TYPE SOURCE rw,cpu". True when it mounts the hierarchy that is
 * asked for.
 */
static bool parse_mount(char *line, const char *controller, char **ret_root, char **ret_mount)
{
	char *word, *root = NULL, *mount = NULL, *type, *options;

	line[strcspn(line, "\n")] = '\0';
	for (int i = 0; i < 6; i++) {
		word = next_word(&line);
		if (!word)
			return false;
		if (i == 3)
			root = word;
		if (i == 4)
			mount = word;
	}
	do
		word = next_word(&line);
	while (word && strcmp(word, "-") != 0);

	type = next_word(&line);
	next_word(&line); /* the source says nothing */
	options = next_word(&line);
	if (!type || !options || *root != '/' || *mount != '/')
		return false;
	if (controller ? strcmp(type, "cgroup") != 0 || !list_has(options, controller) : strcmp(type, "cgroup2") != 0)
		return false;
	unescape(root);
	unescape(mount);
	*ret_root = root;
	*ret_mount = mount;
	return true;
}

/* What of path lies below root: "" or "/a/b"; NULL where it lies elsewhere. */
static const char *path_below(const char *path, const char *root)
{
	size_t n = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (strncmp(path, root, n) != 0 || (path[n] != '/' && path[n] != '\0'))
		return NULL;
	path += n;
	/* "/../x": outside of our cgroup namespace, and so outside of what is mounted. */
	if (strstr(path, "/../") || strcmp(path, "/..") == 0)
		return NULL;
	return strcmp(path, "/") == 0 ? "" : path;
}

/*
 * Finds our cgroup in the mounted trees. Where none of them shows it (a container that sees its own cgroup mounted, but the host's
 * names, or was moved out of its cgroup namespace), the top of what is mounted stands for it: its limit is the container's.
 */
static bool place_find(struct place *ret, const char *prefix, const char *controller)
{
	_cleanup_free_ char *name = xasprintf("%s/proc/self/mountinfo", prefix), *line = NULL;
	_cleanup_free_ char *path = cgroup_path(prefix, controller);
	_cleanup_fclose_ FILE *file = NULL;
	size_t size = 0;
	bool exact = false;
	char *root, *mount;

	if (!path)
		return false;
	file = fopen(name, "re");
	while (file && !exact && getline(&line, &size, file) > 0) {
		_cleanup_free_ char *folder = NULL;
		const char *below;

		if (!parse_mount(line, controller, &root, &mount))
			continue;
		below = path_below(path, root);
		folder = xasprintf("%s%s%s", prefix, mount, below ? below : "");
		if (access(folder, F_OK) < 0)
			below = NULL;
		if (!below && ret->mount)
			continue;
		place_release(ret);
		*ret = (struct place){ xstrdup(mount), xstrdup(root), xstrdup(below ? below : "") };
		exact = below;
	}
	return ret->mount;
}

/* The cgroup's name, for people. */
static char *place_name(const struct place *place)
{
	const char *root = strcmp(place->root, "/") == 0 && *place->below ? "" : place->root;

	return xasprintf("%s%s", root, place->below);
}

/* One level up; false at the top. */
static bool place_up(struct place *place)
{
	char *slash = strrchr(place->below, '/');

	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

/* The only line of a file of a cgroup, without its end, malloc'ed; NULL where there is no such file, or it is not one line. */
static char *place_read(const struct place *place, const char *prefix, const char *file_name, char **ret_file)
{
	_cleanup_free_ char *name = xasprintf("%s%s%s/%s", prefix, place->mount, place->below, file_name), *line = NULL;
	_cleanup_fclose_ FILE *file = fopen(name, "re");
	size_t size = 0;
	ssize_t n;

	if (!file)
		return NULL;
	n = getline(&line, &size, file);
	if (n > 0 && line[n - 1] == '\n')
		line[--n] = '\0';
	if (n < 0 || (size_t)n != strlen(line) || getc(file) != EOF) {
		log_debug("%s is passed over: it is not one line", name);
		return NULL;
	}
	*ret_file = steal_ptr(&name);
	return steal_ptr(&line);
}

static void lower(struct cpus *cpus, double count, const char *file_name, const struct place *place)
{
	_cleanup_free_ char *name = NULL;

	if (count >= cpus->count)
		return;
	name = place_name(place);
	cpus->count = count;
	snprintf(cpus->source, sizeof(cpus->source), "%s of %s", file_name, name);
}

/* "max 100000", or "150000 100000" */
static void limit_cpu_max(struct cpus *cpus, const char *prefix, const struct place *place)
{
	_cleanup_free_ char *file = NULL, *line = place_read(place, prefix, "cpu.max", &file);
	uint64_t quota, period;
	size_t n;

	if (!line || strncmp(line, "max ", 4) == 0)
		return;
	n = strcspn(line, " ");
	if (line[n] == '\0' || parse_u64n(line, n, INT64_MAX, &quota) < 0 || parse_u64(line + n + 1, INT64_MAX, &period) < 0 ||
	    quota == 0 || period == 0)
		log_debug("%s is passed over: '%s' is no quota and period", file, line);
	else
		lower(cpus, (double)quota / (double)period, "cpu.max", place);
}

/* Two files; a quota of -1 is none. */
static void limit_cfs_quota(struct cpus *cpus, const char *prefix, const struct place *place)
{
	_cleanup_free_ char *quota_file = NULL, *period_file = NULL;
	_cleanup_free_ char *quota_line = place_read(place, prefix, "cpu.cfs_quota_us", &quota_file);
	_cleanup_free_ char *period_line = place_read(place, prefix, "cpu.cfs_period_us", &period_file);
	uint64_t quota, period;

	if (!quota_line || !period_line || strcmp(quota_line, "-1") == 0)
		return;
	if (parse_u64(quota_line, INT64_MAX, &quota) < 0 || quota == 0)
		log_debug("%s is passed over: '%s' is no quota", quota_file, quota_line);
	else if (parse_u64(period_line, INT64_MAX, &period) < 0 || period == 0)
		log_debug("%s is passed over: '%s' is no period", period_file, period_line);
	else
		lower(cpus, (double)quota / (double)period, "cpu.cfs_quota_us", place);
}

int cgroup_count_cpus(const char *list, uint64_t *ret)
{
	const uint64_t max = UINT16_MAX; /* far beyond what kernels know */
	uint64_t count = 0, next = 0;

	while (*list) {
		size_t part = strcspn(list, ","), number = strcspn(list, "-,");
		uint64_t first, last;

		if (parse_u64n(list, number, max, &first) < 0)
			return -EINVAL;
		last = first;
		if (number < part && parse_u64n(list + number + 1, part - number - 1, max, &last) < 0)
			return -EINVAL;
		if (first < next || last < first)
			return -EINVAL;
		count += last - first + 1;
		next = last + 1;
		list += part;
		if (*list == ',' && *++list == '\0')
			return -EINVAL;
	}
	*ret = count;
	return 0;
}

/* An empty set (version 1, never configured) is none. */
static void limit_cpus(struct cpus *cpus, const char *prefix, const struct place *place, const char *file_name)
{
	_cleanup_free_ char *file = NULL, *line = place_read(place, prefix, file_name, &file);
	uint64_t count;

	if (!line || *line == '\0')
		return;
	if (cgroup_count_cpus(line, &count) < 0)
		log_debug("%s is passed over: '%s' is no list of CPUs", file, line);
	else
		lower(cpus, (double)count, file_name, place);
}

void cgroup_limit_quota(struct cpus *cpus, const char *prefix)
{
	_cleanup_(place_release) struct place v1 = {}, v2 = {};

	if (place_find(&v2, prefix, NULL))
		do
			limit_cpu_max(cpus, prefix, &v2);
		while (place_up(&v2));
	if (place_find(&v1, prefix, "cpu"))
		do
			limit_cfs_quota(cpus, prefix, &v1);
		while (place_up(&v1));
}

void cgroup_limit_cpuset(struct cpus *cpus, const char *prefix)
{
	_cleanup_(place_release) struct place v1 = {}, v2 = {};

	if (place_find(&v2, prefix, NULL))
		do
			limit_cpus(cpus, prefix, &v2, "cpuset.cpus.effective");
		while (place_up(&v2));
	if (place_find(&v1, prefix, "cpuset"))
		do {
			limit_cpus(cpus, prefix, &v1, "cpuset.effective_cpus");
			limit_cpus(cpus, prefix, &v1, "cpuset.cpus");
		} while (place_up(&v1));
}
