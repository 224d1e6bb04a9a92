/*
 * One rule more in the text of a seal.toml: the answer to a permission prompt,
 * written down.  Everything that was there stays as it was, byte for byte.
 *
 * Pure.  Who may call: manifest/approve.h, and what shows the line that would
 * be written.
 *
 * A path pattern is written as the loader's two halves: what stands before the
 * last slash is the folder, the rest the file.  `src/a/x.rs` becomes
 * { path = "src/a", files = ["x.rs"] }, `README` { path = ".", files = ["README"] },
 * and a last part of two stars means all below: { path = "src/"+two stars, files = ["*"] }.
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"

struct buf;
struct err;

enum manifest_edit_side { EDIT_ALLOW, EDIT_DENY };

enum manifest_edit_section {
	EDIT_COMMANDS,
	EDIT_READ,
	EDIT_WRITE,
	EDIT_DELETE,
	EDIT_NETWORK,
	EDIT_ENV_VARS,
};

struct manifest_edit {
	enum manifest_edit_side side;
	enum manifest_edit_section section;
	struct str pattern;
	/*
	 * Ask every time.  For hosts and variables there is nothing to write
	 * then: what is not listed is asked about anyway.
	 */
	bool prompt;
};

/*
 * The text with the rule in it.  A rule that is there already changes nothing; one
 * that is there with `prompt = true` and is now wanted without becomes `prompt = false`.
 * The result loads; ERR_INPUT when it would not, with the line to write by hand.
 */
int manifest_edit_add(struct str text, const struct manifest_edit *edit, struct buf *ret_text,
		      struct err *err);

/*
 * The text with `key = "value"` in [model], in place of what was there.  For the
 * keys whose value is a word: "name", "effort".
 */
int manifest_edit_model(struct str text, const char *key, struct str value, struct buf *ret_text,
			struct err *err);

/* The entry as it would be written, without its comma. */
void manifest_edit_entry(const struct manifest_edit *edit, struct buf *ret_entry);

/* The table and key it goes to: "capabilities.allow.commands", "patterns". */
const char *manifest_edit_table(const struct manifest_edit *edit);
const char *manifest_edit_key(const struct manifest_edit *edit);
