/*
 * The commands of `seal`: one row of commands.def, one file cmd_<name>.c each.
 * argv[0] is the command's name.  The return value is the exit code.
 */
#pragma once

struct err;

/* Exit codes; documented in `seal --help` and seal(1), tested in tests/. */
enum exit_code {
	EXIT_DONE = 0,		/* the turn ended; checks passed */
	EXIT_FAILED = 1,	/* the answer is no: not verified, not as expected */
	EXIT_INPUT = 2,		/* bad input: arguments, manifest, file */
	EXIT_DENIED = 3,	/* the turn ended, something it asked for was refused */
	EXIT_MODEL = 4,		/* the model could not be used */
	EXIT_LIMIT = 5,		/* a limit of the manifest or a flag was reached */
	EXIT_SANDBOX = 125,	/* the sandbox could not be made */
	EXIT_CANCELLED = 130,	/* Ctrl+C */
	EXIT_FAULT = 70,	/* a fault of ours or of the system */
};

struct cmd {
	const char *name, *arguments, *summary;
	int (*run)(int argc, char **argv);
};

/* The row, or NULL. */
const struct cmd *cmd_find(const char *name);

/* "seal: <text>" on stderr; returns the exit code that fits err->code. */
int cmd_fail(const struct err *err);

/* Replaces this process by `seald MODE ARGS...`; returns only on failure. */
int cmd_exec_seald(const char *mode, int argc, char **argv);

/* The settings as they hold in this folder. */
struct config;
int config_load_here(struct config *ret_config, struct err *err);

/* What cmd_manifest() and cmd_audit() hand on: suggest and test; report and export. */
int cmd_suggest(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_bundle(int argc, char **argv);

#define CMD(name, function, arguments, summary) int function(int argc, char **argv);
#include "seal-cli/commands.def"
#undef CMD
