#include "sandbox/run/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/utf8.h"

static int pass_on(struct output *output, int stream, struct str bytes)
{
	uint64_t before = output->total[stream];
	uint64_t room = before < output->fd_max ? output->fd_max - before : 0;
	struct str passed = str_head(bytes, room < bytes.len ? (size_t)room : bytes.len);
	struct err ignored;

	output->dropped += bytes.len - passed.len;
	/* Whoever read it is gone: the command runs on. */
	if (passed.len && fd_write_all(output->fds[stream], passed, &ignored) < 0)
		output->fd_max = 0;
	return 0;
}

/* Made when there is more than was to be kept, so that most commands leave no file. */
static int open_spill(struct output *output, struct err *err)
{
	cleanup_buf struct buf path = BUF_INIT;
	int fd;

	buf_addf(&path, "%s/output/", output->spill_dir);
	if (buf_check(&path, "the path", err) < 0 || fd_make_dirs(path.data, err) < 0)
		return err->code;
	buf_adds(&path, "XXXXXX.txt");
	if (buf_check(&path, "the path", err) < 0)
		return err->code;
	fd = mkostemps(path.data, 4, O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "create %s", path.data);
	output->spill_fd = fd;
	output->spilled_to = buf_take(&path);
	return fd_write_all(fd, buf_str(&output->kept), err);
}

static int spill(struct output *output, struct str bytes, struct err *err)
{
	int r = 0;

	if (output->spill_fd < 0)
		r = open_spill(output, err);
	if (r >= 0)
		r = fd_write_all(output->spill_fd, bytes, err);
	if (r < 0)
		return err_wrap(err, "keep the whole output");
	return 0;
}

int output_add(struct output *output, int stream, struct str bytes, struct err *err)
{
	size_t room = output->max - output->kept.len;
	int r = 0;

	if (output->watch)
		output->watch(output->ctx, bytes);
	if (output->fds[stream] >= 0)
		r = pass_on(output, stream, bytes);
	else if (output->spill_dir && (output->spill_fd >= 0 || bytes.len > room) &&
	         !output->flooded)
		r = spill(output, bytes, err);
	output->total[stream] += bytes.len;
	if (r < 0)
		return r;
	output->truncated |= output->fds[stream] < 0 && bytes.len > room;
	buf_add(&output->kept, str_head(bytes, room));
	output->flooded |=
		output->spill_max && output->total[0] + output->total[1] > output->spill_max;
	return buf_check(&output->kept, "the output", err);
}

void output_end(struct output *output)
{
	if (output->truncated)
		output->kept.len = utf8_cut(buf_str(&output->kept), output->kept.len);
	if (output->spill_fd >= 0)
		(void)close(output->spill_fd);
	output->spill_fd = -1;
}

void output_fini(struct output *output)
{
	output_end(output);
	buf_fini(&output->kept);
	free(output->spilled_to);
	output->spilled_to = NULL;
}
