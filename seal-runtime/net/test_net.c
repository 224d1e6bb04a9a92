/* Pages over a real socket on loopback, and what becomes of HTML. */
#include "net/fetch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/test.h"

static const struct html_row {
	const char *name, *html, *want;
} html_rows[] = {
	{ "text stays", "plain words", "plain words" },
	{ "white space is one blank", "a \n\t b", "a b" },
	{ "tags are gone", "<b>a</b><i class=\"x\">b</i>", "ab" },
	{ "entities are read", "a &amp; b &lt;c&gt; &#65;&#x42; &euro;", "a & b <c> AB" },
	{ "scripts and styles are gone", "a<script>var x = '<p>';</script><style>p{}</style>b", "ab" },
	{ "a script without an end takes the rest", "a<script>x", "a" },
	{ "comments are gone", "a<!-- <b> -->b", "ab" },
	{ "paragraphs are set apart", "<p>a</p><p>b</p>", "a\n\nb" },
	{ "a list has its marks", "<ul><li>a</li><li>b</li></ul>", "- a\n- b" },
	{ "headings have theirs", "<h2>Head</h2>text", "## Head\n\ntext" },
	{ "links keep their address", "<a href=\"/x\">here</a>.", "here (/x)." },
	{ "what is preformatted keeps its blanks", "<pre>a\n  b</pre>", "a\n  b" },
	{ "a lone bracket is text", "1 < 2", "1 < 2" },
	{ "a tag without an end takes the rest", "a<b", "a" },
};

TEST(html)
{
	TEST_ROWS(html_rows, row) {
		struct buf text = BUF_INIT;

		net_html_text(str_of(row->html), &text);
		EXPECT_STR(row, str_trim(buf_str(&text)), row->want);
		buf_fini(&text);
	}
}

struct server {
	int fd;
	unsigned int port;
	const char *answer;
	pthread_t thread;
	char request[1024];
	bool asked;
};

static void *serve(void *arg)
{
	struct server *server = arg;
	int fd = accept(server->fd, NULL, NULL);
	struct err err;
	ssize_t n;

	if (fd < 0)
		return NULL;
	n = read(fd, server->request, sizeof(server->request) - 1);
	server->asked = n > 0;
	(void)fd_write_all(fd, str_of(server->answer), &err);
	close(fd);
	return NULL;
}

static void server_start(struct server *server, const char *answer)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);

	*server = (struct server){ .answer = answer };
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(server->fd, 1), 0);
	assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address, &len), 0);
	server->port = ntohs(address.sin_port);
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

/* Nobody may have come: then accept() ends with the socket. */
static void server_stop(struct server *server)
{
	(void)shutdown(server->fd, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->fd);
}

static bool yes(void *ctx, const struct sockaddr *address)
{
	(void)ctx, (void)address;
	return true;
}

static bool no(void *ctx, const struct sockaddr *address)
{
	(void)ctx, (void)address;
	return false;
}

static const struct fetch_row {
	const char *name, *answer;
	bool may;
	const char *host, *path;	/* of the URL; the grant is for 127.0.0.1 */
	int r;
	const char *body, *redirect;
	bool truncated, asked;
} fetch_rows[] = {
	{ "a page", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello", true,
	  "127.0.0.1", "/", 0, "hello", NULL, false, true },
	{ "an address that may not be reached", "HTTP/1.1 200 OK\r\n\r\n", false, "127.0.0.1", "/", ERR_GONE,
	  NULL, NULL, false, false },
	{ "another host than the one that was checked", "HTTP/1.1 200 OK\r\n\r\n", true, "localhost", "/",
	  ERR_INPUT, NULL, NULL, false, false },
	{ "a name before the host", "HTTP/1.1 200 OK\r\n\r\n", true, "user@127.0.0.1", "/", ERR_INPUT, NULL,
	  NULL, false, false },
	{ "a redirect is told and not followed",
	  "HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/x\r\nContent-Length: 0\r\n\r\n", true,
	  "127.0.0.1", "/", 0, "", "http://elsewhere.example/x", false, true },
	{ "more than the limit is cut",
	  "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n012345678901234567890123456789", true, "127.0.0.1", "/",
	  0, "0123456789012345", NULL, true, true },
	{ "no answer is an error", "", true, "127.0.0.1", "/", ERR_GONE, NULL, NULL, false, true },
};

TEST(pages)
{
	TEST_ROWS(fetch_rows, row) {
		struct server server;
		struct net_page page = { 0 };
		struct net_fetch fetch = { .max_bytes = 16, .timeout_s = 20, .cancel_fd = -1,
					   .may_connect = row->may ? yes : no };
		struct err err = { 0 };
		char url[200];
		int r;

		server_start(&server, row->answer);
		snprintf(url, sizeof(url), "http://%s:%u%s", row->host, server.port, row->path);
		fetch.url = str_of(url);
		fetch.grant = (struct grant_host){ "127.0.0.1", server.port };
		r = net_fetch(&fetch, &page, &err);
		server_stop(&server);
		EXPECT_EQ(row, r, row->r);
		EXPECT_EQ(row, server.asked, row->asked);
		if (r == 0) {
			EXPECT_STR(row, buf_str(&page.body), row->body);
			EXPECT_EQ(row, page.truncated, row->truncated);
			EXPECT_TRUE(row, !row->redirect == !page.redirect);
			if (row->redirect)
				EXPECT_STR(row, str_of(page.redirect), row->redirect);
			EXPECT_TRUE(row, !strstr(server.request, "Cookie") && !strstr(server.request, "Referer"));
		}
		net_page_fini(&page);
	}
}

TEST_MAIN(RUN(html), RUN(pages))
