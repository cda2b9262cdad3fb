# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Running skopeo: its options, its noise in a file, and another try when the network failed.
# Set by libexec/image and inherited by its jobs: IMAGE_WORK, IMAGE_AUTHFILE, IMAGE_CERT_DIR, IMAGE_TLS_VERIFY.

# The pauses between tries, in seconds
IMAGE_RETRY_PAUSES=${IMAGE_RETRY_PAUSES-1 4}

# registry_options PREFIX: sets REGISTRY_OPTIONS; PREFIX is "" for inspect, "src-" for copy
registry_options() {
	REGISTRY_OPTIONS=()
	[[ -z ${IMAGE_AUTHFILE:-} ]] || REGISTRY_OPTIONS+=("--${1}authfile" "$IMAGE_AUTHFILE")
	[[ -z ${IMAGE_CERT_DIR:-} ]] || REGISTRY_OPTIONS+=("--${1}cert-dir" "$IMAGE_CERT_DIR")
	[[ -z ${IMAGE_TLS_VERIFY:-} ]] || REGISTRY_OPTIONS+=("--${1}tls-verify=$IMAGE_TLS_VERIFY")
}

# skopeo_try LOG OUT ARGUMENT…: standard output to the file OUT; a few tries; returns skopeo's status
skopeo_try() {
	local log=$1 out=$2 pause status
	shift 2
	for pause in $IMAGE_RETRY_PAUSES end; do
		status=0
		# Whether to trust who signed an image is not asked here: it is scanned, not run.
		run skopeo --insecure-policy "$@" >"$out" 2>"$log" || status=$?
		((status)) || return 0
		if [[ $pause == end ]] || ! worth_retrying "$(failure_kind "$log")"; then
			return "$status"
		fi
		run sleep "$pause"
	done
}
