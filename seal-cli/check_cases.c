/* Files of cases: rules, a question, the expected verdict; see docs/permissions.md. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"
#include "caps/caps.h"
#include "manifest/manifest.h"
#include "seal-cli/check.h"
#include "seal-cli/cmd.h"

#define CASES_MAX (64u << 20)

/* Where the rules of a command case live: no such folders are needed. */
#define COMMAND_ROOT "/proj"
#define COMMAND_HOME "/home/dev"

struct cases {
	char root[256]; /* throw-away folder of path cases */
	size_t good, bad;
};

/* "$ROOT" in a case's text becomes the throw-away folder. */
static void add_rooted(struct buf *buf, struct str text, const char *root)
{
	size_t at = 0, hit;

	while ((hit = str_find(text, STR("$ROOT"), at)) != STR_NONE) {
		buf_add(buf, (struct str){text.data + at, hit - at});
		buf_adds(buf, root);
		at = hit + 5;
	}
	buf_add(buf, str_from(text, at));
}

static void add_lines(struct buf *buf, yyjson_val *lines, const char *root)
{
	yyjson_val *line;
	size_t i, n;

	yyjson_arr_foreach(lines, i, n, line)
	{
		add_rooted(buf, json_text(line), root);
		buf_addc(buf, '\n');
	}
}

static int run(const char *const *argv, const char *root)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return -1;
	if (child == 0) {
		(void)setenv("ROOT", root, 1);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* Makes the case's files in an empty folder. */
static int make_setup(const struct cases *cases, yyjson_val *lines)
{
	cleanup_buf struct buf script = BUF_INIT;
	const char *const empty[] = {"rm", "-rf", cases->root, NULL};
	const char *const make[] = {"bash", "-c", NULL, NULL};
	const char *setup[4];

	memcpy(setup, make, sizeof(setup));
	buf_adds(&script, "mkdir -p \"$ROOT/proj\" \"$ROOT/home\"\n");
	if (lines) {
		yyjson_val *line;
		size_t i, n;

		yyjson_arr_foreach(lines, i, n, line)
		{
			buf_add(&script, json_text(line));
			buf_addc(&script, '\n');
		}
	}
	if (script.failed || run(empty, cases->root) != 0)
		return -1;
	setup[2] = script.data;
	return run(setup, cases->root);
}

struct sitting { /* what one case is judged against */
	char root[300], home[300];
	struct caps_question question;
	struct buf subject;
	struct check_place place;
};

static void ask_path(struct sitting *s, struct cases *cases, yyjson_val *item)
{
	struct str op = json_str(item, "op");
	cleanup_buf struct buf full = BUF_INIT;
	struct err err;

	(void)make_setup(cases, yyjson_obj_get(item, "setup"));
	(void)snprintf(s->root, sizeof(s->root), "%s/proj", cases->root);
	(void)snprintf(s->home, sizeof(s->home), "%s/home", cases->root);
	s->question.verb = str_is(op, "write")    ? CAPS_WRITE
			   : str_is(op, "delete") ? CAPS_DELETE
						  : CAPS_READ;
	add_rooted(&s->subject, json_str(item, "path"), cases->root);
	if (s->subject.len == 0 || s->subject.data[0] != '/')
		buf_addf(&full, "%s/", s->root);
	buf_add(&full, buf_str(&s->subject));
	if (full.failed || memchr(full.data, '\0', full.len) ||
	    check_resolve(full.data, s->question.verb != CAPS_DELETE, &s->place, &err) < 0)
		return;
	s->question.canonical = str_of(s->place.path);
	s->question.exists = s->place.exists;
	s->question.is_regular = s->place.is_regular;
	s->question.links = s->place.links;
	if (s->question.verb == CAPS_DELETE)
		s->question.is_regular = true;
}

static void ask_other(struct sitting *s, yyjson_val *item)
{
	bool is_command = yyjson_obj_get(item, "command") != NULL;

	(void)snprintf(s->root, sizeof(s->root), "%s", COMMAND_ROOT);
	(void)snprintf(s->home, sizeof(s->home), "%s", COMMAND_HOME);
	s->question.verb = is_command ? CAPS_RUN : CAPS_CONNECT;
	s->question.cwd = json_str(item, "cwd");
	buf_add(&s->subject, json_str(item, is_command ? "command" : "target"));
}

static bool is_accepted(yyjson_val *item, const char *verdict)
{
	yyjson_val *list = yyjson_obj_get(item, "accept"), *one;
	bool hit = str_is(json_str(item, "expect"), verdict);
	size_t i, n;

	yyjson_arr_foreach(list, i, n, one) hit = hit || str_is(json_text(one), verdict);
	return hit;
}

static void report(struct cases *cases, yyjson_val *item, const struct caps_answer *answer)
{
	const char *verdict = check_verdict_name(answer->verdict);
	bool good = is_accepted(item, verdict);

	printf("%.*s %s %.*s", STR_ARG(json_str(item, "id")), verdict,
	       STR_ARG(answer->rule.len ? answer->rule : answer->reason));
	if (!good)
		printf("  # expected %.*s", STR_ARG(json_str(item, "expect")));
	printf("\n");
	++*(good ? &cases->good : &cases->bad);
}

static int judge(struct cases *cases, yyjson_val *item, struct err *err)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_with(caps_free) struct caps *caps = NULL;
	cleanup_caps_answer struct caps_answer answer = {0};
	cleanup_buf struct buf rules = BUF_INIT, left_out = BUF_INIT;
	struct sitting s = {.subject = BUF_INIT};
	cleanup_buf struct buf subject = BUF_INIT;
	struct caps_context context = {0};

	if (yyjson_obj_get(item, "op"))
		ask_path(&s, cases, item);
	else
		ask_other(&s, item);
	subject = s.subject;
	buf_adds(&rules, "schema_version = 1\n[model]\nprovider = \"replay\"\nname = \"none\"\n");
	add_lines(&rules, yyjson_obj_get(item, "rules"), cases->root);
	context.root = s.root;
	context.home = s.home;
	if (s.question.verb < CAPS_RUN)
		context.resolve = check_resolve_name;
	/* A manifest that does not load starts nothing: the zeroed answer. */
	answer.reason = str_of(err->text);
	if (manifest_parse(buf_str(&rules), "rules", &manifest, err) == 0 &&
	    caps_compile_lenient(manifest, &context, &caps, &left_out, err) == 0) {
		s.question.subject = buf_str(&subject);
		answer = caps_check(caps, &s.question);
	}
	report(cases, item, &answer);
	return 0;
}

int check_cases(const char *file, const char *root)
{
	struct cases cases = {.good = 0};
	cleanup_buf struct buf text = BUF_INIT;
	struct err err = {0};
	struct str rest, line;

	(void)snprintf(cases.root, sizeof(cases.root), "%s/seal-cases-XXXXXX",
		       root ? root : "/tmp");
	if (fd_read_file(AT_FDCWD, file, CASES_MAX, &text, &err) < 0)
		return cmd_fail(&err);
	if (!mkdtemp(cases.root)) {
		err_sys(&err, "make %s", cases.root);
		return cmd_fail(&err);
	}
	rest = buf_str(&text);
	while (str_line(&rest, &line)) {
		cleanup_json yyjson_doc *doc = json_read(line, NULL, NULL);

		if (line.len && !doc)
			printf("not JSON: %.*s\n", STR_ARG(str_head(line, 60))), cases.bad++;
		if (doc)
			(void)judge(&cases, yyjson_doc_get_root(doc), &err);
	}
	(void)run((const char *const[]){"rm", "-rf", cases.root, NULL}, cases.root);
	printf("%zu as expected, %zu not\n", cases.good, cases.bad);
	return cases.bad ? EXIT_FAILED : EXIT_DONE;
}
