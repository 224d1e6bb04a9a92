#include "caps/path.h"

#include <ctype.h>
#include <limits.h>

#include "base/utf8.h"
#include "caps/mutants.h"
#include "caps/ruling.h"
#include "caps/rules.h"

/*
 * Names that something runs or loads later: a wildcard does not cover them for
 * writing and deleting, a rule must name the component.
 */
static const char *const protected_names[] = {
	".git",         ".gitmodules",    ".gitconfig",
	".vscode",      ".idea",          ".husky",
	".envrc",       ".env",           ".env.*",
	".direnv",      ".devcontainer",  ".claude",
	".cursor",      ".codex",         ".gemini",
	".windsurf",    ".zed",           ".aider.conf.yml",
	".mcp.json",    ".npmrc",         ".yarnrc",
	".yarnrc.yml",  ".pnpmfile.cjs",  ".pre-commit-config.yaml",
	"lefthook.yml", ".lefthook.yml",  ".cargo",
	".exrc",        ".nvimrc",        ".vimrc",
	".nvim.lua",    ".dir-locals.el", ".roo",
	".continue",    ".kiro",          ".junie",
	".opencode",    ".qwen",          ".crush",
	".copilot",     ".agents",        ".ssh",
	".gnupg",       ".bashrc",        ".bash_profile",
	".bash_login",  ".profile",       ".zshrc",
	".zshenv",      ".zprofile",      ".inputrc",
	".netrc",
};

/* The manifest, its signature and seal's own folder: never, whatever a rule says. */
static const char *const forbidden_names[] = { "seal.toml", "seal.toml.sig", ".seal" };

static const char *const forbidden_homes[] = {
	".config/seal",
	".local/state/seal",
	".local/share/seal",
	".cache/seal",
};

struct str path_normal(struct arena *arena, struct str base, struct str home, struct str name)
{
	size_t size = base.len + home.len + name.len + 3, len = 0;
	char *out = arena_take(arena, size);
	struct str from[2] = { { NULL, 0 }, name }, piece;

	if (name.len && name.data[0] == '~' && home.len && (name.len == 1 || name.data[1] == '/')) {
		from[0] = home;
		from[1] = str_from(name, 1);
	} else if (name.len == 0 || name.data[0] != '/') {
		from[0] = base;
	}
	for (int i = 0; i < 2; i++) {
		while (str_split(&from[i], '/', &piece)) {
			if (piece.len == 0 || str_is(piece, "."))
				continue;
			if (str_is(piece, "..")) {
				while (len && out[--len] != '/')
					;
				continue;
			}
			out[len++] = '/';
			memcpy(out + len, piece.data, piece.len);
			len += piece.len;
		}
	}
	if (len == 0)
		out[len++] = '/';
	out[len] = '\0';
	return (struct str){ out, len };
}

bool path_is_beneath(struct str path, struct str dir)
{
	if (dir.len == 1)
		return true;
	return str_starts(path, dir) && (path.len == dir.len || path.data[dir.len] == '/');
}

static int folded(char c, bool ignore_case)
{
	return ignore_case ? tolower((unsigned char)c) : (unsigned char)c;
}

/* Position behind the set's bracket, or 0 when `[` opens none. */
static size_t set_end(struct str pattern, size_t at)
{
	size_t i = at + 1;

	if (i < pattern.len && (pattern.data[i] == '!' || pattern.data[i] == '^'))
		i++;
	if (i < pattern.len && pattern.data[i] == ']')
		i++;
	while (i < pattern.len && pattern.data[i] != ']')
		i++;
	return i < pattern.len ? i + 1 : 0;
}

/* `set` is what stands between the brackets. */
static bool set_holds(struct str set, char c, bool ignore_case)
{
	bool negated = set.len && (set.data[0] == '!' || set.data[0] == '^'), hit = false;
	int want = folded(c, ignore_case);

	for (size_t i = negated; i < set.len; i++) {
		int low = folded(set.data[i], ignore_case), high = low;

		if (i + 2 < set.len && set.data[i + 1] == '-') {
			high = folded(set.data[i + 2], ignore_case);
			i += 2;
		}
		hit = hit || (want >= low && want <= high);
	}
	return hit != negated;
}

/* Bytes of the character at `at`: `?` and sets take a character, not a byte. */
static size_t char_len(struct str text, size_t at)
{
	uint32_t point;
	size_t n = utf8_decode(str_from(text, at), &point);

	return n ? n : 1;
}

/* Takes one element of the pattern against one character; false: no match. */
static bool match_one(struct str pattern, size_t *p, struct str name, size_t *n, bool ignore_case)
{
	char c = pattern.data[*p];
	size_t end;

	if (*n >= name.len)
		return false;
	if (c == '?') {
		*p += 1;
		*n += char_len(name, *n);
		return true;
	}
	end = c == '[' ? set_end(pattern, *p) : 0;
	if (end) {
		struct str set = { pattern.data + *p + 1, end - *p - 2 };

		if (!set_holds(set, name.data[*n], ignore_case))
			return false;
		*p = end;
		*n += char_len(name, *n);
		return true;
	}
	if (folded(c, ignore_case) != folded(name.data[*n], ignore_case))
		return false;
	++*p, ++*n;
	return true;
}

bool path_glob_segment(struct str pattern, struct str name, bool ignore_case)
{
	size_t p = 0, n = 0, star = STR_NONE, mark = 0;

	while (n < name.len || p < pattern.len) {
		if (p < pattern.len && pattern.data[p] == '*') {
			star = p++;
			mark = n;
			continue;
		}
		if (p < pattern.len && match_one(pattern, &p, name, &n, ignore_case))
			continue;
		if (star == STR_NONE || mark >= name.len)
			return false;
		p = star + 1;
		n = ++mark;
	}
	return true;
}

/* The segment that starts behind the slash at `at`. */
static struct str segment(struct str path, size_t at)
{
	size_t end = at + 1;

	while (end < path.len && path.data[end] != '/')
		end++;
	return (struct str){ path.data + at + 1, end - at - 1 };
}

/* Going back to the last `**` is enough: an earlier one can take no more than it. */
bool path_glob(struct str pattern, struct str path, bool ignore_case)
{
	size_t p = 0, n = 0, star = STR_NONE, mark = 0;

	while (n < path.len || p < pattern.len) {
		struct str want = segment(pattern, p < pattern.len ? p : 0);

		if (p < pattern.len && str_is(want, "**")) {
			p += 3;
			star = p;
			mark = n;
			continue;
		}
		if (p < pattern.len && n < path.len &&
		    path_glob_segment(want, segment(path, n), ignore_case)) {
			p += want.len + 1;
			n += segment(path, n).len + 1;
			continue;
		}
		if (star == STR_NONE || mark >= path.len)
			return false;
		mark += segment(path, mark).len + 1;
		p = star;
		n = mark;
	}
	return true;
}

bool path_has_wildcard(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (strchr("*?[", text.data[i]) && text.data[i])
			return true;
	return false;
}

/* Sets and `?` are taken to meet anything. */
bool path_globs_meet(struct str a, struct str b)
{
	if (a.len == 0 || b.len == 0) {
		struct str rest = a.len ? a : b;

		for (size_t i = 0; i < rest.len; i++)
			if (rest.data[i] != '*')
				return false;
		return true;
	}
	if (a.data[0] == '*')
		return path_globs_meet(str_from(a, 1), b) || path_globs_meet(a, str_from(b, 1));
	if (b.data[0] == '*')
		return path_globs_meet(b, a);
	if (a.data[0] == '[' || b.data[0] == '[')
		return true;
	if (a.data[0] != '?' && b.data[0] != '?' &&
	    folded(a.data[0], true) != folded(b.data[0], true))
		return false;
	return path_globs_meet(str_from(a, 1), str_from(b, 1));
}

struct str path_literal(struct arena *arena, struct str name)
{
	char *out = arena_take(arena, name.len * 3 + 1);
	size_t len = 0;

	for (size_t i = 0; i < name.len; i++) {
		bool special = strchr("*?[", name.data[i]) && name.data[i];

		if (special)
			out[len++] = '[';
		out[len++] = name.data[i];
		if (special)
			out[len++] = ']';
	}
	return (struct str){ out, len };
}

static struct ruling denied(const char *reason)
{
	return (struct ruling){ CAPS_DENY, { "", 0 }, 0, reason, false, false };
}

static const char *const uncovered[] = {
	[CAPS_READ] = "no rule covers reading it",
	[CAPS_WRITE] = "no rule covers writing it",
	[CAPS_DELETE] = "no rule covers deleting it",
};

static struct ruling asks(const char *reason)
{
	return (struct ruling){ CAPS_ASK, { "", 0 }, 0, reason, true, false };
}

/* Most rules are settled by what stands before their first wildcard. */
static bool rule_matches(const struct path_rule *rule, struct str path, bool ignore_case)
{
	/* `a` + `/` + `**` also matches `a` itself, which ends where the slash is. */
	size_t head = rule->literal < path.len ? rule->literal : path.len;

	if (ignore_case ? strncasecmp(rule->pattern.data, path.data, head) != 0
	                : memcmp(rule->pattern.data, path.data, head) != 0)
		return false;
	return path_glob(rule->pattern, path, ignore_case);
}

const struct path_rule *path_denied(const struct caps *caps, enum caps_verb verb, struct str path)
{
	const struct path_rules *rules = &caps->deny_paths[verb];

	for (size_t i = 0; i < rules->n; i++)
		if (rule_matches(&rules->items[i], path, true))
			return &rules->items[i];
	return NULL;
}

static bool is_one_of(struct str name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (path_glob_segment(str_of(list[i]), name, true))
			return true;
	return false;
}

#define IS_ONE_OF(name, list) is_one_of(name, list, sizeof(list) / sizeof((list)[0]))

static bool is_forbidden(const struct caps *caps, struct str path)
{
	for (size_t at = 0; at < path.len; at += segment(path, at).len + 1)
		if (IS_ONE_OF(segment(path, at), forbidden_names))
			return true;
	for (size_t i = 0;
	     caps->home.len > 1 && i < sizeof(forbidden_homes) / sizeof(forbidden_homes[0]); i++)
		if (str_starts(path, caps->home) && path.len > caps->home.len &&
		    path_is_beneath(str_from(path, caps->home.len + 1), str_of(forbidden_homes[i])))
			return true;
	return false;
}

bool path_is_protected(struct str path)
{
	for (size_t at = 0; at < path.len; at += segment(path, at).len + 1)
		if (IS_ONE_OF(segment(path, at), protected_names))
			return true;
	return false;
}

/* Does the pattern hold every protected component of the path, letter by letter? */
static bool names_protected(struct str pattern, struct str path)
{
	for (size_t at = 0; at < path.len; at += segment(path, at).len + 1) {
		struct str name = segment(path, at);
		bool named = false;

		if (!IS_ONE_OF(name, protected_names))
			continue;
		for (size_t p = 0; p < pattern.len && !named; p += segment(pattern, p).len + 1) {
			struct str want = segment(pattern, p);

			named = want.len == name.len &&
			        strncasecmp(want.data, name.data, name.len) == 0;
		}
		if (!named)
			return false;
	}
	return true;
}

static bool is_more_specific(const struct path_rule *a, const struct path_rule *b)
{
	if (a->segments != b->segments)
		return a->segments > b->segments;
	if (a->chars != b->chars)
		return a->chars > b->chars;
	return a->prompt && !b->prompt;
}

/* The name's own place: the system's doors are closed whatever a rule says. */
static bool is_system_door(struct str path)
{
	return path_is_beneath(path, STR("/proc")) || path_is_beneath(path, STR("/sys")) ||
	       path_is_beneath(path, STR("/dev"));
}

struct ruling path_judge(const struct caps *caps, enum caps_verb verb, struct str path)
{
	const struct path_rules *rules = &caps->allow_paths[verb];
	const struct path_rule *best = path_denied(caps, verb, path);
	bool is_protected = false;

	if (best)
		return (struct ruling){ CAPS_DENY, best->text, best->line, "a deny rule names it",
			                false,     false };
	if (is_system_door(path))
		return denied("/proc, /sys and /dev are not files of a project");
	if (verb != CAPS_READ && is_forbidden(caps, path))
		return denied("the manifest, its signature and seal's own folders are never "
		              "written by the agent");
	for (size_t i = 0; i < rules->n; i++) {
		const struct path_rule *rule = &rules->items[i];

		if (best && !is_more_specific(rule, best))
			continue;
		if (!rule_matches(rule, path, caps->context.ignore_case))
			continue;
		if (verb != CAPS_READ && !IS_MUTANT(PROTECTED) &&
		    !names_protected(rule->pattern, path)) {
			is_protected = true;
			continue;
		}
		best = rule;
	}
	if (best && best->prompt)
		return (struct ruling){ CAPS_ASK, best->text, best->line, "its rule says to ask",
			                false,    true };
	if (best)
		return (struct ruling){ CAPS_ALLOW, best->text, best->line, "", false, false };
	if (is_protected)
		return (struct ruling){
			CAPS_ASK, { "", 0 },
			0,        "something runs or loads this file later; a rule must name it",
			false,    false
		};
	return (struct ruling){ CAPS_ASK, { "", 0 }, 0, uncovered[verb], false, false };
}

/* Bytes of a name that are no name, or that a person cannot read. */
static struct ruling check_name(struct str name)
{
	struct str rest = name, piece;
	uint32_t point;

	if (name.len == 0)
		return denied("the name is empty");
	if (str_chr(name, '\0') != STR_NONE)
		return denied("the name holds a NUL");
	if (name.len >= PATH_MAX)
		return denied("the name is too long");
	while (str_split(&rest, '/', &piece))
		if (piece.len > NAME_MAX)
			return denied("a component of the name is too long");
	if (!utf8_valid(name))
		return asks("the name is not UTF-8");
	for (rest = name; rest.len; rest = str_from(rest, utf8_decode(rest, &point))) {
		(void)utf8_decode(rest, &point);
		if (point < ' ' || (point >= 0x7f && point < 0xa0) || point == 0xad ||
		    (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
		    (point >= 0x2060 && point <= 0x206f) || point == 0xfeff || point == 0x61c)
			return asks("the name holds characters that do not show");
	}
	if (name.data[0] == '~')
		return asks("~ is not expanded in names; write the whole path");
	return (struct ruling){ CAPS_ALLOW, { "", 0 }, 0, "", false, false };
}

static bool is_nameable(const struct caps *caps, struct str path)
{
	if (path_is_beneath(path, caps->root))
		return true;
	for (size_t i = 0; i < caps->n_dirs; i++)
		if (path_is_beneath(path, caps->dirs[i]))
			return true;
	return false;
}

static struct ruling check_object(const struct caps *caps, const struct caps_question *question)
{
	if (question->exists && !question->is_regular)
		return denied("not a regular file");
	if (question->exists && question->links > 1 && question->verb == CAPS_WRITE)
		return asks("the file has other names (hard links)");
	/* One of its other names may be denied; which, only the disk knows. */
	if (question->exists && question->links > 1 && question->verb == CAPS_READ &&
	    caps->deny_paths[CAPS_READ].n)
		return asks(
			"the file has other names (hard links), and a deny rule may hold for one");
	return (struct ruling){ CAPS_ALLOW, { "", 0 }, 0, "", false, false };
}

/* The rules that match and lost, for whoever asks why. */
static struct str runners_up(const struct caps *caps, struct arena *arena, enum caps_verb verb,
                             struct str path, struct ruling winner)
{
	const struct path_rules *rules = &caps->allow_paths[verb];
	struct str others = STR("");

	for (size_t i = 0; i < rules->n && caps->context.explain; i++)
		if (!(rules->items[i].line == winner.line &&
		      str_eq(rules->items[i].text, winner.rule)) &&
		    rule_matches(&rules->items[i], path, caps->context.ignore_case))
			others = arena_join(arena, others,
			                    arena_copy(arena, rules->items[i].text).data, "\n",
			                    (char *)NULL);
	return others;
}

struct ruling path_check(const struct caps *caps, struct arena *arena,
                         const struct caps_question *question)
{
	struct ruling name = check_name(question->subject), result, real;
	struct str given, canonical;

	if (name.verdict == CAPS_DENY)
		return name;
	given = path_normal(arena, caps->root, (struct str){ "", 0 }, question->subject);
	canonical = question->canonical.len ? path_normal(arena, caps->root, (struct str){ "", 0 },
	                                                  question->canonical)
	                                    : given;
	result = path_judge(caps, question->verb, given);
	real = str_eq(given, canonical) ? result : path_judge(caps, question->verb, canonical);
	if (real.verdict < result.verdict ||
	    (real.verdict == result.verdict && str_eq(given, canonical)))
		result = real;
	if (!str_eq(given, canonical))
		result.only_once = true;
	result = ruling_worse(result, check_object(caps, question));
	if (!is_nameable(caps, given) || !is_nameable(caps, canonical))
		result = ruling_worse(result,
		                      asks("outside the project and its additional directories"));
	if (question->canonical.len == 0)
		result = ruling_worse(result, asks("the name leads nowhere that could be checked"));
	if (name.verdict < result.verdict)
		result = name;
	result.others = runners_up(caps, arena, question->verb, canonical, result);
	return result;
}
