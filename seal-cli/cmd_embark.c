/*
 * `seal embark`: from nothing to a first answer.  Each step says what happens and
 * what is kept where; the manifest is made, shown and signed by `seal init`, the
 * test is a `seal run`: nothing here can do what those cannot.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "llm/keys.h"
#include "manifest/manifest.h"
#include "seal-cli/cmd.h"
#include "seal-cli/embark/local.h"
#include "seal-cli/embark/question.h"

#define SERVERS_MAX 4
#define OFFERS_MAX  16

static const struct {
	const char *name, *model;	/* the model that is offered; NULL: none is known */
} providers[] = {
	{ "anthropic", "claude-sonnet-5" },
	{ "openai", "gpt-5.1" },
	{ "openrouter", NULL },
	{ "gemini", NULL },
};

#define N_PROVIDERS (sizeof(providers) / sizeof(providers[0]))

struct offer {
	const char *provider, *model, *base_url;
};

struct embark {
	struct local_server servers[SERVERS_MAX];
	size_t n_servers;
	struct offer offers[OFFERS_MAX];
	size_t n_offers;
	/* what was chosen */
	const char *provider, *base_url;
	char *model;
};

static void embark_finip(struct embark *embark)
{
	for (size_t i = 0; i < embark->n_servers; i++)
		local_fini(&embark->servers[i]);
	free(embark->model);
}

static void step(int number, const char *title)
{
	printf("\n%d of 4  %s\n\n", number, title);
}

static void offer(struct embark *embark, struct offer one, const char *where)
{
	embark->offers[embark->n_offers++] = one;
	printf("  %zu  %-11s %s\n", embark->n_offers, one.provider, where);
}

static void offer_keys(struct embark *embark)
{
	for (size_t i = 0; i < N_PROVIDERS; i++) {
		cleanup_key struct key key = { 0 };
		struct err err;
		char where[300];

		if (keys_find(str_of(providers[i].name), &key, &err) < 0)
			continue;
		(void)snprintf(where, sizeof(where), "a key is in %s", key.place);
		offer(embark, (struct offer){ providers[i].name, providers[i].model, NULL }, where);
	}
}

static void offer_servers(struct embark *embark)
{
	embark->n_servers = local_find(embark->servers, SERVERS_MAX);
	for (size_t i = 0; i < embark->n_servers; i++) {
		const struct local_server *server = &embark->servers[i];
		char where[300];

		(void)snprintf(where, sizeof(where), "%s answers: %s%s", server->url, server->models[0],
			       server->n_models > 1 ? " and others" : "");
		offer(embark, (struct offer){ "local", server->models[0], server->url }, where);
	}
}

/* A key that is typed is kept as `seal login` does. */
static int take_key(struct embark *embark, const char **ret_preset)
{
	cleanup_buf struct buf place = BUF_INIT;
	cleanup_free char *key = NULL;
	struct err err;
	size_t i, n;
	int r;

	for (n = 0; n < N_PROVIDERS; n++)
		printf("  %zu  %s\n", n + 1, providers[n].name);
	i = ask_number("Whose key", N_PROVIDERS, 1);
	if (i == 0)
		return -1;
	embark->provider = providers[i - 1].name;
	*ret_preset = providers[i - 1].model;
	(void)puts("  It is kept in the desktop's Secret Service, or else in a file that you alone\n"
		   "  can read.");
	key = ask_secret("Key");
	if (!key || !key[0])
		return -1;
	r = keys_store(str_of(embark->provider), str_of(key), KEYS_ANYWHERE, &place, &err);
	explicit_bzero(key, strlen(key));
	if (r < 0)
		return cmd_fail(&err);
	printf("  Kept in %s.\n", place.data);
	return 0;
}

static int choose_model(struct embark *embark)
{
	const char *preset = NULL;
	size_t at;

	step(1, "The model: who answers");
	offer_keys(embark);
	offer_servers(embark);
	printf("  %zu  %-11s give the key of a provider\n", embark->n_offers + 1, "another");
	at = ask_number("Which", embark->n_offers + 1, 1);
	if (at == 0)
		return -1;
	if (at > embark->n_offers) {
		if (take_key(embark, &preset) != 0)
			return -1;
	} else {
		embark->provider = embark->offers[at - 1].provider;
		embark->base_url = embark->offers[at - 1].base_url;
		preset = embark->offers[at - 1].model;
	}
	embark->model = ask_line("Its model", preset);
	return embark->model && embark->model[0] ? 0 : -1;
}

/* `seal init`, whose words these are: it detects, writes, shows and signs. */
static int make_manifest(const struct embark *embark)
{
	const char *argv[8] = { "init", "--provider", embark->provider, "--model", embark->model };
	int argc = 5;

	if (embark->base_url) {
		argv[argc++] = "--base-url";
		argv[argc++] = embark->base_url;
	}
	step(2, "The manifest: what the agent may do in this project");
	(void)puts("  seal.toml is written into this folder by what kind of project it looks like.\n"
		   "  It is yours to edit, and counts only when you sign it: the next step.");
	if (!ask_yes("Write it"))
		return EXIT_CANCELLED;
	step(3, "The signature: your word that these rules are yours");
	(void)puts("  The key that signs is made at the first signature and stays on this machine.\n");
	return cmd_init(argc, (char **)(uintptr_t)argv);
}

static int sign_manifest(void)
{
	const char *argv[] = { "manifest", "sign", NULL };

	step(3, "The signature: your word that these rules are yours");
	(void)puts("  seal.toml is here already; it is left as it is.\n");
	return cmd_manifest(2, (char **)(uintptr_t)argv);
}

static int test(void)
{
	const char *argv[] = { "run", "--prompts", "deny", "Say hello in one short sentence.", NULL };
	int r;

	step(4, "The test: one question to the model");
	r = cmd_run(4, (char **)(uintptr_t)argv);
	if (r != EXIT_DONE && r != EXIT_DENIED) {
		(void)puts("\n  That did not work; the line above says why. `seal doctor` tells of this "
			   "machine.");
		return r;
	}
	(void)puts("\n  All is there. Start with `seal`; what it did is in `seal audit show latest`.");
	return EXIT_DONE;
}

int cmd_embark(int argc, char **argv)
{
	__attribute__((cleanup(embark_finip))) struct embark embark = { 0 };
	bool has_manifest = access(MANIFEST_NAME, F_OK) == 0;
	int r;

	(void)argv;
	if (argc > 1 || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		(void)fputs("seal: embark asks at a terminal and takes no arguments; "
			    "without a terminal: `seal init`\n", stderr);
		return EXIT_INPUT;
	}
	(void)puts("Four steps to a first answer. Nothing is written before it is said; Ctrl+D leaves.");
	if (!has_manifest && choose_model(&embark) != 0) {
		(void)puts("\nLeft; start again with `seal embark`.");
		return EXIT_CANCELLED;
	}
	r = has_manifest ? sign_manifest() : make_manifest(&embark);
	return r == EXIT_DONE ? test() : r;
}
