#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# policy/virus-check.rego, our own evaluation of it, and a second reading of what Konflux's policy counts: all must agree.

load ../lib/scan-results

setup_file() {
	PROJECT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	"$PROJECT/scripts/build-tools" conftest
	export PROJECT PATH=$PROJECT/tools/bin:$PATH
}

# {"successes": …, "failures": …, "warnings": …} of a log, three times.
ours() {
	jq -Rs '{output: .}' "$1" | jq -c -L "$PROJECT/libexec/lib" 'include "report"; evaluate
		| {successes: appstudio(0).successes, failures: .malware, warnings: .heuristics}'
}

by_conftest() {
	jq -Rs '{output: .}' "$1" >"$BATS_TEST_TMPDIR/input.json"
	# Its status is 1 where the policy is violated.
	conftest test --namespace required_checks --policy "$PROJECT/policy/virus-check.rego" -o json "$BATS_TEST_TMPDIR/input.json" \
		>"$BATS_TEST_TMPDIR/answer.json" || (($? == 1))
	jq -c -L "$PROJECT/libexec/lib" 'include "report"; engine_counts' "$BATS_TEST_TMPDIR/answer.json"
}

# What is known of Konflux's policy, in another language: hits stand before the summary, white space is ASCII's, equal pairs are one.
by_hand() {
	python3 - "$1" <<-'PYTHON'
		import json, re, sys
		log = open(sys.argv[1], "rb").read().decode("utf-8", "replace")
		head, separator, _ = log.partition("----------- SCAN SUMMARY -----------")
		hits = set()
		for line in head.split("\n") if separator else []:
		    match = re.fullmatch(r"([^\t\n\f\r ]+): ([^\t\n\f\r ]+) FOUND", line)
		    if match:
		        hits.add(match.groups())
		warnings = sum(1 for _, name in hits if name.startswith("Heuristics."))
		failures = len(hits) - warnings
		print(json.dumps({"successes": (failures == 0) + (warnings == 0), "failures": failures, "warnings": warnings},
		                 separators=(",", ":")))
	PYTHON
}

expect_agreement() {
	local log=$1 counts=$2
	[[ $(ours "$log") == "$counts" ]] || return 1
	[[ $(by_conftest "$log") == "$counts" ]] || return 1
	[[ $(by_hand "$log") == "$counts" ]] || return 1
}

log_of() {
	printf '%s\n' "$@" >"$BATS_TEST_TMPDIR/log"
	scan_summary >>"$BATS_TEST_TMPDIR/log"
}

@test "the policy's own unit tests pass" {
	conftest verify --policy "$PROJECT/policy" --no-color
}

@test "the policy is in its canonical form" {
	conftest fmt --check "$PROJECT/policy"
}

@test "all agree about a clean log" {
	log_of
	expect_agreement "$BATS_TEST_TMPDIR/log" '{"successes":2,"failures":0,"warnings":0}'
}

@test "all agree about malware, heuristics, and lines that are neither" {
	log_of 'opt/a\x20b: X.1 FOUND' 'c: Heuristics.Encrypted.Zip FOUND' 'd: timeout: no answer ERROR' 'e f: X.1 FOUND' 'g: OK' 'h: X.1 FOUND '
	expect_agreement "$BATS_TEST_TMPDIR/log" '{"successes":0,"failures":1,"warnings":1}'
}

@test "all agree that equal lines are one hit" {
	log_of 'a: X.1 FOUND' 'a: X.1 FOUND' 'a: X.2 FOUND' 'b: X.1 FOUND'
	expect_agreement "$BATS_TEST_TMPDIR/log" '{"successes":1,"failures":3,"warnings":0}'
}

@test "all agree about white space beyond ASCII, which is none" {
	log_of $'a\u00a0b: X.1 FOUND' $'c\u2003d: X.1 FOUND' $'e\u0085f: X.1 FOUND' $'g\vh: X.1 FOUND' $'i\u3000: X FOUND' $'j\tk: X.1 FOUND'
	expect_agreement "$BATS_TEST_TMPDIR/log" '{"successes":1,"failures":5,"warnings":0}'
}

@test "all agree about bytes that are no UTF-8" {
	log_of $'a\xff: X.1 FOUND' $'b\xc3: X.1 FOUND'
	expect_agreement "$BATS_TEST_TMPDIR/log" '{"successes":1,"failures":2,"warnings":0}'
}

@test "all agree about carriage returns, colons and empty names" {
	log_of $'a: X.1 FOUND\r' 'b:: X.1 FOUND' ': X.1 FOUND' 'c:d: X.1 FOUND' 'e: FOUND FOUND' 'FOUND'
	expect_agreement "$BATS_TEST_TMPDIR/log" '{"successes":1,"failures":3,"warnings":0}'
}

@test "all agree about what stands after the summary" {
	scan_summary >"$BATS_TEST_TMPDIR/log"
	printf 'a: X.1 FOUND\n' >>"$BATS_TEST_TMPDIR/log"
	expect_agreement "$BATS_TEST_TMPDIR/log" '{"successes":2,"failures":0,"warnings":0}'
}

@test "all agree about a thousand lines of chance" {
	# The same each time: a test that fails must fail again.
	python3 - >"$BATS_TEST_TMPDIR/lines" <<-'PYTHON'
		import random
		random.seed(5)
		pieces = ["a", "b", ":", " ", "\t", "\u00a0", "X.1", "Heuristics.Y", "FOUND", ": ", " FOUND", "\\x20", "\r", "-----------"]
		for _ in range(1000):
		    print("".join(random.choice(pieces) for _ in range(random.randint(1, 7))) + random.choice(["", " FOUND", ": X FOUND"]))
	PYTHON
	log_of "$(<"$BATS_TEST_TMPDIR/lines")"
	counts=$(by_hand "$BATS_TEST_TMPDIR/log")
	[[ $counts != *'"failures":0'* && $counts != *'"warnings":0'* ]]
	expect_agreement "$BATS_TEST_TMPDIR/log" "$counts"
}

@test "a log without a summary is a violation, which the others do not see" {
	echo 'a: OK' >"$BATS_TEST_TMPDIR/log"
	[[ $(ours "$BATS_TEST_TMPDIR/log") == '{"successes":1,"failures":1,"warnings":0}' ]]
	[[ $(by_conftest "$BATS_TEST_TMPDIR/log") == '{"successes":1,"failures":1,"warnings":0}' ]]
	[[ $(by_hand "$BATS_TEST_TMPDIR/log") == '{"successes":2,"failures":0,"warnings":0}' ]]
}

report() {
	"$PROJECT/libexec/report" --logs "$BATS_TEST_TMPDIR/logs" --image-url q/a:1 --image "q/a@$IMAGE_DIGEST" "$@"
}

@test "report asks conftest where it is told to, and agrees with it" {
	write_scan "$BATS_TEST_TMPDIR/logs" <<<'{"verdict": "infected",
		"platforms": [{"platform": "linux/amd64", "suffix": "amd64", "digest": "sha256:1", "hits": [["a", "X.1"], ["b", "Heuristics.Y"]]}]}'
	run report --status 1 --policy-engine conftest --policy "$PROJECT/policy/virus-check.rego"
	((status == 0))
	[[ $output == *'"successes":0,"failures":1,"warnings":1,"result":"FAILURE"'* ]]
}

@test "report calls a disagreement with the engine an ERROR, and says so" {
	write_scan "$BATS_TEST_TMPDIR/logs" <<<'{}'
	printf 'package required_checks\n\nimport rego.v1\n\nviolation_always contains {"msg": "no"}\n\nwarn_never contains {"msg": "x"} if false\n' \
		>"$BATS_TEST_TMPDIR/other.rego"
	run report --status 0 --policy-engine conftest --policy "$BATS_TEST_TMPDIR/other.rego"
	((status == 0))
	[[ $output == *'"result":"ERROR"'*'evaluations disagree about clamscan-result-amd64.log: conftest says'* ]]
}

@test "report calls an engine that cannot evaluate the policy an ERROR" {
	write_scan "$BATS_TEST_TMPDIR/logs" <<<'{}'
	run report --status 0 --policy-engine conftest --policy "$BATS_TEST_TMPDIR/missing.rego"
	((status == 0))
	[[ $output == *'"result":"ERROR"'*"conftest could not evaluate the policy $BATS_TEST_TMPDIR/missing.rego"* ]]
}

# ec is not to be had here: conftest, whose code it uses, answers in its form.
make_ec() {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/ec" <<-'EC'
		#!/usr/bin/env bash
		set -euo pipefail
		[[ $EC_EXPERIMENTAL == 1 && "$1 $2 $3 $4 $6 $7" == "test --namespace required_checks --policy -o appstudio" ]]
		conftest test --namespace "$3" --policy "$5" -o json "$8" | jq -c '.[0] | {timestamp: "1", namespace,
			successes, failures: (.failures // [] | length), warnings: (.warnings // [] | length), result: "x", note: "x"}'
	EC
	chmod +x "$BATS_TEST_TMPDIR/bin/ec"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

@test "report asks ec where it is on the PATH" {
	make_ec
	write_scan "$BATS_TEST_TMPDIR/logs" <<<'{"verdict": "infected",
		"platforms": [{"platform": "linux/amd64", "suffix": "amd64", "digest": "sha256:1", "hits": [["a", "X.1"]]}]}'
	run report --status 1 --policy "$PROJECT/policy/virus-check.rego"
	[[ $output == *'"failures":1,"warnings":0,"result":"FAILURE","note":"Failures detected"'* ]]
	run report --status 1 --policy "$BATS_TEST_TMPDIR/missing.rego"
	[[ $output == *"ec could not evaluate the policy"* ]]
}
