#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/dirs.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/utf8.h"
#include "session/guidance/guidance.h"

/* The first of these that is there speaks for its folder. */
static const char *const names[] = { "SEAL.md", "AGENTS.md", "CLAUDE.md" };

#define N_NAMES		      (sizeof(names) / sizeof(names[0]))
#define INSTRUCTIONS_MAX      ((size_t)32 << 10)
#define INSTRUCTIONS_FILE_MAX ((size_t)4 << 20)
#define DEPTH_MAX	      16

static bool put_file(struct json *w, int folder, const char *name, const char *path, const char *of)
{
	cleanup_buf struct buf text = BUF_INIT, shown = BUF_INIT;
	struct err skipped;

	if (fd_read_file(folder, name, INSTRUCTIONS_FILE_MAX, &text, &skipped) < 0)
		return false;
	buf_add(&shown, str_head(buf_str(&text), utf8_cut(buf_str(&text), INSTRUCTIONS_MAX)));
	if (text.len > INSTRUCTIONS_MAX)
		buf_addf(&shown, "\n[cut at %zu of %zu bytes: read the rest in %s]\n", shown.len, text.len,
			 path);
	json_object(w);
	json_kv(w, "path", str_of(path));
	json_kv(w, "of", str_of(of));
	json_kv(w, "text", buf_str(&shown));
	json_end(w);
	return true;
}

static void put_folder(struct json *w, int folder, const char *relative)
{
	for (size_t i = 0; i < N_NAMES; i++) {
		cleanup_buf struct buf path = BUF_INIT;

		buf_addf(&path, "%s%s%s", relative, relative[0] ? "/" : "", names[i]);
		if (!path.failed && put_file(w, folder, names[i], path.data, "project"))
			return;
	}
}

static void put_person(struct json *w)
{
	cleanup_free char *config = NULL;
	cleanup_buf struct buf path = BUF_INIT;
	cleanup_close int folder = -1;
	struct err skipped;

	if (dirs_get(DIRS_CONFIG, &config, &skipped) < 0)
		return;
	folder = open(config, O_PATH | O_DIRECTORY | O_CLOEXEC);
	buf_addf(&path, "%s/%s", config, names[0]);
	if (folder >= 0 && !path.failed)
		(void)put_file(w, folder, names[0], path.data, "user");
}

/* No link on the way is followed: what it led to would speak for the project. */
static void put_nested(struct json *w, int root, const char *relative)
{
	cleanup_close int folder = fcntl(root, F_DUPFD_CLOEXEC, 0);
	cleanup_free char *walked = str_dup(str_of(relative));
	char *at = walked;

	for (unsigned int depth = 0; at && *at && folder >= 0 && depth < DEPTH_MAX; depth++) {
		char *slash = strchr(at, '/');
		int next;

		if (slash)
			*slash = '\0';
		next = openat(folder, at, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		closep(&folder);
		folder = next;
		if (folder >= 0)
			put_folder(w, folder, walked);
		if (slash)
			*slash = '/';
		at = slash ? slash + 1 : NULL;
	}
}

void guidance_put_instructions(struct json *w, const char *root, const char *cwd)
{
	cleanup_close int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	size_t len = strlen(root);

	json_key(w, "instructions");
	json_array(w);
	put_person(w);
	if (folder >= 0) {
		put_folder(w, folder, "");
		if (strncmp(cwd, root, len) == 0 && cwd[len] == '/')
			put_nested(w, folder, cwd + len + 1);
	}
	json_end(w);
}
