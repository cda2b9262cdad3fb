/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What an answer of the daemon means for a content. This is where "clean" is said, and nowhere else.
 */

#include "ledger.h"
#include "reply.h"

/*
 * Gives the content its verdict and returns true; or returns false when the answer is not to be believed and the file should be tried
 * once more, with the reason and the text for the case that it was the last time.
 *
 * complaint: what the daemon complained of while it looked at the file ("cannot write a temporary file"), or NULL.
 */
bool verdict_from_reply(struct content *content, const struct reply *reply, const char *complaint, enum reason *ret_reason,
			const char **ret_detail);
