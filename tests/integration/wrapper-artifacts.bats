#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031 # dollars for others than this shell; each test is a subshell of its own, and means to be
# libexec/image: artifacts, which are no images: their blobs are to be scanned as files.

load ../lib/images

unpack() {
	LAYOUT=$BATS_TEST_TMPDIR/layout
	rm -rf "$LAYOUT"
	make_images "$LAYOUT" >"$BATS_TEST_TMPDIR/digests"
	run_image "oci:$LAYOUT"
}

# contents: of all files that were put there, sorted
contents() {
	local file
	for file in "$(rootfs)"/*; do
		[[ -f $file && ! -L $file && ${file##*/} == "$(sha256sum <"$file" | cut -d' ' -f1)" ]]
		printf '%s\n' "$(<"$file")"
	done | sort | paste -sd' '
}

target() {
	events '.event == "target"' | jq -r '[.kind, .media_type, .artifact_type] | join(" ")'
}

@test "an artifact with a type and an empty configuration" {
	unpack <<-'SPEC'
		{"artifact_type": "application/vnd.example", "config_media_type": "application/vnd.oci.empty.v1+json", "config": "{}", "platform": null,
		 "layers": [{"blob": "one", "media_type": "text/plain", "annotations": {"org.opencontainers.image.title": "../same"}},
		   {"blob": "two", "media_type": "text/plain", "annotations": {"org.opencontainers.image.title": "../same"}}]}
	SPEC
	assert_done 1
	[[ $(contents) == "one two {}" ]]
	[[ $(target) == "artifact application/vnd.oci.image.manifest.v1+json application/vnd.example" ]]
	[[ $(events '.event == "platform"' | jq .platform) == null ]]
}

@test "an artifact that is known by its configuration's media type" {
	unpack <<<'{"config_media_type": "application/vnd.cncf.helm.config.v1+json", "config": "{\"name\": \"x\"}", "layers": [{"blob": "chart", "media_type": "application/vnd.cncf.helm.chart.content.v1.tar+gzip"}]}'
	assert_done 1
	[[ $(contents) == 'chart {"name": "x"}' ]]
	[[ $(target) == "artifact application/vnd.oci.image.manifest.v1+json application/vnd.cncf.helm.config.v1+json" ]]
}

@test "a signature, which has an image's configuration but no file systems" {
	unpack <<<'{"platform": null, "layers": [{"blob": "payload", "media_type": "application/vnd.dev.cosign.simplesigning.v1+json"}]}'
	assert_done 1
	[[ $(contents) == *payload* && $(target) == artifact* ]]
}

@test "an image that calls itself an artifact is an image" {
	unpack <<<'{"artifact_type": "application/vnd.example", "layers": [{"entries": [{"path": "x", "text": "1"}]}]}'
	assert_done 1
	[[ $(<"$(rootfs)/x") == 1 ]]
	[[ $(target) == "image application/vnd.oci.image.manifest.v1+json application/vnd.example" ]]
}

@test "an artifact whose platform is asked for is unpacked all the same" {
	LAYOUT=$BATS_TEST_TMPDIR/layout
	make_images "$LAYOUT" <<<'{"config_media_type": "application/vnd.oci.empty.v1+json", "config": "{}", "layers": [{"blob": "x", "media_type": "text/plain"}]}'
	run_image --platform linux/arm64 "oci:$LAYOUT"
	assert_done 1
}

@test "an artifact that lists a blob twice, and one with nothing but its configuration" {
	unpack <<<'{"config_media_type": "text/plain", "config": "cfg", "layers": [{"blob": "x", "media_type": "text/plain"}, {"blob": "x", "media_type": "text/html"}]}'
	assert_done 1
	[[ $(contents) == "cfg x" ]]
	unpack <<<'{"config_media_type": "text/plain", "config": "cfg", "layers": []}'
	assert_done 1
	[[ $(contents) == cfg ]]
}

@test "an artifact's blob that is damaged or missing is an error" {
	unpack <<<'{"config_media_type": "text/plain", "config": "cfg", "layers": [{"blob": "xyz", "media_type": "text/plain", "damage": "flip"}]}'
	assert_error fetch "does not match its digest"
	unpack <<<'{"config_media_type": "text/plain", "config": "cfg", "layers": [{"blob": "xyz", "media_type": "text/plain", "damage": "missing"}]}'
	assert_error fetch "is missing"
}

@test "the files of an artifact are copies: the layout's own stay as they are" {
	unpack <<<'{"config_media_type": "text/plain", "config": "cfg", "layers": []}'
	chmod 000 "$(rootfs)"/*
	[[ -z $(find "$LAYOUT" -type f -perm 000) ]]
	[[ $(find "$LAYOUT" -type f -links +1) == "" ]]
}
