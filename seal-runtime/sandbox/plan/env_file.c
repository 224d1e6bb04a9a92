#include "sandbox/plan/env_file.h"

#include <ctype.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>

#include "base/err.h"
#include "base/fd.h"
#include "manifest/manifest.h"
#include "sandbox/plan/plan.h"
#include "sandbox/plan/scan.h"

/* Names that would change what the checked script does, or our own. */
static const char *const never[] = { "SEAL_*",         "PATH",     "LD_*",        "BASH_ENV", "ENV",
	                             "SHELLOPTS",      "BASHOPTS", "BASH_FUNC_*", "PS4",      "IFS",
	                             "PROMPT_COMMAND", "HOME",     NULL };

void env_free(char **list)
{
	for (char **one = list; one && *one; one++)
		free(*one);
	free(list);
}

static size_t name_len(struct str line)
{
	size_t len = 0;

	while (len < line.len && (isalnum((unsigned char)line.data[len]) || line.data[len] == '_'))
		len++;
	return len > 0 && !isdigit((unsigned char)line.data[0]) ? len : 0;
}

static void add_double_quoted(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.len && text.data[i] != '"'; i++) {
		char c = text.data[i];

		if (c == '\\' && i + 1 < text.len) {
			c = text.data[++i];
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
		}
		buf_addc(out, c);
	}
}

static void add_value(struct str text, struct buf *out)
{
	size_t end;

	text = str_trim(text);
	if (str_starts(text, STR("\""))) {
		add_double_quoted(str_from(text, 1), out);
		return;
	}
	if (str_starts(text, STR("'"))) {
		text = str_from(text, 1);
		end = str_chr(text, '\'');
		buf_add(out, str_head(text, end == STR_NONE ? text.len : end));
		return;
	}
	end = str_find(text, STR(" #"), 0);
	buf_add(out, str_trim(str_head(text, end == STR_NONE ? text.len : end)));
}

bool env_parse_line(struct str line, char **ret_variable)
{
	struct buf out = BUF_INIT;
	size_t len;

	line = str_trim(line);
	if (str_starts(line, STR("export ")))
		line = str_trim(str_from(line, 7));
	len = name_len(line);
	if (len == 0 || len == line.len || line.data[len] != '=' || str_chr(line, '\0') != STR_NONE)
		return false;
	buf_add(&out, str_head(line, len + 1));
	add_value(str_from(line, len + 1), &out);
	*ret_variable = buf_take(&out);
	return *ret_variable != NULL;
}

static bool matches_any(const char *name, const struct manifest_list *list)
{
	char glob[128];

	for (const char *const *one = never; *one; one++)
		if (fnmatch(*one, name, 0) == 0)
			return true;
	for (size_t i = 0; i < list->n; i++) {
		(void)snprintf(glob, sizeof(glob), "%.*s", STR_ARG(list->items[i]));
		if (fnmatch(glob, name, 0) == 0)
			return true;
	}
	return false;
}

static bool may_set(const struct manifest *manifest, const char *variable)
{
	char name[256];

	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(variable, "="), variable);
	return !matches_any(name, &manifest->command_run.auto_load_env_protected);
}

static int load_file(int root, const char *name, const struct manifest *manifest, char ***list,
                     size_t *n, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct str rest, line;
	struct err ignored;
	char *variable;

	/* One that is not there, is a link or is too big sets nothing. */
	if (fd_read_file(root, name, ENV_FILE_MAX, &text, &ignored) < 0)
		return 0;
	for (rest = buf_str(&text); str_line(&rest, &line);) {
		if (!env_parse_line(line, &variable))
			continue;
		if (*n == ENV_VARIABLES_MAX || !may_set(manifest, variable))
			free(variable);
		else if (plan_list_add(list, n, variable, err) < 0)
			return err->code;
	}
	return 0;
}

int env_load(const char *root, const struct manifest *manifest, char ***ret_list, struct err *err)
{
	const struct manifest_command_run *run = &manifest->command_run;
	cleanup_close int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char **list = NULL, name[NAME_MAX + 1];
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r >= 0 && run->auto_load_env && i < run->auto_load_env_files.n; i++) {
		struct str file = run->auto_load_env_files.items[i];

		/*
		 * A name within the root; a shell's own file only when that was said.
		 * What the person denied to be read a command must not be told
		 * either: it would only have to print its environment.
		 */
		if (file.len > NAME_MAX || str_chr(file, '/') != STR_NONE ||
		    (str_is(file, ".envrc") && run->envrc_mode != ENVRC_ALLOW))
			continue;
		(void)snprintf(name, sizeof(name), "%.*s", STR_ARG(file));
		if (scan_is_denied(&manifest->deny.read, name))
			continue;
		r = load_file(fd, name, manifest, &list, &n, err);
	}
	if (r < 0) {
		env_free(list);
		return r;
	}
	*ret_list = list;
	return 0;
}
