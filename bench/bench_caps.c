/* The price of a verdict, in time of the processor: nothing here waits. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "caps/caps.h"
#include "manifest/manifest.h"

#define ROUNDS 5

static double now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

struct rules {
	struct manifest *manifest;
	struct caps *caps;
};

/* `n` rules on commands, and as many on paths and hosts as a project has. */
static struct rules make_rules(unsigned int n)
{
	static const char *const programs[] = { "git", "cargo", "npm", "make", "kubectl" };
	struct caps_context context = { .root = "/proj", .home = "/home/dev" };
	cleanup_buf struct buf text = BUF_INIT;
	struct rules rules = { 0 };
	struct err err;

	buf_adds(&text,
	         "schema_version = 1\n[model]\nprovider = \"replay\"\nname = \"none\"\n"
	         "[capabilities.allow.commands]\npatterns = [\"cargo test:*\", \"tail:*\", ");
	for (unsigned int i = 0; i + 202 < n + 200; i++)
		buf_addf(&text, "\"%s sub%u --option%u:*\", ", programs[i % 5], i % 97, i);
	buf_adds(&text,
	         "]\n[capabilities.allow.read]\ndefault_files = [\"*.rs\", \"*.toml\"]\npaths = [");
	for (unsigned int i = 0; i < 50; i++)
		buf_addf(&text, "\"crates/c%u/**\", ", i);
	buf_adds(
		&text,
		"\"src/**\"]\n[capabilities.deny.read]\ndefault_files = [\".env\", \"*.pem\"]\n"
		"[capabilities.allow.network]\ndomains = [\"api.example.com\", \"*.crates.io\"]\n");
	if (manifest_parse(buf_str(&text), "rules", &rules.manifest, &err) < 0 ||
	    caps_compile(rules.manifest, &context, &rules.caps, &err) < 0) {
		(void)fprintf(stderr, "bench_caps: %s\n", err.text);
		exit(1);
	}
	return rules;
}

static void measure(const char *name, struct caps *caps, const struct caps_question *question,
                    unsigned int calls)
{
	double best = 1e12;

	for (int round = 0; round < ROUNDS; round++) {
		double start = now_us(), took;

		for (unsigned int i = 0; i < calls; i++) {
			struct caps_answer answer = caps_check(caps, question);

			if (answer.verdict != CAPS_ALLOW) {
				(void)fprintf(stderr, "bench_caps: %s is not allowed\n", name);
				exit(1);
			}
			caps_answer_fini(&answer);
		}
		took = (now_us() - start) / calls;
		best = took < best ? took : best;
	}
	(void)printf("{\"name\":\"%s\",\"value\":%.3f,\"unit\":\"us\"}\n", name, best);
}

int main(void)
{
	struct caps_question command = { .verb = CAPS_RUN,
		                         .subject = STR("cargo test -p core 2>&1 | tail -n 40"),
		                         .cwd = STR("/proj") };
	struct caps_question path = { .verb = CAPS_READ,
		                      .subject = STR("src/a/b.rs"),
		                      .canonical = STR("/proj/src/a/b.rs"),
		                      .exists = true,
		                      .is_regular = true,
		                      .links = 1 };
	struct caps_question host = { .verb = CAPS_CONNECT,
		                      .subject = STR("https://static.crates.io/x") };
	struct rules few = make_rules(200), many = make_rules(9800);

	measure("caps.command_200", few.caps, &command, 5000);
	measure("caps.command_10000", many.caps, &command, 200);
	measure("caps.path", few.caps, &path, 20000);
	measure("caps.host", few.caps, &host, 20000);
	caps_free(few.caps);
	manifest_free(few.manifest);
	caps_free(many.caps);
	manifest_free(many.manifest);
	return 0;
}
