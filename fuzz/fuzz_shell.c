/* Any text as a command: an answer in bounded time, and a script only when allowed. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "caps/caps.h"
#include "manifest/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const char rules[] = "schema_version = 1\n[model]\nprovider = \"replay\"\nname = \"none\"\n"
			    "[capabilities.allow.commands]\npatterns = [\"ls:*\", \"cat:*\", "
                            "\"git:*\", \"find:*\", \"sed:*\", \"awk:*\", "
			    "\"xargs:*\", \"curl:*\", \"make:*\", \"cp:*\", \"tar:*\"]\n"
			    "[capabilities.deny.commands]\npatterns = [\"rm:*\", \"git push:*\"]\n"
			    "[capabilities.deny.read]\ndefault_files = [\".env\"]\n"
			    "[security]\nallow_subshell = true\nallow_redirects = \"files\"\n";

static struct caps *compiled(void)
{
	static struct caps *caps;
	static struct manifest *manifest;
	struct caps_context context = { .root = "/proj", .home = "/home/dev" };
	struct err err;

	if (!caps && (manifest_parse(str_of(rules), "rules", &manifest, &err) < 0 ||
	              caps_compile(manifest, &context, &caps, &err) < 0))
		abort();
	return caps;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct caps_question question = { .verb = CAPS_RUN,
		                          .subject = { (const char *)bytes, size },
		                          .cwd = STR("/proj") };
	cleanup_caps_answer struct caps_answer answer = caps_check(compiled(), &question);

	if (answer.n_parts == 0)
		abort(); /* nobody could be told why */
	if ((answer.script.len != 0) != (answer.verdict == CAPS_ALLOW))
		abort();
	for (size_t i = 0; i < answer.n_parts; i++)
		if (answer.parts[i].verdict < answer.verdict)
			abort(); /* the strictest part decides */
	return 0;
}
