#!/usr/bin/env bats
# tests/run itself: what it counts as failed.

setup() {
	export TESTS=$BATS_TEST_TMPDIR/tests UNIT_PROGRAMS=$BATS_TEST_TMPDIR/unit BUILD=no
	mkdir -p "$TESTS"/{lint,unit,integration} "$UNIT_PROGRAMS"
}

# A unit program that runs the shell commands given.
unit() {
	: >"$TESTS/unit/$1.c"
	printf '#!/bin/sh\n%s\n' "$2" >"$UNIT_PROGRAMS/$1"
	chmod +x "$UNIT_PROGRAMS/$1"
}

bats_file() {
	printf '%s\n' "${@:2}" >"$TESTS/integration/$1.bats"
}

# The suites' last line and status are these.
ends_with() {
	local suites=$1 counts=$2 status_wanted=$3
	# shellcheck disable=SC2086 # a list of words
	run "$BATS_TEST_DIRNAME/../run" $suites
	echo "$output"
	[[ ${lines[-1]} == "$counts" ]]
	[[ $status == "$status_wanted" ]]
	[[ $(grep -cxE '[0-9]+ passed, [0-9]+ failed' <<<"$output") == 1 ]]
}

@test "tests that pass are summed over suites" {
	unit test_a 'printf "1..2\nok 1 - x\nok 2 - y\n"'
	bats_file b '@test "one" { true; }'
	ends_with "unit integration" "3 passed, 0 failed" 0
}

@test "a failed test fails the run, and its output is shown" {
	bats_file b '@test "one" { echo the reason; false; }' '@test "two" { true; }'
	ends_with integration "1 passed, 1 failed" 1
	[[ $output == *"# the reason"* ]]
}

@test "a skipped test counts as failed" {
	bats_file b '@test "one" { skip "no tool"; }' '@test "two" { true; }'
	ends_with integration "1 passed, 1 failed" 1
}

@test "a bats file that cannot be read counts as failed" {
	bats_file b '@test "one" { true; }' 'if then'
	ends_with integration "0 passed, 1 failed" 1
}

@test "a bats file without tests counts as failed" {
	bats_file b '# nothing'
	ends_with integration "0 passed, 1 failed" 1
}

@test "a unit program that crashes counts as failed beside its tests" {
	unit test_a 'printf "1..3\nok 1 - x\n"; kill -SEGV $$'
	ends_with unit "1 passed, 1 failed" 1
}

@test "a unit program that stops early with status 0 counts as failed" {
	unit test_a 'printf "1..3\nok 1 - x\n"'
	ends_with unit "1 passed, 1 failed" 1
}

@test "a leak found after the last test counts as failed" {
	unit test_a 'printf "1..1\nok 1 - x\n"; exit 23'
	ends_with unit "1 passed, 1 failed" 1
}

@test "a unit program that was not built counts as failed" {
	: >"$TESTS/unit/test_a.c"
	ends_with unit "0 passed, 1 failed" 1
}

@test "a program that hangs is ended when its suite's time is up, and those after it fail" {
	unit test_a 'printf "1..2\nok 1 - x\n"; exec sleep 600'
	unit test_b 'printf "1..1\nok 1 - x\n"'
	TEST_TIME_LIMIT=2 ends_with unit "1 passed, 2 failed" 1
}

@test "a lint check's status is its verdict" {
	printf '#!/bin/sh\necho a finding; exit 3\n' >"$TESTS/lint/a"
	printf '#!/bin/sh\n' >"$TESTS/lint/b"
	chmod +x "$TESTS"/lint/*
	ends_with lint "1 passed, 1 failed" 1
	[[ $output == *"a finding"* ]]
}

@test "a run without any test fails" {
	ends_with "unit integration" "0 passed, 0 failed" 1
}

@test "an unknown suite fails" {
	ends_with nonsense "0 passed, 1 failed" 1
}

@test "tests do not inherit a SIGINT that is ignored" {
	unit test_a 'printf "1..1\n"; kill -INT $$; echo "ok 1 - still here"'
	ends_with unit "0 passed, 1 failed" 1
}
