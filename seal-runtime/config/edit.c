/* One value in the text of a config.toml; everything else stays as it was. */
#include "config/config.h"

#include "base/buf.h"
#include "base/err.h"
#include "manifest/toml.h"

static void put_value(struct buf *text, enum config_key key, struct str value)
{
	bool is_word = config_settings[key].kind == CONFIG_WORD;

	buf_adds(text, is_word ? "\"" : "");
	buf_add(text, value);
	buf_adds(text, is_word ? "\"" : "");
}

static void put_line(struct buf *text, enum config_key key, struct str value)
{
	buf_addf(text, "%s = ", config_settings[key].key);
	put_value(text, key, value);
	buf_addc(text, '\n');
}

/* The start of the line behind `at`, or the end of the text. */
static size_t line_behind(struct str text, size_t at)
{
	size_t end = str_chr(str_from(text, at), '\n');

	return end == STR_NONE ? text.len : at + end + 1;
}

static void put_split(struct buf *out, struct str text, size_t at)
{
	buf_add(out, str_head(text, at));
	if (at && text.data[at - 1] != '\n')
		buf_addc(out, '\n');
}

/* Behind the table's header, where no other table can begin before it. */
static int add(struct str text, const struct seal_toml_node *table, enum config_key key,
               struct str value, struct buf *out, struct err *err)
{
	size_t at = text.len;

	if (table && table->kind != SEAL_TOML_TABLE_HEADER)
		return err_set(err, ERR_INPUT,
		               "the file has no header [%s]; write %s.%s into it by hand",
		               config_settings[key].table, config_settings[key].table,
		               config_settings[key].key);
	if (table)
		at = line_behind(text, table->end);
	put_split(out, text, at);
	if (!table)
		buf_addf(out, "%s[%s]\n", text.len ? "\n" : "", config_settings[key].table);
	put_line(out, key, value);
	buf_add(out, str_from(text, at));
	return 0;
}

int config_edit(struct str text, enum config_key key, struct str value, struct buf *ret_text,
                struct err *err)
{
	cleanup_with(toml_fini) struct toml toml = { 0 };
	const struct seal_toml_node *table, *node = NULL;

	if (config_check(key, value, err) < 0 || toml_read(&toml, text, "config.toml", err) < 0)
		return err->code;
	table = toml_member(&toml, toml_root(&toml), str_of(config_settings[key].table));
	if (table)
		node = toml_member(&toml, table, str_of(config_settings[key].key));
	if (!node && add(text, table, key, value, ret_text, err) < 0)
		return err->code;
	if (node) {
		buf_add(ret_text, str_head(text, node->start));
		put_value(ret_text, key, value);
		buf_add(ret_text, str_from(text, node->end));
	}
	return buf_check(ret_text, "the file", err);
}
