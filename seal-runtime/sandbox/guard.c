#include "sandbox/guard.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/err.h"
#include "base/fd.h"
#include "sandbox/inside.h"
#include "sandbox/plan/names.h"
#include "sandbox/plan/scan.h"
#include "sandbox/tree.h"
#include "sandbox/weak.h"

struct finding {
	char *path;
	const char *why;
	const struct buf *put_back; /* what the file held before; NULL: nothing */
};

struct after {
	const char *root;
	const struct scan *before;
	const struct timespec *started;
	struct finding *findings;
	size_t n_findings;
};

static void after_finip(struct after *after)
{
	for (size_t i = 0; i < after->n_findings; i++)
		free(after->findings[i].path);
	free(after->findings);
}

/* The coarse clock is the one that file times are taken from. */
void guard_begin(struct timespec *ret_started)
{
	(void)clock_gettime(CLOCK_REALTIME_COARSE, ret_started);
}

static int find(struct after *after, const char *path, const char *why, const struct buf *put_back,
                struct err *err)
{
	struct finding *grown = realloc(after->findings, (after->n_findings + 1) * sizeof(*grown));

	if (!grown)
		return err_nomem(err);
	after->findings = grown;
	grown[after->n_findings] = (struct finding){ strdup(path), why, put_back };
	if (!grown[after->n_findings].path)
		return err_nomem(err);
	after->n_findings++;
	return 0;
}

static bool exists(int folder, const char *path)
{
	return faccessat(folder, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The change time is the kernel's own: nothing inside can set it back. */
static bool is_new(const struct after *after, int folder, const char *path)
{
	struct stat st;

	if (fstatat(folder, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	if (st.st_ctim.tv_sec != after->started->tv_sec)
		return st.st_ctim.tv_sec > after->started->tv_sec;
	return st.st_ctim.tv_nsec >= after->started->tv_nsec;
}

static bool holds_danger(int folder, const char *git)
{
	cleanup_buf struct buf config = BUF_INIT;
	char path[PATH_MAX];
	bool has_config = scan_config(folder, git, &config);

	(void)snprintf(path, sizeof(path), "%s/config", git);
	/* A configuration that cannot be read, or is a link, is not looked at: it goes. */
	if (!has_config && exists(folder, path))
		return true;
	if (has_config && names_git_is_dangerous(buf_str(&config)))
		return true;
	if (scan_hooks(folder, git) != 0)
		return true;
	(void)snprintf(path, sizeof(path), "%s/commondir", git);
	if (exists(folder, path))
		return true;
	(void)snprintf(path, sizeof(path), "%s/config.worktree", git);
	return exists(folder, path);
}

static int check_part(struct after *after, const struct scan_repository *repository, int folder,
                      const char *git, const char *name, struct err *err)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", git, name);
	if (!exists(folder, path) || !is_new(after, folder, path))
		return 0;
	(void)snprintf(path, sizeof(path), "%s/%s", repository->path, name);
	return find(after, path, "git obeys it", NULL, err);
}

/*
 * A submodule's configuration names its work tree, which is no news.  What is
 * left of the text without the lines of that kind that were there before.
 */
static bool became_dangerous(struct str now, struct str before)
{
	cleanup_buf struct buf rest = { .limit = SCAN_CONFIG_MAX + 1 };
	struct str line;

	while (str_line(&now, &line)) {
		struct str old = before, known;
		bool is_known = false;

		while (!is_known && str_find(line, STR("worktree"), 0) != STR_NONE &&
		       str_line(&old, &known))
			is_known = str_eq(line, known);
		if (is_known)
			continue;
		buf_add(&rest, line);
		buf_addc(&rest, '\n');
	}
	return rest.failed || names_git_is_dangerous(buf_str(&rest));
}

static int check_known(struct after *after, const struct scan_repository *repository, int folder,
                       const char *git, struct err *err)
{
	cleanup_buf struct buf config = BUF_INIT;
	char path[PATH_MAX];
	bool has_config = scan_config(folder, git, &config);
	bool changed = has_config != repository->has_config ||
	               !str_eq(buf_str(&config), buf_str(&repository->config));
	int r = 0;

	(void)snprintf(path, sizeof(path), "%s/config", repository->path);
	if (changed &&
	    (!has_config || became_dangerous(buf_str(&config), buf_str(&repository->config))))
		r = find(after, path, "git would run what it names", &repository->config, err);
	(void)snprintf(path, sizeof(path), "%s/hooks", repository->path);
	if (r >= 0 && scan_hooks(folder, git) != repository->hooks)
		r = find(after, path, "git runs hooks", NULL, err);
	if (r >= 0)
		r = check_part(after, repository, folder, git, "commondir", err);
	return r < 0 ? r : check_part(after, repository, folder, git, "config.worktree", err);
}

static int check_repository(struct after *after, const struct scan_seen *seen, const char *git,
                            const char *path, struct err *err)
{
	char config[PATH_MAX], hooks[PATH_MAX];

	for (size_t i = 0; i < after->before->n_repositories; i++)
		if (strcmp(after->before->repositories[i].path, path) == 0)
			return check_known(after, &after->before->repositories[i], seen->folder,
			                   git, err);
	(void)snprintf(config, sizeof(config), "%s/config", git);
	(void)snprintf(hooks, sizeof(hooks), "%s/hooks", git);
	if (seen->in_vendor && !is_new(after, seen->folder, git) &&
	    !is_new(after, seen->folder, config) && !is_new(after, seen->folder, hooks))
		return 0;
	return holds_danger(seen->folder, git)
	               ? find(after, path, "git would run what it names", NULL, err)
	               : 0;
}

/* The project's own: what exists was read-only; these did not exist. */
static int check_own(struct after *after, const struct scan_seen *seen, struct err *err)
{
	char inside[PATH_MAX], path[PATH_MAX];
	int r = 0;

	for (const char *const *name = names_git; r >= 0 && *name; name++) {
		(void)snprintf(inside, sizeof(inside), ".git/%s", *name);
		(void)snprintf(path, sizeof(path), "%s/%s", seen->path, *name);
		if (exists(seen->folder, inside) && !scan_has(after->before, path))
			r = find(after, path, "git obeys it", NULL, err);
	}
	return r;
}

static int see_module(void *ctx, const struct scan_seen *seen, struct err *err)
{
	char path[PATH_MAX];

	if (!scan_is_bare(seen))
		return 0;
	(void)snprintf(path, sizeof(path), "%.*s", (int)(strlen(seen->path) - STR("/HEAD").len),
	               seen->path);
	return check_repository(ctx, seen, ".", path, err);
}

static int check_git(struct after *after, const struct scan_seen *seen, struct err *err)
{
	if (seen->type != DT_DIR)
		return !scan_has(after->before, seen->path) && is_new(after, seen->folder, ".git")
		               ? find(after, seen->path, "it leads git elsewhere", NULL, err)
		               : 0;
	if (seen->depth == 0 && scan_has(after->before, seen->path))
		return check_own(after, seen, err) < 0
		               ? err->code
		               : scan_modules(seen->path, see_module, after, err);
	return check_repository(after, seen, ".git", seen->path, err);
}

static int see_after(void *ctx, const struct scan_seen *seen, struct err *err)
{
	struct after *after = ctx;

	if (strcasecmp(seen->name, ".git") == 0)
		return check_git(after, seen, err);
	if (scan_is_bare(seen)) {
		char path[PATH_MAX];

		(void)snprintf(path, sizeof(path), "%.*s",
		               (int)(strlen(seen->path) - STR("/HEAD").len), seen->path);
		return check_repository(after, seen, ".", path, err);
	}
	if (seen->in_vendor || !name_is_control(seen->name) || scan_has(after->before, seen->path))
		return 0;
	/* 1: what is moved away as a whole need not be looked into. */
	return find(after, seen->path, "a tool on this machine obeys it", NULL, err) < 0 ? err->code
	                                                                                 : 1;
}

/* --- moving away -------------------------------------------------------- */

static int open_parent(const char *path, const char **ret_leaf, struct err *err)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		                .resolve = RESOLVE_NO_SYMLINKS };
	const char *slash = strrchr(path, '/');
	char parent[PATH_MAX];
	int fd;

	(void)snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
	*ret_leaf = slash + 1;
	fd = (int)syscall(SYS_openat2, AT_FDCWD, parent, &how, sizeof(how));
	return fd < 0 ? err_sys(err, "open %s", parent) : fd;
}

static int open_quarantine(const struct sandbox *sandbox, char *ret_path, struct err *err)
{
	int fd;

	(void)snprintf(ret_path, PATH_MAX, "%s/quarantine", sandbox->runtime_dir);
	if (fd_make_dirs(ret_path, err) < 0)
		return err->code;
	fd = open(ret_path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "open %s", ret_path) : fd;
}

/* A name of its own for each: time, a number, and the last part of the path. */
static void name_for(int quarantine, const char *leaf, char *ret_name, size_t size)
{
	unsigned long at = (unsigned long)time(NULL);

	for (unsigned int i = 0;; i++) {
		(void)snprintf(ret_name, size, "%lu-%u-%.100s", at, i, leaf);
		if (!exists(quarantine, ret_name))
			return;
	}
}

static int move_away(const struct sandbox *sandbox, const char *path, char *ret_place,
                     int *ret_parent, struct err *err)
{
	char folder[PATH_MAX], name[160];
	const char *leaf;
	cleanup_close int parent = open_parent(path, &leaf, err);
	cleanup_close int to = parent < 0 ? -1 : open_quarantine(sandbox, folder, err);

	if (to < 0)
		return err->code;
	ret_place[0] = '\0';
	if (exists(parent, leaf)) {
		name_for(to, leaf, name, sizeof(name));
		if (tree_move(parent, leaf, to, name, err) < 0)
			return err->code;
		(void)snprintf(ret_place, PATH_MAX, "%.*s/%s", PATH_MAX - 200, folder, name);
	}
	*ret_parent = take_fd(parent);
	return 0;
}

static int deny_moved(struct sandbox_outcome *outcome, const char *path, const char *why,
                      const char *place, struct err *err)
{
	char hint[PATH_MAX + 256];

	(void)snprintf(hint, sizeof(hint), "moved to %s; if you want it, put it back yourself",
	               place);
	return sandbox_deny(outcome, path, "write", why, hint) ? 0 : err_nomem(err);
}

int guard_quarantine(const struct sandbox *sandbox, const char *path, const char *shown,
                     const char *why, struct sandbox_outcome *outcome, struct err *err)
{
	cleanup_close int parent = -1;
	char place[PATH_MAX];

	if (move_away(sandbox, path, place, &parent, err) < 0)
		return err->code;
	return place[0] ? deny_moved(outcome, shown, why, place, err) : 0;
}

static int quarantine(const struct sandbox *sandbox, const struct finding *finding,
                      struct sandbox_outcome *outcome, struct err *err)
{
	cleanup_close int parent = -1;
	char place[PATH_MAX];

	if (move_away(sandbox, finding->path, place, &parent, err) < 0)
		return err->code;
	if (!place[0])
		return 0;
	if (finding->put_back && finding->put_back->len &&
	    fd_replace_file(parent, strrchr(finding->path, '/') + 1, buf_str(finding->put_back),
	                    0644, err) < 0)
		return err->code;
	return deny_moved(outcome, finding->path, finding->why, place, err);
}

int guard_after(struct sandbox *sandbox, const struct scan *before, const struct timespec *started,
                struct sandbox_outcome *outcome, struct err *err)
{
	__attribute__((cleanup(after_finip))) struct after after = { sandbox->root, before, started,
		                                                     NULL, 0 };
	int r = weak_is("guard") ? 0 : scan_walk(sandbox->root, true, see_after, &after, err);

	for (size_t i = 0; r >= 0 && i < after.n_findings; i++)
		r = quarantine(sandbox, &after.findings[i], outcome, err);
	return r < 0 ? err_wrap(err, "look through what the command left") : 0;
}
