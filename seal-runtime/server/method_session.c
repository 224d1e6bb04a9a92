#include "server/state.h"

#include "base/err.h"

/* What a client that does not like seal.toml's words may set for one session. */
static void put_flags(struct json *w, const struct rpc_params *params)
{
	yyjson_val *seal = yyjson_obj_get(params->_meta, "seal");
	int64_t max_turns = json_int(seal, "maxTurns", 0);
	struct str record = json_str(seal, "record");
	yyjson_val *fork = yyjson_obj_get(seal, "fork");

	if (max_turns > 0)
		json_kv_int(w, "maxTurns", max_turns);
	if (record.len)
		json_kv(w, "record", record);
	if (yyjson_is_obj(fork)) {
		json_key(w, "fork");
		json_object(w);
		json_kv(w, "session", json_str(fork, "session"));
		json_kv_int(w, "record", json_int(fork, "record", 0));
		if (json_str(fork, "answer").len)
			json_kv(w, "answer", json_str(fork, "answer"));
		if (json_str(fork, "manifest").len) {
			json_kv(w, "manifest", json_str(fork, "manifest"));
			json_kv(w, "signature", json_str(fork, "signature"));
		}
		json_end(w);
	}
}

/* Without params: a session that is there. */
static void put_start(struct buf *buf, const struct live *live, const struct rpc_params *params)
{
	struct json w = json_to(buf);

	json_object(&w);
	json_kv(&w, "sessionId", str_of(live->id));
	json_kv_bool(&w, "new", params);
	if (live->environment)
		json_kv_raw(&w, "environment", str_of(live->environment));
	if (params) {
		json_kv(&w, "cwd", params->cwd);
		put_flags(&w, params);
	}
	json_end(&w);
}

static int build_start(struct buf *buf, const struct live *live, const struct rpc_params *params,
                       struct err *err)
{
	put_start(buf, live, params);
	return buf_check(buf, "the request", err);
}

static int enqueue(struct live *live, struct call *call, struct err *err)
{
	return call ? call_add(live, call, err) : err_nomem(err);
}

static int begin(struct client *client, const char *id, const struct rpc_params *params,
                 struct err *err)
{
	cleanup_buf struct buf start = BUF_INIT;
	char session_id[FOLDER_ID_LEN + 1];
	struct live *live;

	if (folder_new_id(session_id, err) < 0)
		return err->code;
	live = live_new(client->server, session_id, err);
	if (!live)
		return err->code;
	if (live_attach(live, client, err) < 0 || build_start(&start, live, params, err) < 0 ||
	    enqueue(live, call_new(CALL_START, client, id, buf_str(&start)), err) < 0) {
		live_close(live);
		return err->code;
	}
	return 0;
}

static enum rpc_code code_of(const struct err *err)
{
	return err->code == ERR_INPUT ? RPC_PARAMS : RPC_INTERNAL;
}

void method_session_new(struct client *client, const char *id, const struct rpc_params *params)
{
	struct err err;

	if (begin(client, id, params, &err) < 0)
		client_fail(client, id, code_of(&err), str_of(err.text));
}

int session_check_id(struct client *client, struct str id, char ret_id[FOLDER_ID_LEN + 1],
                     struct err *err)
{
	cleanup_free char *path = NULL;

	if (!folder_id_is_valid(id))
		return err_set(err, ERR_INPUT,
		               "\"%.*s\" is no session id; `seal sessions list` names them",
		               STR_ARG(str_head(id, 64)));
	memcpy(ret_id, id.data, id.len);
	ret_id[id.len] = '\0';
	if (live_find(client->server, id))
		return 0;
	return folder_find(ret_id, &path, err);
}

static struct live *find_or_make(struct server *server, const char *session_id, struct err *err)
{
	struct live *live = live_find(server, str_of(session_id));

	return live ? live : live_new(server, session_id, err);
}

static int join(struct client *client, const char *id, const char *session_id, struct err *err)
{
	cleanup_buf struct buf start = BUF_INIT;
	struct live *live = find_or_make(client->server, session_id, err);

	if (!live)
		return err->code;
	if (live_attach(live, client, err) < 0) {
		live_rest(live);
		return err->code;
	}
	if (build_start(&start, live, NULL, err) < 0)
		return err->code;
	/* In the middle of a turn the start would wait for its end. */
	if (live->is_started && live->running) {
		live_describe(live, client, id);
		return 0;
	}
	return enqueue(live, call_new(CALL_START, client, id, buf_str(&start)), err);
}

void session_catch_up(struct client *client, const char *session_id)
{
	const struct live *now = live_find(client->server, str_of(session_id));
	struct buf told = BUF_INIT;

	if (!now || !now->running || live_has(now, client))
		return;
	buf_add(&told, buf_str(&now->told));
	peer_send(&client->peer, &told);
}

void session_join(struct client *client, const char *id, const char *session_id)
{
	struct err err;

	if (join(client, id, session_id, &err) < 0)
		client_fail(client, id, code_of(&err), str_of(err.text));
}

void method_session_resume(struct client *client, const char *id, const struct rpc_params *params)
{
	char session_id[FOLDER_ID_LEN + 1];
	struct err err;

	if (session_check_id(client, params->sessionId, session_id, &err) < 0)
		client_fail(client, id, RPC_NOT_FOUND, str_of(err.text));
	else
		session_join(client, id, session_id);
}

static size_t count_apart(const struct server *server)
{
	size_t n = 0;

	for (const struct live *live = server->lives; live; live = live->next)
		n += live->is_private;
	return n;
}

int session_ask_apart(struct client *client, const char *session_id, struct call *call,
                      struct err *err)
{
	cleanup_with(call_free) struct call *own = call;
	struct live *live;

	if (!own)
		return err_nomem(err);
	if (count_apart(client->server) >= APART_MAX)
		return err_set(err, ERR_LIMIT,
		               "%d questions about sessions are being answered; ask again later",
		               APART_MAX);
	live = live_new(client->server, session_id, err);
	if (!live)
		return err->code;
	live->is_private = true;
	if (live_attach(live, client, err) < 0 || call_add(live, take_ptr(own), err) < 0) {
		live_close(live);
		return err->code;
	}
	return 0;
}

static int tell_history(struct client *client, const char *id, const char *session_id,
                        const struct rpc_params *params, struct err *err)
{
	yyjson_val *seal = yyjson_obj_get(params->_meta, "seal");
	struct live *now = live_find(client->server, str_of(session_id));
	cleanup_buf struct buf request = BUF_INIT;

	buf_addf(&request, "{\"sessionId\":\"%s\",\"running\":%s,\"recent\":%s}", session_id,
	         now && now->running && now->running->kind == CALL_PROMPT ? "true" : "false",
	         json_bool(seal, "recent", false) ? "true" : "false");
	if (buf_check(&request, "the request", err) < 0)
		return err->code;
	return session_ask_apart(client, session_id,
	                         call_new(CALL_HISTORY, client, id, buf_str(&request)), err);
}

void method_session_load(struct client *client, const char *id, const struct rpc_params *params)
{
	char session_id[FOLDER_ID_LEN + 1];
	struct err err;

	if (session_check_id(client, params->sessionId, session_id, &err) < 0)
		client_fail(client, id, RPC_NOT_FOUND, str_of(err.text));
	else if (tell_history(client, id, session_id, params, &err) < 0)
		client_fail(client, id, code_of(&err), str_of(err.text));
}

void method_session_list(struct client *client, const char *id, const struct rpc_params *params)
{
	cleanup_buf struct buf list = BUF_INIT;
	struct err err;

	if (folder_list(params->cwd, params->cursor, &list, &err) < 0)
		client_fail(client, id, code_of(&err), str_of(err.text));
	else
		client_reply(client, id, buf_str(&list));
}

/* Of this turn alone; the session takes limits only where they are lower. */
static void put_limits(struct json *w, const struct rpc_params *params)
{
	yyjson_val *seal = yyjson_obj_get(params->_meta, "seal");
	yyjson_val *cost = yyjson_obj_get(seal, "maxCostUsd");
	int64_t max_turns = json_int(seal, "maxTurns", 0);

	if (max_turns > 0)
		json_kv_int(w, "maxTurns", max_turns);
	if (yyjson_is_num(cost) && yyjson_get_num(cost) > 0) {
		json_key(w, "maxCostUsd");
		json_put_val(w, cost);
	}
	if (json_bool(seal, "continue", false))
		json_kv_bool(w, "continue", true);
}

static int prompt(struct client *client, const char *id, const char *session_id,
                  const struct rpc_params *params, struct err *err)
{
	struct live *live = find_or_make(client->server, session_id, err);
	cleanup_buf struct buf request = BUF_INIT;
	struct json w = json_to(&request);
	struct call *call;

	if (!live)
		return err->code;
	json_object(&w);
	json_kv_int(&w, "turn", ++live->turn);
	put_limits(&w, params);
	json_key(&w, "prompt");
	json_put_val(&w, params->prompt);
	json_end(&w);
	if (buf_check(&request, "the prompt", err) < 0 || live_attach(live, client, err) < 0)
		return err->code;
	call = call_new(CALL_PROMPT, client, id, buf_str(&request));
	if (call)
		call->turn = live->turn;
	return enqueue(live, call, err);
}

void method_session_prompt(struct client *client, const char *id, const struct rpc_params *params)
{
	char session_id[FOLDER_ID_LEN + 1];
	struct err err;

	if (session_check_id(client, params->sessionId, session_id, &err) < 0)
		client_fail(client, id, RPC_NOT_FOUND, str_of(err.text));
	else if (prompt(client, id, session_id, params, &err) < 0)
		client_fail(client, id, code_of(&err), str_of(err.text));
}

void method_session_cancel(struct client *client, const char *id, const struct rpc_params *params)
{
	struct live *live = live_find(client->server, params->sessionId);

	(void)id;
	if (live)
		call_cancel(live);
}

static bool is_id(const struct call *call, const struct client *client, const char *id)
{
	return call && call->client == client && strcmp(call->client_id, id) == 0;
}

/* Of the requests only a turn takes long enough to be given up. */
void method_cancel_request(struct client *client, const char *id, const struct rpc_params *params)
{
	cleanup_buf struct buf wanted = BUF_INIT;

	(void)id;
	message_value(&wanted, params->requestId);
	if (wanted.failed)
		return;
	for (struct live *live = client->server->lives; live; live = live->next) {
		bool is_here = is_id(live->running, client, wanted.data);

		for (struct call *call = live->queue; call && !is_here; call = call->next)
			is_here = is_id(call, client, wanted.data);
		if (is_here) {
			call_cancel(live);
			return;
		}
	}
}

void method_session_close(struct client *client, const char *id, const struct rpc_params *params)
{
	struct live *live = live_find(client->server, params->sessionId);

	if (live)
		live_close(live);
	client_reply(client, id, STR("{}"));
}

/* Of one that runs too: its worker looks here before it writes. */
static int rename_session(const char *id, struct str title, struct err *err)
{
	cleanup_free char *path = NULL;
	cleanup_folder_meta struct folder_meta meta = { 0 };

	if (str_trim(title).len == 0 || title.len > FOLDER_TITLE_MAX ||
	    str_chr(title, '\n') != STR_NONE)
		return err_set(err, ERR_INPUT,
		               "a session's name is one line of 1 to %d bytes", FOLDER_TITLE_MAX);
	if (folder_find(id, &path, err) < 0 || folder_meta_read(path, &meta, err) < 0)
		return err->code;
	free(meta.title);
	meta.title = str_dup(str_trim(title));
	return meta.title ? folder_meta_write(path, id, &meta, err) : err_nomem(err);
}

static void tell_title(struct live *live, struct str title)
{
	cleanup_buf struct buf params = BUF_INIT;
	cleanup_buf struct buf line = BUF_INIT;
	struct json w = json_to(&params);

	json_object(&w);
	json_kv(&w, "sessionId", str_of(live->id));
	json_key(&w, "update");
	json_object(&w);
	json_kv(&w, "sessionUpdate", STR("session_info_update"));
	json_kv(&w, "title", str_trim(title));
	json_end(&w);
	json_end(&w);
	message_notice(&line, "session/update", buf_str(&params));
	if (!line.failed)
		live_broadcast(live, str_head(buf_str(&line), line.len - 1));
}

void method_seal_rename(struct client *client, const char *id, const struct rpc_params *params)
{
	struct live *live = live_find(client->server, params->sessionId);
	char session_id[FOLDER_ID_LEN + 1];
	struct err err;

	if (session_check_id(client, params->sessionId, session_id, &err) < 0) {
		client_fail(client, id, RPC_NOT_FOUND, str_of(err.text));
	} else if (rename_session(session_id, params->title, &err) < 0) {
		client_fail(client, id, code_of(&err), str_of(err.text));
	} else {
		if (live)
			tell_title(live, params->title);
		client_reply(client, id, STR("{}"));
	}
}

void session_delete(struct client *client, const char *id, const char *session_id)
{
	struct err err;
	int r = folder_remove(session_id, &err);

	if (client && r < 0)
		client_fail(client, id, code_of(&err), str_of(err.text));
	else if (client)
		client_reply(client, id, STR("{}"));
}

void method_session_delete(struct client *client, const char *id, const struct rpc_params *params)
{
	char session_id[FOLDER_ID_LEN + 1];
	struct err err;

	if (session_check_id(client, params->sessionId, session_id, &err) < 0)
		client_fail(client, id, RPC_NOT_FOUND, str_of(err.text));
	else if (live_find(client->server, params->sessionId))
		client_fail(client, id, RPC_PARAMS, STR("the session is in use: close it first"));
	else if (!worker_delete_later(client->server, session_id, client, id))
		session_delete(client, id, session_id);
}
