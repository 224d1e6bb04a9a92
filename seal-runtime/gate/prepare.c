/*
 * From a call's arguments to the question that is put to the manifest: names
 * are resolved here, once, and what they lead to is held until the call ends.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "gate/agents.h"
#include "gate/mask/mask.h"
#include "gate/pass.h"

const char *pass_display(const struct gate *gate, const char *path)
{
	size_t len = strlen(gate->root);

	if (strncmp(path, gate->root, len) != 0 || (path[len] != '/' && path[len] != '\0'))
		return path;
	return path[len] == '\0' || path[len + 1] == '\0' ? "." : path + len + 1;
}

struct grant_file pass_grant(const struct pass *pass)
{
	const char *path = pass->pin.path, *root = pass->gate->root;
	size_t len = strlen(root);
	bool is_below = path && strncmp(path, root, len) == 0 && path[len] == '/';

	return (struct grant_file){ pass->pin.object, pass->pin.parent, pass->pin.name, path,
				    is_below ? path + len + 1 : path };
}

enum caps_verdict pass_may_read(const struct gate *gate, const char *path, bool is_folder,
				bool *ret_by_rule)
{
	struct caps_question question = { .verb = CAPS_READ, .subject = str_of(path),
					  .canonical = str_of(path), .is_regular = true,
					  .exists = true, .links = 1 };
	cleanup_caps_answer struct caps_answer answer = agents_judge(gate, &question);

	(void)is_folder;
	*ret_by_rule = answer.rule.len;
	return answer.verdict;
}

/* What cannot be found is a plain answer only where the agent may look; else
 * the answer would tell what exists elsewhere. */
static int missing(struct pass *pass, struct err *why)
{
	cleanup_free char *path = fs_lexical(pass->gate->roots, pass->question.subject);
	const char *rest;
	int fd;

	if (!path)
		return err_nomem(pass->err);
	if (why->code == ERR_INPUT || why->code == ERR_GONE)
		return pass_error(pass, PASS_INVALID, "%s", why->text) < 0 ? -1 : 1;
	buf_adds(&pass->canonical, path);
	pass->question.canonical = buf_str(&pass->canonical);
	pass->question.exists = false;
	pass->answer = agents_judge(pass->gate, &pass->question);
	if (pass->answer.verdict == CAPS_DENY || !fs_root_of(pass->gate->roots, path, &fd, &rest)) {
		if (pass->answer.verdict != CAPS_DENY)
			pass->answer.reason = STR("outside the project");
		return pass_denied(pass) < 0 ? -1 : 1;
	}
	return pass_error(pass, PASS_FAILED, "%s: %s", pass_display(pass->gate, path),
			  why->sys ? strerror(why->sys) : why->text) < 0 ? -1 : 1;
}

static int pin(struct pass *pass, struct str path, enum fs_intent intent)
{
	struct err why;

	buf_add(&pass->subject, path);
	pass->question.subject = buf_str(&pass->subject);
	if (fs_pin(pass->gate->roots, path, intent, &pass->pin, &why) < 0)
		return missing(pass, &why);
	pass->question.canonical = str_of(pass->pin.path);
	pass->question.exists = pass->pin.object >= 0;
	pass->question.is_regular = pass->pin.is_regular;
	pass->question.links = pass->pin.links;
	if (pass->pin.is_regular && mask_is_secret_file(pass->pin.path))
		pass_learn_secrets(pass);
	return 0;
}

/* A model that reads a folder wants to know what is in it; it is told how. */
static int prepare_read(struct pass *pass)
{
	int r = pin(pass, pass_text(pass, 0), FS_READ);
	bool by_rule;

	if (r != 0 || !pass->pin.is_directory || pass->pin.outside ||
	    (pass_may_read(pass->gate, pass->pin.path, true, &by_rule) == CAPS_DENY && by_rule))
		return r;
	return pass_error(pass, PASS_INVALID, "%s is a folder; file_list shows what is in it",
			  pass_display(pass->gate, pass->pin.path)) < 0 ? -1 : 1;
}

static int prepare_write(struct pass *pass)
{
	int r = pin(pass, pass_text(pass, 0), FS_WRITE);

	if (r == 0 && pass->id == GATE_tools_file_edit && pass->pin.object < 0) {
		cleanup_free char *path = str_dup(str_of(pass->pin.path));
		struct err why = { .code = ERR_SYS, .sys = 2 };

		fs_pin_fini(&pass->pin);
		return path ? missing(pass, &why) : err_nomem(pass->err);
	}
	return r;
}

static int prepare_delete(struct pass *pass)
{
	return pin(pass, pass_text(pass, 0), FS_DELETE);
}

/* A folder is looked into, not read: what is shown of it is checked entry by
 * entry, so that the question is only whether a rule denies the whole. */
static int prepare_folder(struct pass *pass)
{
	size_t index = pass->id == GATE_tools_grep ? 1 : 0;
	struct str path = pass_text(pass, index);
	int r = pin(pass, path.len ? path : STR("."), FS_READ);

	if (r == 0 && pass->pin.is_directory)
		pass->question.is_regular = true;
	if (r == 0 && !pass->pin.is_directory && pass->id != GATE_tools_grep)
		return pass_error(pass, PASS_INVALID, "%s is no folder",
				  pass_display(pass->gate, pass->pin.path)) < 0 ? -1 : 1;
	return r;
}

/* The folder that a pattern certainly lies in: its components before the first
 * with a wildcard. */
static int prepare_glob(struct pass *pass)
{
	struct str pattern = pass_text(pass, 0), folder;
	size_t wild = 0, slash = 0;
	int r;

	while (wild < pattern.len && !strchr("*?[{", pattern.data[wild])) {
		slash = pattern.data[wild] == '/' ? wild + 1 : slash;
		wild++;
	}
	folder = str_head(pattern, slash);
	r = pin(pass, folder.len ? folder : STR("."), FS_READ);
	if (r == 0 && pass->pin.is_directory)
		pass->question.is_regular = true;
	return r;
}

static int prepare_command(struct pass *pass)
{
	yyjson_val *command = pass_arg(pass, 0);
	struct str cwd = json_str(command, "cwd");
	struct err why;

	buf_add(&pass->subject, json_str(command, "command"));
	pass->question.subject = buf_str(&pass->subject);
	if (fs_pin(pass->gate->roots, cwd.len ? cwd : STR("."), FS_READ, &pass->pin, &why) < 0)
		return pass_error(pass, PASS_INVALID, "cwd: %s", why.text) < 0 ? -1 : 1;
	if (!pass->pin.is_directory)
		return pass_error(pass, PASS_INVALID, "cwd: %s is no folder", pass->pin.path) < 0 ? -1 : 1;
	pass->question.cwd = str_of(pass->pin.path);
	return 0;
}

static int prepare_url(struct pass *pass)
{
	buf_add(&pass->subject, pass_text(pass, 0));
	pass->question.subject = buf_str(&pass->subject);
	return 0;
}

int pass_prepare(struct pass *pass)
{
	switch (pass->id) {
	case GATE_tools_file_read:
		return prepare_read(pass);
	case GATE_tools_file_write:
	case GATE_tools_file_edit:
		return prepare_write(pass);
	case GATE_tools_file_delete:
		return prepare_delete(pass);
	case GATE_tools_file_list:
	case GATE_tools_grep:
		return prepare_folder(pass);
	case GATE_tools_file_glob:
		return prepare_glob(pass);
	case GATE_tools_command_run:
		return prepare_command(pass);
	case GATE_tools_web_fetch:
		return prepare_url(pass);
	default:
		return 0;
	}
}
