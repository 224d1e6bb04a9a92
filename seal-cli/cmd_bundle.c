/* seal sessions export, import, show: a session as one file, and back. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/dirs.h"
#include "base/err.h"
#include "base/fd.h"
#include "seal-cli/audit/bundle.h"
#include "seal-cli/audit_show.h"
#include "seal-cli/cmd.h"
#include "seal-runtime/audit/read.h"

static int export(char **argv, const char *output, struct err *err)
{
	cleanup_buf struct buf tar = BUF_INIT;
	struct audit_summary summary;
	cleanup_free char *dir = NULL;
	const char *id;

	if (!output)
		return err_set(err, ERR_INPUT, "sessions export: write it where? -o FILE, or -o -");
	if (audit_find(argv[0], &dir, err) < 0 || audit_summarize(dir, &summary, err) < 0)
		return err->code;
	id = strrchr(dir, '/') ? strrchr(dir, '/') + 1 : dir;
	if (strlen(id) != BUNDLE_ID_LEN)
		return err_set(err, ERR_INPUT, "sessions export: %s is no session's folder", dir);
	if (bundle_write(dir, id, &tar, err) < 0)
		return err->code;
	if (strcmp(output, "-") == 0)
		return fd_write_all(STDOUT_FILENO, buf_str(&tar), err);
	if (fd_replace_path(output, buf_str(&tar), 0600, err) < 0)
		return err->code;
	printf("%s: session %s, %llu records\n", output, id, (unsigned long long)summary.n_records);
	return EXIT_DONE;
}

struct place {
	char *sessions;  /* the folder of all sessions */
	struct buf path; /* what is made in there until it is known to be true */
	int fd;
};

static void remove_tree(int parent, const char *name);

static void place_finip(struct place *place)
{
	closep(&place->fd);
	if (place->path.len)
		remove_tree(AT_FDCWD, place->path.data);
	buf_fini(&place->path);
	free(place->sessions);
}

/* Only what bundle_read() can have made: files in blobs/xx/ and beside. */
static void remove_tree(int parent, const char *name)
{
	cleanup_close int dir =
		openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent **names = NULL;
	int n = dir < 0 ? 0 : scandirat(dir, ".", &names, NULL, NULL);

	for (int i = 0; i < n; i++) {
		if (strcmp(names[i]->d_name, ".") != 0 && strcmp(names[i]->d_name, "..") != 0 &&
		    unlinkat(dir, names[i]->d_name, 0) < 0)
			remove_tree(dir, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	(void)unlinkat(parent, name, AT_REMOVEDIR);
}

static int make_place(struct place *place, struct err *err)
{
	cleanup_buf struct buf sessions = BUF_INIT;
	cleanup_free char *state = NULL;

	if (dirs_get(DIRS_STATE, &state, err) < 0)
		return err->code;
	buf_addf(&sessions, "%s/sessions", state);
	buf_addf(&place->path, "%s/sessions/.import-XXXXXX", state);
	place->sessions = buf_take(&sessions);
	if (!place->sessions || place->path.failed)
		return err_nomem(err);
	if (fd_make_dirs(place->sessions, err) < 0)
		return err->code;
	if (!mkdtemp(place->path.data)) {
		err_sys(err, "make a folder in %s", place->sessions);
		buf_clear(&place->path);
		return err->code;
	}
	place->fd = open(place->path.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return place->fd < 0 ? err_sys(err, "open %s", place->path.data) : 0;
}

/* The folder's name and what the log says must be one: nobody else's session is
 * taken for it. */
static int settle(struct place *place, const char *id, struct err *err)
{
	cleanup_buf struct buf final = BUF_INIT;
	struct audit_summary summary;

	if (audit_summarize(place->path.data, &summary, err) < 0) {
		err_wrap(err, "the bundle's log is not verified");
		err->code = ERR_INPUT;
		return err->code;
	}
	buf_addf(&final, "%s/%s", place->sessions, id);
	if (buf_check(&final, "the path", err) < 0)
		return err->code;
	if (access(final.data, F_OK) == 0)
		return err_set(err, ERR_INPUT, "there is a session %s already", id);
	if (rename(place->path.data, final.data) < 0)
		return err_sys(err, "put %s into place", final.data);
	buf_clear(&place->path);
	printf("session %s, %llu records%s%s\n", id, (unsigned long long)summary.n_records,
	       summary.has_receipt ? ", signed by " : "", summary.receipt_key);
	return EXIT_DONE;
}

/* Into a folder that is new and empty. */
static int put_down(void *ctx, struct str name, struct str bytes, struct err *err)
{
	int dir = ((struct place *)ctx)->fd;
	cleanup_free char *path = str_dup(name);
	char folder[9] = "";
	cleanup_close int fd = -1;

	if (!path)
		return err_nomem(err);
	if (str_starts(name, STR("blobs/"))) {
		memcpy(folder, path, 8);
		if ((mkdirat(dir, "blobs", 0700) < 0 && errno != EEXIST) ||
		    (mkdirat(dir, folder, 0700) < 0 && errno != EEXIST))
			return err_sys(err, "make %s", folder);
	}
	fd = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return err_set(err, ERR_INPUT, "it holds %s twice", path);
	return fd < 0 ? err_sys(err, "make %s", path) : fd_write_all(fd, bytes, err);
}

static int import(char **argv, const char *output, struct err *err)
{
	cleanup_with(place_fini) struct place place = { .fd = -1 };
	cleanup_buf struct buf tar = BUF_INIT;
	char id[BUNDLE_ID_LEN + 1];

	(void)output;
	if (strcmp(argv[0], "-") == 0 ? fd_read_all(STDIN_FILENO, BUF_LIMIT, &tar, err) < 0
	                              : fd_read_file(AT_FDCWD, argv[0], BUF_LIMIT, &tar, err) < 0)
		return err->code;
	if (make_place(&place, err) < 0)
		return err->code;
	if (bundle_read(buf_str(&tar), put_down, &place, id, err) < 0)
		return err_wrap(err, "%s", argv[0]);
	return settle(&place, id, err);
}

static int show(char **argv, const char *output, struct err *err)
{
	const struct audit_filter filter = { 0 };
	cleanup_free char *dir = NULL;

	(void)output;
	if (audit_find(argv[0], &dir, err) < 0 || audit_show(dir, &filter, err) < 0)
		return err->code;
	return EXIT_DONE;
}

/* `argv[0]` is the verb. */
int cmd_bundle(int argc, char **argv)
{
	static const struct {
		const char *name, *what;
		int (*run)(char **argv, const char *output, struct err *err);
	} verbs[] = {
		{ "export", "which session? `seal sessions list`", export },
		{ "import", "which file? one of `seal sessions export`, or -", import },
		{ "show", "which session? `seal sessions list`", show },
	};
	const char *output = NULL;
	struct err err;
	int option, r;

	optind = 1;
	while ((option = getopt(argc, argv, "o:")) != -1)
		if (option == 'o')
			output = optarg;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[0], verbs[i].name) != 0)
			continue;
		r = argc - optind == 1
		            ? verbs[i].run(argv + optind, output, &err)
		            : err_set(&err, ERR_INPUT, "sessions %s: %s", argv[0], verbs[i].what);
		return r < 0 ? cmd_fail(&err) : r;
	}
	return EXIT_INPUT;
}
