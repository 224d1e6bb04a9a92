/* `seal`, `seal chat`: the terminal interface on a new or resumed session. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "rpc/client.h"
#include "seal-cli/cmd.h"
#include "seal-cli/run/question.h"
#include "seal-cli/tui/app/app.h"
#include "seal-runtime/config/config.h"
#include "seal-runtime/llm/model.h"
#include "seal-runtime/manifest/approve.h"
#include "seal-runtime/manifest/manifest.h"
#include "seal-runtime/manifest/trust.h"

#define OUTPUT_MAX ((size_t)256 << 10)

/* First launch in a project, or a manifest that changed: show it and ask. */
static int approve(struct err *err)
{
	cleanup_free char *cwd = realpath(".", NULL);
	cleanup_free char *root = NULL;
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	struct err why;
	int r;

	if (!cwd)
		return err_sys(err, "the working folder");
	r = manifest_find_root(cwd, &root, err);
	if (r < 0)
		return r;
	r = manifest_load(root, &manifest, err);
	if (r < 0)
		return r;
	if (manifest_trust(manifest, root, &why) == 0)
		return 0;
	(void)fprintf(stderr, "%s\n\n", why.text);
	return approve_manifest(root, NULL, err);
}

/* -- what the interface asks of us -- */

static void line(const char *verb, const char *pattern, bool allow, bool prompt, struct buf *ret_text)
{
	struct question_part part = { .verb = str_of(verb), .text = str_of(pattern) };

	question_line(&part, !allow ? CHOICE_DENY_ALWAYS : prompt ? CHOICE_ALLOW : CHOICE_ALLOW_ALWAYS,
		      ret_text);
}

static bool has_command(const char *name)
{
	return cmd_find(name) != NULL;
}

/* This program once more, its standard output and error read to the end. */
static int run_seal(const char *const *arguments, struct buf *ret_output, struct err *err)
{
	const char *argv[16] = { "seal" };
	posix_spawn_file_actions_t actions;
	int pipe_fds[2], status = 0, r;
	pid_t pid;

	for (size_t i = 0; arguments[i] && i < 14; i++)
		argv[i + 1] = arguments[i];
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDOUT_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDERR_FILENO);
	errno = posix_spawn(&pid, "/proc/self/exe", &actions, NULL, (char *const *)(uintptr_t)argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(pipe_fds[1]);
	if (errno) {
		(void)close(pipe_fds[0]);
		return err_sys(err, "run seal %s", arguments[0]);
	}
	r = fd_read_all(pipe_fds[0], OUTPUT_MAX, ret_output, err);
	(void)close(pipe_fds[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return r;
}

static void each_model(struct str provider, void (*each)(void *ctx, const char *name), void *ctx)
{
	model_each(provider, each, ctx);
}

struct options {
	const char *session, *theme;
	bool alternate, plain, vim;
};

static int chat(const struct options *options, struct err *err)
{
	static const struct app_hooks hooks = { question_remember, line, run_seal, has_command,
						approve_model, each_model };
	cleanup_with(rpc_client_free) struct rpc_client *client = NULL;
	cleanup_free char *cwd = realpath(".", NULL);
	struct app_setup setup = { .cwd = cwd, .session = options->session, .hooks = &hooks,
				   .theme = options->theme, .alternate = options->alternate,
				   .vim = options->vim };
	int r;

	r = approve(err);
	if (r < 0)
		return r;
	r = rpc_client_open(&client, err);
	if (r < 0)
		return r;
	r = rpc_client_initialize(client, true, err);
	if (r < 0)
		return r;
	setup.client = client;
	return options->plain ? app_run_plain(&setup, err) : app_run(&setup, err);
}

static bool read_option(int argc, char **argv, int *at, struct options *options)
{
	bool has_value = *at + 1 < argc;

	if (strcmp(argv[*at], "--alternate-screen") == 0)
		options->alternate = true;
	else if (strcmp(argv[*at], "--plain") == 0)
		options->plain = true;
	else if (strcmp(argv[*at], "--resume") == 0 && has_value)
		options->session = argv[++*at];
	else if (strcmp(argv[*at], "--theme") == 0 && has_value)
		options->theme = argv[++*at];
	else
		return false;
	return true;
}

int cmd_chat(int argc, char **argv)
{
	const char *term = getenv("TERM");
	struct options options = { .plain = term && strcmp(term, "dumb") == 0 };
	cleanup_config struct config config = { 0 };
	struct err err;

	if (config_load_here(&config, &err) < 0)
		return cmd_fail(&err);
	options.alternate = config_flag(&config, CONFIG_tui_alternate_screen);
	options.vim = strcmp(config_word(&config, CONFIG_tui_keys), "vim") == 0;
	if (strcmp(config_word(&config, CONFIG_tui_theme), "auto") != 0)
		options.theme = config_word(&config, CONFIG_tui_theme);
	for (int i = 1; i < argc; i++)
		if (!read_option(argc, argv, &i, &options)) {
			(void)fprintf(stderr, "seal: chat: %s is no option; `seal help chat` says them\n",
				      argv[i]);
			return EXIT_INPUT;
		}
	return chat(&options, &err) < 0 ? cmd_fail(&err) : EXIT_DONE;
}
