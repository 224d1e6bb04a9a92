/* What a pattern must contain: by hand, and against the matcher itself. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdlib.h>

#include "base/buf.h"
#include "base/test.h"
#include "fs/fs_private.h"

static const struct literal_row {
	const char *name, *pattern, *want;
} literal_rows[] = {
	{ "plain words are themselves", "needle", "needle" },
	{ "the longest run counts", "int \\w+\\(void\\)", "(void)" },
	{ "what may be missing is not in it", "colou?r", "colo" },
	{ "nor is what may come never", "ab*cd", "cd" },
	{ "what comes once or more ends a run", "ab+c", "ab" },
	{ "a repeat count takes its character", "abc{0,3}de", "ab" },
	{ "a whole character goes, not its last byte", "sch\xc3\xb6?n", "sch" },
	{ "a set is skipped, with what looks like its end", "a[]x)]bcd", "bcd" },
	{ "a group is skipped", "(foo|bar)_end", "_end" },
	{ "a choice has none", "foo|bar", "" },
	{ "nor has anything that changes the rules", "(?i)word", "" },
	{ "a number of a byte is not read", "\\x41bcdef", "" },
	{ "an escaped dot is a dot", "main\\.c", "main.c" },
};

TEST(literals)
{
	TEST_ROWS(literal_rows, row) {
		char text[LITERAL_MAX];
		struct str got = { text, fs_literal(str_of(row->pattern), text) };

		EXPECT_STR(row, got, row->want);
	}
}

static void random_text(unsigned int *seed, const char *alphabet, struct buf *out)
{
	unsigned int n = 1 + (unsigned int)rand_r(seed) % 12;

	buf_clear(out);
	for (unsigned int i = 0; i < n; i++)
		buf_addc(out, alphabet[(size_t)rand_r(seed) % strlen(alphabet)]);
}

/* The matcher is the judge: what it matches holds the words. */
TEST(every_match_holds_the_words)
{
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	struct buf pattern = BUF_INIT, line = BUF_INIT;
	unsigned int seed = 7, n_judged = 0;

	for (int i = 0; i < 20000; i++) {
		char text[LITERAL_MAX];
		pcre2_code *code;
		size_t len, at;
		int why;

		random_text(&seed, "aabbc.*+?[](){}|\\wd^$1,-", &pattern);
		len = fs_literal(buf_str(&pattern), text);
		code = pcre2_compile((PCRE2_SPTR)pattern.data, pattern.len, PCRE2_UTF, &why, &at, NULL);
		for (int k = 0; code && len && k < 30; k++) {
			random_text(&seed, "aaabbbc.(1)[]{}|,", &line);
			if (pcre2_match(code, (PCRE2_SPTR)line.data, line.len, 0, 0, data, NULL) < 0)
				continue;
			n_judged++;
			if (str_find(buf_str(&line), (struct str){ text, len }, 0) == STR_NONE)
				fail_msg("%s matches %s without %.*s", pattern.data, line.data, (int)len, text);
		}
		pcre2_code_free(code);
	}
	assert_true(n_judged > 1000);
	pcre2_match_data_free(data);
	buf_fini(&pattern);
	buf_fini(&line);
}

TEST_MAIN(RUN(literals), RUN(every_match_holds_the_words))
