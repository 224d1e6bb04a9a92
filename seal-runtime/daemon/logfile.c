#include "daemon/logfile.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/dirs.h"
#include "base/err.h"

/* Is standard error that file?  Somebody may have sent it elsewhere. */
static bool is_ours(const char *path)
{
	struct stat here, there;

	return fstat(STDERR_FILENO, &here) == 0 && stat(path, &there) == 0 &&
	       here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

static void turn(const char *path, const char *before)
{
	cleanup_close int fd = -1;

	if (rename(path, before) < 0)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		(void)dup2(fd, STDERR_FILENO);
}

void logfile_turn(void)
{
	cleanup_free char *state = NULL;
	cleanup_buf struct buf path = BUF_INIT;
	cleanup_buf struct buf before = BUF_INIT;
	struct stat st;
	struct err ignored;

	if (fstat(STDERR_FILENO, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < LOGFILE_MAX ||
	    dirs_get(DIRS_STATE, &state, &ignored) < 0)
		return;
	buf_addf(&path, "%s/seald.log", state);
	buf_addf(&before, "%s/seald.log.1", state);
	if (!path.failed && !before.failed && is_ours(path.data))
		turn(path.data, before.data);
}
