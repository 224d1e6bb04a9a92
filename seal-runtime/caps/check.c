#include "caps/check.h"

#include <setjmp.h>
#include <tree_sitter/api.h>

#include "base/err.h"
#include "caps/hosts.h"
#include "caps/path.h"
#include "caps/rules.h"

/* Of one answer: many times what the largest script that is read takes. */
#define ANSWER_MEMORY_MAX (32u << 20)

static const char *const verb_names[] = {
	[CAPS_READ] = "read",   [CAPS_WRITE] = "write",     [CAPS_DELETE] = "delete",
	[CAPS_RUN] = "command", [CAPS_CONNECT] = "network", [CAPS_FREE] = "call",
};

struct caps_part *check_add(struct check *check, enum caps_verb verb, struct str text,
                            struct ruling ruling)
{
	struct parts *parts = &check->parts;
	struct caps_part *part;

	if (parts->n == parts->room) {
		struct caps_part *more;

		parts->room = parts->room ? parts->room * 2 : 8;
		more = arena_array(check->arena, struct caps_part, parts->room);
		if (parts->n)
			memcpy(more, parts->items, parts->n * sizeof(*more));
		parts->items = more;
	}
	part = &parts->items[parts->n++];
	*part = (struct caps_part){
		.verb = verb,
		.text = arena_copy(check->arena, text),
		.verdict = ruling.verdict,
		.rule = ruling.rule,
		.line = ruling.line,
		.reason = str_of(ruling.reason),
		.only_once = ruling.only_once,
		.runners_up = ruling.others,
	};
	/* Where nobody may be asked about what no rule covers, to ask is to refuse. */
	if (ruling.verdict == CAPS_ASK && !ruling.by_prompt_rule &&
	    !check->caps->manifest->security.allow_runtime_expansion) {
		part->verdict = CAPS_DENY;
		part->reason =
			arena_join(check->arena, STR("sandbox denied "), verb_names[verb], ": ",
		                   part->text.data, " (", ruling.reason, ")", (char *)NULL);
	}
	return part;
}

static struct ruling check_host(const struct caps *caps, struct str target, const char **ret_why,
                                struct arena *arena)
{
	struct ruling ruling = { CAPS_DENY, { "", 0 }, 0, "", false, false };
	struct caps_host host;
	struct err err;
	size_t at;

	if (caps_host_parse(target, &host, &err) < 0) {
		*ret_why = arena_copy(arena, str_of(err.text)).data;
		ruling.reason = *ret_why;
		return ruling;
	}
	at = caps_hosts_deny(caps->deny_hosts.hosts, &host);
	if (at != CAPS_HOSTS_NONE) {
		ruling.rule = caps->deny_hosts.texts[at];
		ruling.line = caps->deny_hosts.lines[at];
		ruling.reason = "a deny rule names the host";
		return ruling;
	}
	at = caps_hosts_allow(caps->allow_hosts.hosts, &host);
	if (at != CAPS_HOSTS_NONE) {
		ruling.rule = caps->allow_hosts.texts[at];
		ruling.line = caps->allow_hosts.lines[at];
		ruling.verdict = CAPS_ALLOW;
		return ruling;
	}
	if (host.kind != CAPS_ADDRESS_PUBLIC) {
		ruling.reason =
			arena_join(arena, STR("a "), caps_address_name(host.kind),
		                   " address is reached only when a rule spells it", (char *)NULL)
				.data;
		return ruling;
	}
	ruling.verdict = CAPS_ASK;
	ruling.reason = "no rule covers the host";
	return ruling;
}

static void check_question(struct check *check, const struct caps_question *question)
{
	struct caps_part *part;
	struct ruling ruling;
	const char *why;

	switch (question->verb) {
	case CAPS_READ:
	case CAPS_WRITE:
	case CAPS_DELETE:
		ruling = path_check(check->caps, check->arena, question);
		part = check_add(check, question->verb, question->subject, ruling);
		if (part->verdict == CAPS_ASK)
			scale_path(check, part, question->subject);
		return;
	case CAPS_CONNECT:
		ruling = check_host(check->caps, question->subject, &why, check->arena);
		part = check_add(check, question->verb, question->subject, ruling);
		if (part->verdict == CAPS_ASK)
			scale_host(check, part, question->subject);
		return;
	case CAPS_RUN: shell_check(check, question->subject, question->cwd); return;
	case CAPS_FREE:
		ruling = (struct ruling){ CAPS_ALLOW, STR("needs no permission"), 0, "", false,
			                  false };
		(void)check_add(check, question->verb, question->subject, ruling);
		return;
	}
}

/* The strictest part decides, the first of equals. */
static void decide(struct check *check, struct caps_answer *answer)
{
	const struct caps_part *worst = NULL;

	answer->parts = check->parts.items;
	answer->n_parts = check->parts.n;
	for (size_t i = 0; i < answer->n_parts; i++)
		if (!worst || answer->parts[i].verdict < worst->verdict)
			worst = &answer->parts[i];
	if (!worst)
		return;
	answer->verdict = worst->verdict;
	answer->rule = worst->rule;
	answer->line = worst->line;
	answer->reason = worst->reason;
	if (answer->verdict == CAPS_ALLOW)
		answer->script = check->script;
}

static void memory_is_full(void *ctx)
{
	longjmp(*(jmp_buf *)ctx, 1);
}

struct caps_answer caps_check(const struct caps *caps, const struct caps_question *question)
{
	/* In memory, not in registers: read after the jump. */
	struct check check = { .caps = caps };
	struct caps_answer answer = { 0 };
	struct arena *arena = calloc(1, sizeof(*arena));
	jmp_buf full;

	answer.reason = STR("out of memory");
	if (!arena)
		return answer;
	check.arena = arena;
	*arena = arena_make(ANSWER_MEMORY_MAX, memory_is_full, &full);
	if (setjmp(full) == 0) {
		check_question(&check, question);
		decide(&check, &answer);
	} else {
		memset(&answer, 0, sizeof(answer));
		answer.reason = STR("the question is larger than what can be checked");
	}
	if (check.tree)
		ts_tree_delete(check.tree);
	arena->on_full = NULL;
	answer.store = check.arena;
	return answer;
}

void caps_answer_fini(struct caps_answer *answer)
{
	if (!answer->store)
		return;
	arena_fini(answer->store);
	free(answer->store);
	*answer = (struct caps_answer){ 0 };
}
