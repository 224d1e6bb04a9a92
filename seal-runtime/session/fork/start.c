/* The folder of a session that begins as another's past. */
#include "session/state.h"

#include "audit/audit.h"
#include "base/err.h"

static int check_project(const struct session *session, const struct folder_meta *from, struct err *err)
{
	if (strcmp(from->root, session->meta.root) == 0)
		return 0;
	return err_set(err, ERR_INPUT, "the session is of the project %s: fork it from there", from->root);
}

int session_fork(struct session *session, yyjson_val *fork, struct err *err)
{
	cleanup_folder_meta struct folder_meta from = { 0 };
	struct str id = json_str(fork, "session");
	cleanup_free char *name = str_dup(id);
	cleanup_free char *dir = NULL;
	struct str answer = json_str(fork, "answer");

	if (!name)
		return err_nomem(err);
	if (folder_find(name, &dir, err) < 0 || folder_meta_read(dir, &from, err) < 0 ||
	    check_project(session, &from, err) < 0)
		return err->code;
	if (audit_fork(dir, (uint64_t)json_int(fork, "record", 0), session->dir,
		       answer.data ? answer : STR(""), err) < 0)
		return err->code;
	if (json_str(fork, "manifest").data &&
	    session_keep_manifest(session, json_str(fork, "manifest"), json_str(fork, "signature"), err) < 0)
		return err->code;
	session->had_turns = true;
	free(session->meta.title);
	session->meta.title = take_ptr(from.title);
	return folder_meta_write(session->dir, session->id, &session->meta, err);
}
