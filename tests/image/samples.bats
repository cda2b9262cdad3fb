#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2153,SC2154,SC2030,SC2031 # variables of lib/container; each test is a subshell of its own
# The samples do what they say: their options, as they stand in the files, given to podman.

load ../lib/container

setup_file() { container_setup_file; }
setup() { container_setup; }

teardown() {
	container_teardown
	podman volume rm -f "${volumes[@]}" &>/dev/null || true # where there are any
}

# sample KIND FILE NAME: sets arguments. Volumes get names of this test's own.
sample() {
	local prefix
	prefix=$(name volume)
	volumes=("$prefix-database" "$prefix-socket" "$prefix-tmp")
	mapfile -t arguments < <("$container_root/tests/lib/sample.py" "$1" "$container_root/samples/$2" "$3" |
		sed -E "s#^--volume=(database|socket|tmp):#--volume=$prefix-\1:#")
	((${#arguments[@]} > 3))
}

@test "compose: a clamd with its volume, and a scanner that uses its socket" {
	local -a arguments volumes
	make_scandir
	export SCAN=$work/scandir
	sample compose compose/compose.yaml clamd
	start_image clamd "${arguments[@]}"
	wait_healthy clamd
	sample compose compose/compose.yaml scan
	run run_image "${arguments[@]}"
	((status == 1))
	[[ $output == *Eicar-Signature* ]]
	[[ $output == */scandir/bad* ]]
}

@test "kubernetes: an arbitrary UID, a read-only root file system, a volume filled from the image" {
	local -a arguments volumes
	sample kubernetes kubernetes/clamd.yaml database
	run run_image --network none "${arguments[@]}"
	((status == 0))
	sample kubernetes kubernetes/clamd.yaml clamd
	start_image clamd "${arguments[@]}"
	wait_healthy clamd
	run in_container clamd sh -c 'touch /usr/x'
	((status != 0))
	run in_container clamd sh -c "printf 'zPING\0' | timeout 5 nc 127.0.0.1 3310 | tr -d '\0'"
	[[ $output == PONG ]]
}
