#include "caps/guards/guards.h"

#include <ctype.h>

#include "base/err.h"
#include "caps/hosts.h"
#include "caps/path.h"
#include "caps/programs.h"
#include "caps/rules.h"

static const char git_lists[] =
	"-l --list --contains --no-contains --merged --no-merged --points-at -a -r --all "
	"--remotes --show-current -n";

static struct ruling git_names(const struct call *call)
{
	if (guards_has_word(call, git_lists) || (call->rule && call->rule->n_words > 2))
		return ruling_fine();
	for (size_t i = 2; i < call->n; i++)
		if (guards_is_operand(&call->argv[i]) &&
		    !(i > 2 && program_in_list(call->argv[i - 1].text,
		                               "--sort --format --color --abbrev", ' ')))
			return call_names(call, call->argv[i].text)
			               ? ruling_fine()
			               : ruling_ask("makes or moves a name in the repository");
	return ruling_fine();
}

/* The subcommand's own word must be one of those that only look. */
static struct ruling git_verb(const struct call *call, const char *looks, bool alone_is_fine)
{
	size_t i = 2;

	while (i < call->n && !call->argv[i].opaque &&
	       program_in_list(call->argv[i].text, "-v --verbose", ' '))
		i++;
	if (i >= call->n)
		return alone_is_fine ? ruling_fine() : ruling_ask("changes the repository");
	if (call->argv[i].opaque || !program_in_list(call->argv[i].text, looks, ' '))
		return call->rule && call->rule->n_words > i &&
		                       str_eq(call->rule->words[i], call->argv[i].text)
		               ? ruling_fine()
		               : ruling_ask("changes the repository");
	return ruling_fine();
}

static struct ruling git_commit(const struct call *call)
{
	for (size_t i = 2; i < call->n; i++) {
		struct str text = call->argv[i].text;

		if (call->argv[i].opaque)
			continue;
		if (str_starts(text, STR("--message")) || str_starts(text, STR("--file")) ||
		    program_in_list(text, "--no-edit -C --reuse-message --dry-run", ' ') ||
		    str_starts(text, STR("--fixup")) || str_starts(text, STR("--reuse-message=")))
			return ruling_fine();
		if (text.len > 1 && text.data[0] == '-' && text.data[1] != '-' &&
		    (str_chr(text, 'm') != STR_NONE || str_chr(text, 'F') != STR_NONE))
			return ruling_fine();
	}
	return ruling_ask("git would start an editor; give the message with -m");
}

static struct ruling git_config(const struct call *call)
{
	static const char reads[] =
		"--get --get-all --get-regexp --get-urlmatch --list -l get list --get-color "
		"--get-colorbool";
	size_t operands = 0;

	for (size_t i = 2; i < call->n; i++)
		operands += guards_is_operand(&call->argv[i]);
	if (guards_has_word(call, reads) || (call->rule && call->rule->n_words > 2))
		return ruling_fine();
	return operands == 1 && call->n == 3 &&
	                       !program_in_list(call->argv[2].text, "edit set unset", ' ')
	               ? ruling_fine()
	               : ruling_ask("changes git's settings");
}

/* name::address runs a helper program; a path or URL reaches elsewhere. */
static struct ruling git_remote_operands(const struct call *call)
{
	for (size_t i = 1; i < call->n; i++) {
		struct str text = call->argv[i].text;

		if (call->argv[i].opaque && i > 1)
			return ruling_ask("git would talk to a place that is not known");
		if (str_find(text, STR("::"), 0) != STR_NONE)
			return ruling_ask("git would run a helper for this address");
		if (text.len &&
		    (text.data[0] == '/' || text.data[0] == '.' || text.data[0] == '~') && i > 1)
			return ruling_ask("git would read another repository");
	}
	return ruling_fine();
}

struct ruling guard_git(const struct call *call)
{
	static const char changing[] =
		"difftool mergetool gui citool filter-branch send-email daemon instaweb "
		"credential fast-import upload-pack receive-pack shell";
	struct str sub = call->n > 1 ? call->argv[1].text : STR("");

	for (size_t i = 2; i < call->n; i++)
		if (!call->argv[i].opaque && str_starts(call->argv[i].text, STR("ext::")))
			return ruling_ask("git would run a helper for this address");
	if (str_is(sub, "branch") || str_is(sub, "tag"))
		return git_names(call);
	if (str_is(sub, "commit"))
		return git_commit(call);
	if (str_is(sub, "config"))
		return git_config(call);
	if (str_is(sub, "remote"))
		return git_verb(call, "show get-url", true);
	if (str_is(sub, "stash"))
		return git_verb(call, "list show", false);
	if (str_is(sub, "reflog"))
		return guards_has_word(call, "expire delete drop")
		               ? ruling_ask("changes the repository")
		               : ruling_fine();
	if (str_is(sub, "worktree"))
		return git_verb(call, "list", false);
	if (str_is(sub, "submodule"))
		return git_verb(call, "status summary", true);
	if (str_is(sub, "notes"))
		return git_verb(call, "list show", true);
	if (str_is(sub, "bisect"))
		return git_verb(call, "log view visualize", false);
	if (program_in_list(sub, "fetch pull ls-remote clone push archive", ' '))
		return git_remote_operands(call);
	if (program_in_list(sub, changing, ' ') && !(call->rule && call->rule->n_words > 1))
		return ruling_ask("git would run other programs");
	return ruling_fine();
}
