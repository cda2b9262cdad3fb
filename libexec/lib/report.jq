# SPDX-License-Identifier: Apache-2.0
#
# What `report` computes, as pure functions: the policy's evaluation, the AppStudio line of a platform, the sum of the lines, the
# two results of the Task. Loaded with `include "report";`.

def summary_line: "----------- SCAN SUMMARY -----------";

# A name made fit for a line of text: control characters become \xNN, and one longer than the limit is cut.
def printable($limit):
	[explode[] | if . < 32 or . >= 127 and . < 160 then
		"\\x" + ([(. / 16 | floor), . % 16] | map("0123456789abcdef"[.:. + 1]) | add) | explode[]
	else . end]
	| implode
	| if length > $limit then .[:$limit - 1] + "…" else . end;

# ---- policy/virus-check.rego, evaluated here: {"output": LOG} → {malware, heuristics, complete}, hits counted.
# White space is what RE2, the policy's engine, takes for it: ASCII alone.
def evaluate:
	(.output | if type == "string" then . else "" end) as $log
	| if $log | contains(summary_line) | not then
		{malware: 1, heuristics: 0, complete: false}
	else
		[$log | split(summary_line)[0] | split("\n")[]
			| select(endswith(" FOUND"))
			| select(test("\\A[^\\t\\n\\f\\r ]+: [^\\t\\n\\f\\r ]+ FOUND\\z"))]
		| unique
		| map(split(" ")[1] | startswith("Heuristics."))
		| {malware: map(select(not)) | length, heuristics: map(select(.)) | length, complete: true}
	end;

# ---- the AppStudio line of those counts: one rule for malware, one for heuristics
def appstudio($now):
	{
		timestamp: ($now | tostring),
		namespace: "required_checks",
		successes: ([.malware, .heuristics] | map(select(. == 0)) | length),
		failures: .malware,
		warnings: .heuristics
	}
	+ if .malware > 0 then {result: "FAILURE", note: "Failures detected"}
	elif .heuristics > 0 then {result: "WARNING", note: "Warnings detected"}
	else {result: "SUCCESS", note: "All checks passed successfully"}
	end;

def skipped_line($now):
	{timestamp: ($now | tostring), namespace: "required_checks", successes: 0, failures: 0, warnings: 0, result: "SKIPPED",
		note: "All checks were skipped"};

def error_line($now; $note):
	{result: "ERROR", timestamp: ($now | todate), note: $note, namespace: "default", successes: 0, failures: 0, warnings: 0};

# ---- the answer of `conftest test -o json` or `ec test -o appstudio` → {successes, failures, warnings}
def engine_counts:
	if type == "array" then
		{
			successes: (map(.successes // 0) | add // 0),
			failures: (map(.failures // [] | length) | add // 0),
			warnings: (map(.warnings // [] | length) | add // 0)
		}
	else {successes, failures, warnings}
	end
	| if all(.[]; type == "number") then . else error("these are no counts") end;

# ---- sums over platforms
def rank: {ERROR: 4, FAILURE: 3, WARNING: 2, SKIPPED: 1, SUCCESS: 0}[.];

def sum_lines:
	(reduce .[1:][] as $line (.[0]; if ($line.result | rank) > (.result | rank) then $line else . end)) as $worst
	| {
		timestamp: (map(.timestamp | tonumber) | max | tostring),
		namespace: .[0].namespace,
		successes: (map(.successes) | add),
		failures: (map(.failures) | add),
		warnings: (map(.warnings) | add),
		result: $worst.result,
		note: $worst.note
	};

# ---- sizes
# Tekton carries results to the cluster in the container's termination message, as JSON strings in JSON. 4,096 bytes are its limit,
# and the kubelet divides 12 KiB among all containers of a pod, init containers counted. So this aims lower, at what is left to
# each of five; only a long list of digests may go beyond, up to 3 KiB.
def message_size: tojson | tojson | utf8bytelength + 5 * ([match("[<>&]"; "g")] | length);
def note_limit: 2300;
def hard_limit: 2900;

# IMAGES_PROCESSED of all digests in order, the image's own last. A list that is too long loses platforms, never the image.
def images_processed($pullspec; $platforms; $digest):
	def of($digests): {image: {pullspec: ($pullspec | .[:512]), digests: $digests}};
	($platforms | map(select(type == "string" and . != $digest)) | reduce .[] as $d ([]; if index([$d]) then . else . + [$d] end)) as $all
	# Where no platform was looked at, nothing was processed.
	| (if $platforms == [] then [] else [$digest] end) as $own
	| first(range($all | length; -1; -1) as $n | of($all[:$n] + $own) | select($n == 0 or message_size <= hard_limit - 400));

# As many items as the line of the note ($head, items, $tail) has room for, then "and N more".
def fitting_note($head; $items; $total; $tail; $room; line):
	def text($n):
		($items[:$n] | join("; ")) as $named
		| ($total - $n) as $more
		| $head
		+ if $total == 0 then "" elif $n == 0 then ": \($total) in all" else ": " + $named end
		+ if $n > 0 and $more > 0 then " and \($more) more" else "" end
		+ $tail;
	first(range($items | length; -1; -1) as $n | text($n) | select($n == 0 or (line | message_size) <= $room));

# ---- what was not scanned, named: an element of results.json's failures or unscanned → a string
# The note names the image already, so a detail need not.
def item($image):
	[.platform // empty, .path // empty | select(. != "") | printable(160)]
	+ [(.reason // "unknown") + if (.detail // "") == "" then ""
		else ": " + (.detail | split("docker://" + $image) | join("the image") | printable(300)) end
		| "(" + . + ")"]
	| join(" ");

def touches($platform): .platform == null or .platform == $platform;

# The line of one platform: {platform, counts, problems}; what was not scanned makes it an ERROR, beside malware a longer note.
def platform_line($results; $context):
	.platform as $platform
	| [($results.failures // [], $results.unscanned // [])[] | select(touches($platform))] as $missing
	| (.problems + ($missing[:20] | map(item($context.image)))) as $items
	| ((.problems | length) + ($missing | length)) as $total
	| (.counts | appstudio($context.now)) as $line
	| if $total == 0 then $line
	elif .counts.complete and .counts.malware > 0 then
		$line + {note: fitting_note("Failures detected; not scanned"; $items; $total; $context.see_log; note_limit; $line + {note: .})}
	else
		error_line($context.now; fitting_note($context.incomplete; $items; $total; $context.see_log; note_limit; error_line($context.now; .)))
	end;

# Everything at once. Input: {results, platforms: [{platform, digest, log, counts, problems}], problems, context}; context:
# {task, pullspec, image, digest, now}. Output: {lines (one a platform, in order), test_output, images_processed}.
def verdict:
	(.context + {
		incomplete: "Task \(.context.task) failed: Incomplete scan of image \"\(.context.image)\"",
		see_log: ". For details, check Tekton task log."
	}) as $context
	| .results as $results
	| images_processed($context.pullspec; .platforms | map(.digest); $context.digest) as $images
	| (note_limit - ($images | message_size) | [., 500] | max) as $room
	| (.problems + (.platforms | map(.problems[])) | unique) as $problems
	| [($results.failures // [], $results.unscanned // [])[]] as $missing
	| ($problems + ($missing[:20] | map(item($context.image)))) as $items
	| (($problems | length) + ($missing | length)) as $total
	| ([$results.findings // [] | .[] | select(.heuristic | not) | .locations | length] | add // 0) as $found
	| [.platforms[] | .counts | appstudio($context.now)] as $lines
	| ([.platforms[].counts | select(.complete).malware] | add // 0) as $malware
	| {
		lines: (.problems as $whole | [.platforms[] | .problems = $whole + .problems | platform_line($results; $context)]),
		test_output: (
			if $malware > 0 or $found > 0 then
				($lines | sum_lines)
				+ {result: "FAILURE", note: "Failures detected"}
				# The log lacks what the results name (a problem, listed): it counts all the same.
				+ if $malware > 0 then {} else {failures: $found} end
				| . as $line
				| if $total == 0 then . else
					.note = fitting_note("Failures detected; not scanned"; $items; $total; $context.see_log; $room; $line + {note: .})
				end
			elif $total > 0 then
				error_line($context.now; fitting_note($context.incomplete; $items; $total; $context.see_log; $room; error_line($context.now; .)))
			else $lines | sum_lines
			end),
		images_processed: $images
	};
