#include "seal-cli/check.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"
#include "caps/caps.h"
#include "manifest/manifest.h"
#include "seal-cli/cmd.h"

struct request {
	const char *operation, *argument, *cwd, *cases, *root;
	bool json;
};

static const struct {
	const char *name;
	enum caps_verb verb;
} operations[] = {
	{ "read", CAPS_READ },   { "write", CAPS_WRITE },     { "delete", CAPS_DELETE },
	{ "command", CAPS_RUN }, { "network", CAPS_CONNECT },
};

const char *check_verdict_name(enum caps_verdict verdict)
{
	return verdict == CAPS_ALLOW ? "allow" : verdict == CAPS_ASK ? "prompt" : "deny";
}

static const char *operation_name(enum caps_verb verb)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (operations[i].verb == verb)
			return operations[i].name;
	return "call";
}

static void print_rule(struct str rule, unsigned int line, struct str reason)
{
	if (rule.len)
		printf("  rule    %.*s", STR_ARG(rule));
	if (rule.len && line)
		printf("  (%s:%u)", MANIFEST_NAME, line);
	if (rule.len)
		printf("\n");
	if (reason.len)
		printf("  reason  %.*s\n", STR_ARG(reason));
}

static void print_steps(const struct caps_part *part)
{
	if (part->n_steps == 0)
		return;
	printf("  would be written%s:\n", part->only_once ? " (this once only)" : "");
	for (size_t i = 0; i < part->n_steps; i++)
		printf("    %s %.*s\n", part->steps[i].recommended ? ">" : " ",
		       STR_ARG(part->steps[i].pattern));
}

static void print_runners_up(struct str rules)
{
	struct str rule;

	while (str_line(&rules, &rule))
		printf("  lost    %.*s\n", STR_ARG(rule));
}

static void print_text(const struct caps_answer *answer)
{
	printf("%s\n", check_verdict_name(answer->verdict));
	print_rule(answer->rule, answer->line, answer->reason);
	for (size_t i = 0; i < answer->n_parts; i++) {
		const struct caps_part *part = &answer->parts[i];

		printf("%-6s  %s  %.*s\n", check_verdict_name(part->verdict),
		       operation_name(part->verb), STR_ARG(part->text));
		print_rule(part->rule, part->line, part->reason);
		print_runners_up(part->runners_up);
		print_steps(part);
	}
	if (answer->verdict == CAPS_ALLOW && answer->script.len)
		printf("runs    %.*s\n", STR_ARG(answer->script));
}

static void put_part(struct json *w, const struct caps_part *part)
{
	json_object(w);
	json_kv(w, "verdict", str_of(check_verdict_name(part->verdict)));
	json_kv(w, "operation", str_of(operation_name(part->verb)));
	json_kv(w, "text", part->text);
	json_kv(w, "rule", part->rule);
	json_kv_int(w, "line", part->line);
	json_kv(w, "reason", part->reason);
	json_kv_bool(w, "only_once", part->only_once);
	json_kv(w, "runners_up", part->runners_up);
	json_key(w, "steps");
	json_array(w);
	for (size_t i = 0; i < part->n_steps; i++) {
		json_object(w);
		json_kv(w, "pattern", part->steps[i].pattern);
		json_kv_bool(w, "recommended", part->steps[i].recommended);
		json_end(w);
	}
	json_end(w);
	json_end(w);
}

static int print_json(const struct caps_answer *answer, struct err *err)
{
	cleanup_buf struct buf out = BUF_INIT;
	struct json w = json_to(&out);

	json_object(&w);
	json_kv(&w, "verdict", str_of(check_verdict_name(answer->verdict)));
	json_kv(&w, "rule", answer->rule);
	json_kv(&w, "file", STR(MANIFEST_NAME));
	json_kv_int(&w, "line", answer->line);
	json_kv(&w, "reason", answer->reason);
	json_key(&w, "parts");
	json_array(&w);
	for (size_t i = 0; i < answer->n_parts; i++)
		put_part(&w, &answer->parts[i]);
	json_end(&w);
	json_kv(&w, "script", answer->script);
	json_end(&w);
	buf_addc(&out, '\n');
	if (buf_check(&out, "the answer", err) < 0)
		return err->code;
	return fd_write_all(STDOUT_FILENO, buf_str(&out), err);
}

/* What the name means on this disk, for the verbs on files. */
static int pin(struct caps_question *question, const char *root, struct check_place *place,
               struct err *err)
{
	cleanup_buf struct buf full = BUF_INIT;

	if (question->subject.len == 0 || question->subject.data[0] != '/')
		buf_addf(&full, "%s/", root);
	buf_add(&full, question->subject);
	if (buf_check(&full, "the name", err) < 0)
		return err->code;
	if (check_resolve(full.data, question->verb != CAPS_DELETE, place, err) < 0)
		return 0; /* the answer says that it leads nowhere */
	question->canonical = str_of(place->path);
	question->exists = place->exists;
	question->is_regular = place->is_regular || question->verb == CAPS_DELETE;
	question->links = place->links;
	return 0;
}

static int answer_question(const struct request *request, enum caps_verb verb, struct err *err)
{
	cleanup_free char *here = realpath(request->cwd ? request->cwd : ".", NULL), *root = NULL;
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_with(caps_free) struct caps *caps = NULL;
	cleanup_caps_answer struct caps_answer answer = { 0 };
	struct caps_question question = { .verb = verb, .subject = str_of(request->argument) };
	struct caps_context context = { .home = getenv("HOME"),
		                        .explain = true,
		                        .resolve = check_resolve_name };
	struct check_place place;

	if (!here)
		return err_sys(err, "enter %s", request->cwd ? request->cwd : ".");
	if (manifest_find_root(here, &root, err) < 0 || manifest_load(root, &manifest, err) < 0)
		return err->code;
	context.root = root;
	if (caps_compile(manifest, &context, &caps, err) < 0)
		return err->code;
	question.cwd = str_of(here);
	if (verb < CAPS_RUN && pin(&question, root, &place, err) < 0)
		return err->code;
	answer = caps_check(caps, &question);
	if (request->json && print_json(&answer, err) < 0)
		return err->code;
	if (!request->json)
		print_text(&answer);
	return answer.verdict == CAPS_ALLOW ? EXIT_DONE : EXIT_FAILED;
}

static int read_request(int argc, char **argv, struct request *request, struct err *err)
{
	static const struct option options[] = {
		{ "cwd", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "cases", required_argument, NULL, 'f' },
		{ "root", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'c')
			request->cwd = optarg;
		else if (option == 'j')
			request->json = true;
		else if (option == 'f')
			request->cases = optarg;
		else if (option == 'r')
			request->root = optarg;
		else
			return err_set(err, ERR_INPUT, "check: see `seal help check`");
	}
	if (request->cases)
		return 0;
	if (argc - optind != 2)
		return err_set(err, ERR_INPUT,
		               "check: give an operation and one argument, for example: "
		               "seal check command 'cargo test && rm -rf /'");
	request->operation = argv[optind];
	request->argument = argv[optind + 1];
	return 0;
}

int cmd_check(int argc, char **argv)
{
	struct request request = { 0 };
	struct err err;
	int r;

	if (read_request(argc, argv, &request, &err) < 0)
		return cmd_fail(&err);
	if (request.cases)
		return check_cases(request.cases, request.root);
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (strcmp(operations[i].name, request.operation) != 0)
			continue;
		r = answer_question(&request, operations[i].verb, &err);
		return r < 0 ? cmd_fail(&err) : r;
	}
	err_set(&err, ERR_INPUT,
	        "check: no operation \"%s\"; read, write, delete, command or network",
	        request.operation);
	return cmd_fail(&err);
}
