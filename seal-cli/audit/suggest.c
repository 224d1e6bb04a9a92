#include "seal-cli/audit/suggest.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "manifest/edit.h"
#include "manifest/manifest.h"
#include "seal-cli/audit/past.h"

struct grant {
	enum manifest_edit_side side;
	enum manifest_edit_section section;
	struct str pattern, rule; /* rule: the one that allowed it then */
	bool dropped;
};

struct suggesting {
	const struct past *past;
	struct manifest *last; /* the manifest of the last session */
	struct buf head;       /* the part of its text that is no rule */
	struct grant *grants;
	size_t n_grants;
	struct manifest *manifest; /* the grants so far */
	struct past_rules rules;
	bool *open; /* by question: cannot be settled by a rule */
	struct arena arena;
	bool broad;
};

static void suggesting_finip(struct suggesting *s)
{
	past_rules_fini(&s->rules);
	manifest_free(s->manifest);
	manifest_free(s->last);
	buf_fini(&s->head);
	free(s->grants);
	free(s->open);
	arena_fini(&s->arena);
}

/* Whole tables but those of rules: a table goes on to the next line that begins
 * with a bracket, as no value of a manifest does. */
static void put_head(struct buf *out, struct str text)
{
	bool is_rules = false;
	struct str line;

	while (str_line(&text, &line)) {
		struct str bare = str_trim(line);

		if (bare.len && bare.data[0] == '[')
			is_rules = str_find(bare, STR("capabilities"), 0) != STR_NONE &&
			           str_find(bare, STR("capabilities"), 0) < 4;
		if (is_rules)
			continue;
		buf_add(out, line);
		buf_addc(out, '\n');
	}
	out->len = out->failed ? 0 : str_trim(buf_str(out)).len;
	buf_addc(out, '\n');
}

static void put_quoted(struct buf *out, struct str text)
{
	struct json w = json_to(out);

	json_put(&w, text);
}

static void put_list(struct buf *out, const char *before, const struct manifest_list *list)
{
	buf_adds(out, before);
	buf_adds(out, " = [");
	for (size_t i = 0; i < list->n; i++) {
		buf_adds(out, i ? ", " : "");
		put_quoted(out, list->items[i]);
	}
	buf_addc(out, ']');
}

static const struct manifest_command *command_rule(const struct suggesting *s, struct str rule)
{
	const struct manifest_commands *commands = &s->last->allow.commands;

	for (size_t i = 0; rule.len && i < commands->n_patterns; i++)
		if (str_eq(commands->patterns[i].command, rule))
			return &commands->patterns[i];
	return NULL;
}

/* What its rule let the command see, the new rule does, and no more. */
static void put_grant(const struct suggesting *s, struct buf *out, const struct grant *grant)
{
	const struct manifest_edit edit = { grant->side, grant->section, grant->pattern, false };
	const struct manifest_command *rule =
		grant->section == EDIT_COMMANDS ? command_rule(s, grant->rule) : NULL;

	buf_addc(out, '\t');
	if (!rule || !(rule->has_domains || rule->has_env_vars)) {
		manifest_edit_entry(&edit, out);
		buf_adds(out, ",\n");
		return;
	}
	buf_adds(out, "{ command = ");
	put_quoted(out, grant->pattern);
	if (rule->has_env_vars)
		put_list(out, ", env_vars", &rule->env_vars);
	if (rule->has_domains)
		put_list(out, ", domains", &rule->domains);
	if (!rule->inherit_default_domains)
		buf_adds(out, ", inherit_default_domains = false");
	buf_adds(out, " },\n");
}

static void put_extra(const struct suggesting *s, struct buf *out, const struct manifest_edit *edit)
{
	const struct manifest_commands *allow = &s->last->allow.commands;
	const struct manifest_commands *deny = &s->last->deny.commands;
	const struct {
		const char *key;
		const struct manifest_list *list;
		enum manifest_edit_side side;
	} extras[] = {
		{ "default_env_vars", &allow->default_env_vars, EDIT_ALLOW },
		{ "default_domains", &allow->default_domains, EDIT_ALLOW },
		{ "domains", &deny->domains, EDIT_DENY },
		{ "env_vars", &deny->env_vars, EDIT_DENY },
	};

	for (size_t i = 0; i < sizeof(extras) / sizeof(extras[0]); i++) {
		if (edit->section != EDIT_COMMANDS || edit->side != extras[i].side ||
		    !extras[i].list->n)
			continue;
		put_list(out, extras[i].key, extras[i].list);
		buf_addc(out, '\n');
	}
}

static void put_section(const struct suggesting *s, struct buf *out, enum manifest_edit_side side,
                        enum manifest_edit_section section)
{
	const struct manifest_edit edit = { side, section, STR(""), false };
	cleanup_buf struct buf rules = BUF_INIT;
	cleanup_buf struct buf extra = BUF_INIT;

	for (size_t i = 0; i < s->n_grants; i++)
		if (!s->grants[i].dropped && s->grants[i].side == side &&
		    s->grants[i].section == section)
			put_grant(s, &rules, &s->grants[i]);
	put_extra(s, &extra, &edit);
	if (!rules.len && !extra.len)
		return;
	buf_addf(out, "\n[%s]\n", manifest_edit_table(&edit));
	buf_add(out, buf_str(&extra));
	if (rules.len)
		buf_addf(out, "%s = [\n%s]\n", manifest_edit_key(&edit), rules.data);
}

static void put_text(const struct suggesting *s, struct buf *out)
{
	static const enum manifest_edit_section sections[] = { EDIT_READ, EDIT_WRITE, EDIT_DELETE,
		                                               EDIT_COMMANDS, EDIT_NETWORK };
	const struct manifest_list *more = &s->last->allow.additional_directories;

	buf_add(out, buf_str(&s->head));
	if (more->n) {
		buf_adds(out, "\n[capabilities.allow]\n");
		put_list(out, "additional_directories", more);
		buf_addc(out, '\n');
	}
	for (int side = EDIT_ALLOW; side <= EDIT_DENY; side++)
		for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
			put_section(s, out, (enum manifest_edit_side)side, sections[i]);
}

/* The grants as they stand, compiled. */
static int compile(struct suggesting *s, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct manifest *manifest = NULL;

	put_text(s, &text);
	if (buf_check(&text, "the manifest", err) < 0 ||
	    manifest_parse(buf_str(&text), "the suggested manifest", &manifest, err) < 0)
		return err->code;
	past_rules_fini(&s->rules);
	manifest_free(s->manifest);
	s->manifest = manifest;
	return past_compile(s->past, manifest, &s->rules, err);
}

static enum manifest_edit_section section_of(enum caps_verb verb)
{
	static const enum manifest_edit_section sections[] = {
		[CAPS_READ] = EDIT_READ,       [CAPS_WRITE] = EDIT_WRITE,
		[CAPS_DELETE] = EDIT_DELETE,   [CAPS_RUN] = EDIT_COMMANDS,
		[CAPS_CONNECT] = EDIT_NETWORK,
	};

	return sections[verb];
}

static struct str chosen_step(const struct suggesting *s, const struct caps_part *part)
{
	for (size_t i = 0; s->broad && i < part->n_steps; i++)
		if (part->steps[i].recommended)
			return part->steps[i].pattern;
	return part->steps[part->n_steps - 1].pattern;
}

/* What the log says of a part: its rule and verdict then. */
static void look_up(const struct past_question *question, struct str text, struct str *ret_rule,
                    bool *ret_denied, struct arena *arena)
{
	cleanup_json yyjson_doc *doc = json_read(question->call->details, NULL, NULL);
	yyjson_val *part;
	size_t i, n;

	/* Of one part that a rule allowed, the log has the rule only. */
	*ret_rule = question->call->rule;
	yyjson_arr_foreach (yyjson_obj_get(yyjson_doc_get_root(doc), "parts"), i, n, part) {
		if (!str_eq(json_str(part, "text"), text))
			continue;
		*ret_rule = arena_copy(arena, json_str(part, "rule"));
		*ret_denied = str_is(json_str(part, "verdict"), "deny");
	}
}

/* The last component anywhere in the project: denies a name that no exact rule
 * can say ("~/.ssh/key", which is a folder called ~ to the rules). */
static struct str anywhere(struct suggesting *s, struct str pattern)
{
	size_t at = pattern.len;

	while (at && pattern.data[at - 1] != '/')
		at--;
	return arena_join(&s->arena, STR("**/"), pattern.data + at, (char *)NULL);
}

static int add_grant(struct suggesting *s, const struct past_question *question,
                     const struct caps_part *part, bool wide, struct err *err)
{
	struct grant grant = { .side = question->ran ? EDIT_ALLOW : EDIT_DENY,
		               .section = section_of(part->verb),
		               .rule = STR("") };
	struct grant *grown;
	bool denied = false;

	grant.pattern = arena_copy(&s->arena, chosen_step(s, part));
	if (wide && grant.pattern.data)
		grant.pattern = anywhere(s, grant.pattern);
	look_up(question, part->text, &grant.rule, &denied, &s->arena);
	for (size_t i = 0; i < s->n_grants; i++)
		if (s->grants[i].side == grant.side && s->grants[i].section == grant.section &&
		    str_eq(s->grants[i].pattern, grant.pattern))
			return 0;
	if (s->n_grants >= MANIFEST_RULES_MAX)
		return err_set(
			err, ERR_LIMIT,
			"more than %u rules would be needed; name fewer sessions or use --broad",
			MANIFEST_RULES_MAX);
	grown = reallocarray(s->grants, s->n_grants + 1, sizeof(*grown));
	if (!grown || !grant.pattern.data)
		return err_nomem(err);
	s->grants = grown;
	grown[s->n_grants++] = grant;
	return 0;
}

/* Of a refused command only the part that was refused, where the log says which. */
static const struct caps_part *refused_part(struct suggesting *s,
                                            const struct past_question *question,
                                            const struct caps_answer *answer)
{
	const struct caps_part *last = NULL;

	for (size_t i = 0; i < answer->n_parts; i++) {
		const struct caps_part *part = &answer->parts[i];
		bool denied = false;
		struct str rule;

		if (part->verdict != CAPS_ASK || !part->n_steps)
			continue;
		last = part;
		look_up(question, part->text, &rule, &denied, &s->arena);
		if (denied)
			break;
	}
	return last;
}

static bool is_settled(const struct suggesting *s, size_t index)
{
	cleanup_caps_answer struct caps_answer answer = past_check(s->past, &s->rules, index);

	return answer.verdict == (s->past->questions[index].ran ? CAPS_ALLOW : CAPS_DENY);
}

static bool ran_settled(const struct suggesting *s)
{
	for (size_t i = 0; i < s->past->n_questions; i++)
		if (s->past->questions[i].ran && !s->open[i] && !is_settled(s, i))
			return false;
	return true;
}

static int take_back(struct suggesting *s, size_t before, struct err *err)
{
	if (s->n_grants == before)
		return 0;
	s->n_grants = before;
	return compile(s, err);
}

/* Rules for one thing that was done; they go again when they do not settle it. */
static int settle_done(struct suggesting *s, size_t index, struct err *err)
{
	const struct past_question *question = &s->past->questions[index];
	cleanup_caps_answer struct caps_answer answer = past_check(s->past, &s->rules, index);
	size_t before = s->n_grants;

	if (answer.verdict == CAPS_ALLOW)
		return 0;
	for (size_t i = 0; i < answer.n_parts; i++)
		if (answer.parts[i].verdict == CAPS_ASK && answer.parts[i].n_steps &&
		    add_grant(s, question, &answer.parts[i], false, err) < 0)
			return err->code;
	if (s->n_grants > before && compile(s, err) < 0)
		return err->code;
	s->open[index] = !is_settled(s, index);
	return s->open[index] ? take_back(s, before, err) : 0;
}

/* One rule for one thing that was refused, and never at the cost of what was done. */
static int settle_refused(struct suggesting *s, size_t index, struct err *err)
{
	const struct past_question *question = &s->past->questions[index];
	cleanup_caps_answer struct caps_answer answer = past_check(s->past, &s->rules, index);
	const struct caps_part *part = refused_part(s, question, &answer);
	size_t before = s->n_grants;

	for (int wide = 0; wide < 2 && answer.verdict != CAPS_DENY; wide++) {
		bool is_path = question->question.verb < CAPS_RUN;

		if (!part || (wide && !is_path))
			break;
		if (add_grant(s, question, part, wide, err) < 0 || compile(s, err) < 0)
			return err->code;
		if (is_settled(s, index) && ran_settled(s))
			return 0;
		if (take_back(s, before, err) < 0)
			return err->code;
	}
	s->open[index] = answer.verdict != CAPS_DENY;
	return 0;
}

/* First what ran, so that nothing of it is denied for the sake of a refusal.
 * The files that a search showed go before the search: they settle it. */
static int settle_all(struct suggesting *s, struct err *err)
{
	const struct past_question *questions = s->past->questions;

	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < s->past->n_questions; i++) {
			int its_round = !questions[i].ran ? 2 : questions[i].is_shown ? 0 : 1;

			if (its_round == round &&
			    (questions[i].ran ? settle_done(s, i, err)
			                      : settle_refused(s, i, err)) < 0)
				return err->code;
		}
	return 0;
}

static bool all_settled(const struct suggesting *s)
{
	for (size_t i = 0; i < s->past->n_questions; i++)
		if (!s->open[i] && !is_settled(s, i))
			return false;
	return true;
}

/* A later rule may have made an earlier one needless. */
static int drop_needless(struct suggesting *s, struct err *err)
{
	for (size_t i = 0; i < s->n_grants; i++) {
		s->grants[i].dropped = true;
		if (compile(s, err) < 0)
			return err->code;
		s->grants[i].dropped = all_settled(s);
	}
	return compile(s, err);
}

static void put_open(const struct suggesting *s, struct buf *out)
{
	for (size_t i = 0; i < s->past->n_questions; i++) {
		const struct past_question *question = &s->past->questions[i];
		cleanup_caps_answer struct caps_answer answer = { 0 };

		if (!s->open[i])
			continue;
		answer = past_check(s->past, &s->rules, i);
		buf_addf(out,
		         "# Call %llu of %s is still %s: ", (unsigned long long)question->call->seq,
		         s->past->stories[question->session].facts.id,
		         answer.verdict == CAPS_DENY ? "denied" : "asked about");
		put_quoted(out, question->question.subject);
		buf_addf(out, " (%.*s)\n", STR_ARG(answer.reason));
	}
}

static int begin(struct suggesting *s, struct err *err)
{
	const struct story *last = &s->past->stories[s->past->n_stories - 1];

	s->open = calloc(s->past->n_questions + 1, sizeof(*s->open));
	if (!s->open)
		return err_nomem(err);
	if (manifest_parse(last->manifest, "the manifest of the last session", &s->last, err) < 0)
		return err->code;
	put_head(&s->head, last->manifest);
	if (compile(s, err) < 0)
		return err_wrap(err,
		                "the rules of %s's manifest do not stand in tables of their own "
		                "([capabilities.allow.read] and so on)",
		                last->facts.id);
	if (s->manifest->allow.commands.n_patterns || s->manifest->allow.read.n_paths ||
	    s->manifest->allow.write.n_paths || s->manifest->allow.del.n_paths)
		return err_set(err, ERR_INPUT,
		               "the rules of %s's manifest do not stand in tables of their own "
		               "([capabilities.allow.read] and so on)",
		               last->facts.id);
	return 0;
}

int suggest_manifest(const struct past *past, bool broad, struct buf *ret_text, struct err *err)
{
	cleanup_with(suggesting_fini) struct suggesting s = {
		.past = past, .broad = broad, .arena = arena_make(STORY_SIZE_MAX, NULL, NULL)
	};
	int r = begin(&s, err);

	if (r >= 0)
		r = settle_all(&s, err);
	if (r >= 0)
		r = drop_needless(&s, err);
	if (r < 0)
		return r;
	put_text(&s, ret_text);
	put_open(&s, ret_text);
	return buf_check(ret_text, "the manifest", err);
}
