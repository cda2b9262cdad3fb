#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031 # dollars for others than this shell; each test is a subshell of its own, and means to be
# libexec/image: a registry with a login and a certificate of its own.

load ../lib/images
load ../lib/registry

setup_file() {
	registry_start --tls --auth user:secret
	export REGISTRY REGISTRY_DIR REGISTRY_PID REGISTRY_CA REGISTRY_AUTHFILE
	make_images "$BATS_FILE_TMPDIR/layout" <<<'{"tag": "t", "layers": [{"entries": [{"path": "x", "text": "hello"}]}]}'
	MKIMAGE_CA=$REGISTRY_CA/ca.crt push_image "$BATS_FILE_TMPDIR/layout:t" "https://user:secret@$REGISTRY/test/image:1"
}

teardown_file() {
	registry_stop
}

@test "--authfile and --cert-dir are used for all that is fetched" {
	run_image --authfile "$REGISTRY_AUTHFILE" --cert-dir "$REGISTRY_CA" "$REGISTRY/test/image:1"
	assert_done 1
	[[ $(<"$(rootfs)/x") == hello ]]
}

@test "a login that is wanted and not given is told with the option" {
	run_image --cert-dir "$REGISTRY_CA" "$REGISTRY/test/image:1"
	assert_fatal fetch "--authfile"
}

@test "a certificate that is not trusted is told with the options" {
	run_image --authfile "$REGISTRY_AUTHFILE" "$REGISTRY/test/image:1"
	assert_fatal fetch "--cert-dir"
}

@test "--tls-verify false takes any certificate" {
	run_image --authfile "$REGISTRY_AUTHFILE" --tls-verify false "$REGISTRY/test/image:1"
	assert_done 1
}

@test "an authfile that is not there is an error that names it" {
	run_image --authfile "$BATS_TEST_TMPDIR/nowhere.json" --cert-dir "$REGISTRY_CA" "$REGISTRY/test/image:1"
	assert_fatal fetch "nowhere.json"
}
