#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031 # dollars for others than this shell; each test is a subshell of its own, and means to be
# libexec/image: what is broken or a lie is told, once, with its reason, and never unpacked as if nothing were wrong.

load ../lib/images

# All that is broken in an image of its own stands in one index, which is unpacked once; the platform's name tells which it is.
setup_file() {
	export LAYOUT=$BATS_FILE_TMPDIR/layout
	broken_index | make_images "$LAYOUT" >"$BATS_FILE_TMPDIR/digest"
	mkdir "$BATS_FILE_TMPDIR/work"
	"$IMAGES_PROJECT/libexec/image" --work "$BATS_FILE_TMPDIR/work" "oci:$LAYOUT:broken" >"$BATS_FILE_TMPDIR/events"
}

broken_index() {
	jq -n --arg tar_gzip "$(tar_cut gzip)" --arg tar_zstd "$(tar_cut zstd)" '
		def files: {entries: [{path: "x", size: 50000}]};
		def layer(f): {layers: [files + f]};
		("sha256:" + ("0" * 64)) as $other
		| {tag: "broken", manifests: ([
			{missing: layer({damage: "missing", entries: [{path: "missing", size: 50005}]})},
			{foreign: layer({damage: "missing", entries: [{path: "foreign", size: 50006}], urls: ["http://127.0.0.1:1/x"], media_type: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"})},
			{cut: layer({damage: "cut", entries: [{path: "cut", size: 50001}]})},
			{flipped: layer({damage: "flip", compress: "none", entries: [{path: "flipped", size: 50002}]})},
			{longer: layer({damage: "junk", entries: [{path: "longer", size: 50003}]})},
			{size: layer({size: 7, entries: [{path: "size", size: 50004}]})},
			{sizes: {layers: [files, files + {size: 7}]}},
			{"trailing-gzip": layer({trailing: "GARBAGE THAT HIDES SOMETHING"})},
			{"trailing-members": layer({compress: "gzip-members", trailing: "GARBAGE THAT HIDES SOMETHING"})},
			{"trailing-zstd": layer({compress: "zstd", trailing: "GARBAGE THAT HIDES SOMETHING"})},
			{"trailing-xz": layer({compress: "xz", trailing: "GARBAGE THAT HIDES SOMETHING"})},
			{"trailing-bzip2": layer({compress: "bzip2", trailing: "GARBAGE THAT HIDES SOMETHING"})},
			{"early-gzip": {layers: [{base64: true, blob: $tar_gzip, media_type: "application/vnd.oci.image.layer.v1.tar+gzip"}]}},
			{"early-zstd": {layers: [{base64: true, blob: $tar_zstd, media_type: "application/vnd.oci.image.layer.v1.tar+zstd"}]}},
			{"no-tar": {layers: [{blob: "this is not a tar archive", media_type: "application/vnd.oci.image.layer.v1.tar"}]}},
			{"diff-gzip": layer({diff_id: $other})},
			{"diff-zstd": layer({compress: "zstd", diff_id: $other})},
			{fewer: {layers: [files], diff_ids: []}},
			{more: {layers: [], diff_ids: [$other]}},
			{"config-missing": {layers: [], config: "{\"gone\": 1}", config_damage: "missing"}},
			{"config-flipped": {layers: [], config: "{\"flip\": 1}", config_damage: "flip"}},
			{"config-text": {layers: [], config: "not JSON"}},
			{"config-empty": {layers: [], config: ""}},
			{"config-two": {layers: [], config: "{}{}"}},
			{"config-ids": {layers: [], config: {rootfs: {diff_ids: [7]}}}},
			{encrypted: layer({media_type: "application/vnd.oci.image.layer.v1.tar+gzip+encrypted"})},
			{fine: layer({})}
		] | map(to_entries[0] | .value + {platform: "broken/\(.key)"}))}'
}

# tar_cut COMMAND: a compressed archive that ends early, in base64
tar_cut() {
	head -c 200000 /dev/urandom >"$BATS_FILE_TMPDIR/random"
	tar -C "$BATS_FILE_TMPDIR" -cf - random | "$1" -c | head -c 60000 | base64 -w 0
}

setup() {
	EVENTS=$BATS_FILE_TMPDIR/events
}

# assert_broken NAME REASON TEXT: told once, and nothing offered to be scanned
assert_broken() {
	jq -es --arg platform "broken/$1" --arg reason "$2" --arg text "$3" '[.[] | select(.platform == $platform)]
		| length == 1 and (.[0] | .event == "error" and .reason == $reason and (.message | contains($text)))' "$EVENTS" >/dev/null ||
		images_fail "not one $2 error for $1 that contains: $3"
}

@test "what is not broken is unpacked, in the midst of what is" {
	[[ $(events '.event == "platform"' | jq -r .platform) == broken/fine ]]
	[[ $(tail -n 1 "$EVENTS") == '{"event":"done"}' ]]
	[[ $(stat -c %s "$(rootfs)/x") == 50000 ]]
}

@test "a layer that is missing" {
	assert_broken missing fetch "is missing from oci:"
}

@test "a layer that may not be distributed, and is not there" {
	assert_broken foreign fetch "expects this layer from elsewhere"
}

@test "a layer that is cut short, or has a byte too many" {
	assert_broken cut fetch "bytes instead of"
	assert_broken longer fetch "bytes instead of"
}

@test "a layer of the right size with a wrong byte" {
	assert_broken flipped fetch "does not match its digest"
}

@test "a size in the manifest that is a lie, also where the same blob has two" {
	assert_broken size fetch "instead of 7"
	assert_broken sizes fetch "instead of 7"
}

@test "garbage after a compressed stream" {
	local how
	for how in gzip members zstd xz bzip2; do
		assert_broken "trailing-$how" unpack "followed by garbage"
	done
}

@test "a compressed stream that ends early, under its right digest" {
	assert_broken early-gzip unpack "cut short"
	assert_broken early-zstd unpack "cut short"
}

@test "a layer that is no tar archive" {
	assert_broken no-tar unpack "cannot unpack broken/no-tar"
}

@test "a layer that is not the one that the configuration names" {
	assert_broken diff-gzip unpack "not the one that the configuration names"
	assert_broken diff-zstd unpack "not the one that the configuration names"
}

@test "more or fewer layers than the configuration names" {
	assert_broken fewer unpack "it names 0 layers, and the manifest 1"
	assert_broken more unpack "it names 1 layers, and the manifest 0"
}

@test "a configuration that is missing, damaged or no configuration" {
	assert_broken config-missing fetch "its configuration"
	assert_broken config-flipped fetch "its configuration"
	local how
	for how in text empty two ids; do
		assert_broken "config-$how" unpack "is not valid"
	done
}

@test "a layer that is encrypted" {
	assert_broken encrypted unpack "is encrypted"
}

# unpack SPEC: a layout of its own
unpack() {
	LAYOUT=$BATS_TEST_TMPDIR/layout
	rm -rf "$LAYOUT"
	make_images "$LAYOUT" >"$BATS_TEST_TMPDIR/digests"
	run_image "oci:$LAYOUT"
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

@test "a layer that is a folder, a link to nowhere or a FIFO" {
	local layer
	LAYOUT=$BATS_TEST_TMPDIR/layout
	make_images "$LAYOUT" <<<'{"layers": [{"damage": "missing", "entries": [{"path": "x", "text": "1"}]}]}' >"$BATS_TEST_TMPDIR/digest"
	layer=$LAYOUT/blobs/$(jq -r '.layers[0].digest | sub(":"; "/")' "$LAYOUT/blobs/$(sed 's,:,/,' "$BATS_TEST_TMPDIR/digest")")
	mkdir "$layer"
	run_image "oci:$LAYOUT"
	assert_error fetch "is missing"
	rmdir "$layer" && ln -s nowhere "$layer"
	run_image "oci:$LAYOUT"
	assert_error fetch "is missing"
	rm "$layer" && mkfifo "$layer"
	run_image "oci:$LAYOUT"
	assert_error fetch "is missing"
}
