/* tools.def's parameters: their schema for the model, their check for us. */
#include <limits.h>

#include "base/buf.h"
#include "base/json.h"
#include "seal-agent/tools.h"

#define PORT_MAX 65535

static const struct kind {
	const char *schema;	/* members of the schema beside the description */
	const char *words;	/* "<field> must be <words>" */
} kinds[] = {
	[ARG_TEXT] = { "\"type\":\"string\"", "a string" },
	[ARG_COUNT] = { "\"type\":\"integer\",\"minimum\":1", "an integer of at least 1" },
	[ARG_NUMBER] = { "\"type\":\"integer\",\"minimum\":0", "an integer of at least 0" },
	[ARG_BOOL] = { "\"type\":\"boolean\"", "true or false" },
	[ARG_TEXTS] = { "\"type\":\"array\",\"items\":{\"type\":\"string\"}", "a list of strings" },
	[ARG_PORTS] = { "\"type\":\"array\",\"items\":{\"type\":\"integer\",\"minimum\":1,"
			"\"maximum\":65535}", "a list of port numbers from 1 to 65535" },
	[ARG_CHOICE] = { "\"type\":\"string\"", "one of " },
	[ARG_OBJECTS] = { "\"type\":\"array\"", "a list of objects" },
};

static void arg_schema(const struct arg *arg, struct json *w)
{
	struct str words = str_of(arg->words), word;

	json_key(w, arg->name);
	json_object(w);
	json_key(w, "description");
	json_put(w, str_of(arg->sentence));
	buf_addc(w->buf, ',');
	buf_adds(w->buf, kinds[arg->kind].schema);
	if (arg->kind == ARG_CHOICE) {
		json_key(w, "enum");
		json_array(w);
		while (str_split(&words, '|', &word))
			json_put(w, word);
		json_end(w);
	}
	if (arg->kind == ARG_OBJECTS) {
		json_key(w, "items");
		args_schema(arg->fields, w);
	}
	json_end(w);
}

void args_schema(const struct arg *args, struct json *w)
{
	json_object(w);
	json_kv(w, "type", STR("object"));
	json_key(w, "properties");
	json_object(w);
	for (const struct arg *arg = args; arg->name; arg++)
		arg_schema(arg, w);
	json_end(w);
	json_key(w, "required");
	json_array(w);
	for (const struct arg *arg = args; arg->name; arg++) {
		if (arg->need == ARG_REQUIRED)
			json_put(w, str_of(arg->name));
	}
	json_end(w);
	json_kv_bool(w, "additionalProperties", false);
	json_end(w);
}

static bool is_integer(yyjson_val *val, uint64_t min, uint64_t max)
{
	return yyjson_is_uint(val) && yyjson_get_uint(val) >= min && yyjson_get_uint(val) <= max;
}

static bool is_word(struct str words, yyjson_val *val)
{
	struct str word;

	while (str_split(&words, '|', &word)) {
		if (yyjson_is_str(val) && str_eq(word, json_text(val)))
			return true;
	}
	return false;
}

static bool item_fits(enum arg_kind kind, yyjson_val *item)
{
	switch (kind) {
	case ARG_TEXTS:
		return yyjson_is_str(item);
	case ARG_PORTS:
		return is_integer(item, 1, PORT_MAX);
	default:
		return yyjson_is_obj(item);
	}
}

static bool list_fits(enum arg_kind kind, yyjson_val *val)
{
	yyjson_val *item;
	size_t i, n;

	if (!yyjson_is_arr(val))
		return false;
	yyjson_arr_foreach(val, i, n, item) {
		if (!item_fits(kind, item))
			return false;
	}
	return true;
}

static bool kind_fits(const struct arg *arg, yyjson_val *val)
{
	switch (arg->kind) {
	case ARG_TEXT:
		return yyjson_is_str(val);
	case ARG_COUNT:
		return is_integer(val, 1, UINT32_MAX);
	case ARG_NUMBER:
		return is_integer(val, 0, UINT32_MAX);
	case ARG_BOOL:
		return yyjson_is_bool(val);
	case ARG_CHOICE:
		return is_word(str_of(arg->words), val);
	default:
		return list_fits(arg->kind, val);
	}
}

static void add_quoted(struct buf *out, struct str text)
{
	buf_addc(out, '"');
	buf_add(out, text);
	buf_addc(out, '"');
}

static const char *what_it_is(yyjson_val *val)
{
	switch (yyjson_get_type(val)) {
	case YYJSON_TYPE_NUM:
		return "this number";
	case YYJSON_TYPE_BOOL:
		return yyjson_is_true(val) ? "true" : "false";
	case YYJSON_TYPE_STR:
		return "this string";
	case YYJSON_TYPE_ARR:
		return "this list";
	default:
		return "an object";
	}
}

static void explain_kind(const struct arg *arg, yyjson_val *val, struct buf *why)
{
	struct str words = str_of(arg->words), word;
	bool is_first = true;

	add_quoted(why, str_of(arg->name));
	buf_adds(why, " must be ");
	buf_adds(why, kinds[arg->kind].words);
	while (arg->kind == ARG_CHOICE && str_split(&words, '|', &word)) {
		buf_adds(why, is_first ? "" : ", ");
		add_quoted(why, word);
		is_first = false;
	}
	buf_adds(why, ", not ");
	if (yyjson_is_uint(val))
		buf_addu(why, yyjson_get_uint(val));
	else
		buf_adds(why, what_it_is(val));
}

static const struct arg *find_arg(const struct arg *args, struct str name)
{
	for (; args->name; args++) {
		if (str_is(name, args->name))
			return args;
	}
	return NULL;
}

static bool knows_all(const struct arg *args, yyjson_val *object, struct buf *why)
{
	yyjson_val *key, *val;
	size_t i, n;

	yyjson_obj_foreach(object, i, n, key, val) {
		if (find_arg(args, json_text(key)))
			continue;
		buf_adds(why, "there is no field ");
		add_quoted(why, json_text(key));
		buf_adds(why, args->name ? "; the fields are " : "; there are no fields");
		for (const struct arg *arg = args; arg->name; arg++) {
			buf_adds(why, arg == args ? "" : ", ");
			add_quoted(why, str_of(arg->name));
		}
		return false;
	}
	return true;
}

static bool fields_fit(const struct arg *arg, yyjson_val *list, struct buf *why)
{
	yyjson_val *item;
	size_t i, n;

	yyjson_arr_foreach(list, i, n, item) {
		if (args_check(arg->fields, item, why))
			continue;
		buf_adds(why, " (in item ");
		buf_addu(why, i + 1);
		buf_adds(why, " of ");
		add_quoted(why, str_of(arg->name));
		buf_addc(why, ')');
		return false;
	}
	return true;
}

bool args_check(const struct arg *args, yyjson_val *object, struct buf *ret_why)
{
	if (!knows_all(args, object, ret_why))
		return false;
	for (const struct arg *arg = args; arg->name; arg++) {
		yyjson_val *val = yyjson_obj_get(object, arg->name);

		/* Many models write null for what they leave out. */
		if (!val || yyjson_is_null(val)) {
			if (arg->need == ARG_OPTIONAL)
				continue;
			add_quoted(ret_why, str_of(arg->name));
			buf_adds(ret_why, " is missing; it must be ");
			buf_adds(ret_why, kinds[arg->kind].words);
			return false;
		}
		if (!kind_fits(arg, val)) {
			explain_kind(arg, val, ret_why);
			return false;
		}
		if (arg->kind == ARG_OBJECTS && !fields_fit(arg, val, ret_why))
			return false;
	}
	return true;
}

struct str args_text(const struct call *call, const char *name)
{
	struct str text = json_str(call->args, name);

	return text.data ? text : (struct str){ "", 0 };
}

bool args_bool(const struct call *call, const char *name)
{
	return json_bool(call->args, name, false);
}

agent_option_u32_t args_count(const struct call *call, const char *name)
{
	yyjson_val *val = yyjson_obj_get(call->args, name);

	return (agent_option_u32_t){ yyjson_is_uint(val), (uint32_t)yyjson_get_uint(val) };
}

agent_option_string_t args_option(const struct call *call, const char *name)
{
	struct str text = json_str(call->args, name);

	return (agent_option_string_t){ text.data && text.len, wit_borrow(text) };
}
