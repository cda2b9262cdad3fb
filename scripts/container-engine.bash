# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # sourced: what it sets is used there
# What podman needs where it stands. On most machines that is nothing; a machine that is itself a container may refuse to raise limits,
# have no bridge for a network of its own, or let no build step start a container.
#
# engine_detect IMAGE: sets engine_run (options for `podman run`) and engine_build (for `podman build`). IMAGE is any local image with
# a program `true`. What was found is exported, so that scripts that call each other look once.

# Whether it works is the question: why not is shown when nothing does.
engine_try_run() {
	podman run --rm --entrypoint '' "$@" true &>/dev/null # see above
}

engine_try_build() {
	printf 'FROM %s\nRUN true\n' "${*: -1}" | podman build --quiet --no-cache --force-rm "${@:1:$#-1}" -f - "$engine_empty" &>/dev/null # see above
}

engine_detect() {
	local image=$1
	if [[ -n ${ENGINE_DETECTED-} ]]; then
		read -r -a engine_run <<<"$ENGINE_RUN"
		read -r -a engine_build <<<"$ENGINE_BUILD"
		return
	fi
	engine_run=()
	engine_build=()
	if ! engine_try_run "$image"; then
		# Limits that this machine may not raise (crun and runc want to set the engine's defaults).
		engine_run=(--ulimit nofile=1024:1024 --ulimit nproc=1024:1024)
		engine_try_run "${engine_run[@]}" "$image" || engine_run=(--runtime runc "${engine_run[@]}")
		engine_try_run "${engine_run[@]}" "$image" || engine_run+=(--network host)
		engine_try_run "${engine_run[@]}" "$image" || {
			echo "podman cannot run a container here, not even with: ${engine_run[*]}" >&2
			podman run --rm --entrypoint '' "${engine_run[@]}" "$image" true >&2
			return 1
		}
	fi
	engine_empty=$(mktemp -d)
	if ! engine_try_build "$image"; then
		engine_build=(--isolation chroot)
		engine_try_build "${engine_build[@]}" "$image" || {
			echo "podman cannot build here, not even with: ${engine_build[*]}" >&2
			rmdir "$engine_empty"
			return 1
		}
	fi
	rmdir "$engine_empty"
	export ENGINE_DETECTED=yes ENGINE_RUN="${engine_run[*]}" ENGINE_BUILD="${engine_build[*]}"
}
