#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2034 # dollars for others than this shell; each test is a subshell of its own, and means to be
# libexec/image: images in a registry.

load ../lib/images
load ../lib/registry

setup_file() {
	registry_start
	export REGISTRY REGISTRY_DIR REGISTRY_PID REGISTRY_URL
	export LAYOUT=$BATS_FILE_TMPDIR/layout
	make_images "$LAYOUT" <<-'SPEC'
		[{"tag": "image", "layers": [{"entries": [{"path": "x", "text": "hello"}]}, {"compress": "none", "entries": [{"path": "y", "text": "2"}]},
		   {"compress": "zstd", "entries": [{"path": "z", "text": "3"}]}]},
		 {"tag": "docker", "docker": true, "layers": [{"entries": [{"path": "x", "text": "hello"}]}, {"compress": "none", "entries": [{"path": "y", "text": "2"}]}]},
		 {"tag": "index", "manifests": [{"layers": [{"entries": [{"path": "shared", "text": "s"}]}, {"entries": [{"path": "x", "text": "1"}]}]},
		   {"platform": "linux/arm64", "layers": [{"entries": [{"path": "shared", "text": "s"}]}, {"entries": [{"path": "x", "text": "2"}]}]},
		   {"manifests": [{"platform": "linux/arm/v7", "layers": [{"entries": [{"path": "shared", "text": "s"}]}, {"entries": [{"path": "x", "text": "3"}]}]}]},
		   {"platform": "unknown/unknown", "layers": [{"blob": "{}", "media_type": "application/vnd.in-toto+json"}],
		    "descriptor": {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}}}]},
		 {"tag": "list", "docker": true, "manifests": [{"docker": true, "layers": [{"entries": [{"path": "x", "text": "1"}]}]},
		   {"docker": true, "platform": "linux/s390x", "layers": [{"entries": [{"path": "x", "text": "2"}]}]}]},
		 {"tag": "artifact", "artifact_type": "application/x", "config_media_type": "application/vnd.oci.empty.v1+json", "config": "{}",
		   "layers": [{"blob": "one", "media_type": "text/plain"}, {"blob": "two", "media_type": "text/plain"}]},
		 {"tag": "damaged", "layers": [{"entries": [{"path": "x", "size": 5000}]}]}]
	SPEC
	local tag
	for tag in image docker index list artifact damaged; do
		push_image "$LAYOUT:$tag" "$REGISTRY_URL/test/$tag:1"
	done
}

teardown_file() {
	registry_stop
}

# counted_skopeo: the real one, but each run is counted
counted_skopeo() {
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho "$@" >>"%s"\nexec "%s" "$@"\n' "$BATS_TEST_TMPDIR/runs" "$(type -P skopeo)" >"$BATS_TEST_TMPDIR/bin/skopeo"
	chmod +x "$BATS_TEST_TMPDIR/bin/skopeo"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

platform_digests() {
	jq -r 'select(.event == "platform") | "\(.platform) \(.digest)"' "$EVENTS" | sort
}

@test "docker:// is the default, and a tag's image comes with the registry's digest" {
	run_image --tls-verify false "$REGISTRY/test/image:1"
	assert_done 1
	[[ $(cd "$(rootfs)" && cat x y z) == hello23 ]]
	[[ $(events '.event == "target"' | jq -r '.reference, .digest') == "docker://$REGISTRY/test/image:1"$'\n'"$(image_digest "$LAYOUT" image)" ]]
	[[ $(platform_digests) == "linux/amd64 $(image_digest "$LAYOUT" image)" ]]
}

@test "a digest decides, also where a tag stands beside it" {
	local digest
	digest=$(image_digest "$LAYOUT" image)
	run_image --tls-verify false "docker://$REGISTRY/test/image@$digest"
	assert_done 1
	run_image --tls-verify false "docker://$REGISTRY/test/image:other@$digest"
	assert_done 1
	[[ $(events '.event == "target"' | jq -r .digest) == "$digest" ]]
}

@test "an image of Docker's media types keeps its digest and its layers" {
	run_image --tls-verify false "$REGISTRY/test/docker:1"
	assert_done 1
	[[ $(cd "$(rootfs)" && cat x y) == hello2 ]]
	[[ $(platform_digests) == "linux/amd64 $(image_digest "$LAYOUT" docker)" ]]
	local blob
	for blob in $(jq -r '.layers[].digest, .config.digest' "$LAYOUT/blobs/$(image_digest "$LAYOUT" docker | tr : /)"); do
		cmp "$WORK/layout/blobs/${blob/://}" "$LAYOUT/blobs/${blob/://}"
	done
}

@test "an index comes with all its platforms, a nested one too, and a layer that they share is fetched once" {
	run_image --tls-verify false --jobs 4 "$REGISTRY/test/index:1"
	assert_done 3
	[[ $(<"$(rootfs linux/amd64)/x") == 1 && $(<"$(rootfs linux/arm64)/x") == 2 && $(<"$(rootfs linux/arm/v7)/x") == 3 ]]
	[[ $(<"$(rootfs linux/arm/v7)/shared") == s ]]
	[[ $(events '.event == "target"' | jq -r .digest) == "$(image_digest "$LAYOUT" index)" ]]
	local manifest shared
	manifest=$(jq -r '.manifests[0].digest' "$LAYOUT/blobs/$(image_digest "$LAYOUT" index | tr : /)")
	shared=$(jq -r '.layers[0].digest' "$LAYOUT/blobs/${manifest/://}")
	[[ $(grep -c "GET /v2/test/index/blobs/$shared" "$REGISTRY_DIR/log") == 1 ]]
}

@test "a manifest list of Docker's comes with all its platforms" {
	run_image --tls-verify false "$REGISTRY/test/list:1"
	assert_done 2
	[[ $(<"$(rootfs linux/amd64)/x") == 1 && $(<"$(rootfs linux/s390x)/x") == 2 ]]
}

@test "one platform of an index is fetched alone" {
	run_image --tls-verify false --platform linux/arm64 "$REGISTRY/test/index:1"
	assert_done 1
	[[ $(<"$(rootfs linux/arm64)/x") == 2 ]]
}

@test "an image of Docker's schema 1, which has no configuration, is unpacked under its own digest" {
	make_images "$BATS_TEST_TMPDIR/layout" <<-'SPEC'
		{"tag": "t", "platform": "linux/arm64", "history": [{"created_by": "x"}, {"created_by": "y"}],
		 "layers": [{"entries": [{"path": "x", "text": "1"}]}, {"entries": [{"path": "y", "text": "2"}]}]}
	SPEC
	skopeo copy -q --format v2s1 --dest-tls-verify=false "oci:$BATS_TEST_TMPDIR/layout:t" "docker://$REGISTRY/test/schema1:1"
	run_image --tls-verify false "$REGISTRY/test/schema1:1"
	assert_done 1
	[[ $(cd "$(rootfs linux/arm64)" && cat x y) == 12 ]]
	run_image --tls-verify false "$REGISTRY/test/schema1@$(events '.event == "platform"' | jq -r .digest)"
	assert_done 1
}

# A registry between, that sends the first bytes of a blob and then nothing more.
stalling_registry() {
	STALLING=127.0.0.1:$(registry_free_port)
	python3 - "$REGISTRY_URL" "$STALLING" 3>&- <<-'PYTHON' &
		import http.server, sys, time, urllib.request
		class Handler(http.server.BaseHTTPRequestHandler):
		    def do_GET(self):
		        request = urllib.request.Request(sys.argv[1] + self.path, method=self.command)
		        request.add_header("Accept", ", ".join(self.headers.get_all("Accept") or ["*/*"]))
		        with urllib.request.urlopen(request) as reply:
		            body = reply.read()
		            self.send_response(reply.status)
		            for name in ("Content-Type", "Content-Length", "Docker-Content-Digest", "Docker-Distribution-Api-Version"):
		                if name in reply.headers:
		                    self.send_header(name, reply.headers[name])
		        self.end_headers()
		        if "/blobs/" in self.path:
		            self.wfile.write(body[:10])
		            time.sleep(600)
		        self.wfile.write(body)
		    do_HEAD = do_GET
		    def log_message(self, *arguments):
		        pass
		host, port = sys.argv[2].split(":")
		http.server.ThreadingHTTPServer((host, int(port)), Handler).serve_forever()
	PYTHON
	STALLING_PID=$!
	until (exec {socket}<>"/dev/tcp/${STALLING/:/\/}") 2>/dev/null; do # not yet
		sleep 0.05
	done
}

@test "a registry that stops sending is not waited for without end" {
	stalling_registry
	IMAGE_STALL=2 IMAGE_RETRY_PAUSES='' run_image --tls-verify false --platform linux/s390x "$STALLING/test/list:1"
	kill "$STALLING_PID"
	assert_error fetch "the registry stopped sending"
}

@test "an artifact comes as files" {
	run_image --tls-verify false "$REGISTRY/test/artifact:1"
	assert_done 1
	[[ $(cat "$(rootfs)"/* | fold -w1 | sort | paste -sd '') == "$(printf 'onetwo{}' | fold -w1 | sort | paste -sd '')" ]]
}

@test "what is unknown is asked for once, and said so" {
	counted_skopeo
	run_image --tls-verify false "$REGISTRY/test/image:nope"
	assert_fatal fetch "the registry does not have it"
	run_image --tls-verify false "$REGISTRY/test/nope:1"
	assert_fatal fetch "the registry does not have it"
	run_image --tls-verify false "$REGISTRY/test/image@sha256:0000000000000000000000000000000000000000000000000000000000000000"
	assert_fatal fetch "the registry does not have it"
	[[ $(wc -l <"$BATS_TEST_TMPDIR/runs") == 3 ]]
}

@test "a reference that is none is an error" {
	local reference
	for reference in "A/b/c:::" "a b" "docker://" "x@sha256:1" $'x\ny' "$REGISTRY/Upper:1"; do
		run_image --tls-verify false "$reference"
		assert_fatal fetch "valid"
	done
}

@test "a registry that is down is asked three times, and the error says so" {
	counted_skopeo
	export IMAGE_RETRY_PAUSES="0.1 0.1"
	run_image "127.0.0.1:$(registry_free_port)/x:1"
	assert_fatal fetch "refuses connections"
	[[ $(wc -l <"$BATS_TEST_TMPDIR/runs") == 3 ]]
}

@test "a registry that hangs up once is asked again" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/skopeo" <<-SCRIPT
		#!/bin/sh
		which=inspect
		case \$* in *" copy "*) which=copy ;; esac
		# mkdir works once; what it says afterwards is of no use.
		if [ "\$1" != manifest-digest ] && mkdir "$BATS_TEST_TMPDIR/failed-\$which" 2>/dev/null; then
			echo 'time="2026-01-01T00:00:00Z" level=fatal msg="reading blob: unexpected EOF"' >&2
			exit 1
		fi
		exec "$(type -P skopeo)" "\$@"
	SCRIPT
	chmod +x "$BATS_TEST_TMPDIR/bin/skopeo"
	export PATH=$BATS_TEST_TMPDIR/bin:$PATH IMAGE_RETRY_PAUSES="0.1 0.1"
	run_image --tls-verify false "$REGISTRY/test/image:1"
	assert_done 1
	[[ -d $BATS_TEST_TMPDIR/failed-copy ]]
}

@test "a registry that speaks plain HTTP, and a host that does not exist, are told with a remedy" {
	run_image "$REGISTRY/test/image:1"
	assert_fatal fetch "--tls-verify=false"
	run_image "nowhere.invalid/x:1"
	assert_fatal fetch "no host of that name"
}

@test "a blob that the registry damaged or lost is an error" {
	local layer file
	layer=$(jq -r '.layers[0].digest' "$LAYOUT/blobs/$(image_digest "$LAYOUT" damaged | tr : /)")
	file=$REGISTRY_DIR/data/docker/registry/v2/blobs/sha256/${layer:7:2}/${layer:7}/data
	printf x | dd of="$file" bs=1 seek=20 conv=notrunc status=none
	export IMAGE_RETRY_PAUSES="0.1"
	run_image --tls-verify false "$REGISTRY/test/damaged:1"
	assert_error fetch "cannot fetch linux/amd64"
	[[ -z $(events '.event == "platform"') ]]
	rm "$file"
	run_image --tls-verify false "$REGISTRY/test/damaged:1"
	assert_error fetch "cannot fetch linux/amd64"
}
