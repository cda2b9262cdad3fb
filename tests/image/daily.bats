#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2153,SC2154,SC2030,SC2031 # variables of lib/container; each test is a subshell of its own
# The daily rebuild, for real: a web server with the database, a registry, and what a user would pull.

load ../lib/container
load ../lib/registry

setup_file() {
	container_setup_file
	registry_start
	export REGISTRY_PID REGISTRY_DIR REGISTRY_HOST=$REGISTRY
}

teardown_file() { registry_stop; }

setup() {
	container_setup
	mkdir "$work/mirror" "$work/bin"
	cp "$container_root/build/database/test/test.ndb" "$work/mirror/"
	start_mirror "$work/mirror"
	export DATABASE_URL=$mirror_url/test.ndb REGISTRY=$REGISTRY_HOST/clamav-scan-$BATS_TEST_NUMBER TLS_VERIFY=false
	export BASE_IMAGE=localhost/clamav-scan-test-base:bookworm
	# A published base: building one with the distribution's packages is what the images of these tests have seen already.
	podman push --quiet --tls-verify=false "$IMAGE_BASE" "docker://$REGISTRY:latest_base"
}

teardown() {
	container_teardown
	# The images of this test.
	podman images --format '{{.Repository}}:{{.Tag}}' | grep -E 'localhost/clamav-scan-daily|^127\.0\.0\.1:' | xargs -r podman rmi -f &>/dev/null || true # none
}

daily() {
	make --no-print-directory -C "$container_root" daily DATABASE_URL="$DATABASE_URL" REGISTRY="$REGISTRY" 2>&1
}

tags() {
	skopeo list-tags --tls-verify=false "docker://$REGISTRY" | jq -r '.Tags[]'
}

digest() {
	skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY:$1"
}

@test "make daily publishes an image with the database under its tags, with and without one" {
	daily
	run tags
	[[ $output == *latest* && $output == *latest_base* && $output == *$(date -u +%Y%m%d)* ]]
	[[ $(digest latest) == $(digest "$(date -u +%Y%m%d)") ]]
	# It is an index, one image an architecture.
	run skopeo inspect --tls-verify=false --raw "docker://$REGISTRY:latest"
	[[ $(jq -r '.manifests | length' <<<"$output") == 1 ]]
	[[ $(jq -r '.manifests[0].platform.os' <<<"$output") == linux ]]
	# And it works.
	podman pull --quiet --tls-verify=false "docker://$REGISTRY:latest"
	make_scandir
	export IMAGE=$REGISTRY:latest
	run run_image --network none -v "$work/scandir:/scandir:ro" -- clamscan --no-summary /scandir
	((status == 1))
	[[ $output == *'/scandir/bad: Eicar-Signature.UNOFFICIAL FOUND'* ]]
	# It keeps its health check on its way through the registry.
	run podman image inspect --format '{{json .HealthCheck}}' "$REGISTRY:latest"
	[[ $output == *clamdcheck.sh* ]]
}

@test "the same database a second time publishes nothing" {
	local before
	daily
	before=$(digest latest)
	run daily
	((status == 0))
	[[ $output == *'nothing to publish'* ]]
	[[ $(digest latest) == "$before" ]]
}

@test "a new database is a new layer on the same base, and latest moves" {
	local before old new
	daily
	before=$(digest latest)
	old=$(skopeo inspect --tls-verify=false "docker://$REGISTRY:latest" | jq -c '.Layers')
	echo '# changed' >>"$work/mirror/test.ndb"
	daily
	[[ $(digest latest) != "$before" ]]
	new=$(skopeo inspect --tls-verify=false "docker://$REGISTRY:latest" | jq -c '.Layers')
	# A daily pull is the layers that are new.
	run jq -n --argjson old "$old" --argjson new "$new" '$new - $old | length'
	[[ $output == 1 ]]
}

@test "a database that is no good leaves latest where it is, and fails" {
	local before
	daily
	before=$(digest latest)
	echo 'Harmless:0:0:0011223344556677' >"$work/mirror/test.ndb"
	touch -d '+1 minute' "$work/mirror/test.ndb"
	run daily
	((status != 0))
	[[ $output == *'it does not find EICAR'* ]]
	[[ $output == *'the tag latest was not moved'* ]]
	[[ $(digest latest) == "$before" ]]
}

@test "a mirror that refuses leaves latest where it is, and fails" {
	echo 403 >"$work/mirror/.status"
	run daily
	((status != 0))
	[[ $output == *'fetching the database failed; the tag latest was not moved'* ]]
	run tags
	[[ $output == latest_base ]]
}

# cosign itself needs an identity that only the workflow has.
fake_cosign() {
	cat >"$work/bin/cosign" <<-EOF
		#!/bin/bash
		printf '%s\n' "\$*" >>"$work/cosign.calls"
		[[ \$1 != attest ]] || cp "\$(sed -nE 's/.*--predicate ([^ ]+).*/\1/p' <<<"\$*")" "$work/predicate.json"
		exit $1
	EOF
	chmod +x "$work/bin/cosign"
	export PATH=$work/bin:$PATH SIGN=cosign
}

@test "what is published is signed by its digest before a tag leads to it" {
	fake_cosign 0
	daily
	grep -qxF "sign --yes --recursive $REGISTRY@$(digest latest)" "$work/cosign.calls"
	grep -qxF "sign --yes --recursive $REGISTRY@$(digest latest_base)" "$work/cosign.calls"
	grep -q "^attest --yes --type slsaprovenance1 .*$REGISTRY@$(digest latest)" "$work/cosign.calls"
	jq -e '.buildDefinition.externalParameters.database' "$work/predicate.json"
}

@test "a signature that fails leaves no tag latest" {
	fake_cosign 1
	run daily
	((status != 0))
	[[ $output == *'signing '*'the tag latest was not moved'* ]]
	run tags
	[[ $output != *$'\nlatest\n'* && $output != latest$'\n'* ]]
}

@test "without REGISTRY it says what to set" {
	run env REGISTRY= "$container_root/scripts/daily"
	((status == 1))
	[[ $output == *'REGISTRY is not set'* ]]
}
