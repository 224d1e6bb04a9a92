#include "session/disk/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "base/dirs.h"
#include "base/err.h"
#include "base/json.h"

struct entry {
	char id[FOLDER_ID_LEN + 1];
	struct folder_meta meta;
};

struct entries {
	struct entry *items;
	size_t n, room;
};

static void entries_finip(struct entries *entries)
{
	for (size_t i = 0; i < entries->n; i++)
		folder_meta_fini(&entries->items[i].meta);
	free(entries->items);
}

static int closedirp(DIR **dir)
{
	return *dir ? closedir(*dir) : 0;
}

static int add(struct entries *entries, const char *id, struct folder_meta *meta, struct err *err)
{
	if (entries->n == entries->room) {
		size_t room = entries->room ? entries->room * 2 : 64;
		struct entry *items = realloc(entries->items, room * sizeof(*items));

		if (!items)
			return err_nomem(err);
		entries->items = items;
		entries->room = room;
	}
	memcpy(entries->items[entries->n].id, id, FOLDER_ID_LEN + 1);
	entries->items[entries->n++].meta = *meta;
	*meta = (struct folder_meta){0};
	return 0;
}

static bool is_wanted(const struct folder_meta *meta, struct str cwd)
{
	return cwd.len == 0 || str_is(cwd, meta->cwd) || str_is(cwd, meta->root);
}

/* A folder whose meta.json cannot be read is left out: it may be half made. */
static int gather(const char *sessions, struct str cwd, struct entries *entries, struct err *err)
{
	__attribute__((cleanup(closedirp))) DIR *dir = opendir(sessions);
	struct dirent *item;

	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return err_sys(err, "open %s", sessions);
	while ((item = readdir(dir)) && entries->n < FOLDER_LIST_MAX) {
		cleanup_buf struct buf path = BUF_INIT;
		cleanup_folder_meta struct folder_meta meta = {0};
		struct err skipped;

		if (!folder_id_is_valid(str_of(item->d_name)))
			continue;
		buf_addf(&path, "%s/%s", sessions, item->d_name);
		if (path.failed || folder_meta_read(path.data, &meta, &skipped) < 0)
			continue;
		if (is_wanted(&meta, cwd) && add(entries, item->d_name, &meta, err) < 0)
			return err->code;
	}
	return 0;
}

static int last_used_first(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	if (left->meta.updated != right->meta.updated)
		return left->meta.updated < right->meta.updated ? 1 : -1;
	return strcmp(right->id, left->id);
}

static void put_time(struct json *w, const char *key, int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm parts;
	char text[32];

	if (!gmtime_r(&when, &parts) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts))
		return;
	json_kv(w, key, str_of(text));
}

static void put_entry(struct json *w, const struct entry *entry)
{
	json_object(w);
	json_kv(w, "sessionId", str_of(entry->id));
	json_kv(w, "cwd", str_of(entry->meta.cwd));
	json_kv(w, "title", str_of(entry->meta.title));
	put_time(w, "updatedAt", entry->meta.updated);
	json_key(w, "_meta");
	json_object(w);
	json_key(w, "seal");
	json_object(w);
	json_kv(w, "root", str_of(entry->meta.root));
	put_time(w, "createdAt", entry->meta.created);
	json_end(w);
	json_end(w);
	json_end(w);
}

/* A cursor is the position of the next session, in decimal. */
static int read_cursor(struct str cursor, size_t *ret_from, struct err *err)
{
	size_t from = 0;

	for (size_t i = 0; i < cursor.len; i++) {
		if (cursor.data[i] < '0' || cursor.data[i] > '9' || from > FOLDER_LIST_MAX)
			return err_set(err, ERR_INPUT, "session/list: the cursor is none of ours");
		from = from * 10 + (size_t)(cursor.data[i] - '0');
	}
	*ret_from = from;
	return 0;
}

static void put_page(struct buf *ret_json, const struct entries *entries, size_t from)
{
	struct json w = json_to(ret_json);
	size_t i;

	json_object(&w);
	json_key(&w, "sessions");
	json_array(&w);
	for (i = from; i < entries->n && i < from + FOLDER_PAGE; i++)
		put_entry(&w, &entries->items[i]);
	json_end(&w);
	if (i < entries->n) {
		char next[24];

		(void)snprintf(next, sizeof(next), "%zu", i);
		json_kv(&w, "nextCursor", str_of(next));
	}
	json_end(&w);
}

static int sessions_path(struct buf *path, struct err *err)
{
	cleanup_free char *state = NULL;

	if (dirs_get(DIRS_STATE, &state, err) < 0)
		return err->code;
	buf_addf(path, "%s/sessions", state);
	return buf_check(path, "the path", err);
}

int folder_list(struct str cwd, struct str cursor, struct buf *ret_json, struct err *err)
{
	cleanup_with(entries_fini) struct entries entries = {0};
	cleanup_buf struct buf path = BUF_INIT;
	size_t from = 0;

	if (read_cursor(cursor, &from, err) < 0 || sessions_path(&path, err) < 0 ||
	    gather(path.data, cwd, &entries, err) < 0)
		return err->code;
	if (entries.n)
		qsort(entries.items, entries.n, sizeof(*entries.items), last_used_first);
	put_page(ret_json, &entries, from);
	return buf_check(ret_json, "the list", err);
}
