#include <stdlib.h>

#include "base/err.h"
#include "gate/pass.h"

#define CHOICES_MAX 64

static int nothing(struct pass *pass)
{
	pass->outcome = PASS_DONE;
	buf_adds(pass->result, "null");
	return buf_check(pass->result, "the result", pass->err);
}

static int show(struct pass *pass, enum show_kind kind)
{
	pass->gate->up->show(pass->gate->up->ctx, kind, pass_text(pass, 0));
	return nothing(pass);
}

int execute_console_print(struct pass *pass)
{
	return show(pass, SHOW_PRINT);
}

int execute_console_warn(struct pass *pass)
{
	return show(pass, SHOW_WARN);
}

int execute_console_show_tasks(struct pass *pass)
{
	cleanup_buf struct buf tasks = BUF_INIT;
	struct json w = json_to(&tasks);

	json_put_val(&w, pass_arg(pass, 0));
	/* The list that a person sees is that of the agent they speak with. */
	if (!pass->gate->agent)
		pass_show(pass, SHOW_TASKS, &tasks);
	return nothing(pass);
}

int execute_console_ask(struct pass *pass)
{
	const struct upcall *up = pass->gate->up;
	yyjson_val *list = pass_arg(pass, 1), *item;
	size_t n = yyjson_arr_size(list), i, max;
	struct str choices[CHOICES_MAX];
	cleanup_buf struct buf chosen = BUF_INIT;
	struct json w = json_to(pass->result);

	n = n > CHOICES_MAX ? CHOICES_MAX : n;
	yyjson_arr_foreach(list, i, max, item)
		if (i < n)
			choices[i] = json_text(item);
	pass->outcome = PASS_DONE;
	if (!pass->gate->agent && up->question &&
	    up->question(up->ctx, pass_text(pass, 0), choices, n, &chosen))
		json_put(&w, buf_str(&chosen));
	else
		json_put_null(&w);
	return buf_check(pass->result, "the result", pass->err);
}
