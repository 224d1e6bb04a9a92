/*
 * A log that somebody else wrote.  The chain is mended line by line, so that
 * what is behind it is reached: fields, pairs, payloads in pieces.  Reading must
 * end, and what it gives out must be what the line holds.  The end alone is read, and
 * the log is opened to be gone on with: what opens has a record more then.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/read.h"
#include "base/err.h"
#include "base/fd.h"
#include "crypto/hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static char dir[64];

static void make_dir(void)
{
	char blobs[96];

	if (dir[0])
		return;
	(void)snprintf(dir, sizeof(dir), "/tmp/seal-fuzz-XXXXXX");
	if (!mkdtemp(dir))
		abort();
	(void)snprintf(blobs, sizeof(blobs), "%s/blobs", dir);
	if (mkdir(blobs, 0700) < 0)
		abort();
}

/* Each line of the input, after its first brace, behind a true beginning. */
static void mend(struct str input, struct buf *log)
{
	char prev[HASH_HEX];
	unsigned int seq = 0;
	struct str line;

	memset(prev, '0', HASH_HEX - 1);
	prev[HASH_HEX - 1] = '\0';
	while (seq < 64 && str_line(&input, &line)) {
		size_t start = log->len;

		if (line.len && line.data[0] == '{')
			line = str_from(line, 1);
		buf_addf(log, "{\"seq\":%u,\"prev\":\"%s\",", seq++, prev);
		buf_add(log, line);
		hash_hex(str_from(buf_str(log), start), prev);
		buf_addc(log, '\n');
	}
}

static void put_log(struct str text)
{
	char path[96];
	struct err err;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/events.jsonl", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || fd_write_all(fd, text, &err) < 0)
		abort();
	(void)close(fd);
}

static void read_last(size_t size)
{
	cleanup_with(audit_reader_free) struct audit_reader *reader = NULL;
	struct audit_record record;
	uint64_t seq, first;
	bool more = true;
	struct err err;

	if (audit_reader_open_last(dir, size, &reader, &first, &err) < 0)
		return;
	for (seq = first; audit_next(reader, &record, &more, &err) == 0 && more; seq++)
		if (record.seq != seq)
			abort();
}

static void go_on(size_t n_lines)
{
	static const struct audit_header header = { .session_id = "s", .root = "/p", .component_hash = "c",
		                                    .engine = "e", .manifest_hash = "m",
		                                    .seal_version = "0", .manifest_text = { "x", 1 },
		                                    .model_json = { "{}", 2 } };
	cleanup_with(audit_free) struct audit *audit = NULL;
	char path[96], head[65];
	uint64_t count;
	struct err err;

	(void)snprintf(path, sizeof(path), "%s/head", dir);
	(void)unlink(path);
	if (audit_open(dir, &header, &audit, &err) < 0)
		return;
	audit_head(audit, head, &count);
	if (count != n_lines + !audit_is_forked(audit))
		abort();
}

static size_t count_lines(struct str text)
{
	struct str line;
	size_t n = 0;

	while (str_line(&text, &line))
		n++;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	cleanup_with(audit_reader_free) struct audit_reader *reader = NULL;
	cleanup_buf struct buf log = BUF_INIT;
	struct audit_record record;
	uint64_t n = 0;
	bool more = true;
	struct err err;

	make_dir();
	mend((struct str){ (const char *)bytes, size }, &log);
	put_log(buf_str(&log));
	read_last(size ? 1u + bytes[size - 1] * 8u : 1);
	go_on(count_lines(buf_str(&log)));
	put_log(buf_str(&log));
	if (audit_reader_open(dir, true, &reader, &err) < 0)
		return 0;
	while (more && audit_next(reader, &record, &more, &err) == 0) {
		if (!more)
			break;
		if (record.seq != n++)
			abort();
		if (record.kind == AUDIT_SESSION) {
			cleanup_with(audit_facts_fini) struct audit_facts facts = { 0 };

			(void)audit_reader_facts(reader, &facts, &err);
		}
	}
	return 0;
}
