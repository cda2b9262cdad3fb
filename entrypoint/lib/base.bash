# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # the parts of the entry point share their variables
# Lines of the container's own, and the folder for what it has to remember while it runs.

say() {
	printf 'clamav-scan: %s\n' "$*"
}

warn() {
	printf 'clamav-scan: warning: %s\n' "$*" >&2
}

# die STATUS MESSAGE…
die() {
	printf 'clamav-scan: %s\n' "${*:2}" >&2
	exit "$1"
}

# $state: a folder of our own for pipes and for copies of configuration files, made when it is needed first.
make_state() {
	local folder
	[[ -z ${state-} ]] || return 0
	for folder in "${TMPDIR:-/tmp}" /tmp /run/clamav; do
		if [[ -d $folder && -w $folder ]]; then
			state=$(mktemp -d "$folder/clamav-container.XXXXXX")
			chmod 755 "$state"
			return
		fi
	done
	die 1 "no folder for temporary files can be written to: mount a tmpfs at /tmp"
}

# as_user USER COMMAND…: as that user; as ourselves where USER is empty.
as_user() {
	local user=$1
	shift
	if [[ -z $user || $user == root ]]; then
		"$@"
	else
		setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups -- "$@"
	fi
}
