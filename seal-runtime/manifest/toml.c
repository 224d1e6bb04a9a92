#include "manifest/toml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/utf8.h"
#include "manifest/manifest.h"

#define SHOWN_MAX 40

static bool begins_character(char byte)
{
	return ((unsigned char)byte & 0xc0) != 0x80;
}

static int index_lines(struct toml *toml, struct err *err)
{
	struct str text = toml->text;
	size_t n = 1;
	uint32_t characters = 0;

	for (size_t i = 0; i < text.len; i++)
		n += text.data[i] == '\n';
	toml->lines = malloc(n * sizeof(*toml->lines));
	toml->points = malloc((text.len / TOML_STRIDE + 1) * sizeof(*toml->points));
	if (!toml->lines || !toml->points)
		return err_nomem(err);
	toml->lines[toml->n_lines++] = 0;
	for (size_t i = 0; i <= text.len; i++) {
		if (i % TOML_STRIDE == 0)
			toml->points[i / TOML_STRIDE] = characters;
		if (i == text.len)
			break;
		characters += begins_character(text.data[i]);
		if (text.data[i] == '\n')
			toml->lines[toml->n_lines++] = (uint32_t)i + 1;
	}
	return 0;
}

static size_t characters_before(const struct toml *toml, size_t at)
{
	size_t n = toml->points[at / TOML_STRIDE];

	for (size_t i = at - at % TOML_STRIDE; i < at; i++)
		n += begins_character(toml->text.data[i]);
	return n;
}

void toml_position(const struct toml *toml, size_t at, unsigned int *ret_line,
		   unsigned int *ret_column)
{
	size_t low = 0, high = toml->n_lines;

	at = at < toml->text.len ? at : toml->text.len;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (toml->lines[middle] <= at)
			low = middle;
		else
			high = middle;
	}
	*ret_line = (unsigned int)low + 1;
	*ret_column = (unsigned int)(characters_before(toml, at) -
				     characters_before(toml, toml->lines[low])) +
		      1;
}

/* What is quoted from the file goes to a terminal: no control bytes. */
static void make_printable(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p; p++)
		if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0))
			*p = '?';
}

int toml_fail(const struct toml *toml, size_t at, struct err *err, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	unsigned int line, column;
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	make_printable(text);
	toml_position(toml, at, &line, &column);
	return err_set(err, ERR_INPUT, "%s:%u:%u: %s", toml->name, line, column, text);
}

/* toml_edit's sentence, and the line it is about. */
static int fail_syntax(struct toml *toml, struct err *err)
{
	size_t at = toml->raw.error_at;
	unsigned int line, column;
	struct str rest, shown = {0};

	toml_position(toml, at, &line, &column);
	rest = str_from(toml->text, toml->lines[line - 1]);
	(void)str_line(&rest, &shown);
	shown = str_trim(shown);
	shown.len = utf8_cut(shown, SHOWN_MAX);
	return toml_fail(toml, at, err, "%.*s%s%.*s", (int)toml->raw.n_bytes, toml->raw.bytes,
			 shown.len ? ", in: " : "", STR_ARG(shown));
}

static int refuse_bytes(struct toml *toml, struct err *err)
{
	struct str text = toml->text;
	size_t valid = utf8_valid_len(text);
	size_t zero = str_chr(text, '\0');

	if (str_starts(text, STR("\xef\xbb\xbf")))
		return toml_fail(
		    toml, 0, err,
		    "the file begins with a byte order mark; save it as UTF-8 without one");
	if (zero != STR_NONE)
		return toml_fail(toml, zero, err, "there is a NUL byte; remove it");
	if (valid < text.len)
		return toml_fail(toml, valid, err,
				 "byte 0x%02x is not valid UTF-8; save the file as UTF-8",
				 (unsigned int)(unsigned char)text.data[valid]);
	return 0;
}

static int read_text(struct toml *toml, struct err *err)
{
	int r = index_lines(toml, err);

	if (r < 0)
		return r;
	r = refuse_bytes(toml, err);
	if (r < 0)
		return r;
	if (seal_toml_parse(toml->text.data, toml->text.len, &toml->raw) < 0)
		return fail_syntax(toml, err);
	return 0;
}

int toml_read(struct toml *toml, struct str text, const char *name, struct err *err)
{
	int r;

	if (text.len > MANIFEST_SIZE_MAX)
		return err_set(err, ERR_INPUT, "%s:1:1: larger than %d bytes; make it smaller",
			       name, MANIFEST_SIZE_MAX);
	*toml = (struct toml){.text = {text.data ? text.data : "", text.len}, .name = name};
	r = read_text(toml, err);
	if (r < 0)
		toml_fini(toml);
	return r;
}

void toml_fini(struct toml *toml)
{
	seal_toml_free(&toml->raw);
	free(toml->lines);
	free(toml->points);
	*toml = (struct toml){0};
}

const struct seal_toml_node *toml_root(const struct toml *toml)
{
	return &toml->raw.nodes[0];
}

const struct seal_toml_node *toml_first(const struct toml *toml, const struct seal_toml_node *node)
{
	return node->first ? &toml->raw.nodes[node->first] : NULL;
}

const struct seal_toml_node *toml_next(const struct toml *toml, const struct seal_toml_node *node)
{
	return node->next ? &toml->raw.nodes[node->next] : NULL;
}

struct str toml_key(const struct toml *toml, const struct seal_toml_node *node)
{
	return (struct str){toml->raw.bytes + node->key, node->key_len};
}

struct str toml_string(const struct toml *toml, const struct seal_toml_node *node)
{
	return (struct str){toml->raw.bytes + node->text, node->text_len};
}

const struct seal_toml_node *toml_member(const struct toml *toml,
					 const struct seal_toml_node *table, struct str key)
{
	const struct seal_toml_node *node = toml_first(toml, table);

	while (node && !str_eq(toml_key(toml, node), key))
		node = toml_next(toml, node);
	return node;
}

const struct seal_toml_node *toml_table(const struct toml *toml, const char *name)
{
	const struct seal_toml_node *node = toml_root(toml);
	struct str rest = str_of(name), part;

	while (rest.len && str_split(&rest, '.', &part)) {
		node = toml_member(toml, node, part);
		if (!node || !toml_is_table(node))
			return NULL;
	}
	return node;
}

bool toml_is_table(const struct seal_toml_node *node)
{
	return node->kind == SEAL_TOML_TABLE_INLINE || node->kind == SEAL_TOML_TABLE_DOTTED ||
	       node->kind == SEAL_TOML_TABLE_HEADER;
}

const char *toml_kind(const struct seal_toml_node *node)
{
	switch ((enum seal_toml_kind)node->kind) {
	case SEAL_TOML_STRING:
		return "a string";
	case SEAL_TOML_INTEGER:
		return "an integer";
	case SEAL_TOML_FLOAT:
		return "a float";
	case SEAL_TOML_BOOL:
		return "true or false";
	case SEAL_TOML_DATE:
		return "a date";
	case SEAL_TOML_ARRAY:
	case SEAL_TOML_ARRAY_OF_TABLES:
		return "an array";
	case SEAL_TOML_TABLE_INLINE:
	case SEAL_TOML_TABLE_DOTTED:
	case SEAL_TOML_TABLE_HEADER:
		return "a table";
	}
	return "nothing";
}
