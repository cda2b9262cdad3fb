# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034 # set here, used by others
#
# Where an image comes from. Every kind of source but a registry becomes a folder of blobs, named as in an OCI layout:
#
#	IMAGE_SOURCE	registry | local
#	IMAGE_NAME	registry: HOST/NAME without tag and digest; local: the path, for messages
#	IMAGE_BLOBS	local: the folder that holds sha256/HEX; never written to when it is the user's
#
# Functions that may fail for one platform alone set PROBLEM (one line) and PROBLEM_REASON, and return 1.

# The most that a manifest may have, in bytes
MANIFEST_MAX=4194304

problem() {
	PROBLEM_REASON=$1 PROBLEM=$2
	return 1
}

# layout_path DIGEST: sets LAYOUT_PATH, where this blob stands in the layout of ours
layout_path() {
	LAYOUT_PATH=$IMAGE_WORK/layout/blobs/${1%%:*}/${1#*:}
}

# file_digest FILE ALGORITHM
file_digest() {
	local sum
	sum=$("${2}sum" <"$1")
	printf '%s:%s' "$2" "${sum%% *}"
}

# split_path PATH[:REST]: sets SPLIT_PATH to the longest part that exists, and SPLIT_REST; paths may have colons
split_path() {
	SPLIT_PATH=$1 SPLIT_REST=
	while [[ ! -e $SPLIT_PATH && $SPLIT_PATH == *:* ]]; do
		SPLIT_REST=${SPLIT_PATH##*:}${SPLIT_REST:+:$SPLIT_REST}
		SPLIT_PATH=${SPLIT_PATH%:*}
	done
	[[ -e $SPLIT_PATH ]] || die fetch "cannot open $REFERENCE: there is no such file or folder"
	SPLIT_PATH=$(realpath -- "$SPLIT_PATH" && echo x) # the x keeps a line feed at the end of a name
	SPLIT_PATH=${SPLIT_PATH%$'\n'x}
}

# source_open REFERENCE: sets the variables above, REFERENCE (with its transport) and TOP_DIGEST, TOP_MEDIA_TYPE; the top manifest
# is in the layout afterwards. Ends the program when it cannot.
source_open() {
	local reference=$1
	TOP_MEDIA_TYPE=
	case $reference in
		docker://*) ;;
		oci:* | oci-archive:* | docker-archive:* | dir:*) ;;
		docker-daemon:* | containers-storage:* | ostree:* | sif:* | tarball:*)
			die fetch "cannot open $reference: this transport is not supported; use docker://, oci:, oci-archive:, docker-archive: or dir:"
			;;
		*) reference=docker://$reference ;;
	esac
	REFERENCE=$reference
	case $reference in
		docker://*) open_registry "${reference#docker://}" ;;
		oci:*) open_oci "${reference#oci:}" ;;
		oci-archive:*) open_oci_archive "${reference#oci-archive:}" ;;
		docker-archive:*) open_docker_archive "${reference#docker-archive:}" ;;
		dir:*) open_dir "${reference#dir:}" ;;
	esac
}

open_registry() {
	local name=$1 digest='' tag=''
	[[ $name =~ ^[A-Za-z0-9][][A-Za-z0-9._:/@+-]*$ ]] ||
		die fetch "cannot fetch docker://$name: the reference is not valid; expected HOST/NAME:TAG or HOST/NAME@DIGEST"
	if [[ $name == *@* ]]; then
		digest=${name#*@} name=${name%%@*}
		valid_digest "$digest" || die fetch "cannot fetch docker://$1: $digest is not a valid digest (sha256: and 64 hexadecimal digits)"
	fi
	if [[ ${name##*/} == *:* ]]; then
		tag=${name##*:} name=${name%:*} # with a digest beside it, the digest decides
	fi
	IMAGE_SOURCE=registry IMAGE_NAME=$name
	if [[ -n $digest ]]; then
		TOP_DIGEST=$digest
		manifest_get "$digest" || die "$PROBLEM_REASON" "$PROBLEM"
		return
	fi
	local raw=$IMAGE_WORK/tmp/top
	manifest_fetch "$name:${tag:-latest}" "$raw" || die "$PROBLEM_REASON" "$PROBLEM"
	TOP_DIGEST=$(manifest_digest "$raw" 2>"$IMAGE_WORK/log/index.log") || TOP_DIGEST=
	valid_digest "$TOP_DIGEST" ||
		die fetch "cannot fetch $REFERENCE: what the registry sent is no manifest ($(last_words "$IMAGE_WORK/log/index.log"))"
	layout_path "$TOP_DIGEST"
	mv -- "$raw" "$LAYOUT_PATH"
}

valid_digest() {
	[[ $1 =~ ^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$ ]]
}

# manifest_digest FILE: as a registry counts it (of schema 1, without its signatures)
manifest_digest() {
	skopeo manifest-digest "$1"
}

# manifest_fetch NAME OUT: the manifest of NAME (with a tag or digest) as the registry has it
manifest_fetch() {
	local log=$IMAGE_WORK/log/manifest-${BASHPID}.log
	registry_options ""
	skopeo_try "$log" "$2" --command-timeout 60s inspect --raw "${REGISTRY_OPTIONS[@]}" "docker://$1" ||
		problem "$(reason_of "$log" fetch)" "$(explain "$log" "cannot fetch docker://$1")"
}

# manifest_get DIGEST: brings a manifest into the layout, and makes sure that it is the one
manifest_get() {
	local digest=$1 raw size found
	layout_path "$digest"
	[[ ! -e $LAYOUT_PATH ]] || return 0
	raw=$IMAGE_WORK/tmp/manifest-$BASHPID-${digest#*:}
	if [[ $IMAGE_SOURCE == registry ]]; then
		manifest_fetch "$IMAGE_NAME@$digest" "$raw" || return 1
	else
		local file=$IMAGE_BLOBS/${digest%%:*}/${digest#*:}
		[[ -f $file && -r $file ]] || problem fetch "the manifest $digest is not in $IMAGE_NAME, or cannot be read" || return 1
		head -c $((MANIFEST_MAX + 1)) -- "$file" >"$raw"
	fi
	size=$(stat -c %s -- "$raw")
	((size <= MANIFEST_MAX)) || problem fetch "the manifest $digest is larger than $MANIFEST_MAX bytes" || return 1
	found=$(file_digest "$raw" "${digest%%:*}")
	if [[ $found != "$digest" ]]; then
		found=$(manifest_digest "$raw" 2>"$raw.log") || true # of schema 1 this is another; what is no manifest at all has none
		[[ $found == "$digest" ]] ||
			problem fetch "the manifest $digest of $IMAGE_NAME does not match its digest: its bytes are those of $found" || return 1
	fi
	mkdir -p -- "${LAYOUT_PATH%/*}"
	mv -- "$raw" "$LAYOUT_PATH"
}

# blob_link DIGEST SIZE WHAT: checks a blob of a local source, byte for byte, and links it into the layout
blob_link() {
	local digest=$1 size=$2 what=$3 file found
	layout_path "$digest"
	[[ ! -e $LAYOUT_PATH ]] || blob_has_size "$digest" "$size" "$what" || return 1
	[[ ! -e $LAYOUT_PATH ]] || return 0
	file=$IMAGE_BLOBS/${digest%%:*}/${digest#*:}
	[[ -f $file ]] || problem fetch "$what ($digest) is missing from $IMAGE_NAME" || return 1
	[[ -r $file ]] || problem fetch "$what ($digest) of $IMAGE_NAME cannot be read" || return 1
	found=$(stat -L -c %s -- "$file")
	((found == size)) || problem fetch "$what ($digest) of $IMAGE_NAME has $found bytes instead of $size" || return 1
	found=$(file_digest "$file" "${digest%%:*}") || problem fetch "$what ($digest) of $IMAGE_NAME cannot be read" || return 1
	[[ $found == "$digest" ]] || problem fetch "$what ($digest) of $IMAGE_NAME does not match its digest: its bytes are those of $found" || return 1
	mkdir -p -- "${LAYOUT_PATH%/*}"
	ln -s -- "$file" "$LAYOUT_PATH"
}

# blob_has_size DIGEST SIZE WHAT: of a blob that is in the layout
blob_has_size() {
	local found
	layout_path "$1"
	[[ -f $LAYOUT_PATH ]] || problem fetch "$3 ($1) of $IMAGE_NAME was not fetched" || return 1
	found=$(stat -L -c %s -- "$LAYOUT_PATH")
	((found == $2)) || problem fetch "$3 ($1) of $IMAGE_NAME has $found bytes instead of $2"
}
