#include "audit/read.h"

#include <stdlib.h>

#include "audit/format.h"
#include "audit/reader.h"
#include "base/err.h"
#include "base/json.h"

static const struct {
	struct str name;
	const char *fields;
} kinds[] = {
#define EVENT(name, c_name, fields, sentence) { { name, sizeof(name) - 1 }, " " fields " " },
#include "audit/events.def"
#undef EVENT
};

/* The fields of events.def, as bits; a payload in brackets may be absent. */
enum field {
	HAS_OF = 1 << 0, HAS_FUEL = 1 << 1, HAS_CALL = 1 << 2, HAS_OUTCOME = 1 << 3,
	HAS_VERDICT = 1 << 4, HAS_RULE = 1 << 5, HAS_ANSWER = 1 << 6,
	HAS_ARGS = 1 << 7, HAS_RESULT = 1 << 8, HAS_DETAILS = 1 << 9, HAS_MANIFEST = 1 << 10,
	HAS_MODEL = 1 << 11, MAY_DETAILS = 1 << 12,
};

static const struct {
	const char *text;
	enum field bit;
} field_texts[] = {
	{ " of ", HAS_OF }, { " fuel ", HAS_FUEL }, { " call ", HAS_CALL },
	{ " outcome ", HAS_OUTCOME }, { " verdict ", HAS_VERDICT }, { " rule ", HAS_RULE },
	{ " answer ", HAS_ANSWER }, { " args* ", HAS_ARGS }, { " result* ", HAS_RESULT },
	{ " details* ", HAS_DETAILS }, { " manifest* ", HAS_MANIFEST }, { " model* ", HAS_MODEL },
	{ " [details*] ", MAY_DETAILS },
};

static const struct {
	const char *name;
	uint32_t has, may;
} payloads[] = {
	{ "args", HAS_ARGS, 0 }, { "result", HAS_RESULT, 0 }, { "details", HAS_DETAILS, MAY_DETAILS },
	{ "manifest", HAS_MANIFEST, 0 }, { "model", HAS_MODEL, 0 },
};

void reader_table(struct audit_reader *reader)
{
	for (size_t kind = 0; kind < AUDIT_KIND_MAX; kind++)
		for (size_t i = 0; i < sizeof(field_texts) / sizeof(field_texts[0]); i++)
			if (strstr(kinds[kind].fields, field_texts[i].text))
				reader->fields[kind] |= field_texts[i].bit;
}

static int bad(struct err *err, const char *what)
{
	return err_set(err, ERR_INPUT, "%s", what);
}

/* Appends the bytes of one entry of "add": a hash, or {"text":...}. */
static int get_piece(struct audit_reader *reader, struct str entry, struct err *err)
{
	cleanup_json yyjson_doc *doc = NULL;
	yyjson_val *root;
	struct str text;

	if (entry.len == HASH_HEX + 1 && entry.data[0] == '"')
		return blobs_get(reader->blobs, (struct str){ entry.data + 1, HASH_HEX - 1 },
				 &reader->payload, err);
	doc = json_read(entry, NULL, NULL);
	root = yyjson_doc_get_root(doc);
	text = yyjson_is_obj(root) ? json_str(root, "text") : (struct str){ NULL, 0 };
	if (!text.data)
		return bad(err, "a piece is neither a hash nor a text");
	buf_add(&reader->payload, text);
	return buf_check(&reader->payload, "a payload", err);
}

static int count_items(struct str array, size_t *ret_n, struct err *err)
{
	struct str item;
	size_t n = 0;

	while (scan_item(&array, &item))
		n++;
	if (n > AUDIT_PIECES_MAX)
		return bad(err, "a payload has too many pieces");
	*ret_n = n;
	return 0;
}

static int get_pieces(struct audit_reader *reader, struct str value, bool is_chat, struct err *err)
{
	struct str add = scan_find(value, "add"), keep_text = scan_find(value, "keep"), item;
	cleanup_free char *digits = str_dup(keep_text);
	size_t keep = digits ? strtoull(digits, NULL, 10) : 0, n = 0;
	cleanup_free struct str *all = NULL;
	int r = count_items(add, &n, err);

	if (r < 0)
		return r;
	if (keep && (!is_chat || keep > reader->n_chat))
		return bad(err, "it keeps pieces that the call before does not have");
	all = calloc(keep + n + 1, sizeof(*all));
	if (!all)
		return err_nomem(err);
	for (size_t i = 0; i < keep; i++)
		all[i] = reader->chat[i];
	for (n = keep; scan_item(&add, &item); n++)
		all[n] = item;
	/* Without payloads only what is new is looked at: what is kept was before. */
	for (size_t i = reader->payloads ? 0 : keep; i < n && r >= 0; i++)
		r = get_piece(reader, all[i], err);
	if (r < 0 || !is_chat)
		return r;
	free(reader->chat);
	reader->chat = take_ptr(all);
	reader->n_chat = n;
	return 0;
}

/* The payload `name` of a record, in whichever form it was written. */
static int get_payload(struct audit_reader *reader, struct str line, const char *name, bool is_chat,
		       struct err *err)
{
	struct str rest = line, key, value;
	size_t len = strlen(name);
	int r;

	buf_clear(&reader->payload);
	while (scan_member(&rest, &key, &value)) {
		if (!str_starts(key, str_of(name)))
			continue;
		if (key.len == len) {
			buf_add(&reader->payload, value);
			return buf_check(&reader->payload, "a payload", err);
		}
		key = str_from(key, len);
		if (str_is(key, "-blob") && value.len == HASH_HEX + 1) {
			r = blobs_get(reader->blobs, (struct str){ value.data + 1, HASH_HEX - 1 },
				      &reader->payload, err);
			return r;
		}
		if (str_is(key, "-pieces"))
			return get_pieces(reader, value, is_chat, err);
	}
	return 1;
}

static int take_text(yyjson_val *root, const char *key, struct buf *ret_text, struct str *ret,
		     struct err *err)
{
	struct str text = json_str(root, key);

	if (!text.data)
		return err_set(err, ERR_INPUT, "its \"%s\" is missing", key);
	buf_clear(ret_text);
	buf_add(ret_text, text);
	*ret = buf_str(ret_text);
	return buf_check(ret_text, key, err);
}

static int take_number(yyjson_val *root, const char *key, uint64_t *ret, struct err *err)
{
	yyjson_val *val = yyjson_obj_get(root, key);

	if (!yyjson_is_uint(val))
		return err_set(err, ERR_INPUT, "its \"%s\" is missing", key);
	*ret = yyjson_get_uint(val);
	return 0;
}

static int take_fields(struct audit_reader *reader, yyjson_val *root, struct audit_record *record,
		       struct err *err)
{
	uint32_t has = reader->fields[record->kind];
	int r = 0;

	if (has & HAS_OF)
		r = take_number(root, "of", &record->of, err);
	if (r >= 0 && (has & HAS_FUEL))
		r = take_number(root, "fuel", &record->fuel, err);
	if (r >= 0 && (has & HAS_CALL))
		r = take_text(root, "call", &reader->call, &record->call, err);
	if (r >= 0 && (has & HAS_OUTCOME))
		r = take_text(root, "outcome", &reader->outcome, &record->outcome, err);
	if (r >= 0 && (has & HAS_VERDICT))
		r = take_text(root, "verdict", &reader->verdict, &record->verdict, err);
	if (r >= 0 && (has & HAS_RULE))
		r = take_text(root, "rule", &reader->rule, &record->rule, err);
	if (r >= 0 && (has & HAS_ANSWER))
		r = take_text(root, "answer", &reader->answer, &record->answer, err);
	return r;
}

static int take_payload(struct audit_reader *reader, yyjson_val *root, struct audit_record *record,
			struct err *err)
{
	uint32_t fields = reader->fields[record->kind];
	bool is_chat = record->kind == AUDIT_BEGIN && str_is(record->call, "llm.chat");

	/* A model call's pieces are told against the one before, which may not be here. */
	if (reader->is_chain || (reader->is_last && is_chat))
		return 0;
	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		int r;

		if (!(fields & (payloads[i].has | payloads[i].may)))
			continue;
		/* In the line itself: the chain covers it, there is no more to look at. */
		if (!reader->payloads && yyjson_obj_get(root, payloads[i].name))
			continue;
		r = get_payload(reader, record->line, payloads[i].name, is_chat, err);
		if (r > 0 && (fields & payloads[i].has))
			return err_set(err, ERR_INPUT, "its \"%s\" is missing", payloads[i].name);
		if (r < 0)
			return r;
	}
	if (reader->payloads)
		record->payload = buf_str(&reader->payload);
	return 0;
}

/* Begin and end belong together; a crash may leave a begin alone, and only a
 * resume may follow it. */
static int check_pairs(struct audit_reader *reader, const struct audit_record *record,
		       struct err *err)
{
	switch (record->kind) {
	case AUDIT_SESSION:
		return record->seq == 0 ? 0 : bad(err, "a log begins once");
	case AUDIT_RESUME:
		reader->is_call_open = reader->is_export_open = false;
		reader->n_chat = 0;
		return 0;
	case AUDIT_BEGIN:
		if (reader->is_call_open)
			return bad(err, "a call begins before the one before it ended");
		reader->is_call_open = true;
		reader->call_seq = record->seq;
		return 0;
	case AUDIT_EXPORT_BEGIN:
		if (reader->is_export_open || reader->is_call_open)
			return bad(err, "an export begins before the one before it ended");
		reader->is_export_open = true;
		reader->export_seq = record->seq;
		return 0;
	case AUDIT_EXPORT_END:
		if (!reader->is_export_open ||
		    (reader->export_seq != record->of && reader->export_seq != EXPORT_BEFORE))
			return bad(err, "it ends an export that was not begun");
		reader->is_export_open = reader->is_call_open = false;
		return 0;
	case AUDIT_DECISION:
	case AUDIT_ASK:
	case AUDIT_END:
		if (!reader->is_call_open || reader->call_seq != record->of)
			return bad(err, "it belongs to a call that was not begun");
		reader->is_call_open = record->kind != AUDIT_END;
		return 0;
	default:
		return 0;
	}
}

static int take_record(struct audit_reader *reader, struct audit_record *record, struct err *err)
{
	cleanup_json yyjson_doc *doc = json_read(record->line, NULL, NULL);
	yyjson_val *root = yyjson_doc_get_root(doc);
	struct str kind;
	size_t i = 0;
	int r;

	if (!yyjson_is_obj(root))
		return bad(err, "it is no JSON object");
	kind = json_str(root, "kind");
	while (i < AUDIT_KIND_MAX && !str_eq(kind, kinds[i].name))
		i++;
	if (!kind.data || i == AUDIT_KIND_MAX)
		return bad(err, "its kind is unknown");
	record->kind = (enum audit_kind)i;
	record->time = json_int(root, "t", 0);
	r = take_number(root, "seq", &record->seq, err);
	if (r < 0)
		return r;
	if (record->seq != reader->seq)
		return err_set(err, ERR_INPUT, "it says that it is record %llu",
			       (unsigned long long)record->seq);
	if (!str_is(json_str(root, "prev"), reader->head))
		return bad(err, "it does not follow from the record before it");
	if (record->seq == 0 && record->kind != AUDIT_SESSION)
		return bad(err, "the log does not begin with its session record");
	r = take_fields(reader, root, record, err);
	if (r >= 0)
		r = check_pairs(reader, record, err);
	return r < 0 ? r : take_payload(reader, root, record, err);
}

/* The head file says how far the log went and what its last line was. */
static int check_head(struct audit_reader *reader, bool at_end, struct err *err)
{
	struct str text = buf_str(&reader->head_file);
	unsigned long long seq;

	if (text.len == 0 || text.data[0] == '-')
		return 0;
	if (text.len != AUDIT_HEAD_SIZE || text.data[20] != ' ')
		return bad(err, "the head file is damaged");
	seq = strtoull(text.data, NULL, 10);
	if (at_end && !reader->is_chain && seq >= reader->seq)
		return err_set(err, ERR_INPUT, "the log went on to record %llu: its end is missing", seq);
	if (!at_end && seq + 1 == reader->seq && memcmp(text.data + 21, reader->head, 64) != 0)
		return bad(err, "it is not what the head file says was written last");
	return 0;
}

static int at_end(struct audit_reader *reader, struct err *err)
{
	if (reader->seq == 0)
		return bad(err, "the log is empty");
	return check_head(reader, true, err);
}

int audit_next(struct audit_reader *reader, struct audit_record *ret_record, bool *ret_more,
	       struct err *err)
{
	unsigned long long number = reader->seq;
	struct audit_record record = { 0 };
	size_t end = str_chr(reader->rest, '\n');
	int r;

	*ret_more = false;
	if (reader->rest.len == 0) {
		r = at_end(reader, err);
		return r < 0 ? err_wrap(err, "record %llu", number) : 0;
	}
	if (end == STR_NONE)
		return err_set(err, ERR_INPUT, "record %llu: its line has no end (it is being written, or "
					       "the writer died; the next start cuts it off)", number);
	record.line = str_head(reader->rest, end);
	r = take_record(reader, &record, err);
	if (r < 0)
		return err_wrap(err, "record %llu", number);
	hash_hex(record.line, reader->head);
	reader->rest = str_from(reader->rest, end + 1);
	reader->seq++;
	if (record.kind == AUDIT_SESSION || record.kind == AUDIT_RESUME)
		reader->facts = record.line;
	r = check_head(reader, false, err);
	if (r < 0)
		return err_wrap(err, "record %llu", number);
	*ret_record = record;
	*ret_more = true;
	return 0;
}

const char *audit_reader_head(const struct audit_reader *reader)
{
	return reader->head;
}

bool audit_reader_open_call(const struct audit_reader *reader, uint64_t *ret_seq)
{
	*ret_seq = reader->call_seq;
	return reader->is_call_open;
}

void audit_facts_fini(struct audit_facts *facts)
{
	free(facts->id);
	free(facts->root);
	free(facts->component);
	free(facts->engine);
	free(facts->manifest_hash);
	free(facts->seal);
	buf_fini(&facts->manifest_text);
	buf_fini(&facts->model_json);
}

static int copy_payload(struct audit_reader *reader, const char *name, struct buf *ret,
			struct err *err)
{
	/* The payload buffer belongs to the current record. */
	struct buf current = reader->payload;
	bool given = reader->payloads;
	int r;

	reader->payload = BUF_INIT;
	reader->payloads = true;
	r = get_payload(reader, reader->facts, name, false, err);
	*ret = reader->payload;
	reader->payload = current;
	reader->payloads = given;
	return r;
}

int audit_reader_facts(struct audit_reader *reader, struct audit_facts *ret_facts, struct err *err)
{
	cleanup_json yyjson_doc *doc = json_read(reader->facts, NULL, NULL);
	yyjson_val *root = yyjson_doc_get_root(doc);
	struct audit_facts facts = { 0 };
	int r;

	if (!root)
		return bad(err, "no record was read yet");
	facts.id = str_dup(json_str(root, "id"));
	facts.root = str_dup(json_str(root, "root"));
	facts.component = str_dup(json_str(root, "component"));
	facts.engine = str_dup(json_str(root, "engine"));
	facts.manifest_hash = str_dup(json_str(root, "manifest-hash"));
	facts.seal = str_dup(json_str(root, "seal"));
	facts.memory_max = (uint64_t)json_int(root, "memory", 0);
	r = copy_payload(reader, "manifest", &facts.manifest_text, err);
	if (r >= 0)
		r = copy_payload(reader, "model", &facts.model_json, err);
	if (r >= 0 && !(facts.id && facts.root && facts.component && facts.engine &&
			facts.manifest_hash && facts.seal))
		r = err_nomem(err);
	if (r < 0) {
		audit_facts_fini(&facts);
		return r;
	}
	*ret_facts = facts;
	return 0;
}
