/* The file tools: build the grant, call one executor, shape the reply. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "gate/mask/mask.h"
#include "gate/pass.h"
#include "manifest/manifest.h"

#define BYTES_A_TOKEN 4
#define EDITS_MAX     1000
#define SECRETS_MAX   (256u << 10) /* bytes of a file that are looked at for them */

static uint32_t number(yyjson_val *object, const char *key)
{
	int64_t n = json_int(object, key, 0);

	return n < 0 ? 0 : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

/* The smaller of the two limits; tokens are guessed from bytes. */
static size_t read_limit(const struct manifest_limits *limits)
{
	int64_t tokens = limits->file_read_max_tokens;

	if (tokens > 0 && tokens < limits->file_read_max_bytes / BYTES_A_TOKEN)
		return (size_t)tokens * BYTES_A_TOKEN;
	return (size_t)limits->file_read_max_bytes;
}

void pass_learn_secrets(struct pass *pass)
{
	struct grant_file grant = pass_grant(pass);
	struct fs_content content = { 0 };
	struct err ignored;

	if (fs_read(&grant, 0, 0, SECRETS_MAX, &content, &ignored) < 0)
		return;
	mask_add_file(pass->gate->mask, pass_display(pass->gate, pass->pin.path), buf_str(&content.text));
	explicit_bzero(content.text.data, content.text.len);
	buf_fini(&content.text);
}

int execute_tools_file_read(struct pass *pass)
{
	yyjson_val *options = pass_arg(pass, 1);
	struct grant_file grant = pass_grant(pass);
	struct fs_content content = { 0 };
	struct json w;
	struct err why;
	int r;

	r = fs_read(&grant, number(options, "offset"), number(options, "limit"),
		    read_limit(&pass->gate->manifest->limits), &content, &why);
	if (r < 0)
		return pass_error_of(pass, &why);
	seen_note(pass->gate, pass->pin.path, content.digest);
	w = pass_ok(pass);
	json_object(&w);
	/* Of other bytes no word is of use to the agent. */
	json_kv(&w, "text", content.base64 && strncmp(content.encoding, "image/", 6) != 0 ?
				    STR("") : buf_str(&content.text));
	json_kv_int(&w, "total-lines", content.total_lines);
	json_kv_int(&w, "first-line", content.first_line);
	json_kv(&w, "encoding", str_of(content.encoding));
	json_kv_bool(&w, "base64", content.base64);
	buf_fini(&content.text);
	return pass_end(pass, &w);
}

/* May what stands in the file be shown to the guest, in a diff or an error?
 * A right to write is none to read. */
static bool may_show(const struct pass *pass)
{
	uint64_t digest;
	bool by_rule;

	return pass->pin.object < 0 || seen_find(pass->gate, pass->pin.path, &digest) ||
	       pass_may_read(pass->gate, pass->pin.path, false, &by_rule) == CAPS_ALLOW;
}

static int done_writing(struct pass *pass, struct fs_written *written, bool show_diff)
{
	struct json w = pass_ok(pass);

	pass->durable = true;
	seen_note(pass->gate, pass->pin.path, written->digest);
	json_object(&w);
	json_kv_bool(&w, "created", written->created);
	json_kv_int(&w, "bytes", (int64_t)written->bytes);
	json_kv(&w, "diff", show_diff ? buf_str(&written->diff) : STR(""));
	buf_fini(&pass->diff);
	pass->diff = written->diff;
	written->diff = BUF_INIT;
	return pass_end(pass, &w);
}

int execute_tools_file_write(struct pass *pass)
{
	struct grant_file grant = pass_grant(pass);
	bool show_diff = may_show(pass);
	struct fs_written written = { 0 };
	struct err why;

	if (fs_write(&grant, pass_text(pass, 1), &written, &why) < 0)
		return pass_error_of(pass, &why);
	return done_writing(pass, &written, show_diff);
}

/* The edits of a call as the executor takes them; to be freed. */
static struct fs_edit *read_edits(const struct pass *pass, size_t *ret_n)
{
	yyjson_val *list = pass_arg(pass, 1), *item;
	size_t n = yyjson_arr_size(list), i, max;
	struct fs_edit *edits = n > EDITS_MAX ? NULL : calloc(n + 1, sizeof(*edits));

	*ret_n = n;
	yyjson_arr_foreach(list, i, max, item)
		if (edits)
			edits[i] = (struct fs_edit){ json_str(item, "old"), json_str(item, "new"),
						     json_bool(item, "replace-all", false) };
	return edits;
}

/* What a failed edit may say of a file that the guest may not read. */
static int edit_failed(struct pass *pass, struct err *why)
{
	if (why->code != ERR_INPUT || may_show(pass))
		return pass_error_of(pass, why);
	return pass_error(pass, PASS_INVALID,
			  "the edits do not fit the file exactly once; it may not be read, so no more is "
			  "said");
}

int execute_tools_file_edit(struct pass *pass)
{
	struct grant_file grant = pass_grant(pass);
	struct fs_written written = { 0 };
	bool show_diff = may_show(pass);
	size_t n;
	cleanup_free struct fs_edit *edits = read_edits(pass, &n);
	struct err why;

	if (!edits)
		return pass_error(pass, PASS_INVALID, "more than %d edits in one call", EDITS_MAX);
	if (fs_edit(&grant, edits, n, &written, &why) < 0)
		return edit_failed(pass, &why);
	return done_writing(pass, &written, show_diff);
}

int execute_tools_file_delete(struct pass *pass)
{
	struct grant_file grant = pass_grant(pass);
	struct err why;

	if (fs_delete(&grant, &why) < 0)
		return pass_error_of(pass, &why);
	pass->durable = true;
	seen_forget(pass->gate, pass->pin.path);
	return pass_ok_null(pass);
}

/* 1: the file is not what the agent saw last, and that is the answer. */
static int check_stale(struct pass *pass)
{
	struct grant_file grant = pass_grant(pass);
	uint64_t seen, now;
	struct err why;

	if (pass->pin.object < 0 || !pass->pin.is_regular ||
	    !seen_find(pass->gate, pass->pin.path, &seen))
		return 0;
	if (fs_digest(&grant, &now, &why) < 0 || now == seen)
		return 0;	/* the executor says what is wrong with it */
	return pass_error(pass, PASS_FAILED,
			  "%s changed since you read it (a person or a command wrote to it); read it again "
			  "before you change it", pass_display(pass->gate, pass->pin.path)) < 0 ? -1 : 1;
}

static int preview_edit(struct pass *pass, const struct grant_file *grant)
{
	size_t n;
	cleanup_free struct fs_edit *edits = read_edits(pass, &n);
	struct err why;

	if (!edits || fs_edit_preview(grant, edits, n, &pass->diff, &why) == 0)
		return 0;
	return edit_failed(pass, &why) < 0 ? -1 : 1;
}

int pass_preview(struct pass *pass)
{
	struct grant_file grant = pass_grant(pass);
	struct err why;
	int r;

	if (pass->id != GATE_tools_file_write && pass->id != GATE_tools_file_edit)
		return 0;
	r = check_stale(pass);
	if (r != 0 || pass->answer.verdict != CAPS_ASK)
		return r;
	if (pass->id == GATE_tools_file_edit)
		return preview_edit(pass, &grant);
	/* Without a diff the prompt still shows the whole call. */
	if (fs_write_preview(&grant, pass_text(pass, 1), &pass->diff, &why) < 0)
		buf_clear(&pass->diff);
	return 0;
}
