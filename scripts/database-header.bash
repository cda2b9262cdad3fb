# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash # sourced
# What a database folder is, for labels and tags. A CVD begins with 512 bytes of fields: name, time, version, signatures, …, and as
# the ninth the time in Unix seconds.

# database_field FOLDER NAME FIELD: of NAME.cvd, NAME.cld or NAME.cud; nothing where there is none.
database_field() {
	local file
	for file in "$1/$2".c[lvu]d; do
		[[ ! -s $file ]] || head -c 512 "$file" | tr -d '\0 ' | cut -d: -f"$3"
	done
}

# database_version FOLDER NAME: 0 where there is none.
database_version() {
	local version
	version=$(database_field "$1" "$2" 3)
	[[ $version =~ ^[0-9]+$ ]] || version=0
	echo "$version"
}

# database_date FOLDER: of the daily database, else of the newest file.
database_date() {
	local seconds
	seconds=$(database_field "$1" daily 9)
	[[ $seconds =~ ^[0-9]+$ ]] || seconds=$(find "$1" -type f -printf '%T@\n' | sort -n | tail -n 1 | cut -d. -f1)
	date -u -d "@$seconds" +%FT%TZ
}

# database_layer_time FOLDER DEFAULT: the time of the files in the database's layers. That of main.cvd, which changes once in months: so
# main's layer is the same one day after day.
database_layer_time() {
	local seconds
	seconds=$(database_field "$1" main 9)
	[[ $seconds =~ ^[0-9]+$ ]] || seconds=$2
	echo "$seconds"
}

# database_fingerprint FOLDER: the same for the same files.
database_fingerprint() {
	(cd "$1" && find . -type f ! -name freshclam.dat ! -name 'README*' -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum) |
		sha256sum | cut -d' ' -f1 | sed 's/^/sha256:/'
}
