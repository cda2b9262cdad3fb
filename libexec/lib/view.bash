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
	magic=$(head -c 6 -- "$1" | od -An -tx1 | tr -d ' \n')
	case $magic in
		1f8b*) echo gzip ;;
		28b52ffd* | 5?2a4d18*) echo zstd ;;
		fd377a585a00) echo xz ;;
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
		"$format" -dc <"$file" >"$plain" 2>"$log" ||
			problem "$(unpack_reason "$log")" "cannot decompress the layer $from: it is damaged, cut short or followed by garbage ($(last_words "$log"))" ||
			return 1
		PLAIN_DIGEST=$(file_digest "$plain" sha256)
		layout_path "$PLAIN_DIGEST"
		mv -- "$plain" "$LAYOUT_PATH"
		printf '%s' "$PLAIN_DIGEST" >"$plain.digest"
	fi
	exec {lock}>&-
	PLAIN_DIGEST=$(<"$plain.digest")
}

# view_add FILE-CONTENT: puts a blob of ours into the layout and sets VIEW_BLOB to its descriptor's digest and size
view_add() {
	local digest
	printf '%s' "$1" >"$IMAGE_WORK/tmp/view-$N"
	digest=$(file_digest "$IMAGE_WORK/tmp/view-$N" sha256)
	layout_path "$digest"
	VIEW_BLOB=$(jq -cn --arg digest "$digest" --argjson size "$(stat -c %s -- "$IMAGE_WORK/tmp/view-$N")" '{digest: $digest, size: $size}')
	mv -- "$IMAGE_WORK/tmp/view-$N" "$LAYOUT_PATH"
}

# view_layers BLOBS: sets VIEW_LAYERS to a list of descriptors
view_layers() {
	local digest media_type format plain layer=0
	local descriptors=()
	while read -r digest media_type; do
		layer=$((layer + 1))
		[[ $media_type != *encrypted* ]] || problem unpack "layer $layer ($digest) is encrypted: nobody can look inside" || return 1
		layout_path "$digest"
		format=$(layer_format "$LAYOUT_PATH")
		case $format in
			gzip | tar)
				if [[ $digest == sha512:* ]]; then # umoci knows sha256 alone
					plain=$(file_digest "$LAYOUT_PATH" sha256)
					ln -sfn -- "$LAYOUT_PATH" "$IMAGE_WORK/layout/blobs/${plain/://}"
					digest=$plain
				fi
				;;
			*)
				decompress "$format" "$digest" || return 1
				digest=$PLAIN_DIGEST format=tar
				;;
		esac
		layout_path "$digest"
		descriptors+=("$(jq -cn --arg digest "$digest" --arg format "$format" --argjson size "$(stat -L -c %s -- "$LAYOUT_PATH")" \
			'{mediaType: ("application/vnd.oci.image.layer.v1.tar" + if $format == "gzip" then "+gzip" else "" end), digest: $digest, size: $size}')")
	done < <(jq -r '.[] | select(.role == "layer") | "\(.digest) \(.media_type)"' "$1")
	VIEW_LAYERS=$(jq -cs . <<<"${descriptors[*]}")
}

# view_config BLOBS: sets VIEW_CONFIG to the configuration that umoci checks the layers against
view_config() {
	local digest log=$IMAGE_WORK/log/config-$N.log
	digest=$(jq -r '.[] | select(.role == "config") | .digest' "$1")
	layout_path "$digest"
	VIEW_CONFIG=$(jq -s -c -L "$IMAGE_LIB" --slurpfile blobs "$1" 'include "manifest"; one
		| ([$blobs[0][] | select(.role == "layer")] | length) as $layers
		| (.rootfs?.diff_ids? // []) as $ids
		| if type != "object" then error("it is no JSON object")
		  elif ($ids | type) != "array" or any($ids[]; is_digest | not) then error("its diff_ids are not valid")
		  elif ($ids | length) != $layers then error("it names \($ids | length) layers, and the manifest \($layers)")
		  else {architecture: "amd64", os: "linux", config: {}, rootfs: {type: "layers", diff_ids: $ids}} end' \
		"$LAYOUT_PATH" 2>"$log") ||
		problem unpack "cannot unpack ${PLATFORM:-the image} ($DIGEST): its configuration $digest is not valid ($(last_words "$log"))"
}

# view_make N: view/N, a layout with the tag "image"
view_make() {
	local view=$IMAGE_WORK/view/$1 blobs=$IMAGE_WORK/state/$1.blobs config manifest
	view_config "$blobs" && view_layers "$blobs" || return 1
	view_add "$VIEW_CONFIG"
	config=$VIEW_BLOB
	view_add "$(jq -cn --argjson config "$config" --argjson layers "$VIEW_LAYERS" '{schemaVersion: 2,
		mediaType: "application/vnd.oci.image.manifest.v1+json",
		config: ({mediaType: "application/vnd.oci.image.config.v1+json"} + $config), layers: $layers}')"
	manifest=$VIEW_BLOB
	mkdir -- "$view"
	printf '{"imageLayoutVersion":"1.0.0"}' >"$view/oci-layout"
	ln -s ../../layout/blobs "$view/blobs"
	jq -cn --argjson manifest "$manifest" '{schemaVersion: 2, manifests: [{mediaType: "application/vnd.oci.image.manifest.v1+json",
		annotations: {"org.opencontainers.image.ref.name": "image"}} + $manifest]}' >"$view/index.json"
}
