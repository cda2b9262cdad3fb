#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031 # dollars for others than this shell; each test is a subshell of its own, and means to be
# libexec/image: what layers may look like, and what of them must be there afterwards.

load ../lib/images

unpack() {
	LAYOUT=$BATS_TEST_TMPDIR/layout
	make_images "$LAYOUT" >"$BATS_TEST_TMPDIR/digests"
	run_image "oci:$LAYOUT"
}

# tree FOLDER: type, mode, size and name of all that is in it; odd bytes in octal
tree() {
	(cd "$1" && find . -mindepth 1 -printf '%y %m %s %P\0') | LC_ALL=C sort -z | tr '\0' '\n'
}

@test "layers in gzip, zstd, xz, bzip2, plain, and gzip of several members are all unpacked" {
	unpack <<-'SPEC'
		{"layers": [
		  {"compress": "gzip", "entries": [{"path": "gzip", "text": "1"}]}, {"compress": "zstd", "entries": [{"path": "zstd", "text": "2"}]},
		  {"compress": "xz", "entries": [{"path": "xz", "text": "3"}]}, {"compress": "bzip2", "entries": [{"path": "bzip2", "text": "4"}]},
		  {"compress": "none", "entries": [{"path": "plain", "text": "5"}]},
		  {"compress": "gzip-members", "entries": [{"path": "first", "text": "6"}, {"path": "big", "size": 300000}, {"path": "last", "text": "7"}]}]}
	SPEC
	assert_done 1
	[[ $(cd "$(rootfs)" && cat gzip zstd xz bzip2 plain first last) == 1234567 ]]
	[[ $(stat -c %s "$(rootfs)/big") == 300000 ]]
}

@test "a layer is what its bytes are, whatever its media type says" {
	unpack <<-'SPEC'
		{"layers": [
		  {"compress": "none", "media_type": "application/vnd.oci.image.layer.v1.tar+gzip", "entries": [{"path": "a", "text": "1"}]},
		  {"compress": "gzip", "media_type": "application/vnd.oci.image.layer.v1.tar", "entries": [{"path": "b", "text": "2"}]},
		  {"compress": "zstd", "media_type": "application/vnd.oci.image.layer.v1.tar+gzip", "entries": [{"path": "c", "text": "3"}]},
		  {"compress": "gzip", "media_type": "application/vnd.oci.image.layer.v1.tar+zstd", "entries": [{"path": "d", "text": "4"}]},
		  {"compress": "gzip", "media_type": "text/plain", "entries": [{"path": "e", "text": "5"}]}]}
	SPEC
	assert_done 1
	[[ $(cd "$(rootfs)" && cat a b c d e) == 12345 ]]
}

@test "an image of Docker's media types is unpacked under its own digest" {
	unpack <<-'SPEC'
		{"docker": true, "manifests": [{"docker": true, "layers": [{"entries": [{"path": "a", "text": "1"}]},
		  {"compress": "none", "entries": [{"path": "b", "text": "2"}]}, {"compress": "zstd", "entries": [{"path": "c", "text": "3"}]}]}]}
	SPEC
	assert_done 1
	[[ $(cd "$(rootfs)" && cat a b c) == 123 ]]
	[[ $(events '.event == "target"' | jq -r .media_type) == application/vnd.docker.distribution.manifest.list.v2+json ]]
	[[ -e $LAYOUT/blobs/$(events '.event == "platform"' | jq -r '.digest | sub(":"; "/")') ]]
}

@test "layers of the non-distributable kinds are unpacked when they are there" {
	unpack <<-'SPEC'
		{"layers": [{"media_type": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "entries": [{"path": "a", "text": "1"}]},
		  {"media_type": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "urls": ["http://127.0.0.1:1/x"], "entries": [{"path": "b", "text": "2"}]}]}
	SPEC
	assert_done 1
	[[ $(cd "$(rootfs)" && cat a b) == 12 ]]
}

@test "an image with no layers, and one with an empty layer, are empty folders" {
	unpack <<<'{"layers": []}'
	assert_done 1
	[[ -d $(rootfs) && -z $(tree "$(rootfs)") ]]
	rm -r "$LAYOUT"
	unpack <<<'{"layers": [{"entries": []}, {"blob": "", "media_type": "application/vnd.oci.image.layer.v1.tar"}]}'
	assert_done 1
	[[ -z $(tree "$(rootfs)") ]]
}

@test "names of any bytes are kept" {
	unpack <<-'SPEC'
		{"layers": [{"entries": [{"path": "x: OK\nopt/y", "text": "1"}, {"path": "\udcff\udcfe", "text": "2"}, {"path": "-rf *", "text": "3"},
		  {"path": "back\\slash\t\u0001", "text": "4"}, {"path": "$(x) `y` 'z' \"", "text": "5"}, {"path": "%s%n", "text": "6"}, {"path": " ", "text": "7"}]}]}
	SPEC
	assert_done 1
	cd "$(rootfs)"
	[[ $(cat $'x: OK\nopt/y' $'\xff\xfe' ./'-rf *' $'back\\slash\t\x01' "\$(x) \`y\` 'z' \"" '%s%n' ' ') == 1234567 ]]
}

@test "modes, links and special files do not hide a file" {
	unpack <<-'SPEC'
		{"layers": [{"entries": [{"path": "d", "type": "dir", "mode": "000"}, {"path": "d/x", "mode": "000", "text": "hidden"},
		  {"path": "suid", "mode": "6755", "text": "s"}, {"path": "hard", "type": "hardlink", "target": "suid"},
		  {"path": "soft", "type": "symlink", "target": "/etc/passwd"}, {"path": "fifo", "type": "fifo"},
		  {"path": "xattr", "text": "x", "xattrs": {"user.a": "b"}}, {"path": "own", "uid": 12345, "text": "o"}]}]}
	SPEC
	assert_done 1
	[[ $(tree "$(rootfs)") == "d 0 $(stat -c %s "$(rootfs)/d") d
f 0 6 d/x
f 644 1 own
f 644 1 xattr
f 6755 1 hard
f 6755 1 suid
l 777 11 soft
p 644 0 fifo" ]]
}

@test "a device is an empty file, and never a device" {
	unpack <<<'{"layers": [{"entries": [{"path": "dev", "type": "char"}, {"path": "blk", "type": "block"}, {"path": "x", "text": "1"}]}]}'
	assert_done 1
	[[ $(tree "$(rootfs)" | cut -d' ' -f1,3,4 | paste -sd,) == "f 0 blk,f 0 dev,f 1 x" ]]
}

@test "whiteouts and later layers have their effect, and no more" {
	unpack <<-'SPEC'
		{"layers": [{"entries": [{"path": "a/x", "text": "1"}, {"path": "a/y", "text": "2"}, {"path": "b", "text": "3"}, {"path": "o/p", "text": "4"}, {"path": "same", "text": "old"}]},
		  {"entries": [{"path": "a/.wh.x"}, {"path": ".wh.b"}, {"path": "o/new", "text": "n"}, {"path": "o/.wh..wh..opq"}, {"path": "z/.wh.dir/evil", "text": "e"},
		    {"path": "kept", "text": "k"}, {"path": ".wh.kept"}, {"path": "same", "text": "new"}]}]}
	SPEC
	assert_done 1
	[[ $(tree "$(rootfs)" | grep ^f | cut -d' ' -f4 | paste -sd' ') == "a/y kept o/new z/.wh.dir/evil same" ]]
	[[ $(<"$(rootfs)/same") == new ]]
}

@test "no entry leads out of the folder" {
	unpack <<-'SPEC'
		{"layers": [{"entries": [{"path": "/abs", "text": "1"}, {"path": "../../../../../../../../../../../up", "text": "2"},
		  {"path": "link", "type": "symlink", "target": "/"}, {"path": "link/through", "text": "3"},
		  {"path": "dots", "type": "symlink", "target": "../../../../../../../.."}, {"path": "dots/out", "text": "4"}]}]}
	SPEC
	assert_done 1
	[[ $(cd "$(rootfs)" && cat abs up through out) == 1234 ]]
	[[ ! -e /abs && ! -e /up && ! -e /through && ! -e /out ]]
}

@test "a path may be as long as PATH_MAX" {
	local deep
	deep=$(printf 'd%.0s' {1..15})
	deep=$(printf "$deep/%.0s" {1..255})0123456789
	unpack <<<"{\"layers\": [{\"entries\": [{\"path\": \"$deep\", \"text\": \"x\"}]}]}"
	assert_done 1
	[[ $(cd "$(rootfs)" && find . -type f -printf '%f %s') == "0123456789 1" ]]
}

@test "a path that cannot be unpacked is an error" {
	local deep
	deep=$(printf 'd%.0s' {1..15})
	deep=$(printf "$deep/%.0s" {1..300})x
	unpack <<<"{\"layers\": [{\"entries\": [{\"path\": \"$deep\", \"text\": \"x\"}]}]}"
	assert_error unpack "file name too long"
	[[ -z $(events '.event == "platform"') ]]
}

@test "an image whose configuration has odd fields is unpacked" {
	unpack <<<'{"platform": null, "layers": [], "config": {"created": "yesterday", "config": {"Env": 7, "User": []}, "architecture": 5, "rootfs": {"type": 3, "diff_ids": []}}}'
	assert_done 1
}

@test "a blob may have a sha512 digest" {
	unpack <<<'{"layers": [{"algorithm": "sha512", "entries": [{"path": "a", "text": "1"}]}, {"compress": "zstd", "algorithm": "sha512", "entries": [{"path": "b", "text": "2"}]}]}'
	assert_done 1
	[[ $(cd "$(rootfs)" && cat a b) == 12 ]]
}
