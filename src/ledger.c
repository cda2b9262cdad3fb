/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include <ctype.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "log.h"

#undef uthash_fatal
#define uthash_fatal(msg) die_oom()

void ledger_free(struct ledger *ledger)
{
	struct content *content = ledger->contents, *next_content;

	/* The table goes at once; its entries stay chained. */
	HASH_CLEAR(hh, ledger->contents);
	for (; content; content = next_content) {
		next_content = content->hh.next;
		for (struct location *next, *l = content->locations; l; l = next) {
			next = l->next;
			free(l->detail);
			free(l);
		}
		free(content->detail);
		free(content->signature);
		free(content);
	}
	for (struct location *next, *l = ledger->unscanned; l; l = next) {
		next = l->next;
		free(l->detail);
		free(l);
	}
	for (struct folder *next, *f = ledger->folders; f; f = next) {
		next = f->next;
		free(f);
	}
	for (struct root *next, *r = ledger->roots; r; r = next) {
		next = r->next;
		safe_close(&r->fd);
		free(r->path);
		free(r->shown);
		free(r);
	}
	for (struct platform *next, *p = ledger->platforms; p; p = next) {
		next = p->next;
		free(p->name);
		free(p->digest);
		free(p->log_suffix);
		free(p);
	}
	for (struct warning_line *next, *w = ledger->warnings; w; w = next) {
		next = w->next;
		free(w->message);
		free(w);
	}
	for (struct failure *next, *f = ledger->failures; f; f = next) {
		next = f->next;
		free(f->platform);
		free(f->detail);
		free(f);
	}
	*ledger = (struct ledger){};
}

static bool suffix_taken(const struct ledger *ledger, const char *suffix)
{
	for (const struct platform *p = ledger->platforms; p; p = p->next)
		if (!strcasecmp(p->log_suffix, suffix))
			return true;
	return false;
}

static char *make_safe(char *suffix)
{
	for (char *c = suffix; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("_-", *c))
			*c = '_';
	return suffix;
}

/* "linux/arm/v7" → "arm", or "arm-v7", or "arm-v7-linux", or "arm-v7-linux-2", … : the first that is free. */
static char *unique_suffix(const struct ledger *ledger, const char *name, const char *wanted)
{
	_cleanup_free_ char *copy = xstrdup(name ?: ""), *suffix = NULL;
	char *os = copy, *arch = NULL, *variant = NULL;
	char *candidate;

	if ((arch = strchr(os, '/'))) {
		*arch++ = '\0';
		if ((variant = strchr(arch, '/')))
			*variant++ = '\0';
	}

	suffix = make_safe(xstrdup(wanted ?: (arch && *arch ? arch : "unknown")));
	if (!suffix_taken(ledger, suffix))
		return steal_ptr(&suffix);

	const char *more[] = { variant, wanted ? NULL : os };
	for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++) {
		if (!more[i] || !*more[i])
			continue;
		candidate = make_safe(xasprintf("%s-%s", suffix, more[i]));
		free(suffix);
		suffix = candidate;
		if (!suffix_taken(ledger, suffix))
			return steal_ptr(&suffix);
	}
	for (unsigned n = 2;; n++) {
		candidate = xasprintf("%s-%u", suffix, n);
		if (!suffix_taken(ledger, candidate))
			return candidate;
		free(candidate);
	}
}

struct platform *ledger_add_platform(struct ledger *ledger, const char *name, const char *digest, const char *log_suffix)
{
	struct platform *platform = xcalloc(1, sizeof(*platform)), **last = &ledger->platforms;

	platform->name = xstrdup_or_null(name);
	platform->digest = xstrdup_or_null(digest);
	platform->log_suffix = unique_suffix(ledger, name, log_suffix);
	while (*last)
		last = &(*last)->next;
	*last = platform;
	return platform;
}

struct root *ledger_add_root(struct ledger *ledger, struct platform *platform, const char *path, const char *shown, int fd,
			     bool ours)
{
	struct root *root = xcalloc(1, sizeof(*root));

	*root = (struct root){
		.path = xstrdup(path),
		.shown = xstrdup(shown),
		.fd = fd,
		.ours = ours,
		.platform = platform,
		.next = ledger->roots,
	};
	ledger->roots = root;
	return root;
}

struct folder *folder_new(struct root *root, struct folder *parent, const char *name)
{
	size_t size = strlen(name) + 1;
	struct folder *folder = xcalloc(1, sizeof(*folder) + size);

	folder->root = root;
	folder->parent = parent;
	memcpy(folder->name, name, size);
	return folder;
}

struct location *location_new(struct folder *folder, const char *name)
{
	size_t size = strlen(name) + 1;
	struct location *location = xcalloc(1, sizeof(*location) + size);

	location->folder = folder;
	memcpy(location->name, name, size);
	return location;
}

void ledger_add_folder(struct ledger *ledger, struct folder *folder)
{
	folder->next = ledger->folders;
	ledger->folders = folder;
	folder->root->platform->folders++;
}

struct content *ledger_add_location(struct ledger *ledger, struct location *location, const unsigned char sha256[32], uint64_t size)
{
	struct content *content, key = { .key.size = size };
	struct platform *platform = location->folder->root->platform;

	memcpy(key.key.sha256, sha256, sizeof(key.key.sha256));
	HASH_FIND(hh, ledger->contents, &key.key, sizeof(key.key), content);
	if (!content) {
		content = xcalloc(1, sizeof(*content));
		content->key = key.key;
		HASH_ADD(hh, ledger->contents, key, sizeof(content->key), content);
	}
	location->next = content->locations;
	content->locations = location;
	platform->files++;
	platform->bytes += size;
	return content;
}

void ledger_add_unscanned(struct ledger *ledger, struct location *location, enum reason reason, const char *detail)
{
	ledger_location_unscanned(location, reason, detail);
	location->next = ledger->unscanned;
	ledger->unscanned = location;
	location->folder->root->platform->files++;
}

void ledger_location_unscanned(struct location *location, enum reason reason, const char *detail)
{
	location->reason = reason;
	free(location->detail);
	location->detail = xstrdup_or_null(detail);
}

void content_clean(struct content *content)
{
	content->verdict = VERDICT_CLEAN;
}

void content_infected(struct content *content, const char *signature)
{
	content->verdict = VERDICT_INFECTED;
	free(content->signature);
	content->signature = xstrdup(signature);
}

void content_unscanned(struct content *content, enum reason reason, const char *detail)
{
	content->verdict = VERDICT_UNSCANNED;
	content->reason = reason;
	free(content->detail);
	content->detail = xstrdup_or_null(detail);
}

void content_warning(struct content *content, enum warning warning, const char *signature, const char *format, const char *why)
{
	content->verdict = VERDICT_CLEAN;
	content->warning = warning;
	content->opaque_format = format;
	content->opaque_reason = why;
	free(content->signature);
	content->signature = xstrdup_or_null(signature);
}

void ledger_warn(struct ledger *ledger, const char *kind, const char *message)
{
	struct warning_line *warning = xcalloc(1, sizeof(*warning)), **last = &ledger->warnings;

	warning->kind = kind;
	warning->message = xstrdup(message);
	while (*last)
		last = &(*last)->next;
	*last = warning;
}

void ledger_fail(struct ledger *ledger, enum reason reason, const char *platform, const char *detail)
{
	struct failure *failure = xcalloc(1, sizeof(*failure)), **last = &ledger->failures;

	failure->reason = reason;
	failure->platform = xstrdup_or_null(platform);
	failure->detail = xstrdup(detail);
	while (*last)
		last = &(*last)->next;
	*last = failure;
}

void ledger_end_pending(struct ledger *ledger, enum reason reason, const char *detail)
{
	for (struct content *c = ledger->contents; c; c = c->hh.next)
		if (c->verdict == VERDICT_PENDING)
			content_unscanned(c, reason, detail);
}

void ledger_distrust(struct ledger *ledger, const char *detail)
{
	for (struct content *c = ledger->contents; c; c = c->hh.next)
		if (c->verdict == VERDICT_CLEAN)
			content_unscanned(c, REASON_CANARY, detail);
}

char *location_path(const struct location *location)
{
	const struct folder *f;
	size_t size = strlen(location->name) + 1, n;
	char *path, *end;

	for (f = location->folder; f->parent; f = f->parent)
		size += strlen(f->name) + 1;
	size += strlen(f->root->shown) + 1;

	path = xcalloc(1, size);
	end = path + size - 1;
	n = strlen(location->name);
	memcpy(end -= n, location->name, n);
	for (f = location->folder; f->parent; f = f->parent) {
		*--end = '/';
		n = strlen(f->name);
		memcpy(end -= n, f->name, n);
	}

	const char *shown = f->root->shown;
	n = strlen(shown);
	if (n > 0 && *end && shown[n - 1] != '/')
		*--end = '/';
	memcpy(end -= n, shown, n);
	memmove(path, end, strlen(end) + 1);
	return path;
}

static void count_one(struct counts *counts, const struct content *content, const struct location *location)
{
	counts->locations++;
	if (location->reason || !content || content->verdict == VERDICT_UNSCANNED)
		counts->unscanned++;
	else if (content->verdict == VERDICT_PENDING)
		counts->pending++;
	else if (content->verdict == VERDICT_INFECTED)
		counts->infected++;
	else {
		counts->clean++;
		counts->heuristic += content->warning == WARNING_HEURISTIC;
		counts->opaque += content->warning == WARNING_OPAQUE;
	}
}

void ledger_count(const struct ledger *ledger, const struct platform *platform, struct counts *ret)
{
	*ret = (struct counts){};
	for (const struct content *c = ledger->contents; c; c = c->hh.next) {
		uint64_t before = ret->locations;

		for (const struct location *l = c->locations; l; l = l->next)
			if (!platform || l->folder->root->platform == platform)
				count_one(ret, c, l);
		ret->contents += ret->locations > before;
	}
	for (const struct location *l = ledger->unscanned; l; l = l->next)
		if (!platform || l->folder->root->platform == platform)
			count_one(ret, NULL, l);
	for (const struct failure *f = ledger->failures; f; f = f->next)
		ret->failures++;
	memcpy(ret->skipped, ledger->skipped, sizeof(ret->skipped));
}

enum outcome ledger_outcome(const struct ledger *ledger, bool strict)
{
	struct counts counts;
	bool complete;

	ledger_count(ledger, NULL, &counts);
	complete = counts.clean + counts.infected == counts.locations && counts.failures == 0;
	if (strict && (counts.heuristic || counts.opaque || ledger->warnings))
		complete = false;
	if (counts.infected)
		return complete ? OUTCOME_INFECTED : OUTCOME_INFECTED_INCOMPLETE;
	return complete ? OUTCOME_CLEAN : OUTCOME_INCOMPLETE;
}

const char *outcome_name(enum outcome outcome)
{
	static const char *const names[] = {
		[OUTCOME_CLEAN] = "clean",
		[OUTCOME_INFECTED] = "infected",
		[OUTCOME_INCOMPLETE] = "incomplete",
		[OUTCOME_INFECTED_INCOMPLETE] = "infected-incomplete",
	};
	return names[outcome];
}

const char *reason_name(enum reason reason)
{
	static const char *const names[_REASON_MAX] = {
		[REASON_NONE] = "none",		  [REASON_READ_ERROR] = "read-error", [REASON_CHANGED] = "changed",
		[REASON_TOO_LARGE] = "too-large", [REASON_LIMIT] = "limit",	      [REASON_TIMEOUT] = "timeout",
		[REASON_DAEMON] = "daemon",	  [REASON_CANARY] = "canary",	      [REASON_NO_SPACE] = "no-space",
		[REASON_FETCH] = "fetch",	  [REASON_UNPACK] = "unpack",	      [REASON_INTERRUPTED] = "interrupted",
		[REASON_DATABASE] = "database",	  [REASON_INTERNAL] = "internal",
	};
	return names[reason];
}
