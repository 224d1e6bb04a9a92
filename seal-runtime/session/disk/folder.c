#include "session/disk/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "base/dirs.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"

#define META_NAME "meta.json"
#define META_MAX  ((size_t)64 << 10)

/* No letter that is read as another (Crockford's base 32, small). */
static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

int folder_new_id(char ret_id[FOLDER_ID_LEN + 1], struct err *err)
{
	struct timespec now;
	unsigned char chance[6];
	uint64_t ms;

	if (getrandom(chance, sizeof(chance), 0) != sizeof(chance))
		return err_sys(err, "getrandom");
	(void)clock_gettime(CLOCK_REALTIME, &now);
	ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	for (size_t i = 10; i-- > 0; ms >>= 5)
		ret_id[i] = digits[ms & 31];
	for (size_t i = 0; i < sizeof(chance); i++)
		ret_id[10 + i] = digits[chance[i] & 31];
	ret_id[FOLDER_ID_LEN] = '\0';
	return 0;
}

bool folder_id_is_valid(struct str id)
{
	if (id.len != FOLDER_ID_LEN)
		return false;
	for (size_t i = 0; i < id.len; i++)
		if (str_chr(str_of(digits), id.data[i]) == STR_NONE)
			return false;
	return true;
}

void folder_meta_fini(struct folder_meta *meta)
{
	free(meta->root);
	free(meta->cwd);
	free(meta->title);
	*meta = (struct folder_meta){0};
}

static int path_of(const char *id, char **ret_path, struct err *err)
{
	cleanup_free char *state = NULL;
	cleanup_buf struct buf path = BUF_INIT;

	if (!folder_id_is_valid(str_of(id)))
		return err_set(err, ERR_INPUT,
			       "\"%.64s\" is no session id; `seal sessions list` names them", id);
	if (dirs_get(DIRS_STATE, &state, err) < 0)
		return err->code;
	buf_addf(&path, "%s/sessions/%s", state, id);
	*ret_path = buf_take(&path);
	return *ret_path ? 0 : err_nomem(err);
}

int folder_make(const char *id, char **ret_path, struct err *err)
{
	cleanup_free char *path = NULL;

	if (path_of(id, &path, err) < 0 || fd_make_dirs(path, err) < 0)
		return err->code;
	*ret_path = take_ptr(path);
	return 0;
}

int folder_find(const char *id, char **ret_path, struct err *err)
{
	cleanup_free char *path = NULL;

	if (path_of(id, &path, err) < 0)
		return err->code;
	if (access(path, F_OK) < 0)
		return err_set(err, ERR_INPUT,
			       "there is no session %s; `seal sessions list` names them", id);
	*ret_path = take_ptr(path);
	return 0;
}

/* The holder's end is an event that flock() alone can wait for, without a
 * limit; so the limit is put around short waits. */
static int wait_for_lock(int fd, const char *path, struct err *err)
{
	const struct timespec step = {.tv_nsec = 10 * 1000 * 1000};

	for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; waited += 10) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_sys(err, "lock %s", path);
		if (waited >= FOLDER_LOCK_MS)
			return err_set(err, ERR_INPUT,
				       "the session is in use by another process (%s is locked)",
				       path);
		(void)nanosleep(&step, NULL);
	}
	return 0;
}

int folder_lock(const char *path, int *ret_fd, struct err *err)
{
	cleanup_buf struct buf name = BUF_INIT;
	cleanup_close int fd = -1;

	buf_addf(&name, "%s/lock", path);
	if (buf_check(&name, "the path", err) < 0)
		return err->code;
	fd = open(name.data, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(err, "open %s", name.data);
	if (wait_for_lock(fd, name.data, err) < 0)
		return err->code;
	*ret_fd = take_fd(fd);
	return 0;
}

static int open_folder(const char *path, int *ret_fd, struct err *err)
{
	*ret_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return *ret_fd < 0 ? err_sys(err, "open %s", path) : 0;
}

int folder_meta_read(const char *path, struct folder_meta *ret_meta, struct err *err)
{
	cleanup_close int dir = -1;
	cleanup_buf struct buf text = BUF_INIT;
	cleanup_json yyjson_doc *doc = NULL;
	cleanup_folder_meta struct folder_meta meta = {0};
	yyjson_val *root;

	if (open_folder(path, &dir, err) < 0 ||
	    fd_read_file(dir, META_NAME, META_MAX, &text, err) < 0)
		return err->code;
	doc = json_read(buf_str(&text), NULL, NULL);
	root = yyjson_doc_get_root(doc);
	if (!yyjson_is_obj(root))
		return err_set(err, ERR_INPUT, "%s/%s is no JSON object", path, META_NAME);
	meta.root = str_dup(json_str(root, "root"));
	meta.cwd = str_dup(json_str(root, "cwd"));
	meta.title = str_dup(json_str(root, "title"));
	meta.created = json_int(root, "created", 0);
	meta.updated = json_int(root, "updated", 0);
	if (!meta.root || !meta.cwd || !meta.title)
		return err_nomem(err);
	*ret_meta = meta;
	meta = (struct folder_meta){0};
	return 0;
}

/* Whole or not at all for who reads it; after a power cut it may be empty, and
 * then it was of a session that nobody had said anything in. */
static int write_new(int dir, struct str bytes, struct err *err)
{
	cleanup_close int fd = openat(dir, META_NAME ".new",
				      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_sys(err, "make " META_NAME);
	if (fd_write_all(fd, bytes, err) < 0)
		return err_wrap(err, META_NAME);
	if (renameat(dir, META_NAME ".new", dir, META_NAME) < 0)
		return err_sys(err, "rename " META_NAME);
	return 0;
}

int folder_meta_write(const char *path, const char *id, const struct folder_meta *meta,
		      struct err *err)
{
	cleanup_close int dir = -1;
	cleanup_buf struct buf text = BUF_INIT;
	struct json w = json_to(&text);

	json_object(&w);
	json_kv(&w, "id", str_of(id));
	json_kv(&w, "root", str_of(meta->root));
	json_kv(&w, "cwd", str_of(meta->cwd));
	json_kv(&w, "title", str_of(meta->title));
	json_kv_int(&w, "created", meta->created);
	json_kv_int(&w, "updated", meta->updated);
	json_end(&w);
	buf_addc(&text, '\n');
	if (buf_check(&text, META_NAME, err) < 0 || open_folder(path, &dir, err) < 0)
		return err->code;
	return meta->title[0] ? fd_replace_soon(dir, META_NAME, buf_str(&text), 0600, err)
			      : write_new(dir, buf_str(&text), err);
}
