# SPDX-License-Identifier: Apache-2.0
package required_checks

import rego.v1

_end := "----------- SCAN SUMMARY -----------\nKnown viruses: 1\nInfected files: 0\n"

_input(lines) := {"output": concat("", [concat("\n", lines), "\n", _end])}

test_a_clean_log_violates_nothing_and_warns_of_nothing if {
	count(violation_malware) == 0 with input as _input([])
	count(warn_heuristics) == 0 with input as _input([])
}

test_malware_is_a_violation_with_its_file_and_signature if {
	violation_malware == {{
		"msg": "Detected malware 'Win.Test.Sample-1' in opt/a\\x20b",
		"details": {
			"filename": "opt/a\\x20b",
			"virname": "Win.Test.Sample-1",
			"description": "The file carries a known malware signature.",
		},
	}} with input as _input(["opt/a\\x20b: Win.Test.Sample-1 FOUND"])
}

test_malware_is_no_warning if {
	count(warn_heuristics) == 0 with input as _input(["opt/a: Win.Test.Sample-1 FOUND"])
}

test_a_heuristic_is_a_warning_only if {
	lines := ["opt/a.zip: Heuristics.Encrypted.Zip FOUND", "opt/b: Heuristics.Limits.Exceeded.MaxFileSize FOUND"]
	count(violation_malware) == 0 with input as _input(lines)
	count(warn_heuristics) == 2 with input as _input(lines)
	some warning in warn_heuristics with input as _input(lines)
	warning.msg == "Detected potential malware 'Heuristics.Encrypted.Zip' by heuristics in opt/a.zip"
}

test_each_file_and_each_signature_counts if {
	lines := ["a: X.1 FOUND", "b: X.1 FOUND", "a: X.2 FOUND", "c: Heuristics.Phishing.Email FOUND"]
	count(violation_malware) == 3 with input as _input(lines)
	count(warn_heuristics) == 1 with input as _input(lines)
}

test_colons_in_a_name_stay_with_the_name if {
	some violation in violation_malware with input as _input(["opt/a:b:: X.1 FOUND"])
	violation.details.filename == "opt/a:b:"
}

test_other_lines_are_no_hits if {
	lines := ["a: OK", "a b: X.1 FOUND", "a: X.1 FOUND ", " FOUND", "FOUND", "a: lstat() failed ERROR"]
	count(violation_malware) == 0 with input as _input(lines)
	count(warn_heuristics) == 0 with input as _input(lines)
}

test_what_follows_the_summary_is_no_hit if {
	count(violation_malware) == 0 with input as {"output": concat("", [_end, "a: X.1 FOUND\n"])}
}

test_a_log_without_a_summary_is_a_violation if {
	some violation in violation_malware with input as {"output": "a: OK\n"}
	violation.msg == "The log has no scan summary: the scan did not end"
}

test_an_empty_log_is_a_violation if {
	count(violation_malware) == 1 with input as {"output": ""}
}

test_an_input_without_a_log_is_a_violation if {
	count(violation_malware) == 1 with input as {}
	count(violation_malware) == 1 with input as {"output": 7}
}
