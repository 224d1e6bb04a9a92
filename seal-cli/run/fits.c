#include "seal-cli/run/fits.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"

/* Of schemas within schemas, and of values; $ref may go round in circles. */
#define DEPTH_MAX 64
#define STEPS_MAX 1000000

struct fit {
	yyjson_val *root; /* the schema, for $ref */
	struct buf path;  /* where in the value */
	struct buf *why;
	unsigned int steps;
};

static bool say(struct fit *fit, const char *text)
{
	if (fit->why->len == 0) {
		buf_add(fit->why, fit->path.len ? buf_str(&fit->path) : STR("the answer"));
		buf_addf(fit->why, ": %s", text);
	}
	return false;
}

static bool say_json(struct fit *fit, const char *text, yyjson_val *value)
{
	struct json w = json_to(fit->why);
	bool is_first = fit->why->len == 0;

	(void)say(fit, text);
	if (!is_first)
		return false;
	buf_addc(fit->why, ' ');
	json_put_val(&w, value);
	return false;
}

static bool check(struct fit *fit, yyjson_val *schema, yyjson_val *value, unsigned int depth);

/* Only within the schema: "#" and "#/a/b". */
static yyjson_val *resolve(const struct fit *fit, struct str ref)
{
	if (str_is(ref, "#"))
		return fit->root;
	return str_starts(ref, STR("#/")) ? yyjson_ptr_getn(fit->root, ref.data + 1, ref.len - 1)
	                                  : NULL;
}

static bool is_type(struct str type, yyjson_val *value)
{
	double number = yyjson_get_num(value);

	return (str_is(type, "object") && yyjson_is_obj(value)) ||
	       (str_is(type, "array") && yyjson_is_arr(value)) ||
	       (str_is(type, "string") && yyjson_is_str(value)) ||
	       (str_is(type, "number") && yyjson_is_num(value)) ||
	       (str_is(type, "integer") && yyjson_is_num(value) &&
	        (yyjson_is_int(value) ||
	         (number < 1e15 && number > -1e15 && number == (double)(int64_t)number))) ||
	       (str_is(type, "boolean") && yyjson_is_bool(value)) ||
	       (str_is(type, "null") && yyjson_is_null(value));
}

/* -- a keyword each -- */

static bool on_type(struct fit *fit, yyjson_val *rule, yyjson_val *value, unsigned int depth)
{
	yyjson_val *type;
	size_t i, n;
	bool fits_one = yyjson_is_str(rule) && is_type(json_text(rule), value);

	(void)depth;
	yyjson_arr_foreach (rule, i, n, type)
		fits_one |= is_type(json_text(type), value);
	return fits_one || say_json(fit, "must be of type", rule);
}

static bool on_enum(struct fit *fit, yyjson_val *rule, yyjson_val *value, unsigned int depth)
{
	yyjson_val *each;
	size_t i, n;

	(void)depth;
	yyjson_arr_foreach (rule, i, n, each)
		if (yyjson_equals(each, value))
			return true;
	return say_json(fit, "must be one of", rule);
}

static bool on_const(struct fit *fit, yyjson_val *rule, yyjson_val *value, unsigned int depth)
{
	(void)depth;
	return yyjson_equals(rule, value) || say_json(fit, "must be", rule);
}

static bool on_required(struct fit *fit, yyjson_val *rule, yyjson_val *value, unsigned int depth)
{
	yyjson_val *name;
	size_t i, n;

	(void)depth;
	if (!yyjson_is_obj(value))
		return true;
	yyjson_arr_foreach (rule, i, n, name)
		if (!yyjson_obj_getn(value, yyjson_get_str(name), yyjson_get_len(name)))
			return say_json(fit, "lacks the member", name);
	return true;
}

static bool check_member(struct fit *fit, yyjson_val *schema, yyjson_val *key, yyjson_val *value,
                         unsigned int depth)
{
	size_t len = fit->path.len;
	bool is_good;

	buf_addc(&fit->path, '/');
	buf_add(&fit->path, json_text(key));
	is_good = check(fit, schema, value, depth);
	fit->path.len = len;
	return is_good;
}

static bool on_properties(struct fit *fit, yyjson_val *rule, yyjson_val *value, unsigned int depth)
{
	yyjson_val *key, *schema;
	size_t i, n;

	yyjson_obj_foreach (rule, i, n, key, schema) {
		yyjson_val *member =
			yyjson_obj_getn(value, yyjson_get_str(key), yyjson_get_len(key));

		if (member && !check_member(fit, schema, key, member, depth))
			return false;
	}
	return true;
}

/* `rule` is the whole schema here: what is additional depends on its properties. */
static bool on_additional(struct fit *fit, yyjson_val *schema, yyjson_val *value,
                          unsigned int depth)
{
	yyjson_val *rule = yyjson_obj_get(schema, "additionalProperties");
	yyjson_val *properties = yyjson_obj_get(schema, "properties");
	yyjson_val *key, *member;
	size_t i, n;

	yyjson_obj_foreach (value, i, n, key, member) {
		if (yyjson_obj_getn(properties, yyjson_get_str(key), yyjson_get_len(key)))
			continue;
		if (!check_member(fit, rule, key, member, depth))
			return false;
	}
	return true;
}

static bool on_items(struct fit *fit, yyjson_val *rule, yyjson_val *value, unsigned int depth)
{
	yyjson_val *item;
	size_t i, n;

	if (!yyjson_is_arr(value))
		return true;
	yyjson_arr_foreach (value, i, n, item) {
		size_t len = fit->path.len;
		bool is_good;

		buf_addc(&fit->path, '/');
		buf_addu(&fit->path, i);
		is_good = check(fit, rule, item, depth);
		fit->path.len = len;
		if (!is_good)
			return false;
	}
	return true;
}

/* How many of the schemas fit; what they say is not said. */
static size_t count_fitting(struct fit *fit, yyjson_val *schemas, yyjson_val *value,
                            unsigned int depth)
{
	size_t i, n, fitting = 0;
	yyjson_val *schema;

	yyjson_arr_foreach (schemas, i, n, schema) {
		cleanup_buf struct buf why = BUF_INIT;
		struct buf *outer = fit->why;

		fit->why = &why;
		fitting += check(fit, schema, value, depth);
		fit->why = outer;
	}
	return fitting;
}

static bool on_any(struct fit *fit, yyjson_val *rule, yyjson_val *value, unsigned int depth)
{
	return count_fitting(fit, rule, value, depth) > 0 || say(fit, "fits none of anyOf");
}

static bool on_one(struct fit *fit, yyjson_val *rule, yyjson_val *value, unsigned int depth)
{
	return count_fitting(fit, rule, value, depth) == 1 ||
	       say(fit, "must fit exactly one of oneOf");
}

static bool on_all(struct fit *fit, yyjson_val *rule, yyjson_val *value, unsigned int depth)
{
	yyjson_val *schema;
	size_t i, n;

	yyjson_arr_foreach (rule, i, n, schema)
		if (!check(fit, schema, value, depth))
			return false;
	return true;
}

static bool on_ref(struct fit *fit, yyjson_val *rule, yyjson_val *value, unsigned int depth)
{
	return check(fit, resolve(fit, json_text(rule)), value, depth);
}

static bool on_minimum(struct fit *fit, yyjson_val *rule, yyjson_val *value, unsigned int depth)
{
	(void)depth;
	return !yyjson_is_num(value) || yyjson_get_num(value) >= yyjson_get_num(rule) ||
	       say_json(fit, "must be at least", rule);
}

static bool on_maximum(struct fit *fit, yyjson_val *rule, yyjson_val *value, unsigned int depth)
{
	(void)depth;
	return !yyjson_is_num(value) || yyjson_get_num(value) <= yyjson_get_num(rule) ||
	       say_json(fit, "must be at most", rule);
}

/* Characters of a string, items of an array. */
static bool measure(yyjson_val *value, bool of_string, double *ret_size)
{
	size_t n = 0;

	if (of_string != yyjson_is_str(value) || (!of_string && !yyjson_is_arr(value)))
		return false;
	for (size_t i = 0; of_string && i < yyjson_get_len(value); i++)
		n += ((unsigned char)yyjson_get_str(value)[i] & 0xc0) != 0x80;
	*ret_size = (double)(of_string ? n : yyjson_arr_size(value));
	return true;
}

static bool on_min_length(struct fit *fit, yyjson_val *rule, yyjson_val *value, unsigned int depth)
{
	double size;

	(void)depth;
	return !measure(value, true, &size) || size >= yyjson_get_num(rule) ||
	       say_json(fit, "is shorter than", rule);
}

static bool on_max_length(struct fit *fit, yyjson_val *rule, yyjson_val *value, unsigned int depth)
{
	double size;

	(void)depth;
	return !measure(value, true, &size) || size <= yyjson_get_num(rule) ||
	       say_json(fit, "is longer than", rule);
}

static bool on_min_items(struct fit *fit, yyjson_val *rule, yyjson_val *value, unsigned int depth)
{
	double size;

	(void)depth;
	return !measure(value, false, &size) || size >= yyjson_get_num(rule) ||
	       say_json(fit, "has fewer items than", rule);
}

static bool on_max_items(struct fit *fit, yyjson_val *rule, yyjson_val *value, unsigned int depth)
{
	double size;

	(void)depth;
	return !measure(value, false, &size) || size <= yyjson_get_num(rule) ||
	       say_json(fit, "has more items than", rule);
}

/* What a keyword's value must be in the schema itself, and what is below it. */
enum form {
	FORM_ANY,
	FORM_SCHEMA,
	FORM_SCHEMAS,
	FORM_MEMBERS,
	FORM_ARRAY,
	FORM_NUMBER,
	FORM_TYPE,
	FORM_REF
};

static const struct keyword {
	const char *name;
	enum form form;
	bool (*check)(struct fit *fit, yyjson_val *rule, yyjson_val *value, unsigned int depth);
} keywords[] = {
	{ "type", FORM_TYPE, on_type },
	{ "enum", FORM_ARRAY, on_enum },
	{ "const", FORM_ANY, on_const },
	{ "properties", FORM_MEMBERS, on_properties },
	{ "required", FORM_ARRAY, on_required },
	{ "additionalProperties", FORM_SCHEMA, NULL },
	{ "items", FORM_SCHEMA, on_items },
	{ "anyOf", FORM_SCHEMAS, on_any },
	{ "oneOf", FORM_SCHEMAS, on_one },
	{ "allOf", FORM_SCHEMAS, on_all },
	{ "$ref", FORM_REF, on_ref },
	{ "minimum", FORM_NUMBER, on_minimum },
	{ "maximum", FORM_NUMBER, on_maximum },
	{ "minLength", FORM_NUMBER, on_min_length },
	{ "maxLength", FORM_NUMBER, on_max_length },
	{ "minItems", FORM_NUMBER, on_min_items },
	{ "maxItems", FORM_NUMBER, on_max_items },
	{ "$defs", FORM_MEMBERS, NULL },
	{ "definitions", FORM_MEMBERS, NULL },
	/* Words for people. */
	{ "$schema", FORM_ANY, NULL },
	{ "$id", FORM_ANY, NULL },
	{ "$comment", FORM_ANY, NULL },
	{ "title", FORM_ANY, NULL },
	{ "description", FORM_ANY, NULL },
	{ "default", FORM_ANY, NULL },
	{ "examples", FORM_ANY, NULL },
	{ "format", FORM_ANY, NULL },
};

#define N_KEYWORDS (sizeof(keywords) / sizeof(keywords[0]))

static bool check(struct fit *fit, yyjson_val *schema, yyjson_val *value, unsigned int depth)
{
	if (depth > DEPTH_MAX || ++fit->steps > STEPS_MAX)
		return say(fit, "is nested too deeply for the schema");
	if (yyjson_is_bool(schema))
		return yyjson_get_bool(schema) || say(fit, "must not be there");
	for (size_t i = 0; i < N_KEYWORDS; i++) {
		yyjson_val *rule = yyjson_obj_get(schema, keywords[i].name);

		if (rule && keywords[i].check && !keywords[i].check(fit, rule, value, depth + 1))
			return false;
	}
	return !yyjson_obj_get(schema, "additionalProperties") || !yyjson_is_obj(value) ||
	       on_additional(fit, schema, value, depth + 1);
}

bool fits(yyjson_val *schema, yyjson_val *value, struct buf *ret_why)
{
	struct fit fit = { .root = schema, .path = BUF_INIT, .why = ret_why };
	bool is_good = check(&fit, schema, value, 0);

	buf_fini(&fit.path);
	return is_good;
}

/* -- the schema itself -- */

static int check_schema(const struct fit *fit, yyjson_val *schema, unsigned int depth,
                        struct err *err);

static const struct keyword *find(struct str name)
{
	for (size_t i = 0; i < N_KEYWORDS; i++)
		if (str_is(name, keywords[i].name))
			return &keywords[i];
	return NULL;
}

static bool has_form(const struct fit *fit, enum form form, yyjson_val *rule)
{
	switch (form) {
	case FORM_ANY:
	case FORM_SCHEMA: return true;
	case FORM_SCHEMAS:
	case FORM_ARRAY: return yyjson_is_arr(rule);
	case FORM_MEMBERS: return yyjson_is_obj(rule);
	case FORM_NUMBER: return yyjson_is_num(rule);
	case FORM_TYPE: return yyjson_is_str(rule) || yyjson_is_arr(rule);
	case FORM_REF: return yyjson_is_str(rule) && resolve(fit, json_text(rule));
	}
	return false;
}

static int check_below(const struct fit *fit, enum form form, yyjson_val *rule, unsigned int depth,
                       struct err *err)
{
	yyjson_val *key, *schema;
	size_t i, n;

	if (form == FORM_SCHEMA)
		return check_schema(fit, rule, depth, err);
	if (form == FORM_SCHEMAS)
		yyjson_arr_foreach (rule, i, n, schema)
			if (check_schema(fit, schema, depth, err) < 0)
				return err->code;
	if (form == FORM_MEMBERS)
		yyjson_obj_foreach (rule, i, n, key, schema)
			if (check_schema(fit, schema, depth, err) < 0)
				return err->code;
	return 0;
}

static int check_schema(const struct fit *fit, yyjson_val *schema, unsigned int depth,
                        struct err *err)
{
	yyjson_val *key, *rule;
	size_t i, n;

	if (yyjson_is_bool(schema))
		return 0;
	if (!yyjson_is_obj(schema) || depth > DEPTH_MAX)
		return err_set(err, ERR_INPUT,
		               "a schema must be an object, true or false, and not too deep");
	yyjson_obj_foreach (schema, i, n, key, rule) {
		const struct keyword *keyword = find(json_text(key));

		if (!keyword)
			return err_set(err, ERR_INPUT,
			               "the keyword \"%.64s\" cannot be checked here; leave it "
			               "away, or say "
			               "it in `description`",
			               yyjson_get_str(key));
		if (!has_form(fit, keyword->form, rule))
			return err_set(err, ERR_INPUT, "the value of \"%s\" has a wrong form",
			               keyword->name);
		if (check_below(fit, keyword->form, rule, depth + 1, err) < 0)
			return err->code;
	}
	return 0;
}

int fits_check_schema(yyjson_val *schema, struct err *err)
{
	struct fit fit = { .root = schema };

	return check_schema(&fit, schema, 0, err);
}
