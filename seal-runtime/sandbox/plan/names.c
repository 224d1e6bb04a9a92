#include "sandbox/plan/names.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <strings.h>

#define LINE_MAX_SEEN 1024
#define GLOB_SEGMENT  256

static const char *const secrets[] = {
#define SECRET(glob) glob,
#include "sandbox/plan/names.def"
	NULL,
};
static const char *const publics[] = {
#define PUBLIC(glob) glob,
#include "sandbox/plan/names.def"
	NULL,
};
static const char *const controls[] = {
#define CONTROL(name) name,
#include "sandbox/plan/names.def"
	NULL,
};
static const char *const vendors[] = {
#define VENDOR(name) name,
#include "sandbox/plan/names.def"
	NULL,
};
static const char *const git_keys[] = {
#define GIT_KEY(text) text,
#include "sandbox/plan/names.def"
	NULL,
};
const char *const names_git[] = {
#define GIT(path) path,
#include "sandbox/plan/names.def"
	NULL,
};
const char *const names_places[] = {
#define PLACE(path) path,
#include "sandbox/plan/names.def"
	NULL,
};

/* Called for every file of a project: the first byte decides nearly always. */
static bool one_star_matches(const char *glob, const char *name, size_t len)
{
	const char *star;
	size_t head, tail;

	if (glob[0] != '*' && tolower((unsigned char)glob[0]) != tolower((unsigned char)name[0]))
		return false;
	star = strchr(glob, '*');
	if (!star)
		return strcasecmp(glob, name) == 0;
	head = (size_t)(star - glob);
	tail = strlen(star + 1);
	return len >= head + tail && strncasecmp(glob, name, head) == 0 &&
	       strcasecmp(star + 1, name + len - tail) == 0;
}

static bool in_list(const char *const *list, const char *name)
{
	size_t len = strlen(name);

	for (; *list; list++)
		if (one_star_matches(*list, name, len))
			return true;
	return false;
}

bool name_is_secret(const char *name)
{
	return in_list(secrets, name) && !in_list(publics, name);
}

bool name_is_control(const char *name)
{
	return in_list(controls, name);
}

bool name_is_vendor(const char *name)
{
	return in_list(vendors, name);
}

static bool line_is_dangerous(struct str line)
{
	char low[LINE_MAX_SEEN];

	/* A line nobody writes by hand is no configuration to trust. */
	if (line.len >= sizeof(low))
		return true;
	for (size_t i = 0; i < line.len; i++)
		low[i] = (char)tolower((unsigned char)line.data[i]);
	low[line.len] = '\0';
	for (const char *const *key = git_keys; *key; key++)
		if (strstr(low, *key))
			return true;
	return false;
}

bool names_git_is_dangerous(struct str config)
{
	struct str line;

	while (str_line(&config, &line))
		if (line_is_dangerous(line))
			return true;
	return false;
}

static bool segment_matches(const char *glob, size_t glob_len, const char *name, size_t name_len)
{
	char pattern[GLOB_SEGMENT], text[GLOB_SEGMENT];

	if (glob_len >= sizeof(pattern) || name_len >= sizeof(text))
		return false;
	(void)snprintf(pattern, sizeof(pattern), "%.*s", (int)glob_len, glob);
	(void)snprintf(text, sizeof(text), "%.*s", (int)name_len, name);
	return fnmatch(pattern, text, FNM_NOESCAPE) == 0;
}

bool glob_matches(const char *glob, const char *path)
{
	size_t g, p;

	for (;;) {
		g = strcspn(glob, "/");
		p = strcspn(path, "/");
		if (g == 0)
			return p == 0;
		if (g == 2 && glob[0] == '*' && glob[1] == '*')
			break;
		if (p == 0 || !segment_matches(glob, g, path, p))
			return false;
		glob += g + (glob[g] == '/');
		path += p + (path[p] == '/');
	}
	if (glob[2] != '/')
		return true;
	for (glob += 3;; path += p + 1) {
		if (glob_matches(glob, path))
			return true;
		p = strcspn(path, "/");
		if (path[p] != '/')
			return false;
	}
}

size_t glob_literal_len(const char *glob)
{
	size_t wild = strcspn(glob, "*?[");

	if (glob[wild] == '\0')
		return wild;
	while (wild > 0 && glob[wild - 1] != '/')
		wild--;
	return wild > 0 ? wild - 1 : 0;
}
