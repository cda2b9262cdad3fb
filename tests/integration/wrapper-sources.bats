#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2034 # dollars for others than this shell; each test is a subshell of its own, and means to be
# libexec/image: where an image may come from, when it is a file or a folder.

load ../lib/images

setup() {
	LAYOUT=$BATS_TEST_TMPDIR/layout
	make_images "$LAYOUT" <<<'[{"tag": "t", "layers": [{"entries": [{"path": "opt/x", "text": "hello"}]}]}]' >"$BATS_TEST_TMPDIR/digest"
	DIGEST=$(<"$BATS_TEST_TMPDIR/digest")
}

assert_hello() {
	assert_done 1
	[[ $(<"$(rootfs)/opt/x") == hello ]]
}

two_images() {
	make_images "$BATS_TEST_TMPDIR/two" <<<'[{"tag": "one", "layers": [{"entries": [{"path": "opt/x", "text": "hello"}]}]}, {"tag": "docker.io/a/b:2", "layers": []}]'
}

@test "an OCI layout with one image needs no tag" {
	run_image "oci:$LAYOUT"
	assert_hello
	[[ $(events '.event == "target"') == "{\"event\":\"target\",\"reference\":\"oci:$LAYOUT\",\"digest\":\"$DIGEST\",\"media_type\":\"application/vnd.oci.image.manifest.v1+json\",\"artifact_type\":null,\"kind\":\"image\"}" ]]
	[[ $(events '.event == "platform"') == "{\"event\":\"platform\",\"platform\":\"linux/amd64\",\"digest\":\"$DIGEST\",\"rootfs\":\"$(realpath "$WORK")/rootfs/0\"}" ]]
	[[ -n $(events '.event == "phase" and .phase == "fetch" and .ms >= 0') && -n $(events '.event == "phase" and .phase == "unpack" and .ms >= 0') ]]
}

@test "an OCI layout is read by its tag, and from a relative path" {
	cd "$BATS_TEST_TMPDIR"
	run_image oci:layout:t
	assert_hello
}

@test "a tag may have colons and slashes" {
	two_images
	run_image "oci:$BATS_TEST_TMPDIR/two:docker.io/a/b:2"
	assert_done 1
}

@test "an OCI layout of several images wants a tag, and says which there are" {
	two_images
	run_image "oci:$BATS_TEST_TMPDIR/two"
	assert_fatal fetch "docker.io/a/b:2, one"
}

@test "a tag that an OCI layout lacks is an error that lists those it has" {
	run_image "oci:$LAYOUT:nope"
	assert_fatal fetch "no tag nope; it has: t"
}

@test "a path with spaces and colons is a path" {
	mv "$LAYOUT" "$BATS_TEST_TMPDIR/a b:c"
	run_image "oci:$BATS_TEST_TMPDIR/a b:c"
	assert_hello
	run_image "oci:$BATS_TEST_TMPDIR/a b:c:t"
	assert_hello
}

@test "a work folder may have spaces, colons and quotes in its name" {
	mkdir "$BATS_TEST_TMPDIR/w : \"'\$x"
	"$IMAGES_PROJECT/libexec/image" --work "$BATS_TEST_TMPDIR/w : \"'\$x" "oci:$LAYOUT" >"$BATS_TEST_TMPDIR/events"
	EVENTS=$BATS_TEST_TMPDIR/events status=0
	assert_hello
}

@test "an OCI layout of the user's is not changed, not even its times" {
	snapshot() { (cd "$LAYOUT" && find . -printf '%p %m %n %s %T@ %C@\n' | sort && find . -type f -exec sha256sum {} + | sort); }
	snapshot >"$BATS_TEST_TMPDIR/before"
	run_image "oci:$LAYOUT"
	assert_hello
	snapshot | diff "$BATS_TEST_TMPDIR/before" -
}

@test "what is no OCI layout is an error" {
	run_image "oci:$BATS_TEST_TMPDIR/nowhere"
	assert_fatal fetch "no such file or folder"
	mkdir "$BATS_TEST_TMPDIR/empty"
	run_image "oci:$BATS_TEST_TMPDIR/empty"
	assert_fatal fetch "no index.json"
	printf '{"manifests": [' >"$BATS_TEST_TMPDIR/empty/index.json"
	run_image "oci:$BATS_TEST_TMPDIR/empty"
	assert_fatal fetch "index.json is not valid"
	printf '{"manifests": []}' >"$BATS_TEST_TMPDIR/empty/index.json"
	run_image "oci:$BATS_TEST_TMPDIR/empty"
	assert_fatal fetch "lists no image"
}

@test "an OCI archive is read, also a compressed one" {
	tar -C "$LAYOUT" -cf "$BATS_TEST_TMPDIR/a:b.tar" .
	run_image "oci-archive:$BATS_TEST_TMPDIR/a:b.tar"
	assert_hello
	gzip "$BATS_TEST_TMPDIR/a:b.tar"
	run_image "oci-archive:$BATS_TEST_TMPDIR/a:b.tar.gz:t"
	assert_hello
}

@test "an OCI archive that is cut short, or has links in it, is an error" {
	tar -C "$LAYOUT" -cf "$BATS_TEST_TMPDIR/cut.tar" .
	truncate -s 3000 "$BATS_TEST_TMPDIR/cut.tar"
	run_image "oci-archive:$BATS_TEST_TMPDIR/cut.tar"
	assert_fatal fetch "cannot"
	ln -s /etc "$LAYOUT/blobs/sha512"
	tar -C "$LAYOUT" -cf "$BATS_TEST_TMPDIR/link.tar" .
	run_image "oci-archive:$BATS_TEST_TMPDIR/link.tar"
	assert_fatal fetch "has a link"
}

@test "an archive of docker save is read" {
	skopeo copy -q "oci:$LAYOUT:t" "docker-archive:$BATS_TEST_TMPDIR/saved.tar:local/name:1"
	run_image "docker-archive:$BATS_TEST_TMPDIR/saved.tar"
	assert_hello
	run_image "docker-archive:$BATS_TEST_TMPDIR/saved.tar:local/name:1"
	assert_hello
	run_image "docker-archive:$BATS_TEST_TMPDIR/saved.tar:other:1"
	assert_fatal fetch "does not have the image"
}

# Two images saved as one archive, put together from two archives of skopeo's.
save_two() {
	local which
	two_images
	mkdir "$BATS_TEST_TMPDIR/saved"
	for which in one docker.io/a/b:2; do
		skopeo copy -q "oci:$BATS_TEST_TMPDIR/two:$which" "docker-archive:$BATS_TEST_TMPDIR/part.tar:${which%:2}:2"
		tar -C "$BATS_TEST_TMPDIR/saved" -xf "$BATS_TEST_TMPDIR/part.tar"
		mv "$BATS_TEST_TMPDIR/saved/manifest.json" "$BATS_TEST_TMPDIR/${which##*/}.json"
		rm "$BATS_TEST_TMPDIR/part.tar"
	done
	jq -s add "$BATS_TEST_TMPDIR/one.json" "$BATS_TEST_TMPDIR/b:2.json" >"$BATS_TEST_TMPDIR/saved/manifest.json"
	tar -C "$BATS_TEST_TMPDIR/saved" --transform 's,^[.]/,,' -cf "$1" .
}

@test "an archive of several images wants a name, and says which there are" {
	save_two "$BATS_TEST_TMPDIR/two.tar"
	run_image "docker-archive:$BATS_TEST_TMPDIR/two.tar"
	assert_fatal fetch "docker.io/library/one:2, docker.io/a/b:2"
	run_image "docker-archive:$BATS_TEST_TMPDIR/two.tar:one:2"
	assert_hello
	run_image "docker-archive:$BATS_TEST_TMPDIR/two.tar:@0"
	assert_hello
}

@test "an archive that is damaged is an error" {
	head -c 100000 /dev/urandom >"$BATS_TEST_TMPDIR/x.tar"
	run_image "docker-archive:$BATS_TEST_TMPDIR/x.tar"
	assert_fatal fetch "damaged"
	run_image "oci-archive:$BATS_TEST_TMPDIR/x.tar"
	assert_fatal fetch "damaged"
}

@test "a folder of the dir: transport is read, with the image's own digest" {
	dir_image "$LAYOUT" "$BATS_TEST_TMPDIR/dir"
	run_image "dir:$BATS_TEST_TMPDIR/dir"
	assert_hello
	[[ $(events '.event == "platform"' | jq -r .digest) == "$DIGEST" ]]
}

@test "a whole index in a folder of the dir: transport is read" {
	make_images "$BATS_TEST_TMPDIR/index" <<<'{"manifests": [{"layers": []}, {"platform": "linux/s390x", "layers": []}]}'
	dir_image "$BATS_TEST_TMPDIR/index" "$BATS_TEST_TMPDIR/dir"
	run_image "dir:$BATS_TEST_TMPDIR/dir"
	assert_done 2
}

@test "a damaged blob in a folder of the dir: transport is an error" {
	dir_image "$LAYOUT" "$BATS_TEST_TMPDIR/dir"
	local layer
	layer=$(jq -r '.layers[0].digest' "$BATS_TEST_TMPDIR/dir/manifest.json")
	printf x | dd of="$BATS_TEST_TMPDIR/dir/${layer#*:}" bs=1 seek=20 conv=notrunc status=none
	run_image "dir:$BATS_TEST_TMPDIR/dir"
	assert_error fetch "does not match its digest"
}

@test "a transport that is not supported is an error that names those that are" {
	run_image containers-storage:x
	assert_fatal fetch "use docker://, oci:, oci-archive:, docker-archive: or dir:"
}

@test "nothing is written outside of the work folder" {
	export HOME=$BATS_TEST_TMPDIR/home TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir "$HOME" "$TMPDIR"
	make_images "$BATS_TEST_TMPDIR/index" <<<'{"manifests": [{"layers": []}, {"platform": "linux/s390x", "layers": []}]}'
	run_image "oci:$BATS_TEST_TMPDIR/index"
	assert_done 2
	[[ -z $(find "$HOME" "$TMPDIR" -mindepth 1) ]]
}

@test "it works without HOME" {
	unset HOME
	make_images "$BATS_TEST_TMPDIR/index" <<<'{"manifests": [{"layers": []}, {"platform": "linux/s390x", "layers": []}]}'
	run_image "oci:$BATS_TEST_TMPDIR/index"
	assert_done 2
}
