/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the cgroups that this process is in allow it: version 1, version 2, both side by side (hybrid), and in a container, where
 * the mounted tree may begin at the container's own cgroup.
 *
 * Everything is read below the folder prefix ("" for the real system). What is missing sets no limit; what cannot be understood
 * sets none either, and is named at level debug.
 */

#include <stdint.h>

#include "cpus.h"

/* Lowers *cpus to the smallest quota of our cgroup and those above it: cpu.max, or cpu.cfs_quota_us over cpu.cfs_period_us. */
void cgroup_limit_quota(struct cpus *cpus, const char *prefix);

/* Lowers *cpus to the number of CPUs in the cpuset of our cgroup and those above it. */
void cgroup_limit_cpuset(struct cpus *cpus, const char *prefix);

/* The number of CPUs in a kernel's list, such as "0-3,7"; -EINVAL when it is none, or names a CPU twice. "" is 0 CPUs. */
int cgroup_count_cpus(const char *list, uint64_t *ret);
