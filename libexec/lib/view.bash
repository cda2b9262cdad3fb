# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2153 # the dollars of jq; DIGEST and PLATFORM are the caller's
#
# What umoci is given: a manifest of OCI media types over the same blobs, with a configuration that holds only what it needs to check
# the layers. umoci goes by media types, and reads gzip and plain tar; a layer is what its bytes are (so do the engines see it), and
# what is compressed in another way is decompressed first.

# layer_format FILE: by its first bytes
layer_format() {
	local magic
	magic=$(head -c 262 -- "$1" | od -An -v -tx1 | tr -d ' \n')
	# A tar archive begins with a name, which may look like anything; its own mark stands at 257.
	if [[ ${magic:514} == 7573746172 ]]; then
		echo tar
		return
	fi
	case $magic in
		1f8b*) echo gzip ;;
		28b52ffd* | 5?2a4d18*) echo zstd ;;
		fd377a585a00*) echo xz ;;
		425a68*) echo bzip2 ;;
		*) echo tar ;;
	esac
}

# decompress FORMAT DIGEST: sets PLAIN_DIGEST; the plain blob is made once, for all platforms
decompress() {
	local format=$1 from=$2 plain=$IMAGE_WORK/tmp/plain-${2#*:} log=$IMAGE_WORK/log/decompress-${2#*:}.log
	layout_path "$from"
	local file=$LAYOUT_PATH
	exec {lock}>"$plain.lock"
	flock "$lock"
	if [[ ! -e $plain.digest ]]; then
		type -P "$format" >/dev/null || problem unpack "cannot unpack the layer $from: $format is not installed" || return 1
		run_from "$file" "$format" -dc >"$plain" 2>"$log" && [[ ! -s $log ]] || # bzip2 only grumbles about garbage
			unpack_problem "$log" "cannot decompress the layer $from" "it is damaged, cut short or followed by garbage" || return 1
		PLAIN_DIGEST=$(file_digest "$plain" sha256)
		layout_path "$PLAIN_DIGEST"
		mv -- "$plain" "$LAYOUT_PATH"
		printf '%s' "$PLAIN_DIGEST" >"$plain.digest"
	fi
	exec {lock}>&-
	PLAIN_DIGEST=$(<"$plain.digest")
}

# descriptor MEDIA-TYPE DIGEST: of a blob in the layout, as JSON; sets DESCRIPTOR
descriptor() {
	layout_path "$2"
	printf -v DESCRIPTOR '{"mediaType":"application/vnd.oci.image.%s","digest":"%s","size":%d}' "$1" "$2" "$(stat -L -c %s -- "$LAYOUT_PATH")"
}

# view_add MEDIA-TYPE TEXT: puts a blob of ours into the layout; sets DESCRIPTOR
view_add() {
	local digest file=$IMAGE_WORK/tmp/view-$N
	printf '%s' "$2" >"$file"
	digest=$(file_digest "$file" sha256)
	layout_path "$digest"
	mv -- "$file" "$LAYOUT_PATH"
	descriptor "$1" "$digest"
}

# view_layers: sets VIEW_LAYERS to the descriptors of what umoci shall unpack
view_layers() {
	local blob role digest media_type format layer=0
	VIEW_LAYERS=
	for blob in "${BLOBS[@]}"; do
		read -r role digest _ media_type _ <<<"$blob"
		[[ $role == layer ]] || continue
		layer=$((layer + 1))
		[[ $media_type != *encrypted* ]] || problem unpack "layer $layer ($digest) is encrypted: nobody can look inside" || return 1
		layout_path "$digest"
		format=$(layer_format "$LAYOUT_PATH")
		if [[ $format != gzip && $format != tar ]]; then
			decompress "$format" "$digest" || return 1
			digest=$PLAIN_DIGEST format=tar
		elif [[ $digest == sha512:* ]]; then
			sha256_name "$digest"
			digest=$SHA256_NAME
		fi
		format=${format/gzip/tar+gzip}
		descriptor "layer.v1.$format" "$digest"
		VIEW_LAYERS+=${VIEW_LAYERS:+,}$DESCRIPTOR
	done
}

# sha256_name DIGEST: umoci knows sha256 alone; sets SHA256_NAME to the same blob's other name
sha256_name() {
	layout_path "$1"
	local file=$LAYOUT_PATH
	SHA256_NAME=$(file_digest "$file" sha256)
	layout_path "$SHA256_NAME"
	[[ -e $LAYOUT_PATH ]] || ln -sfn -- "$(realpath -- "$file")" "$LAYOUT_PATH"
}

# view_config: sets VIEW_CONFIG to the configuration that umoci checks the layers against
view_config() {
	local digest log=$IMAGE_WORK/log/config-$N.log
	read -r _ digest _ <<<"${BLOBS[0]}"
	layout_path "$digest"
	VIEW_CONFIG=$(jq -s -c -L "$IMAGE_LIB" --argjson layers "$((${#BLOBS[@]} - 1))" 'include "manifest"; one
		| if type != "object" then error("it is no JSON object") else (.rootfs?.diff_ids? // []) end
		| if type != "array" or any(.[]; is_digest | not) then error("its diff_ids are not valid")
		  elif length != $layers then error("it names \(length) layers, and the manifest \($layers)")
		  else {architecture: "amd64", os: "linux", config: {}, rootfs: {type: "layers", diff_ids: .}} end' \
		"$LAYOUT_PATH" 2>"$log") ||
		problem unpack "cannot unpack ${PLATFORM:-the image} ($DIGEST): its configuration $digest is not valid ($(last_words "$log"))"
}

# view_make: makes view/N, a layout with the tag "image", for what plan_read has read
view_make() {
	local view=$IMAGE_WORK/view/$N
	view_config && view_layers || return 1
	view_add config.v1+json "$VIEW_CONFIG"
	view_add manifest.v1+json "{\"schemaVersion\":2,\"config\":$DESCRIPTOR,\"layers\":[$VIEW_LAYERS]}"
	mkdir -- "$view"
	printf '{"imageLayoutVersion":"1.0.0"}' >"$view/oci-layout"
	ln -s ../../layout/blobs "$view/blobs"
	printf '{"schemaVersion":2,"manifests":[%s,"annotations":{"org.opencontainers.image.ref.name":"image"}}]}' "${DESCRIPTOR%\}}" >"$view/index.json"
}
