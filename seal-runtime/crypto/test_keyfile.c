#include "base/test.h"

#include "crypto/keyfile.h"
#include "crypto/signer.h"
#include "crypto/test_home.h"

static const struct made {
	const char *name, *type, *phrase, *want; /* want NULL: it is read */
} mades[] = {
    {"a key without passphrase is read", "ed25519", "", NULL},
    {"a passphrase goes through the agent", "ed25519", "secret", "`seal keys use agent`"},
    {"another type goes through the agent", "ecdsa", "", "`seal keys use agent`"},
};

TEST(reads_what_ssh_keygen_made)
{
	TEST_ROWS(mades, row)
	{
		struct keyfile keyfile;
		struct err err = {0};
		int r;

		(void)unlink("k");
		EXPECT_EQ(row,
			  RUN_PROGRAM(NULL, "ssh-keygen", "-q", "-t", (char *)(uintptr_t)row->type,
				      "-N", (char *)(uintptr_t)row->phrase, "-f", "k"),
			  0);
		r = keyfile_load("k", &keyfile, &err);
		if (!row->want && r < 0)
			fail_msg("%s: %s", row->name, err.text);
		if (row->want && !strstr(err.text, row->want))
			fail_msg("%s: says \"%s\"", row->name, err.text);
		(void)unlink("k");
		(void)unlink("k.pub");
	}
}

TEST(ssh_keygen_reads_what_we_made)
{
	cleanup_free char *path = NULL;
	cleanup_free char *again = NULL;
	cleanup_buf struct buf out = BUF_INIT, public = BUF_INIT;
	struct err err;

	MUST(crypto_signer_make(&path, &err), &err);
	assert_int_equal(RUN_PROGRAM(NULL, "ssh-keygen", "-y", "-f", path), 0);
	get("out", &out);
	get("seal/keys/seal_ed25519.pub", &public);
	assert_true(str_eq(buf_str(&out), buf_str(&public)));
	assert_true(crypto_signer_make(&again, &err) < 0);
	assert_non_null(strstr(err.text, "is there already"));
}

static const struct mode {
	const char *name;
	mode_t mode;
	bool is_fine;
} modes[] = {
    {"its owner alone reads and writes it", 0600, true},
    {"read only is fine", 0400, true},
    {"the group may not read it", 0640, false},
    {"others may not read it", 0604, false},
    {"others may not write it", 0602, false},
};

TEST(a_key_that_others_reach_is_refused)
{
	TEST_ROWS(modes, row)
	{
		cleanup_with(crypto_signer_free) struct crypto_signer *signer = NULL;
		struct err err = {0};
		int r;

		EXPECT_EQ(row, chmod("seal/keys/seal_ed25519", row->mode), 0);
		r = crypto_signer_open(&signer, &err);
		EXPECT_EQ(row, r == 0, row->is_fine);
		if (!row->is_fine && !strstr(err.text, "chmod 600"))
			fail_msg("%s: says \"%s\"", row->name, err.text);
	}
	assert_int_equal(chmod("seal/keys/seal_ed25519", 0600), 0);
}

TEST(no_byte_of_a_key_can_be_changed_unseen)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct keyfile keyfile, first;
	struct err err;

	get("seal/keys/seal_ed25519", &text);
	MUST(keyfile_read(buf_str(&text), &first, &err), &err);
	for (size_t i = 0; i < text.len; i++) {
		text.data[i] ^= 1;
		/* The seed's own half is not in the public one: only that part may differ. */
		if (keyfile_read(buf_str(&text), &keyfile, &err) == 0 &&
		    !crypto_key_eq(&keyfile.key, &first.key))
			fail_msg("byte %zu gives another key", i);
		text.data[i] ^= 1;
		(void)keyfile_read(str_head(buf_str(&text), i), &keyfile, &err);
	}
	keyfile_wipe(&first);
}

TEST_MAIN_AT_HOME(RUN(reads_what_ssh_keygen_made), RUN(ssh_keygen_reads_what_we_made),
		  RUN(a_key_that_others_reach_is_refused),
		  RUN(no_byte_of_a_key_can_be_changed_unseen))
