#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What runs as the container: `docker run IMAGE [COMMAND…]`, also known as /init and /init-unprivileged.
#
#   (nothing)                         freshclam as a daemon, clamd, and the milter where it is asked for
#   -OPTION…                          clamd with these options
#   path|image|daemon|threads|db …    clamav-scan
#   COMMAND…                          any other command; clamscan, clamd and scans get a database first where there is none
#
# Process 1 is tini: it reaps whatever is orphaned, which a shell does not do for children that are not its own, and hands signals on.
# The supervision of the three daemons is bash's (lib/supervise.bash): it has to know ClamAV (databases, mirrors, who needs whom), which
# no ready-made supervisor does, and bash is in the image anyway.
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=lib/base.bash
. "$here/lib/base.bash"
# shellcheck source=lib/settings.bash
. "$here/lib/settings.bash"
# shellcheck source=lib/conf.bash
. "$here/lib/conf.bash"
# shellcheck source=lib/database.bash
. "$here/lib/database.bash"
# shellcheck source=lib/ping.bash
. "$here/lib/ping.bash"
# shellcheck source=lib/supervise.bash
. "$here/lib/supervise.bash"

# A command that ClamAV's users run for a moment, not the daemons: is a database needed, and not named by an option?
needs_database() {
	local argument before=''
	case ${1##*/} in
		clamscan | clamd) ;;
		clamav-scan)
			[[ ${2-} == path || ${2-} == image || "${2-} ${3-}" == 'daemon start' ]] || return 1
			[[ -z ${CLAMAV_SCAN_DATABASE-}${CLAMAV_SCAN_SOCKET-} && ${CLAMAV_SCAN_DAEMON-} != existing ]] || return 1
			;;
		*) return 1 ;;
	esac
	for argument in "${@:2}"; do
		case $argument in
			-h | --help | -V | --version | -d | --database | --database=* | --datadir | --datadir=*) return 1 ;;
			--socket | --socket=* | --daemon=existing) return 1 ;;
			existing) [[ $before != --daemon ]] || return 1 ;;
		esac
		before=$argument
	done
	# A clamd of another container, whose socket we share, has a database of its own.
	[[ ${1##*/} != clamav-scan ]] || ! ping_clamd /run/clamav/clamd.sock 5
}

# A short-lived command in place of this script.
run_command() {
	local kind=
	if needs_database "$@"; then
		conf_prepare freshclam
		conf_check freshclam
		database=$(conf_value freshclam DatabaseDirectory /var/lib/clamav)
		database_present || database_fetch_now || exit 2
	fi
	case ${1##*/} in
		clamd | clamdscan | clamdtop) kind=clamd ;;
		freshclam) kind=freshclam ;;
	esac
	if [[ -n $kind && " ${*:2}" != *' --config-file'* && " ${*:2} " != *' -c '* ]]; then
		conf_prepare "$kind"
		# Where nothing is overridden, the program finds its own file, and its errors are its own.
		if [[ ${conf_file[$kind]} != "/etc/clamav/$kind.conf" ]]; then
			conf_check "$kind"
			exec -- "$1" --config-file="${conf_file[$kind]}" "${@:2}"
		fi
	fi
	[[ -z ${state-} ]] || rmdir --ignore-fail-on-non-empty "$state"
	exec -- "$@"
}

# clamd alone, with options; a folder for its socket and a database it needs as ever.
run_clamd() {
	case $1 in
		-h | --help | -V | --version) run_command clamd "$@" ;;
	esac
	conf_prepare clamd
	conf_check clamd
	prepare_folders
	run_command clamd "$@"
}

main() {
	if (($$ == 1)); then
		exec tini -- "$0" "$@"
	fi
	case ${1-} in
		'') serve ;;
		-*) run_clamd "$@" ;;
		path | image | daemon | threads | db) run_command clamav-scan "$@" ;;
		*)
			command -v -- "$1" >/dev/null || die 127 "$1: no such command in this image, nor one of: path image daemon threads db"
			run_command "$@"
			;;
	esac
}

main "$@"
