/* `seal`, `seal chat`: the terminal interface on a new or resumed session. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "rpc/client.h"
#include "seal-cli/cmd.h"
#include "seal-cli/run/question.h"
#include "seal-cli/tui/app.h"
#include "seal-runtime/manifest/approve.h"
#include "seal-runtime/manifest/manifest.h"
#include "seal-runtime/manifest/trust.h"

/* First launch in a project, or a manifest that changed: show it and ask. */
static int approve(struct err *err)
{
	cleanup_free char *cwd = realpath(".", NULL);
	cleanup_free char *root = NULL;
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	struct err why;
	int r;

	if (!cwd)
		return err_sys(err, "the working folder");
	r = manifest_find_root(cwd, &root, err);
	if (r < 0)
		return r;
	r = manifest_load(root, &manifest, err);
	if (r < 0)
		return r;
	if (manifest_trust(manifest, root, &why) == 0)
		return 0;
	(void)fprintf(stderr, "%s\n\n", why.text);
	return approve_manifest(root, NULL, err);
}

static int chat(const char *session, bool alternate, struct err *err)
{
	static const struct app_hooks hooks = { question_remember };
	cleanup_with(rpc_client_free) struct rpc_client *client = NULL;
	cleanup_free char *cwd = realpath(".", NULL);
	struct app_setup setup = { .cwd = cwd, .session = session, .hooks = &hooks,
				   .alternate = alternate };
	int r;

	r = approve(err);
	if (r < 0)
		return r;
	r = rpc_client_open(&client, err);
	if (r < 0)
		return r;
	r = rpc_client_initialize(client, true, err);
	if (r < 0)
		return r;
	setup.client = client;
	return app_run(&setup, err);
}

int cmd_chat(int argc, char **argv)
{
	const char *session = NULL;
	bool alternate = false;
	struct err err;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--alternate-screen") == 0) {
			alternate = true;
		} else if (strcmp(argv[i], "--resume") == 0 && i + 1 < argc) {
			session = argv[++i];
		} else {
			(void)fprintf(stderr, "seal: chat: %s is no option; `seal help chat` says them\n",
				      argv[i]);
			return EXIT_INPUT;
		}
	}
	return chat(session, alternate, &err) < 0 ? cmd_fail(&err) : EXIT_DONE;
}
