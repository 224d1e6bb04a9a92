#include "base/err.h"
#include "gate/agents.h"
#include "gate/pass.h"
#include "store/store.h"

/* These functions have plain text as their error. */
static int failed(struct pass *pass, const struct err *why)
{
	struct json w = json_to(pass->result);

	pass->outcome = PASS_FAILED;
	buf_clear(pass->result);
	json_object(&w);
	json_kv(&w, "err", str_of(why->text));
	return pass_end(pass, &w);
}

int execute_storage_save(struct pass *pass)
{
	cleanup_buf struct buf key = BUF_INIT;
	struct err why;

	agents_key(pass->gate, pass_text(pass, 0), &key);
	if (store_save(pass->gate->store, buf_str(&key), pass_text(pass, 1), &why) < 0)
		return failed(pass, &why);
	return pass_ok_null(pass);
}

int execute_storage_load(struct pass *pass)
{
	cleanup_buf struct buf value = BUF_INIT, key = BUF_INIT;
	struct json w;
	struct err why;
	bool found;

	agents_key(pass->gate, pass_text(pass, 0), &key);
	if (store_load(pass->gate->store, buf_str(&key), &found, &value, &why) < 0)
		return failed(pass, &why);
	w = pass_ok(pass);
	if (found)
		json_put(&w, buf_str(&value));
	else
		json_put_null(&w);
	return pass_end(pass, &w);
}

int execute_storage_delete(struct pass *pass)
{
	cleanup_buf struct buf key = BUF_INIT;
	struct err why;

	agents_key(pass->gate, pass_text(pass, 0), &key);
	if (store_delete(pass->gate->store, buf_str(&key), &why) < 0)
		return failed(pass, &why);
	return pass_ok_null(pass);
}

int execute_storage_list_keys(struct pass *pass)
{
	cleanup_buf struct buf keys = BUF_INIT, prefix = BUF_INIT, own = BUF_INIT;
	cleanup_json yyjson_doc *doc = NULL;
	yyjson_val *key;
	struct json w;
	struct err why;
	size_t i, n;

	agents_key(pass->gate, pass_text(pass, 0), &prefix);
	agents_key(pass->gate, STR(""), &own);
	if (store_list(pass->gate->store, buf_str(&prefix), &keys, &why) < 0)
		return failed(pass, &why);
	doc = json_read(buf_str(&keys), NULL, NULL);
	w = pass_ok(pass);
	json_array(&w);
	yyjson_arr_foreach(yyjson_doc_get_root(doc), i, n, key)
		json_put(&w, str_from(json_text(key), own.len));
	return pass_end(pass, &w);
}

int gate_repeat(struct gate *gate, enum gate_call_id id, struct str args, struct str result,
		struct err *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	yyjson_val *root;

	if ((id != GATE_storage_save && id != GATE_storage_delete) || !str_starts(result, STR("{\"ok\"")))
		return 0;
	doc = json_read(args, NULL, NULL);
	root = yyjson_doc_get_root(doc);
	if (id == GATE_storage_delete)
		return store_delete(gate->store, json_text(yyjson_arr_get(root, 0)), err);
	return store_save(gate->store, json_text(yyjson_arr_get(root, 0)),
			  json_text(yyjson_arr_get(root, 1)), err);
}
