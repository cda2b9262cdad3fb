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
PLAN_BLOBS='blobs | [.role, .digest, .size, .media_type, .foreign] | map(tostring) | join(" ")'

# jq_manifest DIGEST FILTER [OPTION…]: runs a filter of lib/manifest.jq over a manifest; output in JQ_OUT
jq_manifest() {
	local digest=$1 filter=$2 log=$IMAGE_WORK/log/jq-${BASHPID}.log
	shift 2
	layout_path "$digest"
	JQ_OUT=$(jq -s -c -r -L "$IMAGE_LIB" "$@" "include \"manifest\"; one | $filter" "$LAYOUT_PATH" 2>"$log") && return 0
	local words
	words=$(last_words "$log")
	words=${words#jq: error (at *): }
	problem fetch "the manifest $digest of $IMAGE_NAME is not valid: $words"
}

# plan_target: tells what the reference stands for; ends the program when that is nothing we know
plan_target() {
	jq_manifest "$TOP_DIGEST" '{kind: kind, media_type: (.mediaType // "" | tostring), artifact_type: (.artifactType // null)}' || die "$PROBLEM_REASON" "$PROBLEM"
	TOP_KIND=$(jq -r .kind <<<"$JQ_OUT")
	event '{event: "target", reference: $reference, digest: $digest,
		media_type: (if $top.media_type != "" then $top.media_type elif $media_type != "" then $media_type
			elif $top.kind == "index" then "application/vnd.oci.image.index.v1+json"
			elif $top.kind == "schema1" then "application/vnd.docker.distribution.manifest.v1+json"
			else "application/vnd.oci.image.manifest.v1+json" end),
		artifact_type: (if $top.artifact_type | type == "string" then $top.artifact_type
			elif $top.kind == "artifact" then $config_type else null end),
		kind: (if $top.kind == "schema1" then "image" else $top.kind end)}' \
		--arg reference "$REFERENCE" --arg digest "$TOP_DIGEST" --argjson top "$JQ_OUT" --arg media_type "$TOP_MEDIA_TYPE" \
		--argjson config_type "$(config_type "$TOP_DIGEST")"
}

# config_type DIGEST: an artifact without an artifactType is known by its configuration's
config_type() {
	jq_manifest "$1" '.config.mediaType? | if is_media_type then tojson else "null" end'
	printf '%s' "${JQ_OUT:-null}"
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
	if ! manifest_get "$digest" || ! jq_manifest "$digest" kind; then
		plan_error "$platform"
		return
	fi
	kind=$JQ_OUT
	case $kind in
		index) plan_index "$digest" "$depth" "$wanted" ;;
		image | schema1) plan_image "$digest" "$platform" "$wanted" "$kind" ;;
		artifact)
			# What says that it is an attestation is believed only when it carries no file system.
			$attestation || [[ $wanted != all ]] || plan_add "$digest" '' artifact
			;;
	esac
}

plan_index() {
	local digest=$1 depth=$2 wanted=$3 entries entry platform attestation child
	if ((depth >= PLAN_DEPTH_MAX)); then
		problem fetch "the index $digest of $IMAGE_NAME lies more than $PLAN_DEPTH_MAX levels deep" || plan_error ''
		return
	fi
	if ! jq_manifest "$digest" 'entries | [.digest, .platform // "", .attestation] | join(" ")'; then
		plan_error ''
		return
	fi
	mapfile -t entries <<<"$JQ_OUT"
	[[ $IMAGE_SOURCE != registry ]] || plan_prefetch "${entries[@]}"
	for entry in "${entries[@]}"; do
		[[ -n $entry ]] || continue # an index without entries
		read -r child platform attestation <<<"${entry/  / - }"
		[[ $platform != - ]] || platform=
		if [[ -n $platform ]] && ! plan_wanted "$platform" "$wanted"; then
			continue
		fi
		plan_manifest "$child" "$platform" $((depth + 1)) "$wanted" "$attestation"
	done
}

# plan_prefetch ENTRY…: a registry far away answers slowly, but many at a time. What fails here is asked for again, and told, later.
plan_prefetch() {
	local entry running=0
	for entry in "$@"; do
		[[ -n $entry ]] || continue
		if ((++running > 6)); then
			wait -n || true # see above
		fi
		IMAGE_RETRY_PAUSES='' manifest_get "${entry%% *}" &
	done
	wait
}

# plan_wanted PLATFORM WANTED
plan_wanted() {
	PLAN_HAS+=("$1")
	[[ $2 == all ]] || jq -en -L "$IMAGE_LIB" --arg have "$1" --arg wanted "$2" 'include "manifest"; $have | platform_matches($wanted)' >/dev/null
}

plan_image() {
	local digest=$1 platform=$2 wanted=$3 kind=$4
	if [[ -z $platform && $kind == image ]]; then
		config_platform "$digest"
		platform=$CONFIG_PLATFORM
		if [[ $wanted != all ]] && { [[ -z $platform ]] || ! plan_wanted "$platform" "$wanted"; }; then
			return
		fi
	fi
	plan_add "$digest" "$platform" "$kind"
}

# config_platform DIGEST: sets CONFIG_PLATFORM to what the image's configuration says, or to nothing. What is wrong with the
# configuration comes out when the image is fetched.
config_platform() {
	local config file=$IMAGE_WORK/tmp/config
	CONFIG_PLATFORM=
	jq_manifest "$1" '.config | descriptor("its config") | .digest' || return 0
	config=$JQ_OUT
	if [[ $IMAGE_SOURCE == registry ]]; then
		registry_options ""
		skopeo_try "$IMAGE_WORK/log/config.log" "$file" --command-timeout 300s inspect --config --raw \
			"${REGISTRY_OPTIONS[@]}" "docker://$IMAGE_NAME@$1" || return 0
	else
		local blob=$IMAGE_BLOBS/${config/://}
		[[ -f $blob && -r $blob ]] || return 0
		head -c "$MANIFEST_MAX" -- "$blob" >"$file"
	fi
	CONFIG_PLATFORM=$(jq -r -L "$IMAGE_LIB" 'include "manifest"; platform_name // ""' "$file" 2>"$IMAGE_WORK/log/config.log") || CONFIG_PLATFORM=
}

# plan_add DIGEST PLATFORM KIND
plan_add() {
	local digest=$1 platform=$2 kind=$3
	if ((PLAN_N >= PLAN_MAX)); then
		((PLAN_N == PLAN_MAX)) || return 0
		PLAN_N=$((PLAN_N + 1))
		problem fetch "$REFERENCE has more than $PLAN_MAX images; the others are not scanned" || plan_error ''
		return
	fi
	[[ " ${PLAN_SEEN:-} " != *" $digest,$platform "* ]] || return 0 # listed twice
	PLAN_SEEN+=" $digest,$platform"
	local blobs=$PLAN_BLOBS
	[[ $kind != schema1 ]] || blobs=empty
	if ! jq_manifest "$digest" "$blobs"; then
		plan_error "$platform"
		return
	fi
	{
		printf '%s\n' "${platform:--} $digest $kind"
		[[ -z $JQ_OUT ]] || printf '%s\n' "$JQ_OUT"
	} >"$IMAGE_WORK/plan/$PLAN_N"
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
