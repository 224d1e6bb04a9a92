#include "sandbox/plan/tools.h"

#include <limits.h>
#include <stdio.h>

#include "base/err.h"
#include "manifest/manifest.h"
#include "sandbox/plan/plan.h"
#include "sandbox/sandbox.h"

#define HOME_INSIDE "/home/seal"

struct bundle {
	const char *name, *programs, *reads, *writes, *path, *sets, *passes, *hosts;
};

static const struct bundle bundles[] = {
#define TOOL(name, programs, reads, writes, path, sets, passes, hosts)                             \
	{ name, programs, reads, writes, path, sets, passes, hosts },
#include "sandbox/plan/tools.def"
#undef TOOL
};

static const struct bundle *bundle_of(struct str name)
{
	for (size_t i = 0; i < sizeof(bundles) / sizeof(bundles[0]); i++)
		if (str_is(name, bundles[i].name))
			return &bundles[i];
	return NULL;
}

static bool next_word(struct str *rest, struct str *ret_word)
{
	while (str_split(rest, ' ', ret_word))
		if (ret_word->len)
			return true;
	return false;
}

/* --- which programs a script starts ------------------------------------- */

static bool is_in(const struct manifest_list *list, struct str word)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->items[i], word))
			return true;
	return false;
}

/* The next word, quotes taken off at its ends; *ret_first: a command begins with it. */
static bool next_token(struct str *rest, struct str *ret_word, bool *ret_first)
{
	static const char ends[] = ";&|()`{}\n";
	size_t at = 0, len = 0;

	*ret_first = false;
	while (at < rest->len && (strchr(" \t", rest->data[at]) || strchr(ends, rest->data[at])))
		*ret_first |= strchr(ends, rest->data[at++]) != NULL;
	while (at + len < rest->len && !strchr(" \t", rest->data[at + len]) &&
	       !strchr(ends, rest->data[at + len]))
		len++;
	*ret_word = (struct str){ rest->data + at, len };
	*rest = str_from(*rest, at + len);
	while (ret_word->len && strchr("'\"$", ret_word->data[0]))
		*ret_word = str_from(*ret_word, 1);
	while (ret_word->len && strchr("'\"", ret_word->data[ret_word->len - 1]))
		ret_word->len--;
	return len > 0;
}

/* npm is node as well, and pytest python: under whichever name it is started. */
static bool is_program_of(struct str tool, struct str name)
{
	const struct bundle *bundle = bundle_of(tool);
	struct str rest = str_of(bundle ? bundle->programs : ""), word;

	if (str_eq(name, tool))
		return true;
	while (next_word(&rest, &word))
		if (str_eq(name, word))
			return true;
	return false;
}

static struct str base_name(struct str word)
{
	for (size_t i = word.len; i > 0; i--)
		if (word.data[i - 1] == '/')
			return str_from(word, i);
	return word;
}

bool tools_starts(struct str script, const struct manifest *manifest,
                  const struct manifest_tool *tool)
{
	bool expects = true, first;
	struct str word;

	while (next_token(&script, &word, &first)) {
		struct str name = base_name(word);

		expects |= first;
		if (!expects || str_chr(word, '=') != STR_NONE)
			continue;
		if (is_program_of(tool->tool, name))
			return true;
		/* What a wrapper runs comes somewhere behind it, or is not written at all. */
		if (is_in(&manifest->sandbox.wrappers, name) || is_in(&tool->wrappers, name))
			return true;
		expects = str_is(name, "env") || str_is(name, "exec") || str_is(name, "time") ||
		          str_is(name, "nice");
	}
	return false;
}

static bool is_active(const struct plan_input *input, const struct manifest_tool *tool)
{
	return tools_starts(input->grant->script, input->manifest, tool);
}

/* --- binds -------------------------------------------------------------- */

static int bind(const struct plan_input *input, struct plan *plan, struct str word, bool can_write,
                struct err *err)
{
	const char *home = input->facts->home;
	char source[PATH_MAX], target[PATH_MAX], real[PATH_MAX];
	bool is_moved = word.data[0] == '@';
	enum plan_look is;

	if ((is_moved || word.data[0] == '~') && !home[0])
		return 0;
	if (is_moved) {
		(void)snprintf(source, sizeof(source), "%s/%.*s", home, (int)word.len - 1,
		               word.data + 1);
		(void)snprintf(target, sizeof(target), HOME_INSIDE "/%.*s", (int)word.len - 1,
		               word.data + 1);
	} else {
		(void)snprintf(source, sizeof(source), "%s%.*s", home, (int)word.len - 1,
		               word.data + 1);
		(void)snprintf(target, sizeof(target), "%s", source);
	}
	is = input->facts->look(input->facts->ctx, source, real);
	if (is != PLAN_IS_FOLDER && is != PLAN_IS_FILE)
		return 0;
	if (plan_add(plan, can_write ? PLAN_WRITE : PLAN_READ, real, target, err) < 0)
		return err->code;
	plan->steps[plan->n_steps - 1].is_folder = is == PLAN_IS_FOLDER;
	(void)snprintf(plan->steps[plan->n_steps - 1].why, sizeof(plan->steps->why),
	               "a tool's bundle");
	return 0;
}

static int bind_list(const struct plan_input *input, struct plan *plan, const char *list,
                     bool can_write, struct err *err)
{
	struct str rest = str_of(list), word;

	while (next_word(&rest, &word))
		if (bind(input, plan, word, can_write, err) < 0)
			return err->code;
	return 0;
}

int tools_plan(const struct plan_input *input, struct plan *plan, struct err *err)
{
	const struct manifest_sandbox *os = &input->manifest->sandbox;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < os->n_tools; i++) {
		const struct manifest_tool *tool = &os->tools[i];
		const struct bundle *bundle = bundle_of(tool->tool);

		if (!bundle || !is_active(input, tool))
			continue;
		r = bind_list(input, plan, bundle->reads, false, err);
		if (r >= 0)
			r = bind_list(input, plan, bundle->writes, true, err);
		/* Parents first: these lie in what was bound to be read. */
		if (r >= 0 && tool->fetch)
			r = bind_list(input, plan, "~/.cargo/registry ~/.cargo/git", true, err);
		if (r >= 0 && tool->sccache)
			r = bind_list(input, plan, "~/.cache/sccache", true, err);
		if (r >= 0 && tool->gh_creds)
			r = bind_list(input, plan, "@.config/gh", false, err);
	}
	return r;
}

/* --- variables ---------------------------------------------------------- */

/* ~ and, in NAME=~/x, the ~ behind the sign, are the person's home; a leading . is the project. */
static void expand(const struct plan_input *input, struct str word, struct buf *out)
{
	if (word.data[0] == '.') {
		buf_adds(out, input->root);
		word = str_from(word, 1);
	}
	for (size_t i = 0; i < word.len; i++)
		if (word.data[i] == '~' && (i == 0 || word.data[i - 1] == '='))
			buf_adds(out, input->facts->home);
		else
			buf_addc(out, word.data[i]);
}

static int set_list(const struct plan_input *input, struct plan *plan, const char *list,
                    struct err *err)
{
	struct str rest = str_of(list), word;
	int r = 0;

	while (r >= 0 && next_word(&rest, &word)) {
		cleanup_buf struct buf text = BUF_INIT;

		expand(input, word, &text);
		r = buf_check(&text, "a variable", err);
		if (r >= 0)
			r = plan_set(plan, text.data, err);
	}
	return r;
}

static int pass_list(const struct plan_input *input, struct plan *plan, const char *list,
                     struct err *err)
{
	struct str rest = str_of(list), word;
	int r = 0;

	while (r >= 0 && next_word(&rest, &word))
		for (const char *const *have = input->facts->environment; r >= 0 && have && *have;
		     have++)
			if (str_starts(str_of(*have), word) && (*have)[word.len] == '=')
				r = plan_set(plan, *have, err);
	return r;
}

/* A virtual environment that lies in the project comes first, as when it is activated. */
static bool is_there(const struct plan_input *input, const char *path)
{
	char real[PATH_MAX];

	return input->facts->look(input->facts->ctx, path, real) == PLAN_IS_FOLDER;
}

static int add_path(const struct plan_input *input, struct plan *plan, const char *list,
                    struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct str rest = str_of(list), word;

	buf_adds(&text, "PATH=");
	while (next_word(&rest, &word)) {
		cleanup_buf struct buf folder = BUF_INIT;

		expand(input, word, &folder);
		if (buf_check(&folder, "PATH", err) < 0)
			return err->code;
		if (word.data[0] != '.' || is_there(input, folder.data))
			buf_addf(&text, "%s:", folder.data);
	}
	for (size_t i = 0; i < plan->n_environment; i++)
		if (strncmp(plan->environment[i], "PATH=", 5) == 0)
			buf_adds(&text, plan->environment[i] + 5);
	return buf_check(&text, "PATH", err) < 0 ? err->code : plan_set(plan, text.data, err);
}

int tools_environment(const struct plan_input *input, struct plan *plan, struct err *err)
{
	const struct manifest_sandbox *os = &input->manifest->sandbox;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < os->n_tools; i++) {
		const struct bundle *bundle = bundle_of(os->tools[i].tool);

		if (!bundle || !is_active(input, &os->tools[i]))
			continue;
		r = set_list(input, plan, bundle->sets, err);
		if (r >= 0)
			r = pass_list(input, plan, bundle->passes, err);
		if (r >= 0 && bundle->path[0])
			r = add_path(input, plan, bundle->path, err);
	}
	return r;
}

/* --- hosts -------------------------------------------------------------- */

bool sandbox_tool_hosts(const struct manifest *manifest, struct str script,
                        void (*add)(void *ctx, struct str host), void *ctx)
{
	bool any = false;

	for (size_t i = 0; i < manifest->sandbox.n_tools; i++) {
		const struct manifest_tool *tool = &manifest->sandbox.tools[i];
		const struct bundle *bundle = bundle_of(tool->tool);
		struct str rest = str_of(bundle ? bundle->hosts : ""), word;

		if (!bundle || !tools_starts(script, manifest, tool))
			continue;
		for (size_t k = 0; k < tool->domains.n; k++)
			add(ctx, tool->domains.items[k]);
		while ((!tool->has_domains || tool->default_domains) && next_word(&rest, &word))
			add(ctx, word);
		any = true;
	}
	return any;
}
