#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# HEALTHCHECK of the image, also on the PATH as clamdcheck.sh: a real PING and PONG over what clamd listens on, within a time limit.
# Healthy is also a container in which no clamd is to run: CLAMAV_NO_CLAMD=true, or a command instead of the daemons.
#
# usage: clamdcheck.sh [SECONDS]
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=lib/conf.bash
. "$here/lib/conf.bash"
# shellcheck source=lib/ping.bash
. "$here/lib/ping.bash"

unhealthy() {
	printf 'unhealthy: %s\n' "$*"
	exit 1
}

# Was the container started with a command? Process 1 is `tini -- ENTRYPOINT [COMMAND…]`, or that without tini.
runs_command() {
	local -a words=()
	local word
	mapfile -d '' words </proc/1/cmdline
	while ((${#words[@]})); do
		word=${words[0]##*/}
		words=("${words[@]:1}")
		case $word in
			init | init-unprivileged | entrypoint.sh)
				[[ -n ${words[0]-} && ${words[0]} != -* ]]
				return
				;;
		esac
	done
	return 1
}

# The configuration file that the running clamd was given.
running_configuration() {
	local folder word
	for folder in /proc/[0-9]*; do
		# Processes come and go while we look.
		[[ $(cat "$folder/comm" 2>/dev/null) == clamd ]] || continue
		echo /etc/clamav/clamd.conf
		while IFS= read -r -d '' word; do
			[[ $word != --config-file=* ]] || echo "${word#*=}"
		done 2>/dev/null <"$folder/cmdline" # the same
		return
	done
}

main() {
	local seconds=${1:-10} address
	[[ ${CLAMAV_NO_CLAMD:-false} != true ]] || exit 0
	! runs_command || exit 0
	conf_file["clamd"]=$(running_configuration | tail -n 1)
	[[ -n ${conf_file["clamd"]} ]] || unhealthy "clamd does not run (it may be waiting for its database: see the log)"
	address=$(clamd_address)
	[[ -n $address ]] || unhealthy "${conf_file["clamd"]} has neither LocalSocket nor TCPSocket"
	ping_clamd "$address" "$seconds" || unhealthy "no answer from clamd at $address within $seconds s"
	echo "PONG from $address"
}

main "$@"
