/* The parts of a plan that stand on lists of the manifest: folders outside the
 * project, the environment, and what seal-init is told. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/err.h"
#include "manifest/manifest.h"
#include "sandbox/plan/names.h"
#include "sandbox/plan/plan.h"
#include "sandbox/plan/tools.h"
#include "sandbox/weak.h"

#define OPEN_FILES_MAX 4096

struct folder {
	char path[PATH_MAX]; /* as the rule names it */
	char real[PATH_MAX];
	bool can_write, is_folder;
	unsigned int line;
};

struct folders {
	struct folder *items;
	size_t n;
};

static void folders_finip(struct folders *folders)
{
	free(folders->items);
}

/* Places no rule can open: the kernel's, and those the sandbox has of its own. */
static bool is_reserved(const char *path, const char *home)
{
	static const char *const whole[] = { "/proc",    "/dev", "/sys", "/run",
		                             "/var/run", "/etc", NULL };

	if (path[0] == '\0' || (home[0] && path_covers(path, home)))
		return true;
	for (const char *const *one = whole; *one; one++)
		if (path_covers(*one, path))
			return true;
	return path_covers(path, "/tmp") || path_covers(path, "/var/tmp");
}

/* The folder (or file) before the first wildcard; false when the rule lies in the project. */
static bool outside_of(const struct plan_input *input, struct str rule, char *ret_path)
{
	char text[PATH_MAX];
	size_t len;

	if (str_starts(rule, STR("~/")))
		(void)snprintf(text, sizeof(text), "%s/%.*s", input->facts->home, (int)rule.len - 2,
		               rule.data + 2);
	else if (str_starts(rule, STR("/")))
		(void)snprintf(text, sizeof(text), "%.*s", STR_ARG(rule));
	else
		return false;
	len = glob_literal_len(text);
	while (len > 1 && text[len - 1] == '/')
		len--;
	(void)snprintf(ret_path, PATH_MAX, "%.*s", (int)len, text);
	return !path_covers(input->root, ret_path);
}

static int add_folder(struct folders *folders, const struct folder *new, struct err *err)
{
	struct folder *grown;

	for (size_t i = 0; i < folders->n; i++)
		if (strcmp(folders->items[i].path, new->path) == 0) {
			folders->items[i].can_write |= new->can_write;
			return 0;
		}
	grown = realloc(folders->items, (folders->n + 1) * sizeof(*grown));
	if (!grown)
		return err_nomem(err);
	folders->items = grown;
	grown[folders->n++] = *new;
	return 0;
}

static int collect_one(const struct plan_input *input, struct str rule, bool can_write,
                       struct folders *folders, struct plan *plan, unsigned int line,
                       struct err *err)
{
	struct folder new = { .can_write = can_write, .line = line };
	enum plan_look is;

	if (!outside_of(input, rule, new.path))
		return 0;
	if (is_reserved(new.path, input->facts->home)) {
		buf_addf(
			&plan->notes,
			"note       line %u: %.*s reaches too far to be shown to a command; name a "
			"folder below, or use command_fs\n",
			line, STR_ARG(rule));
		return 0;
	}
	is = input->facts->look(input->facts->ctx, new.path, new.real);
	new.is_folder = is == PLAN_IS_FOLDER;
	if (is == PLAN_NOTHING || is == PLAN_IS_OTHER)
		return 0;
	return add_folder(folders, &new, err);
}

static int collect(const struct plan_input *input, const struct manifest_paths *rules,
                   bool can_write, struct folders *folders, struct plan *plan, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < rules->n_paths; i++)
		r = collect_one(input, rules->paths[i].path, can_write, folders, plan,
		                rules->paths[i].line, err);
	return r;
}

static int compare_folders(const void *a, const void *b)
{
	return strcmp(((const struct folder *)a)->path, ((const struct folder *)b)->path);
}

/* What lies under a folder that is bound already adds nothing, but writing adds
 * to reading.  And a link put there by a command must not lead a bind away. */
static bool adds(const struct plan *plan, const struct folder *folder)
{
	const struct plan_step *step = plan_step_of(plan, folder->path);

	if (!step || (step->kind != PLAN_READ && step->kind != PLAN_WRITE))
		return true;
	return step->kind == PLAN_READ && folder->can_write &&
	       strcmp(folder->path, folder->real) == 0;
}

/* A rule is a slice of the manifest's text: no NUL ends it. */
static size_t first_wild(struct str rule)
{
	size_t at = 0;

	while (at < rule.len && !strchr("*?[", rule.data[at]))
		at++;
	return at;
}

static int mask_denied(const struct plan_input *input, struct plan *plan, struct err *err)
{
	const struct manifest_paths *deny = &input->manifest->deny.read;
	char path[PATH_MAX], real[PATH_MAX];
	int r = 0;

	for (size_t i = 0; r >= 0 && i < deny->n_paths; i++) {
		const struct str rule = deny->paths[i].path;
		size_t wild = first_wild(rule);
		bool is_whole = wild >= rule.len || str_is(str_from(rule, wild), "**");
		enum plan_look is;

		if (!is_whole || !outside_of(input, rule, path) || !plan_step_of(plan, path))
			continue;
		is = input->facts->look(input->facts->ctx, path, real);
		if (is == PLAN_NOTHING || strcmp(path, real) != 0)
			continue;
		r = plan_add(plan, PLAN_MASK,
		             is == PLAN_IS_FOLDER ? input->facts->mask_folder
		                                  : input->facts->mask_file,
		             path, err);
		if (r >= 0)
			plan->steps[plan->n_steps - 1].is_folder = is == PLAN_IS_FOLDER;
	}
	return r;
}

/* A working directory in additional_directories can be seen, not written. */
static int collect_cwd(const struct plan_input *input, struct folders *folders, struct plan *plan,
                       struct err *err)
{
	const struct manifest_list *list = &input->manifest->allow.additional_directories;
	char path[PATH_MAX];
	int r = 0;

	for (size_t i = 0; r >= 0 && i < list->n; i++)
		if (outside_of(input, list->items[i], path) && path_covers(path, input->grant->cwd))
			r = collect_one(input, list->items[i], false, folders, plan,
			                list->lines ? list->lines[i] : 0, err);
	return r;
}

int plan_grants(const struct plan_input *input, struct plan *plan, struct err *err)
{
	__attribute__((cleanup(folders_finip))) struct folders folders = { 0 };
	const struct manifest_side *allow = &input->manifest->allow;
	int r;

	r = collect(input, &allow->read, false, &folders, plan, err);
	if (r >= 0)
		r = collect(input, &allow->write, true, &folders, plan, err);
	if (r >= 0)
		r = collect(input, &allow->del, true, &folders, plan, err);
	if (r >= 0)
		r = collect_cwd(input, &folders, plan, err);
	if (folders.n)
		qsort(folders.items, folders.n, sizeof(*folders.items), compare_folders);
	for (size_t i = 0; r >= 0 && i < folders.n; i++) {
		const struct folder *one = &folders.items[i];

		if (!adds(plan, one))
			continue;
		r = plan_add(plan, one->can_write ? PLAN_WRITE : PLAN_READ, one->real, one->path,
		             err);
		if (r < 0)
			break;
		plan->steps[plan->n_steps - 1].is_folder = one->is_folder;
		(void)snprintf(plan->steps[plan->n_steps - 1].why, sizeof(plan->steps->why),
		               "line %u", one->line);
	}
	return r < 0 ? r : mask_denied(input, plan, err);
}

/* --- environment -------------------------------------------------------- */

static struct str name_of(const char *variable)
{
	return (struct str){ variable, strcspn(variable, "=") };
}

static bool is_in(const struct manifest_list *list, struct str name)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->items[i], name))
			return true;
	return false;
}

/* Later settings of a name replace earlier ones. */
int plan_set(struct plan *plan, const char *variable, struct err *err)
{
	struct str name = name_of(variable);
	char *copy;

	for (size_t i = 0; i < plan->n_environment; i++)
		if (str_eq(name_of(plan->environment[i]), name)) {
			copy = strdup(variable);
			if (!copy)
				return err_nomem(err);
			free(plan->environment[i]);
			plan->environment[i] = copy;
			return 0;
		}
	return plan_list_add(&plan->environment, &plan->n_environment, strdup(variable), err);
}

const char *plan_granted(const struct plan_input *input, const char *wanted)
{
	const char *const *name = input->grant->env_vars;
	const char *const *have = input->facts->environment;

	while (name && *name && strcmp(*name, wanted) != 0)
		name++;
	if (!name || !*name)
		return NULL;
	while (have && *have && !str_is(name_of(*have), wanted))
		have++;
	return have && *have ? *have + strlen(wanted) + 1 : NULL;
}

static int set_granted(const struct plan_input *input, struct plan *plan, struct err *err)
{
	int r = 0;

	for (const char *const *name = input->grant->env_vars; r >= 0 && name && *name; name++)
		for (const char *const *have = input->facts->environment; r >= 0 && have && *have;
		     have++)
			if (str_is(name_of(*have), *name))
				r = plan_set(plan, *have, err);
	/* Where the socket lies inside, not where the person has it. */
	for (size_t i = 0; r >= 0 && i < plan->n_steps; i++)
		if (strcmp(plan->steps[i].target, PLAN_AGENT) == 0)
			r = plan_set(plan, "SSH_AUTH_SOCK=" PLAN_AGENT, err);
	return r;
}

static void drop(struct plan *plan, size_t at)
{
	free(plan->environment[at]);
	memmove(plan->environment + at, plan->environment + at + 1,
	        (plan->n_environment - at) * sizeof(char *));
	plan->n_environment--;
}

/*
 * A list of what is allowed in, never of what is left out.  It is the
 * environment that bwrap itself is started with: clearing it later would leave
 * the person's keys in /proc/1/environ.
 */
int plan_environment(const struct plan_input *input, struct plan *plan, struct err *err)
{
	static const char *const always[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/home/seal",
		"USER=seal",
		"LOGNAME=seal",
		"LANG=C.UTF-8",
		"TERM=dumb",
		"TMPDIR=/tmp",
		"GIT_TERMINAL_PROMPT=0",
		"PAGER=cat",
		"GIT_PAGER=cat",
		"SEAL_SANDBOX=1",
		"NO_COLOR=1",
		NULL
	};
	char shell[PATH_MAX];
	int r = 0;

	for (const char *const *one = always; r >= 0 && *one; one++)
		r = plan_set(plan, *one, err);
	for (const char *const *one = input->facts->environment;
	     weak_is("environment") && r >= 0 && one && *one; one++)
		r = plan_set(plan, *one, err);
	(void)snprintf(shell, sizeof(shell), "SHELL=%s", input->facts->shell);
	if (r >= 0)
		r = plan_set(plan, shell, err);
	if (r >= 0)
		r = tools_environment(input, plan, err);
	if (r >= 0)
		r = set_granted(input, plan, err);
	for (const char *const *one = input->extra_environment; r >= 0 && one && *one; one++)
		r = plan_set(plan, *one, err);
	for (size_t i = plan->n_environment; r >= 0 && i > 0; i--)
		if (is_in(&input->manifest->deny.commands.env_vars,
		          name_of(plan->environment[i - 1])))
			drop(plan, i - 1);
	return r;
}

/* --- seal-init ---------------------------------------------------------- */

static void put(struct plan *plan, char kind, const char *path)
{
	buf_addc(&plan->policy, kind);
	buf_add(&plan->policy, (struct str){ path, strlen(path) + 1 });
}

static void put_limit(struct plan *plan, int resource, int64_t value, int64_t unit)
{
	if (value <= 0 && resource != RLIMIT_CORE)
		return;
	buf_addf(&plan->policy, "l%d %lld", resource, (long long)(value * unit));
	buf_addc(&plan->policy, '\0');
}

static char access_of(const struct plan_step *step)
{
	switch (step->kind) {
	case PLAN_SYSTEM:
	case PLAN_READ:
	case PLAN_PROC: return 'R';
	case PLAN_DEV: return 'D';
	case PLAN_TMPFS: return strcmp(step->target, "/run") == 0 ? 'R' : 'W';
	case PLAN_WRITE: return 'W';
	/* Under something that has its rule already, or nothing to open. */
	case PLAN_LINK:
	case PLAN_FOLDER:
	case PLAN_SEAL:
	case PLAN_PIN:
	case PLAN_PROTECT:
	case PLAN_MASK: break;
	}
	return 0;
}

int plan_policy(const struct plan_input *input, struct plan *plan, struct err *err)
{
	const struct manifest_sandbox *limits = &input->manifest->sandbox;

	put(plan, 'N', "/");
	for (size_t i = 0; i < plan->n_steps; i++) {
		char kind = access_of(&plan->steps[i]);

		if (kind)
			put(plan, kind, plan->steps[i].target);
	}
	put_limit(plan, RLIMIT_CORE, 0, 1);
	put_limit(plan, RLIMIT_NOFILE, OPEN_FILES_MAX, 1);
	put_limit(plan, RLIMIT_FSIZE, limits->limit_file_size_mb, 1 << 20);
	put_limit(plan, RLIMIT_NPROC, limits->limit_processes, 1);
	put_limit(plan, RLIMIT_DATA, limits->limit_memory_mb, 1 << 20);
	put_limit(plan, RLIMIT_CPU, limits->limit_cpu_seconds, 1);
	return buf_check(&plan->policy, "the sandbox's policy", err);
}
