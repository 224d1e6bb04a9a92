#include "caps/check.h"

#include <stdio.h>

#include "base/err.h"
#include "caps/hosts.h"
#include "caps/path.h"
#include "caps/programs.h"
#include "caps/rules.h"

#define STEPS_MAX 24

static void add_step(struct caps_part *part, struct str pattern)
{
	for (size_t i = 0; i < part->n_steps; i++)
		if (str_eq(part->steps[i].pattern, pattern))
			return;
	part->steps[part->n_steps++] = (struct caps_step){ pattern, false };
}

static void begin(struct check *check, struct caps_part *part)
{
	part->steps = arena_array(check->arena, struct caps_step, STEPS_MAX);
	part->n_steps = 0;
}

/* The name as rules write it: relative to the root where it lies beneath it. */
static struct str as_written(struct check *check, struct str path)
{
	const struct caps *caps = check->caps;

	if (path_is_beneath(path, caps->root) && path.len > caps->root.len)
		path = str_from(path, caps->root.len == 1 ? 1 : caps->root.len + 1);
	return path_literal(check->arena, path);
}

static struct str last_part(struct str text, char byte)
{
	size_t at = text.len;

	while (at && text.data[at - 1] != byte)
		at--;
	return str_from(text, at);
}

/*
 * All files of the kind, those in the same tree, those beside it, this one.  A
 * write is never offered the whole project, a delete only its folder: what is
 * offered is what people take.
 */
void scale_path(struct check *check, struct caps_part *part, struct str path)
{
	struct arena *arena = check->arena;
	struct str exact, name, dir, top, files = STR("*");
	bool named_only;

	if (part->verb != CAPS_CONNECT && path.len && path.data[0] == '~')
		part->only_once = true;
	path = path_normal(arena, check->caps->root, STR(""), path);
	named_only = part->only_once || (part->verb != CAPS_READ && path_is_protected(path));
	exact = as_written(check, path);
	name = last_part(exact, '/');
	dir = str_head(exact, exact.len - name.len);
	top = str_head(dir, str_chr(dir, '/') == STR_NONE ? 0 : str_chr(dir, '/') + 1);
	if (str_chr(name, '.') != STR_NONE && name.data[0] != '.')
		files = arena_join(arena, STR("*."), arena_copy(arena, last_part(name, '.')).data,
		                   (char *)NULL);
	begin(check, part);
	if (!named_only && name.len && name.data[0] != '.' && exact.data[0] != '/') {
		if (part->verb == CAPS_READ)
			add_step(part, arena_join(arena, STR("**/"), files.data, (char *)NULL));
		if (part->verb != CAPS_DELETE && top.len)
			add_step(part, arena_join(arena, arena_copy(arena, top), "**/", files.data,
			                          (char *)NULL));
		if (dir.len)
			add_step(part, arena_join(arena, arena_copy(arena, dir), files.data,
			                          (char *)NULL));
	}
	add_step(part, exact);
	part->steps[part->verb == CAPS_READ && part->n_steps == 4    ? 1
	            : part->verb == CAPS_WRITE && part->n_steps == 3 ? 0
	                                                             : part->n_steps - 1]
		.recommended = true;
}

/* Would a wildcard in front of this suffix hand out names to strangers? */
static bool is_shared_suffix(struct str suffix)
{
	static const char *const shared[] = {
		"github.io",       "gitlab.io",         "pages.dev",     "workers.dev",
		"vercel.app",      "netlify.app",       "herokuapp.com", "amazonaws.com",
		"cloudfront.net",  "azurewebsites.net", "appspot.com",   "web.app",
		"firebaseapp.com", "ngrok.io",          "blogspot.com",  "googleapis.com",
		"windows.net",     "fly.dev",           "onrender.com",  "trycloudflare.com",
	};
	size_t dot = str_chr(suffix, '.');

	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		if (str_is(suffix, shared[i]) || (str_ends(suffix, str_of(shared[i]))))
			return true;
	/* co.uk, com.au, gv.at: a short name below a country. */
	return dot == STR_NONE || (dot <= 3 && suffix.len - dot == 3);
}

void scale_host(struct check *check, struct caps_part *part, struct str target)
{
	struct arena *arena = check->arena;
	struct caps_host host;
	struct str name, port = STR("");
	size_t dot;

	begin(check, part);
	if (caps_host_parse(target, &host, &(struct err){ 0 }) < 0)
		return;
	name = arena_copy(arena, (struct str){ host.name, host.len });
	if (host.port != 80 && host.port != 443) {
		char digits[16];

		(void)snprintf(digits, sizeof(digits), ":%u", host.port);
		port = arena_copy(arena, str_of(digits));
	}
	dot = str_chr(name, '.');
	if (!host.is_address && dot != STR_NONE &&
	    str_chr(str_from(name, dot + 1), '.') != STR_NONE &&
	    !is_shared_suffix(str_from(name, dot + 1)))
		add_step(part,
		         arena_join(arena, STR("*"), name.data + dot, port.data, (char *)NULL));
	if (host.is_address && str_chr(name, ':') != STR_NONE && port.len)
		add_step(part,
		         arena_join(arena, STR("["), name.data, "]", port.data, (char *)NULL));
	else
		add_step(part, arena_join(arena, name, port.data, (char *)NULL));
	part->steps[part->n_steps - 1].recommended = true;
}

/* A word as a pattern holds it; false when no quoting can say it. */
static bool quote_word(struct check *check, struct str word, struct str *ret_text)
{
	bool has_single = str_chr(word, '\'') != STR_NONE, plain = word.len != 0;

	for (size_t i = 0; i < word.len; i++) {
		unsigned char c = (unsigned char)word.data[i];

		if (c < ' ' || c == 0x7f)
			return false;
		plain = plain && !strchr(" ;|&<>()$`\\!#*'\"", c);
	}
	if (plain && !str_ends(word, STR(":*"))) {
		*ret_text = word;
		return true;
	}
	if (has_single && str_chr(word, '"') != STR_NONE)
		return false;
	*ret_text = arena_join(check->arena, has_single ? STR("\"") : STR("'"),
	                       arena_copy(check->arena, word).data, has_single ? "\"" : "'",
	                       (char *)NULL);
	return true;
}

/* Of git's subcommands, those whose next word says what they do, and those with an effect elsewhere. */
static const char git_deeper[] =
	"stash remote config branch worktree tag submodule reflog bisect notes";
static const char git_remote[] = "push fetch pull clone";

/* How many words the recommended pattern has; 0: all of them, exactly. */
static size_t recommended_depth(const struct str *words, size_t n)
{
	const struct program *program = program_find(program_name(words[0]));
	size_t depth = program ? program->depth : 1;

	if (str_is(words[0], "git") && n > 1 && program_in_list(words[1], git_remote, ' '))
		return 0;
	if (str_is(words[0], "git") && n > 1 && program_in_list(words[1], git_deeper, ' '))
		return n > 2 && words[2].data[0] != '-' ? 3 : 0;
	if (n > 1 && (str_is(words[1], "run") || str_is(words[1], "exec")) &&
	    program_in_list(words[0], "npm pnpm yarn bun uv poetry pdm pipenv bundle", ' '))
		depth = 3;
	if (program_is_python(program_name(words[0])))
		depth = n > 1 && str_is(words[1], "-m") ? 3 : 2;
	if (str_chr(words[0], '/') != STR_NONE && !program)
		depth = 1;
	if (program && program->traits & REMOTE)
		return 0;
	return depth > n ? 0 : depth;
}

/* The least words a pattern of this program may have. */
static size_t least_depth(const struct str *words, size_t n, size_t recommended)
{
	const struct program *program = program_find(program_name(words[0]));
	bool is_launcher = (program && program->traits & LAUNCHER) ||
	                   program_is_python(program_name(words[0]));

	if (program && program->traits & REMOTE)
		return n + 1;
	if (!is_launcher)
		return 1;
	/* An option where the script's or module's name belongs names nothing. */
	if (recommended == 0 || words[recommended - 1].data[0] == '-')
		return n + 1;
	return recommended;
}

void scale_command(struct check *check, struct caps_part *part, const struct str *words,
                   size_t n_words, bool is_whole)
{
	size_t recommended = recommended_depth(words, n_words);
	size_t least = least_depth(words, n_words, recommended);
	const struct program *program = program_find(program_name(words[0]));
	struct str text = STR("");

	begin(check, part);
	for (size_t i = 0; i < n_words && i < STEPS_MAX - 2; i++) {
		struct str word;

		if (!quote_word(check, words[i], &word))
			break;
		word = arena_copy(check->arena, word);
		text = i ? arena_join(check->arena, text, " ", word.data, (char *)NULL) : word;
		if (i + 1 < least || (i + 1 == n_words && is_whole && i + 1 != recommended))
			continue;
		add_step(part, arena_join(check->arena, text, ":*", (char *)NULL));
		part->steps[part->n_steps - 1].recommended = i + 1 == recommended;
	}
	if (is_whole && n_words <= STEPS_MAX - 2) {
		struct str last;
		bool is_sayable = true;

		for (size_t i = 0; i < n_words; i++)
			is_sayable = is_sayable && quote_word(check, words[i], &last);
		if (is_sayable) {
			add_step(part, text);
			part->steps[part->n_steps - 1].recommended =
				recommended == 0 || recommended < least;
		}
	}
	if (part->n_steps == 0 || (least > n_words && program && program->traits & LAUNCHER) ||
	    program_in_list(words[0], "curl wget ssh scp rsync", ' '))
		part->only_once = true;
}
