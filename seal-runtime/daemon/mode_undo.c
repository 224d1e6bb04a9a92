/* seald undo, seald diff: what commands did in overlays.  `seal undo` and `seal
 * diff` become this. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "daemon/modes.h"
#include "gate/by_hand.h"
#include "manifest/manifest.h"

#define EXIT_KEPT  1
#define EXIT_INPUT 2
#define EXIT_FAULT 70
#define BACK_MAX   64

struct options {
	const char *folder;
	unsigned int n;
	bool list;
};

static int fail(const struct err *err, int code)
{
	(void)fprintf(stderr, "seal: %s\n", err->text);
	return code;
}

static int parse(int argc, char **argv, struct options *options, struct err *err)
{
	for (int at = 1; at < argc; at++) {
		char *end;
		unsigned long n = strtoul(argv[at], &end, 10);

		if (strcmp(argv[at], "--list") == 0 && strcmp(argv[0], "undo") == 0) {
			options->list = true;
		} else if (strcmp(argv[at], "-C") == 0 && at + 1 < argc) {
			options->folder = argv[++at];
		} else if (*argv[at] && !*end && n >= 1 && n <= BACK_MAX) {
			options->n = (unsigned int)n;
		} else {
			return err_set(err, ERR_INPUT,
				       "%s: \"%s\" is neither -C FOLDER nor a number of "
				       "commands from 1 to %d",
				       argv[0], argv[at], BACK_MAX);
		}
	}
	return 0;
}

/* The project that holds the folder; without a manifest the folder itself. */
static int find_root(const struct options *options, char **ret_root, struct err *err)
{
	struct err ignored;
	char path[PATH_MAX];

	if (!realpath(options->folder, path))
		return err_sys(err, "-C %s", options->folder);
	if (manifest_find_root(path, ret_root, &ignored) >= 0)
		return 0;
	*ret_root = strdup(path);
	return *ret_root ? 0 : err_nomem(err);
}

static int report(const struct buf *text, int code)
{
	struct err err;

	if (fd_write_all(1, buf_str(text), &err) < 0)
		return fail(&err, EXIT_FAULT);
	return code;
}

int undo_main(int argc, char **argv)
{
	struct options options = {.folder = ".", .n = 1};
	cleanup_buf struct buf text = BUF_INIT;
	cleanup_free char *root = NULL;
	unsigned int kept = 0;
	struct err err;
	int r;

	if (parse(argc, argv, &options, &err) < 0 || find_root(&options, &root, &err) < 0)
		return fail(&err, EXIT_INPUT);
	r = options.list ? by_hand_undo_list(root, &text, &err)
			 : by_hand_undo(root, options.n, &text, &kept, &err);
	if (r < 0)
		return fail(&err, EXIT_FAULT);
	return report(&text, kept ? EXIT_KEPT : 0);
}

int diff_main(int argc, char **argv)
{
	struct options options = {.folder = ".", .n = 1};
	cleanup_buf struct buf text = BUF_INIT;
	cleanup_free char *root = NULL;
	struct err err;

	if (parse(argc, argv, &options, &err) < 0 || find_root(&options, &root, &err) < 0)
		return fail(&err, EXIT_INPUT);
	if (by_hand_diff(root, options.n, &text, &err) < 0)
		return fail(&err, err.code == ERR_INPUT ? EXIT_KEPT : EXIT_FAULT);
	return report(&text, 0);
}
