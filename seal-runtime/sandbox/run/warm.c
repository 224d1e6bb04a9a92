#include "sandbox/run/warm.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/mountinfo.h"
#include "sandbox/init/init.h"
#include "sandbox/plan/plan.h"

#define READY_MS      1000
#define COMMAND_MAX   65536 /* more may not fit into one message */
#define MOUNTINFO_MAX ((size_t)4 << 20)

static void drop(struct warm *warm)
{
	launch_dismiss(&warm->launch);
	buf_fini(&warm->key);
	warm->key = BUF_INIT;
}

static void forget(struct warm *warm)
{
	for (char **one = warm->env_vars; one && *one; one++)
		free(*one);
	free(warm->env_vars);
	free(warm->script);
	free(warm->cwd);
	free(warm->hosts);
	warm->env_vars = NULL;
	warm->script = warm->cwd = warm->hosts = NULL;
}

void warm_fini(struct warm *warm)
{
	drop(warm);
	forget(warm);
}

void warm_remember(struct warm *warm, const struct grant_command *grant, const char *hosts)
{
	size_t n = 0;

	forget(warm);
	while (grant->env_vars && grant->env_vars[n])
		n++;
	warm->env_vars = calloc(n + 1, sizeof(*warm->env_vars));
	for (size_t i = 0; warm->env_vars && i < n; i++)
		warm->env_vars[i] = strdup(grant->env_vars[i]);
	warm->script = str_dup(grant->script);
	warm->hosts = hosts ? strdup(hosts) : NULL;
	warm->cwd = strdup(grant->cwd);
	warm->grant = *grant;
	warm->grant.script = str_of(warm->script);
	warm->grant.cwd = warm->cwd;
	warm->grant.env_vars = (const char *const *)warm->env_vars;
	warm->grant.domains = NULL;
}

/* Which file it is, not only what it is called. */
static void add_identity(struct buf *key, const char *path)
{
	struct stat st = { 0 };

	if (path && path[0] == '/')
		(void)lstat(path, &st);
	buf_addf(key, " %llx:%llx %o", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino,
	         (unsigned int)(st.st_mode & S_IFMT));
}

static void add_text(struct buf *key, const char *text)
{
	buf_adds(key, text ? text : "");
	buf_addc(key, '\0');
}

/* All that the sandbox was made of but the command. */
static void make_key(const struct launch_input *input, struct buf *key)
{
	const struct plan *plan = input->plan;

	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct plan_step *step = &plan->steps[i];

		buf_addf(key, "%d %u %o", (int)step->kind, step->size_mb, step->mode);
		if (step->kind >= PLAN_READ) {
			add_identity(key, step->source);
			add_identity(key, step->target);
		}
		buf_addc(key, '\0');
		add_text(key, step->source);
		add_text(key, step->target);
	}
	for (size_t i = 0; i < plan->n_environment; i++)
		add_text(key, plan->environment[i]);
	add_text(key, plan->cwd);
	add_text(key, input->hosts);
	buf_add(key, buf_str(&plan->policy));
	for (size_t i = 0; i < input->n_cgroup_fds; i++)
		buf_addf(key, "c%d", input->cgroup_fds[i]);
}

static bool is_plain(const struct launch_input *input)
{
	size_t len = 0;

	for (size_t i = 0; i < input->plan->n_command; i++)
		len += strlen(input->plan->command[i]) + 1;
	return !input->overlay && !input->wants_in && !input->splits_error && len < COMMAND_MAX &&
	       input->plan->n_command <= INIT_WORDS_MAX;
}

void warm_make(struct warm *warm, const struct launch_input *input)
{
	struct err ignored;

	drop(warm);
	if (!is_plain(input))
		return;
	make_key(input, &warm->key);
	if (warm->key.failed || launch_start(input, &warm->launch, &ignored) < 0)
		drop(warm);
}

static bool is_mount(enum plan_kind kind)
{
	return kind != PLAN_LINK && kind != PLAN_FOLDER && kind != PLAN_SEAL;
}

pid_t warm_process(const struct launch *launch)
{
	cleanup_buf struct buf child = BUF_INIT;
	struct err ignored;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)launch->bwrap,
	               (int)launch->bwrap);
	/* The kernel's own spelling: a number and a blank for each. */
	if (fd_read_file(AT_FDCWD, path, 64, &child, &ignored) < 0 ||
	    buf_check(&child, "", &ignored) < 0)
		return 0;
	return child.len ? (pid_t)strtol(child.data, NULL, 10) : 0;
}

/* The mounts as process 1 inside has them. */
static bool holds(const struct launch *launch, const struct plan *plan)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct err ignored;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)warm_process(launch));
	if (fd_read_file(AT_FDCWD, path, MOUNTINFO_MAX, &text, &ignored) < 0)
		return false;
	for (size_t i = 0; i < plan->n_steps; i++)
		if (is_mount(plan->steps[i].kind) &&
		    !mountinfo_has(buf_str(&text), plan->steps[i].target))
			return false;
	return true;
}

static bool is_ready(const struct launch *launch)
{
	struct pollfd fd = { launch->control, POLLIN, 0 };

	return launch->bwrap > 0 && poll(&fd, 1, READY_MS) == 1 && (fd.revents & POLLIN);
}

bool warm_take(struct warm *warm, const struct launch_input *input, struct launch *ret_launch)
{
	cleanup_buf struct buf key = BUF_INIT;
	bool serves = false;

	if (warm->launch.bwrap <= 0)
		return false;
	if (is_plain(input)) {
		make_key(input, &key);
		serves = !key.failed && str_eq(buf_str(&key), buf_str(&warm->key)) &&
		         is_ready(&warm->launch) && holds(&warm->launch, input->plan);
	}
	if (serves) {
		warm->n_served++;
		*ret_launch = warm->launch;
		warm->launch = LAUNCH_NONE;
	}
	drop(warm);
	return serves;
}
