#include "sandbox/overlay/show.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "sandbox/overlay/change.h"
#include "sandbox/overlay/commit.h"

static int open_text(int folder, const char *name, char type)
{
	char text[PATH_MAX];
	struct err ignored;
	ssize_t n;
	int fd;

	if (type == 'f')
		return openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (type != 'l' || (n = readlinkat(folder, name, text, sizeof(text))) < 0)
		return -1;
	fd = memfd_create("seal", MFD_CLOEXEC);
	if (fd < 0 || fd_write_all(fd, (struct str){ text, (size_t)n }, &ignored) < 0 ||
	    lseek(fd, 0, SEEK_SET) < 0) {
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	return fd;
}

static int open_below(int top, const char *path, char type)
{
	const char *leaf;
	struct err ignored;
	cleanup_close int parent = commit_parent(top, path, &leaf, &ignored);

	return parent < 0 ? -1 : open_text(parent, leaf, type);
}

static bool is_changed(int top, const struct change *change)
{
	const char *leaf;
	struct err ignored;
	cleanup_close int parent = commit_parent(top, change->path, &leaf, &ignored);
	struct state now = { .type = '-' };

	if (parent >= 0)
		state_of(parent, leaf, true, &now);
	return !state_is(&now, &change->after);
}

static void show_one(const struct show_folders *folders, const struct change *change, size_t index,
                     const struct undo_view *view)
{
	char saved[24];

	(void)snprintf(saved, sizeof(saved), "%zu", index);
	cleanup_close int before =
		folders->before >= 0
			? open_text(folders->before, saved, change->before.type)
			: open_below(folders->project, change->path, change->before.type);
	cleanup_close int after = open_below(folders->after, change->path, change->after.type);
	view->each(view->ctx, &(struct undo_change){ change->kind, change->path, before, after,
	                                             is_changed(folders->after, change) });
}

void show_record(const struct show_folders *folders, const struct changes *changes,
                 const struct undo_view *view)
{
	for (size_t i = 0; i < changes->n; i++)
		show_one(folders, &changes->items[i], i, view);
}
