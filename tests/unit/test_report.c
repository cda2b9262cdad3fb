/* SPDX-License-Identifier: Apache-2.0 */
#include "report-fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>

#include "alloc.h"
#include "capture.h"

/* A folder of the test's own, opened; removed with what is in it. */
static int folder_setup(void **state)
{
	struct fixture *f;

	if (fixture_setup(state) < 0)
		return -1;
	f = *state;
	snprintf(f->folder, sizeof(f->folder), "/tmp/test_report.XXXXXX");
	return mkdtemp(f->folder) ? 0 : -1;
}

static int folder_teardown(void **state)
{
	struct fixture *f = *state;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execlp("rm", "rm", "-rf", "--", f->folder, NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
		return -1;
	return fixture_teardown(state);
}

static char *path_of(struct fixture *f, const char *name)
{
	return xasprintf("%s/%s", f->folder, name);
}

static bool exists(struct fixture *f, const char *name)
{
	_cleanup_free_ char *path = path_of(f, name);
	struct stat st;

	return lstat(path, &st) == 0;
}

static void make_file(struct fixture *f, const char *name, const char *text)
{
	_cleanup_free_ char *path = path_of(f, name);
	_cleanup_fclose_ FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
}

static char *text_of(struct fixture *f, const char *name)
{
	_cleanup_free_ char *path = path_of(f, name);
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	char *text = xcalloc(1, 1 << 16);

	if (!file)
		fail_msg("%s is missing", path);
	assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
	return text;
}

static json_object *json_of(struct fixture *f, const char *name)
{
	_cleanup_free_ char *text = text_of(f, name);
	json_object *object = json_tokener_parse(text);

	assert_non_null(object);
	return object;
}

/* Besides "." and "..". */
static unsigned count_files(struct fixture *f)
{
	_cleanup_closedir_ DIR *dir = opendir(f->folder);
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	return n - 2;
}

/* One line that names what could not be done; wanted has one %s, for the folder. */
static void assert_message(const char *message, const char *wanted, struct fixture *f)
{
	const char *folder = strstr(wanted, "%s");
	_cleanup_free_ char *line = xasprintf("%.*s%s%s", (int)(folder - wanted), wanted, f->folder, folder + 2);

	assert_string_equal(message, line);
}

static void a_scan_leaves_results_and_a_log_a_platform(void **state)
{
	struct fixture *f = *state;

	fixture_everything(f);
	assert_int_equal(report_begin(&f->report, f->folder), 0);
	assert_int_equal(report_write(&f->report, f->folder), 0);

	_cleanup_json_ json_object *results = json_of(f, "results.json");
	_cleanup_json_ json_object *log_json = json_of(f, "clamscan-result-log-amd64.json");
	_cleanup_json_ json_object *artifact = json_of(f, "artifact-meta.json");
	_cleanup_free_ char *log = text_of(f, "clamscan-result-amd64.log");

	assert_json_string(results, "/verdict", "infected-incomplete");
	assert_json_string(log_json, "/output", log);
	assert_json_string(artifact, "/artifact/pullspec", "docker://registry.example/app:1");
	assert_json_string(artifact, "/artifact/type", "image");
	assert_json_string(artifact, "/artifact/mediaType", "application/vnd.oci.image.index.v1+json");
	assert_json_null(artifact, "/artifact/artifactType");
	assert_true(exists(f, "clamscan-result-arm64.log"));
	assert_true(exists(f, "clamscan-result-log-arm64.json"));
	/* And nothing else: no temporary file. */
	assert_int_equal(count_files(f), 6);
}

static void an_artifact_is_of_type_oci(void **state)
{
	struct fixture *f = *state;

	ledger_add_platform(&f->ledger, NULL, NULL, "oci");
	f->report.artifact_type = "application/vnd.example";
	assert_int_equal(report_write(&f->report, f->folder), 0);
	_cleanup_json_ json_object *artifact = json_of(f, "artifact-meta.json");

	assert_json_string(artifact, "/artifact/type", "oci");
	assert_json_string(artifact, "/artifact/artifactType", "application/vnd.example");
	assert_true(exists(f, "clamscan-result-oci.log"));
}

static void a_scan_of_paths_has_no_artifact(void **state)
{
	struct fixture *f = *state;

	f->report.kind = "path";
	assert_int_equal(report_write(&f->report, f->folder), 0);
	assert_false(exists(f, "artifact-meta.json"));
	assert_true(exists(f, "results.json"));
}

static void the_beginning_says_incomplete_although_nothing_was_found_yet(void **state)
{
	struct fixture *f = *state;

	f->report.finished = (struct timespec){};
	assert_int_equal(report_begin(&f->report, f->folder), 0);
	_cleanup_json_ json_object *results = json_of(f, "results.json");

	assert_json_string(results, "/verdict", "incomplete");
	assert_json_string(results, "/failures/0/reason", "interrupted");
	assert_json_null(results, "/timing/finished");
	assert_int_equal(count_files(f), 1);
}

static void the_beginning_takes_away_an_older_scans_reports_and_nothing_else(void **state)
{
	static const char *const ours[] = { "clamscan-result-amd64.log", "clamscan-result-log-amd64.json",
					    "clamscan-ec-test-arm64.json", "artifact-meta.json",
					    ".clamav-scan-tmp-1-results.json" };
	static const char *const others[] = { "notes.txt", "clamscan-result-.txt", "xclamscan-result-amd64.log",
					      "results.json.bak" };
	struct fixture *f = *state;

	make_file(f, "results.json", "{\"verdict\": \"clean\"}");
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		make_file(f, ours[i], "old");
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		make_file(f, others[i], "theirs");
	assert_int_equal(report_begin(&f->report, f->folder), 0);

	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		assert_false(exists(f, ours[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_true(exists(f, others[i]));
	_cleanup_json_ json_object *results = json_of(f, "results.json");
	assert_json_string(results, "/verdict", "incomplete");
}

static void a_missing_folder_is_made_with_those_above_it(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *deep = path_of(f, "a//b/c/");

	assert_int_equal(report_begin(&f->report, deep), 0);
	assert_true(exists(f, "a/b/c/results.json"));
}

static void a_link_in_the_folder_is_replaced_and_not_followed(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *link = path_of(f, "results.json"), *log = path_of(f, "clamscan-result-amd64.log");
	_cleanup_free_ char *victim = NULL;

	make_file(f, "victim", "precious");
	assert_int_equal(symlink("victim", link), 0);
	assert_int_equal(symlink("victim", log), 0);
	assert_int_equal(report_write(&f->report, f->folder), 0);
	victim = text_of(f, "victim");
	assert_string_equal(victim, "precious");

	_cleanup_json_ json_object *results = json_of(f, "results.json");
	assert_json_string(results, "/verdict", "clean");
}

static void a_log_that_cannot_be_written_leaves_no_verdict(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *in_the_way = path_of(f, "clamscan-result-arm64.log");

	make_file(f, "results.json", "{\"verdict\": \"clean\"}");
	assert_int_equal(mkdir(in_the_way, 0700), 0);
	capture_begin(STDERR_FILENO);
	int r = report_write(&f->report, f->folder);
	assert_message(capture_end(STDERR_FILENO), "clamav-scan: cannot write %s/clamscan-result-arm64.log: Is a directory\n", f);
	assert_int_equal(r, -EISDIR);
	assert_false(exists(f, "results.json"));
	/* The log of the other platform, its JSON, and the folder. */
	assert_int_equal(count_files(f), 3);
}

/* As a full disk does it, a write fails in the middle of a file. */
static void a_file_cut_short_leaves_no_verdict(void **state)
{
	struct fixture *f = *state;
	struct rlimit limit, small;
	int r;

	make_file(f, "results.json", "{\"verdict\": \"clean\"}");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = (struct rlimit){ .rlim_cur = 300, .rlim_max = limit.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	capture_begin(STDERR_FILENO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	r = report_write(&f->report, f->folder);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_message(capture_end(STDERR_FILENO), "clamav-scan: cannot write %s/clamscan-result-amd64.log: File too large\n", f);
	signal(SIGXFSZ, SIG_DFL);

	assert_int_equal(r, -EFBIG);
	assert_int_equal(count_files(f), 0);
}

static void an_older_result_that_cannot_be_removed_is_an_error(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *in_the_way = path_of(f, "results.json");

	assert_int_equal(mkdir(in_the_way, 0700), 0);
	capture_begin(STDERR_FILENO);
	int r = report_begin(&f->report, f->folder);
	assert_message(capture_end(STDERR_FILENO), "clamav-scan: cannot remove an older scan's %s/results.json: Is a directory\n",
		       f);
	assert_int_equal(r, -EISDIR);
}

static void a_folder_that_is_a_file_is_an_error(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *file = path_of(f, "file"), *below = path_of(f, "file/below");

	make_file(f, "file", "");
	capture_begin(STDERR_FILENO);
	int r = report_begin(&f->report, file);
	assert_message(capture_end(STDERR_FILENO),
		       "clamav-scan: cannot open the output folder %s/file; choose another with --output: Not a directory\n", f);
	assert_int_equal(r, -ENOTDIR);

	capture_begin(STDERR_FILENO);
	r = report_write(&f->report, below);
	assert_message(capture_end(STDERR_FILENO),
		       "clamav-scan: cannot open the output folder %s/file/below; choose another with --output: Not a directory\n",
		       f);
	assert_int_equal(r, -ENOTDIR);
}

/* For tests/integration/schema.bats, which checks them against the schema. */
static void write_sample(struct fixture *f, const char *folder, const char *name, bool begin)
{
	_cleanup_free_ char *where = xasprintf("%s/%s", folder, name);

	assert_int_equal(begin ? report_begin(&f->report, where) : report_write(&f->report, where), 0);
}

static void samples_of_each_verdict_are_written_for_other_tests(void **state)
{
	struct fixture *f = *state;
	const char *folder = getenv("REPORT_SAMPLES") ?: f->folder;

	write_sample(f, folder, "begun", true);
	fixture_clean(f, "ok", 100);
	write_sample(f, folder, "clean", false);
	fixture_infected(f, "bad", 101);
	write_sample(f, folder, "infected", false);
	fixture_everything(f);
	write_sample(f, folder, "everything", false);
	f->report.engine = f->report.engine_version_line = f->report.daemon = f->report.socket = f->report.digest = NULL;
	f->report.database = NULL;
	f->report.kind = "path";
	ledger_distrust(&f->ledger, "the canary was not found");
	write_sample(f, folder, "distrusted", false);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_scan_leaves_results_and_a_log_a_platform),
		TEST(an_artifact_is_of_type_oci),
		TEST(a_scan_of_paths_has_no_artifact),
		TEST(the_beginning_says_incomplete_although_nothing_was_found_yet),
		TEST(the_beginning_takes_away_an_older_scans_reports_and_nothing_else),
		TEST(a_missing_folder_is_made_with_those_above_it),
		TEST(a_link_in_the_folder_is_replaced_and_not_followed),
		TEST(a_log_that_cannot_be_written_leaves_no_verdict),
		TEST(a_file_cut_short_leaves_no_verdict),
		TEST(an_older_result_that_cannot_be_removed_is_an_error),
		TEST(a_folder_that_is_a_file_is_an_error),
		TEST(samples_of_each_verdict_are_written_for_other_tests),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
