#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031 # dollars for others than this shell; each test is a subshell of its own, and means to be
# libexec/image: room, tools, and an end before the end.

load ../lib/images

setup() {
	LAYOUT=$BATS_TEST_TMPDIR/layout
}

@test "an image that has no room in the work folder is not even fetched" {
	make_images "$LAYOUT" <<<'{"layers": [{"size": 1000000000000000, "entries": [{"path": "x", "text": "1"}]}]}'
	run_image "oci:$LAYOUT"
	assert_fatal no-space "--work-dir"
	assert_fatal no-space "the work folder $(realpath "$WORK") has"
}

@test "a work folder that fills up while a layer is unpacked is told as that" {
	make_images "$LAYOUT" <<<'{"layers": [{"entries": [{"path": "bomb", "size": 40000000}]}]}'
	EVENTS=$BATS_TEST_TMPDIR/events
	unshare --mount --map-root-user bash -c '
		mkdir "$1/small" && mount -t tmpfs -o size=20m tmpfs "$1/small" && "$2/libexec/image" --work "$1/small" "oci:$3"' \
		- "$BATS_TEST_TMPDIR" "$IMAGES_PROJECT" "$LAYOUT" >"$EVENTS"
	assert_error no-space "choose another with --work-dir (unpack layer"
	[[ -z $(events '.event == "platform"') ]]
}

@test "a work folder that fills up while a layer is decompressed is told as that" {
	make_images "$LAYOUT" <<<'{"layers": [{"compress": "zstd", "entries": [{"path": "bomb", "size": 40000000}]}]}'
	EVENTS=$BATS_TEST_TMPDIR/events
	unshare --mount --map-root-user bash -c '
		mkdir "$1/small" && mount -t tmpfs -o size=20m tmpfs "$1/small" && "$2/libexec/image" --work "$1/small" "oci:$3"' \
		- "$BATS_TEST_TMPDIR" "$IMAGES_PROJECT" "$LAYOUT" >"$EVENTS"
	assert_error no-space "small; choose another with --work-dir"
	assert_error no-space "cannot decompress the layer"
}

@test "a tool that is not installed is an error that names it" {
	local tool
	mkdir "$BATS_TEST_TMPDIR/bin"
	for tool in bash jq skopeo parallel dirname realpath nproc; do ln -s "$(type -P "$tool")" "$BATS_TEST_TMPDIR/bin/$tool"; done
	EVENTS=$BATS_TEST_TMPDIR/events status=0
	env PATH="$BATS_TEST_TMPDIR/bin" bash "$IMAGES_PROJECT/libexec/image" --work "$BATS_TEST_TMPDIR" "oci:$LAYOUT" >"$EVENTS" || status=$?
	assert_fatal internal "umoci is not installed"
}

@test "a job that is killed is an error, not silence" {
	make_images "$LAYOUT" <<<'{"manifests": [{"layers": []}, {"platform": "linux/arm64", "layers": []}]}'
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\ncase $* in *view/0:*) kill -9 $PPID;; *) exec "%s" "$@";; esac\n' "$(type -P umoci)" >"$BATS_TEST_TMPDIR/bin/umoci"
	chmod +x "$BATS_TEST_TMPDIR/bin/umoci"
	export PATH=$BATS_TEST_TMPDIR/bin:$PATH
	run_image "oci:$LAYOUT"
	assert_error internal "ended early"
	[[ $(events '.event == "platform"' | jq -r .platform) == linux/arm64 ]]
}

@test "an umoci that dies is an error" {
	make_images "$LAYOUT" <<<'{"layers": []}'
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\nkill -9 $$\n' >"$BATS_TEST_TMPDIR/bin/umoci"
	chmod +x "$BATS_TEST_TMPDIR/bin/umoci"
	export PATH=$BATS_TEST_TMPDIR/bin:$PATH
	run_image "oci:$LAYOUT"
	assert_error unpack "cannot unpack linux/amd64"
}

# A umoci that takes its time, and writes down which process it is.
slow_umoci() {
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho $$ >>"%s/slow.pids"\nexec sleep 300\n' "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/bin/umoci"
	chmod +x "$BATS_TEST_TMPDIR/bin/umoci"
	export PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

wait_for() {
	local deadline=$((SECONDS + 20))
	until "$@"; do
		((SECONDS < deadline)) || return 1
		sleep 0.05
	done
}

@test "SIGTERM ends it at once, with all its children and without a word more" {
	local images pid
	slow_umoci
	for images in '{"layers": []}' '{"manifests": [{"layers": []}, {"platform": "linux/arm64", "layers": []}]}'; do
		rm -rf "$LAYOUT" "$BATS_TEST_TMPDIR/work" "$BATS_TEST_TMPDIR/slow.pids"
		mkdir "$BATS_TEST_TMPDIR/work"
		make_images "$LAYOUT" <<<"$images"
		"$IMAGES_PROJECT/libexec/image" --work "$BATS_TEST_TMPDIR/work" "oci:$LAYOUT" >"$BATS_TEST_TMPDIR/events" 3>&- &
		pid=$!
		wait_for test -s "$BATS_TEST_TMPDIR/slow.pids"
		kill -TERM "$pid"
		status=0
		wait "$pid" || status=$?
		((status == 143))
		ended() { ! xargs kill -0 <"$BATS_TEST_TMPDIR/slow.pids" 2>/dev/null; } # it says so when there is none
		wait_for ended
		EVENTS=$BATS_TEST_TMPDIR/events
		[[ -z $(events '.event == "error" or .event == "done"') ]]
	done
}
