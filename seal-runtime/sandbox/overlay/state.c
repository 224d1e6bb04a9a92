#include "sandbox/overlay/state.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"

char state_type(mode_t mode)
{
	if (S_ISREG(mode))
		return 'f';
	if (S_ISDIR(mode))
		return 'd';
	if (S_ISLNK(mode))
		return 'l';
	return S_ISFIFO(mode) ? 'p' : 'o';
}

static void digest_of(int folder, const char *name, struct state *state)
{
	char text[PATH_MAX], digest[HASH_HEX];
	struct err ignored;
	ssize_t n;

	if (state->type == 'l') {
		n = readlinkat(folder, name, text, sizeof(text));
		if (n >= 0)
			hash_hex((struct str){ text, (size_t)n }, state->digest);
		return;
	}
	if (state->type != 'f')
		return;
	cleanup_close int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && hash_fd_hex(fd, digest, &ignored) >= 0)
		memcpy(state->digest, digest, sizeof(digest));
}

void state_of(int folder, const char *name, bool with_digest, struct state *ret_state)
{
	struct stat st;

	*ret_state = (struct state){ .type = '-' };
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	ret_state->type = state_type(st.st_mode);
	ret_state->mode = st.st_mode & 07777;
	ret_state->size = ret_state->type == 'f' ? (uint64_t)st.st_size : 0;
	if (with_digest)
		digest_of(folder, name, ret_state);
}

bool state_is(const struct state *a, const struct state *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == '-' || a->type == 'd')
		return true;
	return a->mode == b->mode && a->size == b->size && strcmp(a->digest, b->digest) == 0;
}
