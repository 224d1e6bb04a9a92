/* seal-init: process 1 of a sandbox.  See init.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/init/init.h"
#include "sandbox/init/overlay.h"
#include "sandbox/init/seccomp.h"
#include "sandbox/weak.h"

#if defined(__x86_64__)
#define ARCH SECCOMP_X86_64
#elif defined(__aarch64__)
#define ARCH SECCOMP_AARCH64
#else
#error "no system call table for this architecture: add a column to init/syscalls.def"
#endif

#define CONFIG_MAX (1 << 20)
#define LIMITS_MAX 16

static int control = -1;
static bool allow_debug;
static struct {
	int resource;
	unsigned long value;
} limits[LIMITS_MAX];
static int n_limits;
/* The command, when it came with the word to go. */
static char answer[INIT_ANSWER_MAX], *given[INIT_WORDS_MAX + 1];
static int n_given;

void init_die(const char *what)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "E%s: %s", what, strerror(errno));

	if (control >= 0)
		(void)send(control, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1,
			   MSG_NOSIGNAL);
	_exit(INIT_FAILED);
}

static int number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	return *text && !*end && value >= 0 && value < 1 << 20 ? (int)value : -1;
}

/* Nothing that the launcher happened to have open reaches the command. */
static void close_all_but(int one, int other)
{
	int low = one < other ? one : other, high = one < other ? other : one;

	(void)fcntl(low, F_SETFD, FD_CLOEXEC);
	(void)fcntl(high, F_SETFD, FD_CLOEXEC);
	if (low > 3)
		(void)syscall(SYS_close_range, 3u, (unsigned int)low - 1, 0u);
	if (high > low + 1)
		(void)syscall(SYS_close_range, (unsigned int)low + 1, (unsigned int)high - 1, 0u);
	(void)syscall(SYS_close_range, (unsigned int)high + 1, ~0u, 0u);
}

static void add_limit(const char *record)
{
	char *end;

	if (n_limits == LIMITS_MAX)
		init_die("too many limits");
	limits[n_limits].resource = (int)strtol(record, &end, 10);
	limits[n_limits++].value = strtoul(end, NULL, 10);
}

/* The kernel judges the move by who opened the file, which was the host. */
static void join_cgroup(int fd)
{
	if (fd < 3 || write(fd, "0", 1) != 1)
		init_die("join the cgroup");
}

static void obey(const char *record)
{
	switch (record[0]) {
	case 'N':
	case 'R':
	case 'D':
	case 'W':
		landlock_add(record[0], record + 1);
		break;
	case 'l':
		add_limit(record + 1);
		break;
	case 'c':
		break;
	case 'd':
		allow_debug = true;
		break;
	default:
		errno = EINVAL;
		init_die("unknown record");
	}
}

static char *read_all(int fd, size_t *ret_len)
{
	char *text = malloc(CONFIG_MAX);
	ssize_t n = 0, r;

	if (!text)
		init_die("memory");
	while ((r = pread(fd, text + n, (size_t)(CONFIG_MAX - 1 - n), n)) > 0)
		n += r;
	if (r < 0 || n == CONFIG_MAX - 1)
		init_die("read the configuration");
	text[n] = '\0';
	*ret_len = (size_t)n;
	return text;
}

/* Joins first, so that all memory counts; the join's descriptors go with every
 * other stray one.  Paths are opened while every one can still be seen. */
static void read_config(int fd)
{
	size_t len;
	char *text = read_all(fd, &len), *end = text + len;

	for (const char *at = text; at < end; at += strlen(at) + 1)
		if (at[0] == 'c')
			join_cgroup(number(at + 1));
	if (!weak_is("init-descriptors"))
		close_all_but(fd, control);
	landlock_begin();
	for (const char *at = text; at < end; at += strlen(at) + 1)
		obey(at);
	free(text);
	close(fd);
}

/* The host makes its listeners in this network namespace before anything runs. */
static void report_ready(int fd)
{
	char kind = 'G';
	ssize_t n;
	struct iovec io = {&kind, 1};
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} space = {0};
	struct msghdr message = {.msg_iov = &io,
				 .msg_iovlen = 1,
				 .msg_control = space.bytes,
				 .msg_controllen = sizeof(space.bytes)};
	struct cmsghdr *part = CMSG_FIRSTHDR(&message);

	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(part), &fd, sizeof(fd));
	if (sendmsg(control, &message, MSG_NOSIGNAL) < 0)
		init_die("report");
	close(fd);
	n = recv(control, answer, sizeof(answer) - 1, 0);
	if (n < 1 || answer[0] != 'g')
		_exit(INIT_FAILED);
	for (char *at = answer + 1; at < answer + n && n_given < INIT_WORDS_MAX; at += strlen(at) + 1)
		given[n_given++] = at;
}

static void drop_privileges(void)
{
	struct {
		uint32_t version;
		int pid;
	} header = {0x20080522, 0};
	struct {
		uint32_t effective, permitted, inheritable;
	} none[2] = {{0}};

	for (int i = 0; i < 64; i++)
		(void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	(void)prctl(PR_SET_SECUREBITS, 0x2f, 0, 0, 0);
	if (syscall(SYS_capset, &header, none) != 0)
		init_die("drop capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		init_die("no_new_privs");
}

static void confine(void)
{
	static struct seccomp_program program;
	struct {
		unsigned short n;
		struct seccomp_op *ops;
	} load;

	for (int i = 0; i < n_limits && !weak_is("limits"); i++) {
		struct rlimit limit, want = {limits[i].value, limits[i].value};

		/* A host limit that is lower already stays. */
		if (getrlimit(limits[i].resource, &limit) == 0 && limit.rlim_max < want.rlim_max)
			want.rlim_cur = want.rlim_max = limit.rlim_max;
		if (setrlimit(limits[i].resource, &want) != 0)
			init_die("rlimit");
	}
	drop_privileges();
	landlock_enter();
	seccomp_build(ARCH, allow_debug, &program);
	load.n = program.n;
	load.ops = program.ops;
	if (!weak_is("seccomp") && syscall(SYS_seccomp, 1u, 0u, &load) != 0)
		init_die("seccomp");
}

static void run_command(char **command)
{
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (int i = 1; i < 65; i++)
		if (i != SIGKILL && i != SIGSTOP)
			(void)signal(i, SIG_DFL);
	if (!weak_is("session"))
		(void)setsid();
	execvp(command[0], command);
	dprintf(2, "seal: %s: %s\n", command[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Reaps until the command ends.  Its status, or -1 while it runs. */
static bool reap(pid_t command, int *ret_status)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == command) {
			*ret_status = status;
			return true;
		}
	return false;
}

static int supervise(pid_t command, int signals)
{
	struct pollfd fds[2] = {{signals, POLLIN, 0}, {control, POLLIN, 0}};
	struct signalfd_siginfo info;
	int status;
	char order;

	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].revents && read(signals, &info, sizeof(info)) > 0 &&
		    reap(command, &status))
			return status;
		if (!fds[1].revents)
			continue;
		/* The host is gone: so is this sandbox. */
		if (recv(control, &order, 1, 0) != 1)
			_exit(INIT_FAILED);
		if (order == 'T')
			(void)kill(-1, SIGTERM);
	}
}

static void report_end(int status)
{
	char message[6] = {'X'};

	memcpy(message + 1, &status, sizeof(status));
	message[5] = kill(-1, 0) == 0;
	(void)send(control, message, sizeof(message), MSG_NOSIGNAL);
}

int main(int argc, char **argv)
{
	int config = argc > 4 ? number(argv[1]) : -1, signals, namespace;
	sigset_t all;
	pid_t command;

	if (argc > 1 && strcmp(argv[1], "--overlay") == 0)
		return overlay_main(argc, argv);
	control = argc > 4 ? number(argv[2]) : -1;
	if (config < 3 || control < 3)
		return INIT_FAILED;
	/* The command may neither trace this process nor read its memory. */
	if (!weak_is("dumpable"))
		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	read_config(config);
	namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (namespace < 0)
		init_die("open the network namespace");
	/* All that takes time comes before the word to go: a sandbox may wait for it. */
	confine();
	report_ready(namespace);
	sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	sigemptyset(&all);
	sigaddset(&all, SIGCHLD);
	signals = signalfd(-1, &all, SFD_CLOEXEC);
	/* Nothing is copied; until it has become the command this process waits. */
	command = signals < 0 ? -1 : vfork();
	if (command < 0)
		init_die("start the command");
	if (command == 0)
		run_command(n_given ? given : argv + 4);
	/* The command's output ends with the command, not with its minder. */
	close(0);
	close(1);
	close(2);
	report_end(supervise(command, signals));
	/* The kernel kills whatever is left when process 1 ends. */
	_exit(0);
}
