#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2153,SC2154,SC2030,SC2031 # variables of lib/container; each test is a subshell of its own
# What is in the image, in which layers, and how it is built.

bats_require_minimum_version 1.5.0
load ../lib/container

setup_file() { container_setup_file; }
setup() { container_setup; }

teardown() {
	container_teardown
	# Images of this test.
	podman rmi -f localhost/clamav-scan:build-test localhost/clamav-scan:build-test_base &>/dev/null || true # where there are any
	rm -rf "$container_root/build/database/build-test" "$container_root/tools/bin/.build-test"
}

label() {
	podman image inspect --format "{{index .Labels \"$2\"}}" "$1"
}

layers() {
	podman image inspect --format '{{range .RootFS.Layers}}{{.}}{{"\n"}}{{end}}' "$1" | grep .
}

# The layers of $IMAGE are its base's, and these three.
@test "the database is in three layers above the base: main, daily and the rest" {
	[[ $(layers "$IMAGE" | head -n -3) == $(layers "$IMAGE_BASE") ]]
	[[ $(layers "$IMAGE" | wc -l) == $(($(layers "$IMAGE_BASE" | wc -l) + 3)) ]]
}

# A build of "full" on the finished base, from the files in build/database/build-test.
build_full() {
	TAG=localhost/clamav-scan:build-test SCAN_BASE=$IMAGE_BASE DATABASE=build/database/build-test DATABASE_URL=none \
		"$container_root/scripts/build-image" full 2>&1
}

make_build_database() {
	local folder=$container_root/build/database/build-test
	mkdir -p "$folder"
	cp "$container_root/build/database/test/test.ndb" "$folder/main.ndb"
	cp "$container_root/build/database/test/test.hdb" "$folder/daily.hdb"
	cp "$container_root/build/database/test/test.hdb" "$folder/other.hdb"
}

@test "another daily database is another daily layer, and nothing else" {
	local before after
	make_build_database
	build_full
	before=$(layers localhost/clamav-scan:build-test)
	echo '00000000000000000000000000000000:1:Another' >>"$container_root/build/database/build-test/daily.hdb"
	build_full
	after=$(layers localhost/clamav-scan:build-test)
	[[ $(diff <(echo "$before") <(echo "$after") | grep -c '^>') == 1 ]]
	# From the end: rest, daily, main.
	[[ $(tail -n 1 <<<"$before") == $(tail -n 1 <<<"$after") ]]
	[[ $(tail -n 3 <<<"$before" | head -n 1) == $(tail -n 3 <<<"$after" | head -n 1) ]]
}

@test "built twice from the same inputs, without a cache, the layers above the packages are the same" {
	local before
	before=$(layers "$IMAGE_BASE" | tail -n 1)
	# The packages are taken from the cache: they write down when they were installed. A new file beside the tools makes all of the
	# build stage that comes after it be done again.
	echo "$RANDOM" >"$container_root/tools/bin/.build-test"
	TAG=localhost/clamav-scan:build-test BASE_IMAGE=localhost/clamav-scan-test-base:bookworm "$container_root/scripts/build-image" base
	make_build_database
	[[ $(layers localhost/clamav-scan:build-test_base | tail -n 1) == "$before" ]]
	build_full
	layers localhost/clamav-scan:build-test | tail -n 3 >"$work/one"
	podman rmi -f localhost/clamav-scan:build-test
	touch "$container_root"/build/database/build-test/*
	BUILD_FLAGS=--no-cache build_full
	layers localhost/clamav-scan:build-test | tail -n 3 >"$work/two"
	cmp "$work/one" "$work/two"
}

@test "a database without EICAR fails the build" {
	mkdir -p "$container_root/build/database/build-test"
	echo '00000000000000000000000000000000:1:Another' >"$container_root/build/database/build-test/daily.hdb"
	run build_full
	((status != 0))
	[[ $output == *'database: it does not find EICAR'* ]]
	run podman image exists localhost/clamav-scan:build-test
	((status == 1))
}

@test "a database that does not load fails the build" {
	make_build_database
	echo 'Broken:0:0:zz' >"$container_root/build/database/build-test/broken.ndb"
	run build_full
	((status != 0))
	[[ $output == *'database: it does not load'* ]]
}

@test "an empty database folder fails the build, and says what is missing" {
	mkdir -p "$container_root/build/database/build-test"
	run build_full
	((status != 0))
	[[ $output == *'holds no database'* ]]
}

@test "the OCI labels are there, and the database's" {
	[[ $(label "$IMAGE" org.opencontainers.image.title) == clamav-scan ]]
	[[ $(label "$IMAGE" org.opencontainers.image.version) == $(<"$container_root/VERSION") ]]
	[[ $(label "$IMAGE" org.opencontainers.image.created) =~ ^20[0-9]{2}-[0-9]{2}-[0-9]{2}T ]]
	[[ $(label "$IMAGE" org.opencontainers.image.base.digest) == sha256:* ]]
	[[ $(label "$IMAGE" clamav-scan.database.fingerprint) == sha256:* ]]
	[[ $(label "$IMAGE" clamav-scan.database.date) =~ ^20[0-9]{2}-[0-9]{2}-[0-9]{2}T ]]
}

@test "versions of main and daily are read from their headers" {
	local folder=$work/db
	mkdir "$folder"
	printf '%-512s' 'ClamAV-VDB:01 Jan 2026 08-00 +0000:62:1:90:x:x:nobody:1767254400' >"$folder/main.cvd"
	printf '%-512s' 'ClamAV-VDB:02 Jan 2026 08-00 +0000:27870:1:90:x:x:nobody:1767340800' >"$folder/daily.cvd"
	# shellcheck source=../../scripts/database-header.bash
	. "$container_root/scripts/database-header.bash"
	[[ $(database_version "$folder" main) == 62 ]]
	[[ $(database_version "$folder" daily) == 27870 ]]
	[[ $(database_date "$folder") == 2026-01-02T08:00:00Z ]]
	[[ $(database_layer_time "$folder" 1) == 1767254400 ]]
}

@test "no file in the image changes its user when it is run" {
	run run_image --network none -- find / -xdev -type f -perm /6000
	((status == 0))
	[[ -z $output ]]
}

@test "no compiler and no package lists are left in the image" {
	local program
	for program in gcc cc c99 cpp as ld make go debootstrap; do
		run -127 run_image --network none -- "$program" --version
	done
	run run_image --network none -- sh -c 'ls /var/lib/apt/lists /var/cache/apt/archives | grep -vE "^(/|$|lock|partial|auxfiles)"'
	[[ -z $output ]]
}

@test "the base image's layers above the packages are under 5 MB as they are pulled" {
	podman push --quiet "$IMAGE_BASE" "oci:$work/image:base"
	run jq '.layers[-1].size' "$work/image/blobs/sha256/$(jq -r '.manifests[0].digest | ltrimstr("sha256:")' "$work/image/index.json")"
	((output < 5000000))
}

@test "EICAR stands nowhere in the image in clear" {
	run run_image --network none -- clamscan --infected --no-summary --recursive /usr/local /etc /var/lib/clamav /init
	((status == 0))
}

@test "clamav has the numbers that it has in the ClamAV image" {
	run run_image --network none -- id clamav
	[[ $output == 'uid=100(clamav) gid=101(clamav)'* ]]
}

@test "with the network closed the build says which step needs it" {
	run env TAG=localhost/clamav-scan:build-test BASE_IMAGE=127.0.0.1:1/no/such:image "$container_root/scripts/build-image" base
	((status == 1))
	[[ $output == *'cannot pull 127.0.0.1:1/no/such:image: this step needs the network'* ]]
	run env TAG=localhost/clamav-scan:build-test BASE_IMAGE=localhost/clamav-scan-test-base:bookworm \
		BUILD_FLAGS='--no-cache --network none' "$container_root/scripts/build-image" base
	((status == 1))
	[[ $output == *'this step needs the network (the distribution'*'s mirrors)'* ]]
	run env TAG=localhost/clamav-scan:build-test SCAN_BASE="$IMAGE_BASE" DATABASE=build/database/build-test \
		DATABASE_URL=http://127.0.0.1:1/test.ndb "$container_root/scripts/build-image" full
	((status == 1))
	[[ $output == *'fetching the database failed: this step needs the network'* ]]
}
