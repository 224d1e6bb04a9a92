/* For caps/ tests: rules as lines of a seal.toml, compiled for /proj and /home/dev. */
#pragma once

#include "base/test.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "caps/caps.h"
#include "manifest/manifest.h"

struct rules {
	struct manifest *manifest;
	struct caps *caps;
	struct err err; /* why caps is NULL */
};

static inline struct rules rules_new(const char *lines)
{
	struct caps_context context = { .root = "/proj", .home = "/home/dev", .explain = true };
	cleanup_buf struct buf text = BUF_INIT;
	struct rules rules = { 0 };

	buf_adds(&text, "schema_version = 1\n[model]\nprovider = \"replay\"\nname = \"none\"\n");
	buf_adds(&text, lines);
	if (manifest_parse(buf_str(&text), MANIFEST_NAME, &rules.manifest, &rules.err) == 0)
		(void)caps_compile(rules.manifest, &context, &rules.caps, &rules.err);
	return rules;
}

static inline void rules_free(struct rules *rules)
{
	caps_free(rules->caps);
	manifest_free(rules->manifest);
}

/* A file question about a regular file that lies where it says. */
static inline struct caps_question file_question(enum caps_verb verb, const char *path)
{
	return (struct caps_question){ .verb = verb,
		                       .subject = str_of(path),
		                       .canonical = str_of(path),
		                       .exists = true,
		                       .is_regular = true,
		                       .links = 1 };
}
