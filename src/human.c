/* SPDX-License-Identifier: Apache-2.0 */
#include "human.h"

#include <inttypes.h>
#include <stdio.h>

char *human_number(char *buffer, uint64_t number)
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%" PRIu64, number);
	char *end = buffer;

	for (int i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			*end++ = ',';
		*end++ = digits[i];
	}
	*end = '\0';
	return buffer;
}

char *human_count(char *buffer, uint64_t number, const char *one, const char *many)
{
	char digits[HUMAN_SIZE];

	snprintf(buffer, HUMAN_SIZE, "%s %s", human_number(digits, number), number == 1 ? one : many);
	return buffer;
}

char *human_size(char *buffer, uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double size = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024)
		return human_count(buffer, bytes, "byte", "bytes");
	for (; size >= 1023.95 && unit < 3; unit++)
		size /= 1024;
	snprintf(buffer, HUMAN_SIZE, "%.1f %s", size, units[unit]);
	return buffer;
}

char *human_duration(char *buffer, uint64_t duration_ms)
{
	uint64_t seconds = (duration_ms + 500) / 1000;

	if (duration_ms < 9950)
		snprintf(buffer, HUMAN_SIZE, "%.1f s", (double)duration_ms / 1000);
	else if (seconds < 60)
		snprintf(buffer, HUMAN_SIZE, "%" PRIu64 " s", seconds);
	else if (seconds < 3600)
		snprintf(buffer, HUMAN_SIZE, "%" PRIu64 " min %" PRIu64 " s", seconds / 60, seconds % 60);
	else
		snprintf(buffer, HUMAN_SIZE, "%" PRIu64 " h %" PRIu64 " min", seconds / 3600, seconds % 3600 / 60);
	return buffer;
}
