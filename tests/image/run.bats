#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2153,SC2154,SC2030,SC2031 # variables of lib/container; each test is a subshell of its own
# What `docker run IMAGE …` does: the commands of the ClamAV image's users, with only the image's name changed.

bats_require_minimum_version 1.5.0
load ../lib/container

setup_file() { container_setup_file; }
setup() { container_setup; }
teardown() { container_teardown; }

@test "without arguments clamd and freshclam run as clamav, and clamd answers" {
	start_image c --
	wait_healthy c
	wait_log c 'clamav-scan: clamd is ready at /run/clamav/clamd.sock'
	run in_container c ps -o user= -o comm= -e
	[[ $output =~ clamav[[:space:]]+clamd ]]
	[[ $output =~ clamav[[:space:]]+freshclam ]]
	# clamd's own log is the container's.
	log_says c 'Self checking every 600 seconds'
}

@test "--help and --version go to clamd, and need no database" {
	run run_image base --network none -- --help
	((status == 0))
	[[ $output == *'Clam AntiVirus: Daemon'* ]]
	run run_image base --network none -- --version
	((status == 0))
	[[ $output == 'ClamAV '* ]]
}

@test "arguments that begin with a dash are clamd's" {
	start_image c -- --pid=/tmp/clamd.pid
	wait_healthy c
	# shellcheck disable=SC2016 # the container's shell expands it
	run in_container c sh -c 'cat "/proc/$(cat /tmp/clamd.pid)/comm"'
	[[ $output == clamd ]]
}

@test "clamscan /scandir scans with the database inside" {
	make_scandir
	run run_image --network none -v "$work/scandir:/scandir:ro" -- clamscan /scandir
	((status == 1))
	[[ $output == *'/scandir/bad: Eicar-Signature.UNOFFICIAL FOUND'* ]]
	[[ $output == *'/scandir/good: OK'* ]]
}

@test "clamdscan in a second container uses the first one's clamd by the shared socket" {
	make_scandir
	mkdir "$work/sockets"
	start_image server -v "$work/sockets:/run/clamav" --
	wait_healthy server
	run run_image --network none -v "$work/scandir:/scandir:ro" -v "$work/sockets:/run/clamav" -- clamdscan --fdpass /scandir
	((status == 1))
	[[ $output == *'/scandir/bad: Eicar-Signature.UNOFFICIAL FOUND'* ]]
}

@test "sh, sigtool and freshclam run as they are" {
	# shellcheck disable=SC2016 # the container's shell expands it
	run run_image --network none -- sh -c 'echo "in $0 $1"' a b
	((status == 0))
	[[ $output == 'in a b' ]]
	run run_image --network none -- sigtool --version
	((status == 0))
	[[ $output == 'ClamAV '* ]]
	run run_image --network none -- freshclam --version
	((status == 0))
	[[ $output == 'ClamAV '* ]]
}

@test "a command's own status is the container's" {
	run run_image --network none -- sh -c 'exit 42'
	((status == 42))
}

@test "a command that does not exist is an error that names it" {
	run -127 run_image --network none -- no-such-command
	((status == 127))
	[[ $output == *'no-such-command: no such command'* ]]
}

@test "/init and /init-unprivileged are entry points too" {
	local entry
	for entry in /init /init-unprivileged; do
		run run_image --network none --entrypoint "$entry" -- clamscan --version
		((status == 0))
		[[ $output == 'ClamAV '* ]]
	done
}

@test "clamdtop and a shell work in a running container" {
	start_image c --
	wait_healthy c
	run podman exec -e TERM=xterm "$(name c)" timeout -s INT 3 clamdtop
	[[ $output == *'Primary threads'* || $output == *PRIMARY* || $output == *clamd.sock* ]]
	run in_container c sh -c 'echo works'
	[[ $output == works ]]
}

@test "clamd answers on TCP 3310, and clamdscan scans over it" {
	make_scandir
	start_image c --
	wait_healthy c
	run in_container c sh -c "printf 'zPING\0' | timeout 5 nc 127.0.0.1 3310 | tr -d '\0'"
	[[ $output == PONG ]]
	printf 'TCPSocket 3310\nTCPAddr 127.0.0.1\n' >"$work/client.conf"
	run run_image --network "container:$(name c)" -v "$work:/w:ro" -- clamdscan --config-file=/w/client.conf --stream /w/scandir/bad
	((status == 1))
	[[ $output == *'Eicar-Signature.UNOFFICIAL FOUND'* ]]
}

@test "no port is published by default, 3310 and 7357 are exposed" {
	run podman image inspect --format '{{json .Config.ExposedPorts}}' "$IMAGE"
	[[ $output == '{"3310/tcp":{},"7357/tcp":{}}' ]]
	start_image c --
	run podman port "$(name c)"
	[[ -z $output ]]
}

@test "/tmp/clamd.sock leads to the same clamd" {
	start_image c --
	wait_healthy c
	run in_container c sh -c "printf 'zPING\0' | timeout 5 nc -U /tmp/clamd.sock | tr -d '\0'"
	[[ $output == PONG ]]
}

@test "a container started again after a kill gets rid of the stale socket" {
	mkdir "$work/sockets"
	start_image c -v "$work/sockets:/run/clamav" --
	wait_healthy c
	podman kill -s KILL "$(name c)"
	exit_of c
	[[ -S $work/sockets/clamd.sock ]]
	podman start "$(name c)" 2>/dev/null # podman's complaints of systemd
	wait_healthy c
}
