#!/usr/bin/env bats
# The program from outside: what goes to which stream, and its exit status. The options themselves are tested in tests/unit.
# shellcheck disable=SC2154 # stderr and stderr_lines are set by run --separate-stderr
bats_require_minimum_version 1.5.0

setup() {
	: "${CLAMAV_SCAN:?names the program}"
}

@test "--version and --help go to standard output with status 0" {
	run --separate-stderr "$CLAMAV_SCAN" --version
	[[ $status == 0 && $output =~ ^clamav-scan\ [0-9]+\.[0-9]+ && -z $stderr ]]
	run --separate-stderr "$CLAMAV_SCAN" image --help
	[[ $status == 0 && ${lines[0]} == Usage: && -z $stderr ]]
	run --separate-stderr "$CLAMAV_SCAN" help
	[[ $status == 0 && ${lines[0]} == Usage: && -z $stderr ]]
}

@test "a wrong command line is one line on standard error with status 64" {
	local line
	for line in "" "frob" "path" "image a b" "daemon frob" "path --nice 20 x" "path --frob x" "path --database /d --socket /s x" \
		"path --platform all x"; do
		# shellcheck disable=SC2086 # a list of words
		run --separate-stderr "$CLAMAV_SCAN" $line
		echo "$line: $status $output $stderr"
		[[ $status == 64 && -z $output ]]
		[[ ${#stderr_lines[@]} == 1 && $stderr == "clamav-scan: "*"(see clamav-scan --help)" ]]
	done
}

@test "a wrong variable is refused as a wrong option is" {
	CLAMAV_SCAN_NICE=urgent run --separate-stderr "$CLAMAV_SCAN" threads
	[[ $status == 64 && -z $output && $stderr == *"CLAMAV_SCAN_NICE 'urgent'"* ]]
}

@test "threads prints the bare number, and -v the reason on standard error" {
	run --separate-stderr "$CLAMAV_SCAN" threads -v
	[[ $status == 0 && $output =~ ^[0-9]+$ && $stderr == *"CPUs: "*"75 % of them: "* ]]
	run --separate-stderr "$CLAMAV_SCAN" threads 9 --max-threads 4
	[[ $status == 0 && $output == 4 && $stderr == *"--max-threads allows 4"* ]]
	run --separate-stderr "$CLAMAV_SCAN" threads 9 --max-threads 4 -q
	[[ $status == 0 && $output == 4 && -z $stderr ]]
}

@test "threads follows the affinity mask" {
	local cpu
	cpu=$(taskset -cp $$ | sed -E 's/.*: ([0-9]+).*/\1/')
	run --separate-stderr taskset -c "$cpu" "$CLAMAV_SCAN" threads -v
	[[ $status == 0 && $output == 1 && $stderr == *"CPUs: 1 ("* ]]
}

@test "db tells of the database, or fails with one line and status 2" {
	local folder=$BATS_TEST_TMPDIR/db
	mkdir "$folder"
	run --separate-stderr "$CLAMAV_SCAN" db --database "$folder"
	[[ $status == 2 && -z $output && ${#stderr_lines[@]} == 1 && $stderr == *"$folder holds no signatures"*freshclam* ]]
	cp "$BATS_TEST_DIRNAME/../data/db/demo.ndb" "$folder/"
	run --separate-stderr "$CLAMAV_SCAN" db --database "$folder" --format json
	[[ $status == 0 && -z $stderr ]]
	jq -e '.signatures == 1 and .files[0].name == "demo.ndb" and (.fingerprint | test("^sha256:[0-9a-f]{64}$"))' <<<"$output"
}

@test "the fingerprint is the one that sha256sum makes of the list" {
	local folder=$BATS_TEST_TMPDIR/db wanted
	mkdir "$folder"
	cp "$BATS_TEST_DIRNAME/../data/db/demo.ndb" "$folder/"
	printf 'Some.Name\n' >"$folder/ours.ign2"
	wanted=$(cd "$folder" && for name in demo.ndb ours.ign2; do
		printf '%s %s %s\n' "$(sha256sum <"$name" | cut -d' ' -f1)" "$(stat -c %s "$name")" "$name"
	done | sha256sum | cut -d' ' -f1)
	run "$CLAMAV_SCAN" db --database "$folder" --format json
	[[ $(jq -r .fingerprint <<<"$output") == "sha256:$wanted" ]]
}

@test "an answer that cannot be written is an error" {
	local status=0
	"$CLAMAV_SCAN" --version >/dev/full 2>"$BATS_TEST_TMPDIR/err" || status=$?
	[[ $status == 2 && $(<"$BATS_TEST_TMPDIR/err") == "clamav-scan: cannot write to standard output: "* ]]
	status=0
	"$CLAMAV_SCAN" threads 2>"$BATS_TEST_TMPDIR/err" >&- || status=$?
	[[ $status == 2 && $(<"$BATS_TEST_TMPDIR/err") == "clamav-scan: cannot write to standard output: "* ]]
}
