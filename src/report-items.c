/* SPDX-License-Identifier: Apache-2.0 */
#include "report-items.h"

#include <ctype.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "escape.h"

static size_t platform_index(const struct ledger *ledger, const struct platform *platform)
{
	size_t index = 0;

	for (const struct platform *p = ledger->platforms; p && p != platform; p = p->next)
		index++;
	return index;
}

/* False: there is nothing to report, it is clean. */
static bool item_fill(struct item *item, const struct content *content, const struct location *location)
{
	*item = (struct item){ .content = content };

	if (location->reason || !content) {
		item->kind = ITEM_UNSCANNED;
		item->reason = location->reason ?: REASON_INTERNAL;
		item->detail = location->detail;
	} else if (content->verdict == VERDICT_INFECTED) {
		item->kind = ITEM_INFECTED;
	} else if (content->verdict == VERDICT_UNSCANNED) {
		item->kind = ITEM_UNSCANNED;
		item->reason = content->reason ?: REASON_INTERNAL;
		item->detail = content->detail;
	} else if (content->verdict == VERDICT_PENDING) {
		item->kind = ITEM_UNSCANNED;
		item->reason = REASON_INTERRUPTED;
		item->detail = "no verdict was reached";
	} else if (content->warning == WARNING_HEURISTIC) {
		item->kind = ITEM_HEURISTIC;
	} else if (content->warning == WARNING_OPAQUE) {
		item->kind = ITEM_OPAQUE;
	} else {
		return false;
	}
	return true;
}

static void items_add(struct items *items, size_t *room, const struct ledger *ledger, const struct content *content,
		      const struct location *location)
{
	struct item item;

	if (!item_fill(&item, content, location))
		return;
	item.platform = location->folder->root->platform;
	item.platform_index = platform_index(ledger, item.platform);
	item.path = location_path(location);

	if (items->n == *room) {
		*room = *room ? *room * 2 : 64;
		items->items = xrealloc(items->items, *room * sizeof(*items->items));
	}
	items->items[items->n++] = item;
}

static int items_compare(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->platform_index != y->platform_index)
		return x->platform_index < y->platform_index ? -1 : 1;
	return strcmp(x->path, y->path);
}

void items_collect(const struct ledger *ledger, struct items *ret)
{
	size_t room = 0;

	*ret = (struct items){};
	for (const struct content *c = ledger->contents; c; c = c->hh.next)
		for (const struct location *l = c->locations; l; l = l->next)
			items_add(ret, &room, ledger, c, l);
	for (const struct location *l = ledger->unscanned; l; l = l->next)
		items_add(ret, &room, ledger, NULL, l);
	if (ret->n > 0)
		qsort(ret->items, ret->n, sizeof(*ret->items), items_compare);
}

void items_release(struct items *items)
{
	for (size_t i = 0; i < items->n; i++)
		free(items->items[i].path);
	free(items->items);
	*items = (struct items){};
}

/* The engine names the limit in its answer, which stands in the detail: the word alone. */
static char *limit_signature(const char *detail)
{
	static const char limits[] = "Heuristics.Limits.Exceeded";
	const char *word = detail ? strstr(detail, limits) : NULL;
	size_t n;

	if (!word)
		return NULL;
	for (n = sizeof(limits) - 1; isalnum((unsigned char)word[n]) || (word[n] == '.' && isalnum((unsigned char)word[n + 1]));
	     n++)
		;
	return xasprintf("%.*s", (int)n, word);
}

static char *opaque_signature(const char *signature, const char *opaque_format)
{
	_cleanup_free_ char *format = NULL;

	if (signature && !strncmp(signature, "Heuristics.", strlen("Heuristics.")))
		return escape_log(signature);
	format = escape_log(opaque_format ?: "unknown");
	format[0] = (char)toupper((unsigned char)format[0]);
	return xasprintf("Heuristics.Opaque.%s", format);
}

char *item_signature(const struct item *item)
{
	const char *signature = item->content ? item->content->signature : NULL;

	switch (item->kind) {
	case ITEM_INFECTED:
	case ITEM_HEURISTIC:
		return escape_log(signature ?: "Unnamed");
	case ITEM_OPAQUE:
		return opaque_signature(signature, item->content ? item->content->opaque_format : NULL);
	case ITEM_UNSCANNED:
		return item->reason == REASON_LIMIT ? limit_signature(item->detail) : NULL;
	}
	return NULL;
}

void items_count(const struct ledger *ledger, const struct platform *platform, struct counts *ret)
{
	ledger_count(ledger, platform, ret);
	ret->unscanned += ret->pending;
	ret->pending = 0;
}
