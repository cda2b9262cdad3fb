# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # the parts of the entry point share their variables
# The daemons and their ends. One loop reads events from a pipe, a line each, and does one thing after the other:
#
#   ended NAME      a program that we started is gone
#   ready clamd     clamd answered                    late clamd     it did not, within CLAMD_STARTUP_TIMEOUT
#   retry NAME      a waiting time is over            signal NAME    somebody sent us this one
#
# Events, not `wait -n`: that overlooks a child that died before it was called.
# Each daemon writes into a pipe, and a relay passes its lines on to our output: its end is how we learn of the daemon's, and the last
# lines that it kept are the daemon's last words.

declare -A pid_of=()
kept_lines=40
stop_seconds=8
failures=0
clamd_ready=no
repaired=no

relay() {
	local name=$1 line
	local -a last=()
	# It ends with what it reads, whoever signals the group.
	trap '' TERM INT HUP USR1 USR2
	while IFS= read -r line || [[ -n $line ]]; do
		printf '%s\n' "$line"
		last+=("$line")
		((${#last[@]} <= kept_lines)) || last=("${last[@]:1}")
	done
	# At the very end, nobody wants to know.
	[[ -d $state ]] || return 0
	printf '%s\n' "${last[@]}" >"$state/$name.last"
	echo "ended $name" >&"$events"
}

# start NAME COMMAND…
start() {
	local name=$1 pipe=$state/$1.pipe
	shift
	rm -f "$pipe"
	mkfifo -m 600 "$pipe"
	relay "$name" <"$pipe" &
	exec {events}>&- "$@" >"$pipe" 2>&1 </dev/null &
	pid_of[$name]=$!
	rm -f "$state/$name.last"
}

# after SECONDS EVENT…
after() {
	{
		sleep "$1"
		echo "${*:2}" >&"$events"
	} &
	timers+=("$!")
}

# What must be writable for the daemons' user, before anything starts: an unwritable one makes clamd say OK to what it has not seen.
prepare_folders() {
	local user socket folder
	user=$(daemon_user clamd User root)
	as_user "$user" true || die 1 "cannot become the user $user: give the container CAP_SETUID and CAP_SETGID, or start it with --user"
	folder=$(conf_value clamd TemporaryDirectory /tmp)
	as_user "$user" test -w "$folder" || die 1 "clamd's TemporaryDirectory $folder cannot be written to by ${user:-user $EUID}: mount a tmpfs there"
	socket=$(conf_value clamd LocalSocket '')
	[[ -n $socket ]] || return 0
	folder=${socket%/*}
	# On a read-only file system without a tmpfs there it fails, and what follows says so.
	[[ -d $folder ]] || install -d -m 775 -- "$folder" 2>/dev/null || true
	if ! as_user "$user" test -w "$folder"; then
		# A folder of the host, mounted for the socket.
		if ! { ((EUID == 0)) && chown -- "$user" "$folder"; }; then
			warn "$folder cannot be written to by ${user:-user $EUID}: clamd's socket is /tmp/clamd.sock. Mount a tmpfs or volume at $folder"
			conf_set clamd LocalSocket /tmp/clamd.sock
			[[ -z ${conf_file["clamav-milter"]-} ]] || conf_set clamav-milter ClamdSocket unix:/tmp/clamd.sock
		fi
	fi
}

# Both usual names lead to clamd's socket, wherever that is.
link_sockets() {
	local socket name
	socket=$(conf_value clamd LocalSocket '')
	[[ -n $socket ]] || return 0
	for name in /run/clamav/clamd.sock /tmp/clamd.sock; do
		[[ $name != "$socket" ]] || continue
		[[ ! -S $name && ! -L $name ]] || rm -f -- "$name"
		# Where the folder is read-only, there is the other name.
		ln -s -- "$socket" "$name" 2>/dev/null || true
	done
}

start_fetch() {
	local -a options=(--config-file="${conf_file[freshclam]}" --foreground --stdout)
	if fetch_refused; then
		wait_and_retry fetch
		return
	fi
	# An empty or broken file of the same name would pass for the current one.
	database_set_aside || true # none was broken
	say "fetching a database into $database"
	start fetch freshclam "${options[@]}"
}

# After outcome and retry_at were set: says what is, and comes back to NAME.
wait_and_retry() {
	local name=$1 seconds
	if [[ $outcome == failed ]]; then
		seconds=$((failures < 6 ? 60 * 2 ** failures : 3600))
		failures=$((failures + 1))
		retry_at=$((EPOCHSECONDS + seconds))
	else
		seconds=$((retry_at - EPOCHSECONDS + 1))
	fi
	warn "$(fetch_said); $(database_said); next attempt in $seconds s"
	after "$seconds" "retry $name"
}

ended_fetch() {
	local status=$1
	fetch_outcome "$status" "$state/fetch.last"
	if database_present; then
		[[ $outcome == ok ]] || warn "$(fetch_said); $(database_said)"
		start_services
		return
	fi
	[[ $outcome != ok ]] || outcome=failed
	if [[ $outcome == failed ]] && ((SECONDS >= startup_timeout)); then
		finish "$status" "there was no database within CLAMD_STARTUP_TIMEOUT=$startup_timeout s; freshclam ended" fetch
	fi
	wait_and_retry fetch
}

start_services() {
	if [[ $no_clamd == false ]]; then
		rm_stale_sockets
		start clamd clamd --config-file="${conf_file[clamd]}" --foreground
		watch_clamd &
		timers+=("$!")
	fi
	[[ $no_freshclamd == true ]] || start_freshclam
	[[ $no_clamd == false ]] || start_milter
}

rm_stale_sockets() {
	local socket
	socket=$(conf_value clamd LocalSocket '')
	[[ ! -S $socket ]] || rm -f -- "$socket"
	link_sockets
}

# Waits until clamd answers. It makes its socket only when its database is loaded, and nothing tells us when: look ten times a second.
watch_clamd() {
	local address end=$((SECONDS + startup_timeout))
	address=$(clamd_address)
	while ((SECONDS < end)); do
		if ping_clamd "$address" 5; then
			echo "ready clamd" >&"$events"
			return
		fi
		sleep 0.1
	done
	echo "late clamd" >&"$events"
}

start_freshclam() {
	local owner
	local -a options=(--config-file="${conf_file[freshclam]}" --daemon --foreground --stdout)
	[[ -z $checks ]] || options+=(--checks="$checks")
	owner=$(daemon_user freshclam DatabaseOwner clamav)
	if ! as_user "$owner" test -w "$database"; then
		warn "$database cannot be written to by ${owner:-user $EUID}: freshclam is not started, and $(database_said)"
		return
	fi
	if fetch_refused; then
		wait_and_retry freshclam
		return
	fi
	start freshclam freshclam "${options[@]}"
}

# freshclam's daemon gives up when a mirror forbids it: clamd goes on with the database it has.
ended_freshclam() {
	local status=$1
	case $status in
		17 | 18)
			fetch_outcome "$status" "$state/freshclam.last"
			wait_and_retry freshclam
			;;
		*) finish "$status" "freshclam ended" freshclam ;;
	esac
}

start_milter() {
	[[ $no_milterd == true ]] || start clamav-milter clamav-milter --config-file="${conf_file["clamav-milter"]}"
}

ended_clamd() {
	local status=$1
	# (A signal, such as the kernel's for want of memory, says nothing about the database.)
	if [[ $clamd_ready == no && $repaired == no ]] && ((status < 128)) && database_set_aside; then
		repaired=yes
		stop_all
		start_fetch
		return
	fi
	finish "$status" "clamd ended" clamd
}

# Signals to those that know them: to another program they would be its end.
pass_signal() {
	case $1 in
		HUP) signal_all HUP clamd freshclam ;;
		USR1) signal_all USR1 freshclam ;;
		USR2) signal_all USR2 clamd ;;
		TERM | INT)
			say "SIG$1: stopping"
			stop_all
			rm -rf "$state"
			exit 0
			;;
	esac
}

# signal_all SIGNAL NAME…
signal_all() {
	local name
	for name in "${@:2}"; do
		# It may have ended just now.
		[[ -z ${pid_of[$name]-} ]] || kill -s "$1" "${pid_of[$name]}" 2>/dev/null || true
	done
}

# Ends all that we started, within $stop_seconds, the stubborn by force.
stop_all() {
	local end=$((SECONDS + stop_seconds)) name
	((${#timers[@]} == 0)) || kill "${timers[@]}" 2>/dev/null || true # some are over
	timers=()
	signal_all TERM "${!pid_of[@]}"
	while ((${#pid_of[@]})); do
		for name in "${!pid_of[@]}"; do
			# Gone is what we wait for.
			kill -0 "${pid_of[$name]}" 2>/dev/null || unset "pid_of[$name]"
		done
		((SECONDS < end)) || break
		sleep 0.1
	done
	((${#pid_of[@]} == 0)) || warn "still running after $stop_seconds s, ended by force: ${!pid_of[*]}"
	signal_all KILL "${!pid_of[@]}"
	pid_of=()
}

# finish STATUS MESSAGE [NAME]: the container's end, with the last words of NAME last.
finish() {
	local status=$1 how="with status $1" tenths
	((status <= 128)) || how="by signal $((status - 128)) ($(kill -l $((status - 128))))"
	stop_all
	# Its relay writes them down when it has read all; a second is plenty.
	for ((tenths = 0; tenths < 10; tenths++)); do
		[[ -n ${3-} && ! -e $state/$3.last ]] || break
		sleep 0.1
	done
	{
		printf 'clamav-scan: %s %s: the container ends\n' "$2" "$how"
		if [[ -n ${3-} && -s $state/$3.last ]]; then
			printf 'clamav-scan: the last words of %s:\n' "$3"
			tail -n 10 "$state/$3.last"
		fi
	} >&2
	rm -rf "$state"
	exit "$((status == 0 ? 1 : status))"
}

# A program's end, with its status. stop_all has forgotten those that it ended itself.
ended() {
	local name=$1 status=0
	[[ -n ${pid_of[$name]-} && $stopping == no ]] || return 0
	# bash reports here what killed it; finish does so too, in words.
	wait "${pid_of[$name]}" 2>/dev/null || status=$?
	unset "pid_of[$name]"
	case $name in
		fetch) ended_fetch "$status" ;;
		clamd) ended_clamd "$status" ;;
		freshclam) ended_freshclam "$status" ;;
		*) finish "$status" "$name ended" "$name" ;;
	esac
}

handle() {
	case $1 in
		ended) ended "$2" ;;
		ready)
			clamd_ready=yes
			say "clamd is ready at $(clamd_address)"
			start_milter
			;;
		late) finish 1 "clamd did not answer within CLAMD_STARTUP_TIMEOUT=$startup_timeout s; stopped" clamd ;;
		retry) if [[ $2 == fetch ]]; then start_fetch; else start_freshclam; fi ;;
		signal) pass_signal "$2" ;;
	esac
}

serve() {
	local event argument kind signal
	timers=()
	stopping=no
	make_state
	settings_read
	for kind in clamd freshclam clamav-milter; do
		conf_prepare "$kind"
	done
	conf_check clamd
	conf_check freshclam
	database=$(conf_value clamd DatabaseDirectory /var/lib/clamav)
	[[ $no_clamd == true ]] || prepare_folders
	# freshclam tells clamd of a new database: at the socket that this clamd has.
	[[ ${conf_file[clamd]} == /etc/clamav/clamd.conf ]] || conf_set freshclam NotifyClamd "${conf_file[clamd]}"
	prepare_database
	mkfifo -m 600 "$state/events"
	exec {events}<>"$state/events"
	for signal in TERM INT HUP USR1 USR2; do
		# A terminal's ^C reaches the daemons as well: that they end is no failure then.
		# shellcheck disable=SC2064 # the name is this round's
		trap "[[ $signal != INT && $signal != TERM ]] || stopping=yes; echo 'signal $signal' >&$events" "$signal"
	done
	if database_present; then start_services; else start_fetch; fi
	while read -r event argument <&"$events"; do
		handle "$event" "$argument"
	done
}
