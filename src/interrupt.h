/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * SIGINT, SIGTERM and SIGHUP, as an event of the loop: the first asks for an orderly end. After it they have their default effect
 * again, so that a second one ends the program at once, and the guard cleans up.
 */

#include "loop.h"

struct interrupt;

typedef void (*interrupt_fn)(void *data, const char *signal_name); /* "SIGINT" */

/* Before any thread: they inherit the mask. Logs; 0 or a negative errno. */
int interrupt_watch(struct interrupt **ret, struct loop *loop, interrupt_fn fn, void *data);
void interrupt_free(struct interrupt *interrupt);
