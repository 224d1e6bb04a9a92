/* `seal run`: one message, plain output, an exit code. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "seal-cli/cmd.h"
#include "seal-cli/run/run.h"
#include "seal-runtime/config/config.h"
#include "seal-runtime/manifest/approve.h"
#include "seal-runtime/manifest/manifest.h"

#define PROMPT_MAX ((size_t)16 << 20)

static int read_number(const char *flag, const char *text, unsigned int *ret_value, struct err *err)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9' || value == 0 || value > 1000000)
		return err_set(err, ERR_INPUT,
		               "run: %s needs a number from 1 to 1000000, not \"%s\"", flag, text);
	*ret_value = (unsigned int)value;
	return 0;
}

/* Digits, with a point in them or not: it goes on as JSON.  Zero would be no limit. */
static bool is_amount(const char *text)
{
	size_t whole = strspn(text, "0123456789");
	size_t rest = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 1;
	bool is_number =
		whole > 0 && whole < 10 && rest > 0 && rest < 10 && (whole == 1 || text[0] != '0');

	return is_number && text[whole + (text[whole] == '.' ? 1 + rest : 0)] == '\0' &&
	       strspn(text, "0.") < strlen(text);
}

static int read_prompts(const char *text, enum run_prompts *ret_prompts, struct err *err)
{
	static const char *const names[] = {
		[PROMPTS_ASK] = "ask",
		[PROMPTS_ALLOW] = "allow",
		[PROMPTS_DENY] = "deny",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text, names[i]) == 0) {
			*ret_prompts = (enum run_prompts)i;
			return 0;
		}
	return err_set(err, ERR_INPUT, "run: --prompts is ask, allow or deny, not \"%s\"", text);
}

/* 1: a flag with its value; 0: no flag of that kind. */
static int read_valued(struct run_flags *flags, const char *flag, const char *value,
                       struct err *err)
{
	const char **text = strcmp(flag, "--resume") == 0             ? &flags->resume
	                    : strcmp(flag, "--record") == 0           ? &flags->record
	                    : strcmp(flag, "--approve-manifest") == 0 ? &flags->approve
	                    : strcmp(flag, "--output-schema") == 0    ? &flags->schema
	                    : strcmp(flag, "--max-cost") == 0         ? &flags->max_cost
	                                                              : NULL;
	unsigned int *number = strcmp(flag, "--max-turns") == 0 ? &flags->max_turns
	                       : strcmp(flag, "--timeout") == 0 ? &flags->timeout_s
	                                                        : NULL;
	bool is_prompts = strcmp(flag, "--prompts") == 0;

	if (!text && !number && !is_prompts)
		return 0;
	if (!value)
		return err_set(err, ERR_INPUT, "run: %s needs a value", flag);
	if (text)
		*text = value;
	if (text == &flags->max_cost && !is_amount(value))
		return err_set(err, ERR_INPUT,
		               "run: --max-cost needs dollars such as 0.50, not \"%s\"", value);
	else if (number && read_number(flag, value, number, err) < 0)
		return err->code;
	else if (is_prompts && read_prompts(value, &flags->prompts, err) < 0)
		return err->code;
	return 1;
}

/* What is no flag is the prompt, words joined by blanks; after -- all is. */
static int read_flags(int argc, char **argv, struct run_flags *flags, struct buf *prompt,
                      struct err *err)
{
	bool only_words = false;

	for (int i = 1; i < argc; i++) {
		bool is_flag = !only_words && argv[i][0] == '-' && argv[i][1];
		int r = is_flag ? read_valued(flags, argv[i], argv[i + 1], err) : 0;

		if (r < 0)
			return r;
		if (r > 0) {
			i++;
		} else if (is_flag && strcmp(argv[i], "--json") == 0) {
			flags->json = true;
		} else if (is_flag && strcmp(argv[i], "--") == 0) {
			only_words = true;
		} else if (is_flag && strcmp(argv[i], "-p") != 0) {
			return err_set(err, ERR_INPUT, "run: no flag \"%s\"; see `seal help run`",
			               argv[i]);
		} else if (!is_flag) {
			if (prompt->len)
				buf_addc(prompt, ' ');
			buf_adds(prompt, argv[i]);
		}
	}
	return buf_check(prompt, "the prompt", err);
}

/* Standard input is read only where it is asked for by name. */
static int read_prompt(struct buf *prompt, struct err *err)
{
	if (str_is(buf_str(prompt), "-")) {
		buf_clear(prompt);
		if (fd_read_all(STDIN_FILENO, PROMPT_MAX, prompt, err) < 0)
			return err_wrap(err, "run: standard input");
	}
	if (str_trim(buf_str(prompt)).len == 0)
		return err_set(err, ERR_INPUT,
		               "run: there is no prompt; usage: seal run \"what to do\", or - to "
		               "read it from "
		               "standard input");
	return 0;
}

/* The hash is the person's word for it: who can name it has seen the manifest. */
static int approve(const struct run_flags *flags, struct err *err)
{
	cleanup_free char *cwd = flags->approve ? realpath(".", NULL) : NULL;
	cleanup_free char *root = NULL;

	if (!flags->approve)
		return 0;
	if (!cwd)
		return err_sys(err, "the current folder");
	if (manifest_find_root(cwd, &root, err) < 0)
		return err->code;
	return approve_manifest(root, flags->approve, err);
}

/* The session's process works in another folder. */
static int place_recording(struct run_flags *flags, struct buf *path, struct err *err)
{
	cleanup_free char *cwd = NULL;

	if (!flags->record)
		return 0;
	if (flags->resume)
		return err_set(err, ERR_INPUT,
		               "run: --record begins with a session, not with --resume");
	cwd = realpath(".", NULL);
	if (!cwd)
		return err_sys(err, "the current folder");
	if (flags->record[0] != '/')
		buf_addf(path, "%s/", cwd);
	buf_adds(path, flags->record);
	flags->record = path->data;
	return buf_check(path, "the recording's path", err);
}

static void run_finip(struct run *run)
{
	print_fini(&run->print);
	output_fini(&run->output);
	free(run->session_id);
}

int cmd_run(int argc, char **argv)
{
	cleanup_with(rpc_client_free) struct rpc_client *client = NULL;
	cleanup_buf struct buf prompt = BUF_INIT, recording = BUF_INIT;
	struct run_flags flags = { .is_terminal = isatty(STDIN_FILENO) && isatty(STDERR_FILENO) };
	cleanup_with(run_fini) struct run run = { .flags = &flags };
	cleanup_config struct config config = { 0 };
	struct err err;

	if (config_load_here(&config, &err) < 0)
		return cmd_fail(&err);
	if (config_flag(&config, CONFIG_cli_always_approve))
		flags.prompts = PROMPTS_ALLOW;
	if (read_flags(argc, argv, &flags, &prompt, &err) < 0 || read_prompt(&prompt, &err) < 0)
		return cmd_fail(&err);
	flags.prompt = prompt.data;
	if (flags.schema && output_load(&run.output, flags.schema, &err) < 0)
		return cmd_fail(&err);
	if (place_recording(&flags, &recording, &err) < 0 || approve(&flags, &err) < 0)
		return cmd_fail(&err);
	run.print.kind = flags.json ? &print_json : &print_text;
	if (rpc_client_open(&client, &err) < 0 || rpc_client_initialize(client, true, &err) < 0)
		return cmd_fail(&err);
	run.client = client;
	return run_turn(&run);
}
