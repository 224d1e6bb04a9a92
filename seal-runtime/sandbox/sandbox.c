#include "sandbox/sandbox.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/dirs.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"
#include "manifest/manifest.h"
#include "sandbox/denial.h"
#include "sandbox/etc.h"
#include "sandbox/guard.h"
#include "sandbox/inside.h"
#include "sandbox/jobs.h"
#include "sandbox/net/net.h"
#include "sandbox/overlay/overlay.h"
#include "sandbox/plan/env_file.h"
#include "sandbox/plan/scan.h"
#include "sandbox/probe.h"
#include "sandbox/run/output.h"
#include "sandbox/run/run.h"
#include "sandbox/weak.h"

#define BY_HAND_OUTPUT_MAX (32ull << 20)
#define LOOK_MAX_US        20000 /* to look through a larger project costs more than it saves */

extern char **environ;

void sandbox_free(struct sandbox *sandbox)
{
	if (!sandbox)
		return;
	jobs_end(sandbox);
	warm_fini(&sandbox->warm);
	cgroup_remove(&sandbox->cgroup);
	free(sandbox->root);
	free(sandbox->session_dir);
	free(sandbox->runtime_dir);
	free(sandbox->etc);
	free(sandbox->init);
	free(sandbox->home);
	free(sandbox->undo_dir);
	free(sandbox->mask_file);
	free(sandbox->mask_folder);
	for (size_t i = 0; i < PLAN_LINKS_MAX; i++)
		free(sandbox->link_texts[i]);
	free(sandbox);
}

/* --- what the plan must know of the machine ------------------------------ */

static enum plan_look look(void *ctx, const char *path, char *ret_real)
{
	struct stat st;

	(void)ctx;
	if (!realpath(path, ret_real) || lstat(ret_real, &st) < 0)
		return PLAN_NOTHING;
	if (S_ISDIR(st.st_mode))
		return PLAN_IS_FOLDER;
	return S_ISREG(st.st_mode) ? PLAN_IS_FILE : PLAN_IS_OTHER;
}

/* Mode 000 and empty: reading fails loudly instead of giving an empty file. */
static int make_masks(struct sandbox *sandbox, struct err *err)
{
	char file[PATH_MAX], folder[PATH_MAX];
	struct stat st;

	(void)snprintf(file, sizeof(file), "%s/mask", sandbox->runtime_dir);
	(void)snprintf(folder, sizeof(folder), "%s/mask.d", sandbox->runtime_dir);
	if (lstat(file, &st) < 0) {
		cleanup_close int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0);

		if (fd < 0 || fchmod(fd, 0) < 0)
			return err_sys(err, "create %s", file);
	}
	if (lstat(folder, &st) < 0 && mkdir(folder, 0) < 0 && lstat(folder, &st) < 0)
		return err_sys(err, "create %s", folder);
	sandbox->mask_file = strdup(file);
	sandbox->mask_folder = strdup(folder);
	return sandbox->mask_file && sandbox->mask_folder ? 0 : err_nomem(err);
}

static void find_links(struct sandbox *sandbox)
{
	static const char *const names[PLAN_LINKS_MAX] = { "/bin",   "/sbin",  "/lib",
		                                           "/lib32", "/lib64", "/libx32" };
	size_t n = 0;

	for (size_t i = 0; i < PLAN_LINKS_MAX && names[i]; i++) {
		char text[PATH_MAX];
		ssize_t len = readlink(names[i], text, sizeof(text));

		if (len < 0 && access(names[i], F_OK) < 0)
			continue;
		if (len >= 0)
			sandbox->link_texts[n] = str_dup((struct str){ text, (size_t)len });
		sandbox->facts.links[n].path = names[i];
		sandbox->facts.links[n].text = sandbox->link_texts[n];
		n++;
	}
}

static void find_shell(struct sandbox *sandbox)
{
	sandbox->facts.is_bash =
		access("/usr/bin/bash", X_OK) == 0 || access("/bin/bash", X_OK) == 0;
	sandbox->facts.shell = sandbox->facts.is_bash ? "/bin/bash" : "/bin/sh";
}

static int find_facts(struct sandbox *sandbox, struct err *err)
{
	struct plan_facts *facts = &sandbox->facts;
	const char *home = getenv("HOME");

	sandbox->home = home && home[0] == '/' ? realpath(home, NULL) : NULL;
	facts->uid = geteuid();
	facts->gid = getegid();
	facts->home = sandbox->home && strcmp(sandbox->home, "/") != 0 ? sandbox->home : "";
	facts->etc = sandbox->etc;
	facts->init = sandbox->init;
	facts->mask_file = sandbox->mask_file;
	facts->mask_folder = sandbox->mask_folder;
	facts->environment = (const char *const *)environ;
	facts->look = look;
	find_links(sandbox);
	find_shell(sandbox);
	if (strcmp(sandbox->root, "/") == 0 || strcmp(sandbox->root, "/usr") == 0 ||
	    strcmp(sandbox->root, "/etc") == 0)
		return err_set(err, ERR_INPUT,
		               "%s cannot be a project: a command could write all of it; "
		               "make a folder for the project",
		               sandbox->root);
	return 0;
}

static int fill(struct sandbox *sandbox, const struct sandbox_setup *setup, struct err *err)
{
	sandbox->manifest = setup->manifest;
	sandbox->no_env_files = setup->no_env_files;
	sandbox->root = realpath(setup->root, NULL);
	if (!sandbox->root)
		return err_sys(err, "%s", setup->root);
	sandbox->runtime_dir = strdup(setup->runtime_dir);
	sandbox->session_dir = setup->session_dir ? strdup(setup->session_dir) : NULL;
	if (!sandbox->runtime_dir || (setup->session_dir && !sandbox->session_dir))
		return err_nomem(err);
	sandbox->undo_dir = setup->undo_dir ? strdup(setup->undo_dir) : NULL;
	if (setup->undo_dir && !sandbox->undo_dir)
		return err_nomem(err);
	if (dirs_part("seal-init", &sandbox->init, err) < 0 || make_masks(sandbox, err) < 0)
		return err->code;
	if (etc_prepare(sandbox->runtime_dir, geteuid() ? geteuid() : PLAN_UID_FOR_ROOT,
	                geteuid() ? getegid() : PLAN_UID_FOR_ROOT, &sandbox->etc, err) < 0)
		return err->code;
	return find_facts(sandbox, err);
}

int sandbox_new(const struct sandbox_setup *setup, struct sandbox **ret_sandbox, struct err *err)
{
	cleanup_with(sandbox_free) struct sandbox *sandbox = calloc(1, sizeof(*sandbox));

	if (!sandbox)
		return err_nomem(err);
	sandbox->warm = WARM_NONE;
	sandbox->keeps_warm = setup->keeps_warm;
	if (fill(sandbox, setup, err) < 0)
		return err_wrap(err, "sandbox");
	if (probe_quick(err) < 0)
		return err_wrap(err, "sandbox");
	cgroup_make(setup->manifest->sandbox.limit_processes,
	            setup->manifest->sandbox.limit_memory_mb, &sandbox->cgroup);
	sandbox->wants_overlay = setup->manifest->sandbox.overlay;
	if (sandbox->wants_overlay)
		(void)overlay_works(sandbox, sandbox->no_overlay, sizeof(sandbox->no_overlay));
	*ret_sandbox = take_ptr(sandbox);
	return 0;
}

/* --- one command -------------------------------------------------------- */

void sandbox_outcome_fini(struct sandbox_outcome *outcome)
{
	for (size_t i = 0; i < outcome->n_denials; i++)
		free(outcome->denials[i]);
	free(outcome->denials);
	free(outcome->spilled_to);
	free(outcome->error);
	buf_fini(&outcome->output);
	*outcome = (struct sandbox_outcome){ 0 };
}

bool sandbox_deny(struct sandbox_outcome *outcome, const char *target, const char *operation,
                  const char *rule, const char *hint)
{
	char **grown = realloc(outcome->denials, (outcome->n_denials + 1) * sizeof(*grown));
	struct buf text = BUF_INIT;
	struct json w = json_to(&text);

	if (!grown)
		return false;
	outcome->denials = grown;
	json_object(&w);
	json_kv(&w, "target", str_of(target));
	json_kv(&w, "operation", str_of(operation));
	json_kv(&w, "rule", str_of(rule));
	json_kv(&w, "hint", str_of(hint));
	json_end(&w);
	grown[outcome->n_denials] = buf_take(&text);
	if (!grown[outcome->n_denials])
		return false;
	outcome->n_denials++;
	return true;
}

static int not_started(const struct run_result *result, struct sandbox_outcome *outcome,
                       struct err *err)
{
	struct str message = str_trim(buf_str(&result->message));

	outcome->error = calloc(1, sizeof(*outcome->error));
	if (!outcome->error)
		return err_nomem(err);
	if (result->timed_out || result->cancelled)
		err_set(outcome->error, ERR_GONE,
		        "sandbox unavailable: it was not ready in time; the command did not run");
	else
		err_set(outcome->error, ERR_SYS,
		        "sandbox unavailable, the command did not run: %.*s; %s", STR_ARG(message),
		        probe_remedy(message));
	outcome->exit_code = -1;
	return 0;
}

static int shape(struct run_result *result, struct output *output, struct sandbox_outcome *outcome,
                 struct err *err)
{
	int status = result->status;

	outcome->started = result->started;
	outcome->timed_out = result->timed_out;
	outcome->cancelled = result->cancelled;
	outcome->truncated = output->truncated;
	outcome->output = output->kept;
	output->kept = BUF_INIT;
	outcome->spilled_to = take_ptr(output->spilled_to);
	if (!result->started)
		return not_started(result, outcome, err);
	outcome->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	outcome->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	if (result->left_processes && output->fds[0] < 0)
		buf_adds(&outcome->output,
		         "\n[what the command left running in the background was ended]\n");
	return 0;
}

static struct output output_of(const struct sandbox *sandbox, const struct sandbox_command *command)
{
	const struct manifest_command_run *limits = &sandbox->manifest->command_run;
	struct output output = OUTPUT_INIT;

	output.max = command->output_max;
	output.spill_dir = limits->spill_full_output ? sandbox->session_dir : NULL;
	output.spill_max = limits->spill_max_bytes > 0 ? (uint64_t)limits->spill_max_bytes : 0;
	output.watch = command->output;
	output.ctx = command->ctx;
	output.fds[0] = command->stdout_fd;
	output.fds[1] = command->stderr_fd;
	output.fd_max = BY_HAND_OUTPUT_MAX;
	return output;
}

static void env_freep(char ***list)
{
	env_free(*list);
}

/* The proxy's variables, and those of the project's env files. */
static int more_environment(const struct sandbox *sandbox, char ***ret_list, struct err *err)
{
	__attribute__((cleanup(env_freep))) char **files = NULL;
	__attribute__((cleanup(env_freep))) char **list = NULL;
	size_t n = 0;
	int r = sandbox->no_env_files ? 0 : env_load(sandbox->root, sandbox->manifest, &files, err);

	for (char **one = files; r >= 0 && one && *one; one++)
		r = plan_list_add(&list, &n, strdup(*one), err);
	for (const char *const *one = net_environment(); r >= 0 && *one; one++)
		r = plan_list_add(&list, &n, strdup(*one), err);
	if (r >= 0)
		*ret_list = take_ptr(list);
	return r;
}

int sandbox_plan(struct sandbox *sandbox, const struct grant_command *grant, struct scan *scan,
                 struct plan *ret_plan, struct err *err)
{
	__attribute__((cleanup(env_freep))) char **more = NULL;
	struct plan_input input = {
		.manifest = sandbox->manifest,
		.root = sandbox->root,
		.grant = grant,
		.scan = scan,
		.facts = &sandbox->facts,
	};

	if (more_environment(sandbox, &more, err) < 0)
		return err->code;
	input.extra_environment = (const char *const *)more;
	if (scan_project(sandbox->root, sandbox->manifest, scan, err) < 0)
		return err->code;
	return plan_make(&input, ret_plan, err);
}

void sandbox_prepare(struct sandbox *sandbox)
{
	cleanup_with(scan_fini) struct scan scan = { 0 };
	cleanup_with(plan_fini) struct plan plan = { 0 };
	const struct warm *last = &sandbox->warm;
	struct launch_input launch = { .plan = &plan,
		                       .hosts = last->hosts,
		                       .cgroup_fds = sandbox->cgroup.fds,
		                       .n_cgroup_fds = sandbox->cgroup.n };
	struct err ignored;

	if (!last->cwd || !last->script || !last->env_vars || last->launch.bwrap > 0 ||
	    last->look_us > LOOK_MAX_US || (sandbox->wants_overlay && !sandbox->no_overlay[0]))
		return;
	if (sandbox_plan(sandbox, &last->grant, &scan, &plan, &ignored) >= 0)
		warm_make(&sandbox->warm, &launch);
}

int sandbox_explain(struct sandbox *sandbox, const struct grant_command *grant,
                    struct buf *ret_text, struct err *err)
{
	cleanup_with(scan_fini) struct scan scan = { 0 };
	cleanup_with(plan_fini) struct plan plan = { 0 };

	if (sandbox_plan(sandbox, grant, &scan, &plan, err) < 0)
		return err->code;
	plan_print(&plan, ret_text);
	return buf_check(ret_text, "the plan", err);
}

static int make_net(const struct sandbox *sandbox, const struct sandbox_command *command,
                    struct net **ret_net, struct err *err)
{
	const struct manifest_sandbox *os = &sandbox->manifest->sandbox;
	struct net_setup setup = {
		.hosts = command->hosts,
		.domains = command->hosts ? command->grant.domains : NULL,
		.host_ports = os->host_ports,
		.n_host_ports = os->n_host_ports,
		.dev_server_ports = os->dev_server_ports,
		.n_dev_server_ports = os->n_dev_server_ports,
	};

	return net_new(&setup, ret_net, err);
}

static int run_planned(struct sandbox *sandbox, const struct sandbox_command *command,
                       const struct launch_input *launch, struct sandbox_outcome *outcome,
                       struct err *err)
{
	const struct plan *plan = launch->plan;
	__attribute__((cleanup(output_fini))) struct output output = output_of(sandbox, command);
	cleanup_with(net_free) struct net *net = NULL;
	struct run_input input = {
		.launch = { .plan = plan,
		            .overlay = launch->overlay,
		            .cgroup_fds = sandbox->cgroup.fds,
		            .n_cgroup_fds = sandbox->cgroup.n },
		.timeout_s = command->timeout_s,
		.cancel_fd = command->cancel_fd,
		.stdin_fd = command->stdin_fd,
		.output = &output,
		.ready = weak_is("--unshare-net") ? NULL : net_start,
		.knocked_fd = weak_is("--unshare-net") ? NULL : net_door_fd,
		.knocked = net_serve,
	};
	struct run_result result = { 0 };
	int r;

	if (make_net(sandbox, command, &net, err) < 0)
		return err->code;
	input.ctx = net;
	/* Only granted names need a line of their own. */
	if (command->grant.domains && command->grant.domains[0] && command->hosts)
		input.launch.hosts = net_hosts_text(net);
	/* Only the session's own thread: the kernel ends it with the thread that made it. */
	if (sandbox->keeps_warm && !command->in_background)
		input.warm = &sandbox->warm;
	r = run_command(&input, &result, err);
	if (r >= 0 && result.started && input.warm)
		warm_remember(input.warm, &command->grant, input.launch.hosts);
	net_stop(net, outcome);
	if (r >= 0)
		r = shape(&result, &output, outcome, err);
	/* A command that went well was refused nothing that mattered. */
	if (r >= 0 && outcome->started && outcome->exit_code != 0)
		denial_read(buf_str(&outcome->output), plan, plan->cwd, outcome);
	buf_fini(&result.message);
	return r;
}

/* Whether this command gets an overlay.  What is asked for and cannot be is said
 * in its output, but a dry run on the project itself would be none. */
static int wants_overlay(const struct sandbox *sandbox, const struct sandbox_command *command,
                         struct buf *note, struct err *err)
{
	char why[sizeof(sandbox->no_overlay)] = "";

	(void)snprintf(why, sizeof(why), "%s", sandbox->no_overlay);
	if (command->dry_run && !sandbox->wants_overlay && overlay_works(sandbox, why, sizeof(why)))
		return 1;
	if (command->dry_run && why[0])
		return err_set(err, ERR_INPUT,
		               "no overlay is possible here (%s), so nothing can be tried "
		               "without doing it",
		               why);
	if (!sandbox->wants_overlay)
		return 0;
	if (command->in_background)
		(void)snprintf(why, sizeof(why), "it runs in the background");
	if (!why[0])
		return 1;
	buf_addf(note,
	         "\n[no overlay for this command: %s; it wrote to the project itself, and "
	         "`seal undo` cannot take that back]\n",
	         why);
	return 0;
}

static void tell(const struct sandbox_command *command, const struct buf *note,
                 struct sandbox_outcome *outcome)
{
	struct err ignored;

	if (command->stderr_fd >= 0)
		(void)fd_write_all(command->stderr_fd, buf_str(note), &ignored);
	else
		buf_add(&outcome->output, buf_str(note));
}

static int plan_timed(struct sandbox *sandbox, const struct sandbox_command *command,
                      struct scan *scan, struct plan *ret_plan, struct err *err)
{
	struct timespec from, to;

	/* The project's size, not how busy the machine is. */
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	if (sandbox_plan(sandbox, &command->grant, scan, ret_plan, err) < 0)
		return err->code;
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	if (!command->in_background)
		sandbox->warm.look_us =
			(to.tv_sec - from.tv_sec) * 1000000 + (to.tv_nsec - from.tv_nsec) / 1000;
	return 0;
}

static int run(struct sandbox *sandbox, const struct sandbox_command *command,
               struct sandbox_outcome *ret_outcome, struct err *err)
{
	cleanup_with(scan_fini) struct scan scan = { 0 };
	cleanup_with(plan_fini) struct plan plan = { 0 };
	cleanup_with(sandbox_outcome_fini) struct sandbox_outcome outcome = { 0 };
	__attribute__((cleanup(overlay_finip))) struct overlay overlay = OVERLAY_NONE;
	struct launch_input launch = { .plan = &plan };
	struct timespec started;
	struct err ignored;
	int r;

	if (plan_timed(sandbox, command, &scan, &plan, err) < 0)
		return err->code;
	r = wants_overlay(sandbox, command, &overlay.note, err);
	if (r > 0 && overlay_begin(sandbox, command->grant.script, &overlay, err) >= 0)
		launch.overlay = &overlay.launch;
	if (r != 0 && !launch.overlay)
		return err->code;
	guard_begin(&started);
	r = run_planned(sandbox, command, &launch, &outcome, err);
	if (r >= 0 && launch.overlay)
		r = overlay_end(sandbox, &overlay, &scan, command->dry_run, &outcome, err);
	/* Whatever became of the command: what it left is looked at. */
	if (guard_after(sandbox, &scan, &started, &outcome, r < 0 ? &ignored : err) < 0 && r >= 0)
		return err->code;
	if (r < 0)
		return r;
	tell(command, &overlay.note, &outcome);
	*ret_outcome = outcome;
	outcome = (struct sandbox_outcome){ 0 };
	return 0;
}

int sandbox_run(struct sandbox *sandbox, const struct sandbox_command *command,
                struct sandbox_outcome *ret_outcome, struct err *err)
{
	int r = run(sandbox, command, ret_outcome, err);

	if (command->hosts && command->hosts->release)
		command->hosts->release(command->hosts->ctx);
	return r;
}
