#include "session/link.h"

#include <errno.h>
#include <poll.h>

#include "base/err.h"
#include "base/fd.h"
#include "session/cancel.h"

#define READ_SIZE ((size_t)64 << 10)

void link_init(struct link *link, int fd)
{
	*link = (struct link){.fd = fd};
}

void link_fini(struct link *link)
{
	frame_fini(&link->frame);
	buf_fini(&link->held);
}

/* 1: bytes came; 0: end, or cancelled (when cancel_fd is given). */
static int fill(struct link *link, int cancel_fd, struct err *err)
{
	struct pollfd wait[] = {{.fd = link->fd, .events = POLLIN},
				{.fd = cancel_fd, .events = POLLIN}};
	char *at;
	ssize_t n;

	while (poll(wait, 2, -1) < 0) {
		if (errno != EINTR)
			return err_sys(err, "poll");
		if (cancel_is_leaving())
			return 0;
	}
	if (wait[1].revents)
		return 0;
	at = frame_room(&link->frame, READ_SIZE);
	if (!at)
		return err_nomem(err);
	do
		n = read(link->fd, at, READ_SIZE);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != ECONNRESET)
		return err_sys(err, "read from the daemon");
	if (n <= 0)
		return 0;
	return frame_added(&link->frame, (size_t)n, err) < 0 ? err->code : 1;
}

static int next(struct link *link, int cancel_fd, struct str *ret_line, struct err *err)
{
	int r;

	while (!frame_next(&link->frame, ret_line)) {
		r = fill(link, cancel_fd, err);
		if (r <= 0)
			return r;
	}
	return 1;
}

static int read_line(struct str line, struct message *ret_message, struct err *err)
{
	enum rpc_code code;

	if (message_read(line, ret_message, &code, err) < 0) {
		message_fini(ret_message);
		return err_wrap(err, "from the daemon");
	}
	return 1;
}

/* A held line first. */
int link_next(struct link *link, struct message *ret_message, struct err *err)
{
	struct str line;
	int r;

	if (link->held.len) {
		line = str_head(buf_str(&link->held), str_chr(buf_str(&link->held), '\n'));
		r = read_line(line, ret_message, err);
		buf_consume(&link->held, line.len + 1);
		return r;
	}
	r = next(link, -1, &line, err);
	return r <= 0 ? r : read_line(line, ret_message, err);
}

int link_send(struct link *link, const struct buf *lines, struct err *err)
{
	if (buf_check(lines, "the message", err) < 0)
		return err->code;
	return fd_write_all(link->fd, buf_str(lines), err);
}

/* A daemon that is gone is noticed at the next read; what is shown may be lost. */
void link_notice(struct link *link, const char *method, struct str params)
{
	cleanup_buf struct buf line = BUF_INIT;
	struct err dropped;

	message_notice(&line, method, params);
	(void)link_send(link, &line, &dropped);
}

static bool is_answer(const struct message *message)
{
	return message->kind == MESSAGE_REPLY || message->kind == MESSAGE_FAILURE;
}

/* Answers to questions of before, which were given up, are dropped. */
static int await(struct link *link, int cancel_fd, struct message *ret_message, struct err *err)
{
	for (;;) {
		cleanup_message struct message message = {0};
		struct str line;
		int r = next(link, cancel_fd, &line, err);

		if (r <= 0)
			return r;
		r = read_line(line, &message, err);
		if (r < 0)
			return r;
		if (!is_answer(&message)) {
			buf_add(&link->held, line);
			buf_addc(&link->held, '\n');
		} else if (message_number(message.id) == link->last_id) {
			*ret_message = message;
			message = (struct message){0};
			return 1;
		}
	}
}

int link_ask(struct link *link, const char *method, struct str params, int cancel_fd,
	     struct message *ret_message, struct err *err)
{
	cleanup_buf struct buf line = BUF_INIT;
	cleanup_buf struct buf id = BUF_INIT;

	buf_addu(&id, ++link->last_id);
	message_request(&line, buf_str(&id), method, params);
	if (link_send(link, &line, err) < 0)
		return err->code;
	return await(link, cancel_fd, ret_message, err);
}
