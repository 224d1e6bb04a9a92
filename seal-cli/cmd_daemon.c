/* `seal daemon`: the daemon as a program to look at and to end. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "rpc/client.h"
#include "seal-cli/cmd.h"

static void put_sessions(yyjson_val *sessions)
{
	yyjson_val *session;
	size_t i, n;

	yyjson_arr_foreach(sessions, i, n, session)
	{
		struct str id = json_str(session, "sessionId");
		struct str state = json_str(session, "state");

		printf("session %.*s  %.*s", STR_ARG(id), STR_ARG(state));
		if (json_int(session, "pid", 0))
			printf("  process %lld", (long long)json_int(session, "pid", 0));
		puts(json_int(session, "questions", 0) ? "  asks" : "");
	}
}

static int status(struct err *err)
{
	cleanup_with(rpc_client_free) struct rpc_client *client = NULL;
	cleanup_message struct message reply = {0};
	struct str version;
	int r = rpc_client_connect(&client, err);

	if (r == ERR_GONE) {
		puts("seald does not run; the next `seal run` starts it");
		return EXIT_FAILED;
	}
	if (r < 0 || rpc_client_call(client, "_seal/status", STR(""), &reply, err) < 0)
		return err->code;
	version = json_str(reply.result, "version");
	printf("seald %.*s  process %lld  clients %lld\n", STR_ARG(version),
	       (long long)json_int(reply.result, "pid", 0),
	       (long long)json_int(reply.result, "clients", 0) - 1);
	put_sessions(yyjson_obj_get(reply.result, "sessions"));
	return EXIT_DONE;
}

static int stop(struct err *err)
{
	cleanup_with(rpc_client_free) struct rpc_client *client = NULL;
	int r = rpc_client_connect(&client, err);

	if (r == ERR_GONE) {
		puts("seald does not run");
		return EXIT_DONE;
	}
	if (r < 0 || rpc_client_stop_daemon(client, err) < 0)
		return err->code;
	return EXIT_DONE;
}

static int restart(struct err *err)
{
	cleanup_with(rpc_client_free) struct rpc_client *client = NULL;
	int r = stop(err);

	if (r < 0)
		return r;
	r = rpc_client_open(&client, err);
	return r < 0 ? r : EXIT_DONE;
}

int cmd_daemon(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct err *err);
	} verbs[] = {{"status", status}, {"stop", stop}, {"restart", restart}};
	struct err err;

	for (size_t i = 0; argc == 2 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		int r;

		if (strcmp(argv[1], verbs[i].name) != 0)
			continue;
		r = verbs[i].run(&err);
		return r < 0 ? cmd_fail(&err) : r;
	}
	(void)fputs("seal: daemon: usage: seal daemon status|stop|restart\n", stderr);
	return EXIT_INPUT;
}
