#include "crypto/keyfile.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "crypto/wire.h"

#define LABEL "OPENSSH PRIVATE KEY"
#define MAGIC ((struct str){"openssh-key-v1", sizeof("openssh-key-v1")}) /* with its NUL */
#define TYPE  STR("ssh-ed25519")
#define BLOCK 8

_Static_assert(KEYFILE_SECRET_SIZE == crypto_sign_SECRETKEYBYTES, "an Ed25519 key");

static void wipe_buf(struct buf *buf)
{
	if (buf->data)
		explicit_bzero(buf->data, buf->len);
}

void keyfile_wipe(struct keyfile *keyfile)
{
	explicit_bzero(keyfile, sizeof(*keyfile));
}

static struct str public_half(const uint8_t secret[KEYFILE_SECRET_SIZE])
{
	return (struct str){(const char *)secret + 32, crypto_sign_PUBLICKEYBYTES};
}

static int set_public(struct keyfile *keyfile, struct err *err)
{
	cleanup_buf struct buf blob = BUF_INIT;

	wire_put_string(&blob, TYPE);
	wire_put_string(&blob, public_half(keyfile->secret));
	if (blob.failed)
		return err_nomem(err);
	return crypto_key_set(buf_str(&blob), &keyfile->key, err);
}

int keyfile_make(const char *comment, struct keyfile *ret_keyfile, struct err *err)
{
	uint8_t public[crypto_sign_PUBLICKEYBYTES];
	int r;

	if (sodium_init() < 0)
		return err_set(err, ERR_INTERNAL, "no randomness for a key");
	(void)crypto_sign_keypair(public, ret_keyfile->secret);
	r = set_public(ret_keyfile, err);
	if (r == 0)
		(void)snprintf(ret_keyfile->key.comment, sizeof(ret_keyfile->key.comment), "%s",
			       comment);
	return r;
}

void keyfile_write(const struct keyfile *keyfile, struct buf *text)
{
	cleanup_buf struct buf secret = BUF_INIT, whole = BUF_INIT;
	uint32_t check = randombytes_random();

	wire_put_u32(&secret, check);
	wire_put_u32(&secret, check);
	wire_put_string(&secret, TYPE);
	wire_put_string(&secret, public_half(keyfile->secret));
	wire_put_string(&secret, (struct str){(const char *)keyfile->secret, KEYFILE_SECRET_SIZE});
	wire_put_string(&secret, str_of(keyfile->key.comment));
	for (char pad = 1; secret.len % BLOCK && !secret.failed; pad++)
		buf_addc(&secret, pad);

	buf_add(&whole, MAGIC);
	wire_put_string(&whole, STR("none"));
	wire_put_string(&whole, STR("none"));
	wire_put_string(&whole, STR(""));
	wire_put_u32(&whole, 1);
	wire_put_string(&whole, (struct str){(const char *)keyfile->key.blob, keyfile->key.len});
	wire_put_string(&whole, buf_str(&secret));
	wire_put_armor(text, LABEL, buf_str(&whole));
	text->failed = text->failed || secret.failed || whole.failed;
	wipe_buf(&secret);
	wipe_buf(&whole);
}

static int read_secret(struct str bytes, struct str blob, struct keyfile *keyfile, struct err *err)
{
	struct wire wire = wire_of(bytes);
	uint32_t check = wire_u32(&wire), again = wire_u32(&wire);
	struct str type = wire_string(&wire), public, secret, comment;

	if (!str_eq(type, TYPE))
		return err_set(
		    err, ERR_INPUT,
		    "the key is of type \"%.*s\", a key in a file must be ssh-ed25519; others are "
		    "used through ssh-agent (`ssh-add FILE`, then `seal keys use agent`)",
		    STR_ARG(str_head(type, 60)));
	public = wire_string(&wire);
	secret = wire_string(&wire);
	comment = wire_string(&wire);
	if (wire.failed || check != again || secret.len != KEYFILE_SECRET_SIZE ||
	    wire.rest.len >= BLOCK)
		return err_set(err, ERR_INPUT, "the private key is damaged");
	for (size_t i = 0; i < wire.rest.len; i++)
		if (wire.rest.data[i] != (char)(i + 1))
			return err_set(err, ERR_INPUT, "the private key is damaged at its end");
	memcpy(keyfile->secret, secret.data, secret.len);
	if (set_public(keyfile, err) < 0)
		return err->code;
	crypto_key_set_comment(&keyfile->key, comment);
	if (!str_eq(public_half(keyfile->secret), public) ||
	    !str_eq((struct str){(const char *)keyfile->key.blob, keyfile->key.len}, blob))
		return err_set(err, ERR_INPUT,
			       "the private key and its public half do not belong together");
	return 0;
}

static int read_whole(struct str bytes, struct keyfile *keyfile, struct err *err)
{
	struct wire wire = wire_of(bytes);
	bool is_ours = str_eq(wire_take(&wire, MAGIC.len), MAGIC);
	struct str cipher = wire_string(&wire), kdf = wire_string(&wire),
		   options = wire_string(&wire);
	uint32_t n = wire_u32(&wire);
	struct str blob = wire_string(&wire), secret = wire_string(&wire);

	if (!is_ours)
		return err_set(err, ERR_INPUT, "these bytes are no OpenSSH private key");
	if (!str_is(cipher, "none") || !str_is(kdf, "none") || options.len)
		return err_set(
		    err, ERR_INPUT,
		    "the key has a passphrase; use it through ssh-agent (`ssh-add FILE`, then "
		    "`seal keys use agent`)");
	if (!wire_is_done(&wire) || n != 1)
		return err_set(err, ERR_INPUT,
			       "the private key is damaged: its fields do not add up");
	return read_secret(secret, blob, keyfile, err);
}

int keyfile_read(struct str text, struct keyfile *ret_keyfile, struct err *err)
{
	cleanup_buf struct buf bytes = BUF_INIT;
	struct keyfile keyfile = {0};
	int r;

	if (text.len > KEYFILE_MAX)
		return err_set(err, ERR_INPUT, "the key is larger than %d bytes", KEYFILE_MAX);
	r = wire_armor(text, LABEL, &bytes, err);
	if (r == 0)
		r = read_whole(buf_str(&bytes), &keyfile, err);
	if (r == 0)
		*ret_keyfile = keyfile;
	wipe_buf(&bytes);
	keyfile_wipe(&keyfile);
	return r;
}

static int check_mode(int fd, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(err, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INPUT, "%s is no regular file", path);
	if (st.st_uid != geteuid())
		return err_set(err, ERR_INPUT, "%s belongs to another user; a key must be yours",
			       path);
	if (st.st_mode & 077)
		return err_set(
		    err, ERR_INPUT,
		    "%s has mode %04o: others may read or change it; make it yours alone: chmod "
		    "600 %s",
		    path, (unsigned int)st.st_mode & 07777, path);
	return 0;
}

int keyfile_load(const char *path, struct keyfile *ret_keyfile, struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	cleanup_buf struct buf text = BUF_INIT;
	int r;

	if (fd < 0)
		return err_sys(err, "open %s", path);
	r = check_mode(fd, path, err);
	if (r < 0)
		return r;
	r = fd_read_all(fd, KEYFILE_MAX, &text, err);
	if (r == 0)
		r = keyfile_read(buf_str(&text), ret_keyfile, err);
	wipe_buf(&text);
	return r < 0 ? err_wrap(err, "%s", path) : 0;
}
