/* HTML to text, for a model to read.  Tolerant of everything; linear. */
#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "base/utf8.h"
#include "net/fetch.h"

#define ENTITY_MAX 10
#define HREF_MAX   300

struct reader {
	struct str rest;
	struct buf *out;
	bool blank;	/* white space is due before the next word */
	unsigned int lines;	/* line breaks are due */
	bool pre;
	char href[HREF_MAX];
};

static const struct {
	const char *name, *text;
} entities[] = {
	{ "amp", "&" }, { "lt", "<" }, { "gt", ">" }, { "quot", "\"" }, { "apos", "'" },
	{ "nbsp", " " }, { "ndash", "-" }, { "mdash", "--" }, { "hellip", "..." },
	{ "copy", "(c)" }, { "lsquo", "'" }, { "rsquo", "'" }, { "ldquo", "\"" }, { "rdquo", "\"" },
};

/* Tags that begin a line, and how many line breaks stand before and after. */
static const struct {
	const char *name;
	unsigned int lines;
} blocks[] = {
	{ "p", 2 }, { "div", 1 }, { "br", 1 }, { "li", 1 }, { "ul", 1 }, { "ol", 1 }, { "tr", 1 },
	{ "h1", 2 }, { "h2", 2 }, { "h3", 2 }, { "h4", 2 }, { "h5", 2 }, { "h6", 2 }, { "pre", 2 },
	{ "table", 2 }, { "section", 1 }, { "article", 1 }, { "blockquote", 2 }, { "hr", 1 },
	{ "dt", 1 }, { "dd", 1 }, { "header", 1 }, { "footer", 1 }, { "nav", 1 }, { "title", 2 },
};

static void put(struct reader *r, struct str text)
{
	if (r->lines && r->out->len)
		for (unsigned int i = 0; i < r->lines; i++)
			buf_addc(r->out, '\n');
	else if (r->blank && r->out->len)
		buf_addc(r->out, ' ');
	r->lines = 0;
	r->blank = false;
	buf_add(r->out, text);
}

static void put_point(struct reader *r, unsigned long point)
{
	char text[4];
	size_t n;

	if (point < 0x20 || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return;
	if (point < 0x80) {
		text[0] = (char)point, n = 1;
	} else if (point < 0x800) {
		text[0] = (char)(0xc0 | point >> 6), text[1] = (char)(0x80 | (point & 63)), n = 2;
	} else if (point < 0x10000) {
		text[0] = (char)(0xe0 | point >> 12), text[1] = (char)(0x80 | (point >> 6 & 63));
		text[2] = (char)(0x80 | (point & 63)), n = 3;
	} else {
		text[0] = (char)(0xf0 | point >> 18), text[1] = (char)(0x80 | (point >> 12 & 63));
		text[2] = (char)(0x80 | (point >> 6 & 63)), text[3] = (char)(0x80 | (point & 63)), n = 4;
	}
	put(r, (struct str){ text, n });
}

static void take_entity(struct reader *r)
{
	size_t end = str_chr(str_head(r->rest, ENTITY_MAX + 2), ';');
	char name[ENTITY_MAX + 1];

	if (end == STR_NONE || end < 2 || end > ENTITY_MAX) {
		put(r, STR("&"));
		r->rest = str_from(r->rest, 1);
		return;
	}
	memcpy(name, r->rest.data + 1, end - 1);
	name[end - 1] = '\0';
	r->rest = str_from(r->rest, end + 1);
	if (name[0] == '#') {
		bool hex = name[1] == 'x' || name[1] == 'X';

		put_point(r, strtoul(name + 1 + hex, NULL, hex ? 16 : 10));
		return;
	}
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
		if (strcmp(name, entities[i].name) == 0)
			put(r, str_of(entities[i].text));
}

static size_t find_fold(struct str hay, const char *needle)
{
	size_t len = strlen(needle);

	for (size_t i = 0; i + len <= hay.len; i++)
		if (strncasecmp(hay.data + i, needle, len) == 0)
			return i;
	return STR_NONE;
}

static void skip_to(struct reader *r, const char *end)
{
	size_t at = find_fold(r->rest, end);

	r->rest = at == STR_NONE ? STR("") : str_from(r->rest, at + strlen(end));
}

static void take_href(struct reader *r, struct str tag)
{
	size_t at = find_fold(tag, "href=");
	struct str value;
	size_t end;

	r->href[0] = '\0';
	if (at == STR_NONE)
		return;
	value = str_from(tag, at + 5);
	if (value.len == 0)
		return;
	if (value.data[0] == '"' || value.data[0] == '\'') {
		end = str_chr(str_from(value, 1), value.data[0]);
		value = end == STR_NONE ? STR("") : (struct str){ value.data + 1, end };
	} else {
		end = str_chr(value, ' ');
		value = str_head(value, end);
	}
	if (value.len == 0 || value.len >= HREF_MAX || value.data[0] == '#')
		return;
	memcpy(r->href, value.data, value.len);
	r->href[value.len] = '\0';
}

static void put_href(struct reader *r)
{
	if (!r->href[0])
		return;
	put(r, STR(" ("));
	put(r, str_of(r->href));
	put(r, STR(")"));
	r->href[0] = '\0';
}

static void take_block(struct reader *r, const char *name, bool closes)
{
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		if (strcasecmp(name, blocks[i].name) == 0 && r->lines < blocks[i].lines)
			r->lines = blocks[i].lines;
	if (strcasecmp(name, "pre") == 0)
		r->pre = !closes;
	if (strcasecmp(name, "li") == 0 && !closes) {
		put(r, STR("-"));
		r->blank = true;
	}
	if (strlen(name) == 2 && tolower(name[0]) == 'h' && isdigit(name[1]) && !closes) {
		put(r, (struct str){ "######", (size_t)(name[1] - '0') > 6 ? 6 : (size_t)(name[1] - '0') });
		r->blank = true;
	}
}

static void take_tag(struct reader *r)
{
	char name[16];
	bool closes = r->rest.len > 1 && r->rest.data[1] == '/';
	size_t at = 1 + closes, n = 0, end;
	struct str tag;

	if (str_starts(r->rest, STR("<!--"))) {
		skip_to(r, "-->");
		return;
	}
	while (at + n < r->rest.len && n < sizeof(name) - 1 && isalnum((unsigned char)r->rest.data[at + n]))
		name[n] = r->rest.data[at + n], n++;
	name[n] = '\0';
	if (n == 0 && !closes && !(r->rest.len > 1 && strchr("!?", r->rest.data[1]))) {
		put(r, STR("<"));
		r->rest = str_from(r->rest, 1);
		return;
	}
	end = str_chr(r->rest, '>');
	tag = str_head(r->rest, end);
	r->rest = end == STR_NONE ? STR("") : str_from(r->rest, end + 1);
	if (!closes && strcasecmp(name, "script") == 0)
		skip_to(r, "</script>");
	else if (!closes && strcasecmp(name, "style") == 0)
		skip_to(r, "</style>");
	else if (strcasecmp(name, "a") == 0 && !closes)
		take_href(r, tag);
	else if (strcasecmp(name, "a") == 0)
		put_href(r);
	else
		take_block(r, name, closes);
}

void net_html_text(struct str html, struct buf *ret_text)
{
	struct reader r = { .rest = html, .out = ret_text };

	while (r.rest.len) {
		size_t n = 0;

		if (r.rest.data[0] == '<') {
			take_tag(&r);
			continue;
		}
		if (r.rest.data[0] == '&') {
			take_entity(&r);
			continue;
		}
		if (isspace((unsigned char)r.rest.data[0]) && !r.pre) {
			r.blank = true;
			r.rest = str_from(r.rest, 1);
			continue;
		}
		while (n < r.rest.len && r.rest.data[n] != '<' && r.rest.data[n] != '&' &&
		       (r.pre || !isspace((unsigned char)r.rest.data[n])))
			n++;
		put(&r, str_head(r.rest, n));
		r.rest = str_from(r.rest, n);
	}
}
