/* `seal doctor`: what the sandbox finds out, one command in it, and the project. */
#include "gate/by_hand.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/json.h"
#include "llm/keys.h"
#include "llm/llm.h"
#include "manifest/manifest.h"
#include "manifest/trust.h"
#include "sandbox/probe.h"
#include "sandbox/sandbox.h"

#define OWN_LINES 6
#define PLAIN     "schema_version = 1\n[model]\nprovider = \"replay\"\nname = \"none\"\n"

static void found(struct probe_line *line, const char *text)
{
	(void)snprintf(line->found, sizeof(line->found), "%.255s", text);
}

/* A whole one: plan, namespaces, proxy, walls, end. */
static int run_true(const char *folder, const char *runtime, struct err *err)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_with(sandbox_free) struct sandbox *sandbox = NULL;
	cleanup_with(sandbox_outcome_fini) struct sandbox_outcome outcome = { 0 };
	struct sandbox_setup setup = { .root = folder, .runtime_dir = runtime };
	struct sandbox_command command = { .grant = (struct grant_command){ STR("true"), folder,
		                                                            NULL, NULL },
		                           .timeout_s = 10,
		                           .output_max = 4096,
		                           .cancel_fd = -1,
		                           .stdin_fd = -1,
		                           .stdout_fd = -1,
		                           .stderr_fd = -1 };

	if (manifest_parse(STR(PLAIN), "doctor", &manifest, err) < 0)
		return err->code;
	setup.manifest = manifest;
	if (sandbox_new(&setup, &sandbox, err) < 0 ||
	    sandbox_run(sandbox, &command, &outcome, err) < 0)
		return err->code;
	if (!outcome.started)
		return err_set(err, ERR_SYS, "%s", outcome.error->text);
	if (outcome.exit_code != 0)
		return err_set(err, ERR_SYS, "`true` ended with %d", outcome.exit_code);
	return 0;
}

static void try_command(struct probe_line *line)
{
	cleanup_free char *runtime = NULL, *folder = NULL;
	char path[PATH_MAX] = "";
	struct err err;
	int r = by_hand_runtime(&runtime, &err);

	*line = (struct probe_line){ .name = "a command", .state = PROBE_FAILED, .remedy = "" };
	if (r >= 0) {
		(void)snprintf(path, sizeof(path), "%s/doctor-XXXXXX", runtime);
		if (mkdtemp(path))
			folder = realpath(path, NULL);
		r = folder ? run_true(folder, runtime, &err) : err_sys(&err, "create %s", path);
		(void)rmdir(path);
	}
	found(line, r < 0 ? err.text : "runs in the sandbox, with its proxy");
	if (r < 0) {
		line->remedy = "the line above names the part; `seal selftest` tries more";
		return;
	}
	line->state = PROBE_GOOD;
}

static void look_at_model(const struct manifest *manifest, struct probe_line *line)
{
	cleanup_key struct key key = { 0 };
	struct err err;
	char text[256];

	*line = (struct probe_line){ .name = "model", .state = PROBE_GOOD, .remedy = "" };
	(void)snprintf(text, sizeof(text), "%.*s %.*s%s%.*s", STR_ARG(manifest->model.provider),
	               STR_ARG(manifest->model.name), manifest->model.base_url.len ? " at " : "",
	               STR_ARG(manifest->model.base_url));
	found(line, text);
	if (str_is(manifest->model.provider, "replay") || manifest->model.base_url.len ||
	    keys_find(manifest->model.provider, &key, &err) >= 0)
		return;
	line->state = PROBE_WARNING;
	found(line, err.text);
	line->remedy = "`seal login` keeps a key; or set the provider's variable";
}

/* Only a server of one's own is asked: a provider far away may take its time. */
static void look_at_server(const struct manifest *manifest, struct probe_line *lines, size_t *n)
{
	cleanup_free char *url = str_dup(manifest->model.base_url);
	struct probe_line *line = &lines[*n];
	struct err err;

	if (!manifest->model.base_url.len || !url)
		return;
	*line = (struct probe_line){ .name = "model server", .state = PROBE_GOOD, .remedy = "" };
	++*n;
	found(line, "answers");
	if (llm_reach(url, &err) >= 0)
		return;
	line->state = PROBE_WARNING;
	found(line, err.text);
	line->remedy = "start the server, or set base_url of [model] to where it listens";
}

static void look_at_terminal(struct probe_line *line)
{
	const char *term = getenv("TERM");
	bool is_plain = !term || !*term || strcmp(term, "dumb") == 0;

	*line = (struct probe_line){ .name = "terminal", .state = PROBE_GOOD, .remedy = "" };
	found(line, is_plain ? "TERM names none" : term);
	if (!is_plain)
		return;
	line->state = PROBE_WARNING;
	line->remedy = "start seal in a terminal, with its TERM; `seal run` needs none";
}

/* Of the folder that it is run in; where there is none that is no fault. */
static void look_at_manifest(struct probe_line *lines, size_t *n)
{
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_free char *root = NULL;
	struct probe_line *line = &lines[*n];
	char cwd[PATH_MAX];
	struct err err;

	if (!getcwd(cwd, sizeof(cwd)) || manifest_find_root(cwd, &root, &err) < 0)
		return;
	*line = (struct probe_line){ .name = "manifest", .state = PROBE_WARNING, .remedy = "" };
	++*n;
	if (manifest_load(root, &manifest, &err) < 0) {
		found(line, err.text);
		line->remedy = "put right what it names; `seal manifest show` reads it again";
		return;
	}
	if (manifest_trust(manifest, root, &err) < 0) {
		found(line, err.text);
		line->remedy = "`seal manifest diff`, then `seal manifest sign`";
	} else {
		line->state = PROBE_GOOD;
		found(line, "seal.toml is approved");
	}
	look_at_model(manifest, &lines[(*n)++]);
	look_at_server(manifest, lines, n);
}

static const char *const states[] = { [PROBE_FAILED] = "FAILED",
	                              [PROBE_WARNING] = "warn",
	                              [PROBE_GOOD] = "ok" };

static void doctor_json(const struct probe_line *lines, size_t n, bool works, struct buf *text)
{
	struct json w = json_to(text);

	json_object(&w);
	json_kv_bool(&w, "works", works);
	json_key(&w, "lines");
	json_array(&w);
	for (size_t i = 0; i < n; i++) {
		json_object(&w);
		json_kv(&w, "name", str_of(lines[i].name));
		json_kv(&w, "state", str_of(states[lines[i].state]));
		json_kv(&w, "found", str_of(lines[i].found));
		json_kv(&w, "remedy", str_of(lines[i].remedy));
		json_end(&w);
	}
	json_end(&w);
	json_end(&w);
	buf_addc(text, '\n');
}

int by_hand_doctor(bool as_json, struct buf *ret_text, bool *ret_works, struct err *err)
{
	struct probe_line lines[PROBE_LINES_MAX + OWN_LINES];
	size_t n = probe_all(lines);
	bool works = true;

	for (size_t i = 0; i < n; i++)
		works &= lines[i].state != PROBE_FAILED;
	if (works)
		try_command(&lines[n++]);
	look_at_terminal(&lines[n++]);
	look_at_manifest(lines, &n);
	for (size_t i = 0; i < n; i++)
		works &= lines[i].state != PROBE_FAILED;
	*ret_works = works;
	if (as_json) {
		doctor_json(lines, n, works, ret_text);
		return buf_check(ret_text, "the report", err);
	}
	for (size_t i = 0; i < n; i++) {
		buf_addf(ret_text, "%-6s  %-16s %s\n", states[lines[i].state], lines[i].name,
		         lines[i].found);
		if (lines[i].remedy[0])
			buf_addf(ret_text, "        %-16s -> %s\n", "", lines[i].remedy);
	}
	buf_addf(ret_text, "\nsandbox: %s\n",
	         works ? "ready" : "unavailable; seal runs no command until it is");
	return buf_check(ret_text, "the report", err);
}
