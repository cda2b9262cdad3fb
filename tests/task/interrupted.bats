#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The Task's scan, disturbed in the middle: the result is an ERROR that says why, never anything better, and never nothing.

# shellcheck disable=SC2034,SC2154 # what lib/task.bash reads and sets

load ../lib/images
load ../lib/registry
load ../lib/container
load ../lib/task

bats_require_minimum_version 1.5.0

setup_file() {
	task_setup_file
	# Enough different files that half a CPU is busy with them for a while.
	SLOW=$(jq -nc '{layers: [{entries: [range(8000) | {path: "d/\(.)", text: "file \(.) \("x" * 200)"}]}]}' | publish slow)
	export SLOW
}

teardown_file() {
	registry_stop
}

setup() {
	container_setup
	TASK=$PROJECT/task/clamav-scan-min/0.3/clamav-scan-min.yaml
}

teardown() {
	show_task
	container_teardown
}

expect_error() {
	jq -e --arg pattern "$1" '.result == "ERROR" and .namespace == "default" and (.note | test($pattern))' <<<"$TEST_OUTPUT"
}

# The process in the step's container whose command line matches, by its id there.
pid_of() {
	podman exec "$(name task)" pgrep -f -- "$1" | head -n 1 | grep .
}

ended() {
	[[ -s $STATE/extract-and-scan-image.status ]]
}

@test "clamd that is killed again and again" {
	start_task slow "$SLOW"
	wait_for 60 pid_of '^clamd '
	until ended; do
		# None may be there at the moment.
		pid=$(pid_of '^clamd ' 2>/dev/null) && podman exec "$(name task)" kill -KILL "$pid" || true
		sleep 0.1
	done
	end_task
	((task_status == 0))
	expect_error 'daemon'
	[[ ! -e $STATE/volumes/work/auth.json ]]
}

@test "the launcher that is killed" {
	start_task slow "$SLOW" --param skip-upload=true
	wait_for 60 pid_of '^clamd '
	podman exec "$(name task)" kill -KILL "$(pid_of '^clamav-scan image')"
	end_task
	((task_status == 0))
	expect_error 'status 137'
}

@test "SIGTERM, as when a TaskRun is cancelled" {
	start_task slow "$SLOW" --param skip-upload=true
	wait_for 60 pid_of '^clamd '
	podman kill --signal TERM "$(name task)"
	begun=$SECONDS
	end_task
	# Kubernetes waits 30 s.
	((SECONDS - begun < 25))
	expect_error 'interrupted by SIGTERM'
}

@test "the step that is killed" {
	start_task slow "$SLOW" --param skip-upload=true
	wait_for 60 pid_of '^clamd '
	podman kill --signal KILL "$(name task)"
	end_task
	((task_status == 137))
	expect_error 'the scan did not end'
}
