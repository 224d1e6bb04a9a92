/* Any bytes as a name and as a rule: what is never written is never allowed. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "caps/caps.h"
#include "manifest/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const char rules[] =
	"schema_version = 1\n[model]\nprovider = \"replay\"\nname = \"none\"\n"
	"[capabilities.allow.read]\ndefault_files = [\"*\"]\npaths = [\"**\"]\n"
	"[capabilities.allow.write]\ndefault_files = [\"*\"]\npaths = [\"**\"]\n"
	"[capabilities.deny.read]\ndefault_files = [\".env\"]\n";

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct manifest *manifest;
	struct caps_context context = { .root = "/proj", .home = "/home/dev" };
	cleanup_with(caps_free) struct caps *caps = NULL;
	struct caps_question question = { .exists = true, .is_regular = true, .links = 1 };
	struct str text = { (const char *)bytes, size };
	struct err err;

	if (!manifest && manifest_parse(str_of(rules), "rules", &manifest, &err) < 0)
		abort();
	if (caps_compile(manifest, &context, &caps, &err) < 0)
		abort();
	question.subject = question.canonical = text;
	for (question.verb = CAPS_READ; question.verb <= CAPS_DELETE; question.verb++) {
		cleanup_caps_answer struct caps_answer answer = caps_check(caps, &question);

		if (answer.verdict == CAPS_ALLOW && str_chr(text, '\0') != STR_NONE)
			abort();
		if (answer.verdict == CAPS_ALLOW && question.verb == CAPS_WRITE &&
		    (str_find(text, STR("/seal.toml"), 0) != STR_NONE &&
		     str_ends(text, STR("/seal.toml"))))
			abort();
	}
	/* The same bytes as a rule for this very name. */
	if (size && str_chr(text, '\0') == STR_NONE &&
	    caps_remember(caps, CAPS_READ, text, true, &err) == 0) {
		question.verb = CAPS_READ;
		cleanup_caps_answer struct caps_answer answer = caps_check(caps, &question);
		(void)answer.verdict;
	}
	return 0;
}
