# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What skopeo and umoci say, for people.

# last_words FILE: the tool's last line without its decoration, on standard output
last_words() {
	local line=
	[[ ! -f $1 ]] || line=$(LC_ALL=C sed '/Exiting with failure status due to previous errors/d' -- "$1" | tail -n 1 | LC_ALL=C tr -d '\000-\010\013-\037\177' | cut -c 1-20000)
	line=${line#*level=fatal msg=\"}
	line=${line%\"}
	line=${line//\\\"/\"}
	line=${line#"${line%%[![:space:]]*}"}
	line=${line#⨯ }
	line=${line#jq: error (at *): }
	line=${line#Error parsing image name *\": }
	printf '%s' "${line:-it said nothing}"
}

# failure_kind FILE: what kind of failure the tool's last line tells of
failure_kind() {
	local words
	words=$(last_words "$1")
	case ${words,,} in
		*"no space left on device"* | *"disk quota exceeded"*) echo no-space ;;
		*"connection refused"*) echo refused ;;
		*"the registry sent nothing for"*) echo stalled ;;
		*"no such host"*) echo no-host ;;
		*unauthorized* | *"authentication required"* | *"access to the resource is denied"* | *"403 (forbidden)"* | *"status code 403"* | *"status 403"*)
			echo unauthorized
			;;
		*"manifest unknown"* | *"name unknown"* | *"blob unknown"* | *"not found"* | *"status code 404"*) echo not-found ;;
		*"http response to https client"*) echo plain-http ;;
		*x509:* | *"certificate"*) echo certificate ;;
		*"invalid reference format"* | *"invalid tag"*) echo reference ;;
		*"converted"* | *"preserve digests"*) echo conversion ;;
		*"digest"*"match"* | *"media type"*) echo content ;;
		*) echo other ;;
	esac
}

# reason_of FILE REASON: no-space where that is why; else REASON. On a full file system the tool's words may be lost, too.
reason_of() {
	if [[ $(failure_kind "$1") == no-space ]] || (($(df --output=avail -B1 -- "$IMAGE_WORK" | tail -n 1) < 65536)); then
		echo no-space
	else
		echo "$2"
	fi
}

# worth_retrying KIND: only what may pass by itself
worth_retrying() {
	[[ $1 == refused || $1 == other ]]
}

# no_room: what to say when the work folder is full
no_room() {
	printf 'no room is left in the work folder %s; choose another with --work-dir' "$IMAGE_WORK"
}

# explain FILE WHAT: one line: what failed, why, what can be done, and the tool's own words
explain() {
	local file=$1 what=$2 words why
	words=$(last_words "$file")
	case $(failure_kind "$file") in
		no-space) why=$(no_room) ;;
		refused) why="the registry refuses connections; is its address right, and is it up?" ;;
		stalled) why="the registry stopped sending; try again later" ;;
		no-host) why="there is no host of that name; check the reference" ;;
		unauthorized) why="the registry wants a login, or denies this one; give credentials with --authfile" ;;
		not-found) why="the registry does not have it; check name, tag and digest" ;;
		plain-http) why="the registry speaks plain HTTP; if it may be trusted, use --tls-verify=false" ;;
		certificate) why="the registry's certificate is not trusted; give its CA with --cert-dir, or use --tls-verify=false" ;;
		reference) why="the reference is not valid; expected HOST/NAME:TAG or HOST/NAME@DIGEST" ;;
		content) why="what the registry sent is not what it should be" ;;
		*) why="see the end of this line" ;;
	esac
	printf '%s: %s (%s)' "$what" "$why" "$words"
}
