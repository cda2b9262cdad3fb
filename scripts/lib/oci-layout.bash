# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# Makes OCI layouts from folders, with tar, gzip and jq alone. $work is a folder for temporary files, of the caller's.

layout_new() {
	local layout=$1
	mkdir -- "$layout"
	mkdir -p "$layout/blobs/sha256"
	echo '{"imageLayoutVersion": "1.0.0"}' >"$layout/oci-layout"
}

# Moves a file among the layout's blobs; prints its descriptor.
add_blob() {
	local layout=$1 file=$2 media_type=$3 digest size
	digest=$(sha256sum <"$file")
	digest=${digest%% *}
	size=$(stat -c %s "$file")
	mv "$file" "$layout/blobs/sha256/$digest"
	jq -nc --arg type "$media_type" --arg digest "sha256:$digest" --argjson size "$size" \
		'{mediaType: $type, digest: $digest, size: $size}'
}

# Packs a folder as a layer; prints its descriptor, with the digest of the tar file as the key diff_id.
add_layer() {
	local layout=$1 folder=$2 diff_id descriptor
	tar -C "$folder" --owner=0 --group=0 --numeric-owner --mtime=@0 --sort=name -cf "$work/layer.tar" .
	diff_id=$(sha256sum <"$work/layer.tar")
	gzip -n "$work/layer.tar"
	descriptor=$(add_blob "$layout" "$work/layer.tar.gz" application/vnd.oci.image.layer.v1.tar+gzip)
	jq -c --arg id "sha256:${diff_id%% *}" '.diff_id = $id' <<<"$descriptor"
}

# Adds an image for linux of the layers, a descriptor a line; prints its own descriptor, with the platform.
add_image() {
	local layout=$1 architecture=$2 layers config manifest
	layers=$(jq -sc . <<<"$3")
	jq -nc --arg architecture "$architecture" --argjson layers "$layers" \
		'{architecture: $architecture, os: "linux", config: {}, rootfs: {type: "layers", diff_ids: [$layers[].diff_id]}}' \
		>"$work/config"
	config=$(add_blob "$layout" "$work/config" application/vnd.oci.image.config.v1+json)
	jq -nc --argjson config "$config" --argjson layers "$layers" \
		'{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
		  config: $config, layers: [$layers[] | del(.diff_id)]}' >"$work/manifest"
	manifest=$(add_blob "$layout" "$work/manifest" application/vnd.oci.image.manifest.v1+json)
	jq -c --arg architecture "$architecture" '.platform = {os: "linux", architecture: $architecture}' <<<"$manifest"
}

# Adds an index of images; prints its descriptor.
add_index() {
	local layout=$1
	jq -sc '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: .}' <<<"$2" >"$work/index"
	add_blob "$layout" "$work/index" application/vnd.oci.image.index.v1+json
}

# Makes a descriptor the layout's only image, under a tag.
layout_tag() {
	local layout=$1 tag=$2
	jq -c --arg tag "$tag" '{schemaVersion: 2, manifests: [.annotations = {"org.opencontainers.image.ref.name": $tag}]}' \
		<<<"$3" >"$layout/index.json"
}
