# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: Apache-2.0
# (What is set here is read by the bats files.)
#
# shellcheck disable=SC2034 # variables for the tests
#
# A real registry (Debian's docker-registry) on the loopback: `load ../lib/registry` in a bats file.
#
#	registry_start [OPTION…]	starts one on a free port and waits until it answers; sets
#					REGISTRY	127.0.0.1:PORT
#					REGISTRY_URL	http://127.0.0.1:PORT, https:// with --tls
#					REGISTRY_DIR	its folder: data/, log (an access log too), with --tls ca/ca.crt
#		--auth USER:PASSWORD	wants this login; REGISTRY_AUTHFILE is a file for --authfile that has it
#		--tls			speaks TLS with a certificate of its own CA; REGISTRY_CA is the folder for --cert-dir
#	registry_stop			stops the one that was started last, and removes its folder; call it from teardown
#
# Several may run at a time: save REGISTRY_PID and REGISTRY_DIR, and set them again before registry_stop.

registry_free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

registry_make_certificate() {
	local dir=$1
	mkdir -p "$dir/ca" "$dir/tls"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=test CA" \
		-keyout "$dir/tls/ca.key" -out "$dir/ca/ca.crt" 2>"$dir/tls/log"
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=127.0.0.1" \
		-keyout "$dir/tls/server.key" -out "$dir/tls/server.csr" 2>>"$dir/tls/log"
	openssl x509 -req -in "$dir/tls/server.csr" -CA "$dir/ca/ca.crt" -CAkey "$dir/tls/ca.key" -CAcreateserial -days 2 \
		-extfile <(printf 'subjectAltName=IP:127.0.0.1') -out "$dir/tls/server.crt" 2>>"$dir/tls/log"
}

registry_config() {
	cat <<-CONFIG
		version: 0.1
		log: {level: warn, accesslog: {disabled: false}}
		compatibility: {schema1: {enabled: true}}
		storage: {filesystem: {rootdirectory: $REGISTRY_DIR/data}, delete: {enabled: true}}
		http:
		  addr: $REGISTRY
	CONFIG
	[[ -z $1 ]] || printf '  tls: {certificate: %s/tls/server.crt, key: %s/tls/server.key}\n' "$REGISTRY_DIR" "$REGISTRY_DIR"
	[[ -z $2 ]] || printf 'auth: {htpasswd: {realm: test, path: %s/htpasswd}}\n' "$REGISTRY_DIR"
}

registry_start() {
	local tls='' auth='' deadline
	while (($#)); do
		case $1 in
			--tls) tls=yes ;;
			--auth)
				auth=$2
				shift
				;;
			*) return 1 ;;
		esac
		shift
	done
	REGISTRY_DIR=$(mktemp -d "${BATS_TEST_TMPDIR:-${BATS_FILE_TMPDIR:-/tmp}}/registry.XXXXXX")
	REGISTRY=127.0.0.1:$(registry_free_port)
	REGISTRY_URL=http://$REGISTRY
	if [[ -n $tls ]]; then
		registry_make_certificate "$REGISTRY_DIR"
		REGISTRY_URL=https://$REGISTRY REGISTRY_CA=$REGISTRY_DIR/ca
	fi
	if [[ -n $auth ]]; then
		htpasswd -Bbn "${auth%%:*}" "${auth#*:}" >"$REGISTRY_DIR/htpasswd"
		REGISTRY_AUTHFILE=$REGISTRY_DIR/auth.json
		printf '{"auths": {"%s": {"auth": "%s"}}}\n' "$REGISTRY" "$(printf %s "$auth" | base64 -w 0)" >"$REGISTRY_AUTHFILE"
	fi
	registry_config "$tls" "$auth" >"$REGISTRY_DIR/config.yml"
	# Closes the descriptors of bats, which would wait for them.
	docker-registry serve "$REGISTRY_DIR/config.yml" >"$REGISTRY_DIR/log" 2>&1 3>&- 4>&- </dev/null &
	REGISTRY_PID=$!
	deadline=$((SECONDS + 20))
	# It listens only when it can answer. The error is that it does not yet.
	until (exec {socket}<>"/dev/tcp/${REGISTRY/:/\/}") 2>/dev/null; do
		if ((SECONDS > deadline)) || ! kill -0 "$REGISTRY_PID" 2>/dev/null; then # kill -0 only asks
			printf 'the registry did not come up:\n%s\n' "$(<"$REGISTRY_DIR/log")" >&2
			return 1
		fi
		sleep 0.05
	done
}

registry_stop() {
	[[ -n ${REGISTRY_PID:-} ]] || return 0
	kill "$REGISTRY_PID" 2>/dev/null || true # it may be gone, and so much the better
	wait "$REGISTRY_PID" 2>/dev/null || true # its status is the signal's
	rm -rf -- "$REGISTRY_DIR"
	REGISTRY_PID=
}
