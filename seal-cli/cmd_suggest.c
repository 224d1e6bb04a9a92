/* seal manifest suggest, seal manifest test: what past sessions say about manifests. */
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"
#include "manifest/manifest.h"
#include "seal-cli/audit/clean.h"
#include "seal-cli/audit/past.h"
#include "seal-cli/audit/suggest.h"
#include "seal-cli/audit_show.h"
#include "seal-cli/check.h"
#include "seal-cli/cmd.h"

#define SUBJECT_MAX 100

struct request {
	bool broad, json;
	const char *fail;
};

/* A bit for each direction that a verdict may move. */
enum { LOOSER = 1, STRICTER = 2 };

static int read_sessions(char **names, int n, struct past *ret_past, struct err *err)
{
	char **dirs = calloc((size_t)n + 1, sizeof(char *));
	int r = dirs ? 0 : err_nomem(err);

	for (int i = 0; r >= 0 && i < n; i++)
		r = audit_find(names[i], &dirs[i], err);
	if (r >= 0)
		r = past_read(dirs, (size_t)n, ret_past, err);
	for (int i = 0; dirs && i < n; i++)
		free(dirs[i]);
	free(dirs);
	return r;
}

static int suggest(int argc, char **argv, const struct request *request, struct err *err)
{
	cleanup_past struct past past = { 0 };
	cleanup_buf struct buf text = BUF_INIT;

	if (argc < 1)
		return err_set(
			err, ERR_INPUT,
			"manifest suggest: from which sessions? `seal sessions list` names them");
	if (read_sessions(argv, argc, &past, err) < 0 ||
	    suggest_manifest(&past, request->broad, &text, err) < 0 ||
	    fd_write_all(STDOUT_FILENO, buf_str(&text), err) < 0)
		return err->code;
	return EXIT_DONE;
}

static void put_verdict(struct buf *out, const struct request *request, const struct past *past,
                        size_t index, const struct caps_answer *answer)
{
	const struct past_question *question = &past->questions[index];
	const char *before = check_verdict_name(past_verdict(question));
	const char *now = check_verdict_name(answer->verdict);
	const char *id = past->stories[question->session].facts.id;

	if (request->json) {
		struct json w = json_to(out);

		json_object(&w);
		json_kv(&w, "session", str_of(id));
		json_kv_int(&w, "seq", (int64_t)question->call->seq);
		json_kv(&w, "call", question->call->call);
		json_kv(&w, "subject", question->question.subject);
		json_kv(&w, "before", str_of(before));
		json_kv(&w, "now", str_of(now));
		json_kv(&w, "rule", answer->rule);
		json_kv(&w, "reason", answer->reason);
		json_end(&w);
	} else {
		buf_addf(out, "%s %5llu  ", id, (unsigned long long)question->call->seq);
		if (strcmp(before, now) == 0)
			buf_addf(out, "%-16s", now);
		else
			buf_addf(out, "%-6s -> %-6s", before, now);
		buf_addf(out, "  %.*s ", STR_ARG(question->call->call));
		clean_add(out, question->question.subject, SUBJECT_MAX);
		buf_adds(out, answer->rule.len ? "  [" : answer->reason.len ? "  (" : "");
		clean_add(out, answer->rule.len ? answer->rule : answer->reason, SUBJECT_MAX);
		buf_adds(out, answer->rule.len ? "]" : answer->reason.len ? ")" : "");
	}
	buf_addc(out, '\n');
}

struct tally {
	size_t n[3], differs;
	int moved; /* LOOSER, STRICTER */
	struct buf differences, rest;
};

static void tally_finip(struct tally *tally)
{
	buf_fini(&tally->differences);
	buf_fini(&tally->rest);
}

static void judge(const struct request *request, const struct past *past,
                  const struct past_rules *rules, struct tally *tally)
{
	for (size_t i = 0; i < past->n_questions; i++) {
		cleanup_caps_answer struct caps_answer answer = { 0 };
		enum caps_verdict before = past_verdict(&past->questions[i]);

		if (past->questions[i].is_shown)
			continue;
		answer = past_check(past, rules, i);
		tally->n[answer.verdict]++;
		tally->differs += answer.verdict != before;
		if (answer.verdict != before)
			tally->moved |= answer.verdict > before ? LOOSER : STRICTER;
		put_verdict(answer.verdict != before ? &tally->differences : &tally->rest, request,
		            past, i, &answer);
	}
}

static int verdict_of(const struct tally *tally, const char *fail, struct err *err)
{
	static const struct {
		const char *name;
		int moves;
	} rows[] = { { "looser", LOOSER }, { "stricter", STRICTER }, { "any", LOOSER | STRICTER } };

	for (size_t i = 0; fail && i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(fail, rows[i].name) == 0)
			return tally->moved & rows[i].moves ? EXIT_FAILED : EXIT_DONE;
	if (fail)
		return err_set(err, ERR_INPUT,
		               "manifest test: --fail takes looser, stricter or any, not \"%s\"",
		               fail);
	return EXIT_DONE;
}

static int load_file(const char *path, struct manifest **ret_manifest, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;

	if (strcmp(path, "-") == 0
	            ? fd_read_all(STDIN_FILENO, MANIFEST_SIZE_MAX, &text, err) < 0
	            : fd_read_file(AT_FDCWD, path, MANIFEST_SIZE_MAX, &text, err) < 0)
		return err->code;
	return manifest_parse(buf_str(&text), path, ret_manifest, err);
}

static int test(int argc, char **argv, const struct request *request, struct err *err)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_past struct past past = { 0 };
	cleanup_past_rules struct past_rules rules = { 0 };
	cleanup_with(tally_fini) struct tally tally = { 0 };
	int r;

	if (argc < 2)
		return err_set(err, ERR_INPUT,
		               "manifest test: which manifest, against which sessions? "
		               "seal manifest test NEW.toml --against SESSION...");
	if (load_file(argv[0], &manifest, err) < 0 ||
	    read_sessions(argv + 1, argc - 1, &past, err) < 0 ||
	    past_compile(&past, manifest, &rules, err) < 0)
		return err->code;
	judge(request, &past, &rules, &tally);
	r = verdict_of(&tally, request->fail, err);
	if (r < 0)
		return r;
	buf_add(&tally.differences, buf_str(&tally.rest));
	if (!request->json)
		buf_addf(&tally.differences,
		         "%zu allowed, %zu asked about, %zu denied; %zu differ\n",
		         tally.n[CAPS_ALLOW], tally.n[CAPS_ASK], tally.n[CAPS_DENY], tally.differs);
	if (buf_check(&tally.differences, "the answer", err) < 0 ||
	    fd_write_all(STDOUT_FILENO, buf_str(&tally.differences), err) < 0)
		return err->code;
	return r;
}

static int read_request(int argc, char **argv, struct request *request, struct err *err)
{
	static const struct option options[] = {
		{ "broad", no_argument, NULL, 'b' },
		{ "json", no_argument, NULL, 'j' },
		{ "against", no_argument, NULL, 'a' },
		{ "fail", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'b')
			request->broad = true;
		else if (option == 'j')
			request->json = true;
		else if (option == 'f')
			request->fail = optarg;
		else if (option != 'a') /* --against only says what follows */
			return err_set(err, ERR_INPUT, "manifest %s: see `seal manifest --help`",
			               argv[0]);
	}
	return 0;
}

int cmd_suggest(int argc, char **argv)
{
	struct request request = { 0 };
	struct err err;
	int r = read_request(argc, argv, &request, &err);

	if (r >= 0)
		r = strcmp(argv[0], "suggest") == 0
		            ? suggest(argc - optind, argv + optind, &request, &err)
		            : test(argc - optind, argv + optind, &request, &err);
	return r < 0 ? cmd_fail(&err) : r;
}
