#include <stdlib.h>

#include "base/cleanup.h"
#include "base/test.h"
#include "sandbox/net/request.h"

static const struct http_row {
	const char *name;
	struct str text;
	enum request_state want;
	const char *host;
	unsigned int port;
} http_rows[] = {
	{ "a tunnel", STR("CONNECT a.b:443 HTTP/1.1\r\n\r\n"), REQUEST_WHOLE, "a.b", 443 },
	{ "a plain request", STR("GET http://a.b/x?y HTTP/1.1\r\nHost: z\r\n\r\n"), REQUEST_WHOLE,
	  "a.b", 80 },
	{ "a port in a plain request", STR("GET http://a.b:81 HTTP/1.0\r\n\r\n"), REQUEST_WHOLE,
	  "a.b", 81 },
	{ "an IPv6 address", STR("CONNECT [::1]:443 HTTP/1.1\r\n\r\n"), REQUEST_WHOLE, "::1", 443 },
	{ "half a head is waited for", STR("GET http://a.b/ HTTP/1.1\r\nHost:"), REQUEST_MORE, NULL,
	  0 },
	{ "a NUL in the host", STR("CONNECT a\0.b:443 HTTP/1.1\r\n\r\n"), REQUEST_BAD, NULL, 0 },
	{ "a NUL in half a head", STR("CONNECT a\0"), REQUEST_BAD, NULL, 0 },
	{ "a bare line feed", STR("CONNECT a.b:443 HTTP/1.1\nX: y\r\n\r\n"), REQUEST_BAD, NULL, 0 },
	{ "a bare carriage return", STR("CONNECT a.b:443 HTTP/1.1\r\nX: y\rz\r\n\r\n"), REQUEST_BAD,
	  NULL, 0 },
	{ "a tunnel without port", STR("CONNECT a.b HTTP/1.1\r\n\r\n"), REQUEST_BAD, NULL, 0 },
	{ "a port that is too large", STR("CONNECT a.b:65536 HTTP/1.1\r\n\r\n"), REQUEST_BAD, NULL,
	  0 },
	{ "a port with a sign", STR("CONNECT a.b:+443 HTTP/1.1\r\n\r\n"), REQUEST_BAD, NULL, 0 },
	{ "a user before the host", STR("GET http://u@a.b/ HTTP/1.1\r\n\r\n"), REQUEST_BAD, NULL,
	  0 },
	{ "a relative address", STR("GET /x HTTP/1.1\r\nHost: a.b\r\n\r\n"), REQUEST_BAD, NULL, 0 },
	{ "a chunked upload",
	  STR("POST http://a.b/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"), REQUEST_BAD, NULL,
	  0 },
	{ "two lengths",
	  STR("POST http://a.b/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
	  REQUEST_BAD, NULL, 0 },
	{ "a folded field", STR("GET http://a.b/ HTTP/1.1\r\nX: y\r\n z\r\n\r\n"), REQUEST_BAD,
	  NULL, 0 },
	{ "a blank before the colon", STR("GET http://a.b/ HTTP/1.1\r\nContent-Length : 5\r\n\r\n"),
	  REQUEST_BAD, NULL, 0 },
	{ "another version", STR("GET http://a.b/ HTTP/2.0\r\n\r\n"), REQUEST_BAD, NULL, 0 },
	{ "two blanks in the request line", STR("GET  http://a.b/ HTTP/1.1\r\n\r\n"), REQUEST_BAD,
	  NULL, 0 },
};

TEST(http)
{
	TEST_ROWS (http_rows, row) {
		struct request request;

		EXPECT_EQ(row, request_parse(row->text, &request), row->want);
		if (row->want != REQUEST_WHOLE)
			continue;
		EXPECT_STR(row, request.host, row->host);
		EXPECT_EQ(row, request.port, row->port);
	}
}

TEST(one_request_goes_up_and_nothing_of_the_hop)
{
	struct str text = STR(
		"POST http://a.b:81?q HTTP/1.1\r\nHost: evil\r\nX: y\r\nProxy-Authorization: z\r\n"
		"Connection: keep-alive\r\nContent-Length: 2\r\n\r\nokGET http://c/ "
	        "HTTP/1.1\r\n\r\n");
	cleanup_buf struct buf out = BUF_INIT;
	struct request request;

	assert_int_equal(request_parse(text, &request), REQUEST_WHOLE);
	request_rewrite(text, &request, &out);
	assert_string_equal(out.data,
	                    "POST /?q HTTP/1.1\r\nHost: a.b:81\r\nConnection: close\r\nX: y\r\n"
	                    "Content-Length: 2\r\n\r\n");
	assert_int_equal(request.body_len, 2);
}

static const struct socks_row {
	const char *name;
	struct str text;
	enum request_state want;
	const char *host;
	unsigned int port;
} socks_rows[] = {
	{ "a name", STR("\5\1\0\3\3a.b\1\273"), REQUEST_WHOLE, "a.b", 443 },
	{ "an IPv4 address", STR("\5\1\0\1\177\0\0\1\0\120"), REQUEST_WHOLE, "127.0.0.1", 80 },
	{ "half a request", STR("\5\1\0\3\3a."), REQUEST_MORE, NULL, 0 },
	{ "binding is refused", STR("\5\2\0\3\3a.b\1\273"), REQUEST_BAD, NULL, 0 },
	{ "UDP is refused", STR("\5\3\0\3\3a.b\1\273"), REQUEST_BAD, NULL, 0 },
	{ "an unknown kind of address", STR("\5\1\0\2\3a.b\1\273"), REQUEST_BAD, NULL, 0 },
	{ "an empty name", STR("\5\1\0\3\0\1\273"), REQUEST_BAD, NULL, 0 },
	{ "version 4 is refused", STR("\4\1\0\3\3a.b\1\273"), REQUEST_BAD, NULL, 0 },
};

TEST(socks)
{
	TEST_ROWS (socks_rows, row) {
		struct request request;
		char text[64];

		EXPECT_EQ(row, socks_parse_request(row->text, &request, text), row->want);
		if (row->want != REQUEST_WHOLE)
			continue;
		EXPECT_STR(row, request.host, row->host);
		EXPECT_EQ(row, request.port, row->port);
	}
}

/* A ClientHello with one server name, in records of at most `record` bytes. */
static struct buf make_hello(const char *name, size_t record, unsigned int extra)
{
	struct buf body = BUF_INIT, out = BUF_INIT;
	size_t len = strlen(name), extensions = len + 9 + (extra ? 4 : 0),
	       total = 2 + 32 + 1 + 4 + 2 + 2 + extensions;

	buf_add(&body, (struct str){ (char[]){ 1, 0, (char)(total >> 8), (char)total, 3, 3 }, 6 });
	for (int i = 0; i < 32; i++)
		buf_addc(&body, 'r');
	buf_add(&body, STR("\0\0\2\0\57\1\0"));
	buf_add(&body, (struct str){ (char[]){ (char)(extensions >> 8), (char)extensions }, 2 });
	if (extra)
		buf_add(&body,
		        (struct str){ (char[]){ (char)(extra >> 8), (char)extra, 0, 0 }, 4 });
	buf_add(&body, (struct str){ (char[]){ 0, 0, 0, (char)(len + 5), 0, (char)(len + 3), 0, 0,
	                                       (char)len },
	                             9 });
	buf_adds(&body, name);
	for (size_t at = 0; at < body.len; at += record) {
		size_t part = body.len - at < record ? body.len - at : record;

		buf_add(&out,
		        (struct str){ (char[]){ 22, 3, 1, (char)(part >> 8), (char)part }, 5 });
		buf_add(&out, (struct str){ body.data + at, part });
	}
	buf_fini(&body);
	return out;
}

static const struct hello_row {
	const char *name, *host;
	size_t record;
	unsigned int extra;
	bool encrypted;
} hello_rows[] = {
	{ "in one record", "a.b", 16384, 0, false },
	{ "over many records", "allowed.test", 7, 0, false },
	{ "with an encrypted hello beside it", "a.b", 16384, 0xfe0d, true },
};

TEST(hello_at_every_split)
{
	struct hello *hello = malloc(sizeof(*hello));

	assert_non_null(hello);
	TEST_ROWS (hello_rows, row) {
		cleanup_buf struct buf bytes = make_hello(row->host, row->record, row->extra);

		for (size_t i = 0; i < bytes.len; i++)
			EXPECT_EQ(row, hello_parse((struct str){ bytes.data, i }, hello),
			          REQUEST_MORE);
		EXPECT_EQ(row, hello_parse(buf_str(&bytes), hello), REQUEST_WHOLE);
		EXPECT_STR(row, hello->name, row->host);
		EXPECT_EQ(row, hello->is_encrypted, row->encrypted);
	}
	assert_int_equal(hello_parse(STR("GET / HTTP/1.1\r\n"), hello), REQUEST_BAD);
	free(hello);
}

TEST(a_question_is_answered_with_a_name_or_without)
{
	uint8_t bytes[DNS_MAX] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\1a\1b\0\0\1\0\1";
	struct dns_question question;

	assert_true(dns_parse((struct str){ (char *)bytes, 21 }, &question));
	assert_string_equal(question.name, "a.b");
	assert_int_equal(dns_answer(bytes, sizeof(bytes), &question, 0x7f4d0001), 21 + 16);
	assert_memory_equal(bytes + 21 + 12, "\x7f\x4d\0\1", 4);
	assert_int_equal(dns_answer(bytes, sizeof(bytes), &question, 0), 21);
	assert_int_equal(bytes[3] & 15, 3);
	/* A length that points past the end, and a NUL in a label. */
	assert_false(dns_parse(STR("\x12\x34\1\0\0\1\0\0\0\0\0\0\77a\1b\0\0\1\0\1"), &question));
	assert_false(dns_parse(STR("\x12\x34\1\0\0\1\0\0\0\0\0\0\1\0\1b\0\0\1\0\1"), &question));
}

TEST_MAIN(RUN(http), RUN(one_request_goes_up_and_nothing_of_the_hop), RUN(socks),
          RUN(hello_at_every_split), RUN(a_question_is_answered_with_a_name_or_without))
