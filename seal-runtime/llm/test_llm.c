#include "llm/llm.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/test.h"
#include "manifest/manifest.h"

#define REQUEST                                                                                    \
	"{\"system\":\"s\",\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":{\"text\":"     \
	"\"hi\"}}]}],\"tools\":[],\"max-output-tokens\":null,\"purpose\":\"turn\"}"

static struct manifest of(const char *provider, const char *name)
{
	return (struct manifest){
		.model = { .provider = str_of(provider), .name = str_of(name) },
	};
}

static bool ask(struct llm *llm, const char *words)
{
	cleanup_buf struct buf json = BUF_INIT;
	struct err err;

	MUST(llm_chat(llm, STR(REQUEST), NULL, -1, &json, &err), &err);
	return strstr(json.data, words) != NULL;
}

static bool info_has(struct llm *llm, const char *words)
{
	cleanup_buf struct buf json = BUF_INIT;
	struct err err;

	MUST(llm_info(llm, &json, &err), &err);
	return strstr(json.data, words) != NULL;
}

TEST(a_reload_keeps_what_was_spent_and_where_the_recording_is)
{
	cleanup_with(llm_free) struct llm *llm = NULL;
	struct manifest manifest = of("replay", "sample");
	struct err err;

	MUST(llm_new(&manifest, NULL, &llm, &err), &err);
	assert_true(ask(llm, "\"ok\""));
	assert_int_equal(llm_tokens(llm), 46);
	manifest.model.context_length = 777;
	MUST(llm_reload(llm, &manifest, &err), &err);
	assert_true(info_has(llm, "\"context-length\":777"));
	assert_int_equal(llm_tokens(llm), 46);
	assert_true(ask(llm, "no reply left"));
}

TEST(a_reload_that_fails_changes_nothing)
{
	cleanup_with(llm_free) struct llm *llm = NULL;
	struct manifest good = of("replay", "sample"), bad = of("replay", "/nonexistent/x");
	struct err err;

	MUST(llm_new(&good, NULL, &llm, &err), &err);
	assert_int_equal(llm_reload(llm, &bad, &err), ERR_SYS);
	assert_non_null(strstr(err.text, "/nonexistent/x"));
	assert_true(info_has(llm, "\"name\":\"sample\""));
	assert_true(ask(llm, "\"ok\""));
}

TEST(the_manifest_may_go_after_the_model_was_made)
{
	cleanup_with(llm_free) struct llm *llm = NULL;
	char *name = strdup("sample");
	struct manifest manifest = of("replay", name);
	struct err err;

	MUST(llm_new(&manifest, NULL, &llm, &err), &err);
	memset(name, 'x', strlen(name));
	free(name);
	assert_true(info_has(llm, "\"name\":\"sample\""));
}

TEST(a_request_that_is_no_object_is_a_fault)
{
	cleanup_with(llm_free) struct llm *llm = NULL;
	struct manifest manifest = of("replay", "sample");
	cleanup_buf struct buf json = BUF_INIT;
	struct err err;

	MUST(llm_new(&manifest, NULL, &llm, &err), &err);
	assert_int_equal(llm_chat(llm, STR("[1]"), NULL, -1, &json, &err), ERR_INPUT);
	assert_int_equal(json.len, 0);
}

TEST_MAIN(RUN(a_reload_keeps_what_was_spent_and_where_the_recording_is),
          RUN(a_reload_that_fails_changes_nothing),
          RUN(the_manifest_may_go_after_the_model_was_made),
          RUN(a_request_that_is_no_object_is_a_fault))
