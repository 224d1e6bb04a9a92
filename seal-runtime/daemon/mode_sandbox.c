/* seald sandbox, seald doctor: the sandbox by hand.  `seal sandbox` becomes this. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "daemon/modes.h"
#include "gate/by_hand.h"
#include "manifest/manifest.h"
#include "manifest/trust.h"

#define EXIT_INPUT       2
#define EXIT_FAULT       70
#define EXIT_UNAVAILABLE 125
#define TIMEOUT_MAX      1000000

struct options {
	bool plan, dry_run;
	const char *manifest, *folder;
	unsigned int timeout_s;
	char **command;
};

static int fail(const struct err *err, int code)
{
	(void)fprintf(stderr, "seal: %s\n", err->text);
	return code;
}

static int parse_timeout(const char *text, unsigned int *ret_seconds, struct err *err)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!*text || *end || value > TIMEOUT_MAX)
		return err_set(err, ERR_INPUT, "sandbox: --timeout %s: give seconds, at most %d",
			       text, TIMEOUT_MAX);
	*ret_seconds = (unsigned int)value;
	return 0;
}

static int parse_option(int argc, char **argv, int *at, struct options *options, struct err *err)
{
	const char *name = argv[*at], *value = *at + 1 < argc ? argv[*at + 1] : NULL;

	if (strcmp(name, "--dry-run") == 0) {
		options->dry_run = true;
		++*at;
		return 0;
	}
	if (strcmp(name, "--manifest") != 0 && strcmp(name, "-C") != 0 &&
	    strcmp(name, "--timeout") != 0)
		return err_set(err, ERR_INPUT,
			       "sandbox: unknown option \"%s\"; the command comes after --", name);
	if (!value)
		return err_set(err, ERR_INPUT, "sandbox: %s needs a value", name);
	*at += 2;
	if (strcmp(name, "--timeout") == 0)
		return parse_timeout(value, &options->timeout_s, err);
	*(strcmp(name, "-C") == 0 ? &options->folder : &options->manifest) = value;
	return 0;
}

static int parse(int argc, char **argv, struct options *options, struct err *err)
{
	int at = 2;

	if (argc < 2 || (strcmp(argv[1], "exec") != 0 && strcmp(argv[1], "plan") != 0))
		return err_set(err, ERR_INPUT,
			       "sandbox: say `seal sandbox exec -- COMMAND` or `seal sandbox plan "
			       "-- COMMAND`");
	options->plan = strcmp(argv[1], "plan") == 0;
	while (at < argc && strcmp(argv[at], "--") != 0)
		if (parse_option(argc, argv, &at, options, err) < 0)
			return err->code;
	options->command = argv + (at < argc ? at + 1 : argc);
	if (!options->command[0])
		return err_set(err, ERR_INPUT, "sandbox: no command; it comes after --");
	return 0;
}

static int load_given(const char *path, struct manifest **ret_manifest, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;

	if (fd_read_file(AT_FDCWD, path, MANIFEST_SIZE_MAX, &text, err) < 0)
		return err->code;
	return manifest_parse(buf_str(&text), path, ret_manifest, err);
}

/* A manifest that the person names on the command line is the person's word; one
 * that merely lies in the project must carry a signature. */
static int load(const struct options *options, const char *cwd, char **ret_root,
		struct manifest **ret_manifest, struct err *err)
{
	int r;

	if (options->manifest) {
		*ret_root = strdup(cwd);
		return *ret_root ? load_given(options->manifest, ret_manifest, err)
				 : err_nomem(err);
	}
	r = manifest_find_root(cwd, ret_root, err);
	if (r >= 0)
		r = manifest_load(*ret_root, ret_manifest, err);
	return r < 0 ? r : manifest_trust(*ret_manifest, *ret_root, err);
}

static int run(const struct by_hand *by_hand)
{
	struct err err;
	int code;

	if (by_hand_run(by_hand, &code, &err) < 0)
		return fail(&err, EXIT_UNAVAILABLE);
	return code;
}

static int print_plan(const struct by_hand *by_hand)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct err err;

	if (by_hand_plan(by_hand, &text, &err) < 0 || fd_write_all(1, buf_str(&text), &err) < 0)
		return fail(&err, EXIT_FAULT);
	return 0;
}

int sandbox_main(int argc, char **argv)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_free char *root = NULL;
	struct options options = {.folder = "."};
	char cwd[PATH_MAX];
	struct by_hand by_hand;
	struct err err;

	if (parse(argc, argv, &options, &err) < 0)
		return fail(&err, EXIT_INPUT);
	if (!realpath(options.folder, cwd)) {
		err_sys(&err, "sandbox: -C %s", options.folder);
		return fail(&err, EXIT_INPUT);
	}
	if (load(&options, cwd, &root, &manifest, &err) < 0)
		return fail(&err, EXIT_INPUT);
	by_hand = (struct by_hand){manifest, root, cwd, options.command, options.timeout_s,
				   options.dry_run};
	return options.plan ? print_plan(&by_hand) : run(&by_hand);
}

int doctor_main(int argc, char **argv)
{
	cleanup_buf struct buf text = BUF_INIT;
	bool as_json = argc > 1 && strcmp(argv[1], "--json") == 0, works = false;
	struct err err;

	if (argc > 2 || (argc == 2 && !as_json)) {
		err_set(&err, ERR_INPUT, "doctor: unknown argument \"%s\"; only --json is known",
			argv[1]);
		return fail(&err, EXIT_INPUT);
	}
	if (by_hand_doctor(as_json, &text, &works, &err) < 0 ||
	    fd_write_all(1, buf_str(&text), &err) < 0)
		return fail(&err, EXIT_FAULT);
	return works ? 0 : 1;
}
