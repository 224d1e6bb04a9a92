#include "session/state.h"

#include <sys/stat.h>
#include <time.h>

#include "base/err.h"
#include "gate/gate.h"
#include "manifest/manifest.h"
#include "session/guidance/guidance.h"

/* Names are the manifest's, so that the log reads like it. */
static void put_compact(struct json *w, const struct manifest_compact *compact)
{
	json_key(w, "compact");
	json_object(w);
	json_kv_bool(w, "enabled", compact->enabled);
	json_kv_int(w, "threshold_pct", compact->threshold_pct);
	json_kv_int(w, "max_output_tokens", compact->max_output_tokens);
	json_key(w, "microcompact");
	json_object(w);
	json_kv_bool(w, "enabled", compact->micro_enabled);
	json_kv_int(w, "gap_threshold_minutes", compact->micro_gap_threshold_minutes);
	json_kv_int(w, "keep_recent", compact->micro_keep_recent);
	json_end(w);
	json_end(w);
}

static void put_tasks(struct json *w, const struct manifest_tasks *tasks)
{
	json_key(w, "tasks");
	json_object(w);
	json_kv_int(w, "turns_between_reminders", tasks->turns_between_reminders);
	json_kv_int(w, "turns_since_task", tasks->turns_since_task);
	json_end(w);
}

int64_t session_max_turns(const struct session *session)
{
	int64_t max_turns = session->manifest->limits.max_turns;

	return session->max_turns && (!max_turns || session->max_turns < max_turns)
		       ? session->max_turns : max_turns;
}

static void put_limits(struct json *w, const struct session *session)
{
	const struct manifest *manifest = session->manifest;

	json_key(w, "limits");
	json_object(w);
	json_kv_int(w, "max_turns", session_max_turns(session));
	json_kv_int(w, "file_read_dedup_entries", manifest->limits.file_read_dedup_entries);
	json_kv_int(w, "file_read_dedup_total_mb", manifest->limits.file_read_dedup_total_mb);
	put_compact(w, &manifest->compact);
	put_tasks(w, &manifest->tasks);
	json_end(w);
}

/* The guest has no clock; the day is a fact like any other, and in the log. */
static void put_date(struct json *w)
{
	time_t now = time(NULL);
	struct tm parts;
	char text[32];

	if (localtime_r(&now, &parts) && strftime(text, sizeof(text), "%Y-%m-%d", &parts))
		json_kv(w, "date", str_of(text));
}

/* Where the daemon and its workers keep things must not differ, and no variable
 * may change what the next program loads. */
static bool is_kept_out(struct str variable)
{
	static const char *const prefixes[] = { "HOME=", "XDG_", "LD_", "SEAL_LIB=" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (str_starts(variable, str_of(prefixes[i])))
			return true;
	return false;
}

static int set_variable(struct str variable, struct err *err)
{
	size_t at = str_chr(variable, '=');
	cleanup_free char *name = at == STR_NONE ? NULL : str_dup(str_head(variable, at));
	cleanup_free char *value = at == STR_NONE ? NULL : str_dup(str_from(variable, at + 1));
	int r;

	if (at == STR_NONE || at == 0 || is_kept_out(variable))
		return 0;
	if (!name || !value)
		return err_nomem(err);
	r = setenv(name, value, 1);
	explicit_bzero(value, strlen(value));
	return r < 0 ? err_sys(err, "set %s", name) : 0;
}

static void drop_variables(void)
{
	size_t kept = 0;

	for (char **variable = environ; *variable; variable++)
		if (is_kept_out(str_of(*variable)))
			environ[kept++] = *variable;
	environ[kept] = NULL;
}

/* seald's own mask is closed to others, for what it keeps; what the agent makes
 * in the project is made as the person would. */
#define UMASK_DEFAULT 022

int session_take_environment(yyjson_val *environment, struct err *err)
{
	yyjson_val *variables = yyjson_obj_get(environment, "variables");
	yyjson_val *variable;
	size_t i, n;

	(void)umask((mode_t)json_int(environment, "umask", UMASK_DEFAULT) & 0777);
	if (!yyjson_is_arr(variables))
		return 0;
	drop_variables();
	yyjson_arr_foreach (variables, i, n, variable)
		if (set_variable(json_text(variable), err) < 0)
			return err->code;
	return 0;
}

int session_context(const struct session *session, struct buf *ret_json, struct err *err)
{
	return session_context_of(session, NULL, ret_json, err);
}

int session_context_of(const struct session *session, const struct gate_agent *child,
		       struct buf *ret_json, struct err *err)
{
	struct json w = json_to(ret_json);

	json_object(&w);
	json_kv(&w, "root", str_of(session->meta.root));
	json_kv(&w, "name", session->manifest->name);
	json_kv(&w, "cwd", str_of(session->meta.cwd));
	put_date(&w);
	guidance_put_instructions(&w, session->meta.root, session->meta.cwd);
	guidance_put_skills(&w, session->meta.root);
	json_kv_bool(&w, "commit_trailer", session->manifest->attribution_commit_trailer);
	put_limits(&w, session);
	json_kv_bool(&w, "resume", session->had_turns && !child);
	if (child) {
		json_key(&w, "agent");
		gate_agent_describe(child, &w);
	}
	json_end(&w);
	return buf_check(ret_json, "the project context", err);
}
