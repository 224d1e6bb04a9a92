#include "seal-cli/run/question.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "seal-runtime/manifest/approve.h"
#include "seal-runtime/manifest/edit.h"

static const struct {
	const char *verb;
	enum manifest_edit_section section;
} sections[] = {
    {"run", EDIT_COMMANDS},  {"read", EDIT_READ},       {"write", EDIT_WRITE},
    {"delete", EDIT_DELETE}, {"connect", EDIT_NETWORK},
};

static int edit_of(struct str verb, struct str pattern, struct manifest_edit *ret_edit,
		   struct err *err)
{
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (str_is(verb, sections[i].verb)) {
			*ret_edit = (struct manifest_edit){.section = sections[i].section,
							   .pattern = pattern};
			return 0;
		}
	return err_set(err, ERR_INPUT, "seal.toml has no rules for \"%.*s\"",
		       STR_ARG(str_head(verb, 32)));
}

int question_remember(const char *root, bool allow, const char *verb, const char *pattern,
		      bool prompt, struct err *err)
{
	struct manifest_edit edit;

	if (edit_of(str_of(verb), str_of(pattern), &edit, err) < 0)
		return err->code;
	edit.side = allow ? EDIT_ALLOW : EDIT_DENY;
	edit.prompt = prompt;
	return approve_edit(root, &edit, err);
}

/* "Allow" for what is granted with prompt = true already changes nothing. */
static bool is_needless(const struct question_part *part, enum question_choice choice)
{
	return part->is_allowed || (choice == CHOICE_ALLOW && part->rule.len);
}

int question_write(const struct question *question, enum question_choice choice, struct err *err)
{
	cleanup_free char *root = str_dup(question->root);

	if (choice == CHOICE_DENY || question->is_plain)
		return 0;
	if (!root)
		return err_nomem(err);
	for (size_t i = 0; i < question->n_parts; i++) {
		const struct question_part *part = &question->parts[i];
		cleanup_free char *verb = str_dup(part->verb);
		cleanup_free char *pattern = str_dup(question_pattern(part));

		if (is_needless(part, choice))
			continue;
		if (!verb || !pattern)
			return err_nomem(err);
		if (question_remember(root, choice != CHOICE_DENY_ALWAYS, verb, pattern,
				      choice == CHOICE_ALLOW, err) < 0)
			return err->code;
	}
	return 0;
}

void question_line(const struct question_part *part, enum question_choice choice,
		   struct buf *ret_text)
{
	struct manifest_edit edit;
	struct err ignored;

	if (edit_of(part->verb, question_pattern(part), &edit, &ignored) < 0)
		return;
	edit.side = choice == CHOICE_DENY_ALWAYS ? EDIT_DENY : EDIT_ALLOW;
	edit.prompt = choice == CHOICE_ALLOW;
	buf_addf(ret_text, "[%s] %s: ", manifest_edit_table(&edit), manifest_edit_key(&edit));
	manifest_edit_entry(&edit, ret_text);
}
