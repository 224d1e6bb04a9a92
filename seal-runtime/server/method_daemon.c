#include "server/state.h"

#include <unistd.h>

static bool has_someone(yyjson_val *capabilities)
{
	yyjson_val *seal = yyjson_obj_get(yyjson_obj_get(capabilities, "_meta"), "seal");

	return json_bool(seal, "interactive", true);
}

void method_initialize(struct client *client, const char *id, const struct rpc_params *params)
{
	/* One version is spoken; a client of another decides what to do with that. */
	client->is_ready = true;
	client->is_interactive = has_someone(params->clientCapabilities);
	client_reply(client, id,
	             STR("{\"protocolVersion\":1,\"agentCapabilities\":{\"loadSession\":true,"
	                 "\"promptCapabilities\":{\"image\":false,\"audio\":false,"
	                 "\"embeddedContext\":true},"
	                 "\"mcpCapabilities\":{\"http\":false,\"sse\":false},"
	                 "\"sessionCapabilities\":{\"list\":{},\"resume\":{},\"close\":{},"
	                 "\"delete\":{}}},"
	                 "\"agentInfo\":{\"name\":\"seal\",\"title\":\"seal\",\"version\":"
	                 "\"" SEAL_VERSION "\"},"
	                 "\"authMethods\":[]}"));
}

void method_seal_environment(struct client *client, const char *id, const struct rpc_params *params)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct json w = json_to(&text);

	(void)id;
	json_object(&w);
	json_key(&w, "variables");
	json_put_val(&w, params->variables);
	json_kv_int(&w, "umask", params->umask);
	json_end(&w);
	if (text.failed || text.len > ENVIRONMENT_MAX)
		return;
	environment_free(client->environment);
	client->environment = buf_take(&text);
}

static void put_live(struct json *w, const struct live *live)
{
	json_object(w);
	json_kv(w, "sessionId", str_of(live->id));
	json_kv(w, "state", live->running ? STR("running") : STR("idle"));
	json_kv_int(w, "clients", (int64_t)live->n_clients);
	json_kv_int(w, "questions", live->questions ? 1 : 0);
	if (live->worker)
		json_kv_int(w, "pid", live->worker->process.pid);
	json_end(w);
}

void method_seal_status(struct client *client, const char *id, const struct rpc_params *params)
{
	struct server *server = client->server;
	cleanup_buf struct buf status = BUF_INIT;
	struct json w = json_to(&status);
	int64_t n_clients = 0;

	(void)params;
	for (const struct client *each = server->clients; each; each = each->next)
		n_clients++;
	json_object(&w);
	json_kv(&w, "version", STR(SEAL_VERSION));
	json_kv_int(&w, "pid", getpid());
	json_kv_int(&w, "clients", n_clients);
	json_key(&w, "sessions");
	json_array(&w);
	for (const struct live *live = server->lives; live; live = live->next)
		if (!live->is_private)
			put_live(&w, live);
	json_end(&w);
	json_end(&w);
	client_reply(client, id, buf_str(&status));
}

void method_seal_stop(struct client *client, const char *id, const struct rpc_params *params)
{
	(void)params;
	client_reply(client, id, STR("{}"));
	server_stop(client->server);
}
