#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# libexec/report: from a scan's results and logs to the Task's two results.

load ../lib/scan-results

bats_require_minimum_version 1.5.0

AMD64='{"platform": "linux/amd64", "suffix": "amd64", "digest": "sha256:1"'
ARM64='{"platform": "linux/arm64", "suffix": "arm64", "digest": "sha256:2"'

setup() {
	PROJECT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	LOGS=$BATS_TEST_TMPDIR/logs
}

report() {
	"$PROJECT/libexec/report" --logs "$LOGS" --image-url quay.example/a/b:1 --image "quay.example/a/b@$IMAGE_DIGEST" \
		--test-output "$BATS_TEST_TMPDIR/TEST_OUTPUT" --images-processed "$BATS_TEST_TMPDIR/IMAGES_PROCESSED" "$@" || return
	TEST_OUTPUT=$(<"$BATS_TEST_TMPDIR/TEST_OUTPUT")
	IMAGES_PROCESSED=$(<"$BATS_TEST_TMPDIR/IMAGES_PROCESSED")
	echo "$TEST_OUTPUT"
	echo "$IMAGES_PROCESSED"
}

# The result's line to the byte, but for the time.
expect_line() {
	local line=$1 successes=$2 failures=$3 warnings=$4 result=$5 note=$6
	[[ $line =~ ^\{\"timestamp\":\"[0-9]{10}\",(.*)$ ]]
	[[ ${BASH_REMATCH[1]} == "\"namespace\":\"required_checks\",\"successes\":$successes,\"failures\":$failures,\"warnings\":$warnings,\"result\":\"$result\",\"note\":\"$note\"}" ]]
}

expect_error() {
	local line=$1 note=$2 when='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z'
	[[ $line =~ ^\{\"result\":\"ERROR\",\"timestamp\":\"$when\",\"note\":\"(.*)\",\"namespace\":\"default\",\"successes\":0,\"failures\":0,\"warnings\":0\}$ ]]
	[[ ${BASH_REMATCH[1]} == "Task clamav-scan failed: Incomplete scan of image \\\"quay.example/a/b@$IMAGE_DIGEST\\\": $note. For details, check Tekton task log." ]]
}

@test "a clean image is a SUCCESS of two rules" {
	write_scan "$LOGS" <<<'{}'
	report --status 0
	expect_line "$TEST_OUTPUT" 2 0 0 SUCCESS "All checks passed successfully"
	expect_line "$(<"$LOGS/clamscan-ec-test-amd64.json")" 2 0 0 SUCCESS "All checks passed successfully"
	[[ $IMAGES_PROCESSED == "{\"image\":{\"pullspec\":\"quay.example/a/b:1\",\"digests\":[\"sha256:$(printf 'a%.0s' {1..64})\",\"$IMAGE_DIGEST\"]}}" ]]
	jq -e '.output | endswith("Database version: 27900\n")' "$LOGS/clamscan-result-log-amd64.json"
}

@test "each result is one line with a line feed at its end" {
	write_scan "$LOGS" <<<'{}'
	report --status 0
	[[ $(wc -l <"$BATS_TEST_TMPDIR/TEST_OUTPUT") == 1 && $(wc -l <"$BATS_TEST_TMPDIR/IMAGES_PROCESSED") == 1 ]]
}

@test "a single image has its digest once in IMAGES_PROCESSED" {
	write_scan "$LOGS" <<<"{\"platforms\": [{\"platform\": \"linux/amd64\", \"suffix\": \"amd64\", \"digest\": \"$IMAGE_DIGEST\"}]}"
	report --status 0
	[[ $IMAGES_PROCESSED == "{\"image\":{\"pullspec\":\"quay.example/a/b:1\",\"digests\":[\"$IMAGE_DIGEST\"]}}" ]]
}

@test "an artifact has the suffix oci and no platform" {
	write_scan "$LOGS" <<<"{\"platforms\": [{\"platform\": null, \"suffix\": \"oci\", \"digest\": \"$IMAGE_DIGEST\"}]}"
	report --status 0 --platform linux/arm64
	expect_line "$(<"$LOGS/clamscan-ec-test-oci.json")" 2 0 0 SUCCESS "All checks passed successfully"
}

@test "malware is a FAILURE of as many hits" {
	write_scan "$LOGS" <<<"{\"verdict\": \"infected\", \"platforms\": [$AMD64, \"hits\": [[\"a\", \"X.1\"], [\"b\", \"X.1\"], [\"a\", \"X.2\"]]}]}"
	report --status 1
	expect_line "$TEST_OUTPUT" 1 3 0 FAILURE "Failures detected"
}

@test "heuristics are a WARNING" {
	write_scan "$LOGS" <<<"{\"platforms\": [$AMD64, \"hits\": [[\"a\", \"Heuristics.Encrypted.Zip\"], [\"b\", \"Heuristics.Opaque.Squashfs\"]]}]}"
	report --status 0
	expect_line "$TEST_OUTPUT" 1 0 2 WARNING "Warnings detected"
}

@test "malware beside heuristics leaves no rule a success" {
	write_scan "$LOGS" <<<"{\"verdict\": \"infected\", \"platforms\": [$AMD64, \"hits\": [[\"a\", \"Heuristics.Encrypted.Zip\"], [\"b\", \"X.1\"]]}]}"
	report --status 1
	expect_line "$TEST_OUTPUT" 0 1 1 FAILURE "Failures detected"
}

@test "platforms are summed up, and the worst result counts" {
	write_scan "$LOGS" <<<"{\"verdict\": \"infected\", \"platforms\": [
		$AMD64, \"hits\": [[\"a\", \"Heuristics.Encrypted.Zip\"]]}, $ARM64, \"hits\": [[\"b\", \"X.1\"], [\"c\", \"X.1\"]]},
		{\"platform\": \"linux/s390x\", \"suffix\": \"s390x\", \"digest\": \"sha256:3\"}]}"
	report --status 1
	expect_line "$TEST_OUTPUT" 4 2 1 FAILURE "Failures detected"
	expect_line "$(<"$LOGS/clamscan-ec-test-amd64.json")" 1 0 1 WARNING "Warnings detected"
	expect_line "$(<"$LOGS/clamscan-ec-test-arm64.json")" 1 2 0 FAILURE "Failures detected"
	expect_line "$(<"$LOGS/clamscan-ec-test-s390x.json")" 2 0 0 SUCCESS "All checks passed successfully"
	[[ $IMAGES_PROCESSED == *"[\"sha256:1\",\"sha256:2\",\"sha256:3\",\"$IMAGE_DIGEST\"]"* ]]
}

@test "two variants of one architecture keep their own files" {
	write_scan "$LOGS" <<<'{"platforms": [{"platform": "linux/arm/v6", "suffix": "arm", "digest": "sha256:6"},
		{"platform": "linux/arm/v7", "suffix": "arm-v7", "digest": "sha256:7"}]}'
	report --status 0
	expect_line "$TEST_OUTPUT" 4 0 0 SUCCESS "All checks passed successfully"
	[[ -e $LOGS/clamscan-ec-test-arm.json && -e $LOGS/clamscan-ec-test-arm-v7.json ]]
}

@test "a file that was not scanned makes an ERROR that names it" {
	write_scan "$LOGS" <<<"{\"verdict\": \"incomplete\", \"platforms\": [$AMD64}, $ARM64}],
		\"unscanned\": [{\"platform\": \"linux/arm64\", \"path\": \"opt/a b\", \"reason\": \"read-error\", \"detail\": \"Input/output error\"}]}"
	report --status 2
	expect_error "$TEST_OUTPUT" "linux/arm64 opt/a b (read-error: Input/output error)"
	# The other platform was looked at, and its line says so.
	expect_line "$(<"$LOGS/clamscan-ec-test-amd64.json")" 2 0 0 SUCCESS "All checks passed successfully"
	expect_error "$(<"$LOGS/clamscan-ec-test-arm64.json")" "linux/arm64 opt/a b (read-error: Input/output error)"
}

@test "a failure that belongs to no platform makes all of them an ERROR" {
	write_scan "$LOGS" <<<'{"verdict": "incomplete", "failures": [{"reason": "daemon", "platform": null, "detail": "clamd died"}]}'
	report --status 2
	expect_error "$TEST_OUTPUT" "(daemon: clamd died)"
	expect_error "$(<"$LOGS/clamscan-ec-test-amd64.json")" "(daemon: clamd died)"
}

@test "a limit that was hit is an ERROR, although the policy only warns of it" {
	write_scan "$LOGS" <<<"{\"verdict\": \"incomplete\", \"platforms\": [$AMD64, \"hits\": [[\"big\", \"Heuristics.Limits.Exceeded.MaxFileSize\"]]}],
		\"unscanned\": [{\"platform\": \"linux/amd64\", \"path\": \"big\", \"reason\": \"limit\", \"detail\": \"Heuristics.Limits.Exceeded.MaxFileSize\"}]}"
	report --status 2
	expect_error "$TEST_OUTPUT" "linux/amd64 big (limit: Heuristics.Limits.Exceeded.MaxFileSize)"
}

@test "malware on one platform is a FAILURE, and its note names what was not scanned on another" {
	write_scan "$LOGS" <<<"{\"verdict\": \"infected-incomplete\", \"platforms\": [$AMD64, \"hits\": [[\"a\", \"X.1\"]]}, $ARM64}],
		\"unscanned\": [{\"platform\": \"linux/arm64\", \"path\": \"b\", \"reason\": \"timeout\"}]}"
	report --status 3
	expect_line "$TEST_OUTPUT" 3 1 0 FAILURE "Failures detected; not scanned: linux/arm64 b (timeout). For details, check Tekton task log."
	expect_line "$(<"$LOGS/clamscan-ec-test-amd64.json")" 1 1 0 FAILURE "Failures detected"
}

@test "thousands of unscanned files are cut short, and both results stay under 3 KiB" {
	write_scan "$LOGS" < <(jq -n '{verdict: "incomplete", unscanned: [range(5000) | {platform: "linux/amd64", path: "dir/file<\(.)>\"&", reason: "timeout"}]}')
	report --status 2
	(($(cat "$BATS_TEST_TMPDIR"/{TEST_OUTPUT,IMAGES_PROCESSED} | wc -c) < 3072))
	[[ $TEST_OUTPUT =~ " and "([0-9]+)" more. For details" ]]
	shown=$(grep -o '(timeout)' <<<"$TEST_OUTPUT" | wc -l)
	((shown > 3 && shown + BASH_REMATCH[1] == 5000))
}

@test "forty platforms and a very long reference stay under 3 KiB, and the image's own digest is there" {
	write_scan "$LOGS" < <(jq -n '{verdict: "incomplete", failures: [{reason: "fetch", platform: null, detail: ("why " * 300)}],
		platforms: [range(40) | {platform: "linux/p\(.)", suffix: "p\(.)", digest: "sha256:\("0" * 62)\(. + 10)"}]}')
	report --status 2 --image-url "quay.example/$(printf 'x%.0s' {1..2000}):1"
	(($(cat "$BATS_TEST_TMPDIR"/{TEST_OUTPUT,IMAGES_PROCESSED} | wc -c) < 3072))
	jq -e --arg digest "$IMAGE_DIGEST" '.image.digests[-1] == $digest and (.image.digests | length) > 10' <<<"$IMAGES_PROCESSED"
	jq -e '.result == "ERROR"' <<<"$TEST_OUTPUT"
}

@test "control characters in names do not reach the note" {
	write_scan "$LOGS" <<<'{"verdict": "incomplete", "unscanned": [{"platform": null, "path": "a\u001b[31m\nb", "reason": "changed"}]}'
	report --status 2
	expect_error "$TEST_OUTPUT" 'a\\x1b[31m\\x0ab (changed)'
}

@test "no results are an ERROR with the launcher's last words" {
	mkdir "$LOGS"
	printf 'clamav-scan: unpacking\nclamav-scan: error: no room in /work: set --work-dir\n' >"$BATS_TEST_TMPDIR/errors"
	report --status 2 --errors "$BATS_TEST_TMPDIR/errors"
	jq -e '.result == "ERROR" and (.note | contains("the scan left no results") and contains("no room in /work"))' <<<"$TEST_OUTPUT"
	[[ $IMAGES_PROCESSED == '{"image":{"pullspec":"quay.example/a/b:1","digests":[]}}' ]]
}

@test "results that break off are an ERROR" {
	write_scan "$LOGS" <<<'{}'
	truncate -s 200 "$LOGS/results.json"
	report --status 0
	expect_error "$TEST_OUTPUT" "the scan left no results"
}

@test "a verdict that does not go with the exit status is an ERROR" {
	write_scan "$LOGS" <<<'{}'
	report --status 137
	expect_error "$TEST_OUTPUT" "the scanner ended with status 137, its verdict is clean"
	[[ $(<"$LOGS/clamscan-ec-test-amd64.json") == *'"result":"ERROR"'* ]]
}

@test "an unknown schema or verdict is an ERROR" {
	write_scan "$LOGS" <<<'{"lay_over": {"schema": 2}}'
	report --status 0
	expect_error "$TEST_OUTPUT" "results.json has the schema 2, not 1"
	write_scan "$LOGS" <<<'{"verdict": "fine"}'
	report --status 0
	expect_error "$TEST_OUTPUT" "results.json has the verdict fine"
}

@test "clean without a platform is an ERROR" {
	write_scan "$LOGS" <<<'{"platforms": []}'
	report --status 0
	expect_error "$TEST_OUTPUT" "no platform was scanned"
}

@test "another platform or another digest than the wanted one is an ERROR" {
	write_scan "$LOGS" <<<'{}'
	report --status 0 --platform linux/arm64
	expect_error "$TEST_OUTPUT" "linux/amd64 was scanned, not linux/arm64"
	write_scan "$LOGS" <<<'{"lay_over": {"target": {"digest": "sha256:1"}}}'
	report --status 0
	expect_error "$TEST_OUTPUT" "sha256:1 was scanned, not $IMAGE_DIGEST"
}

@test "a platform without a variant stands for all its variants" {
	write_scan "$LOGS" <<<'{"platforms": [{"platform": "linux/arm/v7", "suffix": "arm", "digest": "sha256:7"}]}'
	report --status 0 --platform linux/arm
	expect_line "$TEST_OUTPUT" 2 0 0 SUCCESS "All checks passed successfully"
}

@test "a log that is missing or breaks off is an ERROR" {
	write_scan "$LOGS" <<<'{}'
	rm "$LOGS/clamscan-result-amd64.log"
	report --status 0
	expect_error "$TEST_OUTPUT" "clamscan-result-amd64.log is missing"
	: >"$LOGS/clamscan-result-amd64.log"
	report --status 0
	expect_error "$TEST_OUTPUT" "clamscan-result-amd64.log has no summary: the scan did not end"
}

@test "malware that the results name and the log lacks is a FAILURE all the same" {
	write_scan "$LOGS" <<<"{\"verdict\": \"infected\", \"platforms\": [$AMD64, \"hits\": [[\"a\", \"X.1\"]]}]}"
	sed -i /FOUND/d "$LOGS/clamscan-result-amd64.log"
	report --status 1
	jq -e '.result == "FAILURE" and .failures == 1 and (.note | contains("has 0 malware hits, results.json 1"))' <<<"$TEST_OUTPUT"
}

@test "a problem that the caller names makes an ERROR" {
	write_scan "$LOGS" <<<'{}'
	report --status 0 --problem "interrupted by SIGTERM"
	expect_error "$TEST_OUTPUT" "interrupted by SIGTERM"
}

@test "warnings under --strict are an ERROR" {
	write_scan "$LOGS" <<<'{"verdict": "incomplete", "warnings": [{"kind": "database-age", "message": "old"}]}'
	report --status 2
	expect_error "$TEST_OUTPUT" "there are warnings, and the scan is strict"
}

@test "a log's name from the results cannot lead out of the folder" {
	write_scan "$LOGS" <<<'{"lay_over": {"platforms": [{"platform": "linux/amd64", "digest": "sha256:1", "log": "../../etc/passwd"}]}}'
	run report --status 0
	((status != 0))
	[[ $output == *"results.json names the log"* ]]
}

@test "a wrong command line is status 64" {
	run -64 "$PROJECT/libexec/report" --logs x
	run -64 "$PROJECT/libexec/report" --logs x --image-url y --image z --policy-engine opa
	[[ $output == *"the policy engine 'opa'"* ]]
}
