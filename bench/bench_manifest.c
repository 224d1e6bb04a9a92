/* The price of a manifest: loading it, and loading it as a session does, with its signature. */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "manifest/approve.h"
#include "manifest/edit.h"
#include "manifest/manifest.h"
#include "manifest/trust.h"

/* The best of so many counts. */
#define ROUNDS 30

static char home[64];

static double now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

static void drop_home(void)
{
	(void)nftw(home, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void must(int r, const struct err *err)
{
	if (r >= 0)
		return;
	(void)fprintf(stderr, "bench_manifest: %s\n", err->text);
	exit(1);
}

static void say(const char *name, double value)
{
	(void)printf("{\"name\":\"%s\",\"value\":%.3f,\"unit\":\"us\"}\n", name, value);
}

/* A project whose manifest has so many rules, approved. */
static void make_project(size_t rules)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_buf struct buf text = BUF_INIT, path = BUF_INIT;
	struct err err = {0};
	char hash[65];

	buf_adds(&text, "schema_version = 1\n[model]\nprovider = \"replay\"\nname = \"x\"\n"
			"[capabilities.allow.commands]\npatterns = [\n");
	for (size_t i = 0; i < rules; i++)
		buf_addf(&text, "  \"tool-%zu check --all:*\",\n", i);
	buf_adds(&text, "]\n");
	buf_addf(&path, "%s/" MANIFEST_NAME, home);
	must(buf_check(&text, "the text", &err), &err);
	must(buf_check(&path, "the path", &err), &err);
	must(fd_replace_path(path.data, buf_str(&text), 0600, &err), &err);
	must(manifest_load(home, &manifest, &err), &err);
	must(manifest_canonical_hash(manifest, home, hash, &err), &err);
	must(approve_manifest(home, hash, &err), &err);
}

static double load(bool verify)
{
	struct err err = {0};
	double best = 1e12;

	for (int i = 0; i < ROUNDS; i++) {
		cleanup_with(manifest_free) struct manifest *manifest = NULL;
		double start = now_us(), took;

		must(manifest_load(home, &manifest, &err), &err);
		if (verify)
			must(manifest_trust(manifest, home, &err), &err);
		took = now_us() - start;
		best = took < best ? took : best;
	}
	return best;
}

static double edit(void)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	const struct manifest_edit answer = {EDIT_ALLOW, EDIT_COMMANDS, STR("make:*"), false};
	struct err err = {0};
	double best = 1e12;

	must(manifest_load(home, &manifest, &err), &err);
	for (int i = 0; i < ROUNDS; i++) {
		cleanup_buf struct buf text = BUF_INIT;
		double start = now_us(), took;

		must(manifest_edit_add(manifest->text, &answer, &text, &err), &err);
		took = now_us() - start;
		best = took < best ? took : best;
	}
	return best;
}

int main(void)
{
	(void)snprintf(home, sizeof(home), "/tmp/seal-bench-XXXXXX");
	if (!mkdtemp(home) || atexit(drop_home) != 0)
		return 1;
	(void)setenv("XDG_CONFIG_HOME", home, 1);
	(void)setenv("XDG_STATE_HOME", home, 1);
	(void)unsetenv("SEAL_KEY_BACKEND");
	make_project(200);
	say("manifest.parse_200", load(false));
	say("manifest.load_200", load(true));
	say("manifest.edit_200", edit());
	make_project(10000);
	say("manifest.load_10000", load(true));
	return 0;
}
