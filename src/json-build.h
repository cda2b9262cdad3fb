/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Building JSON with json-c. Memory that runs out ends the program, so nothing here fails half way; what is printed is always valid
 * UTF-8, whatever the strings were.
 */

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

json_object *json_new_object(void);
json_object *json_new_array(void);

/* value: owned by the object or array from here on; NULL is null. */
void json_add(json_object *object, const char *key, json_object *value);
void json_append(json_object *array, json_object *value);

void json_add_number(json_object *object, const char *key, uint64_t number);
void json_add_bool(json_object *object, const char *key, bool value);
/* text: NULL is null; where it is not valid UTF-8, it is escaped as by escape_text(). */
void json_add_text(json_object *object, const char *key, const char *text);
/* As "path"; where it is not valid UTF-8, "path" is escaped as by escape_log() and "path_base64" has the exact bytes. */
void json_add_path(json_object *object, const char *path);
/* ISO 8601 in UTC: "2026-11-24T08:00:00Z", with milliseconds unless nanoseconds is negative; null beyond the year 9999. */
void json_add_date(json_object *object, const char *key, time_t seconds, long nanoseconds);
/* As json_add_date with milliseconds; null when it was never set. */
void json_add_timespec(json_object *object, const char *key, const struct timespec *time);

/* On one line, a line feed at its end. Returns 0 or a negative errno. */
int json_print(json_object *object, FILE *file);
