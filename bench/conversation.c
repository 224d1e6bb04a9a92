/*
 * Makes a session's log longer, for figures of long conversations.
 *   conversation SESSION-FOLDER MESSAGES
 * Half of the messages are the person's, half the model's, in turns of two.
 */
#include <stdio.h>
#include <stdlib.h>

#include "audit/audit.h"
#include "base/cleanup.h"
#include "base/err.h"

static void must(int r, const struct err *err)
{
	if (r >= 0)
		return;
	(void)fprintf(stderr, "conversation: %s\n", err->text);
	exit(1);
}

static void add_turn(struct audit *audit, long n)
{
	cleanup_buf struct buf asked = BUF_INIT;
	cleanup_buf struct buf said = BUF_INIT;
	uint64_t turn, chat;
	struct err err;

	buf_addf(&asked, "[\"Question %ld: what does this line do, and why?\"]", n);
	buf_addf(&said,
		 "{\"ok\":{\"content\":[{\"text\":{\"text\":\"It is *answer* %ld: the line calls `scan()`, because "
		 "the loop before it has read the length.\"}}],\"stop\":\"end-turn\"}}",
		 n);
	must(audit_export_begin(audit, "handle-message", buf_str(&asked), &turn, &err), &err);
	must(audit_begin(audit, "llm.chat", STR("[]"), &chat, &err), &err);
	must(audit_end(audit, chat, "done", buf_str(&said), false, &err), &err);
	/* As of init: the disk is not waited for five thousand times. */
	must(audit_init_end(audit, turn, "ok", STR("{\"ok\":null}"), 1, &err), &err);
}

int main(int argc, char **argv)
{
	cleanup_with(audit_free) struct audit *audit = NULL;
	struct audit_header header = { .session_id = "s", .root = "/p", .component_hash = "c", .engine = "e",
				       .manifest_hash = "m", .seal_version = "0", .manifest_text = STR("x"),
				       .model_json = STR("{}") };
	struct err err;

	if (argc < 3)
		return 2;
	must(audit_open(argv[1], &header, &audit, &err), &err);
	for (long n = 0; n < strtol(argv[2], NULL, 10) / 2; n++)
		add_turn(audit, n);
	return 0;
}
