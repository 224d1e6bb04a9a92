#include "sandbox/run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "base/err.h"
#include "sandbox/run/output.h"
#include "sandbox/run/warm.h"
#include "sandbox/plan/plan.h"

#define CHUNK       65536
#define GRACE_MS    2000 /* between asking to end and making it end */
#define MESSAGE_MAX 1024
#define END_WAIT_MS 10000
#define READY_MS    60000 /* for the sandbox to be made */

enum stopping { NOT_STOPPING, ASKED, KILLED };

struct run {
	const struct run_input *input;
	struct launch launch;
	struct run_result result;
	int init_fd; /* pidfd of process 1 */
	bool ended;  /* its status came */
	bool is_warm;
	bool bwrap_ended;
	enum stopping stopping;
	int64_t deadline; /* ms, monotonic; 0: none */
	char *pending;    /* input read and not yet passed */
	size_t pending_at, pending_len;
	bool input_ended;
	int door_fd; /* somebody uses the network */
	bool has_knocked;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static void run_finip(struct run *run)
{
	launch_fini(&run->launch);
	close_fd(&run->init_fd);
	free(run->pending);
	buf_fini(&run->result.message);
}

static int64_t now_ms(void)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

/* --- ending ------------------------------------------------------------- */

/* The kernel kills everything inside when process 1 dies. */
static void make_it_end(struct run *run)
{
	run->stopping = KILLED;
	run->deadline = 0;
	if (run->init_fd >= 0)
		(void)pidfd_send_signal(run->init_fd, SIGKILL, NULL, 0);
	else
		(void)pidfd_send_signal(run->launch.bwrap_fd, SIGKILL, NULL, 0);
}

static void ask_to_end(struct run *run)
{
	if (run->stopping != NOT_STOPPING)
		return;
	if (!run->result.started || send(run->launch.control, "T", 1, MSG_NOSIGNAL) != 1) {
		make_it_end(run);
		return;
	}
	run->stopping = ASKED;
	run->deadline = now_ms() + GRACE_MS;
}

static void on_time(struct run *run)
{
	if (!run->deadline || now_ms() < run->deadline)
		return;
	if (run->stopping == ASKED) {
		make_it_end(run);
		return;
	}
	run->result.timed_out = true;
	ask_to_end(run);
}

/* --- the control socket ------------------------------------------------- */

struct message {
	char bytes[MESSAGE_MAX];
	ssize_t n;
	int fd;
	pid_t sender;
};

static bool receive(int control, struct message *message)
{
	struct iovec io = { message->bytes, sizeof(message->bytes) };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
	} space;
	struct msghdr header = { .msg_iov = &io,
		                 .msg_iovlen = 1,
		                 .msg_control = space.bytes,
		                 .msg_controllen = sizeof(space.bytes) };
	struct ucred who;

	message->fd = -1;
	message->sender = 0;
	message->n = recvmsg(control, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (message->n <= 0)
		return false;
	for (struct cmsghdr *part = CMSG_FIRSTHDR(&header); part;
	     part = CMSG_NXTHDR(&header, part)) {
		if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS)
			memcpy(&message->fd, CMSG_DATA(part), sizeof(int));
		if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&who, CMSG_DATA(part), sizeof(who));
			message->sender = who.pid;
		}
	}
	return true;
}

/* What was made before the command was known is told it now. */
static int go(struct run *run, struct err *err)
{
	cleanup_buf struct buf message = BUF_INIT;
	const struct plan *plan = run->input->launch.plan;

	buf_addc(&message, 'g');
	for (size_t i = 0; run->is_warm && i < plan->n_command; i++)
		buf_add(&message, (struct str){ plan->command[i], strlen(plan->command[i]) + 1 });
	if (buf_check(&message, "the command", err) < 0)
		return err->code;
	return send(run->launch.control, message.data, message.len, MSG_NOSIGNAL) ==
	                       (ssize_t)message.len
	               ? 0
	               : err_sys(err, "start the command");
}

static int on_ready(struct run *run, const struct message *message, struct err *err)
{
	const struct run_input *input = run->input;

	/* Process 1 waits for our answer, so its number cannot be another's yet. */
	run->init_fd = pidfd_open(message->sender, 0);
	if (run->init_fd < 0)
		return err_sys(err, "watch the sandbox's process 1");
	/* What was said long ago: the number is its own as long as it is bwrap's child. */
	if (run->is_warm && warm_process(&run->launch) != message->sender)
		return err_set(err, ERR_GONE, "the sandbox that stood ready has ended; try again");
	if (input->ready && input->ready(input->ctx, message->fd, err) < 0)
		return err_wrap(err, "make the sandbox's network");
	if (go(run, err) < 0)
		return err->code;
	/* Whatever bwrap had to say, it was no reason. */
	buf_clear(&run->result.message);
	run->result.started = true;
	/* The time is the command's; making the sandbox had its own. */
	run->deadline = input->timeout_s ? now_ms() + (int64_t)input->timeout_s * 1000 : 0;
	run->door_fd = input->knocked_fd ? input->knocked_fd(input->ctx) : -1;
	return 0;
}

static int on_message(struct run *run, const struct message *message, struct err *err)
{
	if (message->bytes[0] == 'G' && !run->result.started && run->stopping == NOT_STOPPING)
		return on_ready(run, message, err);
	if (message->bytes[0] == 'X' && message->n >= 6) {
		memcpy(&run->result.status, message->bytes + 1, sizeof(int));
		run->result.left_processes = message->bytes[5] != 0;
		run->ended = true;
	}
	if (message->bytes[0] == 'E') {
		run->result.started = false;
		buf_clear(&run->result.message);
		buf_add(&run->result.message,
		        (struct str){ message->bytes + 1, (size_t)message->n - 1 });
	}
	return 0;
}

static int on_control(struct run *run, struct err *err)
{
	struct message message;
	int r;

	if (!receive(run->launch.control, &message)) {
		if (message.n == 0 || errno != EAGAIN)
			close_fd(&run->launch.control);
		return 0;
	}
	r = on_message(run, &message, err);
	close_fd(&message.fd);
	return r;
}

/* --- output and input --------------------------------------------------- */

static int on_output(struct run *run, int *fd, int stream, struct err *err)
{
	char bytes[CHUNK];
	ssize_t n = read(*fd, bytes, sizeof(bytes));
	struct str got = { bytes, n > 0 ? (size_t)n : 0 };

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		close_fd(fd);
		return 0;
	}
	/* Before the command runs only bwrap can have written this. */
	if (!run->result.started) {
		buf_add(&run->result.message, str_head(got, MESSAGE_MAX));
		return 0;
	}
	return output_add(run->input->output, stream, got, err);
}

static void on_input(struct run *run)
{
	ssize_t n;

	if (run->pending_len == 0) {
		n = read(run->input->stdin_fd, run->pending, CHUNK);
		run->input_ended = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
		run->pending_at = 0;
		run->pending_len = n > 0 ? (size_t)n : 0;
	}
	if (run->input_ended)
		close_fd(&run->launch.in);
}

static void pass_input(struct run *run)
{
	ssize_t n = write(run->launch.in, run->pending + run->pending_at, run->pending_len);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		close_fd(&run->launch.in);
	if (n <= 0)
		return;
	run->pending_at += (size_t)n;
	run->pending_len -= (size_t)n;
}

/* --- the loop ----------------------------------------------------------- */

enum { BWRAP, CONTROL, OUT, ERROR, CANCEL, INPUT, DOOR, N_FDS };

static void watch(const struct run *run, struct pollfd *fds)
{
	bool has_input = run->launch.in >= 0 && run->result.started;

	fds[BWRAP] = (struct pollfd){ run->bwrap_ended ? -1 : run->launch.bwrap_fd, POLLIN, 0 };
	fds[CONTROL] = (struct pollfd){ run->launch.control, POLLIN, 0 };
	fds[OUT] = (struct pollfd){ run->launch.out, POLLIN, 0 };
	fds[ERROR] = (struct pollfd){ run->launch.error, POLLIN, 0 };
	fds[CANCEL] = (struct pollfd){ run->stopping == NOT_STOPPING ? run->input->cancel_fd : -1,
		                       POLLIN, 0 };
	fds[DOOR] = (struct pollfd){ run->result.started && !run->has_knocked ? run->door_fd : -1,
		                     POLLIN, 0 };
	fds[INPUT] = (struct pollfd){ -1, 0, 0 };
	if (has_input && run->pending_len)
		fds[INPUT] = (struct pollfd){ run->launch.in, POLLOUT, 0 };
	else if (has_input)
		fds[INPUT] = (struct pollfd){ run->input->stdin_fd, POLLIN, 0 };
}

static int wait_ms(const struct run *run)
{
	int64_t left = run->deadline - now_ms();

	if (!run->deadline)
		return -1;
	return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

static int handle(struct run *run, const struct pollfd *fds, struct err *err)
{
	int r = 0;

	/* Control first: that the command runs is known before its output. */
	if (fds[CONTROL].revents)
		r = on_control(run, err);
	if (r >= 0 && fds[OUT].revents)
		r = on_output(run, &run->launch.out, 0, err);
	if (r >= 0 && fds[ERROR].revents)
		r = on_output(run, &run->launch.error, 1, err);
	if (fds[INPUT].revents && run->pending_len)
		pass_input(run);
	else if (fds[INPUT].revents)
		on_input(run);
	if (fds[DOOR].revents && !run->has_knocked) {
		run->has_knocked = true;
		run->input->knocked(run->input->ctx);
	}
	if (fds[CANCEL].revents && run->stopping == NOT_STOPPING) {
		run->result.cancelled = true;
		ask_to_end(run);
	}
	if (run->input->output->flooded)
		make_it_end(run);
	if (fds[BWRAP].revents)
		run->bwrap_ended = true;
	return r;
}

/* bwrap ends after process 1; if somebody killed bwrap alone, the kernel sends
 * process 1 after it, and that has to be seen. */
static void wait_for_end(struct run *run)
{
	struct pollfd fd = { run->init_fd, POLLIN, 0 };

	if (run->init_fd < 0)
		return;
	(void)pidfd_send_signal(run->init_fd, SIGKILL, NULL, 0);
	while (poll(&fd, 1, END_WAIT_MS) < 0 && errno == EINTR)
		continue;
}

/* Nobody writes any more: what is in the pipes and the socket is all there is. */
static int drain(struct run *run, struct err *err)
{
	int *fds[] = { &run->launch.control, &run->launch.out, &run->launch.error };
	int r = 0;

	for (int i = 0; r >= 0 && i < 3; i++)
		while (r >= 0 && *fds[i] >= 0) {
			struct pollfd fd = { *fds[i], POLLIN, 0 };

			if (poll(&fd, 1, 0) <= 0)
				break;
			r = i == 0 ? on_control(run, err) : on_output(run, fds[i], i - 1, err);
		}
	return r;
}

static int loop(struct run *run, struct err *err)
{
	struct pollfd fds[N_FDS];
	int r = 0;

	while (r >= 0 && !run->bwrap_ended) {
		watch(run, fds);
		if (poll(fds, N_FDS, wait_ms(run)) < 0 && errno != EINTR)
			return err_sys(err, "wait for the command");
		r = handle(run, fds, err);
		on_time(run);
	}
	wait_for_end(run);
	return r < 0 ? r : drain(run, err);
}

static int begin(struct run *run, struct err *err)
{
	const struct run_input *input = run->input;
	struct launch_input launch = input->launch;

	launch.wants_in = input->stdin_fd >= 0;
	launch.splits_error = input->output->fds[1] >= 0;
	if (launch.wants_in && !(run->pending = malloc(CHUNK)))
		return err_nomem(err);
	run->is_warm = input->warm && warm_take(input->warm, &launch, &run->launch);
	if (!run->is_warm && launch_start(&launch, &run->launch, err) < 0)
		return err->code;
	(void)fcntl(run->launch.out, F_SETFL, O_NONBLOCK);
	if (run->launch.error >= 0)
		(void)fcntl(run->launch.error, F_SETFL, O_NONBLOCK);
	if (run->launch.in >= 0)
		(void)fcntl(run->launch.in, F_SETFL, O_NONBLOCK);
	run->deadline = now_ms() + READY_MS;
	return 0;
}

int run_command(const struct run_input *input, struct run_result *ret_result, struct err *err)
{
	__attribute__((cleanup(run_finip))) struct run run = { .input = input,
		                                               .launch = LAUNCH_NONE,
		                                               .init_fd = -1 };

	if (begin(&run, err) < 0 || loop(&run, err) < 0)
		return err->code;
	output_end(input->output);
	/* Killed before it could report: that is how it ended. */
	if (run.result.started && !run.ended)
		run.result.status = SIGKILL;
	*ret_result = run.result;
	run.result.message = BUF_INIT;
	return 0;
}
