#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031 # dollars for others than this shell; each test is a subshell of its own, and means to be
# libexec/image: which images of an index are unpacked.

load ../lib/images

layout() {
	LAYOUT=$BATS_TEST_TMPDIR/layout
	make_images "$LAYOUT" >"$BATS_TEST_TMPDIR/digests"
}

platforms() {
	jq -r 'select(.event == "platform") | .platform // "-"' "$EVENTS" | sort | paste -sd' '
}

index_of_four() {
	layout <<-'SPEC'
		{"manifests": [
		  {"platform": "linux/amd64", "layers": [{"entries": [{"path": "on", "text": "amd64"}]}]},
		  {"platform": "linux/arm/v6", "layers": [{"entries": [{"path": "on", "text": "v6"}]}]},
		  {"platform": "linux/arm/v7", "layers": [{"entries": [{"path": "on", "text": "v7"}]}]},
		  {"platform": "linux/arm64", "layers": [{"entries": [{"path": "on", "text": "arm64"}]}]}]}
	SPEC
}

@test "every platform of an index is unpacked to a folder of its own, also two variants of arm" {
	index_of_four
	run_image "oci:$LAYOUT"
	assert_done 4
	[[ $(platforms) == "linux/amd64 linux/arm/v6 linux/arm/v7 linux/arm64" ]]
	[[ $(<"$(rootfs linux/arm/v6)/on") == v6 && $(<"$(rootfs linux/arm/v7)/on") == v7 && $(<"$(rootfs linux/amd64)/on") == amd64 ]]
	[[ $(events '.event == "target"' | jq -r '.kind + " " + .digest') == "index $(<"$BATS_TEST_TMPDIR/digests")" ]]
	[[ $(events '.event == "progress" and .phase == "unpack"' | tail -n 1) == '{"event":"progress","phase":"unpack","done":4,"total":4}' ]]
	[[ $(events '.event == "progress" and .phase == "fetch"' | tail -n 1 | jq '.done == .total') == true ]]
}

@test "a platform that was asked for is the only one that is unpacked" {
	index_of_four
	run_image --platform linux/arm/v7 "oci:$LAYOUT"
	assert_done 1
	[[ $(platforms) == linux/arm/v7 ]]
	run_image --platform linux/arm64/v8 "oci:$LAYOUT"
	assert_done 1
	[[ $(platforms) == linux/arm64 ]]
	run_image --platform linux/arm "oci:$LAYOUT"
	assert_done 2
	[[ $(platforms) == "linux/arm/v6 linux/arm/v7" ]]
}

@test "a platform that the index lacks ends everything, with a list of those it has" {
	index_of_four
	run_image --platform linux/s390x "oci:$LAYOUT"
	assert_fatal fetch "no image for linux/s390x; it has: linux/amd64, linux/arm/v6, linux/arm/v7, linux/arm64"
	run_image --platform 'linux;s390x' "oci:$LAYOUT"
	assert_fatal fetch "not valid"
}

@test "a single image that is of another platform than was asked for ends everything" {
	layout <<<'{"platform": "linux/arm64", "layers": []}'
	run_image --platform linux/amd64 "oci:$LAYOUT"
	assert_fatal fetch "no image for linux/amd64; it has: linux/arm64"
	run_image --platform linux/arm64 "oci:$LAYOUT"
	assert_done 1
}

@test "an image that was not asked for may be broken" {
	layout <<<'{"manifests": [{"layers": []}, {"platform": "linux/s390x", "layers": [], "manifest_damage": "missing"}]}'
	run_image --platform linux/amd64 "oci:$LAYOUT"
	assert_done 1
}

@test "nested indexes are followed" {
	layout <<<'{"manifests": [{"manifests": [{"manifests": [{"platform": "linux/riscv64", "layers": []}]}, {"platform": "linux/s390x", "layers": []}]}, {"layers": []}]}'
	run_image "oci:$LAYOUT"
	assert_done 3
	[[ $(platforms) == "linux/amd64 linux/riscv64 linux/s390x" ]]
}

@test "indexes that are nested without end are an error" {
	local spec='{"layers": []}'
	for _ in {1..12}; do spec="{\"manifests\": [$spec]}"; done
	layout <<<"$spec"
	run_image "oci:$LAYOUT"
	assert_error fetch "levels deep"
	[[ -z $(platforms) ]]
}

@test "attestation manifests are no platforms" {
	layout <<-'SPEC'
		{"manifests": [{"layers": []},
		  {"platform": "unknown/unknown", "layers": [{"blob": "{}", "media_type": "application/vnd.in-toto+json"}],
		   "descriptor": {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}}},
		  {"platform": null, "config_media_type": "application/vnd.oci.empty.v1+json", "config": "{}", "layers": [{"blob": "{}", "media_type": "application/vnd.in-toto+json"}],
		   "descriptor": {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}}}]}
	SPEC
	run_image "oci:$LAYOUT"
	assert_done 1
	[[ $(platforms) == linux/amd64 ]]
}

@test "an image that is dressed as an attestation is unpacked all the same" {
	layout <<-'SPEC'
		{"manifests": [{"layers": []},
		  {"platform": "unknown/unknown", "layers": [{"entries": [{"path": "evil", "text": "x"}]}],
		   "descriptor": {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}}}]}
	SPEC
	run_image "oci:$LAYOUT"
	assert_done 2
	[[ -e $WORK/rootfs/1/evil ]]
}

@test "an index of nothing but attestations is an error" {
	layout <<<'{"manifests": [{"platform": "unknown/unknown", "layers": [{"blob": "{}", "media_type": "application/vnd.in-toto+json"}]}]}'
	run_image "oci:$LAYOUT"
	assert_fatal fetch "no image to scan"
	layout <<<'{"tag": "none", "manifests": []}'
	run_image "oci:$LAYOUT:none"
	assert_fatal fetch "no image to scan"
}

@test "an image without a platform has none" {
	layout <<<'{"platform": null, "layers": [{"entries": [{"path": "x", "text": "x"}]}]}'
	run_image "oci:$LAYOUT"
	assert_done 1
	[[ $(platforms) == - ]]
}

@test "an entry without a platform takes its image's own" {
	layout <<<'{"manifests": [{"platform": "linux/ppc64le", "layers": [], "descriptor": {"platform": null}}]}'
	run_image "oci:$LAYOUT"
	assert_done 1
	[[ $(platforms) == linux/ppc64le ]]
	run_image --platform linux/ppc64le "oci:$LAYOUT"
	assert_done 1
}

@test "two images of one platform are both unpacked, and one that is listed twice once" {
	layout <<-'SPEC'
		{"manifests": [{"layers": [{"entries": [{"path": "x", "text": "1"}]}]},
		  {"layers": [{"entries": [{"path": "x", "text": "2"}]}]}, {"layers": [{"entries": [{"path": "x", "text": "2"}]}]}]}
	SPEC
	run_image "oci:$LAYOUT"
	assert_done 2
	[[ $(<"$WORK/rootfs/0/x") == 1 && $(<"$WORK/rootfs/1/x") == 2 ]]
}

@test "an artifact within an index is unpacked beside the images" {
	layout <<<'{"manifests": [{"layers": []}, {"platform": null, "config_media_type": "application/vnd.oci.empty.v1+json", "config": "{}", "layers": [{"blob": "data", "media_type": "text/plain"}]}]}'
	run_image "oci:$LAYOUT"
	assert_done 2
	[[ $(platforms) == "- linux/amd64" ]]
	grep -rq data "$WORK/rootfs"
}

@test "what is odd in a platform's name does no harm" {
	layout <<<'{"manifests": [{"layers": [], "descriptor": {"platform": {"os": "li nux\n$(x)", "architecture": "../../am", "variant": 7}}}]}'
	run_image "oci:$LAYOUT"
	assert_done 1
	[[ $(platforms) == li_nux___x_/.._.._am ]]
}

@test "one platform that fails is told, and the others go on" {
	layout <<-'SPEC'
		{"manifests": [{"layers": [{"entries": [{"path": "x", "text": "1"}]}]},
		  {"platform": "linux/s390x", "layers": [{"damage": "flip", "entries": [{"path": "x", "text": "2"}]}]},
		  {"platform": "linux/arm64", "layers": [{"entries": [{"path": "x", "text": "3"}]}]}]}
	SPEC
	run_image "oci:$LAYOUT"
	((status == 0))
	assert_error fetch "does not match its digest"
	[[ $(events '.event == "error"' | jq -r .platform) == linux/s390x ]]
	[[ $(platforms) == "linux/amd64 linux/arm64" ]]
	[[ $(tail -n 1 "$EVENTS") == '{"event":"done"}' ]]
}

@test "a layer that platforms share is in the layout once" {
	layout <<-'SPEC'
		{"manifests": [{"layers": [{"compress": "zstd", "entries": [{"path": "x", "text": "1"}]}]},
		  {"platform": "linux/s390x", "layers": [{"compress": "zstd", "entries": [{"path": "x", "text": "1"}]}]}]}
	SPEC
	run_image --jobs 8 "oci:$LAYOUT"
	assert_done 2
	[[ $(<"$(rootfs linux/amd64)/x") == 1 && $(<"$(rootfs linux/s390x)/x") == 1 ]]
}
