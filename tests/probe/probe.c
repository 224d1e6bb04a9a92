/*
 * The program the tests run inside the sandbox: "open this", "connect there".
 * Static, so that it needs nothing of what the sandbox shows.
 *
 *   probe VERB [ARGUMENT...]     exit 0: it was done, 1: it was refused, 2: usage
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLONE_NEWUSER_FLAG 0x10000000

static bool is_read(char **argv)
{
	int fd = open(argv[0], O_RDONLY);
	char byte;

	return fd >= 0 && read(fd, &byte, 1) >= 0;
}

static bool is_listed(char **argv)
{
	return opendir(argv[0]) != NULL;
}

static bool is_written(char **argv)
{
	int fd = open(argv[0], O_WRONLY | O_CREAT | O_APPEND, 0644);

	return fd >= 0 && write(fd, "probe\n", 6) == 6;
}

static bool is_renamed(char **argv)
{
	return rename(argv[0], argv[1]) == 0;
}

static bool is_linked(char **argv)
{
	return link(argv[0], argv[1]) == 0;
}

static bool is_removed(char **argv)
{
	return unlink(argv[0]) == 0;
}

static bool is_set_id(char **argv)
{
	return chmod(argv[0], 04755) == 0;
}

static bool is_connected(char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		                       .sin_port =
		                               htons((unsigned short)strtoul(argv[1], NULL, 10)) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return inet_pton(AF_INET, argv[0], &address.sin_addr) == 1 &&
	       connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	       write(fd, "probe", 5) == 5;
}

static bool is_connected_unix(char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	socklen_t len = sizeof(address);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", argv[0]);
	if (argv[0][0] == '@') {
		address.sun_path[0] = '\0';
		len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(argv[0]));
	}
	return connect(fd, (struct sockaddr *)&address, len) == 0;
}

static bool is_named(char **argv)
{
	return gethostbyname(argv[0]) != NULL;
}

static bool is_traced(char **argv)
{
	return ptrace(PTRACE_ATTACH, (pid_t)strtol(argv[0], NULL, 10), 0, 0) == 0;
}

static bool is_signalled(char **argv)
{
	return kill((pid_t)strtol(argv[0], NULL, 10), 0) == 0;
}

static bool is_known(char **argv)
{
	return getenv(argv[0]) != NULL;
}

/* The environment of process 1 is what the launcher was started with. */
static bool is_in_first_environment(char **argv)
{
	static char bytes[65536];
	int fd = open("/proc/1/environ", O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, bytes, sizeof(bytes) - 1);

	return n > 0 && memmem(bytes, (size_t)n, argv[0], strlen(argv[0])) != NULL;
}

/* Any descriptor but the three, and the one this opens to look. */
static bool has_descriptors(char **argv)
{
	(void)argv;
	for (int fd = 3; fd < 4096; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return true;
	return false;
}

static bool is_user_namespace_made(char **argv)
{
	(void)argv;
	return unshare(CLONE_NEWUSER_FLAG) == 0;
}

static bool is_mounted(char **argv)
{
	return mount("none", argv[0], "tmpfs", 0, NULL) == 0;
}

static bool has_terminal(char **argv)
{
	(void)argv;
	return open("/dev/tty", O_RDWR) >= 0;
}

static bool is_forked(char **argv)
{
	long n = strtol(argv[0], NULL, 10);
	int gate[2];
	bool all = true;

	if (pipe(gate) < 0)
		return false;
	for (long i = 0; all && i < n; i++) {
		pid_t child = fork();
		char byte;

		if (child == 0) {
			close(gate[1]);
			(void)!read(gate[0], &byte, 1);
			_exit(0);
		}
		all = child > 0;
	}
	close(gate[1]);
	return all;
}

/* Leaves the session, ignores every signal, says it is there, stays. */
static bool is_left_behind(char **argv)
{
	int ready[2];
	char byte;

	if (pipe(ready) < 0)
		return false;
	if (fork() == 0) {
		setsid();
		if (fork() != 0)
			_exit(0);
		for (int i = 1; i < 32; i++)
			(void)signal(i, SIG_IGN);
		(void)is_written(argv);
		close(ready[0]);
		close(ready[1]);
		for (int fd = 0; fd < 3; fd++)
			close(fd);
		for (;;)
			pause();
	}
	close(ready[1]);
	(void)!read(ready[0], &byte, 1);
	return true;
}

static bool is_hung(char **argv)
{
	(void)argv;
	for (int i = 1; i < 32; i++)
		(void)signal(i, SIG_IGN);
	while (pause() < 0)
		continue;
	return true;
}

static bool is_flooded(char **argv)
{
	static char block[65536];
	long n = strtol(argv[0], NULL, 10) * 16;

	memset(block, 'f', sizeof(block));
	for (long i = 0; i < n; i++)
		if (write(1, block, sizeof(block)) <= 0)
			return false;
	return true;
}

static bool is_filled(char **argv)
{
	static char block[1 << 20];
	int fd = open(argv[0], O_WRONLY | O_CREAT, 0600);
	long n = strtol(argv[1], NULL, 10);

	for (long i = 0; i < n; i++)
		if (write(fd, block, sizeof(block)) != (ssize_t)sizeof(block))
			return false;
	return true;
}

static const struct {
	const char *verb;
	int n_arguments;
	bool (*is_done)(char **argv);
} verbs[] = {
	{ "read", 1, is_read },           { "list", 1, is_listed },
	{ "write", 1, is_written },       { "rename", 2, is_renamed },
	{ "link", 2, is_linked },         { "remove", 1, is_removed },
	{ "set-id", 1, is_set_id },       { "tcp", 2, is_connected },
	{ "unix", 1, is_connected_unix }, { "name", 1, is_named },
	{ "trace", 1, is_traced },        { "signal", 1, is_signalled },
	{ "env", 1, is_known },           { "first-env", 1, is_in_first_environment },
	{ "fds", 0, has_descriptors },    { "userns", 0, is_user_namespace_made },
	{ "mount", 1, is_mounted },       { "tty", 0, has_terminal },
	{ "forks", 1, is_forked },        { "daemon", 1, is_left_behind },
	{ "hang", 1, is_hung },           { "flood", 1, is_flooded },
	{ "fill", 2, is_filled },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].verb, argv[1]) == 0 && argc == verbs[i].n_arguments + 2)
			return verbs[i].is_done(argv + 2) ? 0 : 1;
	return 2;
}
