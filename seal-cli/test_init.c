#include "base/test.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "caps/caps.h"
#include "manifest/manifest.h"
#include "seal-cli/init.h"

#define SCREEN_LINES 50

static void compile(size_t type, struct manifest **ret_manifest, struct caps **ret_caps)
{
	const struct caps_context context = {.root = "/p", .home = "/home/u"};
	struct init_choice choice = {.project = "p", .provider = "anthropic", .model = "m"};
	cleanup_buf struct buf text = BUF_INIT;
	size_t lines = 0;
	struct err err;

	assert_true(init_set_type(&choice, init_types[type].name));
	init_write(&choice, &text);
	for (size_t i = 0; i < text.len; i++)
		lines += text.data[i] == '\n';
	if (lines > SCREEN_LINES)
		fail_msg("%s: %zu lines do not fit on a screen", init_types[type].name, lines);
	MUST(manifest_parse(buf_str(&text), "seal.toml", ret_manifest, &err), &err);
	MUST(caps_compile(*ret_manifest, &context, ret_caps, &err), &err);
}

static enum caps_verdict ask(const struct caps *caps, enum caps_verb verb, const char *subject)
{
	cleanup_buf struct buf canonical = BUF_INIT;
	struct caps_question question = {
	    .verb = verb, .subject = str_of(subject), .cwd = STR("/p")};
	cleanup_caps_answer struct caps_answer answer = {0};

	buf_addf(&canonical, "/p/%s", subject);
	question.canonical = buf_str(&canonical);
	question.is_regular = question.exists = true;
	question.links = 1;
	answer = caps_check(caps, &question);
	return answer.verdict;
}

TEST(everyday_commands_of_every_type_need_no_prompt)
{
	for (size_t i = 0; i < init_n_types; i++) {
		cleanup_with(manifest_free) struct manifest *manifest = NULL;
		cleanup_with(caps_free) struct caps *caps = NULL;

		compile(i, &manifest, &caps);
		for (const char *const *command = init_types[i].everyday; *command; command++)
			if (ask(caps, CAPS_RUN, *command) != CAPS_ALLOW)
				fail_msg("%s: `%s` is not silent", init_types[i].name, *command);
	}
}

static const struct rule {
	const char *name;
	enum caps_verb verb;
	const char *subject;
	enum caps_verdict want;
} expected[] = {
    {"sources are read", CAPS_READ, "src/main.rs", CAPS_ALLOW},
    {"sources are written", CAPS_WRITE, "src/main.rs", CAPS_ALLOW},
    {"files of the project itself too", CAPS_WRITE, "README.md", CAPS_ALLOW},
    {"secrets are not read", CAPS_READ, ".env", CAPS_DENY},
    {"nor are they anywhere", CAPS_READ, "deploy/server.pem", CAPS_DENY},
    {"files are not removed unasked", CAPS_DELETE, "src/main.rs", CAPS_ASK},
    {"what is pushed is asked", CAPS_RUN, "git push origin main", CAPS_ASK},
    {"what is not listed is asked", CAPS_RUN, "rm -rf build", CAPS_ASK},
    {"the manifest is nobody's", CAPS_WRITE, "seal.toml", CAPS_DENY},
};

TEST(the_rules_are_these)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_with(caps_free) struct caps *caps = NULL;

	compile(0, &manifest, &caps);
	TEST_ROWS(expected, row)
	EXPECT_EQ(row, ask(caps, row->verb, row->subject), row->want);
}

TEST(all_types_at_once_load)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_buf struct buf text = BUF_INIT;
	struct init_choice choice = {.project = "a \"b\" \\",
				     .provider = "local",
				     .model = "m",
				     .base_url = "http://127.0.0.1:8080/v1"};
	struct err err;

	for (size_t i = 0; i < init_n_types; i++)
		choice.types[i] = true;
	init_write(&choice, &text);
	MUST(manifest_parse(buf_str(&text), "seal.toml", &manifest, &err), &err);
	assert_true(str_is(manifest->name, "a \"b\" \\"));
	assert_true(str_is(manifest->model.base_url, "http://127.0.0.1:8080/v1"));
	assert_false(init_set_type(&choice, "cobol"));
}

TEST_MAIN(RUN(everyday_commands_of_every_type_need_no_prompt), RUN(the_rules_are_these),
	  RUN(all_types_at_once_load))
