#include "server/peer.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "base/err.h"

#define READ_SIZE ((size_t)64 << 10)

struct letter {
	uv_write_t write;
	struct peer *peer;
	char *bytes;
};

int peer_init(struct peer *peer, uv_loop_t *loop, const struct peer_kind *kind, struct err *err)
{
	int r = uv_pipe_init(loop, &peer->pipe, 0);

	if (r < 0)
		return err_set(err, ERR_INTERNAL, "make a pipe: %s", uv_strerror(r));
	peer->pipe.data = peer;
	peer->kind = kind;
	return 0;
}

static void gone(struct peer *peer, const char *why)
{
	if (peer->is_gone || peer->is_closing)
		return;
	peer->is_gone = true;
	(void)uv_read_stop((uv_stream_t *)&peer->pipe);
	peer->kind->gone(peer, why);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
	struct peer *peer = handle->data;
	char *at = frame_room(&peer->frame, READ_SIZE);

	(void)suggested;
	*ret_buf = uv_buf_init(at, at ? READ_SIZE : 0);
}

/* A handler may close the peer; nothing of it is looked at after that. */
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct peer *peer = stream->data;
	struct str line;
	struct err err;

	(void)buf;
	if (n == 0)
		return;
	if (n < 0) {
		gone(peer, n == UV_EOF ? "it ended" : uv_strerror((int)n));
		return;
	}
	if (frame_added(&peer->frame, (size_t)n, &err) < 0) {
		gone(peer, err.text);
		return;
	}
	while (!peer->is_closing && !peer->is_gone && frame_next(&peer->frame, &line))
		peer->kind->line(peer, line);
}

int peer_start(struct peer *peer, struct err *err)
{
	int r = uv_read_start((uv_stream_t *)&peer->pipe, on_room, on_read);

	if (r < 0)
		return err_set(err, ERR_INTERNAL, "read from a pipe: %s", uv_strerror(r));
	return 0;
}

/* The peer's end is noticed by its reader, from the loop: whoever sends may be
 * in the middle of a list that `gone` changes. */
static void hang_up(struct peer *peer)
{
	uv_os_fd_t fd;

	if (uv_fileno((uv_handle_t *)&peer->pipe, &fd) == 0)
		(void)shutdown(fd, SHUT_RDWR);
}

static void on_written(uv_write_t *write, int status)
{
	struct letter *letter = write->data;
	struct peer *peer = letter->peer;

	free(letter->bytes);
	free(letter);
	if (status < 0 && !peer->is_closing && !peer->is_gone)
		hang_up(peer);
}

static bool post(struct peer *peer, struct buf *lines)
{
	struct letter *letter = calloc(1, sizeof(*letter));
	uv_buf_t out = { .len = lines->len };

	if (!letter || lines->failed) {
		free(letter);
		return false;
	}
	letter->write.data = letter;
	letter->peer = peer;
	letter->bytes = out.base = buf_take(lines);
	if (letter->bytes &&
	    uv_write(&letter->write, (uv_stream_t *)&peer->pipe, &out, 1, on_written) == 0)
		return true;
	free(letter->bytes);
	free(letter);
	return false;
}

void peer_send(struct peer *peer, struct buf *lines)
{
	bool is_slow = uv_stream_get_write_queue_size((uv_stream_t *)&peer->pipe) > PEER_QUEUE_MAX;

	if (!peer->is_closing && !peer->is_gone && (lines->len || lines->failed) &&
	    (is_slow || !post(peer, lines)))
		hang_up(peer);
	buf_fini(lines);
}

static void on_closed(uv_handle_t *handle)
{
	struct peer *peer = handle->data;

	frame_fini(&peer->frame);
	peer->kind->closed(peer);
}

void peer_close(struct peer *peer)
{
	if (peer->is_closing)
		return;
	peer->is_closing = true;
	uv_close((uv_handle_t *)&peer->pipe, on_closed);
}

static void on_finished(uv_shutdown_t *request, int status)
{
	struct peer *peer = request->data;

	(void)status;
	free(request);
	peer_close(peer);
}

/* What is not written by now waits for a peer that does not read. */
void peer_finish(struct peer *peer)
{
	bool is_slow = uv_stream_get_write_queue_size((uv_stream_t *)&peer->pipe) > 0;
	uv_shutdown_t *request = is_slow ? NULL : calloc(1, sizeof(*request));

	(void)uv_read_stop((uv_stream_t *)&peer->pipe);
	if (!request) {
		peer_close(peer);
		return;
	}
	request->data = peer;
	if (uv_shutdown(request, (uv_stream_t *)&peer->pipe, on_finished) < 0) {
		free(request);
		peer_close(peer);
	}
}
