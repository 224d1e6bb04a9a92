/* `seal init`: the first seal.toml of a project, shown and signed. */
#include <errno.h>
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
#include "base/utf8.h"
#include "manifest/approve.h"
#include "manifest/manifest.h"
#include "manifest/trust.h"
#include "seal-cli/cmd.h"
#include "seal-cli/init.h"
#include "seal-cli/schema.h"

static const char help[] =
    "usage: seal init [--type TYPE]... [--provider NAME] [--model NAME] [--base-url URL]\n\n"
    "Writes seal.toml into this folder: the agent may read and write the project, never what\n"
    "looks like a secret, and run the everyday commands of this kind of project; all else is\n"
    "asked. Then shows it and, if you say yes, signs it. Edit it as you like; sign again with\n"
    "`seal manifest sign`.\n\n"
    "  --type       rust, node, go, python, c (make, meson), cmake or generic; may be given more\n"
    "               than once. Without it the files here tell\n"
    "  --provider   anthropic (default), openai, openai-chat, openrouter, gemini, local, replay\n"
    "  --model      the provider's name of the model (default claude-sonnet-5)\n"
    "  --base-url   where a local server answers\n\n"
    "Where there is no terminal the file is written, not signed; the hash that\n"
    "`seal manifest sign --approve HASH` takes is printed.\n";

struct request {
	struct init_choice choice;
	bool has_type, wants_help;
};

static int read_flag(struct request *request, const char *flag, const char *value, struct err *err)
{
	if (!value || value[0] == '\0')
		return err_set(err, ERR_INPUT, "init: %s needs a value; see `seal init --help`",
			       flag);
	for (const char *p = value; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return err_set(err, ERR_INPUT,
				       "init: the value of %s has a control character", flag);
	if (strcmp(flag, "--provider") == 0) {
		request->choice.provider = value;
	} else if (strcmp(flag, "--model") == 0) {
		request->choice.model = value;
	} else if (strcmp(flag, "--base-url") == 0) {
		request->choice.base_url = value;
	} else if (strcmp(flag, "--type") == 0) {
		request->has_type = true;
		if (!init_set_type(&request->choice, value))
			return err_set(
			    err, ERR_INPUT,
			    "init: no type \"%s\"; rust, node, go, python, c, cmake or generic",
			    value);
	} else {
		return err_set(err, ERR_INPUT, "init: no flag \"%s\"; see `seal init --help`",
			       flag);
	}
	return 0;
}

static int read_request(int argc, char **argv, struct request *request, struct err *err)
{
	for (int i = 1; i < argc; i += 2) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			request->wants_help = true;
			return 0;
		}
		if (read_flag(request, argv[i], argv[i + 1], err) < 0)
			return err->code;
	}
	if (!request->has_type)
		init_detect(AT_FDCWD, &request->choice);
	return 0;
}

/* The folder's name, as far as it can be shown. */
static const char *project_name(const char *root)
{
	const char *name = strrchr(root, '/') + 1;

	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return "";
	return utf8_valid(str_of(name)) ? name : "";
}

/* Only made, never replaced: whoever had one keeps it. */
static int write_new(struct str text, struct err *err)
{
	cleanup_close int fd =
	    open(MANIFEST_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	int r;

	if (fd < 0 && errno == EEXIST)
		return err_set(
		    err, ERR_INPUT,
		    "init: %s is here already; edit it, then `seal manifest sign`; or move it away",
		    MANIFEST_NAME);
	if (fd < 0)
		return err_sys(err, "make %s", MANIFEST_NAME);
	r = fd_write_all(fd, text, err);
	return r < 0 ? err_wrap(err, "%s", MANIFEST_NAME) : 0;
}

static int write_schema(const char *root, struct err *err)
{
	cleanup_buf struct buf folder = BUF_INIT, path = BUF_INIT, text = BUF_INIT;
	int r;

	buf_addf(&folder, "%s/.seal/schemas", root);
	buf_addf(&path, "%s/.seal/schemas/seal.toml.json", root);
	schema_write(&text);
	if (folder.failed || path.failed || text.failed)
		return err_nomem(err);
	r = fd_make_dirs(folder.data, err);
	return r < 0 ? r : fd_replace_path(path.data, buf_str(&text), 0644, err);
}

static int make(struct init_choice *choice, const char *root, struct err *err)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_buf struct buf text = BUF_INIT;
	int r;

	choice->project = project_name(root);
	init_write(choice, &text);
	r = buf_check(&text, MANIFEST_NAME, err);
	if (r == 0)
		r = manifest_parse(buf_str(&text), MANIFEST_NAME, &manifest, err);
	if (r < 0)
		return err_wrap(err, "init: what was asked for makes no manifest");
	r = write_new(buf_str(&text), err);
	return r < 0 ? r : write_schema(root, err);
}

static int sign(const char *root, struct err *err)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	char hash[65];
	int r;

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		if (manifest_load(root, &manifest, err) < 0 ||
		    manifest_canonical_hash(manifest, root, hash, err) < 0)
			return cmd_fail(err);
		printf("not signed: no terminal to ask at; read it, then\n"
		       "  seal manifest sign --approve " APPROVE_HASH_PREFIX "%s\n",
		       hash);
		return EXIT_DONE;
	}
	r = approve_manifest(root, NULL, err);
	if (r == ERR_CANCELLED) {
		puts("not signed; edit it, then `seal manifest sign`");
		return EXIT_FAILED;
	}
	if (r < 0)
		return cmd_fail(err);
	puts("signed; start with `seal`, or `seal run \"...\"`");
	return EXIT_DONE;
}

int cmd_init(int argc, char **argv)
{
	struct request request = {.choice = {.provider = "anthropic", .model = "claude-sonnet-5"}};
	char root[PATH_MAX];
	struct err err;

	if (read_request(argc, argv, &request, &err) < 0)
		return cmd_fail(&err);
	if (request.wants_help) {
		(void)fputs(help, stdout);
		return EXIT_DONE;
	}
	if (!getcwd(root, sizeof(root))) {
		err_sys(&err, "the current folder");
		return cmd_fail(&err);
	}
	if (make(&request.choice, root, &err) < 0)
		return cmd_fail(&err);
	printf("made %s/%s\n", root, MANIFEST_NAME);
	return sign(root, &err);
}
