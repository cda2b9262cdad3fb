# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2034 # the dollars of jq; variables for others
#
# The plan: which images of an index are to be scanned, each in a file IMAGE_WORK/plan/N of words without spaces:
#
#	PLATFORM|- DIGEST image|artifact|schema1
#	config|layer DIGEST SIZE MEDIA-TYPE true|false		a line a blob; true: the manifest says that it is kept elsewhere

PLAN_DEPTH_MAX=8
PLAN_MAX=512
PLAN_BLOBS='(blobs | [.role, .digest, .size, .media_type, .foreign] | map(tostring) | join(" "))'
# The kind of a manifest in the first line, and its entries or blobs in the others
PLAN_FILTER="kind as \$kind | \$kind, if \$kind == \"index\" then (entries | \"\\(.digest) \\(.platform // \"-\") \\(.attestation)\")
	elif \$kind == \"schema1\" then empty else $PLAN_BLOBS end"

# jq_manifest DIGEST FILTER [OPTION…]: runs a filter of lib/manifest.jq over a manifest; output in JQ_OUT
jq_manifest() {
	local digest=$1 filter=$2 log=$IMAGE_WORK/log/jq-${BASHPID}.log
	shift 2
	layout_path "$digest"
	JQ_OUT=$(jq -s -c -r -L "$IMAGE_LIB" "$@" "include \"manifest\"; one | $filter" "$LAYOUT_PATH" 2>"$log") && return 0
	problem fetch "the manifest $digest of $IMAGE_NAME is not valid: $(last_words "$log")"
}

# plan_target: tells what the reference stands for; ends the program when that is nothing we know
plan_target() {
	jq_manifest "$TOP_DIGEST" 'kind as $kind | $kind,
		({event: "target", reference: $reference, digest: $digest,
		  media_type: (if .mediaType | is_media_type then .mediaType elif $media_type != "" then $media_type
			elif $kind == "index" then "application/vnd.oci.image.index.v1+json"
			elif $kind == "schema1" then "application/vnd.docker.distribution.manifest.v1+json"
			else "application/vnd.oci.image.manifest.v1+json" end),
		  artifact_type: (if .artifactType | is_media_type then .artifactType
			elif $kind == "artifact" and (.config.mediaType? | is_media_type) then .config.mediaType else null end),
		  kind: (if $kind == "schema1" then "image" else $kind end)} | tojson)' \
		--arg reference "$REFERENCE" --arg digest "$TOP_DIGEST" --arg media_type "$TOP_MEDIA_TYPE" || die "$PROBLEM_REASON" "$PROBLEM"
	TOP_KIND=${JQ_OUT%%$'\n'*}
	printf '%s\n' "${JQ_OUT#*$'\n'}"
}

# plan_make PLATFORM: fills the plan; what cannot be planned is told in error events
plan_make() {
	local wanted=$1
	PLAN_N=0 PLAN_ERRORS=0 PLAN_HAS=()
	[[ $TOP_KIND != artifact ]] || wanted=all # it has no platform to choose
	plan_manifest "$TOP_DIGEST" '' 0 "$wanted" false
	((PLAN_N + PLAN_ERRORS)) && return
	[[ $wanted == all ]] || die fetch "$REFERENCE has no image for $wanted; it has: $(plan_has)"
	die fetch "$REFERENCE lists no image to scan"
}

plan_has() {
	local IFS=$'\n'
	((${#PLAN_HAS[@]})) || PLAN_HAS=("none that names its platform")
	sort -u <<<"${PLAN_HAS[*]}" | paste -sd, | sed 's/,/, /g'
}

plan_error() {
	PLAN_ERRORS=$((PLAN_ERRORS + 1))
	event_error "$PROBLEM_REASON" "$1" "$PROBLEM"
}

# plan_manifest DIGEST PLATFORM DEPTH WANTED ATTESTATION: an index, or what it leads to
plan_manifest() {
	local digest=$1 platform=$2 depth=$3 wanted=$4 attestation=$5 kind
	if ! manifest_get "$digest" || ! jq_manifest "$digest" "$PLAN_FILTER"; then
		plan_error "$platform"
		return
	fi
	local lines
	mapfile -t lines <<<"$JQ_OUT"
	kind=${lines[0]}
	lines=("${lines[@]:1}")
	case $kind in
		index) plan_index "$digest" "$depth" "$wanted" "${lines[@]}" ;;
		schema1) plan_add "$digest" "$platform" "$kind" ;;
		image) plan_image "$digest" "$platform" "$wanted" "${lines[@]}" ;;
		artifact)
			# What says that it is an attestation is believed only when it carries nothing else.
			[[ $wanted != all ]] || { $attestation && only_statements "${lines[@]}"; } ||
				plan_add "$digest" '' artifact "${lines[@]}"
			;;
	esac
}

# only_statements BLOB…: whether its layers are attestations
only_statements() {
	local blob role media_type
	for blob in "$@"; do
		read -r role _ _ media_type _ <<<"$blob"
		[[ $role == config || $media_type == application/vnd.in-toto+json ]] || return 1
	done
}

# plan_index DIGEST DEPTH WANTED ENTRY…
plan_index() {
	local digest=$1 depth=$2 wanted=$3 entry child platform attestation
	shift 3
	if ((depth >= PLAN_DEPTH_MAX)); then
		problem fetch "the index $digest of $IMAGE_NAME lies more than $PLAN_DEPTH_MAX levels deep" || plan_error ''
		return
	fi
	[[ $IMAGE_SOURCE != registry ]] || plan_prefetch "$@"
	for entry in "$@"; do
		read -r child platform attestation <<<"$entry"
		[[ $platform != - ]] || platform=
		[[ -z $platform ]] || plan_wanted "$platform" "$wanted" || continue
		plan_manifest "$child" "$platform" $((depth + 1)) "$wanted" "$attestation"
	done
}

# plan_prefetch ENTRY…: a registry far away answers slowly, but many at a time. What fails here is asked for again, and told, later.
plan_prefetch() {
	local entry running=0
	for entry in "$@"; do
		if ((++running > 6)); then
			wait -n || true # see above
		fi
		IMAGE_RETRY_PAUSES='' manifest_get "${entry%% *}" &
	done
	wait
}

# plan_wanted PLATFORM WANTED: without a variant any will do; arm64 is v8 and arm is v7 where nothing is said
plan_wanted() {
	local have=$1 wanted=$2
	PLAN_HAS+=("$have")
	[[ $wanted == all || $have/ == "$wanted"/* ]] || [[ ${have/%arm64/arm64/v8} == "$wanted" || ${have/%\/arm/\/arm\/v7} == "$wanted" ]]
}

# plan_image DIGEST PLATFORM WANTED BLOB…
plan_image() {
	local digest=$1 platform=$2 wanted=$3
	shift 3
	if [[ -z $platform ]]; then
		config_platform "$digest" "${1:-}"
		platform=$CONFIG_PLATFORM
		if [[ $wanted != all ]] && { [[ -z $platform ]] || ! plan_wanted "$platform" "$wanted"; }; then
			return
		fi
	fi
	plan_add "$digest" "$platform" image "$@"
}

# config_platform DIGEST BLOB: sets CONFIG_PLATFORM to what the image's configuration says, or to nothing. What is wrong with the
# configuration comes out when the image is fetched.
config_platform() {
	local config file=$IMAGE_WORK/tmp/config log=$IMAGE_WORK/log/config.log
	CONFIG_PLATFORM=
	read -r _ config _ <<<"$2"
	if [[ $IMAGE_SOURCE == registry ]]; then
		registry_options ""
		skopeo_try "$log" "$file" --command-timeout 60s inspect --config --raw "${REGISTRY_OPTIONS[@]}" "docker://$IMAGE_NAME@$1" || return 0
	else
		local blob=$IMAGE_BLOBS/${config/://}
		[[ -f $blob && -r $blob ]] || return 0
		head -c "$MANIFEST_MAX" -- "$blob" >"$file"
	fi
	CONFIG_PLATFORM=$(jq -s -r -L "$IMAGE_LIB" 'include "manifest"; one | platform_name // ""' "$file" 2>"$log") || CONFIG_PLATFORM=
}

# plan_add DIGEST PLATFORM KIND BLOB…
plan_add() {
	local digest=$1 platform=$2 kind=$3
	shift 3
	if ((PLAN_N >= PLAN_MAX)); then
		[[ -z ${PLAN_FULL:-} ]] || return 0
		PLAN_FULL=1
		problem fetch "$REFERENCE has more than $PLAN_MAX images; the others are not scanned" || plan_error ''
		return
	fi
	[[ " ${PLAN_SEEN:-} " != *" $digest,$platform "* ]] || return 0 # listed twice
	PLAN_SEEN+=" $digest,$platform"
	printf '%s\n' "${platform:--} $digest $kind" "$@" >"$IMAGE_WORK/plan/$PLAN_N"
	PLAN_N=$((PLAN_N + 1))
}

# plan_read N: sets PLATFORM, DIGEST, KIND and the list BLOBS
plan_read() {
	{
		read -r PLATFORM DIGEST KIND
		mapfile -t BLOBS
	} <"$IMAGE_WORK/plan/$1"
	[[ $PLATFORM != - ]] || PLATFORM=
}
