/*
 * The real sandbox with the probe inside: what must be refused is refused, what
 * must work works, and nothing is left.  One project and one outside for all
 * rows; names below are relative to the project, which is the working folder.
 */
#include <dirent.h>

#include "world.h"

static const struct row {
	const char *name, *script;
	int want;
} rows[] = {
	{ "a file of the project is read", "./probe read README", DONE },
	{ "a file of the project is written", "./probe write new.txt", DONE },
	{ "a file outside is not read", "./probe read ../outside/secret", REFUSED },
	{ "nor through a link", "ln -sfn ../outside out && ./probe read out/secret", REFUSED },
	{ "nor is it there to be linked", "./probe link ../outside/secret hard", REFUSED },
	{ "a folder outside is not listed", "./probe list ../outside", REFUSED },
	{ "the system is not written", "./probe write /usr/lib/x", REFUSED },
	{ "nor is the prepared /etc", "./probe write /etc/passwd", REFUSED },
	{ "the host's shadow file is not there", "./probe read /etc/shadow", REFUSED },
	{ "/tmp is the command's own", "./probe write /tmp/x", DONE },
	{ "and is bounded", "./probe fill /tmp/big 600", REFUSED },
	{ "so is /dev/shm", "./probe fill /dev/shm/big 100", REFUSED },
	{ "/dev is not written", "./probe write /dev/x", REFUSED },
	{ "a secret in the project is not read", "./probe read .env", REFUSED },
	{ "nor a deeper one", "./probe read conf/deep/server.pem", REFUSED },
	{ "nor after its folder was renamed", "./probe rename conf conf2", REFUSED },
	{ "nor under another name", "./probe link .env e", REFUSED },
	{ "nor is it removed", "./probe remove .env", REFUSED },
	{ "nor what a secret's name leads to", "./probe read cfg/values", REFUSED },
	{ "what a deny rule names is not read", "./probe read private/notes", REFUSED },
	{ "what a deny rule names is not written", "./probe write fixed/a", REFUSED },
	{ "git's configuration is not written", "./probe write .git/config", REFUSED },
	{ "nor a hook", "./probe write .git/hooks/pre-commit", REFUSED },
	{ "nor is .git moved away", "./probe rename .git git2", REFUSED },
	{ "git's objects are", "./probe write .git/object", DONE },
	{ "the manifest is not written", "./probe write seal.toml", REFUSED },
	{ "nor is an editor's folder", "./probe write .vscode/settings.json", REFUSED },
	{ "a host daemon's socket is not reached", "./probe unix host.sock", REFUSED },
	{ "the host's network is not", "./probe tcp 127.0.0.1 22", REFUSED },
	{ "nor a cloud's metadata", "./probe tcp 169.254.169.254 80", REFUSED },
	{ "names are not resolved", "./probe name example.com", REFUSED },
	{ "process 1 is not traced", "./probe trace 1", REFUSED },
	{ "no user namespace is made", "./probe userns", REFUSED },
	{ "nothing is mounted", "./probe mount /tmp", REFUSED },
	{ "no set-id file is made", "cp probe p2 && ./probe set-id p2", REFUSED },
	{ "a kernel knob is not written", "./probe write /proc/sys/kernel/core_pattern", REFUSED },
	{ "there is no terminal", "./probe tty", REFUSED },
	{ "no descriptor is inherited", "./probe fds", REFUSED },
	{ "a variable that is not granted is not seen", "./probe env SEAL_TEST_KEY", REFUSED },
	{ "nor in process 1's environment", "./probe first-env SECRET", REFUSED },
	{ "a granted variable is", "./probe env GRANTED", DONE },
	{ "a granted ssh agent is reached, at a place of its own",
	  "[[ $SSH_AUTH_SOCK == /run/seal/ssh-agent ]] && ./probe unix /run/seal/ssh-agent", DONE },
	{ "some processes may be made", "./probe forks 8", DONE },
	{ "but not any number", "./probe forks 200", REFUSED },
	{ "the script is the shell's", "x=5; [[ $((x + 1)) == 6 ]]", DONE },
};

TEST(rows)
{
	TEST_ROWS (rows, row) {
		cleanup_with(sandbox_outcome_fini) struct sandbox_outcome outcome =
			run(command_of(row->script));

		if (outcome.exit_code != row->want)
			fail_msg("%s: exit %d, want %d: %.*s", row->name, outcome.exit_code,
			         row->want, STR_ARG(buf_str(&outcome.output)));
	}
}

/* Processes on this machine whose command line holds the word. */
static int n_processes(const char *word)
{
	DIR *list = opendir("/proc");
	struct dirent *entry;
	int n = 0;

	while ((entry = readdir(list))) {
		char path[300], line[4096];
		ssize_t len;
		int fd;

		(void)snprintf(path, sizeof(path), "/proc/%s/cmdline", entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		len = fd < 0 ? 0 : read(fd, line, sizeof(line) - 1);
		if (fd >= 0)
			close(fd);
		n += len > 0 && memmem(line, (size_t)len, word, strlen(word)) != NULL;
	}
	closedir(list);
	return n;
}

TEST(a_daemon_that_leaves_the_session_ends_with_the_command)
{
	const char *mark = strrchr(world.top, '/') + 1;
	char script[128];

	(void)snprintf(script, sizeof(script), "./probe daemon daemon-%s", mark);
	cleanup_with(sandbox_outcome_fini) struct sandbox_outcome outcome = run(command_of(script));
	assert_int_equal(outcome.exit_code, 0);
	assert_int_equal(n_processes(script + strlen("./probe daemon ")), 0);
	assert_non_null(strstr(outcome.output.data, "background was ended"));
}

TEST(the_whole_tree_ends_at_the_time_limit)
{
	const char *mark = strrchr(world.top, '/') + 1;
	char script[256], hung[64];
	struct sandbox_command command;

	(void)snprintf(hung, sizeof(hung), "hung-%s", mark);
	(void)snprintf(script, sizeof(script),
	               "./probe hang %s & (setsid ./probe hang %s &) ; ./probe hang %s", hung, hung,
	               hung);
	command = command_of(script);
	command.timeout_s = 1;
	cleanup_with(sandbox_outcome_fini) struct sandbox_outcome outcome = run(command);
	assert_true(outcome.timed_out);
	assert_int_equal(n_processes(hung), 0);
}

TEST(a_polite_command_may_clean_up_at_the_time_limit)
{
	struct sandbox_command command = command_of(
		"trap 'echo cleaned; exit 0' TERM; while :; do read -t 60 <> <(:); done");

	command.timeout_s = 2;
	cleanup_with(sandbox_outcome_fini) struct sandbox_outcome outcome = run(command);
	assert_true(outcome.timed_out);
	assert_non_null(strstr(outcome.output.data, "cleaned"));
}

static void cancel_when_it_speaks(void *ctx, struct str bytes)
{
	uint64_t one = 1;

	(void)bytes;
	(void)!write(*(int *)ctx, &one, sizeof(one));
}

TEST(cancelling_ends_it)
{
	struct sandbox_command command = command_of("echo ready; exec ./probe hang x");
	int fd = eventfd(0, EFD_CLOEXEC);

	command.cancel_fd = fd;
	command.output = cancel_when_it_speaks;
	command.ctx = &fd;
	cleanup_with(sandbox_outcome_fini) struct sandbox_outcome outcome = run(command);
	assert_true(outcome.cancelled);
	assert_false(outcome.timed_out);
	assert_int_not_equal(outcome.signal, 0);
	close(fd);
}

TEST(a_flood_is_cut_and_spilled)
{
	cleanup_with(sandbox_outcome_fini) struct sandbox_outcome outcome =
		run(command_of("./probe flood 20"));
	struct stat st;

	assert_int_equal(outcome.exit_code, 0);
	assert_true(outcome.truncated);
	assert_int_equal(outcome.output.len, 4096);
	assert_int_equal(stat(outcome.spilled_to, &st), 0);
	assert_int_equal(st.st_size, 20 << 20);
}

TEST(the_exit_code_and_the_signal_are_the_command_s)
{
	cleanup_with(sandbox_outcome_fini) struct sandbox_outcome code =
		run(command_of("exit 125"));
	cleanup_with(sandbox_outcome_fini) struct sandbox_outcome ended =
		run(command_of("kill -9 $$"));

	assert_int_equal(code.exit_code, 125);
	assert_int_equal(ended.signal, SIGKILL);
}

static bool exists(const char *path)
{
	char whole[PATH_MAX];
	struct stat st;

	(void)snprintf(whole, sizeof(whole), "%s/%s", world.project, path);
	return lstat(whole, &st) == 0;
}

static const struct left_row {
	const char *name, *script, *path;
	bool stays;
} left_rows[] = {
	{ "a new editor folder is moved away", "mkdir -p .idea && echo x > .idea/workspace.xml",
	  ".idea", false },
	{ "so is a new environment file of a shell", "echo x > .envrc", ".envrc", false },
	{ "and one further down", "mkdir -p sub && echo x > sub/.mcp.json", "sub/.mcp.json",
	  false },
	{ "and a link of that name", "ln -s /etc .husky", ".husky", false },
	{ "git's commondir is", "echo x > .git/commondir", ".git/commondir", false },
	{ "a new repository that runs something is",
	  "mkdir -p r/.git && printf '[core]\\nfsmonitor=x\\n' > r/.git/config", "r/.git", false },
	{ "a harmless new repository stays",
	  "mkdir -p q/.git && printf '[core]\\nbare=false\\n' > q/.git/config", "q/.git", true },
	{ "a bare repository that runs something is moved away",
	  "mkdir -p b/objects && echo x > b/HEAD && printf '[alias]\\nx=!y\\n' > b/config", "b",
	  false },
	{ "a repository in a vendor folder is looked at too",
	  "mkdir -p node_modules/x/.git/hooks && echo x > node_modules/x/.git/hooks/post-checkout",
	  "node_modules/x/.git", false },
	{ "so is a submodule's repository that runs something",
	  "mkdir -p .git/modules/m/objects && echo x > .git/modules/m/HEAD && "
	  "printf '[core]\\nsshCommand=x\\n' > .git/modules/m/config",
	  ".git/modules/m", false },
	{ "a submodule's that names its work tree too",
	  "mkdir -p .git/modules/n/objects && echo x > .git/modules/n/HEAD && "
	  "printf '[core]\\nworktree=/x\\n' > .git/modules/n/config",
	  ".git/modules/n", false },
	{ "a new hook of a known submodule", "echo x > .git/modules/known/hooks/post-checkout",
	  ".git/modules/known/hooks", false },
	{ "an ordinary file stays", "echo x > kept", "kept", true },
};

TEST(what_is_left_is_looked_at)
{
	TEST_ROWS (left_rows, row) {
		cleanup_with(sandbox_outcome_fini) struct sandbox_outcome outcome =
			run(command_of(row->script));

		EXPECT_EQ(row, outcome.exit_code, 0);
		EXPECT_EQ(row, exists(row->path), row->stays);
		EXPECT_EQ(row, outcome.n_denials, row->stays ? 0 : 1);
	}
}

TEST(a_changed_configuration_is_put_back)
{
	cleanup_with(sandbox_outcome_fini) struct sandbox_outcome outcome =
		run(command_of("printf '[core]\\nhooksPath=x\\n' > lib/.git/config"));
	cleanup_buf struct buf text = BUF_INIT;
	char path[PATH_MAX];
	struct err err;

	assert_int_equal(outcome.n_denials, 1);
	(void)snprintf(path, sizeof(path), "%s/lib/.git/config", world.project);
	MUST(fd_read_file(AT_FDCWD, path, 4096, &text, &err), &err);
	assert_string_equal(text.data, "[core]\n");
}

static void text_of(const char *path, struct buf *ret_text)
{
	char whole[PATH_MAX];
	struct err err;

	(void)snprintf(whole, sizeof(whole), "%s/%s", world.project, path);
	MUST(fd_read_file(AT_FDCWD, whole, 4096, ret_text, &err), &err);
}

TEST(a_submodule_s_configuration_may_change_but_not_run_something)
{
	static const char config[] = ".git/modules/known/config";
	cleanup_with(sandbox_outcome_fini) struct sandbox_outcome fine = run(
		command_of("printf '[branch \"x\"]\\nremote=o\\n' >> .git/modules/known/config"));
	cleanup_buf struct buf before = BUF_INIT, after = BUF_INIT;

	assert_int_equal(fine.n_denials, 0);
	text_of(config, &before);
	assert_non_null(strstr(before.data, "remote=o"));
	cleanup_with(sandbox_outcome_fini) struct sandbox_outcome bad =
		run(command_of("printf '[core]\\nfsmonitor=x\\n' >> .git/modules/known/config"));
	assert_int_equal(bad.n_denials, 1);
	text_of(config, &after);
	assert_string_equal(after.data, before.data);
}

TEST(a_job_goes_on_prints_and_is_stopped)
{
	struct sandbox_command command = command_of("echo one; exec ./probe hang x");
	cleanup_buf struct buf got = BUF_INIT;
	struct err err;
	bool running = true;
	char job[16];

	MUST(sandbox_start(world.sandbox, &command, job, &err), &err);
	while (got.len == 0) {
		cleanup_with(sandbox_outcome_fini) struct sandbox_outcome outcome = { 0 };

		MUST(sandbox_job(world.sandbox, job, false, &outcome, &running, &err), &err);
		assert_true(running);
		buf_add(&got, buf_str(&outcome.output));
		(void)sched_yield();
	}
	assert_string_equal(got.data, "one\n");
	cleanup_with(sandbox_outcome_fini) struct sandbox_outcome end = { 0 };
	MUST(sandbox_job(world.sandbox, job, true, &end, &running, &err), &err);
	assert_false(running);
	assert_true(sandbox_job(world.sandbox, job, false, &end, &running, &err) < 0);
}

static const struct denial_row {
	const char *name, *script, *target;
} denial_rows[] = {
	{ "a hidden secret", "cat .env", "/project/.env" },
	{ "a protected file", "echo x >> .git/config", "/project/.git/config" },
	{ "the system", "touch /usr/lib/x", "\"/usr/lib/x\"" },
	{ "what lies outside", "cat /srv/x", "\"/srv/x\"" },
	{ "a host", "curl -sf http://denied.test/", "denied.test:80" },
};

TEST(refusals_are_explained)
{
	TEST_ROWS (denial_rows, row) {
		cleanup_with(sandbox_outcome_fini) struct sandbox_outcome outcome =
			run(command_of(row->script));

		EXPECT_EQ(row, outcome.n_denials, 1);
		EXPECT_TRUE(row, strstr(outcome.denials[0], row->target) != NULL);
	}
}

static int count(const char *folder)
{
	DIR *list = opendir(folder);
	int n = 0;

	while (readdir(list))
		n++;
	closedir(list);
	return n;
}

/* Mounts of this test: what else the machine mounts meanwhile is not ours. */
static int n_mounts(void)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct str rest, line;
	struct err err;
	int n = 0;

	MUST(fd_read_file(AT_FDCWD, "/proc/self/mountinfo", 1 << 20, &text, &err), &err);
	for (rest = buf_str(&text); str_line(&rest, &line);)
		n += str_find(line, str_of(world.top), 0) != STR_NONE;
	return n;
}

/* Processes, mounts, descriptors, files: as many after as before. */
TEST(many_commands_leave_nothing)
{
	char run_dir[128], script[32];
	int before[4];

	(void)snprintf(script, sizeof(script), ": many-%d", (int)getpid());

	(void)snprintf(run_dir, sizeof(run_dir), "%s/run", world.top);
	before[0] = count(world.project);
	before[1] = count(run_dir);
	before[2] = count("/proc/self/fd");
	before[3] = n_mounts();
	for (int i = 0; i < 200; i++) {
		cleanup_with(sandbox_outcome_fini) struct sandbox_outcome outcome =
			run(command_of(script));

		assert_int_equal(outcome.exit_code, 0);
	}
	assert_int_equal(count(world.project), before[0]);
	assert_int_equal(count(run_dir), before[1]);
	assert_int_equal(count("/proc/self/fd"), before[2]);
	assert_int_equal(n_mounts(), before[3]);
	assert_int_equal(n_processes(script + 2), 0);
}

/* bwrap that cannot start: the command must not run, and the sentence says why. */
TEST(a_sandbox_that_cannot_be_made_runs_nothing)
{
	struct sandbox_command command = command_of("echo ran > ran");
	cleanup_with(sandbox_outcome_fini) struct sandbox_outcome outcome = { 0 };
	struct err err;
	char missing[256];

	(void)snprintf(missing, sizeof(missing), "%s/gone", world.project);
	command.grant.cwd = missing;
	MUST(sandbox_run(world.sandbox, &command, &outcome, &err), &err);
	assert_false(outcome.started);
	assert_non_null(strstr(outcome.error->text, "did not run"));
	assert_false(exists("ran"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(rows),
		RUN(a_daemon_that_leaves_the_session_ends_with_the_command),
		RUN(the_whole_tree_ends_at_the_time_limit),
		RUN(a_polite_command_may_clean_up_at_the_time_limit),
		RUN(cancelling_ends_it),
		RUN(a_flood_is_cut_and_spilled),
		RUN(the_exit_code_and_the_signal_are_the_command_s),
		RUN(what_is_left_is_looked_at),
		RUN(a_changed_configuration_is_put_back),
		RUN(a_submodule_s_configuration_may_change_but_not_run_something),
		RUN(refusals_are_explained),
		RUN(a_job_goes_on_prints_and_is_stopped),
		RUN(many_commands_leave_nothing),
		RUN(a_sandbox_that_cannot_be_made_runs_nothing),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
