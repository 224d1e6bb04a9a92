/* A daemon of another version: a newer client ends it when it is idle, so that the
 * next one is of the client's own version. */
#include "rpc/client.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "base/buf.h"
#include "base/dirs.h"
#include "base/err.h"

/* The daemon's lock ends with it, after its workers. */
static int await_end(struct err *err)
{
	cleanup_free char *dir = NULL;
	cleanup_buf struct buf path = BUF_INIT;
	cleanup_close int fd = -1;

	if (dirs_get(DIRS_RUNTIME, &dir, err) < 0)
		return err->code;
	buf_addf(&path, "%s/%s", dir, RPC_LOCK_NAME);
	if (buf_check(&path, "the path", err) < 0)
		return err->code;
	fd = open(path.data, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open %s", path.data);
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_sys(err, "lock %s", path.data);
	return 0;
}

/* The answer comes before the end, the end of the stream before the last
 * worker's. */
int rpc_client_stop_daemon(struct rpc_client *client, struct err *err)
{
	cleanup_message struct message reply = { 0 };
	int r = rpc_client_call(client, "_seal/stop", STR(""), &reply, err);

	while (r >= 0) {
		cleanup_message struct message message = { 0 };

		r = rpc_client_next(client, -1, &message, err);
	}
	return r == ERR_GONE ? await_end(err) : r;
}

static size_t count_running(yyjson_val *sessions)
{
	yyjson_val *session;
	size_t i, n, running = 0;

	yyjson_arr_foreach (sessions, i, n, session)
		running += str_is(json_str(session, "state"), "running");
	return running;
}

static int busy(struct str version, int64_t n_clients, size_t n_running, struct err *err)
{
	return err_set(err, ERR_INPUT,
	               "the daemon is of version %.*s, this is %s, and it is in use: %lld other "
	               "clients, %zu sessions at work; `seal daemon restart` ends them",
	               STR_ARG(version), SEAL_VERSION, (long long)n_clients, n_running);
}

int rpc_client_agree(struct rpc_client *client, struct err *err)
{
	cleanup_message struct message reply = { 0 };
	int r = rpc_client_call(client, "_seal/status", STR(""), &reply, err);
	struct str version = json_str(reply.result, "version");
	int64_t n_clients = json_int(reply.result, "clients", 1) - 1;
	size_t n_running = count_running(yyjson_obj_get(reply.result, "sessions"));
	cleanup_free char *theirs = NULL;

	/* It is just on its way out. */
	if (r == ERR_GONE)
		return 1;
	if (r < 0)
		return r;
	if (str_is(version, SEAL_VERSION))
		return 0;
	theirs = str_dup(str_head(version, 64));
	if (!theirs)
		return err_nomem(err);
	if (strverscmp(SEAL_VERSION, theirs) < 0)
		return err_set(err, ERR_INPUT,
		               "the daemon is of version %s, this seal is %s, which is older: use "
		               "the seal that was installed with it",
		               theirs, SEAL_VERSION);
	if (n_clients > 0 || n_running > 0)
		return busy(str_of(theirs), n_clients, n_running, err);
	r = rpc_client_stop_daemon(client, err);
	return r < 0 ? r : 1;
}
