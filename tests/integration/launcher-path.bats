#!/usr/bin/env bats
# Folders and files, scanned with a real clamd: every name, mode and depth, and what cannot be scanned.
# shellcheck disable=SC2154 # stderr is set by run --separate-stderr
bats_require_minimum_version 1.5.0
load ../lib/launcher

setup() {
	launcher_setup
}

teardown() {
	# What a test made unreadable must be removable again.
	chmod -R u+rwX "$FOLDER"
}

@test "a clean folder is clean, with status 0 and every file counted" {
	echo one >"$FOLDER/a"
	echo two >"$FOLDER/b"
	scan_path
	[[ $status == 0 && ${lines[-1]} == "clean: 2 files scanned, nothing found" ]]
	results '.verdict == "clean" and .counts.locations == 2 and .counts.clean == 2 and .engine.daemon == "own"'
	assert_nothing_left
}

@test "an infected file is found under any name" {
	local name
	eicar >"$BATS_TEST_TMPDIR/e"
	for name in 'a b' $'line\nfeed' $'x: OK\nopt' '-dash' $'\xff\xfe' 'quote"'"'" '*' "$(printf 'n%.0s' {1..255})"; do
		cp "$BATS_TEST_TMPDIR/e" "$FOLDER/$name"
	done
	scan_path
	[[ $status == 1 ]]
	results '.verdict == "infected" and .counts.infected == 8 and .counts.contents == 1 and (.findings | length) == 1'
	results '[.findings[0].locations[].path] | any(endswith("/a b"))'
	results '.findings[0].locations | any(.path_base64 != null)'
	[[ $(grep -cE '^[^[:space:]]+: [^[:space:]]+ FOUND$' "$OUT/clamscan-result-path.log") == 8 ]]
	assert_nothing_left
}

@test "a single file, and several roots, can be named" {
	eicar >"$FOLDER/bad"
	echo fine >"$BATS_TEST_TMPDIR/good"
	run "$CLAMAV_SCAN" path --database "$DB" --output "$OUT" "$BATS_TEST_TMPDIR/good" "$FOLDER/bad"
	[[ $status == 1 ]]
	results '.counts.locations == 2 and .findings[0].locations[0].path == "'"$FOLDER/bad"'"'
}

@test "malware within an archive is found" {
	eicar >"$BATS_TEST_TMPDIR/e"
	(cd "$BATS_TEST_TMPDIR" && zip -q "$FOLDER/x.zip" e && 7z a -bd "$FOLDER/x.7z" e >/dev/null && tar czf "$FOLDER/x.tgz" e)
	scan_path
	[[ $status == 1 ]]
	results '.counts.infected == 3'
}

@test "a path longer than PATH_MAX, and a tree deeper than the limit of open files, are walked" {
	python3 - "$FOLDER" <<-'END'
		import os, sys
		os.chdir(sys.argv[1])
		for _ in range(3000):
		    os.mkdir("deep")
		    os.chdir("deep")
		with open("bad", "w") as f:
		    f.write("X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*")
	END
	ulimit -n 256
	scan_path
	[[ $status == 1 ]]
	results '.counts.infected == 1 and (.findings[0].locations[0].path | length) > 15000'
	python3 -c 'import shutil,sys,os
sys.setrecursionlimit(10000)
os.chdir(sys.argv[1])
n=0
while os.path.isdir("deep"): os.chdir("deep"); n+=1
os.unlink("bad")
for _ in range(n): os.chdir(".."); os.rmdir("deep")' "$FOLDER"
}

@test "links are not followed, and nothing but files and folders is opened" {
	local outside=$BATS_TEST_TMPDIR/outside
	mkdir "$outside"
	eicar >"$outside/bad"
	ln -s "$outside" "$FOLDER/folder"
	ln -s "$outside/bad" "$FOLDER/file"
	mkfifo "$FOLDER/fifo"
	python3 -c 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$FOLDER/sock"
	scan_path
	[[ $status == 0 ]]
	results '.counts.skipped == {"symlink": 2, "fifo": 1, "device": 0, "socket": 1} and .counts.locations == 0'
}

@test "what a user without rights cannot read is unscanned, its mode unchanged, and the result incomplete" {
	local uid=65534
	echo secret >"$FOLDER/secret"
	mkdir "$FOLDER/closed"
	echo fine >"$FOLDER/fine"
	chmod 000 "$FOLDER/secret" "$FOLDER/closed"
	chmod 755 "$BATS_TEST_TMPDIR" "$FOLDER"
	chmod 1777 "$TMPDIR"
	# The folders above belong to root alone where the runner's own are private: the user enters through a mount-free way, its fd.
	run --separate-stderr setpriv --reuid "$uid" --regid "$uid" --clear-groups --inh-caps=-all \
		"$CLAMAV_SCAN" path --format json --database "$DB" "$FOLDER"
	echo "$output $stderr"
	[[ $status == 2 ]]
	jq -e '.verdict == "incomplete" and .counts.clean == 1 and .counts.unscanned == 2 and all(.unscanned[]; .reason == "read-error")' <<<"$output"
	[[ $(stat -c %a "$FOLDER/secret") == 0 && $(stat -c %a "$FOLDER/closed") == 0 ]]
}

@test "a file over ClamAV's largest size is unscanned, not clean" {
	truncate -s 2147483646 "$FOLDER/huge"
	scan_path
	[[ $status == 2 ]]
	results '.unscanned[0].reason == "too-large"'
}

@test "a file that grows while it is scanned is unscanned" {
	(while :; do echo x; done >>"$FOLDER/growing") &
	local writer=$!
	wait_until test -s "$FOLDER/growing"
	scan_path
	kill "$writer"
	[[ $status == 2 ]]
	results '.unscanned[0].reason == "changed"'
}

@test "HTML that is too long for ClamAV to normalize is scanned raw" {
	{
		printf '<html><body>'
		head -c 11000000 /dev/zero | tr '\0' 'a'
		printf '%s' "$(printf '%s' 'clamav-scan test needle' | sed 's/$/ end/')"
		printf '</body></html>'
	} >"$FOLDER/long.html"
	printf 'Needle:0:*:%s\n' "$(printf 'test needle end' | od -An -tx1 | tr -d ' \n')" >"$DB/needle.ndb"
	scan_path
	[[ $status == 1 ]]
	results '.findings[0].signature == "Needle"'
}

@test "an encrypted archive is a warning, opaque, and with --strict incomplete" {
	echo secret >"$BATS_TEST_TMPDIR/s"
	(cd "$BATS_TEST_TMPDIR" && zip -q -P password "$FOLDER/x.zip" s)
	scan_path
	[[ $status == 0 ]]
	results '.counts.opaque == 1 and .opaque[0].format == "zip" and .opaque[0].reason == "encrypted"'
	scan_path --strict
	[[ $status == 2 ]]
}

@test "an old database is a warning from 7 days on, and incomplete over --max-db-age" {
	echo fine >"$FOLDER/fine"
	touch -d '10 days ago' "$DB/demo.ndb"
	scan_path
	[[ $status == 0 && $stderr == *"the database is 10 days old"* ]]
	results '.warnings[0].kind == "database-age" and .database.age_days == 10'
	scan_path --max-db-age 9
	[[ $status == 2 ]]
	scan_path --max-db-age 10
	[[ $status == 0 ]]
}

@test "what cannot begin is one line on standard error with status 2, and nothing is left" {
	local -a cases=("$BATS_TEST_TMPDIR/missing" "$DB" /dev/null)
	mkdir "$BATS_TEST_TMPDIR/empty"
	echo 'no signature' >"$BATS_TEST_TMPDIR/empty/readme"
	mkdir "$BATS_TEST_TMPDIR/broken"
	echo 'this is no signature' >"$BATS_TEST_TMPDIR/broken/x.ndb"
	one_line() {
		run --separate-stderr "$CLAMAV_SCAN" path "$@"
		printf '%s\n' "$* → $status" "$stderr"
		[[ $status == 2 && ${#stderr_lines[@]} == 1 ]]
		assert_nothing_left
	}
	one_line --database "$DB" "${cases[0]}"
	one_line --database "$DB" "${cases[2]}"
	one_line --database "${cases[0]}" "$FOLDER"
	one_line --database "$BATS_TEST_TMPDIR/empty" "$FOLDER"
	one_line --database "$BATS_TEST_TMPDIR/broken" "$FOLDER"
	one_line --database "$DB" --work-dir "${cases[0]}" "$FOLDER"
	one_line --database "$DB" --output /proc/none "$FOLDER"
}

@test "the database's folder is never written to, and may be readable by root alone" {
	chmod 700 "$DB"
	chmod 600 "$DB/demo.ndb"
	eicar >"$FOLDER/bad"
	local before
	before=$(stat -c '%n %Y %Z %h' "$DB" "$DB"/*)
	scan_path
	[[ $status == 1 && $(stat -c '%n %Y %Z %h' "$DB" "$DB"/*) == "$before" ]]
}
