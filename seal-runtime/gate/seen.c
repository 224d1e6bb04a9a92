/*
 * What the agent has seen of the files it met.  A file that changed since is
 * not overwritten: the agent would undo somebody's work without knowing.  Kept
 * in `<session>/seen`, as a session outlives the process that serves it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "gate/agents.h"
#include "gate/pass.h"

#define SEEN_FILE     "seen"
#define SEEN_FILE_MAX ((size_t)8 << 20)

/* One line of the file: hash of the path, digest (0: forgotten). */
struct record {
	uint64_t path, digest;
};

/* What one agent has seen, another has not. */
static uint64_t hash_of(const struct gate *gate, const char *path)
{
	uint64_t hash = 14695981039346656037u;

	if (gate->agent)
		hash ^= gate->agent->number * 0x9e3779b97f4a7c15u;

	for (; *path; path++)
		hash = (hash ^ (unsigned char)*path) * 1099511628211u;
	return hash;
}

static struct gate_seen *find(const struct gate *gate, uint64_t path)
{
	for (size_t i = 0; i < gate->n_seen; i++)
		if (gate->seen[i].path == path)
			return &gate->seen[i];
	return NULL;
}

bool seen_find(const struct gate *gate, const char *path, uint64_t *ret_digest)
{
	const struct gate_seen *seen = find(gate, hash_of(gate, path));

	if (!seen || !seen->digest)
		return false;
	*ret_digest = seen->digest;
	return true;
}

/* Beyond the limit the oldest entry makes room; out of memory forgets.  False:
 * nothing was changed. */
static bool put(struct gate *gate, struct record record)
{
	struct gate_seen *seen = find(gate, record.path);

	if (seen && seen->digest == record.digest)
		return false;
	if (!gate->seen)
		gate->seen = calloc(GATE_SEEN_MAX, sizeof(*gate->seen));
	if (!gate->seen)
		return false;
	if (!seen) {
		seen = &gate->seen[gate->next_seen];
		gate->next_seen = (gate->next_seen + 1) % GATE_SEEN_MAX;
		gate->n_seen += gate->n_seen < GATE_SEEN_MAX;
		seen->path = record.path;
	}
	seen->digest = record.digest;
	return true;
}

/* Made with the first record: most sessions begin by nothing seen. */
static void open_file(struct gate *gate)
{
	cleanup_close int dir = open(gate->session_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir >= 0)
		gate->seen_fd = openat(dir, SEEN_FILE,
				       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* A record that cannot be kept costs a later life the protection, not this one. */
static void keep(struct gate *gate, struct record record)
{
	struct err ignored;

	if (!put(gate, record))
		return;
	if (gate->seen_fd < 0)
		open_file(gate);
	if (gate->seen_fd < 0)
		return;
	(void)fd_write_all(gate->seen_fd, (struct str){ (const char *)&record, sizeof(record) },
			   &ignored);
}

void seen_note(struct gate *gate, const char *path, uint64_t digest)
{
	keep(gate, (struct record){ hash_of(gate, path), digest ? digest : 1 });
}

void seen_forget(struct gate *gate, const char *path)
{
	if (find(gate, hash_of(gate, path)))
		keep(gate, (struct record){ hash_of(gate, path), 0 });
}

void seen_open(struct gate *gate)
{
	cleanup_close int dir = open(gate->session_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_buf struct buf bytes = BUF_INIT;
	struct record record;
	struct err ignored;

	if (dir >= 0 && fd_read_file(dir, SEEN_FILE, SEEN_FILE_MAX, &bytes, &ignored) >= 0) {
		for (size_t at = 0; at + sizeof(record) <= bytes.len; at += sizeof(record)) {
			memcpy(&record, bytes.data + at, sizeof(record));
			(void)put(gate, record);
		}
	}
	gate->seen_fd = -1;
}

void seen_close(struct gate *gate)
{
	closep(&gate->seen_fd);
	free(gate->seen);
}
