#include "rpc/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/dirs.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/utf8.h"
#include "rpc/frame.h"

extern char **environ;

struct rpc_client {
	int fd;
	struct frame frame;
	uint64_t last_id;
	rpc_client_handler *handler;
	void *ctx;
};

#define READ_SIZE ((size_t)64 << 10)

static int address(const char *dir, struct sockaddr_un *ret_address, struct err *err)
{
	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if ((size_t)snprintf(ret_address->sun_path, sizeof(ret_address->sun_path), "%s/%s", dir,
	                     RPC_SOCKET_NAME) >= sizeof(ret_address->sun_path))
		return err_set(
			err, ERR_INPUT,
			"%s/%s is too long for a socket; set XDG_RUNTIME_DIR to a shorter path",
			dir, RPC_SOCKET_NAME);
	return 0;
}

static int connect_in(const char *dir, struct rpc_client **ret_client, struct err *err)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un to;
	struct rpc_client *client;

	if (fd < 0)
		return err_sys(err, "socket");
	if (address(dir, &to, err) < 0)
		return err->code;
	while (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		if (errno == EINTR)
			continue;
		if (errno == ENOENT || errno == ECONNREFUSED)
			return err_set(err, ERR_GONE, "no daemon listens at %s", to.sun_path);
		return err_sys(err, "connect to the daemon at %s", to.sun_path);
	}
	client = calloc(1, sizeof(*client));
	if (!client)
		return err_nomem(err);
	client->fd = take_fd(fd);
	*ret_client = client;
	return 0;
}

int rpc_client_connect(struct rpc_client **ret_client, struct err *err)
{
	cleanup_free char *dir = NULL;

	if (dirs_get(DIRS_RUNTIME, &dir, err) < 0)
		return err->code;
	return connect_in(dir, ret_client, err);
}

/* Whoever holds the lock starts the daemon; the others wait here, and find it
 * listening when they come through. */
static int start_alone(const char *dir, struct rpc_client **ret_client, struct err *err)
{
	cleanup_buf struct buf path = BUF_INIT;
	cleanup_close int lock = -1;
	int r;

	buf_addf(&path, "%s/%s", dir, RPC_START_NAME);
	if (buf_check(&path, "the path", err) < 0)
		return err->code;
	lock = open(path.data, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock < 0)
		return err_sys(err, "open %s", path.data);
	while (flock(lock, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_sys(err, "lock %s", path.data);
	r = connect_in(dir, ret_client, err);
	if (r != ERR_GONE)
		return r;
	r = rpc_client_start_daemon(err);
	if (r < 0)
		return err_wrap(err, "start the daemon");
	return connect_in(dir, ret_client, err);
}

int rpc_client_open(struct rpc_client **ret_client, struct err *err)
{
	cleanup_with(rpc_client_free) struct rpc_client *client = NULL;
	cleanup_free char *dir = NULL;
	int r;

	if (dirs_get(DIRS_RUNTIME, &dir, err) < 0)
		return err->code;
	r = connect_in(dir, &client, err);
	if (r >= 0)
		r = rpc_client_agree(client, err);
	if (r == 0)
		*ret_client = take_ptr(client);
	if (r != ERR_GONE && r != 1)
		return r;
	return start_alone(dir, ret_client, err);
}

void rpc_client_free(struct rpc_client *client)
{
	if (!client)
		return;
	closep(&client->fd);
	frame_fini(&client->frame);
	free(client);
}

void rpc_client_handle(struct rpc_client *client, rpc_client_handler *handler, void *ctx)
{
	client->handler = handler;
	client->ctx = ctx;
}

int rpc_client_fd(const struct rpc_client *client)
{
	return client->fd;
}

static int send_line(struct rpc_client *client, struct buf *line, struct err *err)
{
	if (buf_check(line, "the message", err) < 0)
		return err->code;
	if (line->len > FRAME_LINE_MAX)
		return err_set(err, ERR_LIMIT, "the message is longer than %zu bytes",
		               FRAME_LINE_MAX);
	if (fd_write_all(client->fd, buf_str(line), err) < 0)
		return err_set(err, ERR_GONE, "the daemon went away");
	return 0;
}

int rpc_client_send(struct rpc_client *client, const char *method, struct str params,
                    uint64_t *ret_id, struct err *err)
{
	cleanup_buf struct buf line = BUF_INIT;
	cleanup_buf struct buf id = BUF_INIT;
	uint64_t number = ++client->last_id;

	buf_addu(&id, number);
	message_request(&line, buf_str(&id), method, params);
	if (send_line(client, &line, err) < 0)
		return err->code;
	*ret_id = number;
	return 0;
}

int rpc_client_notify(struct rpc_client *client, const char *method, struct str params,
                      struct err *err)
{
	cleanup_buf struct buf line = BUF_INIT;

	message_notice(&line, method, params);
	return send_line(client, &line, err);
}

int rpc_client_reply(struct rpc_client *client, yyjson_val *id, struct str result, struct err *err)
{
	cleanup_buf struct buf line = BUF_INIT;
	cleanup_buf struct buf text = BUF_INIT;

	message_value(&text, id);
	message_reply(&line, buf_str(&text), result);
	return send_line(client, &line, err);
}

/* 1: bytes came; 0: none within the time. */
static int fill(struct rpc_client *client, int timeout_ms, struct err *err)
{
	struct pollfd wait = { .fd = client->fd, .events = POLLIN };
	int r = poll(&wait, 1, timeout_ms);
	char *at;
	ssize_t n;

	if (r == 0 || (r < 0 && errno == EINTR))
		return 0;
	if (r < 0)
		return err_sys(err, "poll");
	at = frame_room(&client->frame, READ_SIZE);
	if (!at)
		return err_nomem(err);
	n = read(client->fd, at, READ_SIZE);
	if (n < 0 && errno == EINTR)
		return 0;
	if (n <= 0)
		return err_set(err, ERR_GONE, "the daemon went away");
	r = frame_added(&client->frame, (size_t)n, err);
	return r < 0 ? r : 1;
}

int rpc_client_next_line(struct rpc_client *client, int timeout_ms, struct str *ret_line,
                         struct err *err)
{
	while (!frame_next(&client->frame, ret_line)) {
		int r = fill(client, timeout_ms, err);

		if (r <= 0)
			return r;
	}
	return 1;
}

int rpc_client_send_line(struct rpc_client *client, struct str line, struct err *err)
{
	cleanup_buf struct buf whole = BUF_INIT;

	buf_add(&whole, line);
	buf_addc(&whole, '\n');
	return send_line(client, &whole, err);
}

int rpc_client_next(struct rpc_client *client, int timeout_ms, struct message *ret_message,
                    struct err *err)
{
	enum rpc_code code;
	struct str line;
	int r = rpc_client_next_line(client, timeout_ms, &line, err);

	if (r <= 0)
		return r;
	r = message_read(line, ret_message, &code, err);
	if (r < 0) {
		message_fini(ret_message);
		return err_wrap(err, "the daemon sent something strange");
	}
	return 1;
}

static const struct {
	enum rpc_code wire;
	enum err_code code;
} failures[] = {
	{ RPC_PARSE, ERR_INPUT },  { RPC_INVALID, ERR_INPUT },   { RPC_NO_METHOD, ERR_INPUT },
	{ RPC_PARAMS, ERR_INPUT }, { RPC_NOT_FOUND, ERR_INPUT }, { RPC_CANCELLED, ERR_CANCELLED },
};

static int failure(const struct message *reply, struct err *err)
{
	struct str text = json_str(reply->error, "message");
	int64_t wire = json_int(reply->error, "code", RPC_INTERNAL);
	enum err_code code = ERR_INTERNAL;

	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (failures[i].wire == wire)
			code = failures[i].code;
	return err_set(err, code, "%.*s", STR_ARG(text));
}

struct str rpc_client_fault(const struct message *reply)
{
	return json_str(yyjson_obj_get(reply->error, "data"), "seal");
}

static bool answers(const struct message *message, uint64_t id)
{
	return (message->kind == MESSAGE_REPLY || message->kind == MESSAGE_FAILURE) &&
	       message_number(message->id) == id;
}

int rpc_client_wait(struct rpc_client *client, uint64_t id, struct message *ret_reply,
                    struct err *err)
{
	for (;;) {
		cleanup_message struct message message = { 0 };
		int r = rpc_client_next(client, -1, &message, err);

		if (r < 0)
			return r;
		if (r > 0 && answers(&message, id)) {
			*ret_reply = message;
			message = (struct message){ 0 };
			return ret_reply->kind == MESSAGE_FAILURE ? failure(ret_reply, err) : 0;
		}
		if (r > 0 && client->handler) {
			r = client->handler(client->ctx, client, &message, err);
			if (r < 0)
				return r;
		}
	}
}

int rpc_client_call(struct rpc_client *client, const char *method, struct str params,
                    struct message *ret_reply, struct err *err)
{
	uint64_t id;
	int r = rpc_client_send(client, method, params, &id, err);

	if (r < 0)
		return r;
	return rpc_client_wait(client, id, ret_reply, err);
}

/* The kernel tells the mask only to who sets one. */
static mode_t mask_of_new_files(void)
{
	mode_t mask = umask(077);

	(void)umask(mask);
	return mask;
}

int rpc_client_lend_environment(struct rpc_client *client, struct err *err)
{
	cleanup_buf struct buf params = BUF_INIT;
	struct json w = json_to(&params);
	int r;

	json_object(&w);
	json_key(&w, "variables");
	json_array(&w);
	for (char **variable = environ; *variable; variable++)
		if (utf8_valid(str_of(*variable)))
			json_put(&w, str_of(*variable));
	json_end(&w);
	json_kv_int(&w, "umask", mask_of_new_files());
	json_end(&w);
	r = rpc_client_notify(client, "_seal/environment", buf_str(&params), err);
	/* Keys are in it. */
	if (params.data)
		explicit_bzero(params.data, params.len);
	return r;
}

static void put_hello(struct buf *params, bool is_interactive)
{
	struct json w = json_to(params);

	json_object(&w);
	json_kv_int(&w, "protocolVersion", 1);
	json_key(&w, "clientCapabilities");
	json_object(&w);
	json_key(&w, "_meta");
	json_object(&w);
	json_key(&w, "seal");
	json_object(&w);
	json_kv_bool(&w, "interactive", is_interactive);
	json_end(&w);
	json_end(&w);
	json_end(&w);
	json_key(&w, "clientInfo");
	json_object(&w);
	json_kv(&w, "name", STR("seal"));
	json_kv(&w, "version", STR(SEAL_VERSION));
	json_end(&w);
	json_end(&w);
}

int rpc_client_initialize(struct rpc_client *client, bool is_interactive, struct err *err)
{
	cleanup_buf struct buf params = BUF_INIT;
	cleanup_message struct message reply = { 0 };
	struct str version;

	put_hello(&params, is_interactive);
	if (rpc_client_lend_environment(client, err) < 0)
		return err->code;
	if (rpc_client_call(client, "initialize", buf_str(&params), &reply, err) < 0)
		return err->code;
	version = json_str(yyjson_obj_get(reply.result, "agentInfo"), "version");
	if (!str_is(version, SEAL_VERSION))
		return err_set(
			err, ERR_INPUT,
			"the daemon is of version %.*s, this is %s: run `seal daemon restart`",
			STR_ARG(version), SEAL_VERSION);
	return 0;
}
