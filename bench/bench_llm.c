/*
 * The model client: CPU of a stream of 50,000 deltas against libcurl alone on
 * the same stream, and the time to build a request with 5 MB of history.
 *
 * The server is a child of this program, so its CPU is not counted.  Each delta
 * is a chunk and a packet of its own, as real servers send them.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "llm/backend.h"
#include "llm/llm.h"

#define DELTAS 50000
#define ROUNDS 5
#define REQUEST                                                                                    \
	"{\"system\":\"s\",\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":{\"text\":"     \
	"\"hi\"}}]}],"                                                                             \
	"\"tools\":[],\"max-output-tokens\":null,\"purpose\":\"turn\"}"

static void die(const char *what)
{
	(void)fprintf(stderr, "bench_llm: %s\n", what);
	exit(1);
}

static void say(const char *name, double value, const char *unit, double baseline)
{
	if (baseline > 0)
		(void)printf("{\"name\":\"%s\",\"value\":%.3f,\"unit\":\"%s\",\"baseline\":%.3f}\n",
			     name, value, unit, baseline);
	else
		(void)printf("{\"name\":\"%s\",\"value\":%.3f,\"unit\":\"%s\"}\n", name, value,
			     unit);
}

/* ---- the server ---- */

static void send_chunk(int fd, const char *text)
{
	char chunk[512];
	struct err err;
	int len = snprintf(chunk, sizeof(chunk), "%zx\r\n%s\r\n", strlen(text), text);

	if (fd_write_all(fd, (struct str){chunk, (size_t)len}, &err) < 0)
		_exit(1);
}

/* 100 MB of events that are no part of the reply. */
static void send_idle(int fd)
{
	static char padding[10000];
	cleanup_buf struct buf chunk = BUF_INIT;
	struct err err;

	memset(padding, 'x', sizeof(padding) - 1);
	buf_addf(&chunk, "event: ping\ndata: {\"type\":\"ping\",\"pad\":\"%s\"}\n\n", padding);
	for (int i = 0; i < 10000; i++) {
		char head[32];
		int len = snprintf(head, sizeof(head), "%zx\r\n", chunk.len);

		if (fd_write_all(fd, (struct str){head, (size_t)len}, &err) < 0 ||
		    fd_write_all(fd, buf_str(&chunk), &err) < 0 ||
		    fd_write_all(fd, STR("\r\n"), &err) < 0)
			_exit(1);
	}
}

static void answer(int fd, bool is_idle)
{
	char request[65536];
	struct err err;

	/* The request is small enough to come in one piece with its headers. */
	if (read(fd, request, sizeof(request)) <= 0)
		_exit(1);
	(void)fd_write_all(fd,
			   STR("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
			       "transfer-encoding: chunked\r\nconnection: close\r\n\r\n"),
			   &err);
	send_chunk(
	    fd, "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
		"\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n");
	if (is_idle)
		send_idle(fd);
	for (int i = 0; i < DELTAS; i++)
		send_chunk(fd, "event: content_block_delta\ndata: "
			       "{\"type\":\"content_block_delta\",\"index\":0,"
			       "\"delta\":{\"type\":\"text_delta\",\"text\":\" token\"}}\n\n");
	send_chunk(
	    fd,
	    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
	    "\"end_turn\"},\"usage\":{\"output_tokens\":50000}}\n\n");
	send_chunk(fd, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
	(void)fd_write_all(fd, STR("0\r\n\r\n"), &err);
}

static void serve(int listener, bool is_idle)
{
	for (;;) {
		int on = 1, fd = accept(listener, NULL, NULL);

		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		answer(fd, is_idle);
		(void)close(fd);
	}
}

/* Short replies on connections that stay; as many of these as there are bytes in
 * the pipe. */
static void serve_on(int listener, int pipe_fd)
{
	static const char reply[] =
	    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 98\r\n\r\n"
	    "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n"
	    "data: {\"type\":\"message_stop\"}\n\n";
	char request[65536];
	struct err err;

	for (;;) {
		int fd = accept(listener, NULL, NULL);

		(void)!write(pipe_fd, "c", 1);
		while (read(fd, request, sizeof(request)) > 0)
			(void)fd_write_all(fd, str_of(reply), &err);
		(void)close(fd);
	}
}

/* `pipe_fd` < 0: long streams, with (-2) or without (-1) a lot between. */
static pid_t start_server(unsigned int *ret_port, int pipe_fd)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t child;

	if (bind(listener, (struct sockaddr *)&address, len) < 0 || listen(listener, 8) < 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &len) < 0)
		die("no listener");
	*ret_port = ntohs(address.sin_port);
	child = fork();
	if (child == 0 && pipe_fd >= 0)
		serve_on(listener, pipe_fd);
	if (child == 0)
		serve(listener, pipe_fd == -2);
	(void)close(listener);
	return child;
}

/* ---- streams ---- */

static double cpu_ms(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static size_t count_bytes(char *bytes, size_t size, size_t n, void *ctx)
{
	(void)bytes;
	*(size_t *)ctx += size * n;
	return size * n;
}

static double plain_curl(unsigned int port)
{
	CURL *easy = curl_easy_init();
	double started = cpu_ms();
	char url[64];
	size_t total = 0;

	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/", port);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, REQUEST);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, count_bytes);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, &total);
	if (curl_easy_perform(easy) != CURLE_OK || total < DELTAS)
		die("libcurl alone fails");
	curl_easy_cleanup(easy);
	return cpu_ms() - started;
}

static void on_text(void *ctx, struct str delta)
{
	*(size_t *)ctx += delta.len;
}

static double our_stream(struct llm *llm)
{
	cleanup_buf struct buf json = BUF_INIT;
	size_t total = 0;
	struct llm_sink sink = {.ctx = &total, .text = on_text};
	double started = cpu_ms();
	struct err err;

	if (llm_chat(llm, STR(REQUEST), &sink, -1, &json, &err) < 0 ||
	    total != DELTAS * strlen(" token"))
		die("the stream is not whole");
	return cpu_ms() - started;
}

static struct llm *model_at(unsigned int port)
{
	char url[64];
	struct manifest manifest = {
	    .model = {.provider = STR("anthropic"), .name = STR("claude-opus-5")}};
	struct llm *llm;
	struct err err;

	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", port);
	manifest.model.base_url = str_of(url);
	if (llm_new(&manifest, NULL, &llm, &err) < 0)
		die(err.text);
	return llm;
}

/* ---- the request ---- */

static void put_history(struct buf *text)
{
	struct json w = json_to(text);
	static char page[10000];

	memset(page, 'x', sizeof(page));
	for (size_t i = 0; i < sizeof(page); i += 80)
		page[i] = '\n';
	json_object(&w);
	json_kv(&w, "system", STR("s"));
	json_key(&w, "messages");
	json_array(&w);
	for (int i = 0; i < 500; i++) {
		json_put_raw(
		    &w,
		    STR("{\"role\":\"assistant\",\"content\":[{\"tool-use\":{\"id\":\"t\",\"name\":"
			"\"file_read\",\"input-json\":\"{\\\"path\\\":\\\"src/a.c\\\"}\"}}]}"));
		json_object(&w);
		json_kv(&w, "role", STR("user"));
		json_key(&w, "content");
		json_array(&w);
		json_object(&w);
		json_key(&w, "tool-result");
		json_object(&w);
		json_kv(&w, "id", STR("t"));
		json_kv(&w, "content", (struct str){page, sizeof(page)});
		json_kv_bool(&w, "is-error", false);
		json_end(&w);
		json_end(&w);
		json_end(&w);
		json_end(&w);
	}
	json_end(&w);
	json_end(&w);
}

static double build_ms(const struct llm *llm, struct str request)
{
	cleanup_buf struct buf body = BUF_INIT;
	struct json w = json_to(&body);
	double started = cpu_ms();
	cleanup_json yyjson_doc *doc = json_read(request, NULL, NULL);

	llm->provider->wire->request(llm, yyjson_doc_get_root(doc), &w);
	if (body.failed || body.len < 5000000)
		die("the request is not whole");
	return cpu_ms() - started;
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

/* ---- memory and connections ---- */

/* The most this program ever had, in MB; what getrusage() says counts in the one
 * that started it. */
static double peak_mb(void)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct err err;
	const char *at;

	if (fd_read_file(AT_FDCWD, "/proc/self/status", 65536, &text, &err) < 0)
		die(err.text);
	at = strstr(text.data, "VmHWM:");
	return at ? strtod(at + strlen("VmHWM:"), NULL) / 1024 : 0;
}

static void measure_memory(void)
{
	unsigned int port;
	pid_t server = start_server(&port, -2);
	struct llm *llm = model_at(port);
	double before = peak_mb();

	(void)our_stream(llm);
	say("llm.stream_memory", peak_mb() - before, "MB", 0);
	llm_free(llm);
	(void)kill(server, SIGTERM);
	(void)waitpid(server, NULL, 0);
}

static void measure_connections(void)
{
	char marks[16];
	int fds[2];
	unsigned int port;
	pid_t server;
	struct llm *llm;

	if (pipe(fds) < 0)
		die("no pipe");
	server = start_server(&port, fds[1]);
	llm = model_at(port);
	for (int i = 0; i < 5; i++) {
		cleanup_buf struct buf json = BUF_INIT;
		struct err err;

		if (llm_chat(llm, STR(REQUEST), NULL, -1, &json, &err) < 0 || !strstr(json.data, "\"ok\""))
			die("a short call fails");
	}
	say("llm.connections", (double)read(fds[0], marks, sizeof(marks)), "conns", 0);
	llm_free(llm);
	(void)kill(server, SIGTERM);
	(void)waitpid(server, NULL, 0);
}

int main(void)
{
	cleanup_buf struct buf history = BUF_INIT;
	double plain = 1e9, ours = 1e9, build = 1e9;
	unsigned int port;
	pid_t server = start_server(&port, -1);
	struct llm *llm;

	(void)setenv("ANTHROPIC_API_KEY", "sk-bench", 1);
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	/* First, since what was taken once is not given back. */
	measure_memory();
	llm = model_at(port);
	put_history(&history);
	for (int i = 0; i < ROUNDS; i++) {
		plain = least(plain, plain_curl(port));
		ours = least(ours, our_stream(llm));
		build = least(build, build_ms(llm, buf_str(&history)));
	}
	say("llm.stream_50k", ours, "ms", plain);
	say("llm.request_5mb", build, "ms", 0);
	llm_free(llm);
	(void)kill(server, SIGTERM);
	(void)waitpid(server, NULL, 0);
	measure_connections();
	return 0;
}
