#include "server/state.h"

#include "base/err.h"

static const struct {
	method_handler *run;
	bool needs_hello;
} handlers[RPC_METHOD_MAX] = {
	[RPC_initialize] = { method_initialize, false },
	[RPC_seal_environment] = { method_seal_environment, false },
	[RPC_session_new] = { method_session_new, true },
	[RPC_session_load] = { method_session_load, true },
	[RPC_session_resume] = { method_session_resume, true },
	[RPC_session_list] = { method_session_list, true },
	[RPC_session_prompt] = { method_session_prompt, true },
	[RPC_session_cancel] = { method_session_cancel, true },
	[RPC_session_close] = { method_session_close, true },
	[RPC_session_delete] = { method_session_delete, true },
	[RPC_session_set_mode] = { method_session_set_mode, true },
	[RPC_session_set_config_option] = { method_session_set_config_option, true },
	[RPC_cancel_request] = { method_cancel_request, true },
	[RPC_seal_rename] = { method_seal_rename, true },
	[RPC_seal_audit] = { method_seal_audit, true },
	[RPC_seal_records] = { method_seal_records, true },
	[RPC_seal_tasks] = { method_seal_tasks, true },
	[RPC_seal_undo] = { method_seal_undo, true },
	[RPC_seal_undo_list] = { method_seal_undo_list, true },
	[RPC_seal_diff] = { method_seal_diff, true },
	[RPC_seal_manifest] = { method_seal_manifest, true },
	[RPC_seal_approve] = { method_seal_approve, true },
	[RPC_seal_status] = { method_seal_status, false },
	[RPC_seal_stop] = { method_seal_stop, false },
};

static int check(struct client *client, const struct message *message, enum rpc_method method,
                 enum rpc_code *ret_code, struct err *err)
{
	*ret_code = RPC_NO_METHOD;
	if (method == RPC_METHOD_MAX)
		return err_set(err, ERR_INPUT, "there is no method \"%.*s\"",
		               STR_ARG(str_head(message->method, 64)));
	*ret_code = RPC_INVALID;
	if (rpc_method_is_request(method) != (message->kind == MESSAGE_REQUEST))
		return err_set(err, ERR_INPUT, "%s must %s", rpc_method_name(method),
		               message->id ? "carry no id" : "carry an id");
	if (handlers[method].needs_hello && !client->is_ready)
		return err_set(err, ERR_INPUT, "%s before initialize", rpc_method_name(method));
	return 0;
}

/* A notice that is wrong or unknown is dropped: JSON-RPC has no answer to it. */
void dispatch_message(struct client *client, const struct message *message, const char *id)
{
	enum rpc_method method = rpc_method_find(message->method, RPC_TO_DAEMON);
	struct rpc_params params;
	enum rpc_code code;
	struct err err;
	int r = check(client, message, method, &code, &err);

	if (r >= 0) {
		code = RPC_PARAMS;
		r = rpc_params_read(method, message->params, &params, &err);
	}
	if (r >= 0)
		handlers[method].run(client, id, &params);
	else if (id)
		client_fail(client, id, code, str_of(err.text));
}
