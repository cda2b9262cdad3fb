# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # the parts of the entry point share their variables
# The environment variables of the ClamAV image. A value that is not exactly right is an error that quotes it.

# setting_bool NAME DEFAULT: prints true or false.
setting_bool() {
	local value=${!1:-$2}
	case $value in
		true | false) echo "$value" ;;
		*) die 64 "$1=$value: true or false is wanted" ;;
	esac
}

# setting_number NAME DEFAULT MIN MAX: prints the number.
setting_number() {
	local value=${!1:-$2}
	if [[ ! $value =~ ^[0-9]{1,9}$ ]] || ((10#$value < $3 || 10#$value > $4)); then
		die 64 "$1=$value: a number from $3 to $4 is wanted"
	fi
	echo "$((10#$value))"
}

# Names that look like settings but are none are most likely misspelt. Kubernetes makes variables of its own for a service that is
# called clamav, and CLAMAV_SCAN_… are the scanner's.
settings_warn_unknown() {
	local name
	for name in "${!CLAMAV_@}"; do
		case $name in
			CLAMAV_NO_CLAMD | CLAMAV_NO_FRESHCLAMD | CLAMAV_NO_MILTERD | CLAMAV_NO_MILTERED) ;;
			CLAMAV_SCAN_* | CLAMAV_SERVICE_* | CLAMAV_PORT | CLAMAV_PORT_*) ;;
			*) warn "$name is not a setting of this image, it has no effect" ;;
		esac
	done
}

settings_read() {
	# CLAMAV_NO_MILTERED stands in the ClamAV image's documentation once.
	: "${CLAMAV_NO_MILTERD:=${CLAMAV_NO_MILTERED-}}"
	no_clamd=$(setting_bool CLAMAV_NO_CLAMD false)
	no_freshclamd=$(setting_bool CLAMAV_NO_FRESHCLAMD false)
	no_milterd=$(setting_bool CLAMAV_NO_MILTERD true)
	startup_timeout=$(setting_number CLAMD_STARTUP_TIMEOUT 1800 1 999999999)
	checks=
	[[ -z ${FRESHCLAM_CHECKS-} ]] || checks=$(setting_number FRESHCLAM_CHECKS 1 1 50)
	settings_warn_unknown
}
