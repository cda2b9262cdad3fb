#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# results.json against its schema: reports of each kind as the unit test of the report writes them, and reports that a reader must
# never be given.

setup_file() {
	export ROOT=$BATS_TEST_DIRNAME/../..
	export REPORT_SAMPLES=$BATS_FILE_TMPDIR/samples
	make -s -C "$ROOT" build/asan/unit/test_report >&2
	"$ROOT/build/asan/unit/test_report" >&2
}

# validate FILE: its status is 0 when the schema allows the file, 1 when not, 2 for any other trouble.
validate() {
	# The one whose modules come from packages, whatever else is on the PATH.
	/usr/bin/python3 - "$ROOT/schema/results.schema.json" "$1" <<-'END'
		import json, sys
		try:
		    import jsonschema
		    schema, document = (json.load(open(name, encoding="utf-8")) for name in sys.argv[1:])
		    # The module of RHEL 9 ends at draft 7, which has all that the schema uses.
		    draft = getattr(jsonschema, "Draft202012Validator", jsonschema.Draft7Validator)
		    draft.check_schema(schema)
		    errors = list(draft(schema).iter_errors(document))
		except Exception as error:
		    print(f"cannot validate: {error!r}")
		    sys.exit(2)
		for error in errors:
		    print(f"{list(error.absolute_path)}: {error.message}")
		sys.exit(1 if errors else 0)
	END
}

# assert_sample NAME VERDICT
assert_sample() {
	run validate "$REPORT_SAMPLES/$1/results.json"
	[ "$status" -eq 0 ] || { echo "$output" && false; }
	[ "$(jq -r .verdict "$REPORT_SAMPLES/$1/results.json")" = "$2" ]
}

# refute_changed NAME FILTER: the sample as jq's FILTER changes it is not allowed.
refute_changed() {
	jq "$2" "$REPORT_SAMPLES/$1/results.json" >"$BATS_TEST_TMPDIR/results.json"
	run validate "$BATS_TEST_TMPDIR/results.json"
	[ "$status" -eq 1 ] || { echo "$2: $output" && false; }
}

@test "the schema allows the report that a scan begins with" {
	assert_sample begun incomplete
}

@test "the schema allows a clean report" {
	assert_sample clean clean
}

@test "the schema allows a report of malware" {
	assert_sample infected infected
}

@test "the schema allows a report with odd names, warnings, failures and files that were not scanned" {
	assert_sample everything infected-incomplete
}

@test "the schema allows a report in which nothing is known of the engine" {
	assert_sample distrusted infected-incomplete
}

@test "the schema allows no clean verdict beside anything that was not scanned" {
	refute_changed begun '.verdict = "clean"'
	refute_changed clean '.counts.unscanned = 1'
	refute_changed clean '.unscanned = [{"platform": null, "path": "x", "reason": "read-error", "detail": null}]'
}

@test "the schema allows no clean verdict beside malware" {
	refute_changed infected '.verdict = "clean"'
	refute_changed infected '.verdict = "incomplete"'
	refute_changed clean '.verdict = "infected"'
}

@test "the schema allows no clean verdict beside a warning in a strict scan" {
	refute_changed clean '.strict = true | .warnings = [{"kind": "database-age", "message": "old"}]'
}

@test "the schema allows no key that it does not name, and wants each that it does" {
	refute_changed clean '.more = 1'
	refute_changed infected '.findings[0].locations[0].more = 1'
	refute_changed clean 'del(.timing)'
	refute_changed clean 'del(.counts.skipped.fifo)'
	refute_changed clean '.counts.clean = -1'
	refute_changed clean '.verdict = "fine"'
}
