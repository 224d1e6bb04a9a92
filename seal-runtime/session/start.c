#include "session/state.h"

#include <time.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/dirs.h"
#include "base/err.h"
#include "base/json.h"
#include "crypto/signer.h"
#include "gate/gate.h"
#include "host/host.h"
#include "llm/llm.h"
#include "llm/model.h"
#include "manifest/manifest.h"
#include "manifest/trust.h"
#include "session/cancel.h"

/* One WIT call of the guest.  The manifest is exchanged between calls only: an
 * answer of the gate may point into the old one until the call is over. */
int session_pass(void *ctx, unsigned int id, struct str args, struct buf *ret_result,
                 struct err *err)
{
	struct session *session = ctx;
	size_t start = ret_result->len;
	int r = gate_pass(session->gate, id, args, ret_result, err);

	if (r < 0)
		return r;
	if (id == GATE_llm_chat)
		session->model_failed =
			str_starts(str_from(buf_str(ret_result), start), STR("{\"err\""));
	if (session->reload)
		session_reload(session);
	return 0;
}

static int load_manifest(struct session *session, struct err *err)
{
	/* Relative names in seal.toml are meant from the project's root. */
	if (chdir(session->meta.root) < 0)
		return err_sys(err, "the project %s", session->meta.root);
	if (session_load_manifest(session, &session->manifest, err) < 0)
		return err->code;
	session->manifest_max_cost = session->manifest->limits.max_cost_usd;
	return 0;
}

static int open_model(struct session *session, struct err *err)
{
	if (llm_new(session->manifest, session->dir, &session->llm, err) < 0)
		return err->code;
	return session->record ? llm_set_recorder(session->llm, session->record, err) : 0;
}

int session_make_host(struct session *session, struct host **ret_host, struct err *err)
{
	cleanup_free char *component = NULL;
	struct host_setup setup = { .call = session_pass, .ctx = session };

	if (dirs_part("agent.cwasm", &component, err) < 0)
		return err->code;
	setup.component = component;
	return host_new(&setup, ret_host, err);
}

static int open_host(struct session *session, struct err *err)
{
	if (session_make_host(session, &session->host, err) < 0)
		return err->code;
	cancel_set_host(session->host);
	return 0;
}

static void put_model(struct buf *json, const struct manifest_model *model)
{
	static const char *const thinking[] = { [THINKING_ADAPTIVE] = "adaptive",
		                                [THINKING_MANUAL] = "manual",
		                                [THINKING_DISABLED] = "disabled" };
	struct json w = json_to(json);

	json_object(&w);
	json_kv(&w, "provider", model->provider);
	json_kv(&w, "name", model->name);
	json_kv(&w, "base_url", model->base_url);
	json_kv_int(&w, "context_length", model->context_length);
	json_kv_int(&w, "max_tokens", model->max_tokens);
	json_kv(&w, "thinking", str_of(thinking[model->thinking]));
	json_kv_int(&w, "thinking_budget", model->thinking_budget);
	json_kv(&w, "effort", model->effort);
	json_end(&w);
}

/* A configuration folder that cannot be written to is no reason not to work:
 * the log then says why it has no receipts. */
static int open_receipts(struct audit *audit, struct err *err)
{
	struct crypto_signer *signer = NULL;
	cleanup_buf struct buf note = BUF_INIT;
	struct json w = json_to(&note);
	struct err why;

	if (crypto_signer_open_receipt(&signer, &why) == 0) {
		audit_set_signer(audit, signer);
		return 0;
	}
	json_object(&w);
	json_kv(&w, "no-receipts", str_of(why.text));
	json_end(&w);
	if (buf_check(&note, "the note", err) < 0)
		return err->code;
	return audit_note(audit, "note", buf_str(&note), err);
}

static int open_log(struct session *session, struct err *err)
{
	cleanup_buf struct buf model = BUF_INIT;
	char hash[65];
	struct audit_header header = {
		.session_id = session->id,
		.root = session->meta.root,
		.component_hash = host_component_hash(session->host),
		.engine = host_engine_id(),
		.memory_max = HOST_MEMORY_MAX,
		.manifest_text = session->manifest->text,
		.manifest_hash = hash,
		.seal_version = SEAL_VERSION,
	};

	if (manifest_canonical_hash(session->manifest, session->meta.root, hash, err) < 0)
		return err->code;
	put_model(&model, &session->manifest->model);
	header.model_json = buf_str(&model);
	if (audit_open(session->dir, &header, &session->audit, err) < 0)
		return err->code;
	return open_receipts(session->audit, err);
}

static int open_gate(struct session *session, struct err *err)
{
	struct gate_setup setup = {
		.manifest = session->manifest,
		.root = session->meta.root,
		.session_dir = session->dir,
		.session_id = session->id,
		.audit = session->audit,
		.llm = session->llm,
		.up = &session->up,
	};

	session_up(session);
	return gate_new(&setup, &session->gate, err);
}

static int wake(struct session *session, struct err *err)
{
	const char *ignored;

	/* Its component is in the middle of a turn already. */
	session->is_forked = audit_is_forked(session->audit);
	if (session->is_forked)
		return 0;
	return session_wake(session, &ignored, err);
}

/* In this order: nothing is opened for a manifest that is not covered, and no
 * log begins for a session that cannot run. */
static const struct {
	int (*run)(struct session *session, struct err *err);
	const char *fault;
} steps[] = {
	{ load_manifest, FAULT_MANIFEST }, { open_model, FAULT_MODEL },  { open_host, FAULT_AGENT },
	{ open_log, FAULT_SESSION },       { open_gate, FAULT_SANDBOX }, { wake, FAULT_AGENT },
};

static int open_new(struct session *session, struct str cwd, struct err *err)
{
	session->meta.cwd = str_dup(cwd);
	session->meta.title = str_dup(STR(""));
	session->meta.created = session->meta.updated = (int64_t)time(NULL);
	if (!session->meta.cwd || !session->meta.title)
		return err_nomem(err);
	if (session->meta.cwd[0] != '/')
		return err_set(err, ERR_INPUT,
		               "\"%s\" is no absolute path: a session needs one as its cwd",
		               session->meta.cwd);
	if (manifest_find_root(session->meta.cwd, &session->meta.root, err) < 0 ||
	    folder_make(session->id, &session->dir, err) < 0 ||
	    folder_lock(session->dir, &session->lock, err) < 0)
		return err->code;
	return folder_meta_write(session->dir, session->id, &session->meta, err);
}

static int open_old(struct session *session, struct err *err)
{
	session->had_turns = true;
	if (folder_find(session->id, &session->dir, err) < 0 ||
	    folder_lock(session->dir, &session->lock, err) < 0)
		return err->code;
	return folder_meta_read(session->dir, &session->meta, err);
}

static int take_params(struct session *session, yyjson_val *params, struct err *err)
{
	struct str id = json_str(params, "sessionId");

	if (!folder_id_is_valid(id))
		return err_set(err, ERR_INPUT, "\"%.*s\" is no session id",
		               STR_ARG(str_head(id, 64)));
	memcpy(session->id, id.data, id.len);
	session->max_turns = json_int(params, "maxTurns", 0);
	if (json_str(params, "record").len) {
		session->record = str_dup(json_str(params, "record"));
		if (!session->record)
			return err_nomem(err);
	}
	return session_take_environment(yyjson_obj_get(params, "environment"), err);
}

int session_start(struct session *session, yyjson_val *params, const char **ret_fault,
                  struct err *err)
{
	bool is_new = json_bool(params, "new", false);
	struct err ignored;
	int r;

	*ret_fault = FAULT_SESSION;
	if (take_params(session, params, err) < 0)
		return err->code;
	r = is_new ? open_new(session, json_str(params, "cwd"), err) : open_old(session, err);
	if (r >= 0 && is_new && yyjson_obj_get(params, "fork"))
		r = session_fork(session, yyjson_obj_get(params, "fork"), err);
	for (size_t i = 0; r >= 0 && i < sizeof(steps) / sizeof(steps[0]); i++) {
		*ret_fault = steps[i].fault;
		r = steps[i].run(session, err);
	}
	/* A session that never began leaves no folder. */
	if (r < 0 && is_new && session->dir)
		(void)folder_remove(session->id, &ignored);
	session->is_started = r >= 0;
	return r;
}

/* An export's both ends are in the log, with the arguments between. */
static int call_init(struct session *session, struct str args, struct buf *ret_result,
                     struct err *err)
{
	struct err log_err;
	uint64_t seq, fuel = 0;
	int r;

	if (audit_export_begin(session->audit, "init", args, &seq, err) < 0)
		return err->code;
	r = host_export(session->host, "init", args, ret_result, &fuel, err);
	if (audit_init_end(session->audit, seq, r < 0 ? "trap" : "ok",
	                   r < 0 ? str_of(err->text) : buf_str(ret_result), fuel, &log_err) < 0 &&
	    r >= 0) {
		*err = log_err;
		return err->code;
	}
	return r;
}

static int check_init(struct buf *result, struct err *err)
{
	cleanup_json yyjson_doc *doc = json_read(buf_str(result), NULL, NULL);
	struct str refusal = json_str(yyjson_doc_get_root(doc), "err");

	if (refusal.data)
		return err_set(err, ERR_GONE, "the agent does not start: %.*s", STR_ARG(refusal));
	return 0;
}

int session_wake(struct session *session, const char **ret_fault, struct err *err)
{
	cleanup_buf struct buf context = BUF_INIT;
	cleanup_buf struct buf args = BUF_INIT;
	cleanup_buf struct buf result = BUF_INIT;
	struct json w = json_to(&args);

	*ret_fault = FAULT_AGENT;
	if (!session->host && open_host(session, err) < 0)
		return err->code;
	if (session_context(session, &context, err) < 0)
		return err->code;
	gate_mask(session->gate, &context);
	json_array(&w);
	json_put(&w, str_of(session->id));
	json_put(&w, buf_str(&context));
	json_end(&w);
	if (buf_check(&args, "the project context", err) < 0 ||
	    call_init(session, buf_str(&args), &result, err) < 0)
		return err->code;
	return check_init(&result, err);
}

static void put_name(void *ctx, const char *name)
{
	json_put(ctx, str_of(name));
}

void session_describe(const struct session *session, struct buf *ret_json)
{
	struct json w = json_to(ret_json);

	json_object(&w);
	json_kv(&w, "sessionId", str_of(session->id));
	json_key(&w, "_meta");
	json_object(&w);
	json_key(&w, "seal");
	json_object(&w);
	json_kv(&w, "root", str_of(session->meta.root));
	json_kv(&w, "name", session->manifest->name);
	json_kv(&w, "provider", session->manifest->model.provider);
	json_kv(&w, "model", session->manifest->model.name);
	json_key(&w, "models");
	json_array(&w);
	model_each(session->manifest->model.provider, put_name, &w);
	json_end(&w);
	json_kv(&w, "title", str_of(session->meta.title));
	json_end(&w);
	json_end(&w);
	json_end(&w);
}
