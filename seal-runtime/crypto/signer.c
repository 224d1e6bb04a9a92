#include "crypto/signer.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/dirs.h"
#include "base/err.h"
#include "base/fd.h"
#include "crypto/agent.h"
#include "crypto/keyfile.h"
#include "crypto/signers.h"
#include "crypto/wire.h"

#define OWN_NAME "seal_ed25519"
#define USE_NAME "use"
#define RECEIPT_NAME "receipt"

struct crypto_signer {
	struct keyfile own; /* its key is the signer's, also with an agent */
	int agent;          /* -1: own */
};

void crypto_signer_free(struct crypto_signer *signer)
{
	if (!signer)
		return;
	closep(&signer->agent);
	keyfile_wipe(&signer->own);
	free(signer);
}

const struct crypto_key *crypto_signer_key(const struct crypto_signer *signer)
{
	return &signer->own.key;
}

bool crypto_signer_is_agent(const struct crypto_signer *signer)
{
	return signer->agent >= 0;
}

int crypto_signer_sign(struct crypto_signer *signer, struct str data, struct buf *ret_signature,
		       struct err *err)
{
	uint8_t signature[crypto_sign_BYTES];

	if (signer->agent >= 0)
		return agent_sign(signer->agent, &signer->own.key, data, ret_signature, err);
	(void)crypto_sign_detached(signature, NULL, (const uint8_t *)data.data, data.len,
				   signer->own.secret);
	wire_put_string(ret_signature, STR("ssh-ed25519"));
	wire_put_string(ret_signature, (struct str){(const char *)signature, sizeof(signature)});
	return buf_check(ret_signature, "the signature", err);
}

static int keys_path(const char *name, char **ret_path, struct err *err)
{
	cleanup_free char *config = NULL;
	cleanup_buf struct buf path = BUF_INIT;
	int r = dirs_get(DIRS_CONFIG, &config, err);

	if (r < 0)
		return r;
	buf_addf(&path, "%s/keys", config);
	r = buf_check(&path, "the path", err);
	if (r == 0)
		r = fd_make_dirs(path.data, err);
	if (r < 0)
		return r;
	buf_addf(&path, "/%s", name);
	*ret_path = buf_take(&path);
	return *ret_path ? 0 : err_nomem(err);
}

/* O_EXCL by link(2): of two programs that make a key at once, one wins whole. */
static int put_new(const char *path, struct str text, struct err *err)
{
	cleanup_buf struct buf spare = BUF_INIT;
	int r;

	buf_addf(&spare, "%s.%ld", path, (long)getpid());
	r = buf_check(&spare, "the path", err);
	if (r == 0)
		r = fd_replace_path(spare.data, text, 0600, err);
	if (r < 0)
		return r;
	r = link(spare.data, path);
	if (r < 0)
		r = errno == EEXIST ? err_set(err, ERR_INPUT, "%s is there already", path)
				    : err_sys(err, "make %s", path);
	(void)unlink(spare.data);
	return r;
}

static int write_pair(const struct keyfile *own, const char *path, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT, public = BUF_INIT, name = BUF_INIT;
	int r;

	keyfile_write(own, &text);
	r = buf_check(&text, "the key", err);
	if (r == 0)
		r = put_new(path, buf_str(&text), err);
	if (text.data)
		explicit_bzero(text.data, text.len);
	if (r < 0)
		return r;
	buf_addf(&name, "%s.pub", path);
	crypto_key_write(&own->key, &public);
	buf_addc(&public, '\n');
	r = buf_check(&public, "the key", err);
	return r < 0 ? r : fd_replace_path(name.data, buf_str(&public), 0644, err);
}

static void comment_here(char *comment, size_t size)
{
	char host[64] = "localhost";

	(void)gethostname(host, sizeof(host) - 1);
	(void)snprintf(comment, size, "seal@%s", host);
}

int crypto_signer_make(char **ret_path, struct err *err)
{
	cleanup_free char *path = NULL;
	struct keyfile own = {0};
	char comment[CRYPTO_COMMENT_MAX];
	int r = keys_path(OWN_NAME, &path, err);

	comment_here(comment, sizeof(comment));
	if (r == 0)
		r = keyfile_make(comment, &own, err);
	if (r == 0)
		r = write_pair(&own, path, err);
	if (r == 0)
		r = crypto_trust(&own.key, comment, err);
	keyfile_wipe(&own);
	if (r == 0)
		*ret_path = take_ptr(path);
	return r;
}

static bool is_there(const char *name)
{
	cleanup_free char *path = NULL;
	struct err err;

	return keys_path(name, &path, &err) == 0 && access(path, F_OK) == 0;
}

bool crypto_signer_exists(void)
{
	return is_there(OWN_NAME) || is_there(USE_NAME);
}

static int open_own(struct crypto_signer *signer, struct err *err)
{
	cleanup_free char *path = NULL;
	int r = keys_path(OWN_NAME, &path, err);

	if (r < 0)
		return r;
	if (access(path, F_OK) < 0 && errno == ENOENT) {
		cleanup_free char *made = NULL;

		/* Somebody else may make it in this moment: then that one is ours too. */
		if (crypto_signer_make(&made, err) < 0 && access(path, F_OK) < 0)
			return err->code;
	}
	return keyfile_load(path, &signer->own, err);
}

/* "file", or "agent" and a key; no file is "file". */
static int read_choice(bool *ret_agent, struct crypto_key *ret_key, struct err *err)
{
	cleanup_free char *path = NULL;
	cleanup_buf struct buf text = BUF_INIT;
	struct str line;
	int r = keys_path(USE_NAME, &path, err);

	*ret_agent = false;
	if (r < 0)
		return r;
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	r = fd_read_file(AT_FDCWD, path, KEYFILE_MAX, &text, err);
	if (r < 0)
		return r;
	line = str_trim(buf_str(&text));
	if (str_is(line, "file"))
		return 0;
	if (!str_starts(line, STR("agent ")))
		return err_set(err, ERR_INPUT, "%s is damaged; choose again with `seal keys use`",
			       path);
	*ret_agent = true;
	r = crypto_key_read(str_from(line, 6), ret_key, err);
	return r < 0 ? err_wrap(err, "%s", path) : 0;
}

/* Without a choice the agent's only key is meant. */
static int open_agent(struct crypto_signer *signer, struct err *err)
{
	cleanup_free struct crypto_key *keys = calloc(AGENT_KEYS_MAX, sizeof(*keys));
	size_t n = 0;
	int r;

	if (!keys)
		return err_nomem(err);
	r = agent_connect(&signer->agent, err);
	if (r == 0 && signer->own.key.len == 0)
		r = agent_list(signer->agent, keys, &n, err);
	if (r < 0 || signer->own.key.len)
		return r;
	if (n != 1)
		return err_set(
		    err, ERR_INPUT,
		    n ? "the ssh-agent has several keys; choose one with `seal keys use agent KEY`"
		      : "the ssh-agent has no key; add one with `ssh-add`");
	signer->own.key = keys[0];
	return crypto_trust(&signer->own.key, "agent", err);
}

int crypto_signer_open(struct crypto_signer **ret_signer, struct err *err)
{
	cleanup_with(crypto_signer_free) struct crypto_signer *signer = calloc(1, sizeof(*signer));
	const char *forced = getenv("SEAL_KEY_BACKEND");
	bool agent;
	int r;

	if (!signer)
		return err_nomem(err);
	signer->agent = -1;
	r = read_choice(&agent, &signer->own.key, err);
	if (r < 0)
		return r;
	if (forced && strcmp(forced, "file") != 0 && strcmp(forced, "agent") != 0 && forced[0])
		return err_set(err, ERR_INPUT, "SEAL_KEY_BACKEND is \"%s\", must be file or agent",
			       forced);
	if (forced && forced[0])
		agent = strcmp(forced, "agent") == 0;
	r = agent ? open_agent(signer, err) : open_own(signer, err);
	if (r < 0)
		return r;
	*ret_signer = take_ptr(signer);
	return 0;
}

static int make_receipt_key(const char *path, struct err *err)
{
	struct keyfile own = {0};
	int r = keyfile_make("seal-receipt", &own, err);

	if (r == 0)
		r = write_pair(&own, path, err);
	keyfile_wipe(&own);
	/* Two sessions at once: the one that lost takes the other's. */
	return r < 0 && access(path, F_OK) < 0 ? r : 0;
}

int crypto_signer_open_receipt(struct crypto_signer **ret_signer, struct err *err)
{
	cleanup_with(crypto_signer_free) struct crypto_signer *signer = calloc(1, sizeof(*signer));
	cleanup_free char *path = NULL;
	int r;

	if (!signer)
		return err_nomem(err);
	signer->agent = -1;
	r = keys_path(RECEIPT_NAME, &path, err);
	if (r == 0 && access(path, F_OK) < 0 && errno == ENOENT)
		r = make_receipt_key(path, err);
	if (r == 0)
		r = keyfile_load(path, &signer->own, err);
	if (r < 0)
		return r;
	*ret_signer = take_ptr(signer);
	return 0;
}

int crypto_signer_choose(const struct crypto_key *agent_key, struct err *err)
{
	cleanup_free char *path = NULL;
	cleanup_buf struct buf text = BUF_INIT;
	int r = keys_path(USE_NAME, &path, err);

	if (r == 0 && agent_key)
		r = crypto_trust(agent_key, "agent", err);
	if (r < 0)
		return r;
	buf_adds(&text, agent_key ? "agent " : "file");
	if (agent_key)
		crypto_key_write(agent_key, &text);
	buf_addc(&text, '\n');
	r = buf_check(&text, "the choice", err);
	return r < 0 ? r : fd_replace_path(path, buf_str(&text), 0600, err);
}
