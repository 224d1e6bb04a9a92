#include "gate/by_hand.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/dirs.h"
#include "base/err.h"
#include "base/fd.h"
#include "gate/command_hosts.h"
#include "manifest/manifest.h"
#include "sandbox/sandbox.h"
#include "sandbox/undo.h"

#define EXIT_TIMED_OUT   124
#define EXIT_UNAVAILABLE 125
#define EXIT_STOPPED     130
#define KEPT_MAX         65536 /* of the output, to explain refusals */

/* The words as a script in which each of them is one literal word again. */
static void add_quoted(struct buf *script, const char *word)
{
	buf_addc(script, '\'');
	for (; *word; word++)
		if (*word == '\'')
			buf_adds(script, "'\\''");
		else
			buf_addc(script, *word);
	buf_addc(script, '\'');
}

static int make_script(char *const *words, struct buf *ret_script, struct err *err)
{
	for (; *words; words++) {
		add_quoted(ret_script, *words);
		if (words[1])
			buf_addc(ret_script, ' ');
	}
	return buf_check(ret_script, "the command", err);
}

/* A NULL-ended list of C strings over a list of the manifest. */
static char **list_of(const struct manifest_list *list)
{
	char **texts = calloc(list->n + 1, sizeof(*texts));

	for (size_t i = 0; texts && i < list->n; i++)
		texts[i] = str_dup(list->items[i]);
	return texts;
}

struct list {
	char **texts;
	size_t n;
};

static void add_host(void *ctx, struct str host)
{
	struct list *list = ctx;
	char **grown = realloc(list->texts, (list->n + 2) * sizeof(*grown));

	if (!grown)
		return;
	list->texts = grown;
	grown[list->n] = str_dup(host);
	list->n += grown[list->n] != NULL;
	grown[list->n] = NULL;
}

/* The manifest's default hosts, and those of the tools the script starts. */
static char **hosts_of(const struct manifest *manifest, struct str script)
{
	struct list list = { list_of(&manifest->allow.commands.default_domains),
		             manifest->allow.commands.default_domains.n };

	if (list.texts)
		(void)sandbox_tool_hosts(manifest, script, add_host, &list);
	return list.texts;
}

static void list_freep(char ***list)
{
	for (char **one = *list; one && *one; one++)
		free(*one);
	free(*list);
}

/*
 * By hand nothing is kept, so without a runtime folder of the login session one
 * in /tmp serves; the person's home stays as it was.
 */
int by_hand_runtime(char **ret_path, struct err *err)
{
	const char *given = getenv("XDG_RUNTIME_DIR");
	char path[64];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/run/user/%u", (unsigned int)geteuid());
	if ((given && given[0] == '/') || access(path, W_OK | X_OK) == 0)
		return dirs_get(DIRS_RUNTIME, ret_path, err);
	(void)snprintf(path, sizeof(path), "/tmp/seal-%u", (unsigned int)geteuid());
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_sys(err, "create %s", path);
	if (lstat(path, &st) < 0)
		return err_sys(err, "%s", path);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		return err_set(
			err, ERR_INPUT,
			"%s is not a private folder of yours; remove it, or set XDG_RUNTIME_DIR",
			path);
	*ret_path = strdup(path);
	return *ret_path ? 0 : err_nomem(err);
}

static int new_sandbox(const struct by_hand *by_hand, struct sandbox **ret_sandbox, struct err *err)
{
	cleanup_free char *runtime = NULL, *undo = NULL;
	struct sandbox_setup setup = { .manifest = by_hand->manifest,
		                       .root = by_hand->root,
		                       .no_env_files = true };

	if (by_hand_runtime(&runtime, err) < 0 || by_hand_undo_folder(&undo, err) < 0)
		return err->code;
	setup.runtime_dir = runtime;
	setup.undo_dir = undo;
	return sandbox_new(&setup, ret_sandbox, err);
}

static int exit_of(const struct sandbox_outcome *outcome)
{
	for (size_t i = 0; i < outcome->n_denials; i++)
		(void)fprintf(stderr, "seal: %s\n", outcome->denials[i]);
	if (!outcome->started) {
		(void)fprintf(stderr, "seal: %s\n", outcome->error->text);
		return EXIT_UNAVAILABLE;
	}
	if (outcome->cancelled)
		return EXIT_STOPPED;
	if (outcome->timed_out)
		return EXIT_TIMED_OUT;
	return outcome->signal ? 128 + outcome->signal : outcome->exit_code;
}

/* The sandbox and the grant of one command. */
struct prepared {
	struct buf script;
	char **domains, **env_vars;
	struct sandbox *sandbox;
	struct grant_command grant;
};

static void prepared_finip(struct prepared *prepared)
{
	buf_fini(&prepared->script);
	list_freep(&prepared->domains);
	list_freep(&prepared->env_vars);
	sandbox_free(prepared->sandbox);
}
#define cleanup_prepared __attribute__((cleanup(prepared_finip)))

static int prepare(const struct by_hand *by_hand, struct prepared *prepared, struct err *err)
{
	if (make_script(by_hand->words, &prepared->script, err) < 0 ||
	    new_sandbox(by_hand, &prepared->sandbox, err) < 0)
		return err->code;
	prepared->domains = hosts_of(by_hand->manifest, buf_str(&prepared->script));
	prepared->env_vars = list_of(&by_hand->manifest->allow.commands.default_env_vars);
	if (!prepared->domains || !prepared->env_vars)
		return err_nomem(err);
	prepared->grant = (struct grant_command){ buf_str(&prepared->script), by_hand->cwd,
		                                  (const char *const *)prepared->domains,
		                                  (const char *const *)prepared->env_vars };
	return 0;
}

/* Ctrl-C and the like become a cancel, so that what the command left is looked at. */
static int catch_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

int by_hand_run(const struct by_hand *by_hand, int *ret_exit, struct err *err)
{
	cleanup_prepared struct prepared prepared = { 0 };
	cleanup_with(sandbox_outcome_fini) struct sandbox_outcome outcome = { 0 };
	cleanup_with(command_hosts_free) struct command_hosts *hosts = NULL;
	cleanup_close int signals = catch_signals();
	cleanup_buf struct buf changes = BUF_INIT;
	struct undo_view view = by_hand_view(&changes);
	struct sandbox_command command = { .timeout_s = by_hand->timeout_s,
		                           .output_max = KEPT_MAX,
		                           .cancel_fd = signals,
		                           .stdin_fd = 0,
		                           .stdout_fd = 1,
		                           .stderr_fd = 2 };

	if (prepare(by_hand, &prepared, err) < 0 ||
	    command_hosts_new(by_hand->manifest, prepared.grant.domains, &hosts, err) < 0)
		return err->code;
	command.grant = prepared.grant;
	command.hosts = command_hosts_give(take_ptr(hosts));
	if (by_hand->dry_run)
		command.dry_run = &view;
	if (sandbox_run(prepared.sandbox, &command, &outcome, err) < 0)
		return err->code;
	*ret_exit = exit_of(&outcome);
	return by_hand->dry_run ? fd_write_all(1, buf_str(&changes), err) : 0;
}

int by_hand_plan(const struct by_hand *by_hand, struct buf *ret_text, struct err *err)
{
	cleanup_prepared struct prepared prepared = { 0 };

	if (prepare(by_hand, &prepared, err) < 0)
		return err->code;
	return sandbox_explain(prepared.sandbox, &prepared.grant, ret_text, err);
}
