/* What counts as a secret, and that none gets through in any of the ways in which
 * a text is cut. */
#include <stdlib.h>

#include "base/test.h"
#include "gate/mask/mask.h"
#include "gate/mask/secrets.h"

static void note(void *ctx, struct str name, struct str value)
{
	(void)name;
	buf_addf(ctx, "%.*s;", STR_ARG(value));
}

static const struct variable_row {
	const char *name, *variable, *value, *want;
} variable_rows[] = {
	{ "a token", "GH_TOKEN", "ghp_abcdef0123", "ghp_abcdef0123;" },
	{ "a key by its end", "STRIPE_KEY", "sk_live_12345678", "sk_live_12345678;" },
	{ "a short one is no secret", "API_KEY", "none", "" },
	{ "a path is none", "GOOGLE_APPLICATION_CREDENTIALS", "/home/u/key.json", "" },
	{ "a name that says nothing", "EDITOR", "vim-with-a-long-name", "" },
	{ "a password in an address", "DATABASE_URL", "postgres://u:hunter22@db/x", "hunter22;" },
	{ "quotes are not part of it", "MY_SECRET", "\"correct horse\"", "correct horse;" },
};

TEST(variables)
{
	TEST_ROWS(variable_rows, row) {
		struct buf got = BUF_INIT;

		secrets_of_variable(str_of(row->variable), str_of(row->value), note, &got);
		EXPECT_STR(row, buf_str(&got), row->want);
		buf_fini(&got);
	}
}

static const struct file_row {
	const char *name, *text, *want;
} file_rows[] = {
	{ "an env file", "PORT=3000\nexport API_TOKEN='abc defgh'\n", "abc defgh;" },
	{ "what looks random needs no name", "X=Zk93jfQ0dkE82mcP1\n", "Zk93jfQ0dkE82mcP1;" },
	{ "a host is not random", "HOST=db-01.eu.example.com\n", "" },
	{ "a key file, line by line", "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0\n-----END PRIVATE KEY-----\n",
	  "MIIEvQIBADANBgkqhkiG9w0;" },
	{ "a store of git", "https://me:ghp_0123456789abcdef@github.com\n", "ghp_0123456789abcdef;ghp_0123456789abcdef;" },
	{ "JSON", "{\n \"client_secret\": \"abcd-efgh\",\n}\n", "abcd-efgh;" },
	{ "npm", "//registry.npmjs.org/:_authToken=npm_abcdefgh12345678\n", "npm_abcdefgh12345678;npm_abcdefgh12345678;" },
	{ "CRLF", "API_TOKEN=abcdefgh\r\n", "abcdefgh;" },
	{ "nothing", "", "" },
};

TEST(files)
{
	TEST_ROWS(file_rows, row) {
		struct buf got = BUF_INIT;

		secrets_of_file(STR("f"), str_of(row->text), note, &got);
		EXPECT_STR(row, buf_str(&got), row->want);
		buf_fini(&got);
	}
}

#define SECRET "s3cr3t-\\\"x\\\"-0123456789"
#define HERE   "[masked by seal: .env]"

static const struct mask_row {
	const char *name, *json, *want;
	bool goes_on;
} mask_rows[] = {
	{ "in the middle", "{\"ok\":{\"text\":\"a " SECRET " b\"}}", "{\"ok\":{\"text\":\"a " HERE " b\"}}", false },
	{ "one place after another", "[\"1" SECRET "\",\"22" SECRET "\",\"333" SECRET "\",\"" SECRET "\"]",
	  "[\"1" HERE "\",\"22" HERE "\",\"333" HERE "\",\"" HERE "\"]", false },
	{ "twice in a row", "[\"" SECRET SECRET "\"]", "[\"" HERE HERE "\"]", false },
	{ "a name of a member stays", "{\"plain-member-name\":\"plain-member-name\"}", "{\"plain-member-name\":\"" HERE "\"}", false },
	{ "cut at the end", "[\"x s3cr3t-\\\"x\\\"-0\"]", "[\"x " HERE "\"]", false },
	{ "cut at the end, and the output says so", "[\"s3cr3t-\\\"x\\n[truncated at 3 chars]\"]", "[\"" HERE "\\n[truncated at 3 chars]\"]", false },
	{ "too little of it to tell", "[\"s3cr3t\"]", "[\"s3cr3t\"]", false },
	{ "its beginning in other words", "[\"s3cr3t-\\\"x\\\"-012 more\"]", "[\"s3cr3t-\\\"x\\\"-012 more\"]", false },
	{ "the rest of one that was cut before", "[\"\\\"-0123456789 and on\"]", "[\"" HERE " and on\"]", true },
	{ "no secret at all", "{\"ok\":{\"text\":\"nothing here\",\"n\":12}}", "{\"ok\":{\"text\":\"nothing here\",\"n\":12}}", false },
};

TEST(masks)
{
	TEST_ROWS(mask_rows, row) {
		cleanup_with(mask_free) struct mask *mask = mask_new();
		struct buf json = BUF_INIT;

		mask_add_file(mask, ".env", STR("TOKEN='s3cr3t-\"x\"-0123456789'\nSECRET=plain-member-name\n"));
		buf_adds(&json, row->json);
		mask_json(mask, &json, row->goes_on);
		EXPECT_STR(row, buf_str(&json), row->want);
		buf_fini(&json);
	}
}

static const struct path_row {
	const char *name, *path;
	bool is_secret;
} path_rows[] = {
	{ "an env file", "/p/.env", true }, { "one of its kinds", "/p/a/.env.local", true },
	{ "its example", "/p/.env.example", false }, { "capitals", "/p/.ENV", true },
	{ "a key", "/p/tls/server.key", true }, { "a public key", "/p/id_rsa.pub", false },
	{ "a place under home", "/home/u/.ssh/config", true }, { "the same elsewhere", "/p/.ssh/config", false },
	{ "a name that only begins so", "/home/u/.sshx/config", false }, { "code", "/p/env.c", false },
};

TEST(paths)
{
	assert_int_equal(setenv("HOME", "/home/u", 1), 0);
	TEST_ROWS(path_rows, row)
		EXPECT_EQ(row, mask_is_secret_file(row->path), row->is_secret);
}

TEST_MAIN(RUN(variables), RUN(files), RUN(masks), RUN(paths))
