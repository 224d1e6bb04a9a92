#include "sandbox/run/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "sandbox/run/launch_args.h"
#include "sandbox/plan/plan.h"

#define MANY_FILES  16384
#define END_WAIT_MS 5000

void launch_args_finip(struct launch_args *args)
{
	for (size_t i = 0; i < args->n_fds; i++)
		(void)close(args->fds[i]);
	free(args->fds);
	buf_fini(&args->text);
	buf_fini(&args->again);
}

void launch_put(struct launch_args *args, const char *word)
{
	buf_add(&args->text, (struct str){ word, strlen(word) + 1 });
}

int launch_keep(struct launch_args *args, int fd, struct err *err)
{
	int *grown = realloc(args->fds, (args->n_fds + 1) * sizeof(*grown));

	if (!grown) {
		(void)close(fd);
		return err_nomem(err);
	}
	args->fds = grown;
	grown[args->n_fds++] = fd;
	return 0;
}

int launch_memory_file(struct str bytes, struct err *err)
{
	cleanup_close int fd = memfd_create("seal", MFD_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "make a memory file");
	if (fd_write_all(fd, bytes, err) < 0)
		return err->code;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, "rewind a memory file");
	return take_fd(fd);
}

/* The numbers that stand on bwrap's command line. */
struct numbers {
	int options, config, control;
};

static int make_config(const struct launch_input *input, struct launch_args *args, struct err *err)
{
	cleanup_buf struct buf config = BUF_INIT;

	buf_add(&config, launch_policy(input));
	for (size_t i = 0; i < input->n_cgroup_fds; i++) {
		int fd = fcntl(input->cgroup_fds[i], F_DUPFD_CLOEXEC, 3);

		if (fd < 0)
			return err_sys(err, "pass the cgroup");
		if (launch_keep(args, fd, err) < 0)
			return err->code;
		buf_addf(&config, "c%d", fd);
		buf_addc(&config, '\0');
	}
	if (buf_check(&config, "the sandbox's policy", err) < 0)
		return err->code;
	return launch_memory_file(buf_str(&config), err);
}

static int spawn_actions(posix_spawn_file_actions_t *actions, const struct launch_args *args,
                         const int ends[3])
{
	int r = posix_spawn_file_actions_init(actions);

	if (r == 0)
		r = ends[0] >= 0 ? posix_spawn_file_actions_adddup2(actions, ends[0], 0)
		                 : posix_spawn_file_actions_addopen(actions, 0, "/dev/null",
		                                                    O_RDONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(actions, ends[1], 1);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(actions, ends[2] >= 0 ? ends[2] : ends[1], 2);
	/* On itself: takes close-on-exec off, in the child only. */
	for (size_t i = 0; r == 0 && i < args->n_fds; i++)
		r = posix_spawn_file_actions_adddup2(actions, args->fds[i], args->fds[i]);
	return r;
}

/* With an overlay seal-init comes first and becomes bwrap.  The number of words. */
static size_t put_words(const struct launch_overlay *overlay, const char *const *bwrap, char **argv)
{
	const char *const before[] = { "seal-init", "--overlay", overlay ? overlay->config : NULL,
		                       "--" };
	size_t n = 0;

	if (overlay) {
		memcpy(argv, before, sizeof(before));
		n = sizeof(before) / sizeof(before[0]);
	}
	for (; *bwrap; bwrap++)
		argv[n++] = (char *)(uintptr_t)*bwrap;
	return n;
}

static int spawn(const struct launch_input *input, const struct launch_args *args,
                 const struct numbers *numbers, const int ends[3], pid_t *ret_pid)
{
	const struct plan *plan = input->plan;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char options[16], config[16], control[16];
	cleanup_free char **argv = calloc(plan->n_command + 13, sizeof(*argv));
	const char *const head[] = { LAUNCH_BWRAP, "--args", options, "--", "/run/seal/init",
		                     config,       control,  "--",    NULL };
	sigset_t signals;
	size_t n;
	int r;

	if (!argv)
		return ENOMEM;
	(void)snprintf(options, sizeof(options), "%d", numbers->options);
	(void)snprintf(config, sizeof(config), "%d", numbers->config);
	(void)snprintf(control, sizeof(control), "%d", numbers->control);
	n = put_words(input->overlay, head, argv);
	memcpy(argv + n, plan->command, plan->n_command * sizeof(*argv));
	/* What the person's shell left open is not for the sandbox. */
	(void)close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	sigemptyset(&signals);
	(void)posix_spawnattr_setsigmask(&attributes, &signals);
	sigfillset(&signals);
	sigdelset(&signals, SIGKILL);
	sigdelset(&signals, SIGSTOP);
	(void)posix_spawnattr_setsigdefault(&attributes, &signals);
	r = spawn_actions(&actions, args, ends);
	if (r == 0)
		r = posix_spawn(ret_pid, input->overlay ? input->overlay->init : LAUNCH_BWRAP,
		                &actions, &attributes, argv, plan->environment);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	return r;
}

static void close_both(int fds[2])
{
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}
#define cleanup_pair __attribute__((cleanup(close_pairp)))
typedef int pair[2];
static void close_pairp(pair *fds)
{
	close_both(*fds);
}

/* Every mask and pin is a descriptor until bwrap has mounted it. */
static void allow_many_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= MANY_FILES)
		return;
	limit.rlim_cur = limit.rlim_max < MANY_FILES ? limit.rlim_max : MANY_FILES;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

int launch_overlay_config(const struct launch_overlay *overlay, int project_fd, struct str again,
                          struct err *err)
{
	cleanup_close int fd =
		open(overlay->config, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	cleanup_buf struct buf text = BUF_INIT;

	if (fd < 0)
		return err_sys(err, "create %s", overlay->config);
	buf_addf(&text, "l%d %s", project_fd, overlay->project);
	buf_addc(&text, '\0');
	buf_addf(&text, "u%s", overlay->upper);
	buf_addc(&text, '\0');
	buf_addf(&text, "w%s", overlay->work);
	buf_addc(&text, '\0');
	buf_add(&text, again);
	if (buf_check(&text, "the overlay's configuration", err) < 0)
		return err->code;
	return fd_write_all(fd, buf_str(&text), err);
}

static int prepare_overlay(const struct launch_overlay *overlay, struct launch_args *args,
                           struct err *err)
{
	int fd = fcntl(overlay->project_fd, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return err_sys(err, "pass the project's folder");
	if (launch_keep(args, fd, err) < 0 || buf_check(&args->again, "the paths", err) < 0)
		return err->code;
	return launch_overlay_config(overlay, fd, buf_str(&args->again), err);
}

static int prepare(const struct launch_input *input, struct launch_args *args, int control,
                   struct numbers *ret, struct err *err)
{
	int r;

	allow_many_files();
	r = launch_options(input, args, err);
	if (r < 0)
		return r;
	if (input->overlay && prepare_overlay(input->overlay, args, err) < 0)
		return err->code;
	ret->options = launch_memory_file(buf_str(&args->text), err);
	if (ret->options < 0 || launch_keep(args, ret->options, err) < 0)
		return err->code;
	ret->config = make_config(input, args, err);
	if (ret->config < 0 || launch_keep(args, ret->config, err) < 0)
		return err->code;
	ret->control = fcntl(control, F_DUPFD_CLOEXEC, 3);
	if (ret->control < 0)
		return err_sys(err, "pass the control socket");
	return launch_keep(args, ret->control, err);
}

int launch_start(const struct launch_input *input, struct launch *ret_launch, struct err *err)
{
	__attribute__((cleanup(launch_args_finip))) struct launch_args args = { 0 };
	cleanup_pair pair control = { -1, -1 }, in = { -1, -1 }, out = { -1, -1 },
			  error = { -1, -1 };
	struct launch launch = LAUNCH_NONE;
	struct numbers numbers = { -1, -1, -1 };
	int one = 1, r;

	if (fd_pair(SOCK_SEQPACKET, control, err) < 0)
		return err->code;
	if (setsockopt(control[0], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)) < 0)
		return err_sys(err, "ask for credentials");
	if ((input->wants_in && pipe2(in, O_CLOEXEC) < 0) || pipe2(out, O_CLOEXEC) < 0 ||
	    (input->splits_error && pipe2(error, O_CLOEXEC) < 0))
		return err_sys(err, "make a pipe");
	r = prepare(input, &args, control[1], &numbers, err);
	if (r < 0)
		return r;
	errno = spawn(input, &args, &numbers, (int[]){ in[0], out[1], error[1] }, &launch.bwrap);
	if (errno != 0)
		return err_sys(err, "start " LAUNCH_BWRAP
		                    " (install bubblewrap: apt-get install bubblewrap)");
	launch.bwrap_fd = pidfd_open(launch.bwrap, 0);
	if (launch.bwrap_fd < 0) {
		err_sys(err, "watch bwrap");
		launch_fini(&launch);
		return err->code;
	}
	launch.control = take_fd(control[0]);
	launch.in = take_fd(in[1]);
	launch.out = take_fd(out[0]);
	launch.error = take_fd(error[0]);
	*ret_launch = launch;
	return 0;
}

void launch_fini(struct launch *launch)
{
	int fds[] = { launch->in, launch->out, launch->error, launch->control, launch->bwrap_fd };
	struct pollfd others = { launch->control, 0, 0 };

	if (launch->bwrap > 0) {
		(void)kill(launch->bwrap, SIGKILL);
		while (waitpid(launch->bwrap, NULL, 0) < 0 && errno == EINTR)
			continue;
		/* The kernel sends process 1 after bwrap; the other end is its. */
		if (launch->control >= 0)
			(void)poll(&others, 1, END_WAIT_MS);
	}
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	*launch = LAUNCH_NONE;
}

void launch_dismiss(struct launch *launch)
{
	struct pollfd end = { launch->bwrap_fd, POLLIN, 0 };

	/* So that bwrap reaps process 1; killed first, it would leave that to the machine. */
	if (launch->control >= 0)
		(void)shutdown(launch->control, SHUT_WR);
	if (launch->bwrap > 0)
		(void)poll(&end, 1, END_WAIT_MS);
	launch_fini(launch);
}
