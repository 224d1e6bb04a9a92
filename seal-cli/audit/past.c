#include "seal-cli/audit/past.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"

/* Where the subject of a call stands in its arguments. */
enum subject { PATH_FIRST, PATH_SECOND, FOLDER, PATTERN, COMMAND, URL };

static const struct row {
	const char *call;
	enum caps_verb verb;
	enum subject subject;
	bool looks; /* the folder is not read: each entry is judged for itself */
} rows[] = {
	{ "tools.file-read", CAPS_READ, PATH_FIRST, false },
	{ "tools.file-write", CAPS_WRITE, PATH_FIRST, false },
	{ "tools.file-edit", CAPS_WRITE, PATH_FIRST, false },
	{ "tools.file-delete", CAPS_DELETE, PATH_FIRST, false },
	{ "tools.file-list", CAPS_READ, FOLDER, true },
	{ "tools.file-glob", CAPS_READ, PATTERN, true },
	{ "tools.grep", CAPS_READ, PATH_SECOND, true },
	{ "tools.command-run", CAPS_RUN, COMMAND, false },
	{ "tools.web-fetch", CAPS_CONNECT, URL, false },
};

static const struct row *find_row(struct str call)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (str_is(call, rows[i].call))
			return &rows[i];
	return NULL;
}

void past_fini(struct past *past)
{
	for (size_t i = 0; i < past->n_stories; i++)
		story_fini(&past->stories[i]);
	free(past->stories);
	free(past->questions);
	arena_fini(&past->arena);
	*past = (struct past){ 0 };
}

void past_rules_fini(struct past_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		caps_free(rules->caps[i]);
	free(rules->caps);
	*rules = (struct past_rules){ 0 };
}

/* "sub/../dir" below the root, as the gate pins it where no link is on the way. */
static struct str absolute(struct past *past, const char *root, struct str name)
{
	cleanup_buf struct buf path = BUF_INIT;
	struct str rest = name, piece;

	if (name.len == 0 || name.data[0] != '/')
		buf_adds(&path, root);
	while (str_split(&rest, '/', &piece)) {
		if (piece.len == 0 || str_is(piece, "."))
			continue;
		if (str_is(piece, "..")) {
			while (path.len && path.data[--path.len] != '/')
				;
			continue;
		}
		buf_addc(&path, '/');
		buf_add(&path, piece);
	}
	if (path.len == 0)
		buf_addc(&path, '/');
	return path.failed ? STR("/") : arena_copy(&past->arena, buf_str(&path));
}

/* The folder that a pattern certainly lies in. */
static struct str folder_of(struct str pattern)
{
	size_t end = 0;

	for (size_t i = 0; i < pattern.len && !strchr("*?[{", pattern.data[i]); i++)
		end = pattern.data[i] == '/' ? i + 1 : end;
	return str_head(pattern, end);
}

static struct str subject_of(const struct row *row, yyjson_val *args)
{
	struct str text = json_text(yyjson_arr_get(args, row->subject == PATH_SECOND ? 1 : 0));

	if (row->subject == COMMAND)
		return json_str(yyjson_arr_get_first(args), "command");
	if (row->subject == PATTERN)
		text = folder_of(text);
	return row->looks && !text.len ? STR(".") : text;
}

static int add(struct past *past, const struct past_question *question, struct err *err)
{
	size_t n = past->n_questions;
	struct past_question *grown = past->questions;

	if (n >= PAST_QUESTIONS_MAX)
		return err_set(err, ERR_LIMIT,
		               "more than %u questions in these sessions; name fewer",
		               PAST_QUESTIONS_MAX);
	if (!(n & (n - 1)))
		grown = reallocarray(past->questions, n ? n * 2 : 1, sizeof(*grown));
	if (!grown)
		return err_nomem(err);
	past->questions = grown;
	grown[past->n_questions++] = *question;
	return 0;
}

/* The files that a search showed lines of. */
static int add_shown(struct past *past, const struct past_question *search, struct err *err)
{
	cleanup_json yyjson_doc *doc = json_read(search->call->result, NULL, NULL);
	yyjson_val *ok = yyjson_obj_get(yyjson_doc_get_root(doc), "ok"), *line;
	struct past_question shown = *search;
	struct str before = STR("");
	size_t i, n;

	shown.is_shown = true;
	yyjson_arr_foreach (yyjson_obj_get(ok, "lines"), i, n, line) {
		struct str path = json_str(line, "path");

		if (!path.len || str_eq(path, before))
			continue;
		before = path;
		shown.question.subject = shown.question.canonical = arena_copy(&past->arena, path);
		if (!shown.question.subject.data)
			return err_nomem(err);
		if (add(past, &shown, err) < 0)
			return err->code;
	}
	return 0;
}

static int add_call(struct past *past, size_t session, const struct story_call *call,
                    struct err *err)
{
	const struct row *row = find_row(call->call);
	bool denied = str_is(call->outcome, "denied");
	cleanup_json yyjson_doc *doc = json_read(call->args, NULL, NULL);
	yyjson_val *args = yyjson_doc_get_root(doc);
	struct past_question question = { .call = call, .session = session, .ran = !denied };

	/* Without a decision it came to no question: its arguments were no good. */
	if (!row || (!call->verdict.len && !denied))
		return 0;
	question.question = (struct caps_question){
		.verb = row->verb,
		.subject = arena_copy(&past->arena, subject_of(row, args)),
		.is_regular = true,
		.exists = true,
		.links = 1,
	};
	if (!question.question.subject.data)
		return err_nomem(err);
	question.question.canonical = question.question.subject;
	if (row->verb == CAPS_RUN)
		question.question.cwd = absolute(past, past->stories[session].facts.root,
		                                 json_str(yyjson_arr_get_first(args), "cwd"));
	if (add(past, &question, err) < 0)
		return err->code;
	return row->subject == PATH_SECOND && !denied ? add_shown(past, &question, err) : 0;
}

int past_read(char *const *dirs, size_t n_dirs, struct past *ret_past, struct err *err)
{
	cleanup_past struct past past = { .arena = arena_make(STORY_SIZE_MAX, NULL, NULL) };

	past.stories = calloc(n_dirs + 1, sizeof(*past.stories));
	if (!past.stories)
		return err_nomem(err);
	for (size_t i = 0; i < n_dirs; i++) {
		if (story_read(dirs[i], &past.stories[i], err) < 0)
			return err_wrap(err, "session %s", dirs[i]);
		past.n_stories++;
	}
	for (size_t i = 0; i < past.n_stories; i++)
		for (size_t j = 0; j < past.stories[i].n_calls; j++)
			if (add_call(&past, i, &past.stories[i].calls[j], err) < 0)
				return err->code;
	*ret_past = past;
	past = (struct past){ 0 };
	return 0;
}

int past_compile(const struct past *past, const struct manifest *manifest,
                 struct past_rules *ret_rules, struct err *err)
{
	cleanup_past_rules struct past_rules rules = { 0 };

	rules.caps = calloc(past->n_stories + 1, sizeof(struct caps *));
	if (!rules.caps)
		return err_nomem(err);
	for (size_t i = 0; i < past->n_stories; i++) {
		const struct caps_context context = { .root = past->stories[i].facts.root,
			                              .home = getenv("HOME") ?: "" };

		if (caps_compile(manifest, &context, &rules.caps[i], err) < 0)
			return err->code;
		rules.n++;
	}
	*ret_rules = rules;
	rules = (struct past_rules){ 0 };
	return 0;
}

/* Does a search still show anything of what it showed? */
static bool shows_any(const struct past *past, const struct past_rules *rules, size_t index)
{
	const struct story_call *call = past->questions[index].call;
	size_t i = index + 1;

	for (; i < past->n_questions && past->questions[i].call == call; i++) {
		cleanup_caps_answer struct caps_answer answer = caps_check(
			rules->caps[past->questions[i].session], &past->questions[i].question);

		if (answer.verdict == CAPS_ALLOW)
			return true;
	}
	return i == index + 1;
}

/* Two answers about looking are the gate's own (gate/gate.c): what the agent's
 * commands printed is its to read, and a folder that no rule speaks of is
 * judged entry by entry. */
struct caps_answer past_check(const struct past *past, const struct past_rules *rules, size_t index)
{
	const struct past_question *past_question = &past->questions[index];
	const struct story_call *call = past_question->call;
	const struct row *row = find_row(call->call);
	struct caps_answer answer =
		caps_check(rules->caps[past_question->session], &past_question->question);
	bool own = str_is(call->rule, "the output of its own commands");
	bool by_entry = row->looks && str_is(call->rule, "each entry by its own rule");

	if (answer.verdict == CAPS_ALLOW || answer.rule.len || past_question->is_shown)
		return answer;
	if (own || (by_entry && shows_any(past, rules, index))) {
		answer.verdict = CAPS_ALLOW;
		answer.rule = own ? STR("the output of its own commands")
		                  : STR("each entry by its own rule");
	}
	return answer;
}

enum caps_verdict past_verdict(const struct past_question *question)
{
	struct str verdict = question->call->verdict;

	return str_is(verdict, "allow") ? CAPS_ALLOW
	       : str_is(verdict, "ask") ? CAPS_ASK
	                                : CAPS_DENY;
}
