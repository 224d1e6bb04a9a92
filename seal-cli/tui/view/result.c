#include "seal-cli/tui/view/result.h"

#include "base/json.h"
#include "seal-cli/tui/view/diff.h"

void result_fini(struct result *result)
{
	buf_fini(&result->words);
	buf_fini(&result->body);
}

static void count(struct result *result, size_t n, const char *one, const char *many)
{
	buf_addf(&result->words, "%zu %s", n, n == 1 ? one : many);
}

static void words(struct result *result, const char *text)
{
	buf_adds(&result->words, result->words.len ? " · " : "");
	buf_adds(&result->words, text);
}

/* -- the shapes, told by a field that no other has -- */

static void read_file(struct result *result, yyjson_val *val)
{
	result->kind = RESULT_QUIET;
	count(result, (size_t)json_int(val, "total-lines", 0), "line", "lines");
	buf_add(&result->body, json_str(val, "text"));
}

static void read_change(struct result *result, yyjson_val *val)
{
	struct str diff = json_str(val, "diff");

	result->kind = RESULT_DIFF;
	diff_count(diff, &result->words);
	buf_add(&result->body, diff);
}

static void read_command(struct result *result, yyjson_val *val)
{
	yyjson_val *exit_code = yyjson_obj_get(val, "exit-code"), *signal = yyjson_obj_get(val, "signal");
	struct str spilled = json_str(val, "spilled-to"), job = json_str(val, "job");
	yyjson_val *denials = yyjson_obj_get(val, "denials"), *one;
	cleanup_buf struct buf text = BUF_INIT;
	size_t i, n;

	result->kind = RESULT_OUTPUT;
	if (yyjson_is_int(exit_code) && yyjson_get_int(exit_code) != 0)
		buf_addf(&text, "exit %d", yyjson_get_int(exit_code));
	else if (yyjson_is_int(signal))
		buf_addf(&text, "signal %d", yyjson_get_int(signal));
	if (text.len)
		words(result, text.data);
	if (json_bool(val, "timed-out", false))
		words(result, "timed out");
	if (job.len)
		words(result, "in the background");
	buf_add(&result->body, json_str(val, "output"));
	yyjson_arr_foreach(denials, i, n, one) {
		buf_adds(&result->body, result->body.len && result->body.data[result->body.len - 1] != '\n' ? "\n" : "");
		buf_adds(&result->body, "refused by the sandbox: ");
		buf_add(&result->body, json_text(one));
	}
	if (spilled.len)
		buf_addf(&result->body, "\nthe whole output is in %.*s", STR_ARG(spilled));
}

static void read_listing(struct result *result, yyjson_val *val)
{
	yyjson_val *entries = yyjson_obj_get(val, "entries"), *one;
	size_t i, n;

	result->kind = RESULT_QUIET;
	count(result, yyjson_arr_size(entries), "entry", "entries");
	yyjson_arr_foreach(entries, i, n, one) {
		buf_add(&result->body, json_str(one, "path"));
		buf_adds(&result->body, str_is(json_str(one, "kind"), "directory") ? "/\n" : "\n");
	}
	if (json_bool(val, "truncated", false))
		words(result, "cut");
}

static void read_matches(struct result *result, yyjson_val *val)
{
	yyjson_val *lines = yyjson_obj_get(val, "lines"), *one;
	size_t i, n, found = 0;

	result->kind = RESULT_QUIET;
	yyjson_arr_foreach(lines, i, n, one) {
		found += !json_bool(one, "is-context", false);
		buf_addf(&result->body, "%.*s:%lld: %.*s\n", STR_ARG(json_str(one, "path")),
			 (long long)json_int(one, "line", 0), STR_ARG(json_str(one, "text")));
	}
	count(result, found, "match", "matches");
	if (json_bool(val, "truncated", false))
		words(result, "cut");
}

static void read_page(struct result *result, yyjson_val *val)
{
	result->kind = RESULT_QUIET;
	buf_addf(&result->words, "%lld · %.*s", (long long)json_int(val, "status", 0),
		 STR_ARG(json_str(val, "content-type")));
	buf_add(&result->body, json_str(val, "text"));
}

static const struct {
	const char *field;
	void (*read)(struct result *result, yyjson_val *val);
} shapes[] = {
	{ "total-lines", read_file }, { "diff", read_change },	 { "output", read_command },
	{ "entries", read_listing },  { "lines", read_matches }, { "status", read_page },
};

static void read_error(struct result *result, yyjson_val *val)
{
	yyjson_val *denied = yyjson_obj_get(val, "denied");
	struct str failed = json_str(val, "failed"), invalid = json_str(val, "invalid");

	result->kind = RESULT_ERROR;
	if (denied) {
		words(result, "denied");
		buf_add(&result->body, json_str(denied, "hint"));
	} else if (failed.len || invalid.len) {
		words(result, "failed");
		buf_add(&result->body, failed.len ? failed : invalid);
	} else if (yyjson_is_str(val) && !str_is(json_text(val), "cancelled")) {
		words(result, "failed");
		buf_add(&result->body, json_text(val));
	} else {
		words(result, "cancelled");
	}
}

static void read_value(struct result *result, yyjson_val *val)
{
	struct json w = json_to(&result->body);

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (yyjson_obj_get(val, shapes[i].field)) {
			shapes[i].read(result, val);
			return;
		}
	if (yyjson_is_str(val))
		buf_add(&result->body, json_text(val));
	else if (val && !yyjson_is_null(val))
		json_put_val(&w, val);
}

void result_read(struct result *result, struct str text)
{
	cleanup_json yyjson_doc *doc = NULL;
	yyjson_val *root, *failed;

	buf_clear(&result->words);
	buf_clear(&result->body);
	result->kind = RESULT_TEXT;
	if (diff_is(text)) {
		result->kind = RESULT_DIFF;
		diff_count(text, &result->words);
		buf_add(&result->body, text);
		return;
	}
	if (str_starts(text, STR("{")))
		doc = json_read(text, NULL, NULL);
	root = doc ? yyjson_doc_get_root(doc) : NULL;
	failed = yyjson_obj_get(root, "err");
	if (failed)
		read_error(result, failed);
	else if (root && yyjson_obj_get(root, "ok"))
		read_value(result, yyjson_obj_get(root, "ok"));
	else
		buf_add(&result->body, text);
}
