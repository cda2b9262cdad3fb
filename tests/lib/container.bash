# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Containers for the tests of the image: built once, started with what the engine at hand needs, and gone after the test.
#
#   setup_file() { container_setup_file; }      builds the images when something changed; sets IMAGE, IMAGE_BASE
#   setup() { container_setup; }                $work: a folder of this test's own
#   teardown() { container_teardown; }          removes the containers, and shows their logs when the test failed
#
#   run_image [OPTION…] -- [COMMAND…]           in the foreground; with `run`: $status, $output
#   start_image NAME [OPTION…] -- [COMMAND…]    in the background; the container is called $(name NAME)
#   OPTION: `podman run`'s, and  base  for the image without a database

container_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=../../scripts/container-engine.bash
. "$container_root/scripts/container-engine.bash"

container_setup_file() {
	export IMAGE=localhost/clamav-scan:test IMAGE_BASE=localhost/clamav-scan:test_base
	"$container_root/scripts/build-test-image" >&3 2>&1
	engine_detect "$IMAGE_BASE"
	export CONTAINER_PREFIX=clamav-scan-test-$$
}

container_setup() {
	work=$BATS_TEST_TMPDIR
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$work" 2>/dev/null || true # not ours in some runs
	servers=()
}

container_teardown() {
	local id server
	for server in "${servers[@]}"; do
		kill "$server"
	done
	for id in $(podman ps -aq --filter "label=test=$CONTAINER_PREFIX-$BATS_TEST_NUMBER"); do
		if [[ -z ${BATS_TEST_COMPLETED-} ]]; then
			echo "# log of $(podman inspect --format '{{.Name}}' "$id")"
			podman logs "$id" 2>&1 | tail -n 40
		fi
		# It may be one that stops slowly: no test waits for that.
		podman rm --force --time 0 "$id" &>/dev/null || true
	done
}

name() {
	echo "$CONTAINER_PREFIX-$BATS_TEST_NUMBER-$1"
}

# Options, up to `--`, in $options; the rest in $command; $image.
container_arguments() {
	local -a engine
	read -r -a engine <<<"$ENGINE_RUN"
	image=$IMAGE
	options=(--label "test=$CONTAINER_PREFIX-$BATS_TEST_NUMBER" "${engine[@]}")
	command=()
	while (($#)) && [[ $1 != -- ]]; do
		if [[ $1 == base ]]; then image=$IMAGE_BASE; else options+=("$1"); fi
		shift
	done
	command=("${@:2}")
}

# podman complains here and there that it has no systemd for timers: not what is tested.
without_noise() {
	grep -vE 'unable to get systemd connection|^time=.* level=(error|warning|info) ' || true # nothing left
}

run_image() {
	local image result=0
	local -a options command
	container_arguments "$@"
	{ timeout 120 podman run --rm "${options[@]}" "$image" "${command[@]}" </dev/null 2>&1 || result=$?; } > >(without_noise)
	wait $!
	return "$result"
}

# No network unless asked for: then the port of the daemon cannot be another test's.
start_image() {
	local image container
	local -a options command
	container=$(name "$1")
	shift
	container_arguments "$@"
	[[ " ${options[*]} " == *' --network '* ]] || options+=(--network none)
	podman run -d --name "$container" "${options[@]}" "$image" "${command[@]}" >"$work/run.log" 2>&1 || {
		cat "$work/run.log"
		return 1
	}
}

# in_container NAME [OPTION…] COMMAND…
in_container() {
	local container
	container=$(name "$1")
	shift
	podman exec "$container" "$@"
}

log_of() {
	podman logs "$(name "$1")" 2>&1
}

# wait_for SECONDS COMMAND…: until it succeeds.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	# Before it succeeds, its complaints are of no interest.
	until "$@" &>/dev/null; do
		((SECONDS < end)) || {
			echo "not within the time: $*"
			return 1
		}
		sleep 0.1
	done
}

log_says() {
	log_of "$1" | grep -qE -- "$2"
}

# wait_log NAME REGEX [SECONDS]
wait_log() {
	wait_for "${3:-20}" log_says "$1" "$2"
}

healthy() {
	in_container "$1" clamdcheck.sh 5
}

wait_healthy() {
	wait_for "${2:-30}" healthy "$1"
}

# exit_of NAME [SECONDS]: waits for its end, prints its status.
exit_of() {
	timeout "${2:-20}" podman wait "$(name "$1")"
}

running() {
	[[ $(podman inspect --format '{{.State.Running}}' "$(name "$1")") == true ]]
}

# The string by which scanners are tested, made when it is needed: in the repository it would be reported.
make_eicar() {
	rev <<<'*H+H$!ELIF-TSET-SURIVITNA-DRADNATS-RACIE$}7)CC7)^P(45XZP\4[PA@%P!O5X' | tr -d '\n' >"$1"
}

# A folder with one harmless file and one with EICAR.
make_scandir() {
	mkdir -p "$work/scandir"
	echo harmless >"$work/scandir/good"
	make_eicar "$work/scandir/bad"
	chmod -R a+rX "$work/scandir"
}

# A database folder of the small test database.
make_database() {
	mkdir -p "$1"
	cp "$container_root"/build/database/test/*.?db "$1/"
	chmod -R a+rwX "$1"
}

# A mirror on the loopback that serves the folder $1; sets mirror_url.
start_mirror() {
	"$container_root/tests/lib/mirror.py" "$1" "$work/mirror.port" &
	servers+=("$!")
	wait_for 10 test -s "$work/mirror.port"
	mirror_url=http://127.0.0.1:$(<"$work/mirror.port")
}

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# What makes freshclam ask the mirror for test.ndb alone, in $work/freshclam.conf, to be mounted.
make_freshclam_conf() {
	cat >"$work/freshclam.conf" <<-EOF
		DatabaseDirectory /var/lib/clamav
		DatabaseOwner clamav
		Foreground yes
		LogTime yes
		DatabaseMirror $mirror_url
		ExcludeDatabase daily
		ExcludeDatabase main
		ExcludeDatabase bytecode
		DatabaseCustomURL $mirror_url/test.ndb
		MaxAttempts 1
	EOF
	chmod 644 "$work/freshclam.conf"
	# shellcheck disable=SC2034 # for the tests
	# With the host's network, the port must be one that is free there.
	mirror_options=(--network host -e "CLAMD_CONF_TCPSocket=$(free_port)" -e CLAMD_CONF_TCPAddr=127.0.0.1
	-v "$work/freshclam.conf:/etc/clamav/freshclam.conf:ro")
}

requests() {
	cat "$1/.requests" 2>/dev/null || true # none yet
}
