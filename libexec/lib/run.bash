# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034 # ENDED is for libexec/image
#
# Running a tool in such a way that a signal ends it, and us, at once: bash acts on a signal only between two commands, or in wait.

# run COMMAND…: returns its status; its input is empty
run() {
	run_from /dev/null "$@"
}

# run_from FILE COMMAND…
run_from() {
	local status=0 input=$1
	shift
	"$@" <"$input" &
	RUN_PID=$!
	wait "$RUN_PID" || status=$?
	RUN_PID=
	return "$status"
}

run_stop() {
	trap '' TERM INT HUP
	ENDED=1
	if [[ -n ${RUN_PID:-} ]]; then
		kill -TERM "$RUN_PID" 2>/dev/null || true # it may have ended by itself
		kill -TERM "$RUN_PID" 2>/dev/null || true # GNU parallel waits for its jobs at the first, and ends them at the second
		wait "$RUN_PID" || true                   # its status is the signal's
	fi
	exit 143
}

trap run_stop TERM INT HUP
