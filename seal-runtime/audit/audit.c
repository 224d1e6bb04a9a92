#include "audit/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "audit/format.h"
#include "audit/payload.h"
#include "audit/receipt.h"
#include "audit/tail.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"
#include "crypto/signer.h"

struct audit {
	int dir, fd;
	char *head_text;	/* the head file, mapped: no call a record */
	struct payloads payloads;
	uint64_t count;		/* lines */
	off_t size;		/* of the file, as far as it is whole */
	char head[HASH_HEX];	/* hash of the last line */
	bool is_forked;		/* the last line says so */
	bool broken;		/* a half line could not be taken back */
	bool is_named;		/* the names of the folder and of its files are on the disk */
	struct buf line;
	struct crypto_signer *signer; /* NULL: no receipts */
	struct receipt receipt;
};

static const char *const kinds[] = {
#define EVENT(name, c_name, fields, sentence) name,
#include "audit/events.def"
#undef EVENT
};

void audit_free(struct audit *audit)
{
	if (!audit)
		return;
	closep(&audit->dir);
	closep(&audit->fd);
	if (audit->head_text)
		(void)munmap(audit->head_text, AUDIT_HEAD_SIZE);
	payloads_fini(&audit->payloads);
	crypto_signer_free(audit->signer);
	buf_fini(&audit->line);
	free(audit);
}

void audit_head(const struct audit *audit, char ret_hex[65], uint64_t *ret_count)
{
	memcpy(ret_hex, audit->head, HASH_HEX);
	*ret_count = audit->count;
}

void audit_set_signer(struct audit *audit, struct crypto_signer *signer)
{
	crypto_signer_free(audit->signer);
	audit->signer = signer;
}

int64_t audit_now_ms(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool audit_is_forked(const struct audit *audit)
{
	return audit->is_forked;
}

/* A record in the making: `line` is filled, then audit_append() writes it. */
static struct json line_begin(struct audit *audit, const char *kind)
{
	struct json w;

	buf_clear(&audit->line);
	audit->line.limit = AUDIT_LINE_MAX;
	w = json_to(&audit->line);
	json_object(&w);
	json_key(&w, "seq");
	json_put_uint(&w, audit->count);
	json_kv(&w, "prev", str_of(audit->head));
	json_kv_int(&w, "t", audit_now_ms());
	json_kv(&w, "kind", str_of(kind));
	return w;
}

/* A line is there as a whole or not at all. */
static int write_line(struct audit *audit, struct str line, struct err *err)
{
	ssize_t n;

	do
		n = write(audit->fd, line.data, line.len);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)line.len)
		return 0;
	if (n >= 0)
		errno = ENOSPC;
	err_sys(err, "write the log");
	if (n > 0 && ftruncate(audit->fd, audit->size) < 0)
		audit->broken = true;
	return err->code;
}

static void write_head(const struct audit *audit)
{
	char text[AUDIT_HEAD_SIZE + 1];

	(void)snprintf(text, sizeof(text), AUDIT_HEAD_FORMAT,
		       (unsigned long long)(audit->count - 1), audit->head);
	/* A head that lags behind is allowed; only one that is ahead tells. */
	memcpy(audit->head_text, text, AUDIT_HEAD_SIZE);
}

static int line_end(struct audit *audit, struct json *w, uint64_t *ret_seq, struct err *err)
{
	char hash[HASH_HEX];
	int r;

	json_end(w);
	r = buf_check(&audit->line, "a record of the log", err);
	if (r < 0)
		return r;
	if (audit->broken)
		return err_set(err, ERR_SYS, "the log holds half a line that could not be removed; "
					     "free space on its disk and start the session again");
	hash_hex(buf_str(&audit->line), hash);
	buf_addc(&audit->line, '\n');
	r = write_line(audit, buf_str(&audit->line), err);
	if (r < 0)
		return r;
	memcpy(audit->head, hash, HASH_HEX);
	audit->is_forked = false;
	audit->size += (off_t)audit->line.len;
	if (ret_seq)
		*ret_seq = audit->count;
	audit->count++;
	write_head(audit);
	return 0;
}

static int put_header(struct audit *audit, struct json *w, const struct audit_header *header,
		      struct err *err)
{
	int r;

	receipt_facts(&audit->receipt, header->session_id, header->component_hash,
		      header->manifest_hash);
	json_kv(w, "id", str_of(header->session_id));
	json_kv(w, "root", str_of(header->root));
	json_kv(w, "component", str_of(header->component_hash));
	json_kv(w, "engine", str_of(header->engine));
	json_key(w, "memory");
	json_put_uint(w, header->memory_max);
	json_kv(w, "manifest-hash", str_of(header->manifest_hash));
	json_kv(w, "seal", str_of(header->seal_version));
	r = payload_put(&audit->payloads, w, "manifest", header->manifest_text, err);
	if (r < 0)
		return r;
	return payload_put(&audit->payloads, w, "model", header->model_json, err);
}

static int begin_log(struct audit *audit, const struct audit_header *header, struct err *err)
{
	struct json w;
	int r;

	memcpy(audit->head, AUDIT_FIRST_PREV, HASH_HEX);
	w = line_begin(audit, "session");
	r = put_header(audit, &w, header, err);
	return r < 0 ? r : line_end(audit, &w, NULL, err);
}

/* Moves what stands behind the last whole record into events.torn. */
static int cut_torn(struct audit *audit, off_t size, off_t end, struct err *err)
{
	cleanup_buf struct buf torn = BUF_INIT;
	cleanup_close int fd = -1;
	int r;

	if (end == size)
		return 0;
	fd = openat(audit->dir, AUDIT_TORN, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return err_sys(err, "open " AUDIT_TORN);
	r = tail_bytes(audit->fd, end, size, &torn, err);
	if (r >= 0)
		r = fd_write_all(fd, buf_str(&torn), err);
	if (r >= 0 && fsync(fd) < 0)
		r = err_sys(err, "sync " AUDIT_TORN);
	if (r >= 0 && ftruncate(audit->fd, end) < 0)
		r = err_sys(err, "cut the torn line off");
	return r;
}

/* How many records the head file or the receipt knows of that the log does not have. */
static uint64_t lost_records(const struct audit *audit, const struct resume *resume)
{
	char text[AUDIT_HEAD_SIZE + 1] = "";
	uint64_t count = resume->n_claimed, told;

	memcpy(text, audit->head_text, AUDIT_HEAD_SIZE);
	told = text[0] == '-' ? 0 : strtoull(text, NULL, 10) + 1;
	if (told > count)
		count = told;
	return count > audit->count ? count - audit->count : 0;
}

static void take_resume(struct audit *audit, const struct resume *resume)
{
	audit->count = resume->count;
	memcpy(audit->head, resume->head, HASH_HEX);
	audit->is_forked = resume->is_forked;
	audit->receipt.calls = resume->calls;
	audit->receipt.denied = resume->denied;
}

/* Where the log ends, and that it holds up to there: what was changed is refused,
 * before what a power cut took is looked for. */
static int find_end(struct audit *audit, off_t size, off_t *ret_end, struct resume *resume,
		    struct err *err)
{
	off_t lines, whole;

	if (tail_end(audit->fd, size, &lines, err) < 0)
		return err->code;
	*ret_end = whole = lines;
	if (lines == 0)
		return 0;
	if (resume_check(audit->dir, audit->fd, lines, resume, err) < 0 ||
	    rest_check(audit->payloads.blobs, audit->fd, &whole, err) < 0)
		return err->code;
	*ret_end = whole;
	return whole == lines || whole == 0 ? 0
					    : resume_check(audit->dir, audit->fd, whole, resume, err);
}

static int continue_log(struct audit *audit, const struct audit_header *header, struct err *err)
{
	struct resume resume = { .count = 0 };
	struct stat st;
	struct json w;
	off_t end = 0;
	int r;

	if (fstat(audit->fd, &st) < 0)
		return err_sys(err, "look at " AUDIT_EVENTS);
	if (find_end(audit, st.st_size, &end, &resume, err) < 0 ||
	    cut_torn(audit, st.st_size, end, err) < 0)
		return err->code;
	if (end == 0)
		return begin_log(audit, header, err);
	audit->size = end;
	take_resume(audit, &resume);
	receipt_facts(&audit->receipt, header->session_id, header->component_hash, header->manifest_hash);
	if (audit->is_forked)
		return 0;
	w = line_begin(audit, "resume");
	r = put_header(audit, &w, header, err);
	if (r < 0)
		return r;
	json_kv_int(&w, "torn", (int64_t)(st.st_size - end));
	json_kv_int(&w, "lost", (int64_t)lost_records(audit, &resume));
	json_kv_int(&w, "signed", (int64_t)resume.n_signed);
	return line_end(audit, &w, NULL, err);
}

/* The blocks are there before the file is mapped: a full disk is an error here
 * and no signal later. */
static int map_head(struct audit *audit, struct err *err)
{
	cleanup_close int fd = openat(audit->dir, AUDIT_HEAD, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
				      0600);
	char none[AUDIT_HEAD_SIZE];
	struct stat st;
	void *at;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "open " AUDIT_HEAD);
	memset(none, '-', sizeof(none));
	if (st.st_size != AUDIT_HEAD_SIZE &&
	    (ftruncate(fd, 0) < 0 || pwrite(fd, none, sizeof(none), 0) != sizeof(none)))
		return err_sys(err, "write " AUDIT_HEAD);
	at = mmap(NULL, AUDIT_HEAD_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return err_sys(err, "map " AUDIT_HEAD);
	audit->head_text = at;
	return 0;
}

static int open_files(struct audit *audit, const char *dir, struct err *err)
{
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_sys(err, "make folder %s", dir);
	audit->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (audit->dir < 0)
		return err_sys(err, "open folder %s", dir);
	audit->fd = openat(audit->dir, AUDIT_EVENTS,
			   O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (audit->fd < 0)
		return err_sys(err, "open " AUDIT_EVENTS);
	if (flock(audit->fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(err, ERR_INPUT, "another process writes this log; attach to the session, "
					       "or end that process");
	if (map_head(audit, err) < 0)
		return err->code;
	return blobs_open(audit->dir, true, &audit->payloads.blobs, err);
}

int audit_open(const char *dir, const struct audit_header *header, struct audit **ret_audit,
	       struct err *err)
{
	cleanup_with(audit_free) struct audit *audit = calloc(1, sizeof(*audit));
	int r;

	if (!audit)
		return err_nomem(err);
	audit->dir = audit->fd = -1;
	r = open_files(audit, dir, err);
	if (r >= 0)
		r = continue_log(audit, header, err);
	if (r < 0)
		return err_wrap(err, "log %s", dir);
	*ret_audit = take_ptr(audit);
	return 0;
}

static int sync_content(struct audit *audit, struct err *err)
{
	int r = blobs_sync(audit->payloads.blobs, err);

	if (r < 0)
		return r;
	return fdatasync(audit->fd) < 0 ? err_sys(err, "sync the log") : 0;
}

/* A file's bytes are of no use without the names that lead to it. */
static int sync_names(struct audit *audit, struct err *err)
{
	cleanup_close int above = -1;

	if (fsync(audit->dir) < 0)
		return err_sys(err, "sync the log's folder");
	if (audit->is_named)
		return 0;
	above = openat(audit->dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (above < 0 || fsync(above) < 0)
		return err_sys(err, "sync the folder above the log's");
	audit->is_named = true;
	return 0;
}

static int begin(struct audit *audit, const char *kind, const char *call, struct str args,
		 uint64_t *ret_seq, struct err *err)
{
	struct json w = line_begin(audit, kind);
	int r;

	json_kv(&w, "call", str_of(call));
	r = strcmp(call, "llm.chat") == 0 ? payload_put_chat(&audit->payloads, &w, args, err) :
					    payload_put(&audit->payloads, &w, "args", args, err);
	if (r >= 0)
		r = line_end(audit, &w, ret_seq, err);
	/* Nothing may be told against a call that is not in the log. */
	if (r < 0)
		audit->payloads.n_chat = 0;
	return r;
}

int audit_begin(struct audit *audit, const char *call, struct str args, uint64_t *ret_seq,
		struct err *err)
{
	int r = begin(audit, "begin", call, args, ret_seq, err);

	audit->receipt.calls += r >= 0;
	return r;
}

/* What is done in a turn must be known after a power cut, so the names that lead to
 * the session are on the disk before the first. */
int audit_export_begin(struct audit *audit, const char *name, struct str args, uint64_t *ret_seq,
		       struct err *err)
{
	if (!audit->is_named && strcmp(name, "init") != 0 && sync_names(audit, err) < 0)
		return err->code;
	return begin(audit, "export-begin", name, args, ret_seq, err);
}

static int finish(struct audit *audit, struct json *w, struct str details, struct err *err)
{
	int r = details.len ? payload_put(&audit->payloads, w, "details", details, err) : 0;

	return r < 0 ? r : line_end(audit, w, NULL, err);
}

int audit_decision(struct audit *audit, uint64_t seq, const char *verdict, struct str rule,
		   struct str details, struct err *err)
{
	struct json w = line_begin(audit, "decision");

	json_kv_int(&w, "of", (int64_t)seq);
	json_kv(&w, "verdict", str_of(verdict));
	json_kv(&w, "rule", rule);
	return finish(audit, &w, details, err);
}

int audit_ask(struct audit *audit, uint64_t seq, const char *answer, struct str patterns_json,
	      struct err *err)
{
	struct json w = line_begin(audit, "ask");

	json_kv_int(&w, "of", (int64_t)seq);
	json_kv(&w, "answer", str_of(answer));
	return finish(audit, &w, patterns_json, err);
}

int audit_end(struct audit *audit, uint64_t seq, const char *outcome, struct str result,
	      bool durable, struct err *err)
{
	struct json w = line_begin(audit, "end");
	int r;

	json_kv_int(&w, "of", (int64_t)seq);
	json_kv(&w, "outcome", str_of(outcome));
	r = payload_put(&audit->payloads, &w, "result", result, err);
	if (r >= 0)
		r = line_end(audit, &w, NULL, err);
	audit->receipt.denied += r >= 0 && strcmp(outcome, "denied") == 0;
	return r < 0 || !durable ? r : audit_sync(audit, err);
}

/* The receipt speaks of what is on disk already. */
static int sign_head(struct audit *audit, struct err *err)
{
	if (!audit->signer)
		return 0;
	audit->receipt.records = audit->count;
	memcpy(audit->receipt.head, audit->head, HASH_HEX);
	return receipt_write(audit->dir, audit->signer, &audit->receipt, err);
}

int audit_init_end(struct audit *audit, uint64_t seq, const char *outcome, struct str result,
		   uint64_t fuel, struct err *err)
{
	struct json w = line_begin(audit, "export-end");
	int r;

	json_kv_int(&w, "of", (int64_t)seq);
	json_kv(&w, "outcome", str_of(outcome));
	json_key(&w, "fuel");
	json_put_uint(&w, fuel);
	r = payload_put(&audit->payloads, &w, "result", result, err);
	return r < 0 ? r : line_end(audit, &w, NULL, err);
}

int audit_export_end(struct audit *audit, uint64_t seq, const char *outcome, struct str result,
		     uint64_t fuel, struct err *err)
{
	int r = audit_init_end(audit, seq, outcome, result, fuel, err);

	if (r >= 0)
		r = sync_content(audit, err);
	if (r >= 0)
		r = sign_head(audit, err);
	return r < 0 ? r : sync_names(audit, err);
}

int audit_note(struct audit *audit, const char *kind, struct str details_json, struct err *err)
{
	struct json w = line_begin(audit, kind);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i], kind) == 0)
			return finish(audit, &w, details_json, err);
	return err_set(err, ERR_INTERNAL, "no kind of record is called \"%s\"", kind);
}

int audit_sync(struct audit *audit, struct err *err)
{
	int r = sync_content(audit, err);

	return r < 0 || audit->is_named ? r : sync_names(audit, err);
}
