#include "session/state.h"

#include "base/err.h"
#include "caps/caps.h"
#include "session/cancel.h"

/* The four choices: ACP's kind is also the option's id. */
static const struct {
	const char *id, *name;
	enum ask_choice choice;
	bool lasts;
} options[] = {
    {"allow_once", "Allow", ASK_ALLOW, false},
    {"allow_always", "Allow always", ASK_ALLOW_ALWAYS, true},
    {"reject_once", "Deny", ASK_DENY, false},
    {"reject_always", "Deny always", ASK_DENY_ALWAYS, true},
};

#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

static void put_content(struct json *w, struct str text)
{
	json_key(w, "content");
	json_array(w);
	json_object(w);
	json_kv(w, "type", STR("content"));
	json_key(w, "content");
	json_object(w);
	json_kv(w, "type", STR("text"));
	json_kv(w, "text", text);
	json_end(w);
	json_end(w);
	json_end(w);
}

static void put_tool_call(struct json *w, const struct ask *ask)
{
	json_key(w, "toolCall");
	json_object(w);
	json_kv(w, "toolCallId", str_of(ask->call_id));
	json_kv(w, "title", ask->subject);
	json_kv(w, "kind", str_of(session_call_kind(ask->call)));
	json_kv(w, "status", STR("pending"));
	if (ask->diff.len)
		put_content(w, ask->diff);
	json_key(w, "rawInput");
	json_object(w);
	json_kv(w, "call", str_of(ask->call));
	json_kv(w, "subject", ask->subject);
	if (ask->cwd.len)
		json_kv(w, "cwd", ask->cwd);
	json_end(w);
	json_end(w);
}

static bool is_only_once(const struct caps_answer *answer)
{
	for (size_t i = 0; i < answer->n_parts; i++)
		if (answer->parts[i].verdict == CAPS_ASK && answer->parts[i].only_once)
			return true;
	return false;
}

static void put_options(struct json *w, bool only_once)
{
	json_key(w, "options");
	json_array(w);
	for (size_t i = 0; i < N_OPTIONS; i++) {
		if (only_once && options[i].choice == ASK_ALLOW_ALWAYS)
			continue;
		json_object(w);
		json_kv(w, "optionId", str_of(options[i].id));
		json_kv(w, "name", str_of(options[i].name));
		json_kv(w, "kind", str_of(options[i].id));
		json_end(w);
	}
	json_end(w);
}

static const char *verb_name(enum caps_verb verb)
{
	static const char *const names[] = {
	    [CAPS_READ] = "read", [CAPS_WRITE] = "write",     [CAPS_DELETE] = "delete",
	    [CAPS_RUN] = "run",   [CAPS_CONNECT] = "connect", [CAPS_FREE] = "free",
	};

	return names[verb];
}

static const char *verdict_name(enum caps_verdict verdict)
{
	static const char *const names[] = {
	    [CAPS_DENY] = "deny",
	    [CAPS_ASK] = "ask",
	    [CAPS_ALLOW] = "allow",
	};

	return names[verdict];
}

static void put_part(struct json *w, const struct caps_part *part)
{
	json_object(w);
	json_kv(w, "verb", str_of(verb_name(part->verb)));
	json_kv(w, "text", part->text);
	json_kv(w, "verdict", str_of(verdict_name(part->verdict)));
	json_kv(w, "reason", part->reason);
	json_kv(w, "rule", part->rule);
	json_kv_int(w, "line", part->line);
	json_kv_bool(w, "onlyOnce", part->only_once);
	json_key(w, "steps");
	json_array(w);
	for (size_t i = 0; i < part->n_steps; i++) {
		json_object(w);
		json_kv(w, "pattern", part->steps[i].pattern);
		json_kv_bool(w, "recommended", part->steps[i].recommended);
		json_end(w);
	}
	json_end(w);
	json_end(w);
}

static void put_meta(struct json *w, const struct session *session, const struct ask *ask)
{
	json_key(w, "_meta");
	json_object(w);
	json_key(w, "seal");
	json_object(w);
	json_kv(w, "root", str_of(session->meta.root));
	json_kv(w, "call", str_of(ask->call));
	json_kv(w, "subject", ask->subject);
	json_kv(w, "cwd", ask->cwd);
	json_kv(w, "diff", ask->diff);
	json_key(w, "parts");
	json_array(w);
	for (size_t i = 0; i < ask->answer->n_parts; i++)
		put_part(w, &ask->answer->parts[i]);
	json_end(w);
	json_end(w);
	json_end(w);
}

static void put_question(struct buf *params, const struct session *session, const struct ask *ask)
{
	struct json w = json_to(params);

	json_object(&w);
	json_kv(&w, "sessionId", str_of(session->id));
	put_tool_call(&w, ask);
	put_options(&w, is_only_once(ask->answer));
	put_meta(&w, session, ask);
	json_end(&w);
}

/* A pattern counts only when it is one of the part's steps; otherwise the
 * recommended one, or the narrowest. */
static struct str choose_step(const struct caps_part *part, struct str wanted)
{
	struct str best = part->steps[part->n_steps - 1].pattern;

	for (size_t i = 0; i < part->n_steps; i++) {
		if (wanted.data && str_eq(part->steps[i].pattern, wanted))
			return wanted;
		if (part->steps[i].recommended)
			best = part->steps[i].pattern;
	}
	return best;
}

/* One pattern for each part that was not allowed, in their order. */
static void choose_patterns(const struct caps_answer *answer, yyjson_val *patterns,
			    struct ask_reply *reply)
{
	size_t asked = 0;

	reply->patterns = calloc(answer->n_parts + 1, sizeof(char *));
	for (size_t i = 0; reply->patterns && i < answer->n_parts; i++) {
		const struct caps_part *part = &answer->parts[i];
		char *pattern;

		if (part->verdict == CAPS_ALLOW)
			continue;
		pattern =
		    part->n_steps
			? str_dup(choose_step(part, json_text(yyjson_arr_get(patterns, asked))))
			: str_dup(part->text);
		asked++;
		if (pattern)
			reply->patterns[reply->n_patterns++] = pattern;
	}
}

static struct ask_reply read_answer(const struct ask *ask, const struct message *message)
{
	struct ask_reply reply = {0};
	struct str option = json_str(yyjson_obj_get(message->result, "outcome"), "optionId");
	yyjson_val *seal = yyjson_obj_get(yyjson_obj_get(message->result, "_meta"), "seal");

	reply.nobody = json_bool(seal, "nobody", false) || message->kind == MESSAGE_FAILURE;
	for (size_t i = 0; i < N_OPTIONS; i++) {
		if (!option.data || !str_is(option, options[i].id))
			continue;
		reply.choice = options[i].choice;
		if (reply.choice == ASK_ALLOW_ALWAYS && is_only_once(ask->answer))
			reply.choice = ASK_ALLOW;
		if (options[i].lasts)
			choose_patterns(ask->answer, yyjson_obj_get(seal, "patterns"), &reply);
	}
	return reply;
}

static struct ask_reply up_ask(void *ctx, const struct ask *ask)
{
	struct session *session = ctx;
	cleanup_buf struct buf params = BUF_INIT;
	cleanup_message struct message message = {0};
	struct ask_reply reply;
	struct err err;
	int r;

	put_question(&params, session, ask);
	r = params.failed ? -1
			  : link_ask(&session->link, "session/request_permission", buf_str(&params),
				     session->cancel_fd, &message, &err);
	if (r <= 0)
		return (struct ask_reply){.nobody = !cancel_is_wanted()};
	reply = read_answer(ask, &message);
	/* Every choice but a plain "deny" may have changed seal.toml. */
	session->reload = reply.choice != ASK_DENY;
	return reply;
}

static void put_choices(struct buf *params, const struct session *session, struct str question,
			const struct str *choices, size_t n_choices)
{
	struct json w = json_to(params);

	json_object(&w);
	json_kv(&w, "sessionId", str_of(session->id));
	json_key(&w, "toolCall");
	json_object(&w);
	json_kv(&w, "toolCallId", STR("question"));
	json_kv(&w, "title", question);
	json_kv(&w, "kind", STR("other"));
	json_end(&w);
	json_key(&w, "options");
	json_array(&w);
	for (size_t i = 0; i < n_choices; i++) {
		json_object(&w);
		json_kv(&w, "optionId", choices[i]);
		json_kv(&w, "name", choices[i]);
		json_kv(&w, "kind", STR("allow_once"));
		json_end(&w);
	}
	json_end(&w);
	json_kv_raw(&w, "_meta", STR("{\"seal\":{\"question\":true}}"));
	json_end(&w);
}

/* Only one of the choices is an answer, or free text when there were none. */
static bool up_question(void *ctx, struct str question, const struct str *choices, size_t n_choices,
			struct buf *ret)
{
	struct session *session = ctx;
	cleanup_buf struct buf params = BUF_INIT;
	cleanup_message struct message message = {0};
	struct str option;
	struct err err;

	put_choices(&params, session, question, choices, n_choices);
	if (params.failed || link_ask(&session->link, "session/request_permission",
				      buf_str(&params), session->cancel_fd, &message, &err) <= 0)
		return false;
	option = json_str(yyjson_obj_get(message.result, "outcome"), "optionId");
	if (n_choices == 0 && option.len) {
		buf_add(ret, option);
		return true;
	}
	for (size_t i = 0; option.data && i < n_choices; i++) {
		if (!str_eq(option, choices[i]))
			continue;
		buf_add(ret, option);
		return true;
	}
	return false;
}

void session_up(struct session *session)
{
	session->up = (struct upcall){
	    .ctx = session,
	    .ask = up_ask,
	    .question = up_question,
	    .show = session_show,
	    .cancel_fd = session->cancel_fd,
	};
}
