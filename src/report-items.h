/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a report lists: each location that is not plainly clean, with what there is to say about it, in an order that depends on
 * nothing but the names: platforms as they stand in the ledger, then the bytes of the path.
 *
 * Everything but the paths is the ledger's. A content without a verdict counts as unscanned: a report never leaves a file out.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger.h"

enum item_kind { ITEM_INFECTED, ITEM_HEURISTIC, ITEM_OPAQUE, ITEM_UNSCANNED };

struct item {
	enum item_kind kind;
	const struct platform *platform;
	size_t platform_index;
	const struct content *content; /* NULL: unscanned, its bytes are unknown */
	enum reason reason;	       /* when unscanned: the location's own, else the content's */
	const char *detail;	       /* when unscanned, or NULL */
	char *path;		       /* any bytes but NUL */
};

struct items {
	struct item *items;
	size_t n;
};

void items_collect(const struct ledger *ledger, struct items *ret);
void items_release(struct items *items);

/*
 * The name that a log reports an item under, malloc'ed and without white space: the engine's; for an opaque content that the engine
 * has no Heuristics.* name for "Heuristics.Opaque.<Format>"; for one whose scan met a limit "Heuristics.Limits.Exceeded.…".
 * NULL: the log has no FOUND line for it.
 */
char *item_signature(const struct item *item);

/* As ledger_count(), but pending locations are unscanned ones. */
void items_count(const struct ledger *ledger, const struct platform *platform, struct counts *ret);
