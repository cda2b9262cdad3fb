#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The logic of the Task's two steps, with a stand-in for the launcher that does what a test wants of it. The real one is in task.bats.

load ../lib/scan-results

bats_require_minimum_version 1.5.0

setup() {
	PROJECT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	export WORK=$BATS_TEST_TMPDIR/work HOME=$BATS_TEST_TMPDIR/work PATH=$BATS_TEST_TMPDIR/bin:$PATH
	mkdir -p "$WORK" "$BATS_TEST_TMPDIR/bin" "$BATS_TEST_TMPDIR/results" "$BATS_TEST_TMPDIR/shm"
	export IMAGE_URL=quay.example/team/app:1 IMAGE_DIGEST IMAGE_ARCH='' SCAN_THREADS=auto MAX_SCAN_THREADS=8 CLAMD_MAX_THREADS=''
	export TEST_OUTPUT_PATH=$BATS_TEST_TMPDIR/results/TEST_OUTPUT IMAGES_PROCESSED_PATH=$BATS_TEST_TMPDIR/results/IMAGES_PROCESSED
	export SCAN_TMP=$BATS_TEST_TMPDIR/shm STEP_MEMORY_LIMIT=0 CA_BUNDLE_DIR=$BATS_TEST_TMPDIR/ca TASK_NAME=clamav-scan
	unset DOCKER_CONFIG REGISTRY_AUTH_FILE SSL_CERT_DIR
	# What a scan leaves, for the launcher to put there.
	write_scan "$BATS_TEST_TMPDIR/scan" <<<'{}'
	launcher 'leave clean 0'
}

# A clamav-scan that notes its arguments and environment, then runs the code.
launcher() {
	cat >"$BATS_TEST_TMPDIR/bin/clamav-scan" <<-LAUNCHER
		#!/usr/bin/env bash
		printf '%s\n' "\$@" >"$BATS_TEST_TMPDIR/arguments"
		printf '%s\n' "SSL_CERT_DIR=\${SSL_CERT_DIR-}" "data=\$(ulimit -d)" >"$BATS_TEST_TMPDIR/environment"
		leave() {
			cp -r "$BATS_TEST_TMPDIR"/scan/. "$WORK/logs/"
			echo "the summary"
			exit "\$2"
		}
		$1
	LAUNCHER
	chmod +x "$BATS_TEST_TMPDIR/bin/clamav-scan"
}

step() {
	(cd "$WORK" && "$PROJECT/libexec/task-scan")
}

result() {
	jq -e "$1" "$TEST_OUTPUT_PATH"
}

argument_of() {
	grep -A1 -x -e "$1" "$BATS_TEST_TMPDIR/arguments" | tail -n 1
}

scanned_reference() {
	tail -n 1 "$BATS_TEST_TMPDIR/arguments"
}

@test "a clean scan writes both results, and the summary is the last of the log" {
	run -0 step
	[[ ${lines[-1]} == "the summary" && ${lines[-2]} == "$(<"$TEST_OUTPUT_PATH")" ]]
	result '.result == "SUCCESS" and .successes == 2'
	jq -e '.image.pullspec == "quay.example/team/app:1"' "$IMAGES_PROCESSED_PATH"
}

@test "the launcher is given the digest, the work folder, the logs and the threads" {
	SCAN_THREADS=6 MAX_SCAN_THREADS=7 step
	[[ $(head -n 1 "$BATS_TEST_TMPDIR/arguments") == image ]]
	[[ $(scanned_reference) == "docker://quay.example/team/app@$IMAGE_DIGEST" ]]
	[[ $(argument_of --output) == "$WORK/logs" && $(argument_of --threads) == 6 && $(argument_of --max-threads) == 7 ]]
	[[ $(argument_of --platform) == all ]]
}

@test "clamd-max-threads counts when it is given" {
	CLAMD_MAX_THREADS=3 step
	[[ $(argument_of --max-threads) == 3 && $(argument_of --threads) == auto ]]
}

@test "the image's URL may have a port, a tag, a digest, all or none of them" {
	local url
	for url in 127.0.0.1:5000/a/b 127.0.0.1:5000/a/b:v1 "127.0.0.1:5000/a/b:v1@sha256:$(printf '1%.0s' {1..64})" $'127.0.0.1:5000/a/b:v1\n'; do
		IMAGE_URL=$url step
		[[ $(scanned_reference) == "docker://127.0.0.1:5000/a/b@$IMAGE_DIGEST" ]]
	done
	IMAGE_URL=debian:12 step
	[[ $(scanned_reference) == "docker://docker.io/library/debian@$IMAGE_DIGEST" ]]
	jq -e '.image.pullspec == "debian:12"' "$IMAGES_PROCESSED_PATH"
}

@test "a line feed at the end of the digest does no harm" {
	IMAGE_DIGEST=$IMAGE_DIGEST$'\n' step
	result '.result == "SUCCESS"'
}

@test "the digest of the URL serves where none is given" {
	local digest=$IMAGE_DIGEST
	IMAGE_URL=quay.example/team/app@$digest IMAGE_DIGEST='' step
	result '.result == "SUCCESS"'
	[[ $(scanned_reference) == "docker://quay.example/team/app@$digest" ]]
}

@test "a URL that is none, or no digest, is an ERROR and status 0" {
	local url
	# shellcheck disable=SC2016 # nothing is to be expanded
	for url in '' '--authfile' 'quay.example/a b:1x/..' 'quay.example/team/$(id)' 'UPPER/Case' '../etc'; do
		rm -f "$BATS_TEST_TMPDIR/arguments"
		IMAGE_URL=$url run -0 step
		result '.result == "ERROR" and .namespace == "default" and (.note | contains("is no image reference"))'
		[[ ! -e $BATS_TEST_TMPDIR/arguments ]]
	done
	IMAGE_DIGEST=sha256:123 run -0 step
	result '.result == "ERROR" and (.note | contains("image-digest '\''sha256:123'\'' is no digest"))'
	[[ ! -e $BATS_TEST_TMPDIR/arguments && $(jq -c .image.digests "$IMAGES_PROCESSED_PATH") == "[]" ]]
}

@test "an attestation is SKIPPED" {
	rm -f "$BATS_TEST_TMPDIR/arguments"
	IMAGE_URL=quay.example/team/app:sha256-1234.att run -0 step
	[[ $(jq -c 'del(.timestamp)' "$TEST_OUTPUT_PATH") == '{"namespace":"required_checks","successes":0,"failures":0,"warnings":0,"result":"SKIPPED","note":"All checks were skipped"}' ]]
	IMAGE_DIGEST=sha256-1234.att run -0 step
	result '.result == "SKIPPED"'
	[[ ! -e $BATS_TEST_TMPDIR/arguments ]]
}

@test "a repository that only looks like an attestation is scanned" {
	IMAGE_URL=quay.example/team/app.att step
	result '.result == "SUCCESS"'
}

@test "image-arch names one platform in any of its forms" {
	local arch
	write_scan "$BATS_TEST_TMPDIR/scan" <<<'{"platforms": [{"platform": "linux/amd64", "suffix": "amd64", "digest": "sha256:1"}]}'
	for arch in amd64 linux/amd64 linux/x86_64 x86_64 linux-root/amd64 local localhost linux/local; do
		IMAGE_ARCH=$arch run -0 step
		[[ $(argument_of --platform) == linux/amd64 ]]
		result '.result == "SUCCESS"'
		[[ $arch != local* || $output == *"image-arch '$arch'"*"taken for amd64"* ]]
	done
	write_scan "$BATS_TEST_TMPDIR/scan" <<<'{"platforms": [{"platform": "linux/arm/v7", "suffix": "arm", "digest": "sha256:1"}]}'
	IMAGE_ARCH=linux-mlarge/arm/v7 run -0 step
	[[ $(argument_of --platform) == linux/arm/v7 ]]
	result '.result == "SUCCESS"'
}

@test "another platform than the wanted one is an ERROR" {
	IMAGE_ARCH=linux-mlarge/arm64 run -0 step
	[[ $(argument_of --platform) == linux/arm64 ]]
	result '.result == "ERROR" and (.note | contains("linux/amd64 was scanned, not linux/arm64"))'
}

@test "the other outcomes of a scan are passed on with status 0" {
	write_scan "$BATS_TEST_TMPDIR/scan" <<<'{"verdict": "infected", "platforms": [{"platform": "linux/amd64", "suffix": "amd64",
		"digest": "sha256:1", "hits": [["a", "X.1"]]}]}'
	launcher 'leave infected 1'
	run -0 step
	result '.result == "FAILURE" and .failures == 1'
}

@test "a wrong thread count is an ERROR with the launcher's words" {
	launcher "echo \"clamav-scan: --threads is 'many', not auto or a number\" >&2; exit 64"
	SCAN_THREADS=many run -0 step
	result ".result == \"ERROR\" and (.note | contains(\"--threads is 'many'\"))"
}

@test "a launcher that is killed is an ERROR, also with an earlier run's results about" {
	launcher 'kill -9 $$'
	run -0 step
	result '.result == "ERROR"'
	launcher 'leave() { cp -r '"$BATS_TEST_TMPDIR"'/scan/. '"$WORK"'/logs/; }; leave; kill -9 $$'
	run -0 step
	result '.result == "ERROR" and (.note | contains("the scanner ended with status 137, its verdict is clean"))'
}

@test "a launcher that is missing is an ERROR" {
	rm "$BATS_TEST_TMPDIR/bin/clamav-scan"
	run -0 step
	result '.result == "ERROR"'
}

# Runs the step as the leader of its own process group; sets step_pid. Returns when the launcher has begun.
start_step() {
	# A launcher that counts its signals and ends a moment after the first.
	launcher "trap 'echo TERM >>\"$BATS_TEST_TMPDIR/signals\"' TERM
		touch \"$BATS_TEST_TMPDIR/begun\"
		until [[ -e $BATS_TEST_TMPDIR/signals ]]; do sleep 0.05; done
		sleep 0.5
		leave incomplete 2"
	write_scan "$BATS_TEST_TMPDIR/scan" <<<'{"verdict": "incomplete", "failures": [{"reason": "interrupted", "platform": null, "detail": "ended"}]}'
	# A script's background job ignores SIGINT, and setsid makes the group.
	(cd "$WORK" && exec setsid env --default-signal "$PROJECT/libexec/task-scan" >"$BATS_TEST_TMPDIR/log" 2>&1 3>&-) &
	step_pid=$!
	local end=$((SECONDS + 20))
	until [[ -e $BATS_TEST_TMPDIR/begun ]]; do
		((SECONDS < end)) || return 1
		sleep 0.05
	done
}

expect_interrupted() {
	wait "$step_pid"
	result '.result == "ERROR" and (.note | contains("interrupted by '"$1"'") and contains("(interrupted: ended)"))'
	[[ $(<"$BATS_TEST_TMPDIR/signals") == TERM ]]
}

@test "SIGTERM ends the scan in good order, and the result says so" {
	start_step
	kill -TERM "$step_pid"
	expect_interrupted SIGTERM
}

@test "SIGTERM to the whole process group, as Tekton sends it, reaches the launcher once" {
	start_step
	kill -TERM -- "-$step_pid"
	expect_interrupted SIGTERM
}

@test "SIGINT does the same" {
	start_step
	kill -INT "$step_pid"
	expect_interrupted SIGINT
}

@test "a step that is killed leaves an ERROR" {
	start_step
	result '.result == "ERROR" and (.note | contains("did not end"))'
	kill -KILL "$step_pid"
	wait "$step_pid" || true # its status is the signal's
	result '.result == "ERROR"'
	touch "$BATS_TEST_TMPDIR/signals"
}

@test "results that cannot be written are the one reason for status 1" {
	TEST_OUTPUT_PATH=/nonexistent/TEST_OUTPUT run -1 step
	[[ $output == *"the results cannot be written"* ]]
}

@test "a bundle of CA certificates is trusted, an empty one is none" {
	mkdir "$BATS_TEST_TMPDIR/ca"
	: >"$BATS_TEST_TMPDIR/ca/ca-bundle.crt"
	step
	grep -qx 'SSL_CERT_DIR=' "$BATS_TEST_TMPDIR/environment"
	echo certificate >"$BATS_TEST_TMPDIR/ca/ca-bundle.crt"
	run -0 step
	grep -qx "SSL_CERT_DIR=/etc/ssl/certs:/etc/pki/tls/certs:$BATS_TEST_TMPDIR/ca" "$BATS_TEST_TMPDIR/environment"
	[[ $output == *"ca-bundle.crt are trusted"* ]]
}

@test "the launcher is given the credentials for the repository alone, and they are gone afterwards" {
	mkdir "$WORK/.docker"
	echo '{"auths": {"quay.example/team": {"auth": "dGVhbQ=="}, "other.example": {"auth": "b3RoZXI="}}}' >"$WORK/.docker/config.json"
	# shellcheck disable=SC2016 # for the launcher to expand
	launcher 'cp -p "$(grep -A1 -x -e --authfile "'"$BATS_TEST_TMPDIR"'/arguments" | tail -n 1)" "'"$BATS_TEST_TMPDIR"'/given"; leave clean 0'
	run -0 step
	[[ $(<"$BATS_TEST_TMPDIR/given") == '{"auths":{"quay.example":{"auth":"dGVhbQ=="}}}' ]]
	[[ $(stat -c %a "$BATS_TEST_TMPDIR/given") == 600 && ! -e $WORK/auth.json ]]
	[[ $output != *dGVhbQ* ]]
}

@test "clamd may use less than the step's memory" {
	STEP_MEMORY_LIMIT=$((3 << 30)) step
	limit=$(sed -n 's/^data=//p' "$BATS_TEST_TMPDIR/environment")
	# What the memory-backed folder cannot take, and a reserve, stay free; what is left must hold the database.
	((limit < 3 << 20 && limit > 3 << 19))
	STEP_MEMORY_LIMIT=0 step
	grep -qx data=unlimited "$BATS_TEST_TMPDIR/environment"
}

@test "a clamd that wanted more memory is named with what it could have" {
	write_scan "$BATS_TEST_TMPDIR/scan" <<<'{"verdict": "incomplete", "failures": [{"reason": "daemon", "platform": null,
		"detail": "LibClamAV Error: cli_malloc(): Can'\''t allocate memory (262144 bytes)."}]}'
	launcher 'leave incomplete 2'
	STEP_MEMORY_LIMIT=$((3 << 30)) run -0 step
	result '.result == "ERROR" and (.note | test("clamd wanted more than the [0-9]+ MiB of memory left to it by the step \\(3072 MiB\\)"))'
}

@test "a workspace that has no use yet is said to have none" {
	IGNORE_DIR=/workspace/ignore CACHE_DIR=/workspace/cache run -0 step
	[[ $output == *"nothing is ignored"* && $output == *"everything is scanned"* ]]
}

upload() {
	(cd "$WORK" && "$PROJECT/libexec/task-upload")
}

@test "skip-upload attaches nothing, and a wrong value is refused" {
	step
	SKIP_UPLOAD=true run -0 upload
	[[ $output == "skip-upload is true: nothing is attached." ]]
	SKIP_UPLOAD=maybe run -1 upload
	[[ $output == "task-upload: skip-upload is 'maybe', neither true nor false" ]]
}

@test "a step that left no logs leaves nothing to attach" {
	IMAGE_DIGEST=sha256:123 step
	SKIP_UPLOAD=false run -0 upload
	[[ $output == "The scan left nothing to attach." ]]
}
