#include "skills/skills.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/dirs.h"
#include "base/err.h"
#include "base/fd.h"
#include "crypto/hash.h"

#define SKILLS_MAX    64
#define NAME_LEN_MAX  64
#define TEXT_MAX      ((size_t)64 << 10)
#define APPROVALS_MAX ((size_t)1 << 20)

static const char *const folders[] = { ".seal/skills", ".agents/skills" };

struct found {
	char *name;
	size_t folder;
};

struct all {
	struct found found[SKILLS_MAX];
	size_t n;
};

static void all_finip(struct all *all)
{
	for (size_t i = 0; i < all->n; i++)
		free(all->found[i].name);
}

static void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

/* What stands in the project itself: no link leads anywhere. */
static int open_beneath(int root, const char *path, uint64_t flags)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags,
		                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

static bool is_plain(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '-' || c == '_'))
			return false;
	}
	return name.len && name.len <= NAME_LEN_MAX;
}

static bool is_known(const struct all *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->found[i].name, name) == 0)
			return true;
	return false;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct found *)a)->name, ((const struct found *)b)->name);
}

static void find_in(int root, size_t folder, struct all *all)
{
	int fd = open_beneath(root, folders[folder], O_DIRECTORY);
	cleanup_with(closedir) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (dir && all->n < SKILLS_MAX && (entry = readdir(dir))) {
		char *name;

		if (!is_plain(str_of(entry->d_name)) || is_known(all, entry->d_name))
			continue;
		name = str_dup(str_of(entry->d_name));
		if (name)
			all->found[all->n++] = (struct found){ name, folder };
	}
}

static bool read_text(int root, const struct found *found, struct buf *ret_text)
{
	cleanup_buf struct buf path = BUF_INIT;
	cleanup_close int fd = -1;
	struct err skipped;
	struct stat st;

	buf_addf(&path, "%s/%s/SKILL.md", folders[found->folder], found->name);
	fd = path.failed ? -1 : open_beneath(root, path.data, 0);
	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       fd_read_all(fd, TEXT_MAX, ret_text, &skipped) >= 0;
}

/* ---- approvals: a file with one hash a line ---- */

/* Of root, name and text, told apart by bytes that none of the first two has. */
static void hash_of(const char *root, const char *name, struct str text, char ret_hex[HASH_HEX])
{
	cleanup_buf struct buf all = BUF_INIT;

	buf_add(&all, (struct str){ root, strlen(root) + 1 });
	buf_add(&all, (struct str){ name, strlen(name) + 1 });
	buf_add(&all, text);
	hash_hex(buf_str(&all), ret_hex);
}

static int approvals_path(struct buf *ret_path, struct err *err)
{
	cleanup_free char *state = NULL;
	int r = dirs_get(DIRS_STATE, &state, err);

	if (r < 0)
		return r;
	buf_addf(ret_path, "%s/approvals", state);
	r = buf_check(ret_path, "the path", err);
	if (r >= 0)
		r = fd_make_dirs(ret_path->data, err);
	buf_adds(ret_path, "/skills");
	return r < 0 ? r : buf_check(ret_path, "the path", err);
}

static int read_approvals(struct buf *ret_path, struct buf *ret_text, struct err *err)
{
	int r = approvals_path(ret_path, err);

	if (r < 0 || access(ret_path->data, F_OK) < 0)
		return r;
	return fd_read_file(AT_FDCWD, ret_path->data, APPROVALS_MAX, ret_text, err);
}

static bool holds(struct str approvals, const char *hash)
{
	struct str line;

	while (str_line(&approvals, &line))
		if (str_is(line, hash))
			return true;
	return false;
}

static void find_all(int root, struct all *all)
{
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		find_in(root, i, all);
	if (all->n)
		qsort(all->found, all->n, sizeof(all->found[0]), compare);
}

void skills_each(const char *root, skills_each_fn *each, void *ctx)
{
	cleanup_close int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_with(all_fini) struct all all = { .n = 0 };
	cleanup_buf struct buf path = BUF_INIT;
	cleanup_buf struct buf approvals = BUF_INIT;
	struct err skipped;

	find_all(fd, &all);
	/* What cannot be read approves nothing. */
	if (all.n && read_approvals(&path, &approvals, &skipped) < 0)
		buf_clear(&approvals);
	for (size_t i = 0; i < all.n; i++) {
		cleanup_buf struct buf text = BUF_INIT;
		char hash[HASH_HEX];

		if (!read_text(fd, &all.found[i], &text))
			continue;
		hash_of(root, all.found[i].name, buf_str(&text), hash);
		each(ctx, &(struct skill){ all.found[i].name, buf_str(&text),
		                           holds(buf_str(&approvals), hash) });
	}
}

struct wanted {
	const char *root, *name;
	bool is_there;
	char hash[HASH_HEX];
};

static void look_for(void *ctx, const struct skill *skill)
{
	struct wanted *wanted = ctx;

	if (strcmp(skill->name, wanted->name) != 0)
		return;
	wanted->is_there = true;
	hash_of(wanted->root, wanted->name, skill->text, wanted->hash);
}

int skills_approve(const char *root, const char *name, bool is_approved, struct err *err)
{
	struct wanted wanted = { root, name, false, "" };
	cleanup_buf struct buf path = BUF_INIT;
	cleanup_buf struct buf before = BUF_INIT;
	cleanup_buf struct buf after = BUF_INIT;
	struct str rest, line;
	int r;

	skills_each(root, look_for, &wanted);
	if (!wanted.is_there)
		return err_set(err, ERR_INPUT,
		               "this project has no skill \"%s\" in .seal/skills or .agents/skills",
		               name);
	r = read_approvals(&path, &before, err);
	if (r < 0)
		return err_wrap(err, "the approvals of skills");
	rest = buf_str(&before);
	while (str_line(&rest, &line))
		if (!str_is(line, wanted.hash))
			buf_addf(&after, "%.*s\n", STR_ARG(line));
	if (is_approved)
		buf_addf(&after, "%s\n", wanted.hash);
	r = buf_check(&after, "the approvals of skills", err);
	return r < 0 ? r : fd_replace_path(path.data, buf_str(&after), 0600, err);
}
