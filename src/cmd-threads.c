/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd.h"

#include <stdio.h>

#include "cpus.h"
#include "log.h"

unsigned threads_count(const struct options *options)
{
	struct cpus cpus;
	unsigned threads;

	if (options->threads > 0) {
		threads = options->threads < options->max_threads ? options->threads : options->max_threads;
		if (threads < options->threads)
			log_info("%u threads are asked for, but --max-threads allows %u", options->threads, threads);
		else
			log_debug("%u threads, as asked for", threads);
		return threads;
	}

	cpus_available(&cpus, "", 0, 0);
	threads = cpus_auto_threads(cpus.count, options->max_threads);
	log_debug("CPUs: %.4g (%s); 75 %% of them: %.4g; rounded up, and at most %u (--max-threads): %u", cpus.count, cpus.source,
		  cpus.count * 3 / 4, options->max_threads, threads);
	return threads;
}

int cmd_threads(const struct options *options)
{
	printf("%u\n", threads_count(options));
	return EXIT_STATUS_OK;
}
