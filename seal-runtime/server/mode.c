/* How a session works, as editors show and set it: a mode, and the same once more
 * as an option, because ACP is on its way from the one to the other.  No mode
 * grants anything: what is allowed is in seal.toml. */
#include "server/state.h"

#include "base/err.h"

static const struct {
	const char *id, *name, *description;
} modes[MODE_MAX] = {
	[MODE_MANIFEST] = { "manifest", "Manifest",
	                    "What seal.toml allows; asks for what it leaves open" },
	[MODE_STRICT] = { "strict", "No questions",
	                  "What seal.toml allows; refuses at once what it leaves open" },
};

static void put_mode(struct json *w, const char *key, enum session_mode mode)
{
	json_object(w);
	json_kv(w, key, str_of(modes[mode].id));
	json_kv(w, "name", str_of(modes[mode].name));
	json_kv(w, "description", str_of(modes[mode].description));
	json_end(w);
}

static void put_modes(struct json *w, const struct live *live)
{
	json_key(w, "modes");
	json_object(w);
	json_kv(w, "currentModeId", str_of(modes[live->mode].id));
	json_key(w, "availableModes");
	json_array(w);
	for (size_t i = 0; i < MODE_MAX; i++)
		put_mode(w, "id", (enum session_mode)i);
	json_end(w);
	json_end(w);
}

static void begin_option(struct json *w, const char *id, const char *name, struct str value)
{
	json_object(w);
	json_kv(w, "id", str_of(id));
	json_kv(w, "name", str_of(name));
	json_kv(w, "category", str_of(id));
	json_kv(w, "type", STR("select"));
	json_kv(w, "currentValue", value);
	json_key(w, "options");
	json_array(w);
}

static void end_option(struct json *w)
{
	json_end(w);
	json_end(w);
}

static void put_value(struct json *w, struct str value)
{
	json_object(w);
	json_kv(w, "value", value);
	json_kv(w, "name", value);
	json_end(w);
}

/* The model is part of what was signed: one is set by who signs it first. */
static void put_model(struct json *w, yyjson_val *seal)
{
	struct str model = json_str(seal, "model");
	yyjson_val *other;
	size_t i, n;

	begin_option(w, "model", "Model", model);
	put_value(w, model);
	yyjson_arr_foreach (yyjson_obj_get(seal, "models"), i, n, other)
		if (!str_eq(json_text(other), model))
			put_value(w, json_text(other));
	end_option(w);
}

static void put_options(struct json *w, const struct live *live, yyjson_val *described)
{
	yyjson_val *seal = yyjson_obj_get(yyjson_obj_get(described, "_meta"), "seal");

	json_key(w, "configOptions");
	json_array(w);
	begin_option(w, "mode", "Mode", str_of(modes[live->mode].id));
	for (size_t i = 0; i < MODE_MAX; i++)
		put_mode(w, "value", (enum session_mode)i);
	end_option(w);
	if (json_str(seal, "model").len)
		put_model(w, seal);
	json_end(w);
}

static struct str described_of(const struct live *live)
{
	return live->described ? str_of(live->described) : STR("{}");
}

void mode_describe(const struct live *live, struct buf *ret_json)
{
	cleanup_json yyjson_doc *doc = json_read(described_of(live), NULL, NULL);
	yyjson_val *described = yyjson_doc_get_root(doc);
	struct json w = json_to(ret_json);
	yyjson_val *key, *value;
	size_t i, n;

	json_object(&w);
	yyjson_obj_foreach (described, i, n, key, value) {
		json_key(&w, yyjson_get_str(key));
		json_put_val(&w, value);
	}
	put_modes(&w, live);
	put_options(&w, live, described);
	json_end(&w);
}

static struct json update_begin(struct buf *params, const struct live *live, const char *kind)
{
	struct json w = json_to(params);

	json_object(&w);
	json_kv(&w, "sessionId", str_of(live->id));
	json_key(&w, "update");
	json_object(&w);
	json_kv(&w, "sessionUpdate", str_of(kind));
	return w;
}

static void update_send(struct live *live, struct json *w)
{
	cleanup_buf struct buf line = BUF_INIT;

	json_end(w);
	json_end(w);
	message_notice(&line, "session/update", buf_str(w->buf));
	if (!line.failed)
		live_broadcast(live, str_head(buf_str(&line), line.len - 1));
}

/* Every client of the session sees it, also the one that set it. */
static void tell(struct live *live)
{
	cleanup_buf struct buf mode = BUF_INIT;
	cleanup_buf struct buf options = BUF_INIT;
	cleanup_json yyjson_doc *doc = json_read(described_of(live), NULL, NULL);
	struct json w = update_begin(&mode, live, "current_mode_update");

	json_kv(&w, "currentModeId", str_of(modes[live->mode].id));
	update_send(live, &w);
	w = update_begin(&options, live, "config_option_update");
	put_options(&w, live, yyjson_doc_get_root(doc));
	update_send(live, &w);
}

static int set(struct live *live, struct str id, struct err *err)
{
	for (size_t i = 0; i < MODE_MAX; i++) {
		if (!str_is(id, modes[i].id))
			continue;
		live->mode = (enum session_mode)i;
		question_offer(live);
		tell(live);
		return 0;
	}
	return err_set(err, ERR_INPUT,
	               "there is no mode \"%.*s\"; the modes are manifest and strict",
	               STR_ARG(str_head(id, 64)));
}

/* NULL: the client was told why. */
static struct live *find(struct client *client, const char *id, struct str session_id)
{
	struct live *live = live_find(client->server, session_id);

	if (live && live->described)
		return live;
	client_fail(client, id, RPC_NOT_FOUND,
	            STR("there is no such session open: session/resume opens it"));
	return NULL;
}

void method_session_set_mode(struct client *client, const char *id, const struct rpc_params *params)
{
	struct live *live = find(client, id, params->sessionId);
	struct err err;

	if (live && set(live, params->modeId, &err) < 0)
		client_fail(client, id, RPC_PARAMS, str_of(err.text));
	else if (live)
		client_reply(client, id, STR("{}"));
}

static void put_answer(const struct live *live, struct client *client, const char *id)
{
	cleanup_json yyjson_doc *doc = json_read(described_of(live), NULL, NULL);
	cleanup_buf struct buf result = BUF_INIT;
	struct json w = json_to(&result);

	json_object(&w);
	put_options(&w, live, yyjson_doc_get_root(doc));
	json_end(&w);
	client_reply(client, id, buf_str(&result));
}

void mode_model_set(struct live *live, struct client *client, const char *id)
{
	tell(live);
	if (client)
		put_answer(live, client, id);
}

/* The session's process reads seal.toml again and says whether that is the model
 * now: who may sign has done so before. */
static int ask_model(struct live *live, struct client *client, const char *id, struct str value,
                     struct err *err)
{
	cleanup_buf struct buf params = BUF_INIT;
	struct json w = json_to(&params);
	struct call *call;

	json_object(&w);
	json_kv(&w, "value", value);
	json_end(&w);
	if (buf_check(&params, "the request", err) < 0)
		return err->code;
	call = call_new(CALL_MODEL, client, id, buf_str(&params));
	return call ? call_add(live, call, err) : err_nomem(err);
}

static int set_option(struct live *live, struct client *client, const char *id,
                      const struct rpc_params *params, struct err *err)
{
	struct str value = json_text(params->value);

	if (str_is(params->configId, "model"))
		return ask_model(live, client, id, value, err);
	if (!str_is(params->configId, "mode"))
		return err_set(err, ERR_INPUT,
		               "there is no option \"%.*s\"; the options are mode and model",
		               STR_ARG(str_head(params->configId, 64)));
	if (set(live, value, err) < 0)
		return err->code;
	put_answer(live, client, id);
	return 0;
}

void method_session_set_config_option(struct client *client, const char *id,
                                      const struct rpc_params *params)
{
	struct live *live = find(client, id, params->sessionId);
	struct err err;

	if (live && set_option(live, client, id, params, &err) < 0)
		client_fail(client, id, RPC_PARAMS, str_of(err.text));
}
