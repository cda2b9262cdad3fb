/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One line of clamdscan's answer, taken apart. It counts only when it is, to the letter, the path that was asked for, ": ", and one
 * of "OK", "<signature> FOUND", "<message> ERROR" (clamdscan/proto.c prints them so).
 */

#include <stdbool.h>
#include <stddef.h>

enum reply_kind { REPLY_OK, REPLY_FOUND, REPLY_ERROR, REPLY_GARBAGE };

struct reply {
	enum reply_kind kind;
	char text
		[256]; /* the signature without ".UNOFFICIAL", the message, or the start of the garbage; control characters are "?" */
};

/* line: size bytes without the line feed, any bytes. */
void reply_parse(struct reply *ret, const char *line, size_t size, const char *path);

/* What a signature means: malware, not all of it scanned, a warning of either kind. */
enum signature_kind { SIGNATURE_MALWARE, SIGNATURE_LIMIT, SIGNATURE_ENCRYPTED, SIGNATURE_HEURISTIC };
enum signature_kind signature_kind(const char *signature);
/* The format of a Heuristics.Encrypted.* signature as results.json names it: "zip", "7z", "rar", "pdf", "document", "archive". */
const char *signature_encrypted_format(const char *signature);
