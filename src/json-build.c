/* SPDX-License-Identifier: Apache-2.0 */
#include "json-build.h"

#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "escape.h"

static json_object *must(json_object *object)
{
	if (!object)
		die_oom();
	return object;
}

json_object *json_new_object(void)
{
	return must(json_object_new_object());
}

json_object *json_new_array(void)
{
	return must(json_object_new_array());
}

void json_add(json_object *object, const char *key, json_object *value)
{
	if (json_object_object_add(object, key, value) < 0)
		die_oom();
}

void json_append(json_object *array, json_object *value)
{
	if (json_object_array_add(array, value) < 0)
		die_oom();
}

void json_add_number(json_object *object, const char *key, uint64_t number)
{
	json_add(object, key, must(json_object_new_uint64(number)));
}

void json_add_bool(json_object *object, const char *key, bool value)
{
	json_add(object, key, must(json_object_new_boolean(value)));
}

void json_add_text(json_object *object, const char *key, const char *text)
{
	_cleanup_free_ char *escaped = text && !utf8_valid(text) ? escape_text(text) : NULL;

	json_add(object, key, text ? must(json_object_new_string(escaped ?: text)) : NULL);
}

void json_add_path(json_object *object, const char *path)
{
	_cleanup_free_ char *escaped = NULL, *exact = NULL;

	if (utf8_valid(path)) {
		json_add_text(object, "path", path);
		return;
	}
	escaped = escape_log(path);
	exact = base64_encode(path, strlen(path));
	json_add_text(object, "path", escaped);
	json_add_text(object, "path_base64", exact);
}

void json_add_date(json_object *object, const char *key, time_t seconds, long nanoseconds)
{
	char date[64], text[80];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || tm.tm_year > 9999 - 1900 || strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm) == 0) {
		json_add(object, key, NULL);
		return;
	}
	if (nanoseconds < 0)
		snprintf(text, sizeof(text), "%sZ", date);
	else
		snprintf(text, sizeof(text), "%s.%03ldZ", date, nanoseconds / 1000000);
	json_add_text(object, key, text);
}

void json_add_timespec(json_object *object, const char *key, const struct timespec *time)
{
	if (time->tv_sec == 0)
		json_add(object, key, NULL);
	else
		json_add_date(object, key, time->tv_sec, time->tv_nsec);
}

int json_print(json_object *object, FILE *file)
{
	const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_NOSLASHESCAPE);

	if (!text)
		die_oom();
	errno = 0;
	if (fputs(text, file) == EOF || fputc('\n', file) == EOF || fflush(file) == EOF)
		return errno ? -errno : -EIO;
	return 0;
}
