/* The session of a `seal run`: a new one, or one that is there, by id, by name or the latest. */
#include "seal-cli/run/run.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"

static void put_flags(struct json *w, const struct run_flags *flags)
{
	if (!flags->record && !flags->max_turns && !flags->fork)
		return;
	json_key(w, "_meta");
	json_object(w);
	json_key(w, "seal");
	json_object(w);
	/* The agent then ends its turn itself; a session that is there learns it with the prompt. */
	if (flags->max_turns)
		json_kv_int(w, "maxTurns", flags->max_turns);
	if (flags->record)
		json_kv(w, "record", str_of(flags->record));
	if (flags->fork)
		json_kv_raw(w, "fork", str_of(flags->fork));
	json_end(w);
	json_end(w);
}

static int open_new(struct run *run, struct message *reply, struct err *err)
{
	cleanup_free char *cwd = realpath(".", NULL);
	cleanup_buf struct buf params = BUF_INIT;
	struct json w = json_to(&params);

	if (!cwd)
		return err_sys(err, "the current folder");
	json_object(&w);
	json_kv(&w, "cwd", str_of(cwd));
	json_kv_raw(&w, "mcpServers", STR("[]"));
	put_flags(&w, run->flags);
	json_end(&w);
	if (rpc_client_call(run->client, "session/new", buf_str(&params), reply, err) < 0)
		return err->code;
	run->session_id = str_dup(json_str(reply->result, "sessionId"));
	return run->session_id ? 0 : err_nomem(err);
}

/* One page of the list; *cursor is what comes next, NULL at the end.  `name` NULL:
 * the first will do. */
static int search_page(struct run *run, const char *cwd, const char *name, char **cursor,
                       struct err *err)
{
	cleanup_message struct message reply = { 0 };
	cleanup_buf struct buf params = BUF_INIT;
	struct json w = json_to(&params);
	yyjson_val *session;
	size_t i, n;

	json_object(&w);
	json_kv(&w, "cwd", str_of(cwd));
	if (*cursor)
		json_kv(&w, "cursor", str_of(*cursor));
	json_end(&w);
	if (rpc_client_call(run->client, "session/list", buf_str(&params), &reply, err) < 0)
		return err->code;
	yyjson_arr_foreach (yyjson_obj_get(reply.result, "sessions"), i, n, session) {
		if (run->session_id || (name && !str_is(json_str(session, "title"), name)))
			continue;
		run->session_id = str_dup(json_str(session, "sessionId"));
		if (!run->session_id)
			return err_nomem(err);
	}
	free(*cursor);
	*cursor = str_dup(json_str(reply.result, "nextCursor"));
	return 0;
}

static int search_folder(struct run *run, const char *cwd, const char *name, struct err *err)
{
	cleanup_free char *cursor = NULL;

	do {
		if (search_page(run, cwd, name, &cursor, err) < 0)
			return err->code;
	} while (!run->session_id && cursor && cursor[0]);
	return 0;
}

/* Of this folder, or of the project it is in: the list is asked for both by
 * going up until a folder has one. */
static int search(struct run *run, const char *name, struct err *err)
{
	cleanup_free char *at = realpath(".", NULL);

	if (!at)
		return err_sys(err, "the current folder");
	for (;;) {
		if (search_folder(run, at, name, err) < 0)
			return err->code;
		if (run->session_id)
			return 0;
		if (strcmp(at, "/") == 0 && name)
			return err_set(
				err, ERR_INPUT,
				"there is no session here with the id or the name \"%.64s\"; `seal "
				"sessions list` names them",
				name);
		if (strcmp(at, "/") == 0)
			return err_set(err, ERR_INPUT,
			               "there is no earlier session here to resume");
		at[strrchr(at, '/') == at ? 1 : strrchr(at, '/') - at] = '\0';
	}
}

/* As session/disk/folder.h makes them. */
static bool is_id(const char *text)
{
	return strlen(text) == 16 && strspn(text, "0123456789abcdefghjkmnpqrstvwxyz") == 16;
}

static int open_old(struct run *run, struct message *reply, struct err *err)
{
	cleanup_buf struct buf params = BUF_INIT;
	struct json w = json_to(&params);
	const char *which = run->flags->resume;

	if (is_id(which))
		run->session_id = str_dup(str_of(which));
	else if (search(run, strcmp(which, "latest") == 0 ? NULL : which, err) < 0)
		return err->code;
	if (!run->session_id)
		return err_nomem(err);
	json_object(&w);
	json_kv(&w, "sessionId", str_of(run->session_id));
	json_end(&w);
	return rpc_client_call(run->client, "session/resume", buf_str(&params), reply, err);
}

int run_open(struct run *run, struct message *ret_reply, struct err *err)
{
	return run->flags->resume ? open_old(run, ret_reply, err) : open_new(run, ret_reply, err);
}
