#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `daemon start`, `status` and `stop`, with a real clamd and a database of one signature.
# shellcheck disable=SC2154 # stderr is set by run --separate-stderr
bats_require_minimum_version 1.5.0
load ../lib/launcher

setup() {
	launcher_setup
}

teardown() {
	"$CLAMAV_SCAN" daemon stop
}

start_daemon() {
	"$CLAMAV_SCAN" daemon start --database "$DB" --threads 1 3>&-
}

status_of_daemon() {
	run --separate-stderr "$CLAMAV_SCAN" daemon status
}

pid_of_daemon() {
	status_of_daemon
	[[ $output =~ process\ ([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}

# Gone, or a zombie: one has no command line.
killed() {
	[[ ! -e /proc/$1 || -z $(tr -d '\0' <"/proc/$1/cmdline") ]]
}

@test "a daemon that was started says where it is, and its database" {
	run start_daemon
	[[ $status == 0 && ${lines[-1]} == "clamd is ready at "*"/clamd.sock, process "* ]]
	status_of_daemon
	[[ $status == 0 && $output == "clamd is running at "*"/clamd.sock, process "*", database $DB ("*")" ]]
}

@test "a second start says that the daemon runs already" {
	start_daemon
	local pid
	pid=$(pid_of_daemon)
	run start_daemon
	[[ $status == 0 && $output == "clamd is running already at "*"/clamd.sock, process $pid" ]]
}

@test "a scan uses the daemon and names its database" {
	start_daemon
	eicar >"$FOLDER/e"
	run "$CLAMAV_SCAN" path --daemon existing --output "$OUT" "$FOLDER"
	[[ $status == 1 ]]
	results '.engine.daemon == "existing" and .counts.infected == 1'
	status_of_daemon
	[[ $output == *"($(jq -r .database.fingerprint "$OUT/results.json"))" ]]
}

@test "stop ends the daemon and leaves nothing behind" {
	start_daemon
	run "$CLAMAV_SCAN" daemon stop
	[[ $status == 0 && $output == "clamd has ended" ]]
	assert_nothing_left
	status_of_daemon
	[[ $status != 0 && $output == "no clamd of ours is running" ]]
}

@test "a daemon that was killed is noticed, and can be started again" {
	start_daemon
	local pid
	pid=$(pid_of_daemon)
	kill -9 "$pid"
	wait_until killed "$pid"
	status_of_daemon
	[[ $status != 0 && $output == "no clamd of ours is running" ]]
	run start_daemon
	[[ $status == 0 && ${lines[-1]} == "clamd is ready at "*"/clamd.sock, process "* ]]
}

@test "a scan that insists on a daemon that is not there is incomplete" {
	echo one >"$FOLDER/a"
	run "$CLAMAV_SCAN" path --daemon existing --output "$OUT" "$FOLDER"
	[[ $status == 2 ]]
	results '.verdict == "incomplete"'
}
