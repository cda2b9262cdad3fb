#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The Task as it is written: what others rely on, what a restricted cluster wants, and that the samples use it rightly.
# `make validate-task` asks Tekton's own code.

bats_require_minimum_version 1.5.0

setup() {
	PROJECT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	TASK=$PROJECT/task/clamav-scan/0.3/clamav-scan.yaml
	MIN=$PROJECT/task/clamav-scan-min/0.3/clamav-scan-min.yaml
}

# The Task as JSON.
task_json() {
	/usr/bin/python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)' "${1:-$TASK}"
}

@test "the parameters of today's Konflux task and of the seed's are there, with their defaults" {
	task_json | jq -e '[.spec.params[] | {(.name): (.default // null)}] | add == {
		"image-digest": null, "image-url": null, "image-arch": "", "docker-auth": "", "ca-trust-config-map-name": "trusted-ca",
		"ca-trust-config-map-key": "ca-bundle.crt", "scan-threads": "auto", "max-scan-threads": "8", "clamd-max-threads": "",
		"skip-upload": "false"}'
	task_json | jq -e 'all(.spec.params[]; .type == "string" and (.description | length) > 10)'
}

@test "the results and the steps have the names that pipelines know" {
	task_json | jq -e '[.spec.results[].name] == ["TEST_OUTPUT", "IMAGES_PROCESSED"]'
	task_json | jq -e '[.spec.steps[].name] == ["extract-and-scan-image", "upload"]'
}

@test "the workspaces are optional" {
	task_json | jq -e '[.spec.workspaces[] | [.name, .optional]] == [["ignore", true], ["cache", true]]'
}

@test "no script has a variable of Tekton's in it, and none is longer than a line" {
	task_json | jq -e 'all(.spec.steps[].script; contains("$(") | not)'
	task_json | jq -e 'all(.spec.steps[].script; split("\n") | length == 3 and .[0] == "#!/usr/bin/env bash")'
}

@test "the scripts that the steps call are there, where make install puts them" {
	local script
	for script in $(task_json | jq -r '.spec.steps[].script' | sed -n 's|^exec /usr/local/libexec/clamav-scan/||p'); do
		[[ -x $PROJECT/libexec/$script ]]
	done
	[[ $(task_json | jq -r '.spec.steps[].script' | grep -c '^exec /usr/local/libexec/clamav-scan/') == 2 ]]
}

@test "a restricted cluster finds nothing to refuse" {
	task_json | jq -e '.spec.stepTemplate.securityContext as $all | $all.allowPrivilegeEscalation == false
		and $all.capabilities == {drop: ["ALL"]} and $all.readOnlyRootFilesystem and $all.runAsNonRoot
		and $all.seccompProfile.type == "RuntimeDefault" and $all.runAsUser == null'
	task_json | jq -e 'all(.spec.steps[]; .securityContext == null) and all(.spec.volumes[]; .emptyDir or .configMap)'
}

@test "the step has upstream's resources, and requests are limits" {
	task_json | jq -e '.spec.steps[0].computeResources == {limits: {memory: "12Gi", cpu: "7300m"}, requests: {memory: "12Gi", cpu: "7300m"}}'
	task_json | jq -e '.spec.steps[1].computeResources | .limits == .requests'
}

@test "clamav-scan-min is up to date, and only its name and sizes are different" {
	run -0 "$PROJECT/task/generate" --check
	task_json "$MIN" | jq -e '.metadata.name == "clamav-scan-min"
		and .spec.steps[0].computeResources == {limits: {memory: "3Gi", cpu: "512m"}, requests: {memory: "3Gi", cpu: "512m"}}'
	diff <(task_json | jq -S 'del(.metadata.name, .spec.steps[0].computeResources, .spec.volumes[].emptyDir.sizeLimit)') \
		<(task_json "$MIN" | jq -S 'del(.metadata.name, .spec.steps[0].computeResources, .spec.volumes[].emptyDir.sizeLimit)')
}

@test "task/generate notices a file that was changed by hand" {
	cp -r "$PROJECT/task" "$BATS_TEST_TMPDIR/task"
	sed -i 's/memory: 3Gi/memory: 4Gi/' "$BATS_TEST_TMPDIR/task/clamav-scan-min/0.3/clamav-scan-min.yaml"
	run -1 "$BATS_TEST_TMPDIR/task/generate" --check
	[[ $output == *"is not up to date: run task/generate"* ]]
	run -0 "$BATS_TEST_TMPDIR/task/generate"
	run -0 "$BATS_TEST_TMPDIR/task/generate" --check
}

@test "yamllint finds nothing" {
	cd "$PROJECT"
	yamllint --strict task
}

@test "the samples name our Tasks, and parameters and results that they have" {
	run -0 "$PROJECT/tests/task/check-samples" "$TASK" "$MIN" -- "$PROJECT"/task/clamav-scan/0.3/samples/*.yaml
	[[ $output == *"uses are right" ]]
}

@test "a sample with a wrong parameter, result or Task is noticed" {
	local change
	for change in 's/image-digest$/image-digset/' 's/results.TEST_OUTPUT/results.OUTPUT/' 's/name: clamav-scan$/name: clamav-scam/'; do
		sed "$change" "$PROJECT/task/clamav-scan/0.3/samples/pipeline-matrix.yaml" >"$BATS_TEST_TMPDIR/sample.yaml"
		run -1 "$PROJECT/tests/task/check-samples" "$TASK" "$MIN" -- "$BATS_TEST_TMPDIR/sample.yaml"
	done
}

# Konflux' own integration test calls the task so, and reads these of its results.
@test "the calls of Konflux' own test of the task are right for ours" {
	cat >"$BATS_TEST_TMPDIR/pipeline.yaml" <<-'PIPELINE'
		apiVersion: tekton.dev/v1
		kind: Pipeline
		metadata: {name: p}
		spec:
		  tasks:
		    - name: scan
		      taskRef: {name: clamav-scan}
		      params:
		        - {name: image-url, value: "quay.io/a/b:1"}
		        - {name: image-digest, value: "sha256:1"}
		        - {name: skip-upload, value: "true"}
		    - name: check
		      params:
		        - {name: TEST_OUTPUT, value: "$(tasks.scan.results.TEST_OUTPUT)"}
		        - {name: IMAGES_PROCESSED, value: "$(tasks.scan.results.IMAGES_PROCESSED)"}
		      taskSpec: {steps: []}
	PIPELINE
	run -0 "$PROJECT/tests/task/check-samples" "$TASK" -- "$BATS_TEST_TMPDIR/pipeline.yaml"
}
