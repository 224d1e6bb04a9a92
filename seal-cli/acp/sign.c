#include "seal-cli/acp/sign.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "rpc/message.h"
#include "rpc/params.h"
#include "seal-runtime/manifest/approve.h"
#include "seal-runtime/manifest/manifest.h"

void acp_signing_fini(struct acp_signing *signing)
{
	for (size_t i = 0; i < ACP_SESSIONS_MAX; i++) {
		free(signing->sessions[i].id);
		free(signing->sessions[i].root);
	}
}

static const char *root_of(const struct acp_signing *signing, struct str id)
{
	for (size_t i = 0; i < ACP_SESSIONS_MAX; i++)
		if (signing->sessions[i].id && str_is(id, signing->sessions[i].id))
			return signing->sessions[i].root;
	return NULL;
}

/* The answers of session/new, load and resume say it. */
void acp_learn(struct acp_signing *signing, struct str line)
{
	cleanup_message struct message message = { 0 };
	size_t at = signing->n % ACP_SESSIONS_MAX;
	struct str id, root;
	enum rpc_code code;
	struct err ignored;

	if (str_find(line, STR("\"configOptions\""), 0) == STR_NONE ||
	    message_read(line, &message, &code, &ignored) < 0 || message.kind != MESSAGE_REPLY)
		return;
	id = json_str(message.result, "sessionId");
	root = json_str(yyjson_obj_get(yyjson_obj_get(message.result, "_meta"), "seal"), "root");
	if (!id.len || !root.len || root_of(signing, id))
		return;
	free(signing->sessions[at].id);
	free(signing->sessions[at].root);
	signing->sessions[at].id = str_dup(id);
	signing->sessions[at].root = str_dup(root);
	signing->n++;
}

static void answer(const struct message *message, const struct err *why, struct buf *ret_reply)
{
	cleanup_buf struct buf id = BUF_INIT;

	message_value(&id, message->id);
	if (why)
		message_failure(ret_reply, buf_str(&id), RPC_PARAMS, str_of(why->text), "manifest");
	else
		message_reply(ret_reply, buf_str(&id), STR("{}"));
}

static int approve(const struct rpc_params *params, struct err *err)
{
	cleanup_free char *cwd = str_dup(params->cwd);
	cleanup_free char *hash = str_dup(params->hash);
	cleanup_free char *root = NULL;

	if (!cwd || !hash)
		return err_nomem(err);
	if (cwd[0] != '/')
		return err_set(err, ERR_INPUT, "\"%.200s\" is no absolute path", cwd);
	/* An empty one would be asked about at a terminal. */
	if (!hash[0])
		return err_set(err, ERR_INPUT, "\"hash\" is empty; _seal/manifest says it");
	if (manifest_find_root(cwd, &root, err) < 0)
		return err->code;
	return approve_manifest(root, hash, err);
}

/* Signed here, then passed on: the session reads seal.toml again and agrees. */
static bool set_model(const struct acp_signing *signing, const struct message *message,
		      const struct rpc_params *params, struct buf *ret_reply)
{
	const char *root = root_of(signing, params->sessionId);
	struct str model = json_text(params->value);
	struct err why;

	if (!root || !str_is(params->configId, "model") || !model.len ||
	    approve_model(root, "name", model, &why) >= 0)
		return false;
	answer(message, &why, ret_reply);
	return true;
}

static bool take(const struct acp_signing *signing, const struct message *message,
		 struct buf *ret_reply)
{
	enum rpc_method method = rpc_method_find(message->method, RPC_TO_DAEMON);
	struct rpc_params params;
	struct err why;

	/* What makes no sense is the daemon's to answer. */
	if ((method != RPC_seal_approve && method != RPC_session_set_config_option) ||
	    rpc_params_read(method, message->params, &params, &why) < 0)
		return false;
	if (method == RPC_session_set_config_option)
		return set_model(signing, message, &params, ret_reply);
	answer(message, approve(&params, &why) < 0 ? &why : NULL, ret_reply);
	return true;
}

bool acp_sign(struct acp_signing *signing, struct str line, struct buf *ret_reply)
{
	cleanup_message struct message message = { 0 };
	enum rpc_code code;
	struct err ignored;

	if (str_find(line, STR("_seal/approve"), 0) == STR_NONE &&
	    str_find(line, STR("session/set_config_option"), 0) == STR_NONE)
		return false;
	if (message_read(line, &message, &code, &ignored) < 0 || message.kind != MESSAGE_REQUEST)
		return false;
	return take(signing, &message, ret_reply);
}
