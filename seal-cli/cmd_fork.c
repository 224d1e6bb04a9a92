/* `seal fork`: another way for a session to go on from one of its calls. */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"
#include "manifest/approve.h"
#include "manifest/manifest.h"
#include "seal-cli/audit_show.h"
#include "seal-cli/cmd.h"
#include "seal-cli/run/run.h"

#define ANSWER_MAX ((size_t)16 << 20)

struct request {
	const char *answer;
	const char *model, *manifest, *approve; /* what is other than it was, and its hash */
	struct run_flags flags;
};

static int read_prompts(const char *text, enum run_prompts *ret_prompts, struct err *err)
{
	if (strcmp(text, "ask") == 0)
		*ret_prompts = PROMPTS_ASK;
	else if (strcmp(text, "allow") == 0)
		*ret_prompts = PROMPTS_ALLOW;
	else if (strcmp(text, "deny") == 0)
		*ret_prompts = PROMPTS_DENY;
	else
		return err_set(err, ERR_INPUT, "fork: --prompts is ask, allow or deny, not \"%s\"",
		               text);
	return 0;
}

static int read_request(int argc, char **argv, struct request *request, struct err *err)
{
	static const struct option options[] = {
		{ "answer", required_argument, NULL, 'a' },
		{ "model", required_argument, NULL, 'm' },
		{ "manifest", required_argument, NULL, 'f' },
		{ "approve", required_argument, NULL, 'h' },
		{ "prompts", required_argument, NULL, 'p' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'a')
			request->answer = optarg;
		else if (option == 'm')
			request->model = optarg;
		else if (option == 'f')
			request->manifest = optarg;
		else if (option == 'h')
			request->approve = optarg;
		else if (option == 'j')
			request->flags.json = true;
		else if (option != 'p')
			return err_set(err, ERR_INPUT, "fork: see `seal help fork`");
		else if (read_prompts(optarg, &request->flags.prompts, err) < 0)
			return err->code;
	}
	if (argc - optind == 1)
		return 0;
	return err_set(err, ERR_INPUT,
	               "fork: from where? SESSION@N; `seal audit show SESSION` has the "
	               "numbers of its calls");
}

/* The session's id and the number behind the @. */
static int read_place(const char *place, char **ret_id, uint64_t *ret_record, struct err *err)
{
	const char *at = strrchr(place, '@');
	cleanup_free char *name = at ? str_dup((struct str){ place, (size_t)(at - place) }) : NULL;
	cleanup_free char *dir = NULL;
	char *end = NULL;

	*ret_record = at ? strtoull(at + 1, &end, 10) : 0;
	if (!at || at[1] < '0' || at[1] > '9' || *end)
		return err_set(err, ERR_INPUT,
		               "fork: \"%s\" names no call: SESSION@N, with N of `seal audit "
		               "show SESSION`",
		               place);
	if (audit_find(name, &dir, err) < 0)
		return err->code;
	*ret_id = str_dup(str_of(strrchr(dir, '/') ? strrchr(dir, '/') + 1 : dir));
	return *ret_id ? 0 : err_nomem(err);
}

/* What the call is told must be JSON; that it is of the right shape the agent's
 * own types say when it gets there. */
static int read_answer(const char *path, struct buf *ret_answer, struct err *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	cleanup_buf struct buf text = BUF_INIT;
	yyjson_val *root;

	if (!path)
		return 0;
	if (strcmp(path, "-") == 0 ? fd_read_all(STDIN_FILENO, ANSWER_MAX, &text, err) < 0
	                           : fd_read_file(AT_FDCWD, path, ANSWER_MAX, &text, err) < 0)
		return err->code;
	doc = json_read(buf_str(&text), NULL, NULL);
	root = yyjson_doc_get_root(doc);
	if (!yyjson_obj_get(root, "ok") && !yyjson_obj_get(root, "err"))
		return err_set(err, ERR_INPUT,
		               "fork: %s is no answer of a call: {\"ok\":...} or {\"err\":...}, "
		               "as \"result\" of `seal audit show --json`",
		               path);
	buf_add(ret_answer, str_trim(buf_str(&text)));
	return buf_check(ret_answer, "the answer", err);
}

/* The manifest that rules the new session instead of the project's, signed for it. */
static int put_manifest(struct json *w, const struct request *request, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	cleanup_buf struct buf signature = BUF_INIT;
	cleanup_free char *root = NULL;
	struct approve_once what = { .path = request->manifest, .model = request->model,
		                     .hash = request->approve };

	if (!request->manifest && !request->model)
		return 0;
	if (manifest_find_root(".", &root, err) < 0)
		return err->code;
	what.root = root;
	if (approve_once(&what, &text, &signature, err) < 0)
		return err->code;
	json_kv(w, "manifest", buf_str(&text));
	json_kv(w, "signature", buf_str(&signature));
	return 0;
}

static int build(const struct request *request, const char *place, struct buf *ret_fork,
                 struct err *err)
{
	cleanup_buf struct buf answer = BUF_INIT;
	cleanup_free char *id = NULL;
	struct json w = json_to(ret_fork);
	uint64_t record;

	if (read_place(place, &id, &record, err) < 0 ||
	    read_answer(request->answer, &answer, err) < 0)
		return err->code;
	json_object(&w);
	json_kv(&w, "session", str_of(id));
	json_key(&w, "record");
	json_put_uint(&w, record);
	if (answer.len)
		json_kv(&w, "answer", buf_str(&answer));
	if (put_manifest(&w, request, err) < 0)
		return err->code;
	json_end(&w);
	return buf_check(ret_fork, "the fork", err);
}

int cmd_fork(int argc, char **argv)
{
	struct request request = { .flags = { .prompt = "go on" } };
	cleanup_with(rpc_client_free) struct rpc_client *client = NULL;
	cleanup_buf struct buf fork = BUF_INIT;
	struct run run = { .flags = &request.flags };
	struct err err;
	int code;

	request.flags.is_terminal = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
	if (read_request(argc, argv, &request, &err) < 0 ||
	    build(&request, argv[optind], &fork, &err) < 0)
		return cmd_fail(&err);
	request.flags.fork = fork.data;
	run.print.kind = request.flags.json ? &print_json : &print_text;
	if (rpc_client_open(&client, &err) < 0 || rpc_client_initialize(client, true, &err) < 0)
		return cmd_fail(&err);
	run.client = client;
	/* The log says what was read then; nobody takes the disk for it. */
	(void)fprintf(stderr, "seal: the files are what they are now, not what they were at %s\n",
	              argv[optind]);
	code = run_turn(&run);
	print_fini(&run.print);
	free(run.session_id);
	return code;
}
