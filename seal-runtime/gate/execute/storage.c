#include "base/err.h"
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
	struct err why;

	if (store_save(pass->gate->store, pass_text(pass, 0), pass_text(pass, 1), &why) < 0)
		return failed(pass, &why);
	return pass_ok_null(pass);
}

int execute_storage_load(struct pass *pass)
{
	cleanup_buf struct buf value = BUF_INIT;
	struct json w;
	struct err why;
	bool found;

	if (store_load(pass->gate->store, pass_text(pass, 0), &found, &value, &why) < 0)
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
	struct err why;

	if (store_delete(pass->gate->store, pass_text(pass, 0), &why) < 0)
		return failed(pass, &why);
	return pass_ok_null(pass);
}

int execute_storage_list_keys(struct pass *pass)
{
	cleanup_buf struct buf keys = BUF_INIT;
	struct json w;
	struct err why;

	if (store_list(pass->gate->store, pass_text(pass, 0), &keys, &why) < 0)
		return failed(pass, &why);
	w = pass_ok(pass);
	json_put_raw(&w, buf_str(&keys));
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
