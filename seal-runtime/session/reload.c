#include "session/state.h"

#include "audit/audit.h"
#include "base/err.h"
#include "gate/gate.h"
#include "llm/llm.h"
#include "manifest/manifest.h"
#include "manifest/trust.h"

int session_note_manifest(struct session *session, const struct manifest *manifest,
                          struct err *err)
{
	cleanup_buf struct buf details = BUF_INIT;
	struct json w = json_to(&details);
	char hash[65];

	if (manifest_canonical_hash(manifest, session->meta.root, hash, err) < 0)
		return err->code;
	json_object(&w);
	json_kv(&w, "hash", str_of(hash));
	json_kv(&w, "text", manifest->text);
	json_end(&w);
	return audit_note(session->audit, "manifest", buf_str(&details), err);
}

static int exchange(struct session *session, struct err *err)
{
	struct manifest *manifest = NULL;
	double own;

	if (session_load_manifest(session, &manifest, err) < 0)
		return err->code;
	if (strcmp(manifest->text_hash, session->manifest->text_hash) == 0) {
		manifest_free(manifest);
		return 0;
	}
	own = manifest->limits.max_cost_usd;
	manifest->limits.max_cost_usd = session_cost_limit(session, own);
	/* What cannot be recorded is not used. */
	if (session_note_manifest(session, manifest, err) < 0 ||
	    llm_reload(session->llm, manifest, err) < 0 ||
	    gate_reload(session->gate, manifest, err) < 0) {
		manifest_free(manifest);
		return err->code;
	}
	manifest_free(session->manifest_before);
	session->manifest_before = session->manifest;
	session->manifest = manifest;
	session->manifest_max_cost = own;
	return 0;
}

/* A file that is not covered changes nothing: the session goes on under the
 * manifest that was approved, and the person is told. */
void session_reload(struct session *session)
{
	struct err err;

	session->reload = false;
	if (exchange(session, &err) >= 0)
		return;
	err_wrap(&err, "seal.toml changed and is not used");
	session_show(session, SHOW_WARN, str_of(err.text));
}

int session_model(struct session *session, yyjson_val *params, struct buf *ret_json,
                  const char **ret_fault, struct err *err)
{
	struct str wanted = json_str(params, "value");

	*ret_fault = FAULT_MANIFEST;
	session_reload(session);
	if (!wanted.len || !str_eq(wanted, session->manifest->model.name))
		return err_set(err, ERR_INPUT,
		               "the model is part of what was signed: change [model] in seal.toml "
		               "and sign it with `seal manifest sign`");
	session_describe(session, ret_json);
	return 0;
}
