#include "sandbox/plan/plan.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "manifest/manifest.h"
#include "sandbox/plan/names.h"
#include "sandbox/plan/scan.h"
#include "sandbox/plan/tools.h"
#include "sandbox/weak.h"

#define HOME_INSIDE "/home/seal"
#define UID_INSIDE  1000 /* for a caller that is root: nothing inside is uid 0 */
#define TMP_MB      512
#define VAR_TMP_MB  256
#define SMALL_MB    64

#define TRY(call)                                                                                  \
	do {                                                                                       \
		int r_ = (call);                                                                   \
		if (r_ < 0)                                                                        \
			return r_;                                                                 \
	} while (0)

static const struct {
	const char *word;
	bool from_host;
} kinds[] = {
	[PLAN_SYSTEM] = { "system", true },   [PLAN_LINK] = { "link", false },
	[PLAN_PROC] = { "proc", false },      [PLAN_DEV] = { "dev", false },
	[PLAN_TMPFS] = { "tmpfs", false },    [PLAN_FOLDER] = { "folder", false },
	[PLAN_SEAL] = { "read-only", false }, [PLAN_READ] = { "read", true },
	[PLAN_WRITE] = { "write", true },     [PLAN_PIN] = { "pin", true },
	[PLAN_PROTECT] = { "protect", true }, [PLAN_MASK] = { "mask", true },
};

const char *plan_word(enum plan_kind kind)
{
	return kinds[kind].word;
}

void plan_fini(struct plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		free(plan->steps[i].source);
		free(plan->steps[i].target);
	}
	for (size_t i = 0; i < plan->n_environment; i++)
		free(plan->environment[i]);
	for (size_t i = 0; i < plan->n_command; i++)
		free(plan->command[i]);
	free(plan->steps);
	free(plan->environment);
	free(plan->command);
	free(plan->cwd);
	buf_fini(&plan->policy);
	buf_fini(&plan->notes);
	*plan = (struct plan){ 0 };
}

bool path_covers(const char *folder, const char *path)
{
	size_t len = strlen(folder);

	if (len == 1)
		return true;
	return strncmp(folder, path, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

int plan_add(struct plan *plan, enum plan_kind kind, const char *source, const char *target,
             struct err *err)
{
	struct plan_step *grown, *step;

	if ((plan->n_steps & (plan->n_steps - 1)) == 0) {
		grown = realloc(plan->steps,
		                (plan->n_steps ? plan->n_steps * 2 : 1) * sizeof(*grown));
		if (!grown)
			return err_nomem(err);
		plan->steps = grown;
	}
	step = &plan->steps[plan->n_steps++];
	*step = (struct plan_step){ .kind = kind, .is_folder = true };
	step->source = source ? strdup(source) : NULL;
	step->target = strdup(target);
	return step->target && (step->source || !source) ? 0 : err_nomem(err);
}

int plan_list_add(char ***list, size_t *n, char *text, struct err *err)
{
	char **grown = text ? realloc(*list, (*n + 2) * sizeof(*grown)) : NULL;

	if (!grown) {
		free(text);
		return err_nomem(err);
	}
	*list = grown;
	grown[(*n)++] = text;
	grown[*n] = NULL;
	return 0;
}

const struct plan_step *plan_step_of(const struct plan *plan, const char *path)
{
	const struct plan_step *best = NULL;

	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].kind != PLAN_LINK && plan->steps[i].kind != PLAN_SEAL &&
		    path_covers(plan->steps[i].target, path))
			best = &plan->steps[i];
	return best;
}

bool plan_is_writable(const struct plan *plan, const char *path)
{
	const struct plan_step *step = plan_step_of(plan, path);

	return step &&
	       (step->kind == PLAN_WRITE || step->kind == PLAN_PIN || step->kind == PLAN_TMPFS);
}

static int add_tmpfs(struct plan *plan, const char *target, unsigned int mode, unsigned int size_mb,
                     struct err *err)
{
	TRY(plan_add(plan, PLAN_TMPFS, NULL, target, err));
	plan->steps[plan->n_steps - 1].mode = mode;
	plan->steps[plan->n_steps - 1].size_mb = size_mb;
	return 0;
}

static int add_system(const struct plan_input *input, struct plan *plan, struct err *err)
{
	const struct plan_facts *facts = input->facts;
	char real[4096];

	TRY(plan_add(plan, PLAN_SYSTEM, "/usr", "/usr", err));
	for (size_t i = 0; i < PLAN_LINKS_MAX && facts->links[i].path; i++)
		TRY(plan_add(plan, facts->links[i].text ? PLAN_LINK : PLAN_SYSTEM,
		             facts->links[i].text ? facts->links[i].text : facts->links[i].path,
		             facts->links[i].path, err));
	if (facts->look(facts->ctx, "/nix", real) == PLAN_IS_FOLDER)
		TRY(plan_add(plan, PLAN_SYSTEM, "/nix", "/nix", err));
	return 0;
}

/*
 * The person's ssh agent, for a command that was granted SSH_AUTH_SOCK: it signs
 * with keys that nothing inside can see.
 */
static int add_agent(const struct plan_input *input, struct plan *plan, struct err *err)
{
	const char *path = plan_granted(input, "SSH_AUTH_SOCK");
	char real[4096];

	if (!path || input->facts->look(input->facts->ctx, path, real) != PLAN_IS_OTHER)
		return 0;
	TRY(plan_add(plan, PLAN_READ, real, PLAN_AGENT, err));
	plan->steps[plan->n_steps - 1].is_folder = false;
	(void)snprintf(plan->steps[plan->n_steps - 1].why, sizeof(plan->steps->why),
	               "SSH_AUTH_SOCK is granted");
	return 0;
}

/* The base view, least first.  /etc is never the host's own: it holds shadow. */
static int add_base(const struct plan_input *input, struct plan *plan, struct err *err)
{
	const struct plan_facts *facts = input->facts;
	enum manifest_command_fs fs = input->manifest->sandbox.command_fs;

	if (fs == COMMAND_FS_ALL)
		TRY(plan_add(plan, PLAN_SYSTEM, "/", "/", err));
	if (fs == COMMAND_FS_SYSTEM || fs == COMMAND_FS_PERMISSIVE)
		TRY(add_system(input, plan, err));
	TRY(plan_add(plan, PLAN_SYSTEM, weak_is("etc") ? "/etc" : facts->etc, "/etc", err));
	TRY(plan_add(plan, PLAN_PROC, NULL, "/proc", err));
	TRY(plan_add(plan, PLAN_DEV, NULL, "/dev", err));
	TRY(add_tmpfs(plan, "/dev/shm", 01777, SMALL_MB, err));
	/* /dev itself is a tmpfs without bound under bwrap. */
	TRY(plan_add(plan, PLAN_SEAL, NULL, "/dev", err));
	TRY(add_tmpfs(plan, "/tmp", 01777, TMP_MB, err));
	TRY(plan_add(plan, PLAN_FOLDER, NULL, "/var", err));
	TRY(add_tmpfs(plan, "/var/tmp", 01777, VAR_TMP_MB, err));
	/* Over the host's own: other homes, and /run with its daemons' sockets. */
	if (fs == COMMAND_FS_ALL) {
		TRY(add_tmpfs(plan, "/home", 0755, SMALL_MB, err));
		TRY(add_tmpfs(plan, "/run", 0755, SMALL_MB, err));
	}
	TRY(add_tmpfs(plan, HOME_INSIDE, 0700, SMALL_MB, err));
	TRY(plan_add(plan, PLAN_FOLDER, NULL, "/run/seal", err));
	TRY(plan_add(plan, PLAN_SYSTEM, facts->init, "/run/seal/init", err));
	plan->steps[plan->n_steps - 1].is_folder = false;
	TRY(add_agent(input, plan, err));
	if (fs == COMMAND_FS_ALL)
		TRY(plan_add(plan, PLAN_SEAL, NULL, "/run", err));
	if ((fs == COMMAND_FS_PERMISSIVE || fs == COMMAND_FS_ALL) && facts->home[0])
		TRY(plan_add(plan, PLAN_READ, facts->home, facts->home, err));
	return 0;
}

static bool denies_root(const struct manifest_paths *rules)
{
	for (size_t i = 0; i < rules->n_paths; i++) {
		const struct manifest_path *path = &rules->paths[i];

		if (!path->has_files && rules->default_files.n == 0 &&
		    (str_is(path->path, ".") || str_is(path->path, "**") ||
		     str_is(path->path, "./**")))
			return true;
	}
	return false;
}

static int add_project(const struct plan_input *input, struct plan *plan, struct err *err)
{
	bool is_read_only = denies_root(&input->manifest->deny.write);

	TRY(plan_add(plan, is_read_only ? PLAN_READ : PLAN_WRITE, input->root, input->root, err));
	(void)snprintf(plan->steps[plan->n_steps - 1].why, sizeof(plan->steps->why), "the project");
	return 0;
}

static size_t depth_of(const char *path)
{
	size_t depth = 0;

	for (; *path; path++)
		depth += *path == '/';
	return depth;
}

static int compare_entries(const void *a, const void *b)
{
	const struct scan_entry *const *x = a, *const *y = b;
	size_t dx = depth_of((*x)->path), dy = depth_of((*y)->path);

	if (dx != dy)
		return dx < dy ? -1 : 1;
	return strcmp((*x)->path, (*y)->path);
}

static int add_entry(const struct plan_facts *facts, const struct scan_entry *entry,
                     struct plan *plan, struct err *err)
{
	const char *source = entry->path;
	enum plan_kind kind = PLAN_PROTECT;

	/* A pin keeps the mode of the place it lies in; what cannot be written
	 * cannot be renamed either. */
	if (entry->kind != SCAN_MASK && !plan_is_writable(plan, entry->path))
		return 0;
	if (entry->kind == SCAN_PIN)
		kind = PLAN_PIN;
	if (entry->kind == SCAN_MASK) {
		kind = PLAN_MASK;
		source = entry->is_folder ? facts->mask_folder : facts->mask_file;
	}
	TRY(plan_add(plan, kind, source, entry->path, err));
	plan->steps[plan->n_steps - 1].is_folder = entry->is_folder;
	return 0;
}

/* Parents first: a mount hides the mounts that lay under it. */
static int add_entries(const struct plan_input *input, struct plan *plan, struct err *err)
{
	size_t n = input->scan ? input->scan->n_entries : 0;
	cleanup_free const struct scan_entry **sorted = calloc(n + 1, sizeof(*sorted));

	if (!sorted)
		return err_nomem(err);
	for (size_t i = 0; i < n; i++)
		sorted[i] = &input->scan->entries[i];
	qsort(sorted, n, sizeof(*sorted), compare_entries);
	for (size_t i = 0; i < n; i++)
		TRY(add_entry(input->facts, sorted[i], plan, err));
	return 0;
}

/* Secret places of the home that a wider bind made visible.  A rule that names
 * such a place itself, or something in it, is the person's own word. */
static int add_places(const struct plan_input *input, struct plan *plan, struct err *err)
{
	const struct plan_facts *facts = input->facts;
	char path[4096], real[4096];

	if (!input->manifest->sandbox.command_mask_secrets || !facts->home[0])
		return 0;
	for (const char *const *place = names_places; *place; place++) {
		const struct plan_step *step;
		enum plan_look is;

		(void)snprintf(path, sizeof(path), "%s/%s", facts->home, *place);
		step = plan_step_of(plan, path);
		if (!step || !kinds[step->kind].from_host || step->kind == PLAN_MASK ||
		    strcmp(step->target, path) == 0)
			continue;
		is = facts->look(facts->ctx, path, real);
		/* A link leads somewhere; that place is judged by its own path. */
		if (is == PLAN_NOTHING || strcmp(real, path) != 0)
			continue;
		TRY(plan_add(plan, PLAN_MASK,
		             is == PLAN_IS_FOLDER ? facts->mask_folder : facts->mask_file, path,
		             err));
		plan->steps[plan->n_steps - 1].is_folder = is == PLAN_IS_FOLDER;
	}
	return 0;
}

static int add_command(const struct plan_input *input, struct plan *plan, struct err *err)
{
	const char *const bash[] = { input->facts->shell, "--noprofile", "--norc", "-c", NULL };
	const char *const sh[] = { input->facts->shell, "-c", NULL };

	for (const char *const *word = input->facts->is_bash ? bash : sh; *word; word++)
		TRY(plan_list_add(&plan->command, &plan->n_command, strdup(*word), err));
	return plan_list_add(&plan->command, &plan->n_command, str_dup(input->grant->script), err);
}

static int make(const struct plan_input *input, struct plan *plan, struct err *err)
{
	bool is_root = input->facts->uid == 0;

	plan->uid = is_root ? UID_INSIDE : input->facts->uid;
	plan->gid = is_root ? UID_INSIDE : input->facts->gid;
	TRY(add_base(input, plan, err));
	TRY(plan_grants(input, plan, err));
	TRY(tools_plan(input, plan, err));
	TRY(add_project(input, plan, err));
	TRY(add_entries(input, plan, err));
	TRY(add_places(input, plan, err));
	TRY(plan_add(plan, PLAN_SEAL, NULL, "/", err));
	TRY(plan_environment(input, plan, err));
	TRY(plan_policy(input, plan, err));
	TRY(add_command(input, plan, err));
	plan->cwd = strdup(input->grant->cwd);
	if (!plan->cwd)
		return err_nomem(err);
	if (!plan_step_of(plan, plan->cwd))
		return err_set(err, ERR_INPUT,
		               "%s cannot be seen inside the sandbox; run in the project, or name "
		               "the folder in [capabilities.allow.read] or .write",
		               plan->cwd);
	return 0;
}

int plan_make(const struct plan_input *input, struct plan *ret_plan, struct err *err)
{
	cleanup_with(plan_fini) struct plan plan = { 0 };

	TRY(make(input, &plan, err));
	*ret_plan = plan;
	plan = (struct plan){ 0 };
	return 0;
}

void plan_print(const struct plan *plan, struct buf *out)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct plan_step *step = &plan->steps[i];
		bool is_elsewhere = step->source && strcmp(step->source, step->target) != 0;

		buf_addf(out, "%-9s  %s", kinds[step->kind].word, step->target);
		if (is_elsewhere && step->kind != PLAN_MASK)
			buf_addf(out, "  from %s", step->source);
		if (step->size_mb)
			buf_addf(out, "  %u MiB", step->size_mb);
		buf_addf(out, "%s%s\n", step->why[0] ? "  " : "", step->why);
	}
	for (size_t i = 0; i < plan->n_environment; i++)
		buf_addf(out, "env        %s\n", plan->environment[i]);
	buf_addf(out, "uid        %u:%u\nin         %s\nrun       ", plan->uid, plan->gid,
	         plan->cwd);
	for (size_t i = 0; i < plan->n_command; i++)
		buf_addf(out, " %s", plan->command[i]);
	buf_addc(out, '\n');
	buf_add(out, buf_str(&plan->notes));
}
