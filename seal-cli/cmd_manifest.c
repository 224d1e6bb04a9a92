/* `seal manifest`: what is granted, whether it is approved, and approving it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "caps/caps.h"
#include "manifest/approve.h"
#include "manifest/manifest.h"
#include "manifest/trust.h"
#include "seal-cli/cmd.h"

static const char help[] =
    "usage: seal manifest show [--team] [--canonical]\n"
    "       seal manifest diff\n"
    "       seal manifest sign [--team] [--approve HASH]\n"
    "       seal manifest verify\n"
    "       seal manifest suggest [--broad] SESSION...\n"
    "       seal manifest test NEW.toml --against SESSION... [--fail looser|stricter|any] [--json]\n\n"
    "The manifest is the nearest seal.toml at or above this folder; seal-manifest(5) has its\n"
    "keys. No session starts on one that is not signed, or was changed since.\n\n"
    "  show     what it grants, in words, what changed since you approved it, and the hash\n"
    "  diff     only what changed; exit 1 when something did\n"
    "  sign     show it, ask, and sign it with your key (`seal keys`)\n"
    "  verify   whether it may be used; exit 1 and the reason when not\n"
    "  suggest  the smallest manifest under which those sessions run without a prompt\n"
    "  test     which calls of those sessions NEW.toml would deny, ask about or allow\n\n"
    "  --team       about seal.toml.sig in the project, which holds in every folder for who\n"
    "               trusts your key (`seal keys trust`), instead of your own approval\n"
    "  --canonical  print the signed bytes, as `ssh-keygen -Y sign -n seal-manifest` takes them\n"
    "  --approve    sign without asking if the hash is this one: for where no terminal is\n";

struct request {
	const char *action, *hash;
	bool team, canonical;
};

static int read_request(int argc, char **argv, struct request *request, struct err *err)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--team") == 0)
			request->team = true;
		else if (strcmp(argv[i], "--canonical") == 0)
			request->canonical = true;
		else if (strcmp(argv[i], "--approve") == 0 && argv[i + 1])
			request->hash = argv[++i];
		else if (argv[i][0] == '-' || request->action)
			return err_set(
			    err, ERR_INPUT,
			    "manifest: \"%s\" is not understood; see `seal manifest --help`",
			    argv[i]);
		else
			request->action = argv[i];
	}
	if (!request->action)
		return err_set(err, ERR_INPUT,
			       "manifest: show, diff, sign, verify, suggest or test; "
			       "see `seal manifest --help`");
	return 0;
}

/* Loads it as a session would: rules that do not compile are no manifest to approve. */
static int load(char **ret_root, struct manifest **ret_manifest, struct err *err)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_with(caps_free) struct caps *caps = NULL;
	cleanup_free char *root = NULL;
	int r = manifest_find_root(".", &root, err);

	if (r == 0)
		r = manifest_load(root, &manifest, err);
	if (r == 0) {
		const struct caps_context context = {.root = root, .home = getenv("HOME") ?: ""};

		r = caps_compile(manifest, &context, &caps, err);
	}
	if (r < 0)
		return r;
	*ret_root = take_ptr(root);
	*ret_manifest = take_ptr(manifest);
	return 0;
}

static int show(const struct request *request, const char *root, const struct manifest *manifest,
		struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct err why;
	int r;

	if (request->canonical) {
		r = manifest_canonical(manifest, request->team ? MANIFEST_ANY_ROOT : root, &text,
				       err);
	} else {
		r = approve_describe(manifest, root, request->team ? APPROVE_TEAM : APPROVE_HERE,
				     &text, err);
		if (r == 0 && manifest_trust(manifest, root, &why) < 0)
			buf_addf(&text, "Not approved: %s\n", why.text);
		else if (r == 0)
			buf_adds(&text, "Approved\n");
	}
	if (r == 0)
		r = buf_check(&text, "the text", err);
	if (r < 0)
		return cmd_fail(err);
	(void)fwrite(text.data, 1, text.len, stdout);
	return EXIT_DONE;
}

static int diff(const char *root, const struct manifest *manifest, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct err why;

	if (approve_diff(manifest, root, &text, err) < 0)
		return cmd_fail(err);
	(void)fwrite(text.data ? text.data : "", 1, text.len, stdout);
	if (!text.len && manifest_trust(manifest, root, &why) < 0) {
		(void)fprintf(stderr, "seal: there is nothing to compare with: %s\n", why.text);
		return EXIT_FAILED;
	}
	return text.len ? EXIT_FAILED : EXIT_DONE;
}

static int sign(const struct request *request, const char *root, const struct manifest *manifest,
                struct err *err)
{
	cleanup_buf struct buf warnings = BUF_INIT;
	int r = request->team ? approve_manifest_team(root, request->hash, err)
			      : approve_manifest(root, request->hash, err);

	if (r == ERR_CANCELLED) {
		(void)fprintf(stderr, "seal: %s\n", err->text);
		return EXIT_FAILED;
	}
	if (r < 0)
		return cmd_fail(err);
	/* Who gave the hash was not shown the words; this much is said once. */
	if (request->hash)
		approve_warnings(manifest, &warnings);
	(void)fwrite(warnings.data ? warnings.data : "", 1, warnings.len, stderr);
	printf("signed: %s/%s\n", root, request->team ? MANIFEST_SIG_NAME : MANIFEST_NAME);
	return EXIT_DONE;
}

static int verify(const char *root, const struct manifest *manifest, struct err *err)
{
	char hash[65];
	int r = manifest_trust(manifest, root, err);

	if (r == ERR_INPUT) {
		(void)fprintf(stderr, "seal: %s\n", err->text);
		return EXIT_FAILED;
	}
	if (r == 0)
		r = manifest_canonical_hash(manifest, root, hash, err);
	if (r < 0)
		return cmd_fail(err);
	printf("%s/%s is approved, hash " APPROVE_HASH_PREFIX "%s\n", root, MANIFEST_NAME, hash);
	return EXIT_DONE;
}

int cmd_manifest(int argc, char **argv)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_free char *root = NULL;
	struct request request = {0};
	struct err err;

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		(void)fputs(help, stdout);
		return EXIT_DONE;
	}
	if (argc > 1 && (strcmp(argv[1], "suggest") == 0 || strcmp(argv[1], "test") == 0))
		return cmd_suggest(argc - 1, argv + 1);
	if (read_request(argc, argv, &request, &err) < 0 || load(&root, &manifest, &err) < 0)
		return cmd_fail(&err);
	if (strcmp(request.action, "show") == 0)
		return show(&request, root, manifest, &err);
	if (strcmp(request.action, "diff") == 0)
		return diff(root, manifest, &err);
	if (strcmp(request.action, "sign") == 0)
		return sign(&request, root, manifest, &err);
	if (strcmp(request.action, "verify") == 0)
		return verify(root, manifest, &err);
	err_set(&err, ERR_INPUT, "manifest: no action \"%s\"; show, diff, sign or verify",
		request.action);
	return cmd_fail(&err);
}
