#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "audit/format.h"
#include "audit/reader.h"
#include "audit/tail.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"

static void reader_clear(struct audit_reader *reader)
{
	struct buf *bufs[] = { &reader->text, &reader->head_file, &reader->payload, &reader->call,
			       &reader->outcome, &reader->verdict, &reader->rule, &reader->answer };

	for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
		buf_fini(bufs[i]);
	closep(&reader->dir);
	blobs_free(reader->blobs);
	free(reader->chat);
}

void audit_reader_free(struct audit_reader *reader)
{
	if (!reader)
		return;
	reader_clear(reader);
	free(reader);
}

/* If so, the reader's place is before it. */
static bool begins_call(struct audit_reader *reader, struct str line)
{
	cleanup_json yyjson_doc *doc = json_read(line, NULL, NULL);
	struct str kind = json_str(yyjson_doc_get_root(doc), "kind");

	reader->is_export_open = str_is(kind, "begin");
	reader->export_seq = EXPORT_BEFORE;
	return tail_place(line, &reader->seq, reader->head) &&
	       (reader->is_export_open || str_is(kind, "export-begin"));
}

static bool skip_to_call(struct audit_reader *reader)
{
	struct str rest = buf_str(&reader->text), line;

	for (reader->rest = rest; str_line(&rest, &line); reader->rest = rest)
		if (begins_call(reader, line))
			return true;
	return false;
}

/* Begins with the first call or export among the last `size` bytes; where none is,
 * among more. */
static int read_last(struct audit_reader *reader, size_t size, struct err *err)
{
	cleanup_close int fd = openat(reader->dir, AUDIT_EVENTS, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	bool is_whole = false;
	struct stat st;
	off_t end;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "open " AUDIT_EVENTS);
	if (tail_end(fd, st.st_size, &end, err) < 0)
		return err->code;
	reader->is_last = true;
	for (; !is_whole; size *= 4) {
		if (tail_read(fd, end, size, &reader->text, &is_whole, err) < 0)
			return err->code;
		if (!is_whole && skip_to_call(reader))
			return 0;
	}
	reader->rest = buf_str(&reader->text);
	reader->seq = 0;
	reader->is_export_open = false;
	memcpy(reader->head, AUDIT_FIRST_PREV, HASH_HEX);
	return 0;
}

static int read_whole(struct audit_reader *reader, struct err *err)
{
	int r = fd_read_file(reader->dir, AUDIT_EVENTS, BUF_LIMIT, &reader->text, err);

	reader->rest = buf_str(&reader->text);
	memcpy(reader->head, AUDIT_FIRST_PREV, HASH_HEX);
	return r;
}

/* `last`: how many bytes; 0: all. */
static int open_reader(struct audit_reader *reader, const char *dir, size_t last, struct err *err)
{
	int r;

	reader->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (reader->dir < 0)
		return err_sys(err, "open folder");
	/* The head first: it may lag behind the log, never lead. */
	r = fd_read_file(reader->dir, AUDIT_HEAD, 4096, &reader->head_file, err);
	if (r < 0 && err->code != ERR_LIMIT)
		buf_clear(&reader->head_file);
	r = last ? read_last(reader, last, err) : read_whole(reader, err);
	return r < 0 ? r : blobs_open(reader->dir, false, &reader->blobs, err);
}

static struct audit_reader *new_reader(void)
{
	struct audit_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	reader->dir = -1;
	reader_table(reader);
	return reader;
}

int audit_reader_open(const char *dir, bool with_payloads, struct audit_reader **ret_reader,
		      struct err *err)
{
	cleanup_with(audit_reader_free) struct audit_reader *reader = new_reader();
	int r;

	if (!reader)
		return err_nomem(err);
	reader->payloads = with_payloads;
	r = open_reader(reader, dir, 0, err);
	if (r < 0)
		return err_wrap(err, "log %s", dir);
	*ret_reader = take_ptr(reader);
	return 0;
}

int audit_reader_open_last(const char *dir, size_t size, struct audit_reader **ret_reader,
			   uint64_t *ret_first, struct err *err)
{
	cleanup_with(audit_reader_free) struct audit_reader *reader = new_reader();
	int r;

	if (!reader)
		return err_nomem(err);
	reader->payloads = true;
	r = open_reader(reader, dir, size, err);
	if (r < 0)
		return err_wrap(err, "log %s", dir);
	*ret_first = reader->seq;
	*ret_reader = take_ptr(reader);
	return 0;
}

int reader_over(struct str text, uint64_t seq, const char *prev, struct str head_file,
		struct audit_reader **ret_reader, struct err *err)
{
	cleanup_with(audit_reader_free) struct audit_reader *reader = new_reader();

	if (!reader)
		return err_nomem(err);
	reader->is_chain = true;
	reader->rest = text;
	reader->seq = seq;
	memcpy(reader->head, prev, HASH_HEX);
	buf_add(&reader->head_file, head_file);
	if (reader->head_file.failed)
		return err_nomem(err);
	*ret_reader = take_ptr(reader);
	return 0;
}
