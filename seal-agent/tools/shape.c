/* How results read: what the model gets to see of what the host answered. */
#include "base/buf.h"
#include "base/str.h"
#include "seal-agent/tools.h"

/* Tags that mean something to the model when they come from the loop. */
static const char *const own_tags[] = { "untrusted", "reminder", "summary", "instructions" };

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool starts_word(struct str text, const char *word)
{
	size_t i;

	for (i = 0; word[i]; i++) {
		if (i >= text.len || lower(text.data[i]) != word[i])
			return false;
	}
	return true;
}

/* `rest` follows a '<'.  Blanks and slashes before the name are read over: a
 * model is less strict about tags than a parser. */
static bool is_own_tag(struct str rest)
{
	while (rest.len && (rest.data[0] == '/' || rest.data[0] == ' ' || rest.data[0] == '\t' ||
			    rest.data[0] == '\r' || rest.data[0] == '\n'))
		rest = str_from(rest, 1);
	for (size_t i = 0; i < sizeof(own_tags) / sizeof(own_tags[0]); i++) {
		if (starts_word(rest, own_tags[i]))
			return true;
	}
	return false;
}

static void add_disarmed(struct buf *out, struct str text)
{
	size_t at;

	while ((at = str_chr(text, '<')) != STR_NONE) {
		buf_add(out, str_head(text, at));
		text = str_from(text, at + 1);
		buf_adds(out, is_own_tag(text) ? "<\\" : "<");
	}
	buf_add(out, text);
}

void shape_name(struct buf *out, struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];

		buf_addc(out, (unsigned char)c < 0x20 || c == 0x7f ? '?' : c);
	}
}

static bool ends_attribute(char c)
{
	return (unsigned char)c < 0x20 || c == '"' || c == '<' || c == '>';
}

static void add_attribute(struct buf *out, struct str value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];

		buf_addc(out, ends_attribute(c) ? '?' : c);
	}
}

static void add_body(struct buf *out, struct str text)
{
	buf_adds(out, "\">\n");
	add_disarmed(out, text);
	if (text.len && text.data[text.len - 1] != '\n')
		buf_addc(out, '\n');
}

void shape_untrusted(struct buf *out, const char *what, struct str source, struct str text)
{
	buf_adds(out, "<untrusted source=\"");
	buf_adds(out, what);
	buf_addc(out, ' ');
	add_attribute(out, source);
	add_body(out, text);
	buf_adds(out, "</untrusted>");
}

void shape_instructions(struct buf *out, struct str path, struct str text)
{
	buf_adds(out, "\n<instructions path=\"");
	add_attribute(out, path);
	add_body(out, text);
	buf_adds(out, "</instructions>\n");
}

void shape_lines(struct buf *out, struct str text, uint32_t first_line)
{
	uint64_t number = first_line;
	struct str line;

	while (str_line(&text, &line)) {
		for (uint64_t width = 100000; width > number && width > 1; width /= 10)
			buf_addc(out, ' ');
		buf_addu(out, number++);
		buf_addc(out, '\t');
		buf_add(out, line);
		buf_addc(out, '\n');
	}
}

void shape_refusal(struct call *call, const char *sentence)
{
	buf_adds(call->out, sentence);
	call->is_error = true;
}

static const char denial_end[] =
	"\n"
	"The permission system decides this outside of you, before anything runs. Trying again, "
	"or reaching the same thing through another tool, path or command, is refused too: do "
	"not. Do the task without it, or tell the user what you need and why.";

static void shape_denial(struct buf *out, const seal_agent_types_denial_t *denial)
{
	buf_adds(out, "The call was denied: ");
	shape_name(out, wit_str(denial->operation));
	buf_addc(out, ' ');
	shape_name(out, wit_str(denial->target));
	buf_adds(out, "\nDecided by: ");
	if (denial->rule.len)
		shape_name(out, wit_str(denial->rule));
	else
		buf_adds(out, "no rule of the manifest allows it");
	if (denial->hint.len) {
		buf_adds(out, "\nHint: ");
		shape_name(out, wit_str(denial->hint));
	}
	buf_adds(out, denial_end);
}

void shape_error(struct call *call, const seal_agent_types_tool_error_t *error)
{
	call->is_error = true;
	switch (error->tag) {
	case SEAL_AGENT_TYPES_TOOL_ERROR_DENIED:
		shape_denial(call->out, &error->val.denied);
		break;
	case SEAL_AGENT_TYPES_TOOL_ERROR_CANCELLED:
		buf_adds(call->out, "The user cancelled this call.");
		call->is_cancelled = true;
		break;
	case SEAL_AGENT_TYPES_TOOL_ERROR_INVALID:
		buf_adds(call->out, "Invalid request: ");
		add_disarmed(call->out, wit_str(error->val.invalid));
		break;
	case SEAL_AGENT_TYPES_TOOL_ERROR_FAILED:
		buf_adds(call->out, "Failed: ");
		add_disarmed(call->out, wit_str(error->val.failed));
		break;
	}
}
