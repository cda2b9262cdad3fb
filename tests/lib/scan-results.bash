# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What a scan leaves in its output folder, written by hand: `load ../lib/scan-results` in a bats file.
#
#	write_scan FOLDER <<<SPEC	writes results.json and the logs; a spec is an object of JSON:
#		verdict	    clean (default), infected, incomplete, infected-incomplete
#		platforms   [{platform, digest, suffix, hits: [[PATH, SIGNATURE]…]}]; linux/amd64 alone by default
#		unscanned, failures, warnings	as in results.json
#		lay_over    an object laid over results.json
#
# IMAGE_DIGEST is the image's digest.

# shellcheck disable=SC2034 # for who loads this
IMAGE_DIGEST=sha256:$(printf 'c%.0s' {1..64})

write_scan() {
	local folder=$1 spec name
	mkdir -p "$folder"
	spec=$(jq --arg digest "$IMAGE_DIGEST" '
		{verdict: "clean", unscanned: [], failures: [], warnings: [], lay_over: {},
			platforms: [{platform: "linux/amd64", suffix: "amd64", digest: ("sha256:" + "a" * 64), hits: []}]} + .
		| .platforms[].hits //= [] | .image = $digest')
	jq -r '.platforms[].suffix' <<<"$spec" | while IFS= read -r name; do
		{
			jq -r --arg name "$name" '.platforms[] | select(.suffix == $name) | .hits[] | "\(.[0]): \(.[1]) FOUND"' <<<"$spec"
			scan_summary
		} >"$folder/clamscan-result-$name.log"
	done
	write_results_json <<<"$spec" >"$folder/results.json"
}

scan_summary() {
	cat <<-'SUMMARY'

		----------- SCAN SUMMARY -----------
		Known viruses: 1
		Engine version: 1.4.6
		Scanned directories: 3
		Scanned files: 7
		Infected files: 0
		Data scanned: 0.00 MB
		Data read: 0.00 MB (ratio 0.00:1)
		Time: 0.010 sec (0 m 0 s)
		Start Date: 2026:01:02 03:04:05
		End Date:   2026:01:02 03:04:05
		Executed-on: Scan was executed on clamsdcan version - ClamAV 1.4.6/27900 Database version: 27900
	SUMMARY
}

write_results_json() {
	jq '{
		schema: 1, tool: {name: "clamav-scan", version: "0"},
		engine: {version: "ClamAV 1.4.6", daemon: "own", socket: "/work/clamd.sock"},
		database: {fingerprint: "sha256:0", signatures: 1, files: [], age_days: 0},
		target: {kind: "image", reference: "docker://registry.example/a/b", digest: .image},
		platforms: [.platforms[] | {platform, digest, files: 7, bytes: 100, log: "clamscan-result-\(.suffix).log"}],
		verdict,
		findings: [.platforms[] | .platform as $platform | .hits[] | select(.[1] | startswith("Heuristics.Opaque.") | not) | {
			signature: .[1], heuristic: (.[1] | startswith("Heuristics.")), sha256: "0", size: 1,
			locations: [{platform: $platform, layer: null, path: .[0], state: "visible"}]}],
		opaque: [], unscanned, failures, warnings,
		counts: {locations: 7, contents: 7, clean: 7, infected: 0, heuristic: 0, opaque: 0, unscanned: (.unscanned | length), skipped: {}},
		timing: {}
	} + .lay_over'
}
