#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2153,SC2154,SC2030,SC2031 # variables of lib/container; each test is a subshell of its own
# The database volume: empty, good, broken; and mirrors that refuse.

load ../lib/container

setup_file() { container_setup_file; }
setup() { container_setup; }
teardown() { container_teardown; }

# A mirror with the small database; $work/db is the volume.
prepare() {
	mkdir "$work/mirror" "$work/db"
	chmod 777 "$work/db"
	cp "$container_root"/build/database/test/test.ndb "$work/mirror/"
	start_mirror "$work/mirror"
	make_freshclam_conf
}

start_with_mirror() {
	start_image "$1" "${mirror_options[@]}" -v "$work/db:/var/lib/clamav" base "${@:2}" --
}

@test "an empty volume: freshclam fetches a database first, then clamd starts" {
	prepare
	start_with_mirror c
	wait_healthy c
	[[ -s $work/db/test.ndb ]]
}

@test "an empty volume: freshclam runs once even with CLAMAV_NO_FRESHCLAMD=true" {
	prepare
	start_with_mirror c -e CLAMAV_NO_FRESHCLAMD=true
	wait_healthy c
	run in_container c ps -o comm= -e
	[[ $output != *freshclam* ]]
	[[ -s $work/db/test.ndb ]]
}

@test "clamscan without a database fetches one first" {
	prepare
	make_scandir
	run run_image "${mirror_options[@]}" base -v "$work/scandir:/scandir:ro" -- clamscan /scandir
	((status == 1))
	[[ $output == *'no database in /var/lib/clamav: fetching one'* ]]
	[[ $output == *'/scandir/bad: Eicar-Signature.UNOFFICIAL FOUND'* ]]
}

@test "clamscan without a database and without a mirror is an error, not a clean result" {
	prepare
	make_scandir
	kill "${servers[0]}"
	servers=()
	run run_image "${mirror_options[@]}" base -v "$work/scandir:/scandir:ro" -- clamscan /scandir
	((status == 2))
	[[ $output == *'no database in /var/lib/clamav: freshclam failed'* ]]
	[[ $output != *': OK'* ]]
}

@test "a good volume is used as it is, from one container to the next" {
	prepare
	start_with_mirror a -e CLAMAV_NO_FRESHCLAMD=true
	wait_healthy a
	podman rm -f -t 10 "$(name a)" >/dev/null 2>&1 # podman's complaints of systemd
	: >"$work/mirror/.requests"
	start_with_mirror b -e CLAMAV_NO_FRESHCLAMD=true
	wait_healthy b
	[[ -z $(requests "$work/mirror") ]]
}

@test "a database that was cut short is set aside and fetched again, the good one is kept" {
	prepare
	make_database "$work/db"
	head -c 99 "$work/mirror/test.ndb" >"$work/db/test.ndb"
	start_with_mirror c -e CLAMAV_NO_FRESHCLAMD=true
	wait_healthy c
	log_says c 'test.ndb is broken: set aside'
	cmp "$work/db/test.ndb" "$work/mirror/test.ndb"
	[[ -s $work/db/test.hdb ]]
	[[ ! -e $work/db/test.ndb.broken ]]
}

@test "a CVD that is not what its header says is set aside" {
	prepare
	make_database "$work/db"
	printf '%-512s' 'ClamAV-VDB:01 Jan 2026 08-00 +0000:1:1:90:00000000000000000000000000000000:x:nobody:1767254400' >"$work/db/daily.cvd"
	start_with_mirror c -e CLAMAV_NO_FRESHCLAMD=true
	wait_healthy c
	log_says c 'daily.cvd is broken: set aside'
}

@test "an empty file in place of the only database counts as none" {
	prepare
	: >"$work/db/test.ndb"
	start_with_mirror c -e CLAMAV_NO_FRESHCLAMD=true
	wait_healthy c
	[[ -s $work/db/test.ndb ]]
}

@test "a full disk: the new database is not taken, the old one is kept and used" {
	prepare
	make_database "$work/old"
	head -c 3000000 /dev/zero | tr '\0' '#' >>"$work/mirror/test.ndb"
	start_image c "${mirror_options[@]}" -v "$work/old:/old:ro" --tmpfs /var/lib/clamav:size=1m,mode=1777 base --entrypoint bash -- \
		-c 'cp /old/* /var/lib/clamav/ && exec /init'
	wait_healthy c
	wait_log c 'ERROR|WARNING|failed'
	healthy c
	in_container c cmp /old/test.ndb /var/lib/clamav/test.ndb
}

@test "403 without a database: the container waits, unhealthy, and asks once only" {
	prepare
	echo 403 >"$work/mirror/.status"
	start_with_mirror c
	wait_log c 'the mirror forbids it \(403\): nothing is asked for until'
	run in_container c clamdcheck.sh
	((status == 1))
	running c
	[[ $(requests "$work/mirror" | wc -l) == 1 ]]
}

@test "403: a new container on the same volume does not ask again" {
	prepare
	echo 403 >"$work/mirror/.status"
	start_with_mirror a
	wait_log a 'forbids it'
	podman rm -f -t 0 "$(name a)" >/dev/null 2>&1 # podman's complaints of systemd
	start_with_mirror b
	wait_log b 'forbids it'
	[[ $(requests "$work/mirror" | wc -l) == 1 ]]
	# A short command does not hang, and does not ask either.
	run run_image "${mirror_options[@]}" -v "$work/db:/var/lib/clamav" base -- clamscan /etc/passwd
	((status == 2))
	[[ $output == *'the mirror forbids it (403)'* ]]
	[[ $(requests "$work/mirror" | wc -l) == 1 ]]
}

@test "429 is told apart, and Retry-After is kept to" {
	prepare
	echo 429 3 >"$work/mirror/.status"
	start_with_mirror c -e CLAMAV_NO_FRESHCLAMD=true
	wait_log c 'we came too often \(429\): nothing is asked for until'
	rm "$work/mirror/.status"
	wait_healthy c
}

@test "403 while clamd runs: freshclam rests, clamd goes on, and the database's age is told" {
	prepare
	make_database "$work/db"
	touch -d '9 days ago' "$work/db"/*
	echo 403 >"$work/mirror/.status"
	start_with_mirror c
	wait_healthy c
	wait_log c 'forbids it .*the database here is 9 days old; next attempt in'
	running c
	healthy c
	[[ $(requests "$work/mirror" | wc -l) == 1 ]]
}

@test "a mirror that is down: another attempt comes later, the container does not end" {
	prepare
	kill "${servers[0]}"
	servers=()
	start_with_mirror c
	wait_log c 'freshclam failed, see its own words above; there is no database; next attempt in 60 s'
	running c
}

@test "freshclam tells clamd of a new database" {
	prepare
	make_database "$work/db"
	echo 'Another-Test:0:*:616e6f746865722d746573742d7369676e6174757265' >>"$work/mirror/test.ndb"
	touch -d '+1 minute' "$work/mirror/test.ndb"
	start_with_mirror c
	wait_healthy c
	wait_log c 'Clamd successfully notified about the update|Database correctly reloaded'
}
