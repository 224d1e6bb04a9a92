/* Words on stdout; everything else, a line each, on stderr. */
#include "seal-cli/run/print.h"

#include <stdio.h>
#include <unistd.h>

#include "seal-cli/run/clean.h"

/* Before a line on stderr: the words so far end their line where both are seen
 * together. */
static void break_line(struct print *print)
{
	(void)fflush(stdout);
	if (print->mid_line && isatty(1) && isatty(2))
		(void)fputc('\n', stderr);
	if (isatty(1))
		print->mid_line = false;
}

static void begin(struct print *print, struct str session_id, const char *prompt)
{
	(void)print, (void)session_id, (void)prompt;
}

static void words(struct print *print, struct str text, bool is_thought)
{
	if (is_thought || text.len == 0)
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

static void end(struct print *print, struct str stop, struct str failure)
{
	(void)stop;
	if (print->mid_line)
		(void)fputc('\n', stdout);
	(void)fflush(stdout);
	print->mid_line = false;
	if (failure.len == 0)
		return;
	(void)fputs("seal: ", stderr);
	clean_put(stderr, failure, false);
	(void)fputc('\n', stderr);
}

const struct print_kind print_text = {begin, words, remark, call, call_end, denied, end};
