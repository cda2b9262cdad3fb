#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2153,SC2154,SC2030,SC2031 # variables of lib/container; each test is a subshell of its own
# `docker run IMAGE path …` and `… image …`: the scanner in its container.

bats_require_minimum_version 1.5.0
load ../lib/container
load ../lib/registry

setup_file() { container_setup_file; }
setup() { container_setup; }

teardown() {
	container_teardown
	[[ -z ${REGISTRY_PID-} ]] || registry_stop
}

# An OCI layout of one platform with a good and a bad file, as $work/layout.
make_layout() {
	"$container_root/scripts/sample-image" "$work/layout"
}

@test "path /scandir finds what is in a mounted folder" {
	make_scandir
	run run_image --network none -v "$work/scandir:/scandir:ro" -- path /scandir
	((status == 1))
	[[ $output == */scandir/bad* && $output == *Eicar-Signature* ]]
}

@test "path on a clean folder is 0, and leaves results.json in the output folder" {
	mkdir "$work/clean" "$work/out"
	echo harmless >"$work/clean/file"
	run run_image --network none -v "$work/clean:/scandir:ro" -v "$work/out:/out" -- path --output /out /scandir
	((status == 0))
	[[ $(jq -r .verdict "$work/out/results.json") == clean ]]
	[[ $(jq -r .counts.locations "$work/out/results.json") == 1 ]]
}

@test "image scans an OCI layout that is mounted" {
	make_layout
	run run_image --network none -v "$work/layout:/layout:ro" -- image oci:/layout
	((status == 1))
	[[ $output == *Eicar-Signature* ]]
}

@test "image scans what is in a registry" {
	make_layout
	registry_start
	skopeo copy --quiet --all --dest-tls-verify=false "oci:$work/layout" "docker://$REGISTRY/app:1"
	run run_image --network host -- image --tls-verify=false "docker://$REGISTRY/app:1"
	((status == 1))
	[[ $output == *Eicar-Signature* ]]
}

@test "threads knows the CPU quota of its container: 1.5 CPUs are 2 threads" {
	run run_image --network none --cpus 1.5 -- threads
	((status == 0))
	[[ $output == 2 ]]
	run run_image --network none --cpus 0.5 -- threads
	[[ $output == 1 ]]
	run run_image --network none --cpus 1.5 -- threads -v
	[[ $output == *1.5* ]]
}

@test "db tells what the image brings" {
	run run_image --network none -- db
	((status == 0))
	[[ $output == *test.ndb* ]]
}

@test "clamav-scan is on the PATH, with its manual's options" {
	run run_image --network none -- clamav-scan --version
	((status == 0))
	[[ $output == *"$(<"$container_root/VERSION")"* ]]
}

@test "an arbitrary UID on a read-only root file system scans a folder" {
	make_scandir
	run run_image --network none --user 1000670000:0 --read-only --read-only-tmpfs=false --cap-drop ALL \
		--security-opt no-new-privileges --tmpfs /tmp:mode=1777 -v "$work/scandir:/scandir:ro" -- path /scandir
	((status == 1))
	[[ $output == */scandir/bad* ]]
}

@test "an arbitrary UID on a read-only root file system scans an image" {
	make_layout
	run run_image --network none --user 1000670000:0 --read-only --read-only-tmpfs=false --cap-drop ALL \
		--security-opt no-new-privileges --tmpfs /tmp:mode=1777 -v "$work/layout:/layout:ro" -- image oci:/layout
	((status == 1))
	[[ $output == *Eicar-Signature* ]]
}

@test "a scan without a database fetches one first" {
	mkdir "$work/mirror" "$work/clean"
	echo harmless >"$work/clean/file"
	cp "$container_root/build/database/test/test.ndb" "$work/mirror/"
	start_mirror "$work/mirror"
	make_freshclam_conf
	run run_image "${mirror_options[@]}" base -v "$work/clean:/scandir:ro" -- path /scandir
	((status == 0))
	[[ $output == *'no database in /var/lib/clamav: fetching one'* ]]
}

@test "a scan without a database and without a mirror is incomplete" {
	mkdir "$work/clean"
	echo harmless >"$work/clean/file"
	run run_image --network none base -e FRESHCLAM_CONF_MaxAttempts=1 -v "$work/clean:/scandir:ro" -- path /scandir
	((status == 2))
	[[ $output == *'no database in /var/lib/clamav'* ]]
}

@test "a scan uses the clamd of another container by the shared socket" {
	make_scandir
	mkdir "$work/sockets"
	start_image server -v "$work/sockets:/run/clamav" --
	wait_healthy server
	run run_image --network none base -v "$work/sockets:/run/clamav" -v "$work/scandir:/scandir:ro" -- path --daemon existing /scandir
	((status == 1))
	[[ $output == */scandir/bad* ]]
	wait_log server 'Eicar-Signature.*FOUND'
}

@test "SIGTERM ends a scan with status 2" {
	mkdir "$work/many"
	local i
	for i in $(seq 3000); do echo "$i" >"$work/many/$i"; done
	start_image c -v "$work/many:/scandir:ro" -- path --threads 1 /scandir
	wait_for 10 in_container c pgrep clamdscan
	podman kill -s TERM "$(name c)"
	run exit_of c 10
	[[ $output == 2 ]]
}
