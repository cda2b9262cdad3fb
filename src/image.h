/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The wrapper libexec/image as a child: fetches and unpacks an image, and tells by JSON lines what is ready. What it says is checked
 * here; anything that is not understood is an error, and no "done" is no clean verdict.
 */

#include <stdbool.h>
#include <stdint.h>

#include "ledger.h"
#include "loop.h"
#include "options.h"

struct image;

struct image_target {
	char *reference, *digest, *media_type, *artifact_type; /* NULL: not told */
	bool artifact;
};

struct image_listener {
	void *data;
	/* A platform is unpacked in rootfs. platform: "linux/arm64/v8", or NULL. */
	void (*platform)(void *data, const char *platform, const char *digest, const char *rootfs);
	void (*progress)(void *data, const char *phase, uint64_t done, uint64_t total);
	/* phase: "fetch" or "unpack" took so long. */
	void (*phase)(void *data, const char *phase, uint64_t ms);
	void (*error)(void *data, enum reason reason, const char *platform, const char *message);
	/* The child has ended; without "done" or an error before, error() was called for that. Once, and last. */
	void (*ended)(void *data);
};

/* folder: the wrapper's, it exists. Logs; 0 or a negative errno. */
int image_start(struct image **ret, struct loop *loop, const struct options *options, const char *folder, unsigned jobs,
		const struct image_listener *listener);
/* Ends it with all its children, if it is still there. NULL is fine. */
void image_free(struct image *image);

const struct image_target *image_target(const struct image *image);
