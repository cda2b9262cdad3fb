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

# room_for_plan: what is to be fetched, each blob once, and what it becomes; sets FETCH_TOTAL. Compressed layers grow to about three
# times their size.
room_for_plan() {
	local n blob role digest size media_type rest unpacked=0
	local -A seen=()
	FETCH_TOTAL=0
	for ((n = 0; n < PLAN_N; n++)); do
		plan_read "$n"
		for blob in "${BLOBS[@]}"; do
			read -r role digest size media_type rest <<<"$blob"
			((size < 1 << 50 && unpacked < 1 << 60)) || size=$((1 << 50)) # more than there is anywhere, and no overflow
			if [[ -z ${seen[$digest]:-} ]]; then
				seen[$digest]=1
				FETCH_TOTAL=$((FETCH_TOTAL + size))
			fi
			if [[ $KIND == artifact || $role == config || $media_type == *.tar ]]; then
				unpacked=$((unpacked + size))
			elif [[ $media_type == *zstd* ]]; then
				unpacked=$((unpacked + 6 * size)) # decompressed first
			else
				unpacked=$((unpacked + 3 * size))
			fi
		done
	done
	[[ $IMAGE_SOURCE == local ]] || unpacked=$((unpacked + FETCH_TOTAL))
	room_for_bytes "$unpacked"
}
