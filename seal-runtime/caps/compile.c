#include "caps/caps.h"

#include <setjmp.h>
#include <stdio.h>
#include <tree_sitter/api.h>

#include "base/buf.h"
#include "base/err.h"
#include "caps/hosts.h"
#include "caps/path.h"
#include "caps/programs.h"
#include "caps/rules.h"

/* The compiled form of 10,000 rules is a few megabytes. */
#define CAPS_MEMORY_MAX (64u << 20)

const TSLanguage *tree_sitter_bash(void);

struct compile {
	struct caps *caps;
	struct buf *left_out; /* NULL: a bad rule is an error */
	struct err *err;
	jmp_buf full;
};

static void memory_is_full(void *ctx)
{
	longjmp(((struct compile *)ctx)->full, 1);
}

/* A rule is bad: ends the load, or is left out when that was asked for. */
static int bad_rule(struct compile *c, unsigned int line, struct str text, const char *why)
{
	struct err *err = c->err;

	err_set(err, ERR_INPUT, MANIFEST_NAME ":%u: \"%.*s\": %s", line,
	        STR_ARG(str_head(text, 200)), why);
	if (!c->left_out)
		return err->code;
	buf_adds(c->left_out, err->text);
	buf_addc(c->left_out, '\n');
	return 0;
}

static void *one_more(struct arena *arena, void *items, size_t n, size_t *room, size_t size)
{
	void *more;

	if (n < *room)
		return items;
	*room = *room ? *room * 2 : 8;
	more = arena_take(arena, *room * size);
	if (n)
		memcpy(more, items, n * size);
	return more;
}

/* Takes one word off `rest`; quotes hold blanks together. */
static const char *next_word(struct arena *arena, struct str *rest, struct str *ret_word)
{
	char *out = arena_take(arena, rest->len + 1), quote = 0;
	size_t i = 0, len = 0;

	for (; i < rest->len; i++) {
		char c = rest->data[i];

		if (!quote && (c == '\'' || c == '"')) {
			quote = c;
		} else if (c == quote) {
			quote = 0;
		} else if (!quote && c == ' ') {
			break;
		} else {
			if (!quote && c && strchr(";|&<>()$`\\!#", c))
				return "a pattern is words, not a script; give each command its "
				       "own pattern";
			if (!quote && c == '*')
				return "a star stands at the end only, as \":*\" or \" *\"";
			out[len++] = c;
		}
	}
	if (quote)
		return "a quote is not closed";
	*rest = str_trim(str_from(*rest, i));
	*ret_word = (struct str){ out, len };
	return NULL;
}

const char *rules_read_command(struct arena *arena, struct str text, struct command_rule *rule)
{
	struct str rest = str_trim(text);
	size_t room = 0;

	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f)
			return "holds a control character";
	rule->text = text;
	rule->tail = RULE_EXACT;
	if (str_ends(rest, STR(":*"))) {
		rule->tail = RULE_ANY;
		rest.len -= 2;
	} else if (str_ends(rest, STR(" *"))) {
		rule->tail = RULE_MORE;
		rest = str_trim(str_head(rest, rest.len - 2));
	}
	while (rest.len) {
		const char *why;

		rule->words =
			one_more(arena, rule->words, rule->n_words, &room, sizeof(struct str));
		why = next_word(arena, &rest, &rule->words[rule->n_words]);
		if (why)
			return why;
		rule->n_words++;
	}
	if (rule->n_words == 0 || rule->words[0].len == 0)
		return "names no command; a pattern begins with the program, as in \"cargo "
		       "test:*\"";
	return NULL;
}

/* What a pattern may not grant without a switch in [security]. */
static const char *check_opt_in(const struct caps *caps, const struct command_rule *rule)
{
	const struct manifest_security *security = &caps->manifest->security;

	if (!security->allow_privilege_wrappers && program_is_privileged(rule->words[0]))
		return "raises privileges; set [security] allow_privilege_wrappers = true to allow "
		       "such rules";
	if (!security->allow_python_interpreter &&
	    program_is_any_python(rule->words, rule->n_words))
		return "runs any Python code; name the module or script (\"python3 -m pytest:*\"), "
		       "or set "
		       "[security] allow_python_interpreter = true";
	return NULL;
}

static int check_env_names(struct compile *c, const struct manifest_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct str name = list->items[i];
		size_t n = 0;

		while (n < name.len &&
		       (name.data[n] == '_' || (name.data[n] | 32) - 'a' + 0u < 26 ||
		        (n && name.data[n] >= '0' && name.data[n] <= '9')))
			n++;
		if (name.len == 0 || n + (n < name.len && name.data[n] == '*') != name.len)
			return bad_rule(c, list->lines ? list->lines[i] : 0, name,
			                "is no name of a variable (letters, digits, _, and one * "
			                "at the end)");
	}
	return 0;
}

static int add_command(struct compile *c, const struct manifest_command *from, bool is_deny)
{
	struct caps *caps = c->caps;
	struct command_rules *rules = is_deny ? &caps->deny_commands : &caps->allow_commands;
	struct command_rule rule = { .prompt = from->prompt, .line = from->line };
	const char *why = rules_read_command(&caps->arena, from->command, &rule);

	if (!why && !is_deny)
		why = check_opt_in(caps, &rule);
	if (why)
		return bad_rule(c, from->line, from->command, why);
	rule.hosts_only = is_deny && from->has_domains;
	rule.env_vars = from->has_env_vars ? &from->env_vars
	                                   : &caps->manifest->allow.commands.default_env_vars;
	if (from->has_paths) {
		rule.n_scopes = from->paths.n;
		rule.scopes = arena_array(&caps->arena, struct str, from->paths.n + 1);
	}
	for (size_t i = 0; i < rule.n_scopes; i++)
		rule.scopes[i] =
			path_normal(&caps->arena, caps->root, caps->home, from->paths.items[i]);
	rules->items = one_more(&caps->arena, rules->items, rules->n, &rules->room, sizeof(rule));
	rules->items[rules->n++] = rule;
	return check_env_names(c, &from->env_vars);
}

static int add_commands(struct compile *c, const struct manifest_commands *from, bool is_deny)
{
	for (size_t i = 0; i < from->n_patterns; i++) {
		int r = add_command(c, &from->patterns[i], is_deny);

		if (r < 0)
			return r;
	}
	return check_env_names(c, &from->default_env_vars) < 0
	               ? c->err->code
	               : check_env_names(c, &from->env_vars);
}

static void set_specificity(struct path_rule *rule, struct str path, struct str file)
{
	struct str piece;

	while (str_split(&path, '/', &piece)) {
		if (path_has_wildcard(piece))
			break;
		rule->segments += piece.len != 0;
	}
	for (size_t i = 0; i < file.len; i++)
		rule->chars += !strchr("*?[]", file.data[i]);
}

void rules_add_path(struct caps *caps, struct path_rules *rules, struct str path, struct str file,
                    const struct path_rule *like)
{
	struct path_rule rule = { .prompt = like->prompt, .line = like->line };
	struct str dir = path_normal(&caps->arena, caps->root, caps->home, path);

	if (str_is(path, "."))
		rule.text = file;
	else
		rule.text = file.len ? arena_join(&caps->arena, path, "/",
		                                  arena_copy(&caps->arena, file).data, (char *)NULL)
		                     : path;
	if (file.len) {
		struct str name = path_normal(&caps->arena, STR("/"), STR(""), file);

		rule.pattern = dir.len == 1
		                       ? name
		                       : arena_join(&caps->arena, dir, name.data, (char *)NULL);
	} else {
		/* One pattern for both halves: the last segment is the file's. */
		rule.pattern = dir;
		while (dir.len > 1 && dir.data[dir.len - 1] != '/')
			dir.len--;
		file = str_from(rule.pattern, dir.len);
	}
	set_specificity(&rule, dir, file);
	while (rule.literal < rule.pattern.len && !strchr("*?[", rule.pattern.data[rule.literal]))
		rule.literal++;
	rules->items = one_more(&caps->arena, rules->items, rules->n, &rules->room, sizeof(rule));
	rules->items[rules->n++] = rule;
}

static int add_path(struct compile *c, const struct manifest_paths *from,
                    const struct manifest_path *entry, struct path_rules *rules, bool is_deny)
{
	const struct manifest_list *files = entry->has_files ? &entry->files : &from->default_files;
	struct path_rule like = { .prompt = entry->prompt, .line = entry->line };

	if (entry->path.len == 0)
		return bad_rule(c, entry->line, entry->path,
		                "an empty path; \".\" is the project's root");
	if (files->n == 0 && !is_deny)
		return bad_rule(
			c, entry->line, entry->path,
			"names no files; give the table default_files, or the entry files = [...]");
	for (size_t i = 0; i < files->n; i++)
		rules_add_path(c->caps, rules, entry->path, files->items[i], &like);
	if (files->n == 0) {
		/* A refusal of a place means all of it. */
		rules_add_path(c->caps, rules, entry->path, STR("**/*"), &like);
		rules_add_path(c->caps, rules, entry->path, STR(""), &like);
	}
	return 0;
}

static int add_paths(struct compile *c, const struct manifest_paths *from, struct path_rules *rules,
                     bool is_deny)
{
	for (size_t i = 0; i < from->n_paths; i++) {
		int r = add_path(c, from, &from->paths[i], rules, is_deny);

		if (r < 0)
			return r;
	}
	if (!is_deny || from->has_paths)
		return 0;
	for (size_t i = 0; i < from->default_files.n; i++) {
		struct path_rule like = { .line = from->default_files.lines
			                                  ? from->default_files.lines[i]
			                                  : 0 };

		rules_add_path(c->caps, rules, STR("/**"), from->default_files.items[i], &like);
		rules->items[rules->n - 1].text = from->default_files.items[i];
	}
	return 0;
}

static int add_side(struct compile *c, const struct manifest_side *side, bool is_deny)
{
	struct path_rules *rules = is_deny ? c->caps->deny_paths : c->caps->allow_paths;
	int r = add_commands(c, &side->commands, is_deny);

	if (r == 0)
		r = add_paths(c, &side->read, &rules[CAPS_READ], is_deny);
	if (r == 0)
		r = add_paths(c, &side->write, &rules[CAPS_WRITE], is_deny);
	if (r == 0)
		r = add_paths(c, &side->del, &rules[CAPS_DELETE], is_deny);
	return r;
}

static void add_host(struct arena *arena, struct host_list *list, struct str text,
                     unsigned int line)
{
	size_t room = list->room;

	list->lines = one_more(arena, list->lines, list->n, &room, sizeof(unsigned int));
	list->texts = one_more(arena, list->texts, list->n, &list->room, sizeof(struct str));
	list->texts[list->n] = text;
	list->lines[list->n++] = line;
}

static int add_hosts(struct compile *c, const struct manifest_list *from, struct host_list *list)
{
	for (size_t i = 0; i < from->n; i++) {
		cleanup_with(caps_hosts_free) struct caps_hosts *probe = NULL;
		unsigned int line = from->lines ? from->lines[i] : 0;
		struct err why;

		if (caps_hosts_new(&from->items[i], 1, &probe, &why) < 0) {
			int r = bad_rule(c, line, from->items[i], why.text);

			if (r < 0)
				return r;
			continue;
		}
		add_host(&c->caps->arena, list, from->items[i], line);
	}
	return 0;
}

static int remake_hosts(struct host_list *list, struct err *err)
{
	caps_hosts_free(list->hosts);
	list->hosts = NULL;
	return caps_hosts_new(list->texts, list->n, &list->hosts, err);
}

static int add_all_hosts(struct compile *c)
{
	const struct manifest *m = c->caps->manifest;
	struct host_list ignored = { 0 };
	int r = add_hosts(c, &m->allow.network_domains, &c->caps->allow_hosts);

	if (r == 0)
		r = add_hosts(c, &m->deny.network_domains, &c->caps->deny_hosts);
	if (r == 0)
		r = add_hosts(c, &m->security.universal_deny_domains, &c->caps->deny_hosts);
	if (r == 0)
		r = add_hosts(c, &m->deny.commands.domains, &c->caps->deny_command_hosts);
	if (r == 0)
		r = add_hosts(c, &m->security.universal_deny_domains, &c->caps->deny_command_hosts);
	/* What commands may reach is the sandbox's list; here only that it can be read. */
	if (r == 0)
		r = add_hosts(c, &m->allow.commands.default_domains, &ignored);
	for (size_t i = 0; r == 0 && i < m->allow.commands.n_patterns; i++)
		r = add_hosts(c, &m->allow.commands.patterns[i].domains, &ignored);
	for (size_t i = 0; r == 0 && i < m->deny.commands.n_patterns; i++)
		r = add_hosts(c, &m->deny.commands.patterns[i].domains, &ignored);
	if (r == 0)
		r = remake_hosts(&c->caps->allow_hosts, c->err);
	if (r == 0)
		r = remake_hosts(&c->caps->deny_hosts, c->err);
	if (r == 0)
		r = remake_hosts(&c->caps->deny_command_hosts, c->err);
	return r;
}

static int compile_all(struct compile *c, const struct caps_context *context)
{
	struct caps *caps = c->caps;
	const struct manifest_list *dirs = &caps->manifest->allow.additional_directories;
	int r;

	if (setjmp(c->full))
		return err_nomem(c->err);
	caps->arena.ctx = c;
	caps->context = *context;
	caps->root = path_normal(&caps->arena, STR("/"), STR(""), str_of(context->root));
	caps->home = context->home && *context->home
	                     ? path_normal(&caps->arena, STR("/"), STR(""), str_of(context->home))
	                     : STR("");
	caps->dirs = arena_array(&caps->arena, struct str, dirs->n + 1);
	for (size_t i = 0; i < dirs->n; i++)
		caps->dirs[caps->n_dirs++] =
			path_normal(&caps->arena, caps->root, caps->home, dirs->items[i]);
	r = add_side(c, &caps->manifest->allow, false);
	if (r == 0)
		r = add_side(c, &caps->manifest->deny, true);
	if (r == 0)
		r = add_all_hosts(c);
	return r;
}

int caps_compile_lenient(const struct manifest *manifest, const struct caps_context *context,
                         struct caps **ret_caps, struct buf *ret_left_out, struct err *err)
{
	cleanup_with(caps_free) struct caps *caps = calloc(1, sizeof(*caps));
	struct compile c = { .caps = caps, .left_out = ret_left_out, .err = err };
	int r;

	if (!caps)
		return err_nomem(err);
	caps->arena = arena_make(CAPS_MEMORY_MAX, memory_is_full, &c);
	caps->manifest = manifest;
	caps->parser = ts_parser_new();
	if (!caps->parser || !ts_parser_set_language(caps->parser, tree_sitter_bash()))
		return err_set(err, ERR_INTERNAL,
		               "the shell grammar and the parser do not fit together");
	r = compile_all(&c, context);
	caps->arena.ctx = NULL;
	caps->arena.on_full = NULL;
	if (r < 0)
		return r;
	*ret_caps = take_ptr(caps);
	return 0;
}

int caps_compile(const struct manifest *manifest, const struct caps_context *context,
                 struct caps **ret_caps, struct err *err)
{
	return caps_compile_lenient(manifest, context, ret_caps, NULL, err);
}

void caps_free(struct caps *caps)
{
	if (!caps)
		return;
	caps_hosts_free(caps->allow_hosts.hosts);
	caps_hosts_free(caps->deny_hosts.hosts);
	caps_hosts_free(caps->deny_command_hosts.hosts);
	if (caps->parser)
		ts_parser_delete(caps->parser);
	arena_fini(&caps->arena);
	free(caps);
}

static int remember(struct compile *c, enum caps_verb verb, struct str pattern, bool allow)
{
	struct caps *caps = c->caps;
	struct arena *arena = &caps->arena;
	struct command_rules *commands = allow ? &caps->allow_commands : &caps->deny_commands;
	struct host_list *hosts = allow ? &caps->allow_hosts : &caps->deny_hosts;
	struct command_rule rule = { .env_vars = &caps->manifest->allow.commands.default_env_vars };
	struct path_rule like = { 0 };
	const char *why;

	if (setjmp(c->full))
		return err_nomem(c->err);
	pattern = arena_copy(arena, pattern);
	switch (verb) {
	case CAPS_READ:
	case CAPS_WRITE:
	case CAPS_DELETE:
		rules_add_path(caps, allow ? &caps->allow_paths[verb] : &caps->deny_paths[verb],
		               pattern, STR(""), &like);
		return 0;
	case CAPS_CONNECT:
		add_host(arena, hosts, pattern, 0);
		if (remake_hosts(hosts, c->err) == 0)
			return 0;
		hosts->n--;
		(void)remake_hosts(hosts, c->err);
		return err_set(c->err, ERR_INPUT, "\"%.*s\" is no rule for a host",
		               STR_ARG(pattern));
	case CAPS_RUN:
		why = rules_read_command(arena, pattern, &rule);
		if (why)
			return err_set(c->err, ERR_INPUT, "\"%.*s\": %s", STR_ARG(pattern), why);
		commands->items = one_more(arena, commands->items, commands->n, &commands->room,
		                           sizeof(rule));
		commands->items[commands->n++] = rule;
		return 0;
	default: return 0;
	}
}

int caps_remember(struct caps *caps, enum caps_verb verb, struct str pattern, bool allow,
                  struct err *err)
{
	struct compile c = { .caps = caps, .err = err };
	int r;

	caps->arena.on_full = memory_is_full;
	caps->arena.ctx = &c;
	r = remember(&c, verb, pattern, allow);
	caps->arena.on_full = NULL;
	caps->arena.ctx = NULL;
	return r;
}
