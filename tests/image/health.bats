#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2153,SC2154,SC2030,SC2031 # variables of lib/container; each test is a subshell of its own
# The health check, and what process 1 does: it supervises, passes signals on, reaps, and ends when it must.

bats_require_minimum_version 1.5.0
load ../lib/container

setup_file() { container_setup_file; }
setup() { container_setup; }
teardown() { container_teardown; }

clamd_alone() {
	start_image c -e CLAMAV_NO_FRESHCLAMD=true --
	wait_healthy c
}

@test "the image has a HEALTHCHECK with a start period of six minutes" {
	run podman image inspect --format '{{json .HealthCheck}}' "$IMAGE"
	[[ $output == *'"CMD","clamdcheck.sh"'* ]]
	[[ $output == *'"StartPeriod":360000000000'* ]]
}

@test "the health check says healthy while clamd answers, unhealthy while it hangs, and healthy again" {
	clamd_alone
	run podman healthcheck run "$(name c)"
	((status == 0))
	in_container c pkill -STOP -x clamd
	run in_container c clamdcheck.sh 2
	((status == 1))
	[[ $output == 'unhealthy: no answer from clamd at /run/clamav/clamd.sock within 2 s' ]]
	in_container c pkill -CONT -x clamd
	wait_healthy c
}

@test "the health check has a time limit below the one in the image" {
	clamd_alone
	in_container c pkill -STOP -x clamd
	run timeout 14 podman healthcheck run "$(name c)"
	((status == 1))
}

@test "a container that runs a command instead of the daemons is healthy" {
	start_image c -- sleep 100
	run in_container c clamdcheck.sh
	((status == 0))
}

@test "unhealthy, while there is no clamd yet for want of a database" {
	start_image c base -e FRESHCLAM_CONF_ConnectTimeout=1 -e FRESHCLAM_CONF_MaxAttempts=1 --
	wait_log c 'fetching a database'
	run in_container c clamdcheck.sh
	((status == 1))
	[[ $output == 'unhealthy: clamd does not run'* ]]
}

@test "clamd killed: the container ends with that status, its last words last" {
	clamd_alone
	in_container c pkill -KILL -x clamd
	run exit_of c
	[[ $output == 137 ]]
	log_says c 'clamd ended by signal 9 \(KILL\): the container ends'
	log_of c | tail -n 11 | grep -q 'the last words of clamd'
	log_of c | tail -n 3 | grep -q 'Self checking every'
	run -1 log_says c 'supervise.bash'
}

@test "freshclam killed: the container ends with an error, and clamd with it" {
	start_image c --
	wait_healthy c
	in_container c pkill -KILL -x freshclam
	run exit_of c
	[[ $output == 137 ]]
	log_says c 'freshclam ended by signal 9'
	log_says c 'Stopped at'
}

@test "the milter killed: the container ends with an error" {
	start_image c -e CLAMAV_NO_FRESHCLAMD=true -e CLAMAV_NO_MILTERD=false --
	wait_for 20 in_container c nc -z 127.0.0.1 7357
	in_container c pkill -KILL -x clamav-milter
	run exit_of c
	[[ $output == 137 ]]
}

@test "SIGTERM ends clamd, freshclam and the milter, with status 0" {
	local start=$SECONDS
	start_image c -e CLAMAV_NO_MILTERD=false --
	wait_for 20 in_container c nc -z 127.0.0.1 7357
	start=$SECONDS
	podman kill -s TERM "$(name c)"
	run exit_of c 10
	[[ $output == 0 ]]
	((SECONDS - start < 10))
	log_says c 'Socket file removed'
}

@test "ctrl-c on a terminal ends the container as SIGTERM does" {
	local image keys
	local -a options command
	container_arguments --network none --name "$(name c)" -it --
	mkfifo "$work/keys"
	script --quiet --flush --return --command "podman run ${options[*]} $image ${command[*]}" "$work/typescript" <"$work/keys" &>/dev/null & # see typescript
	servers+=("$!")
	exec {keys}>"$work/keys"
	wait_healthy c
	printf '\003' >&"$keys"
	run exit_of c 10
	[[ $output == 0 ]]
	grep -q 'SIGINT: stopping' "$work/typescript"
	exec {keys}>&-
	servers=()
}

@test "SIGTERM ends a clamd that hangs within ten seconds" {
	local start
	clamd_alone
	in_container c pkill -STOP -x clamd
	start=$SECONDS
	podman kill -s TERM "$(name c)"
	run exit_of c 12
	[[ $output == 0 ]]
	((SECONDS - start <= 10))
	log_says c 'ended by force: clamd'
}

@test "SIGTERM during the first fetch of a database ends the container" {
	start_image c base --
	wait_log c 'fetching a database'
	podman kill -s TERM "$(name c)"
	run exit_of c 10
	[[ $output == 0 ]]
}

@test "SIGUSR2 makes clamd reload its database, SIGHUP does no harm" {
	clamd_alone
	podman kill -s USR2 "$(name c)"
	wait_log c 'Reading databases|Database correctly reloaded'
	podman kill -s HUP "$(name c)"
	podman kill -s USR1 "$(name c)"
	wait_healthy c
	running c
}

@test "process 1 reaps orphans" {
	clamd_alone
	in_container c sh -c 'for i in 1 2 3 4 5; do (sleep 0.1 &) ; done; true'
	sleep_over() { ! in_container c ps -o comm= -e | grep -q sleep; }
	wait_for 5 sleep_over
	run in_container c ps -o stat= -o comm= -e
	[[ $output != *Z* ]]
	run in_container c cat /proc/1/comm
	[[ $output == tini ]]
}

@test "a signal reaches a command as well" {
	start_image c -- sleep 100
	podman kill -s TERM "$(name c)"
	run exit_of c 5
	[[ $output == 143 ]]
}

@test "start to healthy takes no more than a second longer than clamd's own loading" {
	local began loaded
	clamd_alone
	began=$(podman inspect --format '{{.State.StartedAt.UnixNano}}' "$(name c)")
	# The supervisor says "ready" when it had an answer.
	loaded=$(podman logs --timestamps "$(name c)" 2>&1 | awk '/clamd is ready/ { print $1 }')
	(($(date -d "$loaded" +%s%N) - began < 1500000000))
}
