/* SPDX-License-Identifier: Apache-2.0 */
#include "reply.h"

#include <string.h>

#define UNOFFICIAL ".UNOFFICIAL"

static void set_text(struct reply *ret, const char *text, size_t size)
{
	if (size >= sizeof(ret->text))
		size = sizeof(ret->text) - 1;
	for (size_t i = 0; i < size; i++)
		ret->text[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
	ret->text[size] = '\0';
}

static bool ends_with(const char *text, size_t size, const char *end)
{
	return size > strlen(end) && !memcmp(text + size - strlen(end), end, strlen(end));
}

/* ClamAV's names hold no white space; one that does, or that would be cut, is not a name. */
static bool is_signature(const char *text, size_t size)
{
	if (size == 0 || size >= sizeof(((struct reply *)0)->text))
		return false;
	for (size_t i = 0; i < size; i++)
		if (text[i] <= 0x20 || text[i] >= 0x7f)
			return false;
	return true;
}

void reply_parse(struct reply *ret, const char *line, size_t size, const char *path)
{
	size_t path_size = strlen(path), text_size;
	const char *text;

	ret->kind = REPLY_GARBAGE;
	set_text(ret, line, size);
	if (size < path_size + 2 || memcmp(line, path, path_size) || memcmp(line + path_size, ": ", 2))
		return;
	text = line + path_size + 2;
	text_size = size - path_size - 2;

	if (text_size == 2 && !memcmp(text, "OK", 2)) {
		ret->kind = REPLY_OK;
		ret->text[0] = '\0';
	} else if (ends_with(text, text_size, " FOUND")) {
		text_size -= strlen(" FOUND");
		if (ends_with(text, text_size, UNOFFICIAL))
			text_size -= strlen(UNOFFICIAL);
		if (!is_signature(text, text_size))
			return;
		ret->kind = REPLY_FOUND;
		set_text(ret, text, text_size);
	} else if (ends_with(text, text_size, " ERROR")) {
		ret->kind = REPLY_ERROR;
		set_text(ret, text, text_size - strlen(" ERROR"));
	}
}

static bool begins_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

enum signature_kind signature_kind(const char *signature)
{
	if (begins_with(signature, "Heuristics.Limits.Exceeded"))
		return SIGNATURE_LIMIT;
	if (begins_with(signature, "Heuristics.Encrypted."))
		return SIGNATURE_ENCRYPTED;
	if (begins_with(signature, "Heuristics."))
		return SIGNATURE_HEURISTIC;
	return SIGNATURE_MALWARE;
}

const char *signature_encrypted_format(const char *signature)
{
	static const struct {
		const char *word, *format;
	} formats[] = {
		{ "Zip", "zip" }, { "7Zip", "7z" },	 { "RAR", "rar" },
		{ "PDF", "pdf" }, { "Doc", "document" }, { "OLE", "document" },
	};
	const char *word = signature + strlen("Heuristics.Encrypted.");

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (!strncasecmp(word, formats[i].word, strlen(formats[i].word)))
			return formats[i].format;
	return "archive";
}
