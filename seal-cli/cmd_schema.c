/* `seal schema`: the form of seal.toml for editors and checkers. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "seal-cli/cmd.h"
#include "seal-cli/schema.h"

/* Made at build from run/events.schema.json. */
#include "events.h"

static const char help[] =
    "usage: seal schema [events]\n\n"
    "Prints the JSON Schema (draft 2020-12) of seal.toml. Editors with TOML support read it\n"
    "when the file's first line is\n\n"
    "  #:schema ./.seal/schemas/seal.toml.json\n\n"
    "and `seal schema > .seal/schemas/seal.toml.json` has put it there; `seal init` does both.\n"
    "With `events`: the JSON Schema of the lines that `seal run --json` prints.\n";

int cmd_schema(int argc, char **argv)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct err err;

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		(void)fputs(help, stdout);
		return EXIT_DONE;
	}
	if (argc == 2 && strcmp(argv[1], "events") == 0) {
		(void)fputs(events_schema, stdout);
		return EXIT_DONE;
	}
	if (argc > 1) {
		err_set(&err, ERR_INPUT, "schema: it takes `events` or nothing; see `seal schema --help`");
		return cmd_fail(&err);
	}
	schema_write(&text);
	if (buf_check(&text, "the schema", &err) < 0)
		return cmd_fail(&err);
	(void)fwrite(text.data, 1, text.len, stdout);
	return EXIT_DONE;
}
