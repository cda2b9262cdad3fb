/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict.h"

#include <string.h>

static void found(struct content *content, const char *signature)
{
	switch (signature_kind(signature)) {
	case SIGNATURE_MALWARE:
		content_infected(content, signature);
		break;
	case SIGNATURE_LIMIT:
		content_unscanned(content, REASON_LIMIT, signature);
		break;
	case SIGNATURE_ENCRYPTED:
		content_warning(content, WARNING_OPAQUE, signature, signature_encrypted_format(signature), "encrypted");
		break;
	case SIGNATURE_HEURISTIC:
		content_warning(content, WARNING_HEURISTIC, signature, NULL, NULL);
		break;
	}
}

bool verdict_from_reply(struct content *content, const struct reply *reply, const char *complaint, enum reason *ret_reason,
			const char **ret_detail)
{
	*ret_reason = REASON_DAEMON;
	*ret_detail = reply->text;

	switch (reply->kind) {
	case REPLY_FOUND:
		found(content, reply->text);
		return true;
	case REPLY_OK:
		if (complaint) {
			*ret_detail = complaint;
			return false;
		}
		content_clean(content);
		return true;
	case REPLY_ERROR:
		/* The daemon's StreamMaxLength: trying again does not help. */
		if (strcasestr(reply->text, "size limit exceeded")) {
			content_unscanned(content, REASON_LIMIT, reply->text);
			return true;
		}
		return false;
	case REPLY_GARBAGE:
		return false;
	}
	return false;
}
