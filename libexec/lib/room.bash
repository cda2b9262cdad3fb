# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Room in the work folder.

# room_for_bytes N: ends the program when the work folder's file system has less
room_for_bytes() {
	local need=$1 have
	have=$(df --output=avail -B1 -- "$IMAGE_WORK" | tail -n 1)
	((have >= need)) || die no-space \
		"the work folder $IMAGE_WORK has $((have / 1048576)) MiB left, and this image needs about $(((need + 1048575) / 1048576)) MiB; choose another with --work-dir"
}

# room_for_plan: what is to be fetched, each blob once, and what it becomes. Compressed layers grow to about three times their size.
room_for_plan() {
	local need
	need=$(jq -s --arg source "$IMAGE_SOURCE" '
		def unpacked: if .role == "config" then .size elif .media_type | test("\\.tar$|diff\\.tar$") then .size else .size * 3 end;
		([.[].blobs[]] | unique_by(.digest) | map(.size) | add // 0) as $fetched
		| (map(if .kind == "artifact" then (.blobs | map(.size) | add // 0) else (.blobs | map(unpacked) | add // 0) end) | add // 0)
			+ (if $source == "registry" then $fetched else 0 end)
		| if . > 1e15 then 1e15 else . end | floor' "$IMAGE_WORK/plan")
	room_for_bytes "$need"
}
