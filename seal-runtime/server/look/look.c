/* Methods that a worker of their own answers: see session/look/look.h. */
#include "server/state.h"

#include "base/err.h"

static void put_params(struct buf *buf, const char *session_id, const struct rpc_params *params)
{
	struct json w = json_to(buf);

	json_object(&w);
	if (params->sessionId.data)
		json_kv(&w, "sessionId", str_of(session_id));
	if (params->cwd.data)
		json_kv(&w, "cwd", params->cwd);
	json_kv_int(&w, "from", params->from);
	json_kv_int(&w, "count", params->count ? params->count : 1);
	json_end(&w);
}

/* A project has no session: the worker's name is one that nobody has. */
static int name_of(struct client *client, const struct rpc_params *params,
                   char ret_id[FOLDER_ID_LEN + 1], struct err *err)
{
	return params->sessionId.data ? session_check_id(client, params->sessionId, ret_id, err)
	                              : folder_new_id(ret_id, err);
}

static void ask(struct client *client, const char *id, const struct rpc_params *params,
                enum rpc_method method)
{
	cleanup_buf struct buf request = BUF_INIT;
	char session_id[FOLDER_ID_LEN + 1];
	struct err err;

	if (name_of(client, params, session_id, &err) < 0) {
		client_fail(client, id, RPC_NOT_FOUND, str_of(err.text));
		return;
	}
	put_params(&request, session_id, params);
	if (session_ask_apart(client, session_id, call_new_look(method, client, id, buf_str(&request)),
	                      &err) < 0)
		client_fail(client, id, RPC_INTERNAL, str_of(err.text));
}

#define LOOK(name)                                                                                \
	void method_seal_##name(struct client *client, const char *id,                            \
	                        const struct rpc_params *params)                                  \
	{                                                                                         \
		ask(client, id, params, RPC_seal_##name);                                         \
	}

LOOK(audit)
LOOK(records)
LOOK(tasks)
LOOK(undo)
LOOK(undo_list)
LOOK(diff)
LOOK(manifest)

/* Here only so that a client that is not joined by `seal acp` learns why not. */
void method_seal_approve(struct client *client, const char *id, const struct rpc_params *params)
{
	(void)params;
	client_fail(client, id, RPC_PARAMS,
	            STR("the daemon holds no key and signs nothing: `seal acp` answers this for the "
	                "editor beside it, `seal manifest sign --approve HASH` for everybody else"));
}
