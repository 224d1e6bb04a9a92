#include "sandbox/net/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/nsfs.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"

#define STACK   (64 * 1024)
#define BACKLOG 128

struct job {
	int netns;
	struct listener *listeners;
	unsigned int n;
	bool connects;
	int failed; /* errno */
	const char *step;
};

static struct sockaddr_in address_of(const struct listener *listener)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		                     .sin_port = htons(listener->port),
		                     .sin_addr.s_addr = htonl(listener->address) };
}

static bool make_socket(struct listener *listener, bool connects)
{
	struct sockaddr_in address = address_of(listener);
	int fd = socket(AF_INET, listener->type | SOCK_CLOEXEC, 0), one = 1;

	listener->fd = fd;
	if (fd < 0)
		return false;
	if (connects)
		return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	       (listener->type != SOCK_STREAM || listen(fd, BACKLOG) == 0);
}

static int enter(void *ctx)
{
	struct job *job = ctx;
	int owner = ioctl(job->netns, NS_GET_USERNS);

	job->step = "find the user namespace";
	if (owner < 0)
		goto out;
	job->step = "enter the user namespace";
	if (setns(owner, CLONE_NEWUSER) < 0)
		goto out;
	job->step = "enter the network namespace";
	if (setns(job->netns, CLONE_NEWNET) < 0)
		goto out;
	job->step = job->connects ? "connect" : "listen";
	for (unsigned int i = 0; i < job->n; i++)
		if (!make_socket(&job->listeners[i], job->connects))
			goto out;
	(void)close(owner);
	return 0;
out:
	job->failed = errno;
	if (owner >= 0)
		(void)close(owner);
	return 1;
}

/* CLONE_VFORK: this thread stands still meanwhile, so the child may use its errno. */
static int in_namespace(struct job *job, struct err *err)
{
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
	                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	pid_t child;

	if (stack == MAP_FAILED)
		return err_nomem(err);
	child = clone(enter, stack + STACK, CLONE_VM | CLONE_FILES | CLONE_VFORK | SIGCHLD, job);
	if (child > 0)
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			continue;
	(void)munmap(stack, STACK);
	if (child < 0)
		return err_sys(err, "start a process in the sandbox's network");
	errno = job->failed;
	return job->failed ? err_sys(err, "%s of the sandbox", job->step) : 0;
}

static void close_all(struct listener *listeners, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (listeners[i].fd >= 0)
			(void)close(listeners[i].fd);
		listeners[i].fd = -1;
	}
}

int listen_inside(int netns, struct listener *listeners, unsigned int n, struct err *err)
{
	struct job job = { .netns = netns, .listeners = listeners, .n = n };
	int r = in_namespace(&job, err);

	if (r < 0)
		close_all(listeners, n);
	return r;
}

int connect_inside(int netns, uint16_t port, struct err *err)
{
	struct listener one = { SOCK_STREAM, INADDR_LOOPBACK, port, -1 };
	struct job job = { .netns = netns, .listeners = &one, .n = 1, .connects = true };

	if (in_namespace(&job, err) < 0) {
		close_all(&one, 1);
		return err->code;
	}
	return one.fd;
}
