#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2153,SC2154,SC2030,SC2031 # variables of lib/container; each test is a subshell of its own
# The environment variables and mounted configuration files of the ClamAV image.

load ../lib/container

setup_file() { container_setup_file; }
setup() { container_setup; }
teardown() { container_teardown; }

processes() {
	in_container "$1" ps -o comm= -e
}

@test "CLAMAV_NO_CLAMD=true: freshclam alone, and the container is healthy" {
	start_image c -e CLAMAV_NO_CLAMD=true --
	wait_log c 'freshclam daemon|update process started'
	run processes c
	[[ $output == *freshclam* && $output != *clamd* ]]
	run in_container c clamdcheck.sh
	((status == 0))
}

@test "CLAMAV_NO_FRESHCLAMD=true: clamd alone" {
	start_image c -e CLAMAV_NO_FRESHCLAMD=true --
	wait_healthy c
	run processes c
	[[ $output == *clamd* && $output != *freshclam* ]]
}

@test "CLAMAV_NO_MILTERD=false: the milter listens on 7357" {
	start_image c -e CLAMAV_NO_FRESHCLAMD=true -e CLAMAV_NO_MILTERD=false --
	wait_for 20 in_container c nc -z 127.0.0.1 7357
	run in_container c ps -o user= -o comm= -e
	[[ $output =~ clamav[[:space:]]+clamav-milter ]]
}

@test "the milter has an infected mail quarantined, and lets a good one pass" {
	local port
	port=$(free_port)
	sed "s/^MilterSocket .*/MilterSocket inet:$port@127.0.0.1/" "$container_root/conf/clamav-milter.conf" >"$work/clamav-milter.conf"
	start_image c --network host -e CLAMAV_NO_FRESHCLAMD=true -e CLAMAV_NO_MILTERD=false -e "CLAMD_CONF_TCPSocket=$(free_port)" \
		-v "$work/clamav-milter.conf:/etc/clamav/clamav-milter.conf:ro" --
	wait_for 20 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
	printf 'From: a@example\nSubject: good\n\nhello\n' >"$work/good"
	make_eicar "$work/body"
	cat <(printf 'From: a@example\nSubject: bad\n\n') "$work/body" >"$work/bad"
	run "$container_root/tests/lib/milter.py" 127.0.0.1 "$port" <"$work/good"
	[[ $output != *quarantine* && $output == *accept ]]
	run "$container_root/tests/lib/milter.py" 127.0.0.1 "$port" <"$work/bad"
	[[ $output == *quarantine* ]]
	log_says c 'infected by Eicar-Signature'
}

@test "CLAMAV_NO_MILTERED is the same setting" {
	start_image c -e CLAMAV_NO_FRESHCLAMD=true -e CLAMAV_NO_MILTERED=false --
	wait_for 20 in_container c nc -z 127.0.0.1 7357
}

@test "by default there is no milter" {
	start_image c -e CLAMAV_NO_FRESHCLAMD=true --
	wait_healthy c
	run processes c
	[[ $output != *milter* ]]
}

@test "a misspelt CLAMAV_ variable is a warning, Kubernetes' own and the scanner's are none" {
	start_image c -e CLAMAV_NO_FRESHCLAM=true -e CLAMAV_SERVICE_HOST=10.0.0.1 -e CLAMAV_PORT_3310_TCP=x -e CLAMAV_SCAN_THREADS=2 --
	wait_log c 'CLAMAV_NO_FRESHCLAM is not a setting'
	run log_of c
	[[ $output != *CLAMAV_SERVICE_HOST* && $output != *CLAMAV_PORT* && $output != *CLAMAV_SCAN* ]]
}

@test "a value that is neither true nor false is an error that quotes it" {
	run run_image --network none -e CLAMAV_NO_CLAMD=yes --
	((status == 64))
	[[ $output == *'CLAMAV_NO_CLAMD=yes: true or false is wanted'* ]]
}

@test "FRESHCLAM_CHECKS becomes freshclam's, and a wrong one is an error" {
	start_image c -e FRESHCLAM_CHECKS=24 -e CLAMAV_NO_CLAMD=true --
	wait_for 10 in_container c sh -c 'cat /proc/[0-9]*/cmdline | tr "\0" " " | grep -e --checks=24'
	run run_image --network none -e FRESHCLAM_CHECKS=often --
	((status == 64))
	[[ $output == *'FRESHCLAM_CHECKS=often'* ]]
	run run_image --network none -e FRESHCLAM_CHECKS=51 --
	((status == 64))
}

@test "CLAMD_STARTUP_TIMEOUT ends a start that takes longer, with an error" {
	# A clamd that never gets to its socket: it is stopped at once.
	start_image c -e CLAMAV_NO_FRESHCLAMD=true -e CLAMD_STARTUP_TIMEOUT=2 -v "$BATS_TEST_DIRNAME/../data/stopped-clamd:/usr/local/sbin/clamd:ro" --
	run exit_of c 20
	[[ $output == 1 ]]
	log_says c 'clamd did not answer within CLAMD_STARTUP_TIMEOUT=2 s'
	run run_image --network none -e CLAMD_STARTUP_TIMEOUT=0 --
	((status == 64))
}

@test "CLAMD_CONF_ and FRESHCLAM_CONF_ set options, in a copy" {
	start_image c -e CLAMD_CONF_SelfCheck=1234 -e CLAMD_CONF_AlertEncrypted=yes -e FRESHCLAM_CONF_Checks=3 --
	wait_healthy c
	log_says c 'Self checking every 1234 seconds'
	log_says c 'Alerting of encrypted'
	run in_container c sh -c 'cmp /etc/clamav/clamd.conf /usr/local/share/clamav-scan/conf/clamd.conf &&
		cmp /etc/clamav/freshclam.conf /usr/local/share/clamav-scan/conf/freshclam.conf'
	((status == 0))
}

@test "an unknown option is an error that names it, before anything starts" {
	run run_image --network none -e CLAMD_CONF_MaxThread=3 --
	((status == 64))
	[[ $output == *'CLAMD_CONF_MaxThread: '*'Unknown option MaxThread'* ]]
	[[ $output != *'Self checking'* ]]
	run run_image --network none -e FRESHCLAM_CONF_Nonsense=3 --
	((status == 64))
	[[ $output == *'FRESHCLAM_CONF_Nonsense: '* ]]
}

@test "a wrong value is an error that names the option" {
	run run_image --network none -e CLAMD_CONF_MaxThreads=many --
	((status == 64))
	[[ $output == *'CLAMD_CONF_MaxThreads: Incorrect argument format'* ]]
	run run_image --network none -e CLAMD_CONF_ScanMail=perhaps --
	((status == 64))
	[[ $output == *'CLAMD_CONF_ScanMail: '* ]]
}

@test "a value with a line break cannot smuggle in another option" {
	run run_image --network none -e CLAMD_CONF_MaxThreads=$'3\nUser root' --
	((status == 64))
	[[ $output == *'CLAMD_CONF_MaxThreads has a line break'* ]]
}

@test "with another LocalSocket, the usual names lead to it" {
	start_image c -e CLAMAV_NO_FRESHCLAMD=true -e CLAMD_CONF_LocalSocket=/run/clamav/other.sock --
	wait_healthy c
	run in_container c clamdcheck.sh
	[[ $output == 'PONG from /run/clamav/other.sock' ]]
	run in_container c clamdscan --ping 1
	((status == 0))
}

@test "/etc/clamav may be mounted read-only as a whole" {
	mkdir "$work/etc"
	cp "$container_root"/conf/*.conf "$work/etc/"
	sed -i 's/^SelfCheck .*/SelfCheck 777/' "$work/etc/clamd.conf"
	start_image c -e CLAMAV_NO_FRESHCLAMD=true -e CLAMD_CONF_MaxThreads=3 -v "$work/etc:/etc/clamav:ro" --
	wait_healthy c
	log_says c 'Self checking every 777 seconds'
	grep -q '^MaxThreads 10' "$work/etc/clamd.conf"
}

@test "a single file may be mounted, and what /etc/clamav lacks is taken from the image" {
	sed 's/^SelfCheck .*/SelfCheck 778/' "$container_root/conf/clamd.conf" >"$work/clamd.conf"
	start_image one -e CLAMAV_NO_FRESHCLAMD=true -v "$work/clamd.conf:/etc/clamav/clamd.conf:ro" --
	wait_healthy one
	log_says one 'Self checking every 778 seconds'
	mkdir "$work/etc"
	cp "$work/clamd.conf" "$work/etc/"
	start_image two -v "$work/etc:/etc/clamav:ro" --
	wait_healthy two
	log_says two 'has no freshclam.conf'
}

# The settings that the ClamAV image's own file has.
@test "a mounted clamd.conf of the ClamAV image works as it is" {
	cat >"$work/clamd.conf" <<-EOF
		LogFile /var/log/clamav/clamd.log
		LogTime yes
		PidFile /run/lock/clamd.pid
		LocalSocket /tmp/clamd.sock
		TCPSocket 3310
		User clamav
	EOF
	start_image c -e CLAMAV_NO_FRESHCLAMD=true -v "$work/clamd.conf:/etc/clamav/clamd.conf:ro" --
	wait_healthy c
	in_container c test -s /var/log/clamav/clamd.log
	run in_container c clamdscan --ping 1
	((status == 0))
}

@test "a mounted file with an error is named" {
	printf 'Foreground yes\nNonsense 1\n' >"$work/clamd.conf"
	run run_image --network none -v "$work/clamd.conf:/etc/clamav/clamd.conf:ro" --
	((status == 64))
	[[ $output == *'/etc/clamav/clamd.conf: '*'Unknown option Nonsense'* ]]
}

@test "TZ sets the time zone of the log" {
	run run_image --network none -e TZ=Asia/Tokyo -- date +%Z
	[[ $output == JST ]]
	run run_image --network none -e TZ=America/New_York -- date +%Z
	[[ $output == E?T ]]
}

@test "clamd listens on TCP alone when its configuration says so, and the health check follows" {
	printf 'Foreground yes\nUser clamav\nTCPSocket 3311\nTCPAddr 127.0.0.1\n' >"$work/clamd.conf"
	start_image c -e CLAMAV_NO_FRESHCLAMD=true -v "$work/clamd.conf:/etc/clamav/clamd.conf:ro" --
	wait_healthy c
	run in_container c clamdcheck.sh
	[[ $output == 'PONG from 127.0.0.1:3311' ]]
}
