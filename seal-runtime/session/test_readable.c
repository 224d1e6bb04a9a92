#include "session/readable.h"

#include "base/cleanup.h"
#include "base/test.h"

static const struct row {
	const char *name, *result, *want;
} rows[] = {
	{ "a command's output, with its code when it is not 0",
	  "{\"ok\":{\"exit-code\":2,\"signal\":null,\"timed-out\":false,\"output\":\"bad\"}}",
	  "bad\nexit code 2\n" },
	{ "a command that went well is its output",
	  "{\"ok\":{\"exit-code\":0,\"output\":\"good\\n\"}}", "good\n" },
	{ "a command that was ended for its time",
	  "{\"ok\":{\"exit-code\":null,\"signal\":9,\"timed-out\":true,\"output\":\"\"}}",
	  "ended: it ran longer than its time\n" },
	{ "a file is its text", "{\"ok\":{\"text\":\"a\\nb\",\"base64\":false}}", "a\nb\n" },
	{ "a binary file is not shown", "{\"ok\":{\"text\":\"AAAA\",\"base64\":true}}", "(binary)\n" },
	{ "a listing is its names",
	  "{\"ok\":{\"entries\":[{\"path\":\"a\"},{\"path\":\"b/\"}],\"truncated\":false}}", "a\nb/\n" },
	{ "matches say where", "{\"ok\":{\"lines\":[{\"path\":\"a\",\"line\":3,\"text\":\"x\"}]}}",
	  "a:3: x\n" },
	{ "a write is its diff", "{\"ok\":{\"created\":false,\"bytes\":3,\"diff\":\"-a\\n+b\\n\"}}",
	  "-a\n+b\n" },
	{ "a denial is its rule and the way out",
	  "{\"err\":{\"denied\":{\"target\":\"t\",\"rule\":\"*.pem\",\"hint\":\"ask\"}}}",
	  "denied: *.pem\nask\n" },
	{ "a failure is its reason", "{\"err\":{\"failed\":\"no such file\"}}", "no such file\n" },
	{ "cancelled is a word", "{\"err\":\"cancelled\"}", "cancelled\n" },
	{ "nothing is nothing", "{\"ok\":null}", "" },
};

TEST(result)
{
	TEST_ROWS(rows, row) {
		cleanup_json yyjson_doc *doc = json_read(str_of(row->result), NULL, NULL);
		cleanup_buf struct buf text = BUF_INIT;

		readable_result(yyjson_doc_get_root(doc), &text);
		EXPECT_STR(row, buf_str(&text), row->want);
	}
}

TEST_MAIN(RUN(result))
