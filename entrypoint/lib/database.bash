# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # the parts of the entry point share their variables
# The database folder ($database): is there one, is it whole, how old is it; and fetching one without getting banned.
#
# ClamAV's mirrors answer 429 (too often) or 403 (forbidden) to who comes too often, and who goes on then stays out. So a refusal is
# written down in the database folder, where it outlives the container with its volume, and nothing is asked for until its time has come.

signature_files=(cvd cld cud cdb cbc crb db hdb hsb hdu hsu idb imp ldb ldu mdb msb mdu msu ndb ndu pdb wdb yar yara)
retry_file=.freshclam-retry

# The files that bring signatures, one a line.
database_files() {
	local extension file
	for extension in "${signature_files[@]}"; do
		for file in "$database"/*."$extension"; do
			[[ ! -s $file ]] || printf '%s\n' "$file"
		done
	done
}

database_present() {
	[[ -n $(database_files) ]]
}

# Days since the database was made: the daily one's own date, else the newest file's.
database_age_days() {
	local file built=0 newest=0 now=${EPOCHSECONDS}
	while IFS= read -r file; do
		built=$(stat -L -c %Y -- "$file")
		case $file in
			*/daily.c?d)
				# Its header is 512 bytes of fields, the ninth is its date.
				newest=$(head -c 512 -- "$file" | tr -d '\0' | cut -d: -f9 | grep -oE '^[0-9]+') || newest=$built
				break
				;;
		esac
		((built <= newest)) || newest=$built
	done < <(database_files)
	echo $((newest < now ? (now - newest) / 86400 : 0))
}

# Can ClamAV use this file? What it complains of, the caller says in its own words.
database_file_good() {
	[[ -s $1 ]] || return 1
	case $1 in
		# The signature in its header stands for all of it.
		*.cvd) sigtool --info="$1" &>/dev/null ;;                         # see above
		*) clamscan --quiet --database="$1" "$state/empty" &>/dev/null ;; # see above
	esac
}

# Names of files that ClamAV cannot use: cut short by a full disk or a kill, or not what they say.
database_broken() {
	local file extension
	make_state
	: >"$state/empty"
	for extension in "${signature_files[@]}"; do
		for file in "$database"/*."$extension"; do
			[[ -e $file ]] || continue
			database_file_good "$file" || printf '%s\n' "${file##*/}"
		done
	done
}

# Takes broken files out of clamd's way, so that freshclam fetches them anew; the good ones stay. Status 1 when none was broken.
database_set_aside() {
	local name found=1
	while IFS= read -r name; do
		warn "$database/$name is broken: set aside as $name.broken, to be fetched again"
		mv -f -- "$database/$name" "$database/$name.broken" ||
			die 1 "$database/$name is broken and the folder cannot be written to: remove the file"
		found=0
	done < <(database_broken)
	return "$found"
}

# What a fetch came to, from its status and its output. Sets outcome (ok, forbidden, limited, later, failed) and retry_at.
fetch_outcome() {
	local status=$1 log=$2 until
	until=$(sed -nE 's/.*cool-down until after: *//p' "$log" | tail -n 1)
	outcome=ok retry_at=0
	case $status in
		17) outcome=forbidden retry_at=$((EPOCHSECONDS + 86400)) ;;
		18) outcome=later retry_at=$((EPOCHSECONDS + 3600)) ;;
		*) ((status == 0)) || outcome=failed ;;
	esac
	if [[ -n $until ]]; then
		[[ $outcome == forbidden ]] || outcome=limited
		retry_at=$(date -d "$until" +%s) || retry_at=$((EPOCHSECONDS + 14400))
	fi
	# A good database that was not replaced is no failure of the kind that may be tried again soon, and is written down.
	if ((retry_at > 0)); then
		# A database folder that cannot be written to forgets this.
		printf '%s %s\n' "$retry_at" "$outcome" 2>/dev/null >"$database/$retry_file" || true
	elif [[ $outcome == ok ]]; then
		rm -f "$database/$retry_file" "$database"/*.broken
	fi
}

# A refusal that was written down and whose time has not come yet: sets outcome and retry_at, status 0.
fetch_refused() {
	outcome=ok retry_at=0
	[[ -r $database/$retry_file ]] || return 1
	read -r retry_at outcome <"$database/$retry_file" || return 1
	[[ $retry_at =~ ^[0-9]{1,12}$ ]] && ((retry_at > EPOCHSECONDS))
}

# outcome and retry_at in words.
fetch_said() {
	local until
	until=$(date -d "@$retry_at" '+%F %T %Z')
	case $outcome in
		forbidden) echo "the mirror forbids it (403): nothing is asked for until $until. A newer ClamAV or a private mirror (FRESHCLAM_CONF_PrivateMirror) may help" ;;
		limited) echo "the mirror says that we came too often (429): nothing is asked for until $until. Use a volume at $database, or a private mirror" ;;
		later) echo "the mirror says to try later: nothing is asked for until $until" ;;
		failed) echo "freshclam failed, see its own words above" ;;
	esac
}

database_said() {
	if database_present; then
		echo "the database here is $(database_age_days) days old"
	else
		echo "there is no database"
	fi
}

# For a command that needs a database now: one attempt. Status 1 after having said why there is none.
database_fetch_now() {
	local status=0
	make_state
	if ! fetch_refused; then
		prepare_database
		database_set_aside || true # none was broken
		say "no database in $database: fetching one with freshclam" >&2
		freshclam --config-file="${conf_file[freshclam]}" --foreground --stdout 2>&1 | tee "$state/fetch.log" >&2 || status=$?
		fetch_outcome "$status" "$state/fetch.log"
		rm -f "$state/fetch.log"
	fi
	if database_present; then
		[[ $outcome == ok ]] || warn "$(fetch_said)"
		return 0
	fi
	[[ $outcome != ok ]] || outcome=failed
	printf 'clamav-scan: no database in %s: %s\n' "$database" "$(fetch_said)" >&2
	return 1
}

# daemon_user KIND OPTION DEFAULT: the user that a daemon becomes; nothing, when we are not root and it stays what we are.
daemon_user() {
	((EUID != 0)) || conf_value "$1" "$2" "$3"
}

# As root: the database belongs to the user that freshclam becomes, whoever made the volume. Its group is left alone.
prepare_database() {
	local owner
	owner=$(daemon_user freshclam DatabaseOwner clamav)
	[[ -d $database ]] || die 1 "the database folder $database is not there"
	# What a freshclam that was killed has left behind. (A younger folder may be of a freshclam that shares the volume.)
	find "$database" -maxdepth 1 -type d -name 'tmp.*' -mmin +1440 -exec rm -rf -- {} + 2>/dev/null || true # a read-only volume
	if [[ -n $owner ]]; then
		# On a read-only volume it cannot, and need not, be done.
		find "$database" -xdev ! -user "$owner" -exec chown -h -- "$owner" {} + 2>/dev/null || true
	fi
}
