#include "crypto/signers.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/dirs.h"
#include "base/err.h"
#include "base/fd.h"
#include "crypto/key.h"
#include "crypto/sig.h"

struct signer_line {
	struct str principals, key;
	struct str namespaces;
	bool has_namespaces, is_authority;
	int64_t after, before; /* 0: unset */
};

/* Takes a word; inside double quotes blanks belong to it. */
static struct str take_word(struct str *rest)
{
	bool quoted = false;
	size_t at = 0;
	struct str word;

	*rest = str_trim(*rest);
	for (; at < rest->len; at++) {
		char c = rest->data[at];

		if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == ' ' || c == '\t'))
			break;
	}
	word = str_head(*rest, at);
	*rest = str_from(*rest, at);
	return quoted ? (struct str){ 0 } : word;
}

static struct str unquote(struct str text)
{
	if (text.len >= 2 && text.data[0] == '"' && text.data[text.len - 1] == '"')
		return str_from(str_head(text, text.len - 1), 1);
	return text;
}

static bool take_number(struct str *rest, size_t digits, int *ret_value)
{
	int value = 0;

	if (rest->len < digits)
		return false;
	for (size_t i = 0; i < digits; i++) {
		if (!isdigit((unsigned char)rest->data[i]))
			return false;
		value = value * 10 + rest->data[i] - '0';
	}
	*rest = str_from(*rest, digits);
	*ret_value = value;
	return true;
}

/* YYYYMMDD[HHMM[SS]][Z]; without Z it is local time. */
static bool read_time(struct str text, int64_t *ret_seconds)
{
	bool utc = str_ends(text, STR("Z"));
	struct tm tm = { .tm_isdst = -1 };
	time_t seconds;

	if (utc)
		text.len--;
	if (text.len != 8 && text.len != 12 && text.len != 14)
		return false;
	if (!take_number(&text, 4, &tm.tm_year) || !take_number(&text, 2, &tm.tm_mon) ||
	    !take_number(&text, 2, &tm.tm_mday))
		return false;
	if (text.len && (!take_number(&text, 2, &tm.tm_hour) || !take_number(&text, 2, &tm.tm_min)))
		return false;
	if (text.len && !take_number(&text, 2, &tm.tm_sec))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	if (tm.tm_year < 70 || tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1 ||
	    tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return false;
	seconds = utc ? timegm(&tm) : mktime(&tm);
	if (seconds <= 0)
		return false;
	*ret_seconds = seconds;
	return true;
}

static bool is_option(struct str name, const char *want)
{
	return name.len == strlen(want) && strncasecmp(name.data, want, name.len) == 0;
}

static int set_option(struct signer_line *line, struct str option, struct err *err)
{
	size_t at = str_chr(option, '=');
	struct str name = str_head(option, at);
	struct str value = at == STR_NONE ? (struct str){ 0 } : unquote(str_from(option, at + 1));

	if (is_option(option, "cert-authority")) {
		line->is_authority = true;
		return 0;
	}
	if (is_option(name, "namespaces") && value.len && !line->has_namespaces) {
		line->namespaces = value;
		line->has_namespaces = true;
		return 0;
	}
	if (is_option(name, "valid-after") && !line->after && read_time(value, &line->after))
		return 0;
	if (is_option(name, "valid-before") && !line->before && read_time(value, &line->before))
		return 0;
	return err_set(err, ERR_INPUT, "option \"%.*s\" is not understood",
	               STR_ARG(str_head(option, 60)));
}

static int set_options(struct signer_line *line, struct str options, struct err *err)
{
	while (options.len) {
		bool quoted = false;
		size_t at = 0;

		for (; at < options.len; at++) {
			if (options.data[at] == '"')
				quoted = !quoted;
			else if (!quoted && options.data[at] == ',')
				break;
		}
		if (set_option(line, str_head(options, at), err) < 0)
			return err->code;
		options = str_from(options, at + 1);
	}
	return 0;
}

/* 1: a line with a key; 0: a blank or a comment. */
static int read_line(struct str text, struct signer_line *ret_line, struct crypto_key *ret_key,
                     struct err *err)
{
	struct str rest = str_trim(text), word, behind;

	*ret_line = (struct signer_line){ 0 };
	if (rest.len == 0 || rest.data[0] == '#')
		return 0;
	ret_line->principals = unquote(take_word(&rest));
	if (!ret_line->principals.len)
		return err_set(err, ERR_INPUT, "there are no principals");
	if (crypto_key_read(rest, ret_key, err) == 0)
		return 1;
	behind = rest;
	word = take_word(&behind);
	if (crypto_key_read(behind, ret_key, err) < 0)
		return err->code;
	return set_options(ret_line, word, err) < 0 ? err->code : 1;
}

/* `*` and `?`. */
static bool matches(struct str pattern, struct str text)
{
	size_t star = STR_NONE, mark = 0, p = 0, t = 0;

	while (t < text.len) {
		if (p < pattern.len &&
		    (pattern.data[p] == '?' || pattern.data[p] == text.data[t]) &&
		    pattern.data[p] != '*') {
			p++;
			t++;
		} else if (p < pattern.len && pattern.data[p] == '*') {
			star = p++;
			mark = t;
		} else if (star != STR_NONE) {
			p = star + 1;
			t = ++mark;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.data[p] == '*')
		p++;
	return p == pattern.len;
}

/* A list of patterns; one that begins with ! and fits refuses. */
static bool list_matches(struct str list, struct str text)
{
	bool found = false;
	struct str pattern;

	while (str_split(&list, ',', &pattern)) {
		bool refuses = str_starts(pattern, STR("!"));

		if (!matches(str_from(pattern, refuses), text))
			continue;
		if (refuses)
			return false;
		found = true;
	}
	return found;
}

/* "" when the line trusts; else why it does not. */
static const char *objection(const struct signer_line *line, const char *name_space, int64_t now)
{
	if (line->is_authority)
		return "is listed only as a certificate authority";
	if (line->has_namespaces && !list_matches(line->namespaces, str_of(name_space)))
		return "is listed, but not for this use (namespaces=)";
	if (line->after && now < line->after)
		return "is listed, but not valid yet (valid-after=)";
	if (line->before && now > line->before)
		return "is listed, but no longer valid (valid-before=)";
	return "";
}

int crypto_signers_check(struct str text, const struct crypto_key *key, const char *name_space,
                         int64_t now, struct err *err)
{
	const char *why = "is not listed";
	char fingerprint[CRYPTO_FINGERPRINT_MAX];
	struct str line_text;

	for (unsigned int n = 1; str_line(&text, &line_text); n++) {
		struct crypto_key listed;
		struct signer_line line;
		int r = read_line(line_text, &line, &listed, err);

		if (r < 0)
			return err_wrap(err, "%s:%u", CRYPTO_SIGNERS_NAME, n);
		if (r == 0 || !crypto_key_eq(&listed, key))
			continue;
		why = objection(&line, name_space, now);
		if (!why[0])
			return 0;
	}
	crypto_key_fingerprint(key, fingerprint);
	return err_set(err, ERR_INPUT, "the key %s %s", fingerprint, why);
}

int crypto_signers_next(struct str *rest, struct crypto_key *ret_key, struct str *ret_principals,
                        struct err *err)
{
	struct str text;

	while (str_line(rest, &text)) {
		struct signer_line line;
		int r = read_line(text, &line, ret_key, err);

		if (r == 0 || (r > 0 && line.is_authority))
			continue;
		*ret_principals = line.principals;
		return r;
	}
	return 0;
}

static int signers_path(struct buf *ret_path, struct err *err)
{
	cleanup_free char *folder = NULL;
	int r = dirs_get(DIRS_CONFIG, &folder, err);

	if (r < 0)
		return r;
	buf_addf(ret_path, "%s/" CRYPTO_SIGNERS_NAME, folder);
	return buf_check(ret_path, "the path", err);
}

/* Whoever can write this file decides what is trusted. */
static int check_owner(const char *path, struct err *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return err_sys(err, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INPUT, "%s is no regular file; put the file itself there",
		               path);
	if (st.st_uid != geteuid() || (st.st_mode & 022))
		return err_set(err, ERR_INPUT,
		               "%s can be written by others; make it yours alone: chmod 600 %s",
		               path, path);
	return 0;
}

int crypto_signers_load(struct buf *ret_text, struct err *err)
{
	cleanup_buf struct buf path = BUF_INIT;
	int r = signers_path(&path, err);

	if (r < 0)
		return r;
	if (access(path.data, F_OK) < 0 && errno == ENOENT)
		return 0;
	r = check_owner(path.data, err);
	if (r < 0)
		return r;
	return fd_read_file(AT_FDCWD, path.data, CRYPTO_SIGNERS_MAX, ret_text, err);
}

int crypto_trusted(const struct crypto_key *key, const char *name_space, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	int r = crypto_signers_load(&text, err);

	return r < 0 ? r : crypto_signers_check(buf_str(&text), key, name_space, time(NULL), err);
}

static int append_line(const struct crypto_key *key, const char *principal, struct err *err)
{
	cleanup_buf struct buf path = BUF_INIT, text = BUF_INIT;
	int r = signers_path(&path, err);

	if (r == 0)
		r = crypto_signers_load(&text, err);
	if (r < 0)
		return r;
	if (text.len && text.data[text.len - 1] != '\n')
		buf_addc(&text, '\n');
	buf_addf(&text, "%s namespaces=\"" CRYPTO_FOR_MANIFEST "," CRYPTO_FOR_RECEIPT "\" ",
	         principal);
	crypto_key_write(key, &text);
	buf_addc(&text, '\n');
	r = buf_check(&text, CRYPTO_SIGNERS_NAME, err);
	if (r == 0)
		r = fd_replace_path(path.data, buf_str(&text), 0600, err);
	return r;
}

int crypto_trust(const struct crypto_key *key, const char *principal, struct err *err)
{
	cleanup_close int lock = -1;
	cleanup_free char *folder = NULL;
	int r = dirs_get(DIRS_CONFIG, &folder, err);

	if (r < 0)
		return r;
	/* Two clients at once: each line is added to the file that has the other's. */
	lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return err_sys(err, "lock %s", folder);
	if (crypto_trusted(key, CRYPTO_FOR_MANIFEST, err) == 0)
		return 0;
	return append_line(key, principal, err);
}
