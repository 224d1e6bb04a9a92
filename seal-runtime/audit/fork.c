#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/format.h"
#include "audit/read.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"

struct forking {
	const char *from;
	uint64_t at;
	struct buf past;	/* the records before it, as they stand */
	char head[HASH_HEX];	/* of the last of them */
	char *id;		/* of the session it was */
};

static void forking_finip(struct forking *forking)
{
	buf_fini(&forking->past);
	free(forking->id);
}

/* Every record is verified on the way: nothing goes on from what is not true. */
static int read_past(struct forking *forking, struct err *err)
{
	cleanup_with(audit_reader_free) struct audit_reader *reader = NULL;
	cleanup_with(audit_facts_fini) struct audit_facts facts = { 0 };
	struct audit_record record;
	bool more;
	int r = audit_reader_open(forking->from, false, &reader, err);

	if (r < 0)
		return r;
	for (;;) {
		memcpy(forking->head, audit_reader_head(reader), HASH_HEX);
		if (audit_next(reader, &record, &more, err) < 0)
			return err->code;
		if (!more)
			return err_set(err, ERR_INPUT, "%s: it has no record %llu", forking->from,
				       (unsigned long long)forking->at);
		if (record.seq == forking->at)
			break;
		buf_add(&forking->past, record.line);
		buf_addc(&forking->past, '\n');
	}
	if (record.kind != AUDIT_BEGIN)
		return err_set(err, ERR_INPUT,
			       "%s: record %llu is no call; `seal audit show` names the calls",
			       forking->from, (unsigned long long)forking->at);
	if (audit_reader_facts(reader, &facts, err) < 0)
		return err->code;
	forking->id = take_ptr(facts.id);
	return buf_check(&forking->past, "the log", err);
}

/* A blob never changes, so another name for it is a copy; where links cannot be
 * made, the bytes are copied. */
static int share(int from, int to, const char *name, struct err *err)
{
	cleanup_buf struct buf bytes = BUF_INIT;

	if (linkat(from, name, to, name, 0) == 0 || errno == EEXIST)
		return 0;
	if (fd_read_file(from, name, AUDIT_PAYLOAD_MAX, &bytes, err) < 0)
		return err->code;
	return fd_replace_file(to, name, buf_str(&bytes), 0600, err);
}

static void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

static int share_folder(int from, int to, const char *name, struct err *err)
{
	cleanup_close int from_sub = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_close int to_sub = -1;
	cleanup_with(closedir) DIR *dir = NULL;
	struct dirent *entry;

	if (from_sub < 0 || (mkdirat(to, name, 0700) < 0 && errno != EEXIST))
		return err_sys(err, "blobs/%s", name);
	to_sub = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	dir = fdopendir(dup(from_sub));
	if (to_sub < 0 || !dir)
		return err_sys(err, "open blobs/%s", name);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && !strchr(entry->d_name, '.') &&
		    share(from_sub, to_sub, entry->d_name, err) < 0)
			return err->code;
	return fsync(to_sub) < 0 ? err_sys(err, "sync blobs/%s", name) : 0;
}

static int share_blobs(int from, int to, struct err *err)
{
	cleanup_close int from_blobs = openat(from, AUDIT_BLOBS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int to_blobs = -1;
	cleanup_with(closedir) DIR *dir = from_blobs < 0 ? NULL : fdopendir(dup(from_blobs));
	struct dirent *entry;

	if (!dir || (mkdirat(to, AUDIT_BLOBS, 0700) < 0 && errno != EEXIST))
		return err_sys(err, "make folder " AUDIT_BLOBS);
	to_blobs = openat(to, AUDIT_BLOBS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (to_blobs < 0)
		return err_sys(err, "open folder " AUDIT_BLOBS);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && share_folder(from_blobs, to_blobs, entry->d_name, err) < 0)
			return err->code;
	return fsync(to_blobs) < 0 ? err_sys(err, "sync " AUDIT_BLOBS) : 0;
}

/* What is the same up to here, and what is not from here on. */
static int put_fork(struct forking *forking, int dir, struct str answer, struct err *err)
{
	cleanup_with(blobs_free) struct blobs *blobs = NULL;
	cleanup_buf struct buf details = BUF_INIT;
	char hex[HASH_HEX];
	struct json w = json_to(&details);

	json_object(&w);
	json_kv(&w, "session", str_of(forking->id));
	json_key(&w, "record");
	json_put_uint(&w, forking->at);
	if (answer.len)
		json_kv(&w, "answer", answer);
	json_end(&w);
	if (buf_check(&details, "the fork", err) < 0 || blobs_open(dir, true, &blobs, err) < 0 ||
	    blobs_put(blobs, buf_str(&details), hex, err) < 0 || blobs_sync(blobs, err) < 0)
		return err->code;
	w = json_to(&forking->past);
	json_object(&w);
	json_key(&w, "seq");
	json_put_uint(&w, forking->at);
	json_kv(&w, "prev", str_of(forking->head));
	json_kv_int(&w, "t", audit_now_ms());
	json_kv(&w, "kind", STR("fork"));
	json_kv(&w, "details-blob", str_of(hex));
	json_end(&w);
	buf_addc(&forking->past, '\n');
	return buf_check(&forking->past, "the log", err);
}

int audit_fork(const char *from, uint64_t at, const char *dir, struct str answer, struct err *err)
{
	cleanup_with(forking_fini) struct forking forking = { .from = from, .at = at };
	cleanup_close int from_fd = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (from_fd < 0 || fd < 0)
		return err_sys(err, "open folder %s", from_fd < 0 ? from : dir);
	if (read_past(&forking, err) < 0 || share_blobs(from_fd, fd, err) < 0 ||
	    put_fork(&forking, fd, answer, err) < 0)
		return err->code;
	return fd_replace_file(fd, AUDIT_EVENTS, buf_str(&forking.past), 0600, err);
}
