# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Images for tests: `load ../lib/images` in a bats file. tests/lib/mkimage.py writes them (see its head for what a specification may
# say), and writes what is broken just as well.
#
#	make_images LAYOUT <<<SPEC	adds the images of a JSON specification to an OCI layout; prints the digest of each
#	push_image LAYOUT[:TAG] URL	pushes one, byte for byte, to http://HOST:PORT/NAME:TAG (a registry of lib/registry.bash)
#	dir_image LAYOUT[:TAG] FOLDER	writes one as skopeo's dir: transport does
#	image_digest LAYOUT TAG		the digest of a tag
#
#	run_image [OPTION…] REF		runs libexec/image with a work folder of its own; sets status, and
#					WORK	the work folder
#					EVENTS	a file with the events
#	events [JQ-FILTER]		the events that a filter selects, one compact object a line
#	rootfs [PLATFORM]		the folder that this platform was unpacked to
#	assert_done N			exit 0, "done", N platforms and no error
#	assert_error REASON TEXT	exactly one error event, of that reason, whose message contains TEXT
#	assert_fatal REASON TEXT	the same, and nothing after it, and exit 1
#
# @EICAR@ in a specification stands for the test string, which is put together when the image is written.

IMAGES_PROJECT=$(cd -- "$BATS_TEST_DIRNAME/../.." && pwd)

make_images() {
	python3 "$IMAGES_PROJECT/tests/lib/mkimage.py" write "$1"
}

push_image() {
	python3 "$IMAGES_PROJECT/tests/lib/mkimage.py" push "$1" "$2"
}

dir_image() {
	python3 "$IMAGES_PROJECT/tests/lib/mkimage.py" dir "$1" "$2"
}

image_digest() {
	jq -er --arg tag "$2" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $tag) | .digest' "$1/index.json"
}

run_image() {
	WORK=$(mktemp -d "$BATS_TEST_TMPDIR/work.XXXXXX")
	EVENTS=$WORK.events
	status=0
	"$IMAGES_PROJECT/libexec/image" --work "$WORK" "$@" </dev/null >"$EVENTS" 2>"$WORK.stderr" || status=$?
	[[ ! -s $WORK.stderr ]] || images_fail "it wrote to standard error: $(<"$WORK.stderr")"
	jq -e . "$EVENTS" >/dev/null || images_fail "not all of its output is JSON"
}

images_fail() {
	printf '%s\n' "$1" >&2
	[[ ! -e ${EVENTS:-} ]] || grep -v '"progress"' "$EVENTS" | cut -c 1-300 >&2
	return 1
}

events() {
	jq -c "select(${1:-true})" "$EVENTS"
}

rootfs() {
	jq -er --arg platform "${1:-}" 'select(.event == "platform" and ($platform == "" or .platform == $platform)) | .rootfs' "$EVENTS"
}

assert_done() {
	((status == 0)) || images_fail "exit status $status" || return 1
	[[ $(tail -n 1 "$EVENTS") == '{"event":"done"}' ]] || images_fail "the last event is not done" || return 1
	! grep -q '^{"event":"error"' "$EVENTS" || images_fail "there is an error event" || return 1
	local platforms
	platforms=$(grep -c '^{"event":"platform"' "$EVENTS" || true) # none is counted, too
	((platforms == $1)) || images_fail "$platforms platforms instead of $1"
}

assert_error() {
	local errors
	mapfile -t errors < <(grep '^{"event":"error"' "$EVENTS")
	((${#errors[@]} == 1)) || images_fail "not exactly one error event" || return 1
	jq -e --arg reason "$1" --arg text "$2" '.reason == $reason and (.message | contains($text))' <<<"${errors[0]}" >/dev/null ||
		images_fail "it is not of the reason $1, or its message does not contain: $2"
}

assert_fatal() {
	assert_error "$1" "$2" || return 1
	((status == 1)) || images_fail "exit status $status instead of 1" || return 1
	[[ $(tail -n 1 "$EVENTS") == '{"event":"error"'* ]] || images_fail "something follows the error"
}
