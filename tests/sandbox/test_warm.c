/* A sandbox that stands ready before the command is known. */
#include <poll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "sandbox/inside.h"
#include "world.h"

static struct sandbox *sandbox_of(const char *manifest_text, struct manifest **ret_manifest)
{
	struct sandbox_setup setup = { .root = world.project, .keeps_warm = true };
	struct sandbox *sandbox;
	char run_dir[128], undo_dir[128];
	struct err err;

	MUST(manifest_parse(str_of(manifest_text), "seal.toml", ret_manifest, &err), &err);
	(void)snprintf(run_dir, sizeof(run_dir), "%s/run", world.top);
	(void)snprintf(undo_dir, sizeof(undo_dir), "%s/undo", world.top);
	setup.manifest = *ret_manifest;
	setup.runtime_dir = run_dir;
	setup.undo_dir = undo_dir;
	MUST(sandbox_new(&setup, &sandbox, &err), &err);
	return sandbox;
}

/* Complete before anything happens to its files. */
static void prepare(struct sandbox *sandbox)
{
	struct pollfd ready = { -1, POLLIN, 0 };

	sandbox_prepare(sandbox);
	ready.fd = sandbox->warm.launch.control;
	if (ready.fd >= 0)
		assert_int_equal(poll(&ready, 1, -1), 1);
}

/* What the command got, and whether the sandbox that stood ready served it. */
static int run_one(struct sandbox *sandbox, const struct sandbox_command *command, bool *ret_served)
{
	cleanup_with(sandbox_outcome_fini) struct sandbox_outcome outcome = { 0 };
	unsigned int before = sandbox->warm.n_served;
	struct err err;

	MUST(sandbox_run(sandbox, command, &outcome, &err), &err);
	if (!outcome.started)
		fail_msg("not started: %s", outcome.error->text);
	*ret_served = sandbox->warm.n_served != before;
	return outcome.exit_code;
}

static int run_script(struct sandbox *sandbox, const char *script, bool *ret_served)
{
	struct sandbox_command command = command_of(script);

	return run_one(sandbox, &command, ret_served);
}

static const struct warm_row {
	const char *name, *meanwhile, *script;
	int want;
	bool is_served;
} warm_rows[] = {
	{ "the next command is served", ":", "./probe read README", DONE, true },
	{ "whatever it is", ":", "exit 7", 7, true },
	{ "a secret stays hidden", ":", "./probe read .env", REFUSED, true },
	{ "a secret that was replaced meanwhile too", "echo S >n && mv n .env", "./probe read .env",
	  REFUSED, false },
	{ "and one made anew, which may get the same number", "rm .env && echo S >.env",
	  "./probe read .env", REFUSED, false },
	{ "and one by way of another name", "ln .env n && rm .env && mv n .env",
	  "./probe read .env", REFUSED, false },
	{ "and one that is new", "echo S >late.pem", "./probe read late.pem", REFUSED, false },
	{ "and one whose folder was moved", "mv conf conf2", "./probe read conf2/deep/server.pem",
	  REFUSED, false },
	{ "a protected file that was replaced stays protected", "echo >n && mv n seal.toml",
	  "./probe write seal.toml", REFUSED, false },
	{ "what else changes in the project is no reason", "mv conf2 conf; echo x >plain", "true",
	  DONE, false },
	{ "as here", "echo x >>plain", "./probe read plain", DONE, true },
};

TEST(a_sandbox_that_stands_ready_is_as_tight_as_one_made_for_the_command)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_with(sandbox_free) struct sandbox *sandbox = sandbox_of(MANIFEST, &manifest);
	char host[512];
	bool served;

	EXPECT_EQ(&warm_rows[0], run_script(sandbox, "true", &served), 0);
	TEST_ROWS (warm_rows, row) {
		int got;

		prepare(sandbox);
		(void)snprintf(host, sizeof(host), "cd %s && { %s; }", world.project,
		               row->meanwhile);
		EXPECT_EQ(row, system(host), 0);
		got = run_script(sandbox, row->script, &served);
		EXPECT_EQ(row, got, row->want);
		EXPECT_EQ(row, served, row->is_served);
	}
}

/* --- another kind of command ---------------------------------------------- */

#define OTHER_MANIFEST                                                                             \
	"schema_version = 1\n[model]\nprovider = \"replay\"\nname = \"x\"\n"                       \
	"[capabilities.deny.read]\npaths = [{ path = \"README\" }]\n"

static struct sandbox *at_hand;

static void elsewhere(struct sandbox_command *command)
{
	static char folder[160];

	(void)snprintf(folder, sizeof(folder), "%s/conf", world.project);
	command->grant.cwd = folder;
}

static void fewer_variables(struct sandbox_command *command)
{
	static const char *const none[] = { NULL };

	command->grant.env_vars = none;
}

static void other_value(struct sandbox_command *command)
{
	static const char *const environment[] = { "GRANTED=no", "PATH=/usr/bin:/bin", NULL };

	(void)command;
	at_hand->facts.environment = environment;
}

static struct manifest *other;

static void other_manifest(struct sandbox_command *command)
{
	(void)command;
	at_hand->manifest = other;
}

static bool may_connect(void *ctx, struct str host, unsigned int port,
                        char ret_name[SANDBOX_HOST_MAX])
{
	(void)ctx;
	(void)host;
	(void)port;
	ret_name[0] = '\0';
	return false;
}

static void with_host(struct sandbox_command *command)
{
	static const struct sandbox_hosts hosts = { .may_connect = may_connect };
	static const char *const domains[] = { "granted.example:443", NULL };

	command->hosts = &hosts;
	command->grant.domains = domains;
}

static void with_input(struct sandbox_command *command)
{
	command->stdin_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void long_script(struct sandbox_command *command)
{
	static char script[100000];

	memset(script, '#', sizeof(script) - 1);
	memcpy(script, "exit 7 ", 7);
	command->grant.script = str_of(script);
}

static void in_background(struct sandbox_command *command)
{
	command->in_background = true;
}

static void none(struct sandbox_command *command)
{
	(void)command;
}

static const struct kind_row {
	const char *name;
	void (*first)(struct sandbox_command *command), (*then)(struct sandbox_command *command);
	const char *script;
	int want;
	bool is_served;
} kind_rows[] = {
	{ "one of the same kind is served", none, none, "[ $GRANTED = yes ]", 0, true },
	{ "one with the same host too", with_host, with_host, "grep -q granted.example /etc/hosts",
	  0, true },
	{ "not one with a host", none, with_host, "grep -q granted.example /etc/hosts", 0, false },
	{ "nor one without it", with_host, none, "! grep -q granted.example /etc/hosts", 0, false },
	{ "nor one in another folder", none, elsewhere, "[ ${PWD##*/} = conf ]", 0, false },
	{ "nor one with fewer variables", none, fewer_variables, "[ -z \"$GRANTED\" ]", 0, false },
	{ "nor one with another value of one", none, other_value, "[ $GRANTED = no ]", 0, false },
	{ "nor one by another manifest", none, other_manifest, "./probe read README", REFUSED,
	  false },
	{ "nor one with input", none, with_input, "! read -r line", 0, false },
	{ "nor one that does not fit into a message", none, long_script, NULL, 7, false },
	{ "nor one in the background, on a thread of its own", none, in_background, "true", 0,
	  false },
};

TEST(it_serves_only_a_command_of_the_same_kind)
{
	struct err err;

	MUST(manifest_parse(STR(OTHER_MANIFEST), "seal.toml", &other, &err), &err);
	TEST_ROWS (kind_rows, row) {
		cleanup_with(manifest_free) struct manifest *manifest = NULL;
		cleanup_with(sandbox_free) struct sandbox *sandbox =
			sandbox_of(MANIFEST, &manifest);
		struct sandbox_command first = command_of("true"), then = command_of(row->script);
		bool served;

		at_hand = sandbox;
		row->first(&first);
		EXPECT_EQ(row, run_one(sandbox, &first, &served), 0);
		EXPECT_TRUE(row, !served);
		prepare(sandbox);
		EXPECT_TRUE(row, sandbox->warm.launch.bwrap > 0);
		row->then(&then);
		EXPECT_EQ(row, run_one(sandbox, &then, &served), row->want);
		EXPECT_EQ(row, served, row->is_served);
		if (then.stdin_fd >= 0)
			close(then.stdin_fd);
	}
	manifest_free(other);
}

/* --- where there is none --------------------------------------------------- */

TEST(nothing_is_prepared_before_a_command_was_run_nor_in_a_project_that_takes_long)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_with(sandbox_free) struct sandbox *sandbox = sandbox_of(MANIFEST, &manifest);
	bool served;

	prepare(sandbox);
	assert_int_equal(sandbox->warm.launch.bwrap, 0);
	assert_int_equal(run_script(sandbox, "true", &served), 0);
	sandbox->warm.look_us = 1000000;
	prepare(sandbox);
	assert_int_equal(sandbox->warm.launch.bwrap, 0);
}

TEST(nothing_is_prepared_where_commands_have_an_overlay)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_with(sandbox_free) struct sandbox *sandbox =
		sandbox_of(MANIFEST "[sandbox.os]\nworkspace = \"overlay\"\n", &manifest);
	bool served;

	if (sandbox->no_overlay[0])
		skip();
	assert_int_equal(run_script(sandbox, "true", &served), 0);
	prepare(sandbox);
	assert_int_equal(sandbox->warm.launch.bwrap, 0);
}

/* --- its end ---------------------------------------------------------------- */

static bool has_children(void)
{
	char path[64], one;
	cleanup_close int fd = -1;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 || read(fd, &one, 1) == 1;
}

TEST(it_ends_with_its_session)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	struct sandbox *sandbox = sandbox_of(MANIFEST, &manifest);
	bool served;
	pid_t inside;

	assert_int_equal(run_script(sandbox, "true", &served), 0);
	prepare(sandbox);
	inside = warm_process(&sandbox->warm.launch);
	assert_int_equal(kill(inside, 0), 0);
	assert_true(has_children());
	sandbox_free(sandbox);
	assert_int_not_equal(kill(inside, 0), 0);
	assert_false(has_children());
	/* Also one that was not complete yet. */
	manifest_free(take_ptr(manifest));
	sandbox = sandbox_of(MANIFEST, &manifest);
	assert_int_equal(run_script(sandbox, "true", &served), 0);
	sandbox_prepare(sandbox);
	assert_true(has_children());
	sandbox_free(sandbox);
	assert_false(has_children());
}

TEST(it_ends_with_a_process_that_is_killed)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	struct pollfd end = { -1, POLLIN, 0 };
	pid_t child, inside = 0;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		struct sandbox *sandbox = sandbox_of(MANIFEST, &manifest);
		bool served;

		(void)run_script(sandbox, "true", &served);
		prepare(sandbox);
		inside = warm_process(&sandbox->warm.launch);
		(void)!write(ends[1], &inside, sizeof(inside));
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(ends[0], &inside, sizeof(inside)), sizeof(inside));
	end.fd = pidfd_open(inside, 0);
	assert_true(end.fd >= 0);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(poll(&end, 1, 30000), 1);
	close(end.fd);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_sandbox_that_stands_ready_is_as_tight_as_one_made_for_the_command),
		RUN(it_serves_only_a_command_of_the_same_kind),
		RUN(nothing_is_prepared_before_a_command_was_run_nor_in_a_project_that_takes_long),
		RUN(nothing_is_prepared_where_commands_have_an_overlay),
		RUN(it_ends_with_its_session),
		RUN(it_ends_with_a_process_that_is_killed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
