#include "seal-cli/audit/story.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"

struct reading {
	struct story *story;
	struct story_call *call; /* the one that is under way */
	size_t turn;
	bool in_turn, failed;
};

void story_fini(struct story *story)
{
	free(story->calls);
	free(story->turns);
	audit_facts_fini(&story->facts);
	arena_fini(&story->arena);
	*story = (struct story){ 0 };
}

static struct str keep(struct reading *reading, struct str text)
{
	struct str copy = { "", 0 };

	if (text.len == 0)
		return copy;
	copy = arena_copy(&reading->story->arena, text);
	reading->failed = reading->failed || !copy.data;
	return copy;
}

/* Room for one more of `size` bytes; doubles. */
static void *grown(void *items, size_t n, size_t size)
{
	if (n & (n - 1))
		return items;
	return reallocarray(items, n ? n * 2 : 1, size);
}

static void begin_call(struct reading *reading, const struct audit_record *record)
{
	struct story *story = reading->story;
	struct story_call *calls = story->n_calls < STORY_CALLS_MAX
	                                   ? grown(story->calls, story->n_calls, sizeof(*calls))
	                                   : NULL;

	if (!calls) {
		reading->failed = true;
		return;
	}
	story->calls = calls;
	reading->call = &calls[story->n_calls++];
	*reading->call = (struct story_call){
		.seq = record->seq,
		.begin = record->time,
		.turn = reading->in_turn ? story->n_turns - 1 : STORY_NO_TURN,
		.call = keep(reading, record->call),
		.args = keep(reading, record->payload),
	};
}

static void begin_turn(struct reading *reading, const struct audit_record *record)
{
	cleanup_json yyjson_doc *doc = json_read(record->payload, NULL, NULL);
	struct story *story = reading->story;
	struct story_turn *turns = grown(story->turns, story->n_turns, sizeof(*turns));

	reading->call = NULL;
	/* Of a child, or going on after it: part of the turn that is under way. */
	if (story->n_turns && str_starts(record->call, STR("a")) && str_chr(record->call, '.') != STR_NONE) {
		story->turns = turns ? turns : story->turns;
		reading->in_turn = true;
		return;
	}
	reading->in_turn = turns && str_is(record->call, "handle-message");
	reading->failed = reading->failed || !turns;
	if (!turns)
		return;
	story->turns = turns;
	if (!reading->in_turn)
		return;
	turns[story->n_turns++] = (struct story_turn){
		.seq = record->seq,
		.begin = record->time,
		.message = keep(reading, json_text(yyjson_arr_get_first(yyjson_doc_get_root(doc)))),
	};
}

static void end_turn(struct reading *reading, const struct audit_record *record)
{
	struct story *story = reading->story;
	struct story_turn *turn = reading->in_turn ? &story->turns[story->n_turns - 1] : NULL;

	reading->call = NULL;
	reading->in_turn = false;
	if (!turn)
		return;
	turn->end = record->time;
	turn->fuel = record->fuel;
	turn->outcome = keep(reading, record->outcome);
	turn->result = keep(reading, record->payload);
}

static void add_refused(struct reading *reading, struct str details)
{
	cleanup_json yyjson_doc *doc = json_read(details, NULL, NULL);
	struct str text = json_text(yyjson_doc_get_root(doc));
	struct story_call *call = reading->call;
	cleanup_buf struct buf lines = BUF_INIT;

	if (!call)
		return;
	buf_add(&lines, call->refused);
	if (lines.len)
		buf_addc(&lines, '\n');
	buf_add(&lines, text.data ? text : details);
	reading->failed = reading->failed || lines.failed;
	call->refused = keep(reading, buf_str(&lines));
}

static void new_manifest(struct reading *reading, struct str details)
{
	cleanup_json yyjson_doc *doc = json_read(details, NULL, NULL);
	struct str text = json_str(yyjson_doc_get_root(doc), "text");

	if (text.data)
		reading->story->manifest = keep(reading, text);
}

static void read_facts(struct reading *reading, struct audit_reader *reader)
{
	struct story *story = reading->story;
	struct err ignored;

	reading->call = NULL;
	reading->in_turn = false;
	audit_facts_fini(&story->facts);
	story->facts = (struct audit_facts){ 0 };
	if (audit_reader_facts(reader, &story->facts, &ignored) < 0)
		reading->failed = true;
	else
		story->manifest = keep(reading, buf_str(&story->facts.manifest_text));
}

static void take(struct reading *reading, struct audit_reader *reader,
                 const struct audit_record *record)
{
	struct story_call *call = reading->call;

	switch (record->kind) {
	case AUDIT_SESSION:
	case AUDIT_RESUME: read_facts(reading, reader); break;
	case AUDIT_EXPORT_BEGIN: begin_turn(reading, record); break;
	case AUDIT_EXPORT_END: end_turn(reading, record); break;
	case AUDIT_BEGIN: begin_call(reading, record); break;
	case AUDIT_DECISION:
		if (call) {
			call->verdict = keep(reading, record->verdict);
			call->rule = keep(reading, record->rule);
			call->details = keep(reading, record->payload);
		}
		break;
	case AUDIT_ASK:
		if (call)
			call->answer = keep(reading, record->answer);
		break;
	case AUDIT_END:
		if (call) {
			call->end = record->time;
			call->outcome = keep(reading, record->outcome);
			call->result = keep(reading, record->payload);
		}
		reading->call = NULL;
		break;
	case AUDIT_SANDBOX: add_refused(reading, record->payload); break;
	case AUDIT_MANIFEST: new_manifest(reading, record->payload); break;
	default: break;
	}
}

int story_read(const char *dir, struct story *ret_story, struct err *err)
{
	cleanup_with(audit_reader_free) struct audit_reader *reader = NULL;
	cleanup_story struct story story = { .arena = arena_make(STORY_SIZE_MAX, NULL, NULL) };
	struct reading reading = { .story = &story };
	struct audit_record record;
	bool more = true;
	int r = audit_reader_open(dir, true, &reader, err);

	while (r >= 0 && more) {
		r = audit_next(reader, &record, &more, err);
		if (r < 0 || !more)
			break;
		take(&reading, reader, &record);
		if (reading.failed)
			return err_set(
				err, ERR_LIMIT,
				"%s: record %llu: the session is too large to be held at once", dir,
				(unsigned long long)record.seq);
		story.begin = story.n_records++ ? story.begin : record.time;
		story.end = record.time;
	}
	if (r < 0)
		return r;
	memcpy(story.head, audit_reader_head(reader), sizeof(story.head));
	*ret_story = story;
	story = (struct story){ 0 };
	return 0;
}
