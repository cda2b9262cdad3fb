# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# shellcheck disable=SC2016,SC2034 # the dollars of jq; ENDED is libexec/image's
#
# Events: JSON lines on standard output, each written at once and whole (shorter than PIPE_BUF, so that jobs side by side never mix).
#
#	event '{event: "target", digest: $digest}' --arg digest "$digest"
#	event_error fetch "$platform" "cannot fetch …"

# event FILTER [JQ-OPTION…]: the object that the jq filter makes
event() {
	local filter=$1 line
	shift
	line=$(jq -cn "$@" "$filter")
	printf '%s\n' "$line"
}

# event_error REASON PLATFORM MESSAGE: PLATFORM may be empty; what is odd in the message is taken out
event_error() {
	event '{event: "error", reason: $reason, platform: (if $platform == "" then null else $platform end),
		message: ($message | gsub("[\\x00-\\x1f\\x7f]+"; " ") | gsub("^ +| +$"; "") | if length > 600 then .[0:350] + " ... " + .[-245:] else . end)}' \
		--arg reason "$1" --arg platform "$2" --arg message "$3"
}

# die REASON MESSAGE: one error event, and the end
die() {
	event_error "$1" "" "$2"
	ENDED=1
	exit 1
}

# now_ms: milliseconds since the epoch, without a process
now_ms() {
	local now=${EPOCHREALTIME/[.,]/}
	printf '%s\n' "${now:0:-3}"
}
