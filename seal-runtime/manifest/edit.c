#include "manifest/edit.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "manifest/manifest.h"
#include "manifest/toml.h"

static const struct {
	const char *tables[2], *keys[2];
} places[] = {
    [EDIT_COMMANDS] = {{"capabilities.allow.commands", "capabilities.deny.commands"},
		       {"patterns", "patterns"}},
    [EDIT_READ] = {{"capabilities.allow.read", "capabilities.deny.read"}, {"paths", "paths"}},
    [EDIT_WRITE] = {{"capabilities.allow.write", "capabilities.deny.write"}, {"paths", "paths"}},
    [EDIT_DELETE] = {{"capabilities.allow.delete", "capabilities.deny.delete"}, {"paths", "paths"}},
    [EDIT_NETWORK] = {{"capabilities.allow.network", "capabilities.deny.network"},
		      {"domains", "domains"}},
    [EDIT_ENV_VARS] = {{"capabilities.allow.commands", "capabilities.deny.commands"},
		       {"default_env_vars", "env_vars"}},
};

const char *manifest_edit_table(const struct manifest_edit *edit)
{
	return places[edit->section].tables[edit->side];
}

const char *manifest_edit_key(const struct manifest_edit *edit)
{
	return places[edit->section].keys[edit->side];
}

static bool is_path(const struct manifest_edit *edit)
{
	return edit->section == EDIT_READ || edit->section == EDIT_WRITE ||
	       edit->section == EDIT_DELETE;
}

static void add_quoted(struct buf *buf, struct str text)
{
	buf_addc(buf, '"');
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c < 0x20 || c == 0x7f) {
			buf_addf(buf, "\\u%04X", c);
			continue;
		}
		if (c == '"' || c == '\\')
			buf_addc(buf, '\\');
		buf_addc(buf, (char)c);
	}
	buf_addc(buf, '"');
}

struct halves {
	struct str path, files;
};

static struct halves split_path(struct str pattern)
{
	size_t slash = pattern.len;

	while (slash > 0 && pattern.data[slash - 1] != '/')
		slash--;
	if (str_is(str_from(pattern, slash), "**"))
		return (struct halves){pattern, STR("*")};
	if (slash == 0)
		return (struct halves){STR("."), pattern};
	return (struct halves){str_head(pattern, slash > 1 ? slash - 1 : 1),
			       str_from(pattern, slash)};
}

void manifest_edit_entry(const struct manifest_edit *edit, struct buf *ret_entry)
{
	if (is_path(edit)) {
		struct halves halves = split_path(edit->pattern);

		buf_adds(ret_entry, "{ path = ");
		add_quoted(ret_entry, halves.path);
		buf_adds(ret_entry, ", files = [");
		add_quoted(ret_entry, halves.files);
		buf_adds(ret_entry, edit->prompt ? "], prompt = true }" : "] }");
	} else if (edit->prompt) {
		buf_adds(ret_entry, "{ command = ");
		add_quoted(ret_entry, edit->pattern);
		buf_adds(ret_entry, ", prompt = true }");
	} else {
		add_quoted(ret_entry, edit->pattern);
	}
}

/* The text being edited, and what is to be put in. */
struct editor {
	struct toml toml;
	const struct manifest_edit *edit;
	struct str entry;
	const char *newline;
	struct buf *out;
};

static void copy(struct editor *editor, size_t from, size_t to)
{
	buf_add(editor->out, str_from(str_head(editor->toml.text, to), from));
}

static struct str member_string(const struct toml *toml, const struct seal_toml_node *table,
				const char *key)
{
	const struct seal_toml_node *node = toml_member(toml, table, str_of(key));

	return node && node->kind == SEAL_TOML_STRING ? toml_string(toml, node) : (struct str){0};
}

/* The only string of an array, or none. */
static struct str only_string(const struct toml *toml, const struct seal_toml_node *node)
{
	node = node ? toml_first(toml, node) : NULL;
	if (!node || node->next || node->kind != SEAL_TOML_STRING)
		return (struct str){0};
	return toml_string(toml, node);
}

/* The entry is this rule, whether it asks or not; no other limits narrow it. */
static bool is_same(const struct editor *editor, const struct seal_toml_node *node)
{
	const struct toml *toml = &editor->toml;
	struct str pattern = editor->edit->pattern;
	struct halves halves;

	if (node->kind == SEAL_TOML_STRING)
		return !is_path(editor->edit) && str_eq(toml_string(toml, node), pattern);
	if (!toml_is_table(node))
		return false;
	if (toml_member(toml, node, STR("domains")) || toml_member(toml, node, STR("env_vars")) ||
	    toml_member(toml, node, STR("paths")))
		return false;
	if (!is_path(editor->edit))
		return str_eq(member_string(toml, node, "command"), pattern);
	halves = split_path(pattern);
	return str_eq(member_string(toml, node, "path"), halves.path) &&
	       str_eq(only_string(toml, toml_member(toml, node, STR("files"))), halves.files);
}

static bool asks(const struct toml *toml, const struct seal_toml_node *entry)
{
	const struct seal_toml_node *prompt =
	    toml_is_table(entry) ? toml_member(toml, entry, STR("prompt")) : NULL;

	return prompt && prompt->kind == SEAL_TOML_BOOL && prompt->integer;
}

/* True when the rule is there, after its `prompt = true` became false if need be. */
static bool settle_existing(struct editor *editor, const struct seal_toml_node *array)
{
	const struct toml *toml = &editor->toml;
	const struct seal_toml_node *node = toml_first(toml, array), *prompt;

	while (node && !is_same(editor, node))
		node = toml_next(toml, node);
	if (!node)
		return false;
	if (!asks(toml, node) || editor->edit->prompt) {
		/* Asked for with a prompt, there without: the stricter is added beside it. */
		if (asks(toml, node) != editor->edit->prompt)
			return false;
		copy(editor, 0, toml->text.len);
		return true;
	}
	prompt = toml_member(toml, node, STR("prompt"));
	copy(editor, 0, prompt->start);
	buf_adds(editor->out, "false");
	copy(editor, prompt->end, toml->text.len);
	return true;
}

/* From `at` over blanks, line ends and comments. */
static size_t skip_blank(struct str text, size_t at)
{
	while (at < text.len) {
		if (text.data[at] == '#')
			while (at < text.len && text.data[at] != '\n')
				at++;
		else if (!strchr(" \t\r\n", text.data[at]))
			break;
		else
			at++;
	}
	return at;
}

/* Behind the end of the line; STR_NONE when `limit` comes first. */
static size_t line_end(struct str text, size_t at, size_t limit)
{
	size_t end = str_chr(str_from(str_head(text, limit), at), '\n');

	return end == STR_NONE ? STR_NONE : at + end + 1;
}

/* The blanks at the beginning of the line of `at`. */
static struct str indent_of(struct str text, size_t at)
{
	size_t begin = at, end;

	while (begin > 0 && text.data[begin - 1] != '\n')
		begin--;
	end = begin;
	while (end < at && (text.data[end] == ' ' || text.data[end] == '\t'))
		end++;
	return str_from(str_head(text, end), begin);
}

static void add_line(struct editor *editor, struct str indent, const char *tail)
{
	buf_add(editor->out, indent);
	buf_add(editor->out, editor->entry);
	buf_adds(editor->out, tail);
	buf_adds(editor->out, editor->newline);
}

/* Behind the last element, in the manner in which the array is laid out. */
static void append_element(struct editor *editor, const struct seal_toml_node *array,
			   const struct seal_toml_node *last)
{
	struct str text = editor->toml.text;
	size_t bracket = array->end - 1, behind = skip_blank(text, last->end);
	bool has_comma = text.data[behind] == ',';
	size_t end = line_end(text, has_comma ? behind : last->end, bracket);
	bool lines = line_end(text, array->start, last->start) != STR_NONE;

	copy(editor, 0, last->end);
	if (!has_comma)
		buf_addc(editor->out, ',');
	if (end != STR_NONE) {
		copy(editor, last->end, end);
		add_line(editor, indent_of(text, last->start), has_comma ? "," : "");
		copy(editor, end, text.len);
		return;
	}
	if (has_comma)
		copy(editor, last->end, behind + 1);
	if (lines) {
		buf_adds(editor->out, editor->newline);
		buf_add(editor->out, indent_of(text, last->start));
	} else {
		buf_addc(editor->out, ' ');
	}
	buf_add(editor->out, editor->entry);
	if (has_comma)
		buf_addc(editor->out, ',');
	copy(editor, has_comma ? behind + 1 : last->end, text.len);
}

static void fill_empty(struct editor *editor, const struct seal_toml_node *array)
{
	struct str text = editor->toml.text;
	size_t bracket = array->end - 1, begin = bracket;

	if (line_end(text, array->start, bracket) == STR_NONE) {
		copy(editor, 0, array->start + 1);
		buf_add(editor->out, editor->entry);
		copy(editor, array->start + 1, text.len);
		return;
	}
	while (text.data[begin - 1] != '\n')
		begin--;
	copy(editor, 0, begin);
	add_line(editor, STR("  "), ",");
	copy(editor, begin, text.len);
}

static void add_key(struct editor *editor, const char *indent)
{
	buf_addf(editor->out, "%s%s = [%s%s  ", indent, manifest_edit_key(editor->edit),
		 editor->newline, indent);
	buf_add(editor->out, editor->entry);
	buf_addf(editor->out, ",%s%s]%s", editor->newline, indent, editor->newline);
}

/* As the first key under the table's header. */
static void add_to_table(struct editor *editor, const struct seal_toml_node *table)
{
	struct str text = editor->toml.text;
	size_t end = line_end(text, table->end, text.len);

	copy(editor, 0, end == STR_NONE ? text.len : end);
	if (end == STR_NONE)
		buf_adds(editor->out, editor->newline);
	add_key(editor, "");
	if (end != STR_NONE)
		copy(editor, end, text.len);
}

static void add_to_inline(struct editor *editor, const struct seal_toml_node *table)
{
	const struct seal_toml_node *last = toml_first(&editor->toml, table);

	while (last && last->next)
		last = toml_next(&editor->toml, last);
	copy(editor, 0, last ? last->end : table->start + 1);
	buf_addf(editor->out, "%s%s = [", last ? ", " : " ", manifest_edit_key(editor->edit));
	buf_add(editor->out, editor->entry);
	buf_adds(editor->out, last ? "]" : "] ");
	copy(editor, last ? last->end : table->start + 1, editor->toml.text.len);
}

static void add_table(struct editor *editor)
{
	struct str text = editor->toml.text;

	copy(editor, 0, text.len);
	if (text.len && text.data[text.len - 1] != '\n')
		buf_adds(editor->out, editor->newline);
	buf_addf(editor->out, "%s[%s]%s", editor->newline, manifest_edit_table(editor->edit),
		 editor->newline);
	add_key(editor, "");
}

/* [[...patterns]]: one more such table, at the end of the file. */
static void add_element_table(struct editor *editor)
{
	const struct manifest_edit *edit = editor->edit;
	struct halves halves = split_path(edit->pattern);
	struct str text = editor->toml.text;

	copy(editor, 0, text.len);
	if (text.len && text.data[text.len - 1] != '\n')
		buf_adds(editor->out, editor->newline);
	buf_addf(editor->out, "%s[[%s.%s]]%s%s = ", editor->newline, manifest_edit_table(edit),
		 manifest_edit_key(edit), editor->newline, is_path(edit) ? "path" : "command");
	add_quoted(editor->out, is_path(edit) ? halves.path : edit->pattern);
	buf_adds(editor->out, editor->newline);
	if (is_path(edit)) {
		buf_adds(editor->out, "files = [");
		add_quoted(editor->out, halves.files);
		buf_addf(editor->out, "]%s", editor->newline);
	}
	if (edit->prompt)
		buf_addf(editor->out, "prompt = true%s", editor->newline);
}

static void add_to_array(struct editor *editor, const struct seal_toml_node *array)
{
	const struct seal_toml_node *last = toml_first(&editor->toml, array);

	if (settle_existing(editor, array))
		return;
	if (array->kind == SEAL_TOML_ARRAY_OF_TABLES) {
		add_element_table(editor);
		return;
	}
	while (last && last->next)
		last = toml_next(&editor->toml, last);
	if (last)
		append_element(editor, array, last);
	else
		fill_empty(editor, array);
}

static void put_in(struct editor *editor)
{
	const struct seal_toml_node *table =
	    toml_table(&editor->toml, manifest_edit_table(editor->edit));
	const struct seal_toml_node *array =
	    table ? toml_member(&editor->toml, table, str_of(manifest_edit_key(editor->edit)))
		  : NULL;

	if (array)
		add_to_array(editor, array);
	else if (table && table->kind == SEAL_TOML_TABLE_HEADER)
		add_to_table(editor, table);
	else if (table && table->kind == SEAL_TOML_TABLE_INLINE)
		add_to_inline(editor, table);
	else
		add_table(editor);
}

static int check_edit(const struct manifest_edit *edit, struct err *err)
{
	if (edit->pattern.len == 0 || str_chr(edit->pattern, '\0') != STR_NONE)
		return err_set(err, ERR_INPUT, "an empty pattern cannot be written to %s",
			       MANIFEST_NAME);
	if (is_path(edit) && edit->pattern.data[edit->pattern.len - 1] == '/')
		return err_set(err, ERR_INPUT,
			       "the pattern \"%.*s\" names a folder; end it with /**",
			       STR_ARG(edit->pattern));
	if (edit->prompt && edit->side == EDIT_DENY)
		return err_set(err, ERR_INPUT, "what is denied is not asked about");
	return 0;
}

/* What was written is what was meant, and the file still loads. */
static int check_result(const struct editor *editor, struct err *err)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	int r = buf_check(editor->out, MANIFEST_NAME, err);

	if (r == 0)
		r = manifest_parse(buf_str(editor->out), MANIFEST_NAME, &manifest, err);
	if (r == ERR_INPUT)
		return err_wrap(err,
				"seal cannot add to this %s; write %.*s into %s of [%s] yourself",
				MANIFEST_NAME, STR_ARG(editor->entry),
				manifest_edit_key(editor->edit), manifest_edit_table(editor->edit));
	return r;
}

int manifest_edit_add(struct str text, const struct manifest_edit *edit, struct buf *ret_text,
		      struct err *err)
{
	cleanup_with(manifest_free) struct manifest *before = NULL;
	cleanup_buf struct buf entry = BUF_INIT, out = BUF_INIT;
	struct editor editor = {.edit = edit, .out = &out};
	int r = check_edit(edit, err);

	if (r == 0)
		r = manifest_parse(text, MANIFEST_NAME, &before, err);
	if (r < 0)
		return r;
	if (edit->prompt && !is_path(edit) && edit->section != EDIT_COMMANDS) {
		buf_add(ret_text, text);
		return buf_check(ret_text, MANIFEST_NAME, err);
	}
	manifest_edit_entry(edit, &entry);
	editor.entry = buf_str(&entry);
	editor.newline = str_find(text, STR("\r\n"), 0) == STR_NONE ? "\n" : "\r\n";
	r = toml_read(&editor.toml, text, MANIFEST_NAME, err);
	if (r < 0)
		return r;
	put_in(&editor);
	r = check_result(&editor, err);
	toml_fini(&editor.toml);
	if (r < 0)
		return r;
	buf_add(ret_text, buf_str(&out));
	return buf_check(ret_text, MANIFEST_NAME, err);
}

static bool is_plain_word(struct str value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];

		if (c <= 0x20 || c >= 0x7f || c == '"' || c == '\\')
			return false;
	}
	return value.len > 0;
}

int manifest_edit_model(struct str text, const char *key, struct str value, struct buf *ret_text,
			struct err *err)
{
	cleanup_with(toml_fini) struct toml toml = { 0 };
	const struct seal_toml_node *table, *node;
	size_t at;

	if (!is_plain_word(value))
		return err_set(err, ERR_INPUT, "\"%.*s\" is no word for model.%s", STR_ARG(value), key);
	if (toml_read(&toml, text, MANIFEST_NAME, err) < 0)
		return err->code;
	table = toml_member(&toml, toml_root(&toml), STR("model"));
	node = table ? toml_member(&toml, table, str_of(key)) : NULL;
	if (!node && (!table || table->kind != SEAL_TOML_TABLE_HEADER))
		return err_set(err, ERR_INPUT, "%s has no header [model]; write model.%s into it yourself",
			       MANIFEST_NAME, key);
	at = node ? node->start : table->end + str_chr(str_from(text, table->end), '\n') + 1;
	if (!node && str_chr(str_from(text, table->end), '\n') == STR_NONE)
		return err_set(err, ERR_INPUT, "[model] of %s is empty", MANIFEST_NAME);
	buf_add(ret_text, str_head(text, at));
	if (node)
		buf_addf(ret_text, "\"%.*s\"", STR_ARG(value));
	else
		buf_addf(ret_text, "%s = \"%.*s\"\n", key, STR_ARG(value));
	buf_add(ret_text, str_from(text, node ? node->end : at));
	return buf_check(ret_text, MANIFEST_NAME, err);
}
