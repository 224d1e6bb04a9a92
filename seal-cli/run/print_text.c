/* Words on stdout; everything else, a line each, on stderr. */
#include "seal-cli/run/print.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "seal-cli/run/clean.h"

#define BODY_ROWS 8 /* of a command's output or a diff, at a call's end */

/* stdout and stderr are one terminal, pipe or file. */
static bool are_together(void)
{
	struct stat out, err;

	return fstat(1, &out) == 0 && fstat(2, &err) == 0 && out.st_dev == err.st_dev &&
	       out.st_ino == err.st_ino;
}

/* Before a line on stderr: the words so far end their line where both are seen
 * together. */
static void break_line(struct print *print)
{
	(void)fflush(stdout);
	if (!print->mid_line || !are_together())
		return;
	(void)fputc('\n', stderr);
	print->mid_line = false;
}

static void begin(struct print *print, struct str session_id, const char *prompt)
{
	(void)print, (void)session_id, (void)prompt;
}

static void again(struct print *print)
{
	(void)print;
}

static void words(struct print *print, struct str text, bool is_thought)
{
	if (is_thought || text.len == 0 || print->is_formed)
		return;
	if (print->is_thought && print->mid_line) {
		(void)fputc('\n', stdout);
		print->mid_line = false;
	}
	print->is_thought = false;
	if (isatty(1))
		clean_put(stdout, text, false);
	else
		(void)fwrite(text.data, 1, text.len, stdout);
	print->mid_line = text.data[text.len - 1] != '\n';
	(void)fflush(stdout);
}

static void remark(struct print *print, struct str level, struct str text)
{
	break_line(print);
	if (str_is(level, "warn"))
		(void)fputs("seal: warning: ", stderr);
	clean_put(stderr, text, false);
	if (!str_ends(text, STR("\n")))
		(void)fputc('\n', stderr);
}

/* The line is written when the state is known; after a call, what the model
 * says is a new paragraph. */
static void call(struct print *print, const struct print_call *call)
{
	(void)call;
	print->is_thought = true;
}

static void put_title(const struct print_call *call)
{
	clean_put(stderr, str_of(call->title), true);
	if (call->subject[0] &&
	    str_find(str_of(call->title), str_of(call->subject), 0) == STR_NONE) {
		(void)fputc(' ', stderr);
		clean_put(stderr, str_of(call->subject), true);
	}
}

/* The last rows of what a command printed, the first of a change. */
static void put_body(struct str text, bool from_end)
{
	struct str rest = text, line;
	size_t rows = 0, row = 0, hidden;

	while (str_line(&rest, &line))
		rows++;
	hidden = rows > BODY_ROWS ? rows - BODY_ROWS : 0;
	if (hidden && from_end)
		(void)fprintf(stderr, "    … %zu lines before\n", hidden);
	for (rest = text; str_line(&rest, &line); row++) {
		if (from_end ? row < hidden : row >= BODY_ROWS)
			continue;
		(void)fputs("    ", stderr);
		clean_put(stderr, line, true);
		(void)fputc('\n', stderr);
	}
	if (hidden && !from_end)
		(void)fprintf(stderr, "    … %zu lines more\n", hidden);
}

static void put_result(const struct print_call *call, yyjson_val *update)
{
	static const struct {
		const char *call;
		bool from_end;
	} shown[] = { { "tools.command-run", true },
		      { "tools.command-output", true },
		      { "tools.file-edit", false },
		      { "tools.file-write", false } };
	yyjson_val *first = yyjson_arr_get_first(yyjson_obj_get(update, "content"));
	struct str text = json_str(yyjson_obj_get(first, "content"), "text");

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if (str_is(str_of(call->call), shown[i].call))
			put_body(text, shown[i].from_end);
}

static void call_end(struct print *print, const struct print_call *call, yyjson_val *update)
{
	yyjson_val *seal = yyjson_obj_get(yyjson_obj_get(update, "_meta"), "seal");
	struct str outcome = json_str(seal, "outcome");
	struct str rule = json_str(seal, "rule");
	bool is_denied = str_is(outcome, "denied");

	break_line(print);
	(void)fputs(is_denied                                      ? "✗ "
		    : str_is(json_str(update, "status"), "failed") ? "! "
								   : "• ",
		    stderr);
	put_title(call);
	if (!str_is(outcome, "done") && !str_is(outcome, "ok")) {
		(void)fputs(": ", stderr);
		clean_put(stderr, outcome, true);
	}
	if (is_denied && rule.len) {
		(void)fputs(" by ", stderr);
		clean_put(stderr, rule, true);
	}
	(void)fputc('\n', stderr);
	if (!is_denied)
		put_result(call, update);
}

static void denied(struct print *print, struct str subject, struct str why)
{
	break_line(print);
	(void)fputs("seal: nobody to ask: denied ", stderr);
	clean_put(stderr, subject, true);
	if (why.len) {
		(void)fputs(": ", stderr);
		clean_put(stderr, why, true);
	}
	(void)fputc('\n', stderr);
}

static void put_output(yyjson_val *output)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct json w = json_to(&text);

	json_put_val(&w, output);
	puts(text.data ? text.data : "");
}

static void end(struct print *print, struct str stop, struct str failure)
{
	(void)stop;
	if (print->mid_line)
		(void)fputc('\n', stdout);
	if (print->output)
		put_output(print->output);
	(void)fflush(stdout);
	print->mid_line = false;
	if (failure.len == 0)
		return;
	(void)fputs("seal: ", stderr);
	clean_put(stderr, failure, false);
	(void)fputc('\n', stderr);
}

const struct print_kind print_text = {begin, words, remark, call, call_end, denied, again, end};
