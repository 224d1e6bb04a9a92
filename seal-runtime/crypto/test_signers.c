#include "base/test.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "crypto/key.h"
#include "crypto/signers.h"

#define KEY   "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
#define OTHER "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEA"

#define NOW 1700000000 /* 2023-11-14 22:13:20 UTC */

static const struct check {
	const char *name, *text, *want; /* want NULL: trusted */
} checks[] = {
    {"a listed key is trusted", "me " KEY "\n", NULL},
    {"the last line needs no newline", "me " KEY, NULL},
    {"comments and blank lines are skipped", "# me\n\n  \nme " KEY " a comment\n", NULL},
    {"nothing lists no key", "", "is not listed"},
    {"another key is not this one", "me " OTHER "\n", "is not listed"},
    {"a commented line trusts nobody", "#me " KEY "\n", "is not listed"},
    {"this use is among the uses", "me namespaces=\"git,seal-manifest\" " KEY "\n", NULL},
    {"uses may be patterns", "me namespaces=\"seal-*\" " KEY "\n", NULL},
    {"a use may be taken out", "me namespaces=\"seal-*,!seal-manifest\" " KEY "\n",
     "not for this use"},
    {"another use is not this one", "me namespaces=\"git\" " KEY "\n", "not for this use"},
    {"a use is no prefix", "me namespaces=\"seal\" " KEY "\n", "not for this use"},
    {"a later line may trust", "me namespaces=\"git\" " KEY "\nme " KEY "\n", NULL},
    {"options are written in any case", "me Namespaces=\"seal-manifest\" " KEY "\n", NULL},
    {"an authority's line trusts no key", "me cert-authority " KEY "\n", "only as a certificate"},
    {"a key may be valid from a day on", "me valid-after=\"20231114Z\" " KEY "\n", NULL},
    {"before that day it is not", "me valid-after=\"20231115Z\" " KEY "\n", "not valid yet"},
    {"a key may be valid until a second", "me valid-before=\"20231114221320Z\" " KEY "\n", NULL},
    {"after that second it is not", "me valid-before=\"20231114221319Z\" " KEY "\n",
     "no longer valid"},
    {"both ends count", "me valid-after=\"20200101Z\",valid-before=\"20210101Z\" " KEY "\n",
     "no longer valid"},
    {"a time that is none is refused", "me valid-before=\"20231345Z\" " KEY "\n",
     "allowed_signers:1: option \"valid-before=\"20231345Z\"\" is not understood"},
    {"an unknown option is refused, not ignored", "me " OTHER "\nme only-on-sunday " KEY "\n",
     "allowed_signers:2: option \"only-on-sunday\" is not understood"},
    {"an option twice is refused", "me namespaces=\"git\",namespaces=\"seal-manifest\" " KEY "\n",
     "is not understood"},
    {"a line needs its principals", KEY "\n", "allowed_signers:1:"},
    {"a quote that does not end is refused", "\"me " KEY "\n", "there are no principals"},
    {"principals may be quoted", "\"me and you\" " KEY "\n", NULL},
    {"a key and its line agree on the type",
     "me ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkK"
     "CwwNDg8QERITFBUWFxgZGhscHR4f\n",
     "allowed_signers:1:"},
};

TEST(who_is_trusted)
{
	struct crypto_key key;
	struct err err;

	MUST(crypto_key_read(STR(KEY " me@here"), &key, &err), &err);
	assert_string_equal(key.comment, "me@here");
	TEST_ROWS(checks, row)
	{
		int r;

		err.text[0] = '\0';
		r = crypto_signers_check(str_of(row->text), &key, "seal-manifest", NOW, &err);
		if (!row->want && r < 0)
			fail_msg("%s: says \"%s\"", row->name, err.text);
		if (row->want && (r == 0 || !strstr(err.text, row->want)))
			fail_msg("%s: %d, says \"%s\", want \"%s\"", row->name, r, err.text,
				 row->want);
	}
}

static const struct line {
	const char *name, *text, *want;
} lines[] = {
    {"nothing is no key", "", "is no SSH public key"},
    {"a type alone is no key", "ssh-ed25519", "is no SSH public key"},
    {"a key is base64", "ssh-ed25519 ????", "the key: is not base64"},
    {"a key has its type inside", "ssh-ed25519 AAAA", "no SSH public key"},
    {"a certificate is no key",
     "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG"
     "9wZW5zc2guY29tAAAAAQ==",
     "certificates are not used"},
};

TEST(what_is_no_key)
{
	TEST_ROWS(lines, row)
	{
		struct crypto_key key;
		struct err err = {0};

		EXPECT_EQ(row, crypto_key_read(str_of(row->text), &key, &err), ERR_INPUT);
		if (!strstr(err.text, row->want))
			fail_msg("%s: says \"%s\"", row->name, err.text);
	}
}

TEST_MAIN(RUN(who_is_trusted), RUN(what_is_no_key))
