#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031 # dollars for others than this shell; each test is a subshell of its own, and means to be
# libexec/image: what is broken or a lie is told, once, with its reason, and never unpacked as if nothing were wrong.

load ../lib/images

unpack() {
	LAYOUT=$BATS_TEST_TMPDIR/layout
	rm -rf "$LAYOUT"
	make_images "$LAYOUT" >"$BATS_TEST_TMPDIR/digests"
	run_image "oci:$LAYOUT"
}

# assert_broken REASON TEXT: told once, and nothing offered to be scanned
assert_broken() {
	assert_error "$1" "$2"
	[[ -z $(events '.event == "platform"') ]]
}

@test "a layer that is missing" {
	unpack <<<'{"layers": [{"damage": "missing", "entries": [{"path": "x", "text": "1"}]}]}'
	assert_broken fetch "layer 1"
	assert_broken fetch "is missing from oci:"
}

@test "a layer that may not be distributed, and is not there" {
	unpack <<<'{"layers": [{"damage": "missing", "urls": ["http://127.0.0.1:1/x"], "media_type": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "entries": [{"path": "x", "text": "1"}]}]}'
	assert_broken fetch "expects this layer from elsewhere"
}

@test "a layer that is cut short" {
	unpack <<<'{"layers": [{"damage": "cut", "entries": [{"path": "x", "size": 50000}]}]}'
	assert_broken fetch "bytes instead of"
}

@test "a layer of the right size with a wrong byte" {
	unpack <<<'{"layers": [{"compress": "none", "damage": "flip", "entries": [{"path": "x", "size": 50000}]}]}'
	assert_broken fetch "does not match its digest"
}

@test "a layer with a byte too many" {
	unpack <<<'{"layers": [{"damage": "junk", "entries": [{"path": "x", "size": 50000}]}]}'
	assert_broken fetch "bytes instead of"
}

@test "a size in the manifest that is a lie" {
	unpack <<<'{"layers": [{"size": 7, "entries": [{"path": "x", "text": "1"}]}]}'
	assert_broken fetch "instead of 7"
}

@test "one blob with two sizes" {
	unpack <<<'{"layers": [{"entries": [{"path": "x", "text": "1"}]}, {"size": 7, "entries": [{"path": "x", "text": "1"}]}]}'
	assert_broken fetch "instead of 7"
}

@test "garbage after a compressed stream" {
	local how
	for how in gzip zstd xz bzip2 gzip-members; do
		unpack <<<"{\"layers\": [{\"compress\": \"$how\", \"trailing\": \"GARBAGE THAT HIDES SOMETHING\", \"entries\": [{\"path\": \"x\", \"text\": \"1\"}]}]}"
		assert_broken unpack "garbage"
	done
}

@test "a compressed stream that ends early, under its right digest" {
	local how blob
	for how in gzip zstd; do
		blob=$(tar -cf - "$BASH" "$BATS_TEST_FILENAME" 2>/dev/null | "$how" -c | head -c 60000 | base64 -w 0) # tar speaks of the leading slash
		unpack <<<"{\"layers\": [{\"base64\": true, \"blob\": \"$blob\", \"media_type\": \"application/vnd.oci.image.layer.v1.tar+$how\"}]}"
		assert_broken unpack "cut short"
	done
}

@test "a layer that is no tar archive" {
	unpack <<<'{"layers": [{"blob": "this is not a tar archive", "media_type": "application/vnd.oci.image.layer.v1.tar"}]}'
	assert_broken unpack "cannot unpack linux/amd64"
}

@test "a layer that is not the one that the configuration names" {
	unpack <<<'{"layers": [{"entries": [{"path": "x", "text": "1"}], "diff_id": "sha256:0000000000000000000000000000000000000000000000000000000000000000"}]}'
	assert_broken unpack "not the one that the configuration names"
	unpack <<<'{"layers": [{"compress": "zstd", "entries": [{"path": "x", "text": "1"}], "diff_id": "sha256:0000000000000000000000000000000000000000000000000000000000000000"}]}'
	assert_broken unpack "not the one that the configuration names"
}

@test "more or fewer layers than the configuration names" {
	unpack <<<'{"layers": [{"entries": [{"path": "x", "text": "1"}]}], "diff_ids": []}'
	assert_broken unpack "it names 0 layers, and the manifest 1"
	unpack <<<'{"layers": [], "diff_ids": ["sha256:0000000000000000000000000000000000000000000000000000000000000000"]}'
	assert_broken unpack "it names 1 layers, and the manifest 0"
}

@test "a configuration that is missing, damaged or no configuration" {
	unpack <<<'{"layers": [], "config_damage": "missing"}'
	assert_broken fetch "its configuration"
	unpack <<<'{"layers": [], "config_damage": "flip"}'
	assert_broken fetch "its configuration"
	local config
	for config in '"not JSON"' '""' '"{}{}"' '{"rootfs": {"diff_ids": [7]}}'; do
		unpack <<<"{\"platform\": null, \"config\": $config, \"layers\": []}"
		assert_broken unpack "is not valid"
	done
}

@test "a manifest that is missing, damaged or no manifest" {
	unpack <<<'{"layers": [], "manifest_damage": "missing"}'
	assert_fatal fetch "the manifest sha256:"
	unpack <<<'{"layers": [], "manifest_damage": "flip"}'
	assert_fatal fetch "does not match its digest"
	unpack <<<'{"manifests": [{"layers": [], "manifest_damage": "missing"}, {"platform": "linux/arm64", "layers": []}]}'
	assert_error fetch "is not in oci:"
	((status == 0))
	[[ $(events '.event == "platform"' | jq -r .platform) == linux/arm64 ]]
}

# top TEXT: a layout whose only manifest is this text
top() {
	LAYOUT=$BATS_TEST_TMPDIR/top
	rm -rf "$LAYOUT"
	local digest
	digest=$(printf %s "$1" | sha256sum | cut -d' ' -f1)
	mkdir -p "$LAYOUT/blobs/sha256"
	printf %s "$1" >"$LAYOUT/blobs/sha256/$digest"
	printf '{"manifests": [{"digest": "sha256:%s", "size": %d}]}' "$digest" "${#1}" >"$LAYOUT/index.json"
	run_image "oci:$LAYOUT"
}

@test "a manifest that could be read in two ways, or in none" {
	top '{"schemaVersion": 2, "manifests": [], "layers": [], "config": {}}'
	assert_fatal fetch "an index and an image in one"
	top 'not JSON'
	assert_fatal fetch "is not valid"
	top '{}'
	assert_fatal fetch "no config or no layers"
	top '{"manifests": []}{"manifests": []}'
	assert_fatal fetch "no single JSON value"
}

@test "digests and sizes that are none lead nowhere" {
	local bad
	for bad in '"digest": "sha256:../../../../etc/passwd", "size": 1' '"digest": "sha256:x", "size": 1' '"size": 1' \
		'"digest": "sha256:0000000000000000000000000000000000000000000000000000000000000000\n", "size": 1' \
		'"digest": "sha256:0000000000000000000000000000000000000000000000000000000000000000", "size": -1' \
		'"digest": "sha256:0000000000000000000000000000000000000000000000000000000000000000", "size": "a[$(touch /tmp/x)]"' \
		'"digest": "sha256:0000000000000000000000000000000000000000000000000000000000000000", "size": 1e300' \
		'"digest": "sha256:0000000000000000000000000000000000000000000000000000000000000000", "size": 1, "mediaType": "a b"'; do
		top "{\"manifests\": [{$bad}]}"
		assert_error fetch "is not valid"
	done
	top '{"config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:../../../../etc/passwd", "size": 1}, "layers": []}'
	assert_error fetch "its config has no valid digest"
}

@test "a layer that is encrypted" {
	unpack <<<'{"layers": [{"media_type": "application/vnd.oci.image.layer.v1.tar+gzip+encrypted", "entries": [{"path": "x", "text": "1"}]}]}'
	assert_broken unpack "is encrypted"
}

@test "a layer that is a folder, a link to nowhere or a FIFO" {
	local layer
	LAYOUT=$BATS_TEST_TMPDIR/layout
	make_images "$LAYOUT" <<<'{"layers": [{"damage": "missing", "entries": [{"path": "x", "text": "1"}]}]}' >"$BATS_TEST_TMPDIR/digest"
	layer=$LAYOUT/blobs/$(jq -r '.layers[0].digest | sub(":"; "/")' "$LAYOUT/blobs/$(sed 's,:,/,' "$BATS_TEST_TMPDIR/digest")")
	mkdir "$layer"
	run_image "oci:$LAYOUT"
	assert_broken fetch "is missing"
	rmdir "$layer" && ln -s nowhere "$layer"
	run_image "oci:$LAYOUT"
	assert_broken fetch "is missing"
	rm "$layer" && mkfifo "$layer"
	run_image "oci:$LAYOUT"
	assert_broken fetch "is missing"
}
