/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A heap of contents, the largest on top. It owns none of them. */

#include <stddef.h>

#include "ledger.h"

struct heap {
	struct content **items;
	size_t n, allocated;
};

void heap_push(struct heap *heap, struct content *content);
struct content *heap_top(const struct heap *heap); /* NULL: empty */
struct content *heap_pop(struct heap *heap);	   /* NULL: empty */
void heap_release(struct heap *heap);
