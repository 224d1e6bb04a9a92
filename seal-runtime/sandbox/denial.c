#include "sandbox/denial.h"

#include <limits.h>
#include <stdio.h>

#include "sandbox/inside.h"

static const struct complaint {
	const char *text;
	bool about_missing; /* says "not there": only what the sandbox leaves out counts */
} complaints[] = {
	{ "Permission denied", false },        { "Read-only file system", false },
	{ "Operation not permitted", false },  { "Device or resource busy", false },
	{ "No such file or directory", true },
};

static const struct complaint *complaint_of(struct str line, size_t *ret_at)
{
	for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++) {
		*ret_at = str_find(line, str_of(complaints[i].text), 0);
		if (*ret_at != STR_NONE)
			return &complaints[i];
	}
	return NULL;
}

static bool is_path_byte(char c)
{
	return c != ' ' && c != '\t' && c != '\'' && c != '"' && c != '`' && c != ':' && c != '(' &&
	       c != ')' && c != ',' && c != ';' && (unsigned char)c >= ' ';
}

/* The next word that could be a path: it holds a slash or begins with a dot. */
static bool next_path(struct str *rest, struct str *ret_path)
{
	while (rest->len) {
		size_t at = 0, len = 0;

		while (at < rest->len && !is_path_byte(rest->data[at]))
			at++;
		while (at + len < rest->len && is_path_byte(rest->data[at + len]))
			len++;
		*ret_path = (struct str){ rest->data + at, len };
		*rest = str_from(*rest, at + len);
		if (len > 1 && len < PATH_MAX / 2 &&
		    (str_chr(*ret_path, '/') != STR_NONE || ret_path->data[0] == '.'))
			return true;
	}
	return false;
}

static bool is_known(const struct sandbox_outcome *outcome, const char *path)
{
	char needle[PATH_MAX];

	(void)snprintf(needle, sizeof(needle), "\"target\":\"%.4000s\"", path);
	for (size_t i = 0; i < outcome->n_denials; i++)
		if (strstr(outcome->denials[i], needle))
			return true;
	return false;
}

static void explain(const char *path, const struct complaint *complaint, const struct plan *plan,
                    struct sandbox_outcome *outcome)
{
	const struct plan_step *step = plan_step_of(plan, path);

	if (is_known(outcome, path) || outcome->n_denials >= DENIALS_MAX)
		return;
	if (step && step->kind == PLAN_MASK)
		(void)sandbox_deny(outcome, path, "read",
		                   "secrets and denied files are hidden from commands",
		                   "use what the manifest grants; a person can lift it in "
		                   "[sandbox.os] or deny.read");
	else if (step && step->kind == PLAN_PROTECT && !complaint->about_missing)
		(void)sandbox_deny(outcome, path, "write", "a tool on this machine obeys this file",
		                   "ask the person to change it");
	else if (step && (step->kind == PLAN_READ || step->kind == PLAN_SYSTEM) &&
	         !complaint->about_missing)
		(void)sandbox_deny(outcome, path, "write",
		                   "it is visible to commands, not writable",
		                   "name the folder in [capabilities.allow.write]");
	else if (!step && path[0] == '/')
		(void)sandbox_deny(outcome, path, "read", "it lies outside of what commands see",
		                   "name the folder in [capabilities.allow.read]");
}

/* The path next to the complaint: the last one before it ("cat: x: No such..."),
 * or else the first behind it ("Permission denied: 'x'"). */
static bool path_of(struct str line, size_t complaint_at, struct str *ret_path)
{
	struct str before = str_head(line, complaint_at), behind = str_from(line, complaint_at),
		   word;
	bool found = false;

	while (next_path(&before, &word)) {
		*ret_path = word;
		found = true;
	}
	return found || next_path(&behind, ret_path);
}

static void read_line(struct str line, const struct plan *plan, const char *cwd,
                      struct sandbox_outcome *outcome)
{
	size_t at;
	const struct complaint *complaint = complaint_of(line, &at);
	char path[PATH_MAX];
	struct str word;

	if (!complaint || !path_of(line, at, &word))
		return;
	if (word.data[0] == '/')
		(void)snprintf(path, sizeof(path), "%.*s", STR_ARG(word));
	else
		(void)snprintf(path, sizeof(path), "%.2000s/%.*s", cwd,
		               STR_ARG(str_starts(word, STR("./")) ? str_from(word, 2) : word));
	explain(path, complaint, plan, outcome);
}

void denial_read(struct str output, const struct plan *plan, const char *cwd,
                 struct sandbox_outcome *outcome)
{
	struct str line;

	while (outcome->n_denials < DENIALS_MAX && str_line(&output, &line))
		if (line.len < PATH_MAX)
			read_line(line, plan, cwd, outcome);
}
