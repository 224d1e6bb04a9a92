#include "rpc/message.h"

#include "base/err.h"

void message_fini(struct message *message)
{
	json_free(message->doc);
	*message = (struct message){ 0 };
}

static int refuse(enum rpc_code *ret_code, enum rpc_code code, struct err *err, const char *why)
{
	*ret_code = code;
	return err_set(err, ERR_INPUT, "not a JSON-RPC 2.0 message: %s", why);
}

static bool is_id(yyjson_val *id)
{
	if (yyjson_is_str(id))
		return yyjson_get_len(id) <= MESSAGE_ID_MAX;
	return yyjson_is_int(id);
}

/* The four shapes, told apart by which members are there. */
static enum message_kind kind_of(const struct message *message)
{
	if (message->method.data)
		return message->id ? MESSAGE_REQUEST : MESSAGE_NOTICE;
	if (message->error && !message->result)
		return MESSAGE_FAILURE;
	if (message->result && !message->error && message->id)
		return MESSAGE_REPLY;
	return MESSAGE_NONE;
}

static int read_members(struct message *message, yyjson_val *root, enum rpc_code *ret_code,
                        struct err *err)
{
	yyjson_val *method = yyjson_obj_get(root, "method");
	yyjson_val *id = yyjson_obj_get(root, "id");

	if (id && !is_id(id) && !yyjson_is_null(id))
		return refuse(ret_code, RPC_INVALID, err,
		              "the id must be a string or a whole number");
	message->id = yyjson_is_null(id) ? NULL : id;
	if (!str_is(json_str(root, "jsonrpc"), "2.0"))
		return refuse(ret_code, RPC_INVALID, err, "\"jsonrpc\" must be \"2.0\"");
	if (method && !yyjson_is_str(method))
		return refuse(ret_code, RPC_INVALID, err, "the method must be a string");
	if (method)
		message->method = json_text(method);
	message->params = yyjson_obj_get(root, "params");
	message->result = yyjson_obj_get(root, "result");
	message->error = yyjson_obj_get(root, "error");
	message->kind = kind_of(message);
	if (message->kind == MESSAGE_NONE)
		return refuse(ret_code, RPC_INVALID, err,
		              "it has no method, and no result or error");
	return 0;
}

int message_read(struct str line, struct message *ret_message, enum rpc_code *ret_code,
                 struct err *err)
{
	enum json_fault fault;
	yyjson_val *root;

	*ret_message = (struct message){ 0 };
	ret_message->doc = json_read(line, &fault, NULL);
	if (!ret_message->doc && fault == JSON_TOO_DEEP)
		return refuse(ret_code, RPC_PARSE, err, "it is nested too deeply");
	if (!ret_message->doc)
		return refuse(ret_code, RPC_PARSE, err, "it is not JSON");
	root = yyjson_doc_get_root(ret_message->doc);
	if (!yyjson_is_obj(root))
		return refuse(ret_code, RPC_INVALID, err,
		              "it must be one object (batches are not supported)");
	return read_members(ret_message, root, ret_code, err);
}

static struct json start(struct buf *buf, struct str id)
{
	struct json w = json_to(buf);

	json_object(&w);
	json_kv(&w, "jsonrpc", STR("2.0"));
	if (id.len)
		json_kv_raw(&w, "id", id);
	return w;
}

static void finish(struct json *w)
{
	json_end(w);
	buf_addc(w->buf, '\n');
}

void message_request(struct buf *buf, struct str id, const char *method, struct str params)
{
	struct json w = start(buf, id);

	json_kv(&w, "method", str_of(method));
	if (params.len)
		json_kv_raw(&w, "params", params);
	finish(&w);
}

void message_notice(struct buf *buf, const char *method, struct str params)
{
	message_request(buf, STR(""), method, params);
}

void message_reply(struct buf *buf, struct str id, struct str result)
{
	struct json w = start(buf, id);

	json_kv_raw(&w, "result", result.len ? result : STR("{}"));
	finish(&w);
}

void message_failure(struct buf *buf, struct str id, enum rpc_code code, struct str text,
                     const char *kind)
{
	struct json w = start(buf, id.len ? id : STR("null"));

	json_key(&w, "error");
	json_object(&w);
	json_kv_int(&w, "code", code);
	json_kv(&w, "message", text);
	if (kind) {
		json_key(&w, "data");
		json_object(&w);
		json_kv(&w, "seal", str_of(kind));
		json_end(&w);
	}
	json_end(&w);
	finish(&w);
}

void message_value(struct buf *buf, yyjson_val *val)
{
	struct json w = json_to(buf);

	json_put_val(&w, val);
}

uint64_t message_number(yyjson_val *id)
{
	return yyjson_is_uint(id) ? yyjson_get_uint(id) : 0;
}
