# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # status, output and stderr are bats's
#
# For tests that run the launcher as its users do: `load ../lib/launcher`, then
#
#	launcher_setup			a database with EICAR in $DB, an empty folder $FOLDER, $OUT for results
#	scan_path [OPTION…] [ROOT]	the folder scanned with a daemon of its own: $status, $output, $stderr, results in $OUT
#	eicar				prints the test string, which stands nowhere in clear
#	results FILTER			a jq filter over results.json; fails as jq -e does
#	assert_nothing_left		no process and no folder of the scan is there any more
#	wait_until COMMAND…		until it succeeds, 20 s at most
#
# Every test gets a TMPDIR of its own, so that what a scan leaves behind is seen.

launcher_setup() {
	: "${CLAMAV_SCAN:?names the program}" "${CLAMAV_SCAN_LIBEXEC:?names the libexec folder}"
	DB=$BATS_TEST_TMPDIR/db FOLDER=$BATS_TEST_TMPDIR/scandir OUT=$BATS_TEST_TMPDIR/out
	mkdir -p "$DB" "$FOLDER" "$BATS_TEST_TMPDIR/tmp"
	export TMPDIR=$BATS_TEST_TMPDIR/tmp XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR
	cp "$BATS_TEST_DIRNAME/../data/db/demo.ndb" "$DB/"
}

eicar() {
	# shellcheck disable=SC2016 # a dollar of its own
	printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$' 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'
}

scan_path() {
	local root=$FOLDER
	if (($# > 0)) && [[ ${!#} != -* && -e ${!#} ]]; then
		root=${!#}
		set -- "${@:1:$#-1}"
	fi
	run --separate-stderr "$CLAMAV_SCAN" path --database "$DB" --output "$OUT" "$@" "$root"
	printf '%s\n' "status $status" "$output" "$stderr"
}

results() {
	jq -e "$1" "$OUT/results.json" >/dev/null || {
		jq . "$OUT/results.json"
		return 1
	}
}

wait_until() {
	local i
	for ((i = 0; i < 400; i++)); do
		"$@" && return 0
		sleep 0.05
	done
	echo "never: $*"
	return 1
}

# Processes whose environment names this test's TMPDIR, but for this shell's own kind. Zombies have none.
processes_of_scan() {
	local pid
	for pid in /proc/[0-9]*; do
		[[ $(readlink "$pid/exe" 2>/dev/null) =~ /(clamav-scan|clamd|clamdscan|skopeo|umoci|perl)$ ]] || continue # gone meanwhile
		# A process may end while it is looked at.
		if tr '\0' '\n' <"$pid/environ" 2>/dev/null | grep -qxF "TMPDIR=$TMPDIR"; then
			echo "${pid#/proc/}"
		fi
	done
}

nothing_runs() {
	[[ -z $(processes_of_scan) ]]
}

no_folder_is_left() {
	local -a left
	left=("$TMPDIR"/clamav-scan.*)
	[[ ! -e ${left[0]} ]]
}

assert_nothing_left() {
	wait_until nothing_runs
	wait_until no_folder_is_left
}
