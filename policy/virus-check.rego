# SPDX-License-Identifier: Apache-2.0

# Malware in a clamscan log fails, what only a heuristic took for malware warns.
#
# The input is {"output": LOG}; LOG is what clamscan writes: a line "PATH: SIGNATURE FOUND" a hit, then the scan's summary. The
# package and the shape of the results are those of the policy that Konflux carries, so that either may stand in for the other.
#
# There are two rules, each with one body: `conftest` and `ec` count bodies, and a clean log has to be "successes 2".
package required_checks

import rego.v1

violation_malware contains finding if some finding in _malware

warn_heuristics contains finding if some finding in _heuristics

_summary_line := "----------- SCAN SUMMARY -----------"

default _log := ""

_log := input.output if is_string(input.output)

# What stands before the summary. Paths in a log have no white space, so no path can look like the summary's line.
_hits contains {"filename": filename, "virname": virname} if {
	contains(_log, _summary_line)
	some line in split(split(_log, _summary_line)[0], "\n")
	regex.match(`^\S+: \S+ FOUND$`, line)
	words := split(line, " ")
	filename := trim_suffix(words[0], ":")
	virname := words[1]
}

_heuristic(hit) if startswith(hit.virname, "Heuristics.")

_malware contains _finding(hit, msg, description) if {
	some hit in _hits
	not _heuristic(hit)
	msg := sprintf("Detected malware '%s' in %s", [hit.virname, hit.filename])
	description := "The file carries a known malware signature."
}

# A log without a summary is a scan that did not end: no verdict can be drawn from what it does not name.
_malware contains _finding(nowhere, msg, description) if {
	not contains(_log, _summary_line)
	nowhere := {"filename": "", "virname": ""}
	msg := "The log has no scan summary: the scan did not end"
	description := "A log that breaks off says nothing about the files that it does not name."
}

_heuristics contains _finding(hit, msg, description) if {
	some hit in _hits
	_heuristic(hit)
	msg := sprintf("Detected potential malware '%s' by heuristics in %s", [hit.virname, hit.filename])
	description := "A heuristic found something suspicious, or contents that nobody can look into. It may be harmless."
}

_finding(hit, msg, description) := {
	"msg": msg,
	"details": {"filename": hit.filename, "virname": hit.virname, "description": description},
}
