#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/test.h"
#include "sandbox/plan/tracked.h"

/* An index of one or two entries, in the given version. */
static void add_entry(struct buf *index, int version, struct str name, const char *path, char hash)
{
	size_t start = index->len;

	for (int i = 0; i < 40; i++)
		buf_addc(index, 0);
	for (int i = 0; i < TRACKED_HASH; i++)
		buf_addc(index, hash);
	buf_addc(index, 0);
	buf_addc(index, (char)strlen(path));
	buf_add(index, name);
	buf_addc(index, 0);
	while (version != 4 && (index->len - start) % 8)
		buf_addc(index, 0);
}

static const struct find_row {
	const char *name;
	int version;
	struct str second; /* as version 4 spells it, or whole */
	const char *path;
	int want; /* the hash's byte, 0: not there */
} find_rows[] = {
	{ "the first entry", 2, STR("a/c.pem"), "a/b.pem", 1 },
	{ "the second entry", 2, STR("a/c.pem"), "a/c.pem", 2 },
	{ "none of them", 2, STR("a/c.pem"), "a/d.pem", 0 },
	{ "a part of a path is no path", 2, STR("a/c.pem"), "a/b", 0 },
	{ "version 4 spells what differs", 4, STR("\5c.pem"), "a/c.pem", 2 },
	{ "version 4 with too much taken off", 4, STR("\100c.pem"), "a/c.pem", 0 },
	{ "another version is not read", 5, STR("a/c.pem"), "a/b.pem", 0 },
};

TEST(finds)
{
	TEST_ROWS (find_rows, row) {
		cleanup_buf struct buf index = BUF_INIT;
		uint8_t hash[TRACKED_HASH] = { 0 };
		bool found;

		buf_add(&index, (struct str){ (char[]){ 'D', 'I', 'R', 'C', 0, 0, 0,
		                                        (char)row->version, 0, 0, 0, 2 },
		                              12 });
		add_entry(&index, row->version,
		          row->version == 4 ? STR("\0a/b.pem") : STR("a/b.pem"), "a/b.pem", 1);
		add_entry(&index, row->version, row->second, "a/c.pem", 2);
		found = tracked_find(buf_str(&index), row->path, hash);
		EXPECT_EQ(row, found ? hash[0] : 0, row->want);
		/* Cut anywhere, it is read to its end or not at all. */
		for (size_t i = 0; i < index.len; i++)
			(void)tracked_find((struct str){ index.data, i }, row->path, hash);
	}
}

static const struct hash_row {
	const char *name;
	struct str content;
	const char *want;
} hash_rows[] = {
	{ "nothing", STR(""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391" },
	{ "a line", STR("hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a" },
	{ "more than a block",
	  STR("0123456789012345678901234567890123456789012345678901234567890123456789"),
	  "0aa1db044e2b476060abaa23b8bd5722e892a2e9" },
};

TEST(hashes)
{
	TEST_ROWS (hash_rows, row) {
		uint8_t hash[TRACKED_HASH];
		char text[2 * TRACKED_HASH + 1];

		tracked_hash(row->content, hash);
		for (int k = 0; k < TRACKED_HASH; k++)
			(void)snprintf(text + 2 * k, 3, "%02x", hash[k]);
		EXPECT_STR(row, str_of(text), row->want);
	}
}

TEST_MAIN(RUN(finds), RUN(hashes))
