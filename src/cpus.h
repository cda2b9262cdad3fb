/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How many CPUs this process may use, and how many scanning threads that makes.
 *
 * The smallest of: the CPU quota of every cgroup from ours up to the root (v2 cpu.max, v1 cpu.cfs_quota_us over cpu.cfs_period_us,
 * a hybrid's v1 controller), the cgroup's cpuset, the affinity mask, the CPUs online. A quota may be a fraction: 1.5 CPUs.
 * Numbers are parsed whole: a file that says something else is passed over, with a line at level debug that names it.
 */

struct cpus {
	double count; /* > 0 */
	/* Where the number comes from: "cpu.max of /kubepods/pod1", "cpuset.cpus of /a", "affinity", "online CPUs". */
	char source[256];
};

/*
 * Reads /proc/self/{cgroup,mountinfo} and /sys/fs/cgroup below the folder prefix ("" for the real ones): captured trees test it.
 * affinity and online are the counts of those two; 0 means: ask the kernel. Never fails: where nothing can be read, it is 1 online CPU.
 */
void cpus_available(struct cpus *ret, const char *prefix, unsigned affinity, unsigned online);

/* 75 % of the CPUs rounded up, at least 1, at most max (which is at least 1). */
unsigned cpus_auto_threads(double cpus, unsigned max);
