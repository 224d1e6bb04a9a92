/* `seal login`: keys of the models' providers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "llm/keys.h"
#include "seal-cli/cmd.h"
#include "seal-cli/embark/question.h"

static const char help[] =
    "usage: seal login [PROVIDER] [--file]\n"
    "       seal login --list\n"
    "       seal login --forget PROVIDER\n\n"
    "Keeps the key of a model's provider: anthropic, openai, openrouter, gemini or local. It is asked\n"
    "for on a terminal, not shown, and read from standard input otherwise. It goes into the Secret\n"
    "Service where the desktop has one, else into a file that you alone can read. A variable of the\n"
    "environment, such as ANTHROPIC_API_KEY, goes first.\n\n"
    "  --file    into the file, even with a Secret Service\n"
    "  --list    where each provider's key would be found now; keys are not shown\n"
    "  --forget  remove the key that was kept\n";

/* Those of keys.def; each once. */
static const char *const providers[] = {"anthropic", "openai", "openrouter", "gemini", "local"};

#define N_PROVIDERS (sizeof(providers) / sizeof(providers[0]))

static int list(void)
{
	for (size_t i = 0; i < N_PROVIDERS; i++) {
		cleanup_key struct key key = {0};
		struct err err;

		if (keys_find(str_of(providers[i]), &key, &err) < 0)
			printf("%-11s none\n", providers[i]);
		else
			printf("%-11s %s\n", providers[i], key.place);
	}
	return EXIT_DONE;
}

static int forget(const char *provider)
{
	cleanup_buf struct buf place = BUF_INIT;
	struct err err;

	if (keys_forget(str_of(provider), &place, &err) < 0)
		return cmd_fail(&err);
	printf("the key of %s is gone from %s\n", provider, place.data);
	return EXIT_DONE;
}

static const char *choose(void)
{
	size_t at;

	for (size_t i = 0; i < N_PROVIDERS; i++)
		printf("  %zu  %s\n", i + 1, providers[i]);
	at = ask_number("Whose key", N_PROVIDERS, 1);
	return at ? providers[at - 1] : NULL;
}

/* One line; the caller wipes it. */
static char *read_key(bool is_terminal)
{
	char *line = NULL;
	size_t size = 0;

	if (is_terminal)
		return ask_secret("Key");
	(void)setvbuf(stdin, NULL, _IONBF, 0);
	if (getline(&line, &size, stdin) >= 0)
		return line;
	free(line);
	return NULL;
}

static int keep(const char *provider, enum keys_home home)
{
	bool is_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	cleanup_buf struct buf place = BUF_INIT;
	cleanup_free char *key = NULL;
	struct err err;
	int r;

	if (!provider && is_terminal)
		provider = choose();
	if (!provider) {
		(void)fputs("seal: login: whose key? usage: seal login PROVIDER\n", stderr);
		return EXIT_INPUT;
	}
	key = read_key(is_terminal);
	if (!key)
		return EXIT_CANCELLED;
	r = keys_store(str_of(provider), str_of(key), home, &place, &err);
	explicit_bzero(key, strlen(key));
	if (r < 0)
		return cmd_fail(&err);
	printf("the key of %s is kept in %s\n", provider, place.data);
	return EXIT_DONE;
}

int cmd_login(int argc, char **argv)
{
	enum keys_home home = KEYS_ANYWHERE;
	const char *provider = NULL;

	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return list();
	if (argc == 3 && strcmp(argv[1], "--forget") == 0)
		return forget(argv[2]);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--file") == 0) {
			home = KEYS_FILE;
		} else if (argv[i][0] != '-' && !provider) {
			provider = argv[i];
		} else {
			(void)fputs(help, strcmp(argv[i], "--help") == 0 ? stdout : stderr);
			return strcmp(argv[i], "--help") == 0 ? EXIT_DONE : EXIT_INPUT;
		}
	}
	return keep(provider, home);
}
