/* `seal sessions`: what is on the disk and what runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "rpc/client.h"
#include "seal-cli/cmd.h"
#include "seal-cli/run/clean.h"

struct listing {
	bool json, all;
};

static void put_session(yyjson_val *session)
{
	struct str updated = json_str(session, "updatedAt");
	struct str id = json_str(session, "sessionId");

	printf("%.*s  %.*s  ", STR_ARG(id), STR_ARG(updated));
	clean_put(stdout, json_str(session, "title"), true);
	(void)fputs("  ", stdout);
	clean_put(stdout, json_str(session, "cwd"), true);
	(void)putchar('\n');
}

static void put_page(const struct listing *listing, yyjson_val *sessions)
{
	yyjson_val *session;
	size_t i, n;

	yyjson_arr_foreach(sessions, i, n, session)
	{
		cleanup_buf struct buf text = BUF_INIT;

		if (!listing->json) {
			put_session(session);
			continue;
		}
		message_value(&text, session);
		puts(text.data ? text.data : "");
	}
}

static void put_params(struct buf *params, const char *cwd, const char *cursor)
{
	struct json w = json_to(params);

	json_object(&w);
	if (cwd)
		json_kv(&w, "cwd", str_of(cwd));
	if (cursor)
		json_kv(&w, "cursor", str_of(cursor));
	json_end(&w);
}

static int list(const struct listing *listing, struct err *err)
{
	cleanup_with(rpc_client_free) struct rpc_client *client = NULL;
	cleanup_free char *cwd = listing->all ? NULL : realpath(".", NULL);
	cleanup_free char *cursor = NULL;

	if (rpc_client_open(&client, err) < 0 || rpc_client_initialize(client, false, err) < 0)
		return err->code;
	do {
		cleanup_message struct message reply = {0};
		cleanup_buf struct buf params = BUF_INIT;
		struct str next;

		put_params(&params, cwd, cursor);
		if (rpc_client_call(client, "session/list", buf_str(&params), &reply, err) < 0)
			return err->code;
		put_page(listing, yyjson_obj_get(reply.result, "sessions"));
		next = json_str(reply.result, "nextCursor");
		free(cursor);
		cursor = next.len ? str_dup(next) : NULL;
	} while (cursor);
	return EXIT_DONE;
}

int cmd_sessions(int argc, char **argv)
{
	struct listing listing = {0};
	struct err err;
	bool is_right = argc >= 2 && strcmp(argv[1], "list") == 0;
	int r;

	for (int i = 2; i < argc && is_right; i++) {
		if (strcmp(argv[i], "--json") == 0)
			listing.json = true;
		else if (strcmp(argv[i], "--all") == 0)
			listing.all = true;
		else
			is_right = false;
	}
	if (!is_right) {
		(void)fputs("seal: sessions: usage: seal sessions list [--all] [--json]\n", stderr);
		return EXIT_INPUT;
	}
	r = list(&listing, &err);
	return r < 0 ? cmd_fail(&err) : r;
}
