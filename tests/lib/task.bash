# shellcheck shell=bash disable=SC2034 # sourced: what it sets is used there
# SPDX-License-Identifier: Apache-2.0
#
# The Task, run: `load ../lib/task` beside lib/images, lib/registry and lib/container.
#
#	task_setup_file			builds the image, starts a registry with TLS and a password, sets TRUSTED_CA
#	publish NAME <<<SPEC		pushes an image (lib/mkimage.py's specification); prints its digest
#	run_task NAME DIGEST [OPTION…]	runs both steps as run-task does; sets task_status, STATE, TEST_OUTPUT, IMAGES_PROCESSED
#	start_task NAME DIGEST …	the same in the background; end_task waits for it
#	registry_get PATH		one of the registry's answers, PATH below /v2
#	referrer NAME DIGEST		the manifest that was attached to an image last

PROJECT=$(cd -- "$BATS_TEST_DIRNAME/../.." && pwd)

task_setup_file() {
	container_setup_file
	registry_start --tls --auth tester:secret
	mkdir "$BATS_FILE_TMPDIR/trusted-ca"
	cp "$REGISTRY_CA/ca.crt" "$BATS_FILE_TMPDIR/trusted-ca/ca-bundle.crt"
	export TRUSTED_CA=$BATS_FILE_TMPDIR/trusted-ca REGISTRY REGISTRY_PID REGISTRY_DIR REGISTRY_CA REGISTRY_AUTHFILE
}

publish() {
	local layout=$BATS_FILE_TMPDIR/layout-$1
	make_images "$layout" < <(jq '.tag = "v1"') >"$layout.digest"
	MKIMAGE_CA=$REGISTRY_CA/ca.crt push_image "$layout:v1" "https://tester:secret@$REGISTRY/team/$1:v1"
	cat "$layout.digest"
}

task_arguments() {
	local name=$1 digest=$2
	shift 2
	STATE=$BATS_TEST_TMPDIR/state
	arguments=("${TASK:-$PROJECT/task/clamav-scan/0.3/clamav-scan.yaml}" "$STATE" --image "$IMAGE" --name "$(name task)"
	--engine-options "$ENGINE_RUN --label test=$CONTAINER_PREFIX-$BATS_TEST_NUMBER" --auth "$REGISTRY_AUTHFILE" --config-map "trusted-ca=$TRUSTED_CA"
	--param "image-url=$REGISTRY/team/$name:v1" --param "image-digest=$digest" "$@")
}

read_results() {
	TEST_OUTPUT=$(<"$STATE/results/TEST_OUTPUT")
	IMAGES_PROCESSED=$(<"$STATE/results/IMAGES_PROCESSED")
}

run_task() {
	local -a arguments
	task_arguments "$@"
	task_status=0
	"$PROJECT/tests/task/run-task" "${arguments[@]}" || task_status=$?
	read_results
}

start_task() {
	local -a arguments
	task_arguments "$@"
	"$PROJECT/tests/task/run-task" "${arguments[@]}" 3>&- &
	task_pid=$!
}

end_task() {
	task_status=0
	wait "$task_pid" || task_status=$?
	read_results
}

# What a failed test's reader wants to see.
show_task() {
	local file
	[[ -z ${BATS_TEST_COMPLETED-} && -n ${STATE-} ]] || return 0
	for file in "$STATE"/*.log "$STATE"/results/*; do
		echo "# ${file##*/}"
		tail -n 40 "$file"
	done
}

registry_get() {
	curl -fsS --cacert "$REGISTRY_CA/ca.crt" -u tester:secret -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
		-H 'Accept: application/vnd.oci.image.index.v1+json' "https://$REGISTRY/v2/$1"
}

referrer() {
	local name=$1 digest=$2
	registry_get "team/$name/manifests/$(registry_get "team/$name/manifests/${digest/:/-}" | jq -r '.manifests[-1].digest')"
}
