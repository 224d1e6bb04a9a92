#include "gate/mask/secrets.h"

#include <string.h>
#include <strings.h>

/* A word of a file of secrets that says nothing of its own, but looks random. */
#define RANDOM_MIN 16
#define PASSWORD_MIN 6

static const char *const telling[] = { "TOKEN",	     "SECRET",	   "PASSWORD",	  "PASSWD",
				       "PASSPHRASE", "CREDENTIAL", "APIKEY",	  "API_KEY",
				       "PRIVATE_KEY", "ACCESS_KEY", "AUTHORIZATION" };
static const char *const telling_ends[] = { "_KEY", "_PAT", "_PASS", "_AUTH", "_PWD", "_DSN" };

static bool has_upper(struct str name, const char *word, bool at_end)
{
	size_t len = strlen(word);

	for (size_t at = 0; name.len >= len && at <= name.len - len; at++) {
		if (at_end && at != name.len - len)
			continue;
		if (strncasecmp(name.data + at, word, len) == 0)
			return true;
	}
	return false;
}

static bool is_telling(struct str name)
{
	for (size_t i = 0; i < sizeof(telling) / sizeof(telling[0]); i++)
		if (has_upper(name, telling[i], false))
			return true;
	for (size_t i = 0; i < sizeof(telling_ends) / sizeof(telling_ends[0]); i++)
		if (has_upper(name, telling_ends[i], true))
			return true;
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Paths, addresses and numbers are everywhere in a project, and no secrets. */
static bool is_place(struct str value)
{
	return str_starts(value, STR("/")) || str_starts(value, STR("./")) ||
	       str_starts(value, STR("~")) || str_starts(value, STR("http://")) ||
	       str_starts(value, STR("https://"));
}

static bool looks_random(struct str word)
{
	size_t n_digits = 0, n_letters = 0, n_dots = 0;

	for (size_t i = 0; i < word.len; i++) {
		n_digits += is_digit(word.data[i]);
		n_letters += is_letter(word.data[i]);
		n_dots += word.data[i] == '.';
	}
	return word.len >= RANDOM_MIN && n_digits && n_letters && !is_place(word) &&
	       (n_dots < 2 || str_starts(word, STR("eyJ")));
}

static struct str unquoted(struct str value)
{
	value = str_trim(value);
	if (value.len >= 2 && (value.data[0] == '"' || value.data[0] == '\'') &&
	    value.data[value.len - 1] == value.data[0])
		return str_head(str_from(value, 1), value.len - 2);
	return value;
}

/* scheme://user:password@host */
static void find_password(struct str name, struct str value, secret_fn *found, void *ctx)
{
	size_t at = str_find(value, STR("://"), 0), colon, end;

	if (at == STR_NONE)
		return;
	value = str_from(value, at + 3);
	end = str_chr(value, '@');
	colon = str_chr(value, ':');
	if (end == STR_NONE || colon == STR_NONE || colon > end || end - colon - 1 < PASSWORD_MIN)
		return;
	found(ctx, name, (struct str){ value.data + colon + 1, end - colon - 1 });
}

void secrets_of_variable(struct str name, struct str value, secret_fn *found, void *ctx)
{
	value = unquoted(value);
	find_password(name, value, found, ctx);
	if (value.len < SECRET_MIN || value.len > SECRET_MAX || is_place(value))
		return;
	if (is_telling(name))
		found(ctx, name, value);
}

static bool ends_word(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '"' || c == '\'' || c == ':' || c == ',' ||
	       c == '=' || c == '@' || c == ';' || c == '<' || c == '>';
}

static void find_words(struct str name, struct str line, secret_fn *found, void *ctx)
{
	size_t from = 0;

	for (size_t at = 0; at <= line.len; at++) {
		struct str word = { line.data + from, at - from };

		if (at < line.len && !ends_word(line.data[at]))
			continue;
		if (looks_random(word) && word.len <= SECRET_MAX)
			found(ctx, name, word);
		from = at + 1;
	}
}

/* `export NAME=value`, `name: value`, `"name": "value"`. */
static void find_pair(struct str file, struct str line, secret_fn *found, void *ctx)
{
	size_t at = str_chr(line, '=');
	struct str name, value;

	if (at == STR_NONE)
		at = str_chr(line, ':');
	if (at == STR_NONE)
		return;
	name = str_trim(str_head(line, at));
	value = str_trim(str_from(line, at + 1));
	if (str_ends(value, STR(",")))
		value.len--;
	value = unquoted(value);
	if (is_telling(unquoted(name)) && value.len >= SECRET_MIN && value.len <= SECRET_MAX &&
	    !is_place(value))
		found(ctx, file, value);
}

void secrets_of_file(struct str name, struct str text, secret_fn *found, void *ctx)
{
	struct str line;

	while (str_line(&text, &line)) {
		find_password(name, line, found, ctx);
		find_pair(name, line, found, ctx);
		find_words(name, line, found, ctx);
	}
}
