/* SPDX-License-Identifier: Apache-2.0 */
#include "priority.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "log.h"

void priority_set(int nice)
{
	int before, error;

	if (setpriority(PRIO_PROCESS, 0, nice) == 0)
		return;
	error = errno;
	before = getpriority(PRIO_PROCESS, 0);
	log_info("cannot set the priority to nice %d: %s; going on with nice %d (--nice %d asks for no more)", nice,
		 strerror(error), before, before);
}
