#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The Task, from parameters to the attached report: its own steps in real containers, against a real registry with TLS and a password.

# shellcheck disable=SC2034,SC2154 # what lib/task.bash reads and sets

load ../lib/images
load ../lib/registry
load ../lib/container
load ../lib/task

bats_require_minimum_version 1.5.0

setup_file() {
	task_setup_file
	CLEAN=$(publish clean <<<'{"layers": [{"entries": [{"path": "etc/motd", "text": "hello"}]}]}')
	INFECTED=$(publish infected <<<'{"layers": [{"entries": [{"path": "opt/a b\tc", "text": "@EICAR@"}, {"path": "x", "text": "x"}]}]}')
	export CLEAN INFECTED
}

teardown_file() {
	registry_stop
}

setup() {
	container_setup
}

teardown() {
	show_task
	container_teardown
}

logs() {
	find "$STATE/volumes/work/logs" -type f -printf '%f\n' | sort | tr '\n' ' '
}

# TEST_OUTPUT to the byte, but for the time.
expect() {
	local successes=$1 failures=$2 warnings=$3 result=$4 note=$5
	[[ $TEST_OUTPUT =~ ^\{\"timestamp\":\"[0-9]{10}\",(.*)$ ]] || return 1
	[[ ${BASH_REMATCH[1]} == "\"namespace\":\"required_checks\",\"successes\":$successes,\"failures\":$failures,\"warnings\":$warnings,\"result\":\"$result\",\"note\":\"$note\"}" ]]
}

expect_error() {
	[[ $TEST_OUTPUT =~ ^\{\"result\":\"ERROR\",\"timestamp\":\"[0-9T:-]{19}Z\",\"note\":\"(.*)\",\"namespace\":\"default\",\"successes\":0,\"failures\":0,\"warnings\":0\}$ ]] || return 1
	[[ ${BASH_REMATCH[1]} == *"For details, check Tekton task log." && ${BASH_REMATCH[1]} =~ $1 ]]
}

expect_images() {
	local name=$1
	shift
	[[ $IMAGES_PROCESSED == "{\"image\":{\"pullspec\":\"$REGISTRY/team/$name:v1\",\"digests\":$(jq -nc '$ARGS.positional' --args "$@")}}" ]]
}

# The titles and media types of what hangs at an image.
expect_attached() {
	local name=$1 digest=$2
	shift 2
	referrer "$name" "$digest" >"$BATS_TEST_TMPDIR/manifest"
	jq -e --arg digest "$digest" '.artifactType == "application/vnd.clamav" and .subject.digest == $digest
		and ([.layers[] | .annotations["org.opencontainers.image.title"]] == $ARGS.positional)
		and all(.layers[]; .mediaType == if .annotations["org.opencontainers.image.title"] | endswith(".log")
			then "text/vnd.clamav" else "application/vnd.konflux.test_output+json" end)' --args "$@" "$BATS_TEST_TMPDIR/manifest" || {
		jq . "$BATS_TEST_TMPDIR/manifest"
		return 1
	}
}

not_attached() {
	run registry_get "team/$1/manifests/${2/:/-}"
	[[ $output == *404* ]]
}

@test "a clean image" {
	run_task clean "$CLEAN"
	((task_status == 0))
	expect 2 0 0 SUCCESS "All checks passed successfully"
	expect_images clean "$CLEAN"
	[[ $(logs) == "artifact-meta.json clamscan-ec-test-amd64.json clamscan-result-amd64.log clamscan-result-log-amd64.json results.json " ]]
	expect_attached clean "$CLEAN" clamscan-result-amd64.log clamscan-ec-test-amd64.json
	jq -e '.artifact.type == "image"' "$STATE/volumes/work/logs/artifact-meta.json"
	grep -qx -- '----------- SCAN SUMMARY -----------' "$STATE/volumes/work/logs/clamscan-result-amd64.log"
}

@test "an infected image, in a file with white space in its name" {
	run_task infected "$INFECTED"
	((task_status == 0))
	expect 1 1 0 FAILURE "Failures detected"
	expect_images infected "$INFECTED"
	grep -qx 'opt/a\\x20b\\x09c: Eicar-Signature FOUND' "$STATE/volumes/work/logs/clamscan-result-amd64.log"
	expect_attached infected "$INFECTED" clamscan-result-amd64.log clamscan-ec-test-amd64.json
	# A person in a hurry finds it near the end of the step's log.
	tail -n 15 "$STATE/extract-and-scan-image.log" | grep -q 'opt/a b'
}

@test "contents that nobody can look into are a WARNING" {
	local digest
	(cd "$BATS_TEST_TMPDIR" && echo secret >file && zip -q -P password box.zip file)
	digest=$(publish heuristic <<<"{\"layers\": [{\"entries\": [{\"path\": \"box.zip\", \"base64\": \"$(base64 -w 0 "$BATS_TEST_TMPDIR/box.zip")\"}]}]}")
	run_task heuristic "$digest"
	((task_status == 0))
	expect 1 0 1 WARNING "Warnings detected"
	expect_attached heuristic "$digest" clamscan-result-amd64.log clamscan-ec-test-amd64.json
}

# amd64 is infected, arm64 is not.
publish_index() {
	publish "$1" <<<'{"manifests": [
		{"platform": "linux/amd64", "layers": [{"entries": [{"path": "shared", "text": "s"}]}, {"entries": [{"path": "bad", "text": "@EICAR@"}]}]},
		{"platform": "linux/arm64", "layers": [{"entries": [{"path": "shared", "text": "s"}]}]}]}'
}

@test "several platforms, summed up, with the digests of each and of the index" {
	local digest
	digest=$(publish_index index)
	run_task index "$digest"
	((task_status == 0))
	expect 3 1 0 FAILURE "Failures detected"
	mapfile -t children < <(registry_get "team/index/manifests/$digest" | jq -r '.manifests[].digest')
	expect_images index "${children[@]}" "$digest"
	expect_attached index "$digest" clamscan-result-{amd64,arm64}.log clamscan-ec-test-{amd64,arm64}.json
}

@test "image-arch takes one platform of an index" {
	local digest
	digest=$(publish_index matrix)
	run_task matrix "$digest" --param image-arch=linux-mlarge/arm64
	expect 2 0 0 SUCCESS "All checks passed successfully"
	child=$(registry_get "team/matrix/manifests/$digest" | jq -r '.manifests[1].digest')
	expect_images matrix "$child" "$digest"
	expect_attached matrix "$digest" clamscan-result-arm64.log clamscan-ec-test-arm64.json
}

@test "image-arch that the index lacks is an ERROR" {
	local digest
	digest=$(publish_index lacking)
	run_task lacking "$digest" --param image-arch=linux/s390x
	((task_status == 0))
	expect_error s390x
	not_attached lacking "$digest"
}

@test "image-arch that a single image does not have is an ERROR" {
	run_task clean "$CLEAN" --param image-arch=arm64
	((task_status == 0))
	expect_error arm64
}

@test "two arm variants have logs of their own" {
	local digest
	digest=$(publish arms <<<'{"manifests": [{"platform": "linux/arm/v6", "layers": [{"entries": [{"path": "a", "text": "6"}]}]},
		{"platform": "linux/arm/v7", "layers": [{"entries": [{"path": "a", "text": "@EICAR@"}]}]}]}')
	run_task arms "$digest"
	expect 3 1 0 FAILURE "Failures detected"
	[[ $(find "$STATE/volumes/work/logs" -name 'clamscan-ec-test-arm*.json' | wc -l) == 2 ]]
	[[ $(referrer arms "$digest" | jq '.layers | length') == 4 ]]
}

@test "an OCI artifact is scanned file by file" {
	local digest
	digest=$(publish artifact <<<'{"artifact_type": "application/vnd.example", "platform": null,
		"config": "{}", "config_media_type": "application/vnd.oci.empty.v1+json",
		"layers": [{"blob": "@EICAR@", "media_type": "application/octet-stream"}]}')
	run_task artifact "$digest"
	((task_status == 0))
	expect 1 1 0 FAILURE "Failures detected"
	expect_images artifact "$digest"
	expect_attached artifact "$digest" clamscan-result-oci.log clamscan-ec-test-oci.json
	jq -e '.artifact.type == "oci" and .artifact.artifactType == "application/vnd.example"' "$STATE/volumes/work/logs/artifact-meta.json"
}

@test "an attestation is SKIPPED, and nothing is attached" {
	run_task clean "$CLEAN" --param "image-url=$REGISTRY/team/clean:sha256-1.att"
	((task_status == 0))
	expect 0 0 0 SKIPPED "All checks were skipped"
}

@test "skip-upload leaves the registry as it was" {
	local digest
	digest=$(publish unattached <<<'{"layers": [{"entries": [{"path": "a", "text": "only here"}]}]}')
	run_task unattached "$digest" --param skip-upload=true
	((task_status == 0))
	expect 2 0 0 SUCCESS "All checks passed successfully"
	not_attached unattached "$digest"
}

@test "a registry that is down is an ERROR" {
	run_task clean "$CLEAN" --param "image-url=127.0.0.1:$(registry_free_port)/team/clean:v1"
	((task_status == 0))
	expect_error 'cannot fetch the image: the registry refuses connections'
	[[ $(<"$STATE/upload.log") == *"nothing to attach"* ]]
}

@test "no credentials are an ERROR" {
	echo '{}' >"$BATS_TEST_TMPDIR/none.json"
	run_task clean "$CLEAN" --auth "$BATS_TEST_TMPDIR/none.json"
	((task_status == 0))
	expect_error 'the registry wants a login'
}

@test "credentials for another repository alone are an ERROR, those for a namespace will do" {
	local login
	login=$(printf tester:secret | base64)
	echo "{\"auths\": {\"$REGISTRY/other\": {\"auth\": \"$login\"}}}" >"$BATS_TEST_TMPDIR/auth.json"
	run_task clean "$CLEAN" --auth "$BATS_TEST_TMPDIR/auth.json"
	expect_error 'the registry wants a login'
	echo "{\"auths\": {\"$REGISTRY/team\": {\"auth\": \"$login\"}, \"$REGISTRY\": {\"auth\": \"$(printf x:y | base64)\"}}}" >"$BATS_TEST_TMPDIR/auth.json"
	rm -rf "$STATE"
	run_task clean "$CLEAN" --auth "$BATS_TEST_TMPDIR/auth.json"
	expect 2 0 0 SUCCESS "All checks passed successfully"
	((task_status == 0))
}

@test "a CA that is not known is an ERROR" {
	run_task clean "$CLEAN" --param ca-trust-config-map-name=other
	((task_status == 0))
	expect_error 'certificate'
}

@test "a digest that is not there is an ERROR" {
	run_task clean "sha256:$(printf '0%.0s' {1..64})"
	((task_status == 0))
	expect_error 'the registry does not have it'
	expect_images clean
}

@test "a parameter that is wrong is an ERROR that quotes it" {
	run_task clean "$CLEAN" --param scan-threads=many
	((task_status == 0))
	expect_error "'many'"
}

@test "parameters are text: nothing in them is run" {
	# shellcheck disable=SC2016 # not here either
	run_task clean "$CLEAN" --param 'image-url=$(touch /work/pwned)`touch /work/pwned`"; touch /work/pwned #' --param 'image-arch=$(params.image-url)'
	expect_error 'is no image reference'
	[[ ! -e $STATE/volumes/work/pwned ]]
}

@test "clamav-scan-min does the same" {
	TASK=$PROJECT/task/clamav-scan-min/0.3/clamav-scan-min.yaml run_task infected "$INFECTED" --param skip-upload=true
	((task_status == 0))
	expect 1 1 0 FAILURE "Failures detected"
}
