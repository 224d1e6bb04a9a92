#include "sandbox/jobs.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/err.h"
#include "sandbox/inside.h"

/* `lock` guards what stands below it; the rest is the thread's until it is joined. */
struct job {
	struct job *next;
	char name[16];
	struct sandbox *sandbox;
	struct sandbox_command command;
	char *script, *cwd;
	char **domains, **env_vars;
	int cancel;
	pthread_t thread;
	struct sandbox_outcome outcome;
	struct err err;
	int result;

	pthread_mutex_t lock;
	struct buf fresh; /* printed since somebody asked */
	bool missed;      /* more was printed than is kept for the asker */
	bool is_over;
};

static void free_list(char **list)
{
	for (char **one = list; one && *one; one++)
		free(*one);
	free(list);
}

static void job_free(struct job *job)
{
	if (!job)
		return;
	free(job->script);
	free(job->cwd);
	free_list(job->domains);
	free_list(job->env_vars);
	sandbox_outcome_fini(&job->outcome);
	buf_fini(&job->fresh);
	if (job->cancel >= 0)
		(void)close(job->cancel);
	(void)pthread_mutex_destroy(&job->lock);
	free(job);
}
DEFINE_CLEANUP(struct job, job_free)

static char **copy_list(const char *const *list)
{
	size_t n = 0;
	char **copy;

	while (list && list[n])
		n++;
	copy = calloc(n + 1, sizeof(*copy));
	for (size_t i = 0; copy && i < n; i++)
		copy[i] = strdup(list[i]);
	return copy;
}

/* On the job's thread. */
static void keep_fresh(void *ctx, struct str bytes)
{
	struct job *job = ctx;
	size_t room;

	(void)pthread_mutex_lock(&job->lock);
	room = job->command.output_max > job->fresh.len ? job->command.output_max - job->fresh.len
	                                                : 0;
	job->missed |= bytes.len > room;
	buf_add(&job->fresh, str_head(bytes, room));
	(void)pthread_mutex_unlock(&job->lock);
}

static void *job_thread(void *ctx)
{
	struct job *job = ctx;

	job->result = sandbox_run(job->sandbox, &job->command, &job->outcome, &job->err);
	(void)pthread_mutex_lock(&job->lock);
	job->is_over = true;
	(void)pthread_mutex_unlock(&job->lock);
	return NULL;
}

static struct job *job_new(struct sandbox *sandbox, const struct sandbox_command *command)
{
	cleanup_with(job_free) struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	(void)pthread_mutex_init(&job->lock, NULL);
	job->cancel = eventfd(0, EFD_CLOEXEC);
	job->script = str_dup(command->grant.script);
	job->cwd = strdup(command->grant.cwd);
	job->domains = copy_list(command->grant.domains);
	job->env_vars = copy_list(command->grant.env_vars);
	if (job->cancel < 0 || !job->script || !job->cwd || !job->domains || !job->env_vars)
		return NULL;
	job->sandbox = sandbox;
	job->command = *command;
	job->command.grant.script.data = job->script;
	job->command.grant.cwd = job->cwd;
	job->command.grant.domains = (const char *const *)job->domains;
	job->command.grant.env_vars = (const char *const *)job->env_vars;
	job->command.cancel_fd = job->cancel;
	job->command.output = keep_fresh;
	job->command.ctx = job;
	job->command.in_background = true;
	return take_ptr(job);
}

static int start(struct job *job)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&job->thread, NULL, job_thread, job);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

static int refuse(const struct sandbox_command *command)
{
	if (command->hosts && command->hosts->release)
		command->hosts->release(command->hosts->ctx);
	return -1;
}

int sandbox_start(struct sandbox *sandbox, const struct sandbox_command *command, char ret_job[16],
                  struct err *err)
{
	cleanup_with(job_free) struct job *job = NULL;
	unsigned int n = 0;

	for (const struct job *one = sandbox->jobs; one; one = one->next)
		n++;
	if (n >= JOBS_MAX) {
		(void)refuse(command);
		return err_set(err, ERR_LIMIT,
		               "%d commands run in the background already; stop one first",
		               JOBS_MAX);
	}
	job = job_new(sandbox, command);
	if (!job) {
		(void)refuse(command);
		return err_nomem(err);
	}
	(void)snprintf(job->name, sizeof(job->name), "j%u", ++sandbox->n_started);
	if (start(job) != 0) {
		(void)refuse(command);
		return err_set(err, ERR_SYS, "no thread for a background command");
	}
	(void)snprintf(ret_job, 16, "%s", job->name);
	job->next = sandbox->jobs;
	sandbox->jobs = take_ptr(job);
	return 0;
}

static void finish(struct sandbox *sandbox, struct job *job)
{
	struct job **at = &sandbox->jobs;

	(void)pthread_join(job->thread, NULL);
	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
}

static void cancel(const struct job *job)
{
	uint64_t one = 1;

	(void)!write(job->cancel, &one, sizeof(one));
}

void jobs_end(struct sandbox *sandbox)
{
	/* All are told before any is waited for. */
	for (struct job *job = sandbox->jobs; job; job = job->next)
		cancel(job);
	while (sandbox->jobs) {
		struct job *job = sandbox->jobs;

		finish(sandbox, job);
		job_free(job);
	}
}

/* What was printed since the last time goes to the asker. */
static bool take_fresh(struct job *job, struct sandbox_outcome *outcome)
{
	bool is_over;

	(void)pthread_mutex_lock(&job->lock);
	buf_fini(&outcome->output);
	outcome->output = job->fresh;
	job->fresh = BUF_INIT;
	outcome->truncated = job->missed;
	job->missed = false;
	is_over = job->is_over;
	(void)pthread_mutex_unlock(&job->lock);
	return is_over;
}

static int end_of(struct sandbox *sandbox, struct job *job, struct sandbox_outcome *ret_outcome,
                  struct err *err)
{
	cleanup_with(job_free) struct job *owned = job;

	finish(sandbox, job);
	if (job->result < 0) {
		*err = job->err;
		return job->result;
	}
	(void)take_fresh(job, &job->outcome);
	/* Stopped on request: that is no failure of the asker's call. */
	job->outcome.cancelled = false;
	*ret_outcome = job->outcome;
	job->outcome = (struct sandbox_outcome){ 0 };
	(void)owned;
	return 0;
}

int sandbox_job(struct sandbox *sandbox, const char *name, bool stop,
                struct sandbox_outcome *ret_outcome, bool *ret_running, struct err *err)
{
	struct sandbox_outcome outcome = { .started = true };
	struct job *job = sandbox->jobs;
	bool is_over;

	while (job && strcmp(job->name, name) != 0)
		job = job->next;
	if (!job)
		return err_set(
			err, ERR_INPUT,
			"no job \"%s\": it was never started, or its end was reported already",
			name);
	(void)pthread_mutex_lock(&job->lock);
	is_over = job->is_over;
	(void)pthread_mutex_unlock(&job->lock);
	*ret_running = !stop && !is_over;
	if (stop)
		cancel(job);
	if (stop || is_over)
		return end_of(sandbox, job, ret_outcome, err);
	(void)take_fresh(job, &outcome);
	*ret_outcome = outcome;
	return 0;
}
