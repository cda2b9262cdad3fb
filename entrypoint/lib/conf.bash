# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # the parts of the entry point share their variables
# Configuration files: those of /etc/clamav, which may be mounted and read-only, are never written to. What CLAMD_CONF_… and
# FRESHCLAM_CONF_… change goes into a copy.

# Files that the image brings, for a mounted /etc/clamav that lacks one.
conf_share=${here%/libexec/*}/share/clamav-scan/conf
declare -A conf_file=()

# The variables that override options of KIND, one a line.
conf_variables() {
	case $1 in
		clamd) printf '%s\n' "${!CLAMD_CONF_@}" ;;
		freshclam) printf '%s\n' "${!FRESHCLAM_CONF_@}" ;;
	esac
}

# conf_prepare KIND: sets conf_file[KIND].
conf_prepare() {
	local kind=$1 variable
	conf_file[$kind]=/etc/clamav/$kind.conf
	if [[ ! -e ${conf_file[$kind]} ]]; then
		conf_file[$kind]=$conf_share/$kind.conf
		say "/etc/clamav has no $kind.conf: using the image's own"
	fi
	[[ -r ${conf_file[$kind]} ]] || die 1 "cannot read ${conf_file[$kind]} as user $(id -u)"
	while IFS= read -r variable; do
		[[ -z $variable ]] || conf_set "$kind" "${variable#*_CONF_}" "${!variable}" "$variable"
	done < <(conf_variables "$kind")
}

# conf_set KIND OPTION VALUE [SOURCE]: in the copy, which is made when there is none yet. All lines with that option give way to this one.
conf_set() {
	local kind=$1 option=$2 value=$3 copy line word
	make_state
	copy=$state/$kind.conf
	# A line break would smuggle in other options.
	[[ $value != *[$'\n\r']* ]] || die 64 "${4:-$option} has a line break in its value"
	[[ -n $value ]] || die 64 "${4:-$option} is empty: a value for the option $option is wanted"
	{
		while IFS= read -r line || [[ -n $line ]]; do
			read -r word _ <<<"$line"
			[[ ${word,,} == "${option,,}" ]] || printf '%s\n' "$line"
		done <"${conf_file[$kind]}"
		printf '%s %s\n' "$option" "$value"
	} >"$copy.new"
	# freshclam's may hold the password of a proxy, and freshclam insists on this mode then. clamd's is read by freshclam, to notify clamd.
	if [[ $kind == freshclam ]]; then chmod 600 "$copy.new"; else chmod 644 "$copy.new"; fi
	mv "$copy.new" "$copy"
	conf_file[$kind]=$copy
}

# conf_value KIND OPTION DEFAULT: the option's value, the last where it stands twice.
conf_value() {
	local option=$2 value=$3 word rest
	while read -r word rest || [[ -n $word ]]; do
		[[ ${word,,} == "${option,,}" ]] || continue
		rest=${rest%%[[:space:]]}
		rest=${rest#\"}
		value=${rest%\"}
	done <"${conf_file[$1]}"
	printf '%s\n' "$value"
}

# conf_check KIND: ClamAV's own parser reads the file before anything is started. (The milter has none that only checks.)
conf_check() {
	local kind=$1 output option
	output=$("$kind" --config-file="${conf_file[$kind]}" --version 2>&1) && return
	output=${output%%$'\n'*}
	option=${output##* }
	if conf_variables "$kind" | grep -qxF "${kind^^}_CONF_$option"; then
		die 64 "${kind^^}_CONF_$option: ${output#ERROR: }"
	fi
	die 64 "${conf_file[$kind]}: ${output#ERROR: }"
}
