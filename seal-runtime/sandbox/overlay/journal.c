/* A line of numbers and words, a NUL, a path, a NUL; as often as there are changes. */
#include "sandbox/overlay/journal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "sandbox/overlay/change.h"

static const char name[] = "journal";

int journal_write(int record, const struct changes *changes, struct err *err)
{
	cleanup_buf struct buf text = { .limit = JOURNAL_MAX };
	cleanup_close int fd = -1;

	for (size_t i = 0; i < changes->n; i++) {
		const struct change *one = &changes->items[i];

		buf_addf(&text, "%c %c %o %c %o %" PRIu64 " %s", one->kind, one->before.type,
		         one->before.mode, one->after.type, one->after.mode, one->after.size,
		         one->after.digest[0] ? one->after.digest : "-");
		buf_addc(&text, '\0');
		buf_add(&text, (struct str){ one->path, strlen(one->path) + 1 });
	}
	if (buf_check(&text, "the journal of a command", err) < 0)
		return err->code;
	fd = openat(record, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, "create the journal");
	return fd_write_all(fd, buf_str(&text), err);
}

static bool take_text(struct str *rest, const char **ret_text)
{
	size_t end = str_chr(*rest, '\0');

	if (end == STR_NONE)
		return false;
	*ret_text = rest->data;
	*rest = str_from(*rest, end + 1);
	return true;
}

static bool read_line(const char *line, struct change *change)
{
	unsigned int before_mode, after_mode;
	char digest[HASH_HEX];

	if (sscanf(line, "%c %c %o %c %o %" SCNu64 " %64s", &change->kind, &change->before.type,
	           &before_mode, &change->after.type, &after_mode, &change->after.size,
	           digest) != 7)
		return false;
	change->before.mode = before_mode & 07777;
	change->after.mode = after_mode & 07777;
	if (strcmp(digest, "-") != 0)
		memcpy(change->after.digest, digest, sizeof(digest));
	return true;
}

/* What lies below the project has no ".." in its name. */
static bool is_below(const char *path)
{
	struct str rest = str_of(path), part;

	if (path[0] == '/' || path[0] == '\0')
		return false;
	while (str_split(&rest, '/', &part))
		if (part.len == 0 || str_is(part, "..") || str_is(part, "."))
			return false;
	return true;
}

int journal_read(int record, struct changes *ret_changes, struct err *err)
{
	cleanup_buf struct buf text = { .limit = JOURNAL_MAX };
	cleanup_with(changes_fini) struct changes changes = { 0 };
	struct str rest;
	const char *line, *path;

	if (fd_read_file(record, name, JOURNAL_MAX, &text, err) < 0)
		return err->code;
	for (rest = buf_str(&text); rest.len;) {
		struct change change = { 0 };

		if (!take_text(&rest, &line) || !take_text(&rest, &path) ||
		    !read_line(line, &change) || !is_below(path))
			return err_set(err, ERR_INPUT, "the journal is damaged");
		change.path = strdup(path);
		if (changes_add(&changes, &change, err) < 0) {
			free(change.path);
			return err->code;
		}
	}
	*ret_changes = changes;
	changes = (struct changes){ 0 };
	return 0;
}
