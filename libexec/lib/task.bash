# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the scripts of the Tekton Task share; sourced, never run.

program=${0##*/}

note() {
	printf '%s\n' "$*"
}

warn() {
	printf '%s: %s\n' "$program" "$*" >&2
}

die() {
	warn "$*"
	exit 1
}

die_usage() {
	warn "$*"
	exit 64
}

# Writes standard input to a file so that a reader finds the old contents or the new, never a part; "-" is standard output.
replace_file() {
	local file=$1
	if [[ $file == - ]]; then
		cat
	else
		cat >"$file.new"
		mv -f "$file.new" "$file"
	fi
}

# ---- references: parse_reference URL DIGEST sets registry, repository (both of the name), tag and digest.
# The digest that is given decides; one in the URL serves where none is given. Returns 1 after naming in $problem what is wrong.
# shellcheck disable=SC2034 # for the scripts that source this
parse_reference() {
	local url=$1 given=$2 name=$1
	registry='' repository='' tag='' digest=$given problem=''
	if [[ $name == *@* ]]; then
		[[ -n $digest ]] || digest=${name##*@}
		name=${name%%@*}
	fi
	# A colon after the last slash begins a tag; before it, a port.
	if [[ ${name##*/} == *:* ]]; then
		tag=${name##*:}
		name=${name%:*}
	fi
	if [[ ! $name =~ ^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$|^[a-z0-9]+([._-]+[a-z0-9]+)*$ ]]; then
		problem="image-url '$url' is no image reference"
		return 1
	fi
	if [[ ! $digest =~ ^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$ ]]; then
		problem="image-digest '$digest' is no digest"
		return 1
	fi
	# As skopeo and docker have it: a first part without a dot or a port is no registry, but a namespace of Docker Hub.
	registry=${name%%/*}
	if [[ $name != */* || ! ($registry == *[.:]* || $registry == localhost) ]]; then
		registry=docker.io
		[[ $name == */* ]] || name=library/$name
		name=docker.io/$name
	fi
	repository=$name
}

# The ConfigMap's bundle beside the system's own certificates: skopeo and regctl are Go programs, which read these folders.
trust_bundle() {
	local bundle
	for bundle in "${CA_BUNDLE_DIR:-/nonexistent}"/*.crt; do
		[[ -s $bundle ]] || continue
		export SSL_CERT_DIR="/etc/ssl/certs:/etc/pki/tls/certs:$CA_BUNDLE_DIR"
		note "Certificates of $bundle are trusted, beside the system's own."
	done
}
