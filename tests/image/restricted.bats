#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2153,SC2154,SC2030,SC2031 # variables of lib/container; each test is a subshell of its own
# Where a container may do less: an arbitrary UID in group 0, a read-only root file system, fewer CPUs.

load ../lib/container

setup_file() { container_setup_file; }
setup() { container_setup; }
teardown() { container_teardown; }

@test "an arbitrary UID in group 0 runs clamd and freshclam" {
	start_image c --user 1000670000:0 --
	wait_healthy c
	run in_container c ps -o uid= -o comm= -e
	[[ $output =~ 1000670000[[:space:]]+clamd ]]
	[[ $output =~ 1000670000[[:space:]]+freshclam ]]
}

@test "an arbitrary UID scans" {
	make_scandir
	run run_image --network none --user 1000670000:0 -v "$work/scandir:/scandir:ro" -- clamscan /scandir
	((status == 1))
	[[ $output == *'/scandir/bad: Eicar-Signature.UNOFFICIAL FOUND'* ]]
}

@test "a UID in no group of ours serves with a socket in /tmp" {
	start_image c --user 12345:12345 --
	wait_log c 'socket is /tmp/clamd.sock'
	wait_healthy c
	log_says c 'cannot be written to .*freshclam is not started'
}

@test "a read-only root file system with tmpfs for /tmp and /run/clamav" {
	make_database "$work/db"
	start_image c --read-only --read-only-tmpfs=false --tmpfs /tmp --tmpfs /run/clamav:mode=1777 -v "$work/db:/var/lib/clamav" base --
	wait_healthy c
}

@test "a read-only root file system and an arbitrary UID at once, as clusters have it" {
	make_database "$work/db"
	start_image c --read-only --read-only-tmpfs=false --user 1000670000:0 --cap-drop ALL --security-opt no-new-privileges \
		--tmpfs /tmp:mode=1777 --tmpfs /run/clamav:mode=1777 -v "$work/db:/var/lib/clamav" base --
	wait_healthy c
	wait_log c 'clamd is ready'
}

@test "a read-only root file system without any tmpfs is enough for commands that need no room" {
	run run_image --network none --read-only --read-only-tmpfs=false -- clamscan --version
	((status == 0))
	run run_image --network none --read-only --read-only-tmpfs=false -- --version
	((status == 0))
}

@test "a read-only root file system without any tmpfs is an error that says what to mount" {
	run run_image --network none --read-only --read-only-tmpfs=false --
	((status == 1))
	[[ $output == *'mount a tmpfs at /tmp'* ]]
}

@test "a temporary folder that clamd cannot write to is an error: it would say OK to archives" {
	mkdir -m 755 "$work/tmp"
	start_image c --user 12345:12345 -e TMPDIR=/run/lock -v "$work/tmp:/tmp" --tmpfs /run/lock:mode=1777 --
	run exit_of c
	[[ $output == 1 ]]
	log_says c "TemporaryDirectory /tmp cannot be written to"
}

@test "a read-only database volume serves, without freshclam" {
	make_database "$work/db"
	start_image c -v "$work/db:/var/lib/clamav:ro" base --
	wait_healthy c
	log_says c 'cannot be written to by clamav: freshclam is not started, and the database here is [0-9]+ days old'
}

@test "root without the right to become clamav is told so" {
	run run_image --network none --cap-drop ALL --
	((status == 1))
	[[ $output == *'cannot become the user clamav'* ]]
}
