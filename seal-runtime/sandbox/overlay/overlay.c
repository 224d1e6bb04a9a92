#include "sandbox/overlay/overlay.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/mountinfo.h"
#include "sandbox/guard.h"
#include "sandbox/inside.h"
#include "sandbox/overlay/change.h"
#include "sandbox/overlay/commit.h"
#include "sandbox/overlay/journal.h"
#include "sandbox/overlay/show.h"
#include "sandbox/probe.h"

#define OPEN_FOLDER     (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define MOUNTINFO_MAX   ((size_t)4 << 20)
#define cleanup_overlay __attribute__((cleanup(overlay_finip)))

void overlay_fini(struct overlay *overlay)
{
	/* Still there: the command did not come to its end, and nobody needs it. */
	if (overlay->record.folder >= 0 && overlay->store.folder >= 0)
		undo_record_clear(&overlay->store, &overlay->record, false);
	undo_record_fini(&overlay->record);
	undo_store_fini(&overlay->store);
	if (overlay->project >= 0)
		(void)close(overlay->project);
	overlay->project = -1;
	buf_fini(&overlay->note);
}

/* --- can there be one? --------------------------------------------------- */

/* What is mounted within the project would not be seen through an overlay. */
static bool holds_mount(const char *root, char *ret_path, size_t size)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct str rest;
	struct err ignored;

	if (fd_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, &ignored) < 0)
		return false;
	for (rest = buf_str(&text); mountinfo_next(&rest, ret_path, size);)
		if (strcmp(ret_path, root) != 0 && path_covers(root, ret_path))
			return true;
	return false;
}

bool overlay_works(const struct sandbox *sandbox, char *ret_why, size_t size)
{
	cleanup_overlay struct overlay overlay = OVERLAY_NONE;
	cleanup_buf struct buf said = BUF_INIT;
	char path[PATH_MAX];
	struct str message;
	struct err err;

	if (holds_mount(sandbox->root, path, sizeof(path))) {
		(void)snprintf(ret_why, size, "%.200s is mounted within the project", path);
		return false;
	}
	if (overlay_begin(sandbox, STR("a try"), &overlay, &err) < 0 ||
	    launch_overlay_config(&overlay.launch, -1, STR(""), &err) < 0) {
		(void)snprintf(ret_why, size, "%.200s", err.text);
		return false;
	}
	char *const argv[] = { sandbox->init, (char[]){ "--overlay" }, overlay.config, NULL };
	if (probe_try(argv, &said) == 0)
		return true;
	message = str_trim(buf_str(&said));
	(void)snprintf(ret_why, size, "%.*s", message.len < 200 ? (int)message.len : 200,
	               message.data);
	return false;
}

/* --- begin and end -------------------------------------------------------- */

int overlay_begin(const struct sandbox *sandbox, struct str command, struct overlay *overlay,
                  struct err *err)
{
	overlay->project = open(sandbox->root, OPEN_FOLDER);
	if (overlay->project < 0)
		return err_sys(err, "open %s", sandbox->root);
	if (undo_store_open(sandbox->undo_dir, sandbox->root, true, &overlay->store, err) < 0)
		return err->code;
	if (path_covers(sandbox->root, overlay->store.path))
		return err_set(err, ERR_INPUT, "%s lies within the project", overlay->store.path);
	if (undo_record_new(&overlay->store, command, &overlay->record, err) < 0)
		return err_wrap(err, "overlay");
	(void)snprintf(overlay->upper, sizeof(overlay->upper), "%s/upper", overlay->record.path);
	(void)snprintf(overlay->work, sizeof(overlay->work), "%s/work", overlay->record.path);
	(void)snprintf(overlay->config, sizeof(overlay->config), "%s/mount", overlay->record.path);
	overlay->launch = (struct launch_overlay){ sandbox->root, overlay->project, overlay->upper,
		                                   overlay->work, overlay->config,  sandbox->init };
	(void)clock_gettime(CLOCK_REALTIME, &overlay->started);
	return 0;
}

/* What may not be put into the project is not lost, and is said. */
static int set_aside(struct sandbox *sandbox, const struct overlay *overlay,
                     const struct withheld *one, bool is_dry, struct sandbox_outcome *outcome,
                     struct err *err)
{
	char shown[PATH_MAX + 256], from[PATH_MAX + 256];

	(void)snprintf(shown, sizeof(shown), "%s/%s", sandbox->root, one->path);
	(void)snprintf(from, sizeof(from), "%s/%s", overlay->upper, one->path);
	if (one->in_upper && !is_dry)
		return guard_quarantine(sandbox, from, shown, one->why, outcome, err);
	return sandbox_deny(outcome, shown, one->in_upper ? "write" : "delete", one->why,
	                    "the project keeps what it has")
	               ? 0
	               : err_nomem(err);
}

static int commit(const struct overlay *overlay, int upper, const struct changes *changes,
                  struct err *err)
{
	struct commit to = { .upper = upper, .project = overlay->project };
	int r;

	if (mkdirat(overlay->record.folder, "before", 0700) < 0)
		return err_sys(err, "create %s/before", overlay->record.path);
	cleanup_close int before = openat(overlay->record.folder, "before", OPEN_FOLDER);
	if (before < 0)
		return err_sys(err, "open %s/before", overlay->record.path);
	to.before = before;
	if (journal_write(overlay->record.folder, changes, err) < 0)
		return err->code;
	r = commit_changes(&to, changes, err);
	return r < 0 ? err_wrap(err, "`seal undo` takes back what was done of it") : 0;
}

static void say(const struct changes *changes, struct buf *note)
{
	if (changes->n_links_broken)
		buf_addf(note,
		         "\n[%zu changed files had other names (hard links); those keep the old "
		         "content]\n",
		         changes->n_links_broken);
	if (changes->n_sockets)
		buf_addf(note, "\n[%zu sockets were left out of the project]\n",
		         changes->n_sockets);
}

static int end_locked(struct sandbox *sandbox, struct overlay *overlay, const struct scan *before,
                      const struct undo_view *dry_run, struct sandbox_outcome *outcome,
                      struct err *err)
{
	cleanup_with(changes_fini) struct changes changes = { 0 };
	cleanup_close int upper = open(overlay->upper, OPEN_FOLDER);
	struct changes_input input = { upper, overlay->project, sandbox->root, before,
		                       &overlay->started };
	int r = 0;

	if (upper < 0)
		return err_sys(err, "open %s", overlay->upper);
	if (changes_collect(&input, &changes, err) < 0)
		return err->code;
	for (size_t i = 0; r >= 0 && i < changes.n_withheld; i++)
		r = set_aside(sandbox, overlay, &changes.withheld[i], dry_run != NULL, outcome,
		              err);
	if (r < 0)
		return r;
	if (dry_run) {
		show_record(&(struct show_folders){ overlay->project, -1, upper }, &changes,
		            dry_run);
		return 0;
	}
	say(&changes, &overlay->note);
	if (changes.n == 0)
		return 0;
	r = commit(overlay, upper, &changes, err);
	undo_record_clear(&overlay->store, &overlay->record, true);
	/* The record is the person's from here on. */
	undo_record_fini(&overlay->record);
	return r;
}

int overlay_end(struct sandbox *sandbox, struct overlay *overlay, const struct scan *before,
                const struct undo_view *dry_run, struct sandbox_outcome *outcome, struct err *err)
{
	int r;

	if (!outcome->started)
		return 0;
	if (undo_store_lock(&overlay->store, err) < 0)
		return err->code;
	r = end_locked(sandbox, overlay, before, dry_run, outcome, err);
	undo_store_unlock(&overlay->store);
	return r;
}
