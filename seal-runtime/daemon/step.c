#include "daemon/step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"

#define SHORT 400

static const char help[] = "Enter: next call   N: go to call N   /TEXT: next call with TEXT\n"
			   "c: run to the end   a: all of the arguments   r: all of the result   q: quit\n";

void step_finip(struct step *step)
{
	buf_fini(&step->line);
}

/* What was logged may be anything: no control byte reaches the terminal. */
static void print(const char *title, struct str text, size_t max)
{
	struct str rest = str_head(text, utf8_cut(text, max));
	bool is_cut = rest.len < text.len;

	(void)printf("  %s: ", title);
	while (rest.len) {
		uint32_t point = 0;
		size_t n = utf8_decode(rest, &point);

		if (n == 0 || point < 0x20 || (point >= 0x7f && point < 0xa0))
			(void)putchar('?');
		else
			(void)fwrite(rest.data, 1, n, stdout);
		rest = str_from(rest, n ? n : 1);
	}
	(void)puts(is_cut ? "..." : "");
}

static bool is_wanted(const struct step *step, const struct replay_call *call)
{
	struct str wanted = str_of(step->wanted);

	if (step->runs)
		return false;
	if (step->until)
		return call->number >= step->until;
	return !wanted.len || str_find(str_of(call->name), wanted, 0) != STR_NONE ||
	       str_find(call->args, wanted, 0) != STR_NONE ||
	       str_find(call->result, wanted, 0) != STR_NONE;
}

/* false: at the end of the input. */
static bool read_line(struct step *step)
{
	int c;

	buf_clear(&step->line);
	(void)fputs("> ", stdout);
	(void)fflush(stdout);
	while ((c = getchar()) != EOF && c != '\n')
		buf_addc(&step->line, (char)c);
	return c != EOF && !step->line.failed;
}

/* true: go on. */
static bool take(struct step *step, const struct replay_call *call)
{
	struct str line = str_trim(buf_str(&step->line));

	if (str_is(line, "a")) {
		print("arguments", call->args, call->args.len);
		return false;
	}
	if (str_is(line, "r")) {
		print("result", call->result, call->result.len);
		return false;
	}
	if (line.len > 1 && line.data[0] == '/')
		(void)snprintf(step->wanted, sizeof(step->wanted), "%.*s", STR_ARG(str_from(line, 1)));
	else if (line.len && line.data[0] >= '1' && line.data[0] <= '9')
		step->until = strtoull(line.data, NULL, 10);
	else if (str_is(line, "c"))
		step->runs = true;
	else if (line.len && !str_is(line, "n"))
		return (void)fputs(help, stdout), false;
	return true;
}

int step_call(void *ctx, const struct replay_call *call, struct err *err)
{
	struct step *step = ctx;

	if (!is_wanted(step, call))
		return 0;
	step->until = 0;
	step->wanted[0] = '\0';
	(void)printf("call %llu (record %llu): %s\n", (unsigned long long)call->number,
		     (unsigned long long)call->record, call->name);
	print("arguments", call->args, SHORT);
	print("result", call->result, SHORT);
	do {
		if (!read_line(step) || str_is(str_trim(buf_str(&step->line)), "q"))
			return err_set(err, ERR_CANCELLED, "stopped at call %llu",
				       (unsigned long long)call->number);
	} while (!take(step, call));
	return 0;
}
