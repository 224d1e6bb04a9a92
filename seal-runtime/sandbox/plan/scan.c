#include "sandbox/plan/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/fd.h"
#include "manifest/manifest.h"
#include "sandbox/plan/names.h"
#include "sandbox/plan/plan.h"
#include "sandbox/plan/tracked.h"

void scan_fini(struct scan *scan)
{
	for (size_t i = 0; i < scan->n_entries; i++)
		free(scan->entries[i].path);
	for (size_t i = 0; i < scan->n_repositories; i++) {
		free(scan->repositories[i].path);
		buf_fini(&scan->repositories[i].config);
	}
	free(scan->entries);
	free(scan->repositories);
	free(scan->root);
	*scan = (struct scan){ 0 };
}

bool scan_has(const struct scan *scan, const char *path)
{
	for (size_t i = 0; i < scan->n_entries; i++)
		if (strcmp(scan->entries[i].path, path) == 0)
			return true;
	return false;
}

/* --- the walk ----------------------------------------------------------- */

struct walk {
	bool deep;
	scan_fn fn;
	void *ctx;
	char path[PATH_MAX];
};

static void close_dirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}
#define cleanup_dir cleanup_with(close_dir)

static unsigned char type_of(int folder, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	if (fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return DT_UNKNOWN;
	return IFTODT(st.st_mode);
}

static int walk_folder(struct walk *walk, int folder, unsigned int depth, bool in_vendor,
                       struct err *err);

static int walk_into(struct walk *walk, const struct scan_seen *seen, struct err *err)
{
	bool is_vendor = seen->in_vendor || name_is_vendor(seen->name);
	int fd;

	if (seen->type != DT_DIR || strcmp(seen->name, ".git") == 0 || (is_vendor && !walk->deep))
		return 0;
	if (seen->depth >= SCAN_DEPTH_MAX)
		return err_set(err, ERR_LIMIT,
		               "%s is nested deeper than %d folders; move it out of the project",
		               seen->path, SCAN_DEPTH_MAX);
	fd = openat(seen->folder, seen->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* What the person cannot list, the command cannot either. */
	return fd < 0 ? 0 : walk_folder(walk, fd, seen->depth + 1, is_vendor, err);
}

/* Owns `folder`. */
static int walk_folder(struct walk *walk, int folder, unsigned int depth, bool in_vendor,
                       struct err *err)
{
	cleanup_dir DIR *dir = fdopendir(folder);
	size_t len = strlen(walk->path);
	struct dirent *entry;
	int r = 0;

	if (!dir) {
		(void)close(folder);
		return err_sys(err, "list %s", walk->path);
	}
	while (r >= 0 && (entry = readdir(dir))) {
		struct scan_seen seen = { folder, entry->d_name, walk->path, type_of(folder, entry),
			                  depth,  in_vendor };

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (len + 1 + strlen(entry->d_name) >= sizeof(walk->path))
			return err_set(err, ERR_LIMIT, "a path under %s is too long; shorten it",
			               walk->path);
		(void)snprintf(walk->path + len, sizeof(walk->path) - len, "/%s", entry->d_name);
		r = walk->fn(walk->ctx, &seen, err);
		if (r == 0)
			r = walk_into(walk, &seen, err);
		walk->path[len] = '\0';
	}
	return r;
}

int scan_walk(const char *root, bool deep, scan_fn fn, void *ctx, struct err *err)
{
	struct walk walk = { .deep = deep, .fn = fn, .ctx = ctx };
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "open %s", root);
	(void)snprintf(walk.path, sizeof(walk.path), "%s", root);
	return walk_folder(&walk, fd, 0, false, err);
}

/* --- git ---------------------------------------------------------------- */

uint64_t scan_hooks(int folder, const char *git)
{
	cleanup_dir DIR *dir = NULL;
	char path[PATH_MAX];
	struct dirent *entry;
	struct stat st;
	uint64_t sum = 0;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/hooks", git);
	fd = openat(folder, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && (entry = readdir(dir))) {
		uint64_t one = 1469598103934665603ull;

		if (entry->d_name[0] == '.' || str_ends(str_of(entry->d_name), STR(".sample")) ||
		    fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		for (const char *c = entry->d_name; *c; c++)
			one = (one ^ (unsigned char)*c) * 1099511628211ull;
		one ^= (uint64_t)st.st_ino * 31 + (uint64_t)st.st_size * 7 + st.st_mode;
		sum += one * 31 + (uint64_t)st.st_ctim.tv_sec * 1000003 +
		       (uint64_t)st.st_ctim.tv_nsec;
	}
	return sum;
}

bool scan_config(int folder, const char *git, struct buf *ret_config)
{
	char path[PATH_MAX];
	struct err ignored;

	(void)snprintf(path, sizeof(path), "%s/config", git);
	return fd_read_file(folder, path, SCAN_CONFIG_MAX, ret_config, &ignored) >= 0;
}

bool scan_is_bare(const struct scan_seen *seen)
{
	return seen->depth > 0 && seen->type == DT_REG && strcmp(seen->name, "HEAD") == 0 &&
	       faccessat(seen->folder, "objects", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

struct modules {
	scan_fn fn;
	void *ctx;
};

static int see_module(void *ctx, const struct scan_seen *seen, struct err *err)
{
	const struct modules *modules = ctx;
	bool is_inside = faccessat(seen->folder, "HEAD", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	int r = modules->fn(modules->ctx, seen, err);

	/* Of a repository only the modules of its modules. */
	return r == 0 && is_inside && strcmp(seen->name, "modules") != 0 ? 1 : r;
}

int scan_modules(const char *git, scan_fn fn, void *ctx, struct err *err)
{
	struct modules modules = { fn, ctx };
	char path[PATH_MAX];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/modules", git);
	if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	return scan_walk(path, true, see_module, &modules, err);
}

/* --- the scan before a command ------------------------------------------ */

struct before {
	struct buf index; /* git's, read when something looks like a secret */
	bool has_index;
	struct scan *scan;
	const struct manifest *manifest;
	const char *root;
};

static int add(struct scan *scan, struct str path, enum scan_kind kind, bool is_folder,
               struct err *err)
{
	struct scan_entry *grown;

	for (size_t i = 0; i < scan->n_entries; i++)
		if (str_is(path, scan->entries[i].path))
			return 0;
	if (scan->n_entries == SCAN_ENTRIES_MAX)
		return err_set(err, ERR_LIMIT,
		               "%s holds more than %d secret or protected files; "
		               "set [sandbox.os] command_mask_secrets = false or move them out",
		               scan->root, SCAN_ENTRIES_MAX);
	if ((scan->n_entries & (scan->n_entries - 1)) == 0) {
		grown = realloc(scan->entries,
		                (scan->n_entries ? scan->n_entries * 2 : 1) * sizeof(*grown));
		if (!grown)
			return err_nomem(err);
		scan->entries = grown;
	}
	scan->entries[scan->n_entries] = (struct scan_entry){ str_dup(path), kind, is_folder };
	if (!scan->entries[scan->n_entries].path)
		return err_nomem(err);
	scan->n_entries++;
	return 0;
}

/* The entry, and a pin on every folder between it and the root. */
static int add_pinned(const struct before *before, const char *path, enum scan_kind kind,
                      bool is_folder, struct err *err)
{
	size_t root_len = strlen(before->root), len = strlen(path);
	int r = add(before->scan, str_of(path), kind, is_folder, err);

	while (r >= 0) {
		while (len > root_len && path[len - 1] != '/')
			len--;
		if (len <= root_len + 1)
			return 0;
		r = add(before->scan, (struct str){ path, --len }, SCAN_PIN, true, err);
	}
	return r;
}

static int add_own_git(const struct before *before, const struct scan_seen *seen, struct err *err)
{
	struct stat st;
	char path[PATH_MAX];
	int r = add_pinned(before, seen->path, SCAN_PIN, true, err);

	for (const char *const *name = names_git; r >= 0 && *name; name++) {
		(void)snprintf(path, sizeof(path), ".git/%s", *name);
		if (fstatat(seen->folder, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    S_ISLNK(st.st_mode))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", seen->path, *name);
		r = add_pinned(before, path, SCAN_PROTECT, S_ISDIR(st.st_mode), err);
	}
	return r;
}

/* Not mounted over: a clone that cannot be removed again is no use. */
static int add_repository(struct scan *scan, int folder, const char *git, struct str path,
                          struct err *err)
{
	struct scan_repository *grown, *new;

	grown = realloc(scan->repositories, (scan->n_repositories + 1) * sizeof(*grown));
	if (!grown)
		return err_nomem(err);
	scan->repositories = grown;
	new = &grown[scan->n_repositories];
	*new = (struct scan_repository){ .path = str_dup(path) };
	if (!new->path)
		return err_nomem(err);
	scan->n_repositories++;
	new->has_config = scan_config(folder, git, &new->config);
	new->hooks = scan_hooks(folder, git);
	return 0;
}

/* Submodules: their work trees hold a file `.git`, and this is where it leads. */
static int see_own_module(void *ctx, const struct scan_seen *seen, struct err *err)
{
	struct before *before = ctx;
	const struct str path = str_of(seen->path);

	if (!scan_is_bare(seen))
		return 0;
	return add_repository(before->scan, seen->folder, ".",
	                      str_head(path, path.len - STR("/HEAD").len), err);
}

static bool rule_covers(const struct manifest_paths *rules, const struct manifest_path *path,
                        const char *relative)
{
	const struct manifest_list *files = path->has_files ? &path->files : &rules->default_files;
	char glob[PATH_MAX];

	if (files->n == 0) {
		(void)snprintf(glob, sizeof(glob), "%.*s", STR_ARG(path->path));
		return glob_matches(glob, relative);
	}
	for (size_t i = 0; i < files->n; i++) {
		(void)snprintf(glob, sizeof(glob), "%.*s/%.*s", STR_ARG(path->path),
		               STR_ARG(files->items[i]));
		if (glob_matches(str_starts(str_of(glob), STR("./")) ? glob + 2 : glob, relative))
			return true;
	}
	return false;
}

bool scan_is_denied(const struct manifest_paths *rules, const char *relative)
{
	char glob[PATH_MAX];

	for (size_t i = 0; i < rules->n_paths; i++)
		if (rule_covers(rules, &rules->paths[i], relative))
			return true;
	for (size_t i = 0; !rules->has_paths && i < rules->default_files.n; i++) {
		(void)snprintf(glob, sizeof(glob), "**/%.*s",
		               STR_ARG(rules->default_files.items[i]));
		if (glob_matches(glob, relative))
			return true;
	}
	return false;
}

static int see_rules(const struct before *before, const struct scan_seen *seen, struct err *err)
{
	const struct manifest_side *deny = &before->manifest->deny;
	const char *relative = seen->path + strlen(before->root) + 1;
	bool is_folder = seen->type == DT_DIR;

	if (scan_is_denied(&deny->read, relative)) {
		int r = add_pinned(before, seen->path, SCAN_MASK, is_folder, err);

		/* Nothing can be mounted in a folder that is hidden whole. */
		return r < 0 ? r : is_folder;
	}
	if (scan_is_denied(&deny->write, relative) || scan_is_denied(&deny->del, relative))
		return add_pinned(before, seen->path, SCAN_PROTECT, is_folder, err);
	return 0;
}

static bool is_fixture(struct before *before, const struct scan_seen *seen)
{
	if (!before->has_index)
		tracked_load(before->root, &before->index);
	before->has_index = true;
	return tracked_is(buf_str(&before->index), seen->path + strlen(before->root) + 1,
	                  seen->folder, seen->name);
}

/* A link is only a name: what it leads to is treated where it lies.  But a file
 * in the project that a secret's name leads to is that secret. */
static int see_link(const struct before *before, const struct scan_seen *seen, struct err *err)
{
	cleanup_free char *real = NULL;
	struct stat st;

	if (!before->manifest->sandbox.command_mask_secrets || !name_is_secret(seen->name))
		return 0;
	real = realpath(seen->path, NULL);
	if (!real || !path_covers(before->root, real) || lstat(real, &st) < 0 ||
	    !S_ISREG(st.st_mode))
		return 0;
	return add_pinned(before, real, SCAN_MASK, false, err);
}

static int add_own_gits(struct before *before, const struct scan_seen *seen, struct err *err)
{
	int r = add_own_git(before, seen, err);

	return r < 0 ? r : scan_modules(seen->path, see_own_module, before, err);
}

static int see_before(void *ctx, const struct scan_seen *seen, struct err *err)
{
	struct before *before = ctx;
	const struct str path = str_of(seen->path);
	bool is_folder = seen->type == DT_DIR;

	before->scan->n_walked++;
	if (seen->type == DT_LNK)
		return see_link(before, seen, err);
	/* The end of a host daemon: connecting needs no right that a bind could withhold. */
	if (seen->type == DT_SOCK)
		return add_pinned(before, seen->path, SCAN_MASK, false, err);
	if (strcmp(seen->name, ".git") == 0 && seen->depth == 0)
		return is_folder ? add_own_gits(before, seen, err)
		                 : add_pinned(before, seen->path, SCAN_PROTECT, false, err);
	if (strcmp(seen->name, ".git") == 0)
		return is_folder ? add_repository(before->scan, seen->folder, ".git", path, err)
		                 : 0;
	if (scan_is_bare(seen))
		return add_repository(before->scan, seen->folder, ".",
		                      str_head(path, path.len - STR("/HEAD").len), err);
	if (before->manifest->sandbox.command_mask_secrets && name_is_secret(seen->name) &&
	    !is_folder && !is_fixture(before, seen))
		return add_pinned(before, seen->path, SCAN_MASK, is_folder, err);
	if (name_is_control(seen->name))
		return add_pinned(before, seen->path, SCAN_PROTECT, is_folder, err);
	return see_rules(before, seen, err);
}

int scan_project(const char *root, const struct manifest *manifest, struct scan *scan,
                 struct err *err)
{
	struct before before = { .scan = scan, .manifest = manifest, .root = root };
	int r;

	if (!scan->root)
		scan->root = strdup(root);
	if (!scan->root)
		return err_nomem(err);
	r = scan_walk(root, false, see_before, &before, err);
	buf_fini(&before.index);
	if (r < 0)
		return err_wrap(err, "look through the project");
	return 0;
}
