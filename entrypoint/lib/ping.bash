# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # the parts of the entry point share their variables
# Does clamd answer? Not `clamdscan --ping`: that says PONG without having read an answer.

# ping_clamd SOCKET|HOST:PORT SECONDS
ping_clamd() {
	local reply
	local -a address
	if [[ $1 == /* ]]; then
		[[ -S $1 ]] || return 1
		address=(-U "$1")
	else
		address=("${1%:*}" "${1##*:}")
	fi
	# What nc complains of is that nobody listens: no PONG says the same.
	reply=$(printf 'zPING\0' | timeout "$2" nc "${address[@]}" 2>/dev/null | tr -d '\0') || return 1
	[[ $reply == PONG ]]
}

# clamd_address: where the clamd of this configuration listens; nothing, when it does not.
clamd_address() {
	local path host port
	path=$(conf_value clamd LocalSocket '')
	port=$(conf_value clamd TCPSocket '')
	host=$(conf_value clamd TCPAddr 127.0.0.1)
	case $host in
		0.0.0.0 | any | localhost) host=127.0.0.1 ;;
		::) host=::1 ;;
	esac
	if [[ -n $path ]]; then
		echo "$path"
	elif [[ -n $port ]]; then
		echo "$host:$port"
	fi
}
