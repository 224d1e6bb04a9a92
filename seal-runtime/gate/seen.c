/*
 * What the agent has seen of the files it met.  A file that changed since is
 * not overwritten: the agent would undo somebody's work without knowing.
 */
#include <stdlib.h>
#include <string.h>

#include "gate/pass.h"

static struct gate_seen *find(const struct gate *gate, const char *path)
{
	for (size_t i = 0; i < gate->n_seen; i++)
		if (gate->seen[i].path && strcmp(gate->seen[i].path, path) == 0)
			return &gate->seen[i];
	return NULL;
}

bool seen_find(const struct gate *gate, const char *path, uint64_t *ret_digest)
{
	const struct gate_seen *seen = find(gate, path);

	if (seen)
		*ret_digest = seen->digest;
	return seen;
}

/* Beyond the limit the oldest entry makes room; out of memory forgets. */
void seen_note(struct gate *gate, const char *path, uint64_t digest)
{
	struct gate_seen *seen = find(gate, path);

	if (!gate->seen)
		gate->seen = calloc(GATE_SEEN_MAX, sizeof(*gate->seen));
	if (!gate->seen)
		return;
	if (!seen) {
		seen = &gate->seen[gate->next_seen];
		gate->next_seen = (gate->next_seen + 1) % GATE_SEEN_MAX;
		gate->n_seen += gate->n_seen < GATE_SEEN_MAX;
		free(seen->path);
		seen->path = str_dup(str_of(path));
	}
	seen->digest = digest;
}

void seen_forget(struct gate *gate, const char *path)
{
	struct gate_seen *seen = find(gate, path);

	if (!seen)
		return;
	free(seen->path);
	seen->path = NULL;
}

void seen_free(struct gate *gate)
{
	for (size_t i = 0; i < gate->n_seen; i++)
		free(gate->seen[i].path);
	free(gate->seen);
}
