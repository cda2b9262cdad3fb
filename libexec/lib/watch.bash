# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Watching a fetch: tells how far it is, and ends skopeo when nothing has come for a long time, for skopeo itself would wait for ever.

# How long a registry may send nothing, in seconds
IMAGE_STALL=${IMAGE_STALL:-300}
WATCH_PAUSE=2

# watch_start FOLDER: FOLDER is where skopeo keeps what it has not finished
watch_start() {
	watch "$1" $$ &
	WATCH_PID=$!
}

watch_stop() {
	[[ -n ${WATCH_PID:-} ]] || return 0
	kill "$WATCH_PID" 2>/dev/null || true # it ends by itself when the fetch does
	wait "$WATCH_PID" 2>/dev/null || true # its status is the signal's
	WATCH_PID=
}

# watch FOLDER PARENT
watch() {
	local bytes before=0 still=0
	trap - TERM INT HUP EXIT
	exec {never}<> <(:)                                                       # a pause without a process
	while read -rt "$WATCH_PAUSE" -u "$never" || kill -0 "$2" 2>/dev/null; do # it says so when the parent is gone
		bytes=$(watch_bytes "$1")
		if ((bytes > before)); then
			printf '{"event":"progress","phase":"fetch","done":%d,"total":%d}\n' "$((bytes < FETCH_TOTAL ? bytes : FETCH_TOTAL))" "$FETCH_TOTAL"
			before=$bytes still=0
		elif (((still += WATCH_PAUSE) >= IMAGE_STALL)); then
			still=0
			: >"$IMAGE_WORK/state/$N.stalled"
			pkill -TERM -P "$2" -x skopeo || true # it may just have ended
			rm -f -- "$1"/oci-put-blob*
		fi
	done
}

# watch_bytes FOLDER: what has been brought so far: all of the platforms before, of this one what is whole, and what is not yet
watch_bytes() {
	local blob digest size bytes=0 file
	local -A seen=()
	[[ ! -e $IMAGE_WORK/state/fetched ]] || while read -r digest size; do
		seen[$digest]=1
		bytes=$((bytes + size))
	done <"$IMAGE_WORK/state/fetched"
	for blob in "${BLOBS[@]}"; do
		read -r _ digest size _ <<<"$blob"
		layout_path "$digest"
		[[ -z ${seen[$digest]:-} && -e $LAYOUT_PATH ]] || continue
		seen[$digest]=1
		bytes=$((bytes + size))
	done
	for file in "$1"/oci-put-blob*; do
		size=$(stat -c %s -- "$file" 2>/dev/null) || continue # whole by now, and renamed
		bytes=$((bytes + size))
	done
	printf '%s' "$bytes"
}
