#include "llm/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "llm/replay/replay.h"

#define STATE_NAME     "llm.json"
#define STATE_SIZE_MAX ((size_t)4096)

static uint64_t count(yyjson_val *object, const char *key)
{
	return (uint64_t)json_int(object, key, 0);
}

int state_load(struct llm *llm, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	cleanup_json yyjson_doc *doc = NULL;
	yyjson_val *root;
	int r;

	if (llm->dir < 0)
		return 0;
	r = fd_read_file(llm->dir, STATE_NAME, STATE_SIZE_MAX, &text, err);
	if (r == ERR_SYS && err->sys == ENOENT)
		return 0;
	if (r < 0)
		return r;
	doc = json_read(buf_str(&text), NULL, NULL);
	root = yyjson_doc_get_root(doc);
	if (!yyjson_is_obj(root))
		return err_set(
		    err, ERR_INPUT,
		    "%s in the session's folder cannot be read: what the session spent is not "
		    "known any more; start a new session",
		    STATE_NAME);
	llm->spent = (struct reply_usage){count(root, "input"), count(root, "output"),
					  count(root, "cache-read"), count(root, "cache-write")};
	llm->cost = yyjson_get_num(yyjson_obj_get(root, "cost"));
	llm->last_reply = json_int(root, "last-reply", 0);
	if (llm->replay)
		replay_skip(llm->replay, count(root, "replayed"));
	return 0;
}

/* The log's folder is this one: it is synced at the end of the turn. */
int state_save(const struct llm *llm, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct json w = json_to(&text);
	cleanup_buf struct buf cost = BUF_INIT;
	int r;

	if (llm->dir < 0)
		return 0;
	json_object(&w);
	json_kv_int(&w, "input", (int64_t)llm->spent.input);
	json_kv_int(&w, "output", (int64_t)llm->spent.output);
	json_kv_int(&w, "cache-read", (int64_t)llm->spent.cache_read);
	json_kv_int(&w, "cache-write", (int64_t)llm->spent.cache_write);
	buf_addf(&cost, "%.9f", llm->cost);
	json_kv_raw(&w, "cost", buf_str(&cost));
	json_kv_int(&w, "last-reply", llm->last_reply);
	if (llm->replay)
		json_kv_int(&w, "replayed", (int64_t)replay_given(llm->replay));
	json_end(&w);
	r = buf_check(&text, STATE_NAME, err);
	if (r == 0)
		r = fd_replace_soon(llm->dir, STATE_NAME, buf_str(&text), 0600, err);
	return r < 0 ? err_wrap(err, "keep what the model call cost") : 0;
}
