# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2034 # the dollars of jq; variables of lib/source.bash
#
# Sources that are files: OCI layouts, archives, and skopeo's dir: folders. See lib/source.bash.

# open_oci PATH[:TAG]
open_oci() {
	split_path "$1"
	IMAGE_NAME=oci:$SPLIT_PATH
	open_layout "$SPLIT_PATH" "$SPLIT_REST"
}

# open_layout FOLDER TAG: the manifest of a tag, or the only one where TAG is empty
open_layout() {
	local folder=$1 tag=$2 found
	[[ -d $folder ]] || die fetch "cannot open $IMAGE_NAME: it is not a folder; for an archive, use oci-archive:"
	[[ -f $folder/index.json && -r $folder/index.json ]] || die fetch "cannot open $IMAGE_NAME: there is no index.json in it, so it is no OCI layout"
	IMAGE_SOURCE=local IMAGE_BLOBS=$folder/blobs
	local index=$IMAGE_WORK/tmp/index.json
	head -c "$MANIFEST_MAX" -- "$folder/index.json" >"$index"
	found=$(jq -r -L "$IMAGE_LIB" --arg tag "$tag" 'include "manifest";
		def tag: .annotations["org.opencontainers.image.ref.name"]? // null;
		[.manifests[] | select($tag == "" or tag == $tag)] as $found
		| if ($found | length) == 1 then "digest " + ($found[0] | descriptor("its entry") | .digest + " " + .media_type)
		  elif ($found | length) == 0 then "none " + ([.manifests[] | tag // "(no tag)"] | unique | join(", "))
		  else "many " + ([$found[] | tag // .digest] | unique | join(", ")) end' \
		"$index" 2>"$IMAGE_WORK/log/index.log") ||
		die fetch "cannot open $IMAGE_NAME: its index.json is not valid ($(last_words "$IMAGE_WORK/log/index.log"))"
	case $found in
		"none ") die fetch "cannot open $IMAGE_NAME: its index.json lists no image" ;;
		"none "*) die fetch "cannot open $IMAGE_NAME: it has no tag $tag; it has: ${found#* }" ;;
		"many "*) die fetch "cannot open $IMAGE_NAME: it holds more than one image; name one as $IMAGE_NAME:TAG; it has: ${found#* }" ;;
	esac
	found=${found#digest }
	TOP_DIGEST=${found% *} TOP_MEDIA_TYPE=${found#* }
	manifest_get "$TOP_DIGEST" || die "$PROBLEM_REASON" "$PROBLEM"
}

# open_oci_archive PATH[:TAG]: unpacked, it is a layout
open_oci_archive() {
	split_path "$1"
	IMAGE_NAME=oci-archive:$SPLIT_PATH
	[[ -f $SPLIT_PATH && -r $SPLIT_PATH ]] || die fetch "cannot open $IMAGE_NAME: it is not a file that can be read"
	room_for_bytes "$(stat -c %s -- "$SPLIT_PATH")"
	local folder=$IMAGE_WORK/tmp/archive log=$IMAGE_WORK/log/archive.log
	mkdir -p -- "$folder"
	tar -x --no-same-owner --no-same-permissions -C "$folder" -f "$SPLIT_PATH" >"$log" 2>&1 </dev/null ||
		die "$(reason_of "$log" fetch)" "cannot unpack $IMAGE_NAME: it is damaged, or no archive ($(last_words "$log"))"
	# A link in an archive could lead anywhere; layouts have none.
	[[ -z $(find "$folder" ! -type f ! -type d -print -quit) ]] || die fetch "cannot open $IMAGE_NAME: it has a link or a device in it"
	open_layout "$folder" "$SPLIT_REST"
}

# open_docker_archive PATH[:NAME:TAG|:@N]: skopeo makes a layout of it, its layers as they are
open_docker_archive() {
	split_path "$1"
	IMAGE_NAME=docker-archive:$SPLIT_PATH
	[[ -f $SPLIT_PATH && -r $SPLIT_PATH ]] || die fetch "cannot open $IMAGE_NAME: it is not a file that can be read"
	local which=$SPLIT_REST folder=$IMAGE_WORK/tmp/archive log=$IMAGE_WORK/log/archive.log link=$IMAGE_WORK/tmp/archive.tar
	ln -s -- "$SPLIT_PATH" "$link" # a path without colons
	[[ -n $which ]] || one_image_only "$link"
	room_for_bytes "$(stat -c %s -- "$SPLIT_PATH")"
	IMAGE_RETRY_PAUSES='' skopeo_try "$log" /dev/null copy -q --format oci --dest-oci-accept-uncompressed-layers \
		"docker-archive:$link${which:+:$which}" "oci:$folder:image" ||
		die "$(reason_of "$log" fetch)" "cannot open $IMAGE_NAME: it is damaged, or does not have the image ($(last_words "$log"))"
	open_layout "$folder" image
}

# one_image_only ARCHIVE: an archive of several images needs a name
one_image_only() {
	local log=$IMAGE_WORK/log/archive-list.log list=$IMAGE_WORK/tmp/archive-manifest.json found
	tar -x -O --occurrence=1 -f "$1" manifest.json >"$list" 2>"$log" </dev/null ||
		die fetch "cannot open $IMAGE_NAME: it is damaged, or no archive of docker save ($(last_words "$log"))"
	found=$(jq -r 'if type != "array" then error("no list") else . end
		| if length == 1 then "" else to_entries | map(.value.RepoTags[0]? // "@\(.key)" | tostring) | join(", ") end' "$list" 2>"$log") ||
		die fetch "cannot open $IMAGE_NAME: its manifest.json is not valid ($(last_words "$log"))"
	[[ -z $found ]] || die fetch "cannot open $IMAGE_NAME: it holds more than one image; name one as $IMAGE_NAME:NAME or $IMAGE_NAME:@N; it has: $found"
}

# open_dir FOLDER: blobs and manifests lie side by side; links give them the names of a layout
open_dir() {
	split_path "$1"
	IMAGE_NAME=dir:$SPLIT_PATH
	[[ -z $SPLIT_REST ]] || die fetch "cannot open dir:$1: there is no such folder"
	[[ -f $SPLIT_PATH/manifest.json && -r $SPLIT_PATH/manifest.json ]] || die fetch "cannot open $IMAGE_NAME: there is no manifest.json in it"
	IMAGE_SOURCE=local IMAGE_BLOBS=$IMAGE_WORK/tmp/dir
	mkdir -p -- "$IMAGE_BLOBS/sha256" "$IMAGE_BLOBS/sha512"
	local file name
	for file in "$SPLIT_PATH"/*; do
		name=${file##*/}
		name=${name%.manifest.json}
		if [[ $name =~ ^[0-9a-f]{64}$ ]]; then
			ln -sf -- "$file" "$IMAGE_BLOBS/sha256/$name"
		elif [[ $name =~ ^(sha512-)?[0-9a-f]{128}$ ]]; then
			ln -sf -- "$file" "$IMAGE_BLOBS/sha512/${name#sha512-}"
		fi
	done
	head -c "$MANIFEST_MAX" -- "$SPLIT_PATH/manifest.json" >"$IMAGE_WORK/tmp/top"
	TOP_DIGEST=$(manifest_digest "$IMAGE_WORK/tmp/top" 2>"$IMAGE_WORK/log/index.log") ||
		die fetch "cannot open $IMAGE_NAME: its manifest.json is not valid ($(last_words "$IMAGE_WORK/log/index.log"))"
	ln -sf -- "$SPLIT_PATH/manifest.json" "$IMAGE_BLOBS/${TOP_DIGEST/://}"
	manifest_get "$TOP_DIGEST" || die "$PROBLEM_REASON" "$PROBLEM"
}
