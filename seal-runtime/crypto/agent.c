#include "crypto/agent.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "crypto/wire.h"

#define REQUEST_IDENTITIES 11
#define IDENTITIES_ANSWER  12
#define SIGN_REQUEST       13
#define SIGN_RESPONSE      14

#define RSA_SHA2_512 4 /* a flag of SIGN_REQUEST */

#define MESSAGE_MAX (256 * 1024)

int agent_connect(int *ret_fd, struct err *err)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = getenv("SSH_AUTH_SOCK");

	if (fd < 0)
		return err_sys(err, "socket");
	if (!path || !path[0])
		return err_set(
		    err, ERR_INPUT,
		    "no ssh-agent: SSH_AUTH_SOCK is not set; start one (`eval $(ssh-agent)`, "
		    "`ssh-add`), or `seal keys use file`");
	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(err, ERR_INPUT,
			       "SSH_AUTH_SOCK is longer than a socket's path can be");
	memcpy(address.sun_path, path, strlen(path));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return err_set(
		    err, ERR_INPUT,
		    "no ssh-agent answers at %s (%s); start one, or `seal keys use file`", path,
		    strerror(errno));
	*ret_fd = take_fd(fd);
	return 0;
}

static int read_exactly(int fd, size_t len, struct buf *ret_bytes, struct err *err)
{
	while (len) {
		char *room = buf_reserve(ret_bytes, len);
		ssize_t n = room ? read(fd, room, len) : -1;

		if (!room)
			return err_nomem(err);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read from the ssh-agent");
		if (n == 0)
			return err_set(err, ERR_GONE, "the ssh-agent hung up");
		ret_bytes->len += (size_t)n;
		len -= (size_t)n;
	}
	return 0;
}

/* One question, one answer, which is left in ret_answer without its length. */
static int ask(int fd, struct str question, struct buf *ret_answer, struct err *err)
{
	cleanup_buf struct buf message = BUF_INIT, head = BUF_INIT;
	struct wire wire;
	size_t len;
	int r;

	wire_put_string(&message, question);
	r = buf_check(&message, "the question", err);
	if (r == 0)
		r = fd_write_all(fd, buf_str(&message), err);
	if (r == 0)
		r = read_exactly(fd, 4, &head, err);
	if (r < 0)
		return r;
	wire = wire_of(buf_str(&head));
	len = wire_u32(&wire);
	if (len == 0 || len > MESSAGE_MAX)
		return err_set(err, ERR_INPUT, "the ssh-agent answers with %zu bytes", len);
	return read_exactly(fd, len, ret_answer, err);
}

int agent_list(int fd, struct crypto_key *keys, size_t *ret_n, struct err *err)
{
	cleanup_buf struct buf answer = BUF_INIT;
	const char question[] = {REQUEST_IDENTITIES};
	struct wire wire;
	uint32_t n;
	int r = ask(fd, (struct str){question, 1}, &answer, err);

	if (r < 0)
		return r;
	wire = wire_of(buf_str(&answer));
	if (wire_u8(&wire) != IDENTITIES_ANSWER)
		return err_set(err, ERR_INPUT, "the ssh-agent does not list its keys");
	*ret_n = 0;
	n = wire_u32(&wire);
	for (uint32_t i = 0; i < n && !wire.failed && *ret_n < AGENT_KEYS_MAX; i++) {
		struct str blob = wire_string(&wire), comment = wire_string(&wire);
		struct crypto_key *key = &keys[*ret_n];
		struct err unusable;

		if (wire.failed || crypto_key_set(blob, key, &unusable) < 0)
			continue;
		crypto_key_set_comment(key, comment);
		(*ret_n)++;
	}
	if (wire.failed)
		return err_set(err, ERR_INPUT, "the ssh-agent's list of keys is cut");
	return 0;
}

int agent_sign(int fd, const struct crypto_key *key, struct str data, struct buf *ret_signature,
	       struct err *err)
{
	cleanup_buf struct buf question = BUF_INIT, answer = BUF_INIT;
	struct wire wire;
	struct str signature;
	int r;

	buf_addc(&question, SIGN_REQUEST);
	wire_put_string(&question, (struct str){(const char *)key->blob, key->len});
	wire_put_string(&question, data);
	wire_put_u32(&question, str_is(crypto_key_type(key), "ssh-rsa") ? RSA_SHA2_512 : 0);
	r = buf_check(&question, "the question", err);
	if (r == 0)
		r = ask(fd, buf_str(&question), &answer, err);
	if (r < 0)
		return r;
	wire = wire_of(buf_str(&answer));
	if (wire_u8(&wire) != SIGN_RESPONSE)
		return err_set(
		    err, ERR_INPUT,
		    "the ssh-agent refuses to sign; is the key there (`ssh-add -l`), was it "
		    "confirmed?");
	signature = wire_string(&wire);
	if (!wire_is_done(&wire))
		return err_set(err, ERR_INPUT, "the ssh-agent's signature is cut");
	buf_add(ret_signature, signature);
	return buf_check(ret_signature, "the signature", err);
}
