/* Record, check, ask, execute, record. */
#include "gate/gate.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit/audit.h"
#include "base/err.h"
#include "gate/agents.h"
#include "gate/mask/mask.h"
#include "gate/pass.h"
#include "llm/llm.h"
#include "manifest/manifest.h"
#include "sandbox/sandbox.h"
#include "store/store.h"

static const struct {
	const char *name;
	enum caps_verb verb;
	execute_fn *execute;
} entries[GATE_CALL_MAX] = {
#define CALL(interface, c_name, wit_name, verb, title) \
	[GATE_##interface##_##c_name] = { #interface "." wit_name, verb, execute_##interface##_##c_name },
#include "gate/calls.def"
#undef CALL
};

/* For names in scripts: where a `cd` or a redirect really leads. */
static bool resolve(void *ctx, const char *path, char *ret_path, size_t size)
{
	const struct gate *gate = ctx;
	struct fs_pin pin = FS_PIN_NONE;
	struct err ignored;
	int n;

	if (fs_pin(gate->roots, str_of(path), FS_WRITE, &pin, &ignored) < 0)
		return false;
	n = snprintf(ret_path, size, "%s", pin.path);
	fs_pin_fini(&pin);
	return n > 0 && (size_t)n < size;
}

static int compile(struct gate *gate, const struct manifest *manifest, struct caps **ret_caps,
		   struct err *err)
{
	struct caps_context context = { .root = gate->root, .home = gate->home ? gate->home : "",
					.resolve = resolve, .resolve_ctx = gate };

	return caps_compile(manifest, &context, ret_caps, err);
}

/* A path of the manifest as the system takes it; NULL when it is under an
 * unknown home. */
static char *expand(const struct gate *gate, struct str path)
{
	cleanup_buf struct buf out = BUF_INIT;

	if (str_starts(path, STR("~/"))) {
		if (!gate->home)
			return NULL;
		buf_adds(&out, gate->home);
		path = str_from(path, 1);
	} else if (path.len == 0 || path.data[0] != '/') {
		buf_addf(&out, "%s/", gate->root);
	}
	buf_add(&out, path);
	return buf_take(&out);
}

static int open_roots(struct gate *gate, const struct manifest *manifest, struct fs_roots **ret_roots,
		      struct err *err)
{
	const struct manifest_list *list = &manifest->allow.additional_directories;
	char **more = calloc(list->n + 1, sizeof(char *));
	size_t n = 0;
	int r;

	if (!more)
		return err_nomem(err);
	for (size_t i = 0; i < list->n; i++)
		if ((more[n] = expand(gate, list->items[i])))
			n++;
	r = fs_roots_new(gate->root, (const char *const *)more, ret_roots, err);
	for (size_t i = 0; i < n; i++)
		free(more[i]);
	free(more);
	return r;
}

static int fill(struct gate *gate, struct err *err)
{
	const char *home = getenv("HOME");
	cleanup_buf struct buf output = BUF_INIT;
	int r;

	gate->home = home && home[0] ? realpath(home, NULL) : NULL;
	buf_addf(&output, "%s/output/", gate->session_dir);
	gate->output_dir = buf_take(&output);
	gate->mask = mask_new();
	if (!gate->output_dir || !gate->mask)
		return err_nomem(err);
	mask_look(gate->mask, gate->root);
	r = open_roots(gate, gate->manifest, &gate->roots, err);
	if (r >= 0)
		r = compile(gate, gate->manifest, &gate->caps, err);
	return r < 0 ? r : store_open(gate->session_dir, &gate->store, err);
}

int gate_new(const struct gate_setup *setup, struct gate **ret_gate, struct err *err)
{
	cleanup_with(gate_free) struct gate *gate = calloc(1, sizeof(*gate));
	int r;

	if (!gate)
		return err_nomem(err);
	gate->manifest = setup->manifest;
	gate->root = setup->root;
	gate->session_dir = setup->session_dir;
	gate->session_id = setup->session_id;
	gate->audit = setup->audit;
	gate->llm = setup->llm;
	gate->up = setup->up;
	seen_open(gate);
	r = fill(gate, err);
	if (r < 0)
		return r;
	*ret_gate = take_ptr(gate);
	return 0;
}

void gate_free(struct gate *gate)
{
	if (!gate)
		return;
	sandbox_free(gate->sandbox);
	store_free(gate->store);
	caps_free(gate->caps);
	fs_roots_free(gate->roots);
	seen_close(gate);
	mask_free(gate->mask);
	agents_free(gate);
	free(gate->home);
	free(gate->output_dir);
	free(gate);
}

static int note_manifest(struct gate *gate, const struct manifest *manifest, struct err *err)
{
	cleanup_buf struct buf json = BUF_INIT;
	struct json w = json_to(&json);

	json_object(&w);
	json_kv(&w, "hash", str_of(manifest->text_hash));
	json_kv(&w, "text", manifest->text);
	json_end(&w);
	if (buf_check(&json, "the manifest", err) < 0)
		return err->code;
	return audit_note(gate->audit, "manifest", buf_str(&json), err);
}

void gate_begin_turn(struct gate *gate, int64_t max_turns)
{
	gate->max_turns = max_turns;
	gate->n_replies = gate->n_asides = 0;
	gate->n_turn_agents = 0;
	gate->agent = NULL;
	agents_free(gate);
}

bool gate_is_at_limit(const struct gate *gate)
{
	return gate->is_at_limit;
}

int gate_reload(struct gate *gate, const struct manifest *manifest, struct err *err)
{
	cleanup_with(fs_roots_free) struct fs_roots *roots = NULL;
	struct caps *caps = NULL;
	int r = open_roots(gate, manifest, &roots, err);

	if (r >= 0)
		r = compile(gate, manifest, &caps, err);
	if (r < 0)
		return r;
	r = note_manifest(gate, manifest, err);
	if (r < 0) {
		caps_free(caps);
		return r;
	}
	caps_free(gate->caps);
	gate->caps = caps;
	fs_roots_free(gate->roots);
	gate->roots = take_ptr(roots);
	gate->manifest = manifest;
	/* The sandbox follows the manifest; jobs of the old one end with it. */
	sandbox_free(gate->sandbox);
	gate->sandbox = NULL;
	return 0;
}

static void pass_finip(struct pass *pass)
{
	caps_answer_fini(&pass->answer);
	fs_pin_fini(&pass->pin);
	buf_fini(&pass->subject);
	buf_fini(&pass->canonical);
	buf_fini(&pass->diff);
	json_free(pass->doc);
}

/* Two questions have an answer of the gate's own, both about looking:
 * the output of the agent's own commands is its to read; and of a folder that
 * no rule speaks of, what is shown is judged entry by entry. */
static void judge_looking(struct pass *pass)
{
	bool looks = pass->id == GATE_tools_file_list || pass->id == GATE_tools_file_glob ||
		     pass->id == GATE_tools_grep;

	if (pass->answer.verdict == CAPS_ALLOW || pass->answer.rule.len ||
	    pass->question.verb != CAPS_READ || !pass->pin.path)
		return;
	if (pass->pin.is_regular &&
	    str_starts(str_of(pass->pin.path), str_of(pass->gate->output_dir))) {
		pass->answer.verdict = CAPS_ALLOW;
		pass->answer.rule = STR("the output of its own commands");
	} else if (looks && pass->pin.is_directory && !pass->pin.outside &&
		   (pass->id != GATE_tools_grep || pass_any_readable(pass))) {
		pass->answer.verdict = CAPS_ALLOW;
		pass->answer.rule = STR("each entry by its own rule");
	}
}

static void put_parts(const struct caps_answer *answer, struct buf *out)
{
	static const char *const verdicts[] = { "deny", "ask", "allow" };
	struct json w = json_to(out);

	json_object(&w);
	json_kv(&w, "reason", answer->reason);
	json_kv_int(&w, "line", answer->line);
	json_key(&w, "parts");
	json_array(&w);
	for (size_t i = 0; i < answer->n_parts; i++) {
		const struct caps_part *part = &answer->parts[i];

		json_object(&w);
		json_kv(&w, "operation", str_of(pass_verb_name(part->verb)));
		json_kv(&w, "text", part->text);
		json_kv(&w, "verdict", str_of(verdicts[part->verdict]));
		json_kv(&w, "rule", part->rule);
		json_kv(&w, "reason", part->reason);
		json_end(&w);
	}
	json_end(&w);
	json_end(&w);
}

static int record_decision(struct pass *pass)
{
	static const char *const verdicts[] = { "deny", "ask", "allow" };
	cleanup_buf struct buf parts = BUF_INIT;

	if (entries[pass->id].verb == CAPS_FREE)
		return 0;
	/* One allowed part is its rule; more is worth its bytes. */
	if (pass->answer.verdict != CAPS_ALLOW || pass->answer.n_parts > 1)
		put_parts(&pass->answer, &parts);
	if (buf_check(&parts, "the decision", pass->err) < 0)
		return pass->err->code;
	return audit_decision(pass->gate->audit, pass->seq, verdicts[pass->answer.verdict],
			      pass->answer.rule, buf_str(&parts), pass->err);
}

static const char *choice_name(const struct ask_reply *reply)
{
	static const char *const names[] = {
		[ASK_DENY] = "deny", [ASK_DENY_ALWAYS] = "deny-always",
		[ASK_ALLOW] = "allow", [ASK_ALLOW_ALWAYS] = "allow-always",
	};

	return reply->nobody ? "nobody" : names[reply->choice];
}

/* "Always" holds from now on: for each part that was not allowed, the pattern
 * that the person settled on. */
static int remember(struct pass *pass, const struct ask_reply *reply)
{
	bool allow = reply->choice == ASK_ALLOW_ALWAYS;
	size_t n = 0;

	if (reply->choice != ASK_ALLOW_ALWAYS && reply->choice != ASK_DENY_ALWAYS)
		return 0;
	for (size_t i = 0; i < pass->answer.n_parts && n < reply->n_patterns; i++) {
		const struct caps_part *part = &pass->answer.parts[i];
		struct err ignored;

		if (part->verdict == CAPS_ALLOW)
			continue;
		/* A pattern that cannot be kept costs another question, no more. */
		if (reply->patterns[n] && !(allow && part->only_once))
			(void)caps_remember(pass->gate->caps, part->verb, str_of(reply->patterns[n]),
					    allow, &ignored);
		n++;
	}
	return 0;
}

static void free_patterns(struct ask_reply *reply)
{
	for (size_t i = 0; i < reply->n_patterns; i++)
		free(reply->patterns[i]);
	free(reply->patterns);
}

static int record_answer(struct pass *pass, const struct ask_reply *reply)
{
	cleanup_buf struct buf json = BUF_INIT;
	struct json w = json_to(&json);

	json_array(&w);
	for (size_t i = 0; i < reply->n_patterns; i++)
		json_put(&w, str_of(reply->patterns[i]));
	json_end(&w);
	if (buf_check(&json, "the answer", pass->err) < 0)
		return pass->err->code;
	return audit_ask(pass->gate->audit, pass->seq, choice_name(reply), buf_str(&json), pass->err);
}

static int ask(struct pass *pass)
{
	const struct upcall *up = pass->gate->up;
	struct ask question = { .call_id = pass->call_id, .call = entries[pass->id].name,
				.subject = pass->question.subject, .cwd = pass->question.cwd,
				.diff = buf_str(&pass->diff), .answer = &pass->answer };
	struct ask_reply reply = { .nobody = true };
	int r;

	if (up->ask)
		reply = up->ask(up->ctx, &question);
	r = record_answer(pass, &reply);
	if (r >= 0)
		r = remember(pass, &reply);
	pass->approved = !reply.nobody &&
			 (reply.choice == ASK_ALLOW || reply.choice == ASK_ALLOW_ALWAYS);
	if (!pass->approved)
		pass->refusal = reply.nobody ?
					"nobody was there to be asked; a person can grant it in seal.toml" :
					"a person was asked and refused; do not ask for it again";
	free_patterns(&reply);
	return r;
}

static bool is_cancelled(const struct gate *gate)
{
	struct pollfd poll_fd = { .fd = gate->up->cancel_fd, .events = POLLIN };

	return gate->up->cancel_fd >= 0 && poll(&poll_fd, 1, 0) > 0;
}

/* The check, and with it the question to a person.  1: answered. */
static int check(struct pass *pass)
{
	int r = pass_prepare(pass);

	pass_show_begin(pass);
	/* A name that leads nowhere may be refused already: by which rule is a
	 * decision like any other. */
	if (r > 0 && pass->outcome == PASS_DENIED && record_decision(pass) < 0)
		return -1;
	if (r != 0)
		return r;
	pass->answer = agents_judge(pass->gate, &pass->question);
	judge_looking(pass);
	r = record_decision(pass);
	if (r < 0)
		return r;
	if (pass->answer.verdict == CAPS_DENY)
		return pass_denied(pass) < 0 ? -1 : 1;
	r = pass_preview(pass);
	if (r != 0 || pass->answer.verdict == CAPS_ALLOW)
		return r;
	r = ask(pass);
	if (r < 0)
		return r;
	if (pass->approved)
		return 0;
	return pass_denied(pass) < 0 ? -1 : 1;
}

void gate_mask(const struct gate *gate, struct buf *json)
{
	mask_json(gate->mask, json, false);
}

static bool is_tool(enum gate_call_id id)
{
	return strncmp(entries[id].name, "tools.", 6) == 0 && id != GATE_tools_external_tools;
}

/* A marker that is written back would take the place of the secret. */
static bool writes_marker(const struct pass *pass)
{
	return (pass->id == GATE_tools_file_write || pass->id == GATE_tools_file_edit) &&
	       str_find(pass->args_text, STR(MASK_MARKER), 0) != STR_NONE;
}

/* Everything between the two records. */
static int work(struct pass *pass)
{
	int r;

	if (is_tool(pass->id) && is_cancelled(pass->gate)) {
		pass_show_begin(pass);
		return pass_cancelled(pass);
	}
	if (entries[pass->id].verb == CAPS_FREE) {
		pass_show_begin(pass);
		return entries[pass->id].execute(pass);
	}
	if (writes_marker(pass)) {
		pass_show_begin(pass);
		return pass_error(pass, PASS_INVALID,
				  "the text holds \"" MASK_MARKER " ...]\", which stands for a "
				  "secret that is kept from you; change the lines around it with "
				  "file_edit, and do not quote it");
	}
	r = check(pass);
	if (r != 0)
		return r < 0 ? r : 0;
	if (pass->id == GATE_tools_command_run)
		mask_look(pass->gate->mask, pass->gate->root);
	return entries[pass->id].execute(pass);
}

int gate_pass(struct gate *gate, enum gate_call_id id, struct str args, struct buf *ret_result,
	      struct err *err)
{
	cleanup_with(pass_fini) struct pass pass = {
		.gate = gate, .id = id, .args_text = args, .pin = FS_PIN_NONE, .result = ret_result,
		.err = err, .question = { .verb = entries[id].verb, .subject = STR("") } };
	int r;

	/* What cannot be recorded is not done. */
	r = audit_begin(gate->audit, entries[id].name, args, &pass.seq, err);
	if (r < 0)
		return r;
	(void)snprintf(pass.call_id, sizeof(pass.call_id), "c%llu", (unsigned long long)pass.seq);
	pass.doc = json_read(args, NULL, NULL);
	pass.args = yyjson_doc_get_root(pass.doc);
	if (!yyjson_is_arr(pass.args))
		return err_set(err, ERR_INTERNAL, "%s: the arguments are no array", entries[id].name);
	r = work(&pass);
	if (r < 0)
		return r;	/* the open record stands as evidence */
	if (is_tool(id))
		mask_json(gate->mask, ret_result, id == GATE_tools_command_output);
	r = audit_end(gate->audit, pass.seq, pass_outcome_name(pass.outcome), buf_str(ret_result),
		      pass.durable, err);
	if (r < 0)
		return r;
	pass_show_end(&pass);
	return 0;
}
