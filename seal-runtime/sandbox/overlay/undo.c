#include "sandbox/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "sandbox/overlay/change.h"
#include "sandbox/overlay/commit.h"
#include "sandbox/overlay/journal.h"
#include "sandbox/overlay/record.h"
#include "sandbox/overlay/show.h"
#include "sandbox/tree.h"

#define OPEN_FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define COMMAND_MAX ((size_t)1 << 20)

#define cleanup_store  __attribute__((cleanup(undo_store_finip)))
#define cleanup_record __attribute__((cleanup(undo_record_finip)))

struct undo {
	int project, before;
	const char *record; /* path, for what is reported */
	struct undo_result *result;
};

static void report_kept(const struct undo *undo, const struct change *change, size_t index,
                        const char *why)
{
	undo->result->n_kept++;
	buf_addf(&undo->result->report, "kept %s: %s", change->path, why);
	if (change->before.type != '-' && change->before.type != 'd')
		buf_addf(&undo->result->report, "; what it was before: %s/before/%zu", undo->record,
		         index);
	buf_addc(&undo->result->report, '\n');
}

/* Is what was there before the command there now? */
static bool is_back(const struct undo *undo, const struct change *change, int parent,
                    const char *leaf, const char *saved)
{
	struct state now, then;

	state_of(parent, leaf, true, &now);
	if (change->before.type == '-')
		return now.type == '-';
	state_of(undo->before, saved, true, &then);
	return now.type != '-' && state_is(&now, &then);
}

static void undo_folder(const struct undo *undo, const struct change *change, int parent,
                        const char *leaf, size_t index)
{
	if (change->before.type == 'd') {
		(void)fchmodat(parent, leaf, change->before.mode, 0);
		return;
	}
	if (unlinkat(parent, leaf, AT_REMOVEDIR) < 0 && errno != ENOENT) {
		(void)fchmodat(parent, leaf, change->after.mode, 0);
		report_kept(undo, change, index, "it holds files that were made since");
	} else {
		undo->result->n_restored++;
	}
}

/* What the command locked has to be opened, outermost first, before what is in it
 * can be looked at. */
static void unlock_folders(const struct undo *undo, const struct changes *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		const struct change *one = &changes->items[i];
		const char *leaf;
		struct err ignored;
		struct state now;

		if (one->after.type != 'd' || (one->after.mode & 0700) == 0700)
			continue;
		cleanup_close int parent = commit_parent(undo->project, one->path, &leaf, &ignored);
		if (parent < 0)
			continue;
		state_of(parent, leaf, false, &now);
		if (now.type == 'd')
			(void)fchmodat(parent, leaf, now.mode | 0700, 0);
	}
}

static int restore(const struct undo *undo, const struct change *change, int parent,
                   const char *leaf, size_t index, struct err *err)
{
	char saved[24];
	struct state now;

	(void)snprintf(saved, sizeof(saved), "%zu", index);
	state_of(parent, leaf, true, &now);
	if (!state_is(&now, &change->after)) {
		if (!is_back(undo, change, parent, leaf, saved))
			report_kept(undo, change, index, "it was changed since");
		return 0;
	}
	if (change->after.type == 'd')
		undo_folder(undo, change, parent, leaf, index);
	if (change->after.type == 'd' && (change->before.type == 'd' || change->before.type == '-'))
		return 0;
	if (change->after.type != 'd')
		undo->result->n_restored++;
	if (change->before.type == '-')
		return unlinkat(parent, leaf, 0) < 0 ? err_sys(err, "remove %s", change->path) : 0;
	if (change->before.type == 'd')
		(void)unlinkat(parent, leaf, 0);
	return commit_place(undo->before, saved, parent, leaf, err);
}

static int undo_one(const struct undo *undo, const struct change *change, size_t index,
                    struct err *err)
{
	const char *leaf;
	struct err why;
	cleanup_close int parent = commit_parent(undo->project, change->path, &leaf, &why);
	bool was_closed = false;
	struct stat st;
	int r;

	if (parent < 0) {
		/* What the command made is gone with its folder: that is undone. */
		if (change->before.type != '-')
			report_kept(undo, change, index, "its folder is gone");
		return 0;
	}
	/* A folder that could not be written is opened for as long as it takes. */
	was_closed = fstat(parent, &st) == 0 && (st.st_mode & 0300) != 0300;
	if (was_closed)
		(void)fchmodat(parent, ".", (st.st_mode & 07777) | 0700, 0);
	r = restore(undo, change, parent, leaf, index, err);
	if (was_closed)
		(void)fchmodat(parent, ".", st.st_mode & 07777, 0);
	return r;
}

static int read_command(const struct undo_record *record, struct buf *ret_text)
{
	struct err ignored;

	return fd_read_file(record->folder, "command", COMMAND_MAX, ret_text, &ignored);
}

/* For people: one line, not longer than a screen is wide. */
static void add_command(const struct undo_record *record, struct buf *out)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct str rest, line = { "", 0 };

	(void)read_command(record, &text);
	rest = buf_str(&text);
	(void)str_line(&rest, &line);
	buf_addf(out, "%.*s%s", (int)(line.len < 100 ? line.len : 100), line.data,
	         line.len > 100 || rest.len ? " ..." : "");
}

static int take_back(const struct undo_store *store, unsigned int number, int project,
                     struct undo_result *result, struct err *err)
{
	cleanup_record struct undo_record record = UNDO_RECORD_NONE;
	cleanup_with(changes_fini) struct changes changes = { 0 };
	cleanup_close int before = -1;
	unsigned int kept = result->n_kept;
	int r = 0;

	if (undo_record_open(store, number, &record, err) < 0 ||
	    journal_read(record.folder, &changes, err) < 0)
		return err->code;
	before = openat(record.folder, "before", OPEN_FOLDER);
	if (before < 0)
		return err_sys(err, "open %s/before", record.path);
	buf_addf(&result->report, "undone %u: ", number);
	add_command(&record, &result->report);
	buf_addc(&result->report, '\n');
	struct undo undo = { project, before, record.path, result };
	unlock_folders(&undo, &changes);
	for (size_t i = changes.n; r >= 0 && i > 0; i--)
		r = undo_one(&undo, &changes.items[i - 1], i - 1, err);
	if (r < 0)
		return r;
	result->n_commands++;
	/* What was kept may still want its earlier bytes. */
	if (result->n_kept != kept)
		return undo_record_mark_undone(&record, err);
	undo_record_clear(store, &record, false);
	return 0;
}

int undo_last(const char *folder, const char *root, unsigned int n, struct undo_result *ret_result,
              struct err *err)
{
	cleanup_store struct undo_store store = UNDO_STORE_NONE;
	unsigned int numbers[RECORDS_MAX];
	cleanup_close int project = open(root, OPEN_FOLDER);
	size_t found;
	int r = 0;

	if (project < 0)
		return err_sys(err, "open %s", root);
	if (undo_store_open(folder, root, false, &store, err) < 0)
		return err->code;
	if (store.folder < 0)
		return 0;
	if (undo_store_lock(&store, err) < 0)
		return err->code;
	found = undo_records_list(&store, numbers, n < RECORDS_MAX ? n : RECORDS_MAX);
	for (size_t i = 0; r >= 0 && i < found; i++)
		r = take_back(&store, numbers[i], project, ret_result, err);
	undo_store_unlock(&store);
	return r < 0 ? err_wrap(err, "undo") : buf_check(&ret_result->report, "the report", err);
}

int undo_show(const char *folder, const char *root, unsigned int n, const struct undo_view *view,
              char **ret_command, struct err *err)
{
	cleanup_store struct undo_store store = UNDO_STORE_NONE;
	cleanup_record struct undo_record record = UNDO_RECORD_NONE;
	cleanup_with(changes_fini) struct changes changes = { 0 };
	cleanup_buf struct buf command = BUF_INIT;
	cleanup_close int project = open(root, OPEN_FOLDER);
	cleanup_close int before = -1;
	unsigned int numbers[RECORDS_MAX];

	if (project < 0)
		return err_sys(err, "open %s", root);
	if (undo_store_open(folder, root, false, &store, err) < 0)
		return err->code;
	if (store.folder < 0 || n == 0 || n > RECORDS_MAX ||
	    undo_records_list(&store, numbers, n) < n)
		return 0;
	if (undo_record_open(&store, numbers[n - 1], &record, err) < 0 ||
	    journal_read(record.folder, &changes, err) < 0)
		return err->code;
	before = openat(record.folder, "before", OPEN_FOLDER);
	if (before < 0)
		return err_sys(err, "open %s/before", record.path);
	show_record(&(struct show_folders){ project, before, project }, &changes, view);
	(void)read_command(&record, &command);
	*ret_command = str_dup(buf_str(&command));
	return *ret_command ? 0 : err_nomem(err);
}

static void list_one(const struct undo_store *store, unsigned int number, struct buf *out)
{
	cleanup_record struct undo_record record = UNDO_RECORD_NONE;
	cleanup_with(changes_fini) struct changes changes = { 0 };
	struct err ignored;

	if (undo_record_open(store, number, &record, &ignored) < 0 ||
	    journal_read(record.folder, &changes, &ignored) < 0)
		return;
	buf_addf(out, "%6u  %5zu file%c  ", number, changes.n, changes.n == 1 ? ' ' : 's');
	add_command(&record, out);
	buf_addc(out, '\n');
}

int undo_list(const char *folder, const char *root, struct buf *ret_text, struct err *err)
{
	cleanup_store struct undo_store store = UNDO_STORE_NONE;
	unsigned int numbers[RECORDS_MAX];
	size_t found;

	if (undo_store_open(folder, root, false, &store, err) < 0)
		return err->code;
	found = store.folder < 0 ? 0 : undo_records_list(&store, numbers, RECORDS_MAX);
	for (size_t i = 0; i < found; i++)
		list_one(&store, numbers[i], ret_text);
	return buf_check(ret_text, "the list", err);
}
