/* `seal keys`: the key that signs, and the keys that are trusted. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "crypto/agent.h"
#include "crypto/key.h"
#include "crypto/signer.h"
#include "crypto/signers.h"
#include "seal-cli/cmd.h"

static const char help[] =
    "usage: seal keys new\n"
    "       seal keys list\n"
    "       seal keys trust FILE|KEY [--as NAME]\n"
    "       seal keys use file | agent [KEY]\n\n"
    "Manifests and the log's receipts are signed with OpenSSH keys; `ssh-keygen -Y verify`\n"
    "checks them with $XDG_CONFIG_HOME/seal/allowed_signers.\n\n"
    "  new    make seal's own key (the first signature does it too); it has no passphrase and\n"
    "         is readable by you alone\n"
    "  list   the key in use, the ssh-agent's keys, and the trusted ones\n"
    "  trust  accept what this public key signs, as a team's seal.toml.sig; KEY is the line\n"
    "         \"ssh-ed25519 AAAA...\", FILE holds it\n"
    "  use    sign with seal's own key (file), or with one of the ssh-agent's: the only one, or\n"
    "         the one whose fingerprint, comment or .pub file is KEY\n\n"
    "SEAL_KEY_BACKEND=file|agent goes before `use`.\n";

#define KEY_FILE_MAX 16384

/* A file with a key, or the key itself in one or more words. */
static int read_key(int argc, char **argv, struct crypto_key *ret_key, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct str line;
	int r;

	if (argc == 1 && access(argv[0], F_OK) == 0) {
		r = fd_read_file(AT_FDCWD, argv[0], KEY_FILE_MAX, &text, err);
		if (r < 0)
			return r;
	}
	for (int i = 0; i < argc && !text.len; i++)
		buf_adds(&text, argv[i]);
	for (int i = 1; i < argc; i++)
		buf_addf(&text, " %s", argv[i]);
	line = str_trim(buf_str(&text));
	if (str_starts(line, STR("-----BEGIN")))
		return err_set(err, ERR_INPUT, "%s holds a private key; give its .pub file",
			       argv[0]);
	if (str_chr(line, '\n') != STR_NONE)
		return err_set(err, ERR_INPUT, "%s holds more than one line; give one key",
			       argv[0]);
	r = crypto_key_read(line, ret_key, err);
	return r < 0 ? err_wrap(err, "keys: \"%s\"", argv[0]) : 0;
}

static void print_key(const char *mark, const struct crypto_key *key, struct str name)
{
	char fingerprint[CRYPTO_FINGERPRINT_MAX];

	crypto_key_fingerprint(key, fingerprint);
	printf("%s%.*s %s %.*s\n", mark, STR_ARG(crypto_key_type(key)), fingerprint, STR_ARG(name));
}

static int new(struct err *err)
{
	cleanup_free char *path = NULL;

	if (crypto_signer_make(&path, err) < 0)
		return cmd_fail(err);
	printf("made %s\n", path);
	return EXIT_DONE;
}

static void list_agent(void)
{
	cleanup_free struct crypto_key *keys = calloc(AGENT_KEYS_MAX, sizeof(*keys));
	cleanup_close int fd = -1;
	struct err unreachable;
	size_t n = 0;

	/* No agent is no fault: its keys are just not there to be listed. */
	if (!keys || agent_connect(&fd, &unreachable) < 0 ||
	    agent_list(fd, keys, &n, &unreachable) < 0)
		return;
	if (n)
		puts("The ssh-agent's keys");
	for (size_t i = 0; i < n; i++)
		print_key("  ", &keys[i], str_of(keys[i].comment));
}

static int list_trusted(struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct crypto_key key;
	struct str rest, principals;
	int r = crypto_signers_load(&text, err);

	if (r < 0)
		return r;
	rest = buf_str(&text);
	puts("Trusted keys");
	while ((r = crypto_signers_next(&rest, &key, &principals, err)) > 0)
		print_key("  ", &key, principals);
	return r;
}

/* Looks only: a list makes no key. */
static int list(struct err *err)
{
	cleanup_with(crypto_signer_free) struct crypto_signer *signer = NULL;
	struct err why;

	if (crypto_signer_exists() || getenv("SEAL_KEY_BACKEND")) {
		puts("Signs with");
		if (crypto_signer_open(&signer, &why) < 0)
			printf("  nothing now: %s\n", why.text);
		else
			print_key(crypto_signer_is_agent(signer) ? "  (agent) " : "  (file) ",
				  crypto_signer_key(signer),
				  str_of(crypto_signer_key(signer)->comment));
	}
	list_agent();
	return list_trusted(err) < 0 ? cmd_fail(err) : EXIT_DONE;
}

/* allowed_signers has blanks and commas between its fields. */
static bool is_principal(const char *name)
{
	for (const char *p = name; *p; p++)
		if (*p <= ' ' || *p > '~' || strchr(",\"#!*?", *p))
			return false;
	return name[0] != '\0';
}

static int trust(int argc, char **argv, struct err *err)
{
	struct crypto_key key;
	const char *name = "team";

	if (argc > 2 && strcmp(argv[argc - 2], "--as") == 0) {
		name = argv[argc - 1];
		argc -= 2;
	}
	if (argc < 1)
		return err_set(err, ERR_INPUT,
			       "keys trust: which key? a .pub file or \"ssh-ed25519 AAAA...\"");
	if (!is_principal(name))
		return err_set(err, ERR_INPUT,
			       "keys trust: \"%s\" is no name; use letters, digits, @ and .", name);
	if (read_key(argc, argv, &key, err) < 0 || crypto_trust(&key, name, err) < 0)
		return err->code;
	print_key("trusted: ", &key, str_of(name));
	return EXIT_DONE;
}

static bool is_meant(const struct crypto_key *key, const char *name, const struct crypto_key *given)
{
	char fingerprint[CRYPTO_FINGERPRINT_MAX];

	crypto_key_fingerprint(key, fingerprint);
	return strcmp(fingerprint, name) == 0 || strcmp(key->comment, name) == 0 ||
	       (given && crypto_key_eq(key, given));
}

static int choose_agent(int argc, char **argv, struct crypto_key *ret_key, struct err *err)
{
	cleanup_free struct crypto_key *keys = calloc(AGENT_KEYS_MAX, sizeof(*keys));
	cleanup_close int fd = -1;
	struct crypto_key given;
	struct err unread;
	bool has_given = argc > 0 && read_key(argc, argv, &given, &unread) == 0;
	size_t n = 0, found = 0;

	if (!keys)
		return err_nomem(err);
	if (agent_connect(&fd, err) < 0 || agent_list(fd, keys, &n, err) < 0)
		return err->code;
	for (size_t i = 0; i < n; i++)
		if (argc == 0 || is_meant(&keys[i], argv[0], has_given ? &given : NULL)) {
			*ret_key = keys[i];
			found++;
		}
	if (found == 1)
		return 0;
	return err_set(
	    err, ERR_INPUT,
	    found ? "keys use: %zu keys of the ssh-agent fit; name one by its fingerprint (`seal "
		    "keys "
		    "list`)"
		  : "keys use: %zu keys of the ssh-agent fit; `ssh-add -l` lists what it has",
	    found);
}

static int use(int argc, char **argv, struct err *err)
{
	struct crypto_key key;

	if (argc == 1 && strcmp(argv[0], "file") == 0) {
		if (crypto_signer_choose(NULL, err) < 0)
			return err->code;
		puts("signs with seal's own key");
		return EXIT_DONE;
	}
	if (argc < 1 || strcmp(argv[0], "agent") != 0)
		return err_set(err, ERR_INPUT,
			       "keys use: file, or agent and a key; see `seal keys --help`");
	if (choose_agent(argc - 1, argv + 1, &key, err) < 0 || crypto_signer_choose(&key, err) < 0)
		return err->code;
	print_key("signs with the ssh-agent's ", &key, str_of(key.comment));
	return EXIT_DONE;
}

int cmd_keys(int argc, char **argv)
{
	const char *action = argc > 1 ? argv[1] : "";
	struct err err;
	int r;

	if (strcmp(action, "--help") == 0 || strcmp(action, "-h") == 0) {
		(void)fputs(help, stdout);
		return EXIT_DONE;
	}
	if (strcmp(action, "new") == 0 && argc == 2)
		return new(&err);
	if (strcmp(action, "list") == 0 && argc == 2)
		return list(&err);
	if (strcmp(action, "trust") == 0)
		r = trust(argc - 2, argv + 2, &err);
	else if (strcmp(action, "use") == 0)
		r = use(argc - 2, argv + 2, &err);
	else
		r = err_set(&err, ERR_INPUT,
			    "keys: new, list, trust or use; see `seal keys --help`");
	return r < 0 ? cmd_fail(&err) : r;
}
