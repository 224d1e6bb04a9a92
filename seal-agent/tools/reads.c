#include "seal-agent/tools/reads.h"

#include <stdlib.h>
#include <string.h>

#include "seal-agent/rt/alloc.h"
#include "seal-agent/state.h"

/* Texts this short cost less than the words that would stand for them. */
#define SHORT 200

void reads_fini(struct reads *reads)
{
	free(reads->items);
	*reads = (struct reads){ 0 };
}

static uint64_t add_hash(uint64_t hash, struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.data[i]) * 1099511628211u;
	return hash;
}

static uint64_t hash_of(struct str path, const seal_agent_tools_read_options_t *options)
{
	uint32_t range[2] = { options->offset.is_some ? options->offset.val : 0,
			      options->limit.is_some ? options->limit.val : 0 };

	return add_hash(add_hash(14695981039346656037u, path),
			(struct str){ (const char *)range, sizeof(range) });
}

static void drop(struct reads *reads, size_t at)
{
	reads->bytes -= reads->items[at].bytes;
	memmove(&reads->items[at], &reads->items[at + 1],
		(--reads->len - at) * sizeof(reads->items[0]));
}

static struct read *find(struct reads *reads, uint64_t what)
{
	for (size_t i = 0; i < reads->len; i++) {
		if (reads->items[i].what == what)
			return &reads->items[i];
	}
	return NULL;
}

static void note(struct agent *agent, const struct read *read)
{
	struct reads *reads = &agent->reads;
	size_t max = (size_t)agent->settings.dedup_entries;
	size_t bytes_max = (size_t)agent->settings.dedup_total_mb << 20;

	if (max == 0 || read->bytes > bytes_max)
		return;
	while (reads->len && (reads->len >= max || reads->bytes + read->bytes > bytes_max))
		drop(reads, 0);
	reads->items = alloc_grow(reads->items, (reads->len + 1) * sizeof(reads->items[0]));
	reads->items[reads->len++] = *read;
	reads->bytes += read->bytes;
}

bool reads_has(struct agent *agent, struct str path, const seal_agent_tools_read_options_t *options,
	       struct str text)
{
	struct read now = { hash_of(path, options), add_hash(14695981039346656037u, text), text.len,
			    agent->history.n_results + 1 };
	struct read *before = find(&agent->reads, now.what);

	if (text.len <= SHORT)
		return false;
	if (before && before->digest == now.digest && before->result > agent->history.n_cleared)
		return true;
	if (before)
		drop(&agent->reads, (size_t)(before - agent->reads.items));
	note(agent, &now);
	return false;
}
