#include "host/type.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

/* The contract's deepest type has 8 levels. */
#define TYPE_DEPTH_MAX   32
#define TYPE_MEMBERS_MAX 256

/* How the members of a kind are written: brackets, and what each one is. */
enum member_form {
	FORM_NONE,
	FORM_TYPES,  /* <type,_>          */
	FORM_FIELDS, /* {name:type}       */
	FORM_CASES,  /* {name(type),name} */
	FORM_NAMES,  /* {name}            */
};

static const struct form {
	const char *name;
	enum member_form members;
	char open, close;
	size_t n_members; /* 0: any number */
} forms[] = {
    [TYPE_BOOL] = {"bool", FORM_NONE, 0, 0, 0},
    [TYPE_S8] = {"s8", FORM_NONE, 0, 0, 0},
    [TYPE_S16] = {"s16", FORM_NONE, 0, 0, 0},
    [TYPE_S32] = {"s32", FORM_NONE, 0, 0, 0},
    [TYPE_S64] = {"s64", FORM_NONE, 0, 0, 0},
    [TYPE_U8] = {"u8", FORM_NONE, 0, 0, 0},
    [TYPE_U16] = {"u16", FORM_NONE, 0, 0, 0},
    [TYPE_U32] = {"u32", FORM_NONE, 0, 0, 0},
    [TYPE_U64] = {"u64", FORM_NONE, 0, 0, 0},
    [TYPE_STRING] = {"string", FORM_NONE, 0, 0, 0},
    [TYPE_LIST] = {"list", FORM_TYPES, '<', '>', 1},
    [TYPE_OPTION] = {"option", FORM_TYPES, '<', '>', 1},
    [TYPE_RESULT] = {"result", FORM_TYPES, '<', '>', 2},
    [TYPE_TUPLE] = {"tuple", FORM_TYPES, '<', '>', 0},
    [TYPE_RECORD] = {"record", FORM_FIELDS, '{', '}', 0},
    [TYPE_VARIANT] = {"variant", FORM_CASES, '{', '}', 0},
    [TYPE_ENUM] = {"enum", FORM_NAMES, '{', '}', 0},
    [TYPE_FLAGS] = {"flags", FORM_NAMES, '{', '}', 0},
    [TYPE_FUNC] = {"func", FORM_FIELDS, '(', ')', 0},
};

struct scan {
	struct str text;
	size_t at;
	unsigned int depth;
	struct err *err;
};

static int scan_type(struct scan *scan, struct type **ret_type);

static int refuse(struct scan *scan, const char *want)
{
	return err_set(scan->err, ERR_INPUT, "type text, byte %zu: want %s", scan->at, want);
}

static bool take(struct scan *scan, char c)
{
	if (scan->at >= scan->text.len || scan->text.data[scan->at] != c)
		return false;
	scan->at++;
	return true;
}

static struct str take_word(struct scan *scan)
{
	size_t start = scan->at;

	for (; scan->at < scan->text.len; scan->at++) {
		char c = scan->text.data[scan->at];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' &&
		    !(c >= 'A' && c <= 'Z'))
			break;
	}
	return (struct str){scan->text.data + start, scan->at - start};
}

static int set_name(struct scan *scan, struct str name, struct type_member *member)
{
	member->name = str_dup(name);
	if (!member->name)
		return err_nomem(scan->err);
	member->name_len = name.len;
	return 0;
}

static int scan_name(struct scan *scan, struct type_member *member)
{
	struct str word = take_word(scan);

	if (word.len == 0)
		return refuse(scan, "a name");
	return set_name(scan, word, member);
}

static int scan_member(struct scan *scan, enum member_form form, struct type_member *member)
{
	int r;

	if (form == FORM_TYPES)
		return take(scan, '_') ? 0 : scan_type(scan, &member->type);
	r = scan_name(scan, member);
	if (r < 0)
		return r;
	if (form == FORM_FIELDS)
		return take(scan, ':') ? scan_type(scan, &member->type) : refuse(scan, "':'");
	if (form == FORM_NAMES || !take(scan, '('))
		return 0;
	r = scan_type(scan, &member->type);
	if (r < 0)
		return r;
	return take(scan, ')') ? 0 : refuse(scan, "')'");
}

static int add_member(struct scan *scan, struct type *type)
{
	static const char *const result_names[] = {"ok", "err"};
	struct type_member *more, *last;

	if (type->n_members == TYPE_MEMBERS_MAX)
		return refuse(scan, "fewer members");
	more = reallocarray(type->members, type->n_members + 1, sizeof(*more));
	if (!more)
		return err_nomem(scan->err);
	type->members = more;
	last = &more[type->n_members];
	*last = (struct type_member){0};
	if (type->kind == TYPE_RESULT && type->n_members < 2 &&
	    set_name(scan, str_of(result_names[type->n_members]), last) < 0)
		return scan->err->code;
	type->n_members++;
	return scan_member(scan, forms[type->kind].members, last);
}

static int scan_members(struct scan *scan, struct type *type)
{
	const struct form *form = &forms[type->kind];
	int r;

	if (!take(scan, form->open))
		return refuse(scan, "an opening bracket");
	while (!take(scan, form->close)) {
		if (type->n_members > 0 && !take(scan, ','))
			return refuse(scan, "',' or a closing bracket");
		r = add_member(scan, type);
		if (r < 0)
			return r;
	}
	if (form->n_members && type->n_members != form->n_members)
		return refuse(scan, "another number of members");
	return 0;
}

/* JSON says null for "none": what may itself be null would be ambiguous. */
static bool is_ambiguous(const struct type *type)
{
	return type->kind == TYPE_OPTION &&
	       (!type->members[0].type || type->members[0].type->kind == TYPE_OPTION);
}

static int scan_rest(struct scan *scan, struct type *type)
{
	int r;

	if (forms[type->kind].members != FORM_NONE) {
		r = scan_members(scan, type);
		if (r < 0)
			return r;
	}
	if (is_ambiguous(type))
		return refuse(scan, "no option of an option");
	if (type->kind == TYPE_FUNC && take(scan, '-'))
		return take(scan, '>') ? scan_type(scan, &type->result) : refuse(scan, "'>'");
	return 0;
}

static int scan_type(struct scan *scan, struct type **ret_type)
{
	cleanup_with(type_free) struct type *type = calloc(1, sizeof(*type));
	struct str word = take_word(scan);
	size_t kind = 0;
	int r;

	if (!type)
		return err_nomem(scan->err);
	while (kind < sizeof(forms) / sizeof(forms[0]) && !str_is(word, forms[kind].name))
		kind++;
	if (kind == sizeof(forms) / sizeof(forms[0]) || (kind == TYPE_FUNC && scan->depth))
		return refuse(scan, "a type that JSON can carry");
	if (scan->depth == TYPE_DEPTH_MAX)
		return refuse(scan, "fewer levels");
	type->kind = (enum type_kind)kind;
	scan->depth++;
	r = scan_rest(scan, type);
	scan->depth--;
	if (r < 0)
		return r;
	*ret_type = take_ptr(type);
	return 0;
}

int type_parse(struct str text, struct type **ret_type, struct err *err)
{
	struct scan scan = {.text = text, .err = err};
	cleanup_with(type_free) struct type *type = NULL;
	int r;

	r = scan_type(&scan, &type);
	if (r < 0)
		return r;
	if (scan.at != text.len)
		return refuse(&scan, "the end");
	*ret_type = take_ptr(type);
	return 0;
}

void type_free(struct type *type)
{
	if (!type)
		return;
	for (size_t i = 0; i < type->n_members; i++) {
		free(type->members[i].name);
		type_free(type->members[i].type);
	}
	free(type->members);
	type_free(type->result);
	free(type);
}

const struct type_member *type_member_named(const struct type *type, struct str name)
{
	for (size_t i = 0; i < type->n_members; i++)
		if (str_eq(type_name_of(&type->members[i]), name))
			return &type->members[i];
	return NULL;
}

struct str type_name_of(const struct type_member *member)
{
	return (struct str){member->name, member->name_len};
}
