#include "base/test.h"

#include <signal.h>
#include <sodium.h>

#include "crypto/key.h"
#include "crypto/sig.h"
#include "crypto/signer.h"
#include "crypto/signers.h"
#include "crypto/test_home.h"
#include "crypto/wire.h"

#define MESSAGE "what is signed\n"

static void sign(struct buf *text)
{
	cleanup_with(crypto_signer_free) struct crypto_signer *signer = NULL;
	struct err err;

	MUST(crypto_signer_open(&signer, &err), &err);
	buf_clear(text);
	MUST(crypto_sig_make(signer, STR(MESSAGE), CRYPTO_FOR_MANIFEST, text, &err), &err);
}

/* As anybody would check it, with nothing of ours but the two files. */
static int stock_verify(const char *principal, const char *name_space)
{
	return RUN_PROGRAM("message", "ssh-keygen", "-Y", "verify", "-f", "seal/allowed_signers",
	                   "-I", (char *)(uintptr_t)principal, "-n", (char *)(uintptr_t)name_space,
	                   "-s", "sig");
}

static void own_principal(char *principal, size_t size)
{
	char host[64] = "";

	(void)gethostname(host, sizeof(host) - 1);
	(void)snprintf(principal, size, "seal@%s", host);
}

TEST(ssh_keygen_accepts_ours)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct crypto_key key;
	struct err err;
	struct stat st;
	char who[128];

	own_principal(who, sizeof(who));
	sign(&text);
	put("sig", buf_str(&text));
	put("message", STR(MESSAGE));
	assert_int_equal(stock_verify(who, "seal-manifest"), 0);
	assert_int_not_equal(stock_verify(who, "file"), 0);
	put("message", STR("what is signe\n"));
	assert_int_not_equal(stock_verify(who, "seal-manifest"), 0);

	MUST(crypto_sig_verify(buf_str(&text), STR(MESSAGE), CRYPTO_FOR_MANIFEST, &key, &err),
	     &err);
	MUST(crypto_trusted(&key, CRYPTO_FOR_MANIFEST, &err), &err);
	MUST(crypto_trusted(&key, CRYPTO_FOR_RECEIPT, &err), &err);
	assert_true(crypto_trusted(&key, "git", &err) < 0);
	assert_int_equal(stat("seal/keys/seal_ed25519", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static const struct kind {
	const char *name, *type, *bits;
} kinds[] = {
	{ "ed25519 is accepted", "ed25519", "256" },
	{ "RSA is accepted", "rsa", "2048" },
	{ "ECDSA on P-256 is accepted", "ecdsa", "256" },
	{ "ECDSA on P-384 is accepted", "ecdsa", "384" },
	{ "ECDSA on P-521 is accepted", "ecdsa", "521" },
};

/* A signature by ssh-keygen of a new key "KIND-BITS"; left in "message.sig". */
static void stock_sign(const struct kind *row, char *name, size_t size)
{
	(void)snprintf(name, size, "%s-%s", row->type, row->bits);
	EXPECT_EQ(row,
	          RUN_PROGRAM(NULL, "ssh-keygen", "-q", "-N", "", "-t",
	                      (char *)(uintptr_t)row->type, "-b", (char *)(uintptr_t)row->bits,
	                      "-f", name),
	          0);
	put("message", STR(MESSAGE));
	(void)unlink("message.sig");
	EXPECT_EQ(row,
	          RUN_PROGRAM(NULL, "ssh-keygen", "-q", "-Y", "sign", "-n", "seal-manifest", "-f",
	                      name, "message"),
	          0);
}

TEST(ours_accepts_ssh_keygen)
{
	TEST_ROWS (kinds, row) {
		cleanup_buf struct buf text = BUF_INIT, public = BUF_INIT;
		struct crypto_key inside, beside;
		struct err err;
		char name[64], file[80];

		if (!HAS_OPENSSL && strcmp(row->type, "ed25519") != 0)
			continue;
		stock_sign(row, name, sizeof(name));
		get("message.sig", &text);
		if (crypto_sig_verify(buf_str(&text), STR(MESSAGE), "seal-manifest", &inside,
		                      &err) < 0)
			fail_msg("%s: %s", row->name, err.text);
		(void)snprintf(file, sizeof(file), "%s.pub", name);
		get(file, &public);
		MUST(crypto_key_read(buf_str(&public), &beside, &err), &err);
		EXPECT_TRUE(row, crypto_key_eq(&inside, &beside));
		EXPECT_TRUE(row, crypto_sig_verify(buf_str(&text), STR("other"), "seal-manifest",
		                                   &inside, &err) < 0);
		EXPECT_TRUE(row, crypto_sig_verify(buf_str(&text), STR(MESSAGE), "seal-receipt",
		                                   &inside, &err) < 0);
		EXPECT_TRUE(row, crypto_trusted(&beside, "seal-manifest", &err) < 0);
	}
}

TEST(no_byte_of_a_signature_can_be_changed)
{
	cleanup_buf struct buf text = BUF_INIT;
	static const char flips[] = { 0x01, 0x20, (char)0x80, (char)0xff };
	struct crypto_key key, own;
	struct err err;

	sign(&text);
	MUST(crypto_sig_verify(buf_str(&text), STR(MESSAGE), CRYPTO_FOR_MANIFEST, &own, &err),
	     &err);
	for (size_t i = 0; i < text.len; i++)
		for (size_t j = 0; j < sizeof(flips); j++) {
			text.data[i] ^= flips[j];
			/* Another key inside is another signature, which does not verify either. */
			if (crypto_sig_verify(buf_str(&text), STR(MESSAGE), CRYPTO_FOR_MANIFEST,
			                      &key, &err) == 0)
				fail_msg("byte %zu of %zu changed, and accepted", i, text.len);
			text.data[i] ^= flips[j];
		}
	for (size_t i = 0; i < text.len; i++)
		if (crypto_sig_verify(str_head(buf_str(&text), i), STR(MESSAGE),
		                      CRYPTO_FOR_MANIFEST, &key, &err) == 0 &&
		    i + 1 < text.len)
			fail_msg("cut at %zu of %zu, and accepted", i, text.len);
}

static const struct refusal {
	const char *name, *text, *want;
} refusals[] = {
	{ "nothing is no signature", "", "does not begin with -----BEGIN SSH SIGNATURE-----" },
	{ "a signature has an end", "-----BEGIN SSH SIGNATURE-----\nAAAA\n", "does not end with" },
	{ "what is inside is base64",
	  "-----BEGIN SSH SIGNATURE-----\n?\n-----END SSH SIGNATURE-----\n", "is not base64" },
	{ "a byte that looks like a slash to libsodium is none",
	  "-----BEGIN SSH SIGNATURE-----\n\xaf\xaf\xaf\xaf\n-----END SSH SIGNATURE-----\n",
	  "is not base64" },
	{ "nothing follows it",
	  "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\nx",
	  "has something after" },
	{ "what is inside is a signature",
	  "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n",
	  "no SSH signature" },
	{ "its version is 1",
	  "-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAg==\n-----END SSH SIGNATURE-----\n",
	  "has version 2, must be 1" },
	{ "it is whole",
	  "-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAQAA\n-----END SSH SIGNATURE-----\n",
	  "fields do not add up" },
};

TEST(says_what_is_wrong_with_a_signature)
{
	TEST_ROWS (refusals, row) {
		struct crypto_key key;
		struct err err = { 0 };

		EXPECT_EQ(row, crypto_sig_verify(str_of(row->text), STR("x"), "y", &key, &err),
		          ERR_INPUT);
		if (!strstr(err.text, row->want))
			fail_msg("%s: says \"%s\", want \"%s\"", row->name, err.text, row->want);
	}
}

/* Starts one, gives it the key, and says who to end at the end. */
static pid_t start_agent(const char *key)
{
	cleanup_buf struct buf out = BUF_INIT;
	char sock[96];
	size_t at;

	(void)snprintf(sock, sizeof(sock), "%s/agent", home);
	/* It returns when it listens. */
	assert_int_equal(RUN_PROGRAM(NULL, "ssh-agent", "-s", "-a", sock), 0);
	get("out", &out);
	at = str_find(buf_str(&out), STR("SSH_AGENT_PID="), 0);
	assert_int_not_equal(at, STR_NONE);
	(void)setenv("SSH_AUTH_SOCK", sock, 1);
	assert_int_equal(RUN_PROGRAM(NULL, "ssh-add", "-q", (char *)(uintptr_t)key), 0);
	return (pid_t)strtol(out.data + at + 14, NULL, 10);
}

static void sign_by_agent(const char *type)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct crypto_key key;
	struct err err;
	pid_t agent = start_agent(type);

	(void)setenv("SEAL_KEY_BACKEND", "agent", 1);
	sign(&text);
	put("sig", buf_str(&text));
	put("message", STR(MESSAGE));
	assert_int_equal(stock_verify("agent", "seal-manifest"), 0);
	MUST(crypto_sig_verify(buf_str(&text), STR(MESSAGE), "seal-manifest", &key, &err), &err);
	MUST(crypto_trusted(&key, "seal-manifest", &err), &err);
	(void)kill(agent, SIGTERM);
	(void)unlink("agent");
	(void)unsetenv("SEAL_KEY_BACKEND");
	(void)unsetenv("SSH_AUTH_SOCK");
}

TEST(an_agents_ed25519_key_signs)
{
	sign_by_agent("ed25519-256");
}

TEST(an_agents_rsa_key_signs)
{
	if (!HAS_OPENSSL)
		skip();
	sign_by_agent("rsa-2048");
}

TEST(without_an_agent_it_says_what_to_do)
{
	cleanup_with(crypto_signer_free) struct crypto_signer *signer = NULL;
	struct err err;

	(void)setenv("SEAL_KEY_BACKEND", "agent", 1);
	assert_true(crypto_signer_open(&signer, &err) < 0);
	assert_non_null(strstr(err.text, "SSH_AUTH_SOCK is not set"));
	(void)setenv("SSH_AUTH_SOCK", "/nonexistent/agent", 1);
	assert_true(crypto_signer_open(&signer, &err) < 0);
	assert_non_null(strstr(err.text, "no ssh-agent answers at /nonexistent/agent"));
	(void)setenv("SEAL_KEY_BACKEND", "card", 1);
	assert_true(crypto_signer_open(&signer, &err) < 0);
	assert_non_null(strstr(err.text, "must be file or agent"));
	(void)unsetenv("SEAL_KEY_BACKEND");
	(void)unsetenv("SSH_AUTH_SOCK");
}

/* What a hardware key answers, made in software: flags, counter, and its way of hashing. */
static void hardware_sign(uint8_t flags, struct buf *ret_text, struct buf *ret_line)
{
	uint8_t public[32], secret[64], hash[64], parts[32 + 5 + 32], signature[64];
	cleanup_buf struct buf data = BUF_INIT, blob = BUF_INIT, inner = BUF_INIT, whole = BUF_INIT;
	const char tail[5] = { (char)flags, 0, 0, 0, 7 };

	(void)crypto_sign_keypair(public, secret);
	(void)crypto_hash_sha512(hash, (const uint8_t *)MESSAGE, sizeof(MESSAGE) - 1);
	buf_adds(&data, "SSHSIG");
	wire_put_string(&data, STR("seal-manifest"));
	wire_put_string(&data, STR(""));
	wire_put_string(&data, STR("sha512"));
	wire_put_string(&data, (struct str){ (char *)hash, sizeof(hash) });
	(void)crypto_hash_sha256(parts, (const uint8_t *)"ssh:", 4);
	memcpy(parts + 32, tail, sizeof(tail));
	(void)crypto_hash_sha256(parts + 37, (const uint8_t *)data.data, data.len);
	(void)crypto_sign_detached(signature, NULL, parts, sizeof(parts), secret);

	wire_put_string(&blob, STR("sk-ssh-ed25519@openssh.com"));
	wire_put_string(&blob, (struct str){ (char *)public, sizeof(public) });
	wire_put_string(&blob, STR("ssh:"));
	wire_put_string(&inner, STR("sk-ssh-ed25519@openssh.com"));
	wire_put_string(&inner, (struct str){ (char *)signature, sizeof(signature) });
	buf_add(&inner, (struct str){ tail, sizeof(tail) });
	buf_adds(&whole, "SSHSIG");
	wire_put_u32(&whole, 1);
	wire_put_string(&whole, buf_str(&blob));
	wire_put_string(&whole, STR("seal-manifest"));
	wire_put_string(&whole, STR(""));
	wire_put_string(&whole, STR("sha512"));
	wire_put_string(&whole, buf_str(&inner));
	wire_put_armor(ret_text, "SSH SIGNATURE", buf_str(&whole));
	buf_adds(ret_line, "card sk-ssh-ed25519@openssh.com ");
	wire_put_base64(ret_line, buf_str(&blob), 0);
	buf_addc(ret_line, '\n');
}

TEST(a_hardware_key_must_be_touched)
{
	cleanup_buf struct buf text = BUF_INIT, untouched = BUF_INIT, line = BUF_INIT,
			       spare = BUF_INIT;
	struct crypto_key key;
	struct err err;

	hardware_sign(1, &text, &line);
	MUST(crypto_sig_verify(buf_str(&text), STR(MESSAGE), "seal-manifest", &key, &err), &err);
	MUST(crypto_signers_check(buf_str(&line), &key, "seal-manifest", 1, &err), &err);
	put("seal/allowed_signers", buf_str(&line));
	put("sig", buf_str(&text));
	put("message", STR(MESSAGE));
	assert_int_equal(stock_verify("card", "seal-manifest"), 0);
	hardware_sign(0, &untouched, &spare);
	assert_true(crypto_sig_verify(buf_str(&untouched), STR(MESSAGE), "seal-manifest", &key,
	                              &err) < 0);
	assert_non_null(strstr(err.text, "was not touched"));
}

TEST_MAIN_AT_HOME(RUN(ssh_keygen_accepts_ours), RUN(ours_accepts_ssh_keygen),
                  RUN(no_byte_of_a_signature_can_be_changed),
                  RUN(says_what_is_wrong_with_a_signature), RUN(an_agents_ed25519_key_signs),
                  RUN(an_agents_rsa_key_signs), RUN(without_an_agent_it_says_what_to_do),
                  RUN(a_hardware_key_must_be_touched))
