#include "base/test.h"

#include <pty.h>

#include "crypto/key.h"
#include "crypto/sig.h"
#include "crypto/signers.h"
#include "crypto/test_home.h"
#include "manifest/approve.h"
#include "manifest/edit.h"
#include "manifest/manifest.h"
#include "manifest/trust.h"

#define TEXT "schema_version = 1\n[model]\nprovider = \"replay\"\nname = \"x\"\n"

/* A project of the test's own with this seal.toml; everything approved is forgotten. */
static void project(const char *text)
{
	cleanup_buf struct buf path = BUF_INIT;

	(void)nftw("seal", home_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	(void)nftw("p", home_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	(void)nftw("q", home_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	assert_int_equal(mkdir("p", 0700), 0);
	put("p/seal.toml", str_of(text));
}

static int trust(const char *root, struct err *err)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;

	err->text[0] = '\0';
	MUST(manifest_load(root, &manifest, err), err);
	return manifest_trust(manifest, root, err);
}

static void hash_of(const char *root, const char *signed_root, char hash[65])
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	struct err err;

	MUST(manifest_load(root, &manifest, &err), &err);
	MUST(manifest_canonical_hash(manifest, signed_root, hash, &err), &err);
}

static void approve_here(void)
{
	struct err err;
	char hash[65];

	hash_of("p", "p", hash);
	MUST(approve_manifest("p", hash, &err), &err);
}

static void refused(const char *root, const char *why)
{
	struct err err;

	if (trust(root, &err) != ERR_INPUT || !strstr(err.text, why))
		fail_msg("says \"%s\", want \"%s\"", err.text, why);
}

TEST(an_unsigned_manifest_is_refused)
{
	project(TEXT);
	refused("p", "p/seal.toml is not signed; look at it with `seal manifest show`");
}

TEST(an_approved_one_is_trusted_until_it_changes)
{
	struct err err;

	project(TEXT);
	approve_here();
	MUST(trust("p", &err), &err);
	put("p/seal.toml", STR("# a comment\n" TEXT));
	MUST(trust("p", &err), &err);
	put("p/seal.toml", STR(TEXT "max_tokens = 5\n"));
	refused("p", "was changed since you approved it; `seal manifest diff`");
	put("p/seal.toml", STR(TEXT));
	MUST(trust("p", &err), &err);
}

TEST(a_value_that_is_set_to_its_default_is_another_manifest)
{
	project(TEXT);
	approve_here();
	put("p/seal.toml", STR(TEXT "thinking = \"adaptive\"\n"));
	refused("p", "was changed since");
}

TEST(both_forms_of_an_entry_are_one_manifest)
{
	struct err err;

	project(TEXT "[capabilities.allow.commands]\npatterns = [\"a\"]\n");
	approve_here();
	put("p/seal.toml", STR(TEXT "[[capabilities.allow.commands.patterns]]\ncommand = 'a'\n"));
	MUST(trust("p", &err), &err);
}

TEST(a_copy_elsewhere_is_not_signed)
{
	project(TEXT);
	approve_here();
	assert_int_equal(RUN_PROGRAM(NULL, "cp", "-a", "p", "q"), 0);
	refused("q", "q/seal.toml is not signed");
}

static void approval_path(const char *root, char *path, size_t size)
{
	char real[4096], hash[HASH_HEX];

	assert_non_null(realpath(root, real));
	hash_hex(str_of(real), hash);
	(void)snprintf(path, size, "seal/approvals/%s", hash);
}

static void copy_approval(const char *suffix)
{
	char p[128], q[128], from[160], to[160];

	approval_path("p", p, sizeof(p));
	approval_path("q", q, sizeof(q));
	(void)snprintf(from, sizeof(from), "%s%s", p, suffix);
	(void)snprintf(to, sizeof(to), "%s%s", q, suffix);
	assert_int_equal(RUN_PROGRAM(NULL, "cp", from, to), 0);
}

TEST(an_approval_put_under_another_root_says_whose_it_is)
{
	project(TEXT);
	approve_here();
	assert_int_equal(RUN_PROGRAM(NULL, "cp", "-a", "p", "q"), 0);
	copy_approval(".sig");
	refused("q", "does not hold");
	copy_approval(".json");
	refused("q", "is an approval for /tmp/seal-home-");
}

TEST(no_byte_of_an_approval_can_be_changed)
{
	cleanup_buf struct buf text = BUF_INIT;
	char path[160];
	struct err err;

	project(TEXT);
	approve_here();
	approval_path("p", path, sizeof(path) - 4);
	memcpy(path + strlen(path), ".sig", 5);
	get(path, &text);
	for (size_t i = 0; i < text.len; i += 3) {
		text.data[i] ^= 1;
		put(path, buf_str(&text));
		refused("p", "does not hold");
		text.data[i] ^= 1;
	}
	put(path, buf_str(&text));
	MUST(trust("p", &err), &err);
}

TEST(no_byte_of_a_value_can_be_changed)
{
	cleanup_buf struct buf text = BUF_INIT;

	project(TEXT "[capabilities.allow.commands]\npatterns = [\"cargo test:*\"]\n");
	approve_here();
	get("p/seal.toml", &text);
	for (size_t i = 0; i < text.len; i++) {
		cleanup_with(manifest_free) struct manifest *manifest = NULL;
		struct err err;

		text.data[i] ^= 2;
		if (manifest_parse(buf_str(&text), "t", &manifest, &err) == 0 &&
		    manifest_trust(manifest, "p", &err) == 0)
			fail_msg("byte %zu, now '%c', changed, and accepted", i, text.data[i]);
		text.data[i] ^= 2;
	}
}

TEST(a_key_that_is_no_longer_trusted_is_refused)
{
	struct err err;

	project(TEXT);
	approve_here();
	MUST(trust("p", &err), &err);
	put("seal/allowed_signers", STR("# nobody\n"));
	refused("p", "the key is not trusted (`seal keys trust KEY` trusts it)");
	refused("p", "SHA256:");
	/* And who can write that file could trust anybody. */
	assert_int_equal(chmod("seal/allowed_signers", 0666), 0);
	refused("p", "can be written by others");
}

static void team_sign(const char *name_space)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_buf struct buf bytes = BUF_INIT;
	struct err err;

	MUST(manifest_load("p", &manifest, &err), &err);
	MUST(manifest_canonical(manifest, MANIFEST_ANY_ROOT, &bytes, &err), &err);
	put("c", buf_str(&bytes));
	(void)unlink("c.sig");
	(void)unlink("team");
	assert_int_equal(
	    RUN_PROGRAM(NULL, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "team"), 0);
	assert_int_equal(RUN_PROGRAM(NULL, "ssh-keygen", "-q", "-Y", "sign", "-n",
				     (char *)(uintptr_t)name_space, "-f", "team", "c"),
			 0);
	assert_int_equal(rename("c.sig", "p/seal.toml.sig"), 0);
}

static void trust_team(void)
{
	cleanup_buf struct buf line = BUF_INIT;
	struct crypto_key key;
	struct err err;

	get("team.pub", &line);
	MUST(crypto_key_read(buf_str(&line), &key, &err), &err);
	MUST(crypto_trust(&key, "team", &err), &err);
}

TEST(a_teams_signature_counts_when_its_key_is_trusted)
{
	struct err err;

	project(TEXT);
	team_sign("seal-manifest");
	refused("p", "the key is not trusted");
	trust_team();
	MUST(trust("p", &err), &err);
	assert_int_equal(RUN_PROGRAM(NULL, "cp", "-a", "p", "q"), 0);
	MUST(trust("q", &err), &err);
	put("p/seal.toml", STR(TEXT "max_tokens = 5\n"));
	refused("p", "p/seal.toml.sig does not cover this seal.toml");
}

TEST(a_signature_for_another_use_is_refused)
{
	project(TEXT);
	team_sign("file");
	trust_team();
	refused("p", "the signature was made for \"file\", not for \"seal-manifest\"");
}

TEST(a_personal_signature_is_no_team_signature)
{
	char path[160], from[170];

	project(TEXT);
	approve_here();
	approval_path("p", path, sizeof(path));
	(void)snprintf(from, sizeof(from), "%s.sig", path);
	assert_int_equal(RUN_PROGRAM(NULL, "mv", from, "p/seal.toml.sig"), 0);
	refused("p", "does not cover this seal.toml");
}

TEST(the_hash_is_what_is_approved)
{
	struct err err;
	char hash[65];

	project(TEXT);
	hash_of("p", "p", hash);
	put("p/seal.toml", STR(TEXT "max_tokens = 5\n"));
	assert_int_equal(approve_manifest("p", hash, &err), ERR_INPUT);
	assert_non_null(strstr(err.text, "look at what changed"));
	hash_of("p", "p", hash);
	assert_non_null(freopen("/dev/null", "r", stdin));
	assert_int_equal(approve_manifest("p", NULL, &err), ERR_INPUT);
	assert_non_null(strstr(err.text, hash));
	refused("p", "is not signed");
	hash_of("p", MANIFEST_ANY_ROOT, hash);
	MUST(approve_manifest_team("p", hash, &err), &err);
	MUST(trust("p", &err), &err);
}

/* A person at a terminal reads until the question, and answers. */
static int answer_at_terminal(const char *answer)
{
	cleanup_buf struct buf seen = BUF_INIT;
	cleanup_close int terminal = -1;
	int status;
	pid_t pid = forkpty(&terminal, NULL, NULL, NULL);

	assert_true(pid >= 0);
	if (pid == 0) {
		struct err err = {0};

		_exit(approve_manifest("p", NULL, &err) == 0 ? 0
		      : err.code == ERR_CANCELLED            ? 1
							     : 2);
	}
	while (str_find(buf_str(&seen), STR("[y/N]"), 0) == STR_NONE) {
		char chunk[512];
		ssize_t n = read(terminal, chunk, sizeof(chunk));

		assert_true(n > 0);
		buf_add(&seen, (struct str){chunk, (size_t)n});
	}
	assert_int_not_equal(str_find(buf_str(&seen), STR("May an agent do this?"), 0), STR_NONE);
	assert_int_not_equal(str_find(buf_str(&seen), STR("replay x"), 0), STR_NONE);
	assert_true(write(terminal, answer, strlen(answer)) > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

TEST(at_a_terminal_only_yes_approves)
{
	struct err err;

	project(TEXT);
	assert_int_equal(answer_at_terminal("\n"), 1);
	assert_int_equal(answer_at_terminal("n\n"), 1);
	assert_int_equal(answer_at_terminal("maybe y\n"), 1);
	assert_int_equal(answer_at_terminal("yyyyyyyyyyyyyyyyyyyyyyy\n"), 1);
	refused("p", "is not signed");
	assert_int_equal(answer_at_terminal("y\n"), 0);
	MUST(trust("p", &err), &err);
}

TEST(an_answer_is_added_and_signed_again)
{
	const struct manifest_edit edit = {EDIT_ALLOW, EDIT_COMMANDS, STR("make:*"), false};
	cleanup_buf struct buf text = BUF_INIT;
	struct err err;

	project(TEXT);
	assert_int_equal(approve_edit("p", &edit, &err), ERR_INPUT);
	assert_non_null(strstr(err.text, "is not signed"));
	get("p/seal.toml", &text);
	assert_true(str_is(buf_str(&text), TEXT));
	approve_here();
	MUST(approve_edit("p", &edit, &err), &err);
	MUST(trust("p", &err), &err);
	get("p/seal.toml", &text);
	assert_true(str_is(buf_str(&text), TEXT
			   "\n[capabilities.allow.commands]\npatterns = [\n  \"make:*\",\n]\n"));
	put("p/seal.toml", STR(TEXT "max_tokens = 5\n"));
	assert_int_equal(approve_edit("p", &edit, &err), ERR_INPUT);
	refused("p", "was changed since");
}

#define CLIENTS 4
#define ANSWERS 5

static int answer_many(char client)
{
	char name[] = {client, '0', '\0'};

	for (int i = 0; i < ANSWERS; i++) {
		struct manifest_edit edit = {EDIT_ALLOW, EDIT_COMMANDS, {name, 2}, false};
		struct err err;

		name[1] = (char)('0' + i);
		if (approve_edit("p", &edit, &err) < 0)
			return 1;
	}
	return 0;
}

TEST(of_clients_that_answer_at_once_none_loses)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	struct err err;

	project(TEXT);
	approve_here();
	for (int i = 0; i < CLIENTS; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			_exit(answer_many((char)('a' + i)));
	}
	for (int i = 0; i < CLIENTS; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	MUST(trust("p", &err), &err);
	MUST(manifest_load("p", &manifest, &err), &err);
	assert_int_equal(manifest->allow.commands.n_patterns, CLIENTS * ANSWERS);
}

TEST(words_say_what_is_granted_and_what_changed)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_buf struct buf text = BUF_INIT;
	struct err err;

	project(TEXT "[capabilities.allow.commands]\npatterns = [\n  \"a b\",\n]\n");
	approve_here();
	put("p/seal.toml",
	    STR(TEXT
		"[capabilities.allow.commands]\npatterns = [\n  \"a b\",\n"
		"  { command = \"c\xe2\x80\xae:*\", prompt = true },\n]\n[capabilities.deny.read]\n"
		"default_files = [\".env\"]\n[sandbox.os]\ncommand_fs = \"all\"\n"));
	MUST(manifest_load("p", &manifest, &err), &err);
	MUST(approve_describe(manifest, "p", APPROVE_HERE, &text, &err), &err);
	assert_non_null(strstr(text.data, "Model\n    replay x\n"));
	assert_non_null(strstr(
	    text.data, "May run, in the sandbox\n    a b\n    c\\u{202e}:*   (asks every time)\n"));
	assert_non_null(strstr(text.data, "Never reads\n    .env, everywhere\n"));
	assert_non_null(strstr(text.data, "! commands see the whole machine\n"));
	assert_non_null(strstr(text.data, "Changed since it was last approved\n"));
	assert_non_null(strstr(text.data, "+   { command = \"c\\u{202e}:*\", prompt = true },\n"));
	assert_null(strstr(text.data, "\n-"));
}

static const struct wording {
	const char *name, *rules, *has, *lacks;
} wordings[] = {
	{ "a denied pattern is said as it is",
	  "[capabilities.deny.commands]\npatterns = [\"curl:*\"]\n", "Never runs\n    curl:*\n",
	  "reach" },
	{ "a denied pattern with hosts is cut off from these, and runs",
	  "[capabilities.deny.commands]\npatterns = [{ command = \"npm:*\", domains = "
	  "[\"a.example\"] }]\n",
	  "Runs with less\n    npm:*   may not reach a.example\n", "Never runs" },
	{ "what may be written and what runs it are said together",
	  "[capabilities.allow.write]\ndefault_files = [\"*\"]\npaths = [\"src/**\"]\n"
	  "[capabilities.allow.commands]\npatterns = [\"ls:*\", \"cargo test:*\"]\n",
	  "! write to src/** plus silent cargo test:* = any code, inside the sandbox\n", NULL },
	{ "not when that command asks",
	  "[capabilities.allow.write]\ndefault_files = [\"*\"]\npaths = [\"src/**\"]\n"
	  "[capabilities.allow.commands]\npatterns = [{ command = \"cargo test:*\", prompt = true "
	  "}]\n",
	  NULL, "any code" },
	{ "nor when writing asks",
	  "[capabilities.allow.write]\ndefault_files = [\"*\"]\npaths = [{ path = \"src/**\", "
	  "prompt = true }]\n"
	  "[capabilities.allow.commands]\npatterns = [\"cargo test:*\"]\n",
	  NULL, "any code" },
	{ "nor of a command that only looks",
	  "[capabilities.allow.write]\ndefault_files = [\"*\"]\npaths = [\"**\"]\n"
	  "[capabilities.allow.commands]\npatterns = [\"ls:*\", \"makeinfo:*\"]\n",
	  NULL, "any code" },
	{ "a script with a star is that script alone",
	  "[capabilities.allow.commands]\npatterns = [\"npm run test:*\"]\n",
	  "! npm run test:* is the script test alone, no other that begins so; did you mean npm "
	  "run *?\n",
	  NULL },
	{ "all scripts are all scripts",
	  "[capabilities.allow.commands]\npatterns = [\"npm run:*\", \"npm run *\"]\n", NULL,
	  "did you mean" },
};

TEST(words_warn_of_what_is_wider_or_narrower_than_it_looks)
{
	TEST_ROWS (wordings, row) {
		cleanup_with(manifest_free) struct manifest *manifest = NULL;
		cleanup_buf struct buf rules = BUF_INIT, text = BUF_INIT;
		struct err err;

		buf_addf(&rules, "%s%s", TEXT, row->rules);
		project(rules.data);
		MUST(manifest_load("p", &manifest, &err), &err);
		MUST(approve_describe(manifest, "p", APPROVE_HERE, &text, &err), &err);
		if ((row->has && !strstr(text.data, row->has)) ||
		    (row->lacks && strstr(text.data, row->lacks)))
			fail_msg("%s:\n%s", row->name, text.data);
	}
}

TEST_MAIN_AT_HOME(RUN(an_unsigned_manifest_is_refused),
                  RUN(words_warn_of_what_is_wider_or_narrower_than_it_looks),
                  RUN(an_approved_one_is_trusted_until_it_changes),
                  RUN(a_value_that_is_set_to_its_default_is_another_manifest),
                  RUN(both_forms_of_an_entry_are_one_manifest), RUN(a_copy_elsewhere_is_not_signed),
                  RUN(an_approval_put_under_another_root_says_whose_it_is),
                  RUN(no_byte_of_an_approval_can_be_changed),
                  RUN(no_byte_of_a_value_can_be_changed),
                  RUN(a_key_that_is_no_longer_trusted_is_refused),
                  RUN(a_teams_signature_counts_when_its_key_is_trusted),
                  RUN(a_signature_for_another_use_is_refused),
                  RUN(a_personal_signature_is_no_team_signature), RUN(the_hash_is_what_is_approved),
                  RUN(at_a_terminal_only_yes_approves), RUN(an_answer_is_added_and_signed_again),
                  RUN(of_clients_that_answer_at_once_none_loses),
                  RUN(words_say_what_is_granted_and_what_changed))
