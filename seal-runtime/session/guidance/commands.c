/* Skills and commands: folders of Markdown. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/dirs.h"
#include "base/err.h"
#include "base/fd.h"
#include "session/guidance/guidance.h"
#include "skills/skills.h"

#define FILE_MAX_READ  ((size_t)64 << 10)
#define ENTRIES_MAX    64
#define NAME_LEN_MAX   64
#define PLACEHOLDER    STR("$ARGUMENTS")

struct entries {
	char *name[ENTRIES_MAX];
	size_t n;
};

static void entries_finip(struct entries *entries)
{
	for (size_t i = 0; i < entries->n; i++)
		free(entries->name[i]);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of what a model or a person has to write: nothing that needs care. */
static bool is_plain(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '-' || c == '_'))
			return false;
	}
	return name.len && name.len <= NAME_LEN_MAX;
}

static void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

/* In name order, without `ending`, so that equal folders give equal contexts. */
static void read_entries(int folder, const char *ending, struct entries *ret_entries)
{
	int own = folder < 0 ? -1 : openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_with(closedir) DIR *dir = own < 0 ? NULL : fdopendir(own);
	struct dirent *entry;

	while (dir && ret_entries->n < ENTRIES_MAX && (entry = readdir(dir))) {
		struct str name = str_of(entry->d_name);

		if (!str_ends(name, str_of(ending)))
			continue;
		name.len -= strlen(ending);
		if (is_plain(name) && (ret_entries->name[ret_entries->n] = str_dup(name)))
			ret_entries->n++;
	}
	if (ret_entries->n)
		qsort(ret_entries->name, ret_entries->n, sizeof(ret_entries->name[0]), compare);
}

static int open_config(const char *folder)
{
	cleanup_free char *config = NULL;
	cleanup_buf struct buf path = BUF_INIT;
	struct err skipped;

	if (dirs_get(DIRS_CONFIG, &config, &skipped) < 0)
		return -1;
	buf_addf(&path, "%s/%s", config, folder);
	return path.failed ? -1 : open(path.data, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int open_project(const char *root)
{
	cleanup_buf struct buf path = BUF_INIT;

	buf_addf(&path, "%s/.seal/commands", root);
	return path.failed ? -1 : open(path.data, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void put_skill(struct json *w, const char *name, struct str text)
{
	json_object(w);
	json_kv(w, "name", str_of(name));
	json_kv(w, "description", guidance_head(text, "description"));
	json_kv(w, "text", guidance_body(text));
	json_end(w);
}

static void put_skill_of_person(struct json *w, int folder, const char *name)
{
	cleanup_buf struct buf text = BUF_INIT;
	cleanup_close int own = openat(folder, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct err skipped;

	if (own >= 0 && fd_read_file(own, "SKILL.md", FILE_MAX_READ, &text, &skipped) >= 0)
		put_skill(w, name, buf_str(&text));
}

struct skills {
	struct json *w;
	const struct entries *own;
};

static void put_skill_of_project(void *ctx, const struct skill *skill)
{
	const struct skills *skills = ctx;

	for (size_t i = 0; i < skills->own->n; i++)
		if (strcmp(skills->own->name[i], skill->name) == 0)
			return;
	if (skill->is_approved)
		put_skill(skills->w, skill->name, skill->text);
}

void guidance_put_skills(struct json *w, const char *root)
{
	cleanup_close int folder = open_config("skills");
	cleanup_with(entries_fini) struct entries entries = { .n = 0 };

	read_entries(folder, "", &entries);
	json_key(w, "skills");
	json_array(w);
	for (size_t i = 0; i < entries.n; i++)
		put_skill_of_person(w, folder, entries.name[i]);
	skills_each(root, put_skill_of_project, &(struct skills){ w, &entries });
	json_end(w);
}

static bool read_command(int folder, struct str name, struct buf *ret_text)
{
	cleanup_buf struct buf file = BUF_INIT;
	struct err skipped;

	buf_addf(&file, "%.*s.md", STR_ARG(name));
	return folder >= 0 && !file.failed &&
	       fd_read_file(folder, file.data, FILE_MAX_READ, ret_text, &skipped) >= 0;
}

static void put_folder(struct json *w, int folder, const struct entries *but)
{
	cleanup_with(entries_fini) struct entries entries = { .n = 0 };

	read_entries(folder, ".md", &entries);
	for (size_t i = 0; i < entries.n; i++) {
		cleanup_buf struct buf text = BUF_INIT;
		bool is_there = false;

		for (size_t k = 0; but && k < but->n; k++)
			is_there |= strcmp(but->name[k], entries.name[i]) == 0;
		if (is_there || !read_command(folder, str_of(entries.name[i]), &text))
			continue;
		json_object(w);
		json_kv(w, "name", str_of(entries.name[i]));
		json_kv(w, "description", guidance_head(buf_str(&text), "description"));
		json_end(w);
	}
}

void guidance_put_commands(struct json *w, const char *root)
{
	cleanup_close int person = open_config("commands"), project = open_project(root);
	cleanup_with(entries_fini) struct entries known = { .n = 0 };

	read_entries(person, ".md", &known);
	put_folder(w, person, NULL);
	put_folder(w, project, &known);
}

static void expand(struct str body, struct str arguments, struct buf *out)
{
	size_t at;
	bool has_place = false;

	while ((at = str_find(body, PLACEHOLDER, 0)) != STR_NONE) {
		buf_add(out, str_head(body, at));
		buf_add(out, arguments);
		body = str_from(body, at + PLACEHOLDER.len);
		has_place = true;
	}
	buf_add(out, body);
	if (!has_place && arguments.len) {
		buf_adds(out, "\n\n");
		buf_add(out, arguments);
	}
}

bool guidance_expand(const char *root, struct str message, struct buf *ret_text)
{
	cleanup_close int person = -1, project = -1;
	cleanup_buf struct buf text = BUF_INIT;
	struct str name, arguments;
	size_t at = 1;

	if (!str_starts(message, STR("/")))
		return false;
	while (at < message.len && message.data[at] != ' ' && message.data[at] != '\n')
		at++;
	name = (struct str){ message.data + 1, at - 1 };
	arguments = str_trim(str_from(message, at));
	if (!is_plain(name))
		return false;
	person = open_config("commands");
	project = open_project(root);
	if (!read_command(person, name, &text) && !read_command(project, name, &text))
		return false;
	expand(guidance_body(buf_str(&text)), arguments, ret_text);
	return !ret_text->failed && str_trim(buf_str(ret_text)).len;
}
