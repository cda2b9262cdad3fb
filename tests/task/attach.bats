#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# libexec/attach and libexec/registry-auth against a real registry with TLS and a password.

load ../lib/images
load ../lib/registry
load ../lib/scan-results

bats_require_minimum_version 1.5.0

setup_file() {
	PROJECT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	"$PROJECT/scripts/build-tools" regctl
	export PROJECT PATH=$PROJECT/tools/bin:$PATH HOME=$BATS_FILE_TMPDIR
	unset DOCKER_CONFIG REGISTRY_AUTH_FILE
	registry_start --tls --auth tester:secret
	export REGISTRY REGISTRY_PID REGISTRY_DIR REGISTRY_CA REGISTRY_AUTHFILE
	make_images "$BATS_FILE_TMPDIR/layout" <<<'[{"tag": "index", "manifests": [{"layers": [{"entries": [{"path": "a", "text": "a"}]}]}]},
		{"tag": "image", "layers": [{"entries": [{"path": "b", "text": "b"}]}]}]'
}

teardown_file() {
	registry_stop
}

setup() {
	LOGS=$BATS_TEST_TMPDIR/logs
	export SSL_CERT_DIR=/etc/ssl/certs:$REGISTRY_CA
	# A repository of its own, so that no test sees another's referrers.
	REPOSITORY=$REGISTRY/team/test$BATS_TEST_NUMBER
	push index
	write_scan "$LOGS" <<<'{"platforms": [{"platform": "linux/amd64", "suffix": "amd64", "digest": "sha256:1"},
		{"platform": "linux/arm64", "suffix": "arm64", "digest": "sha256:2"}]}'
	"$PROJECT/libexec/report" --logs "$LOGS" --image-url "$REPOSITORY:1" --image "$REPOSITORY@$IMAGE_DIGEST" --status 0 >"$BATS_TEST_TMPDIR/report"
}

# Pushes an image of the layout; its digest becomes SUBJECT.
push() {
	SUBJECT=$(image_digest "$BATS_FILE_TMPDIR/layout" "$1")
	skopeo copy --all --quiet --authfile "$REGISTRY_AUTHFILE" --dest-cert-dir "$REGISTRY_CA" \
		"oci:$BATS_FILE_TMPDIR/layout:$1" "docker://$REPOSITORY:$1"
}

# One of the registry's answers: PATH below /v2/NAME.
get() {
	curl -fsS --cacert "$REGISTRY_CA/ca.crt" -u tester:secret -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
		-H 'Accept: application/vnd.oci.image.index.v1+json' "https://$REGISTRY/v2/${REPOSITORY#*/}/$1"
}

attach() {
	"$PROJECT/libexec/attach" --authfile "$REGISTRY_AUTHFILE" --logs "$LOGS" "$@"
}

@test "the logs and the results hang at the image, under the fallback tag where there is no referrers API" {
	attach "$REPOSITORY@$SUBJECT"
	get "manifests/${SUBJECT/:/-}" >"$BATS_TEST_TMPDIR/list"
	jq -e '.mediaType == "application/vnd.oci.image.index.v1+json" and (.manifests | length) == 1
		and .manifests[0].artifactType == "application/vnd.clamav"' "$BATS_TEST_TMPDIR/list"
	get "manifests/$(jq -r '.manifests[0].digest' "$BATS_TEST_TMPDIR/list")" >"$BATS_TEST_TMPDIR/manifest"
	jq -e --arg subject "$SUBJECT" '.mediaType == "application/vnd.oci.image.manifest.v1+json" and .artifactType == "application/vnd.clamav"
		and .subject.digest == $subject and .subject.mediaType == "application/vnd.oci.image.index.v1+json"
		and .config.mediaType == "application/vnd.oci.empty.v1+json" and .annotations["org.opencontainers.image.created"] != null
		and [.layers[] | [.annotations["org.opencontainers.image.title"], .mediaType]] == [
			["clamscan-result-amd64.log", "text/vnd.clamav"], ["clamscan-result-arm64.log", "text/vnd.clamav"],
			["clamscan-ec-test-amd64.json", "application/vnd.konflux.test_output+json"],
			["clamscan-ec-test-arm64.json", "application/vnd.konflux.test_output+json"]]' "$BATS_TEST_TMPDIR/manifest"
}

@test "a file comes back from the registry as it was attached" {
	attach "$REPOSITORY@$SUBJECT"
	manifest=$(get "manifests/${SUBJECT/:/-}" | jq -r '.manifests[0].digest')
	blob=$(get "manifests/$manifest" | jq -r '.layers[0].digest')
	get "blobs/$blob" | cmp - "$LOGS/clamscan-result-amd64.log"
}

@test "several attachments at once all stand in the list afterwards" {
	local i
	local -a pids=()
	for i in 1 2 3 4; do
		mkdir "$BATS_TEST_TMPDIR/$i"
		echo "$i" >"$BATS_TEST_TMPDIR/$i/clamscan-result-$i.log"
		attach --logs "$BATS_TEST_TMPDIR/$i" "$REPOSITORY@$SUBJECT" 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	[[ $(get "manifests/${SUBJECT/:/-}" | jq '.manifests | length') == 4 ]]
}

@test "a relative folder and a plain image will do" {
	push image
	cd "$BATS_TEST_TMPDIR"
	attach --logs logs "$REPOSITORY@$SUBJECT"
	[[ $(get "manifests/${SUBJECT/:/-}" | jq '.manifests | length') == 1 ]]
}

@test "an empty folder attaches nothing" {
	mkdir "$BATS_TEST_TMPDIR/empty"
	run -0 attach --logs "$BATS_TEST_TMPDIR/empty" "$REPOSITORY@$SUBJECT"
	[[ $output == "No files to attach in $BATS_TEST_TMPDIR/empty." ]]
	run get "manifests/${SUBJECT/:/-}"
	[[ $output == *404* ]]
}

@test "without credentials it fails, and says so once" {
	run -1 "$PROJECT/libexec/attach" --logs "$LOGS" "$REPOSITORY@$SUBJECT"
	[[ $output == "attach: cannot attach to $REPOSITORY@$SUBJECT: "*unauthorized* && ${#lines[@]} == 1 ]]
}

@test "with a wrong password it fails, and shows no secret" {
	printf '{"auths": {"%s": {"auth": "%s"}}}' "$REGISTRY" "$(printf tester:wr0ng | base64)" >"$BATS_TEST_TMPDIR/auth.json"
	run -1 "$PROJECT/libexec/attach" --authfile "$BATS_TEST_TMPDIR/auth.json" --logs "$LOGS" "$REPOSITORY@$SUBJECT"
	[[ $output == *unauthorized* && $output != *wr0ng* && $output != *"$(printf tester:wr0ng | base64)"* ]]
}

@test "with a certificate of another CA it fails, and says so" {
	unset SSL_CERT_DIR
	run -1 attach "$REPOSITORY@$SUBJECT"
	[[ $output == *"certificate signed by unknown authority"* && ${#lines[@]} == 1 ]]
}

@test "an image that is not there is not tried twice" {
	run -1 attach "$REPOSITORY@$IMAGE_DIGEST"
	[[ $output == *"not found"* && $output != *"trying again"* ]]
}

@test "a registry that is down is tried again, then it fails" {
	port=$(registry_free_port)
	run -1 attach --tries 2 "127.0.0.1:$port/a/b@$SUBJECT"
	[[ ${lines[0]} == *"attempt 1 failed, trying again in 1 s: "*refused* && ${lines[1]} == "attach: cannot attach to "*refused* ]]
}

@test "a reference without a digest is status 64" {
	run -64 attach "$REPOSITORY:index"
	[[ $output == *"has no digest"* ]]
}

registry_auth() {
	"$PROJECT/libexec/registry-auth" "$@"
}

write_auth() {
	jq -n "$1" >"$BATS_TEST_TMPDIR/auth.json"
}

@test "the longest entry that fits a repository is picked" {
	write_auth '{auths: {"r.example": {auth: "host"}, "r.example/team": {auth: "team"}, "r.example/team/app": {auth: "app"},
		"r.example/team/application": {auth: "no"}, "other.example/team/app": {auth: "no"}}}'
	[[ $(registry_auth r.example/team/app "$BATS_TEST_TMPDIR/auth.json") == '{"auths":{"r.example":{"auth":"app"}}}' ]]
	[[ $(registry_auth r.example/team/app/web "$BATS_TEST_TMPDIR/auth.json") == '{"auths":{"r.example":{"auth":"app"}}}' ]]
	[[ $(registry_auth r.example/team/apps "$BATS_TEST_TMPDIR/auth.json") == '{"auths":{"r.example":{"auth":"team"}}}' ]]
	[[ $(registry_auth r.example/teams/app "$BATS_TEST_TMPDIR/auth.json") == '{"auths":{"r.example":{"auth":"host"}}}' ]]
	[[ $(registry_auth third.example/app "$BATS_TEST_TMPDIR/auth.json") == '{"auths":{}}' ]]
}

@test "entries with a scheme, a port and Docker Hub's own names are understood" {
	write_auth '{auths: {"https://r.example:5000/v2/": {auth: "port"}, "https://index.docker.io/v1/": {auth: "hub"}}}'
	[[ $(registry_auth r.example:5000/app "$BATS_TEST_TMPDIR/auth.json") == '{"auths":{"r.example:5000":{"auth":"port"}}}' ]]
	[[ $(registry_auth r.example/app "$BATS_TEST_TMPDIR/auth.json") == '{"auths":{}}' ]]
	[[ $(registry_auth docker.io/library/debian "$BATS_TEST_TMPDIR/auth.json") == '{"auths":{"https://index.docker.io/v1/":{"auth":"hub"}}}' ]]
}

@test "an entry without a login is passed over, one with a token is not" {
	write_auth '{auths: {"r.example/a": {}, "r.example": {identitytoken: "token"}}}'
	[[ $(registry_auth r.example/a "$BATS_TEST_TMPDIR/auth.json") == '{"auths":{"r.example":{"identitytoken":"token"}}}' ]]
}

@test "a credential helper is named as not supported" {
	write_auth '{credsStore: "desktop", credHelpers: {"r.example": "ecr-login"}}'
	run -0 --separate-stderr registry_auth r.example/a "$BATS_TEST_TMPDIR/auth.json"
	# shellcheck disable=SC2154 # bats sets it
	[[ $output == '{"auths":{}}' && $stderr == *"'ecr-login' for r.example: not supported"* ]]
	run -0 --separate-stderr registry_auth other.example/a "$BATS_TEST_TMPDIR/auth.json"
	[[ $stderr == *"'desktop' for other.example: not supported"* ]]
}

@test "a broken auth file is an error that shows nothing of it" {
	echo '{"auths": {"r.example": {"auth": "s3cret"' >"$BATS_TEST_TMPDIR/auth.json"
	run -1 registry_auth r.example/a "$BATS_TEST_TMPDIR/auth.json"
	[[ $output == *"is no Docker auth file"* && $output != *s3cret* ]]
}

@test "no auth file means no credentials, unless one was named" {
	[[ $(registry_auth r.example/a) == '{"auths":{}}' ]]
	run -1 registry_auth r.example/a "$BATS_TEST_TMPDIR/missing.json"
}

@test "the usual places of the auth file are looked at" {
	mkdir -p "$BATS_TEST_TMPDIR/home/.docker" "$BATS_TEST_TMPDIR/docker"
	echo '{"auths": {"r.example": {"auth": "home"}}}' >"$BATS_TEST_TMPDIR/home/.docker/config.json"
	echo '{"auths": {"r.example": {"auth": "docker"}}}' >"$BATS_TEST_TMPDIR/docker/config.json"
	[[ $(HOME=$BATS_TEST_TMPDIR/home registry_auth r.example/a) == *home* ]]
	[[ $(HOME=$BATS_TEST_TMPDIR/home DOCKER_CONFIG=$BATS_TEST_TMPDIR/docker registry_auth r.example/a) == *docker* ]]
}
