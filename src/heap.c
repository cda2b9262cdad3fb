/* SPDX-License-Identifier: Apache-2.0 */
#include "heap.h"

#include <stdlib.h>

#include "alloc.h"

static bool larger(const struct heap *heap, size_t a, size_t b)
{
	return heap->items[a]->key.size > heap->items[b]->key.size;
}

static void swap(struct heap *heap, size_t a, size_t b)
{
	struct content *item = heap->items[a];

	heap->items[a] = heap->items[b];
	heap->items[b] = item;
}

void heap_push(struct heap *heap, struct content *content)
{
	if (heap->n == heap->allocated) {
		heap->allocated = heap->allocated ? 2 * heap->allocated : 256;
		heap->items = xrealloc(heap->items, heap->allocated * sizeof(*heap->items));
	}
	heap->items[heap->n] = content;
	for (size_t i = heap->n++; i > 0 && larger(heap, i, (i - 1) / 2); i = (i - 1) / 2)
		swap(heap, i, (i - 1) / 2);
}

struct content *heap_top(const struct heap *heap)
{
	return heap->n ? heap->items[0] : NULL;
}

struct content *heap_pop(struct heap *heap)
{
	struct content *top = heap_top(heap);

	if (!top)
		return NULL;
	heap->items[0] = heap->items[--heap->n];
	for (size_t i = 0;;) {
		size_t largest = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2; child++)
			if (child < heap->n && larger(heap, child, largest))
				largest = child;
		if (largest == i)
			return top;
		swap(heap, i, largest);
		i = largest;
	}
}

void heap_release(struct heap *heap)
{
	free(heap->items);
	*heap = (struct heap){};
}
