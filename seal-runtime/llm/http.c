#include "llm/http.h"

#include <curl/curl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "llm/retry.h"

/* How long to wait for the end of an answer that is already complete. */
#define ENOUGH_WAIT_MS 300

struct http {
	CURLM *multi;
	struct http_limits limits;
};

struct call {
	const struct http *http;
	const struct http_request *request;
	const struct http_reader *reader;
	struct http_result *result;
	struct err *err;
	CURL *easy;
	struct curl_slist *headers;
	int64_t started, last; /* when the call began, when something came last */
	int reader_said;
	bool is_sent;
	char why[CURL_ERROR_SIZE];
};

int http_new(struct http **ret_http, struct err *err)
{
	cleanup_with(http_free) struct http *http = calloc(1, sizeof(*http));

	if (!http)
		return err_nomem(err);
	http->limits = HTTP_LIMITS;
	*ret_http = take_ptr(http);
	return 0;
}

/* Before the first call: what the library needs is not paid for by a session
 * that asks no model. */
static int start(struct http *http, struct err *err)
{
	if (http->multi)
		return 0;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, ERR_INTERNAL, "libcurl does not start: is libcurl4 installed?");
	http->multi = curl_multi_init();
	if (!http->multi)
		return err_nomem(err);
	(void)curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	return 0;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	if (http->multi) {
		(void)curl_multi_cleanup(http->multi);
		curl_global_cleanup();
	}
	free(http);
}

void http_set_limits(struct http *http, const struct http_limits *limits)
{
	http->limits = *limits;
}

struct http_limits http_get_limits(const struct http *http)
{
	return http->limits;
}

/* The key was in there: wiped before the memory goes back. */
static void call_finip(struct call *call)
{
	for (struct curl_slist *item = call->headers; item; item = item->next)
		explicit_bzero(item->data, strlen(item->data));
	curl_slist_free_all(call->headers);
	if (!call->easy)
		return;
	(void)curl_multi_remove_handle(call->http->multi, call->easy);
	curl_easy_cleanup(call->easy);
}

/* ---- headers ---- */

static bool is_header_text(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

int http_check_header(struct str name, struct str value, struct err *err)
{
	if (name.len == 0 || str_chr(name, ':') != STR_NONE || str_chr(name, ' ') != STR_NONE ||
	    !is_header_text(name) || !is_header_text(value))
		return err_set(err, ERR_INPUT,
			       "HTTP header \"%.*s\" has a name or value that a header cannot hold",
			       STR_ARG(name));
	return 0;
}

static int add_header(struct call *call, struct str name, struct str value, struct err *err)
{
	cleanup_buf struct buf line = BUF_INIT;
	struct curl_slist *longer;
	int r = http_check_header(name, value, err);

	if (r < 0)
		return err_set(err, ERR_INTERNAL, "a header was not checked");
	/* Room for all at once: growing would leave a copy of a key behind. */
	(void)buf_reserve(&line, name.len + value.len + 2);
	buf_add(&line, name);
	/* "Name;" is how libcurl is told of a header without a value. */
	buf_adds(&line, value.len ? ": " : ";");
	buf_add(&line, value);
	if (line.failed)
		return err_nomem(err);
	longer = curl_slist_append(call->headers, line.data);
	explicit_bzero(line.data, line.len);
	if (!longer)
		return err_nomem(err);
	call->headers = longer;
	return 0;
}

static int add_headers(struct call *call, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < call->request->n_headers; i++)
		r = add_header(call, call->request->headers[i].name,
			       call->request->headers[i].value, err);
	if (r < 0)
		return r;
	/* An empty Expect keeps libcurl from waiting for "100 Continue". */
	struct curl_slist *longer = curl_slist_append(call->headers, "Expect:");
	if (!longer)
		return err_nomem(err);
	call->headers = longer;
	return 0;
}

static bool copy_if(struct str line, const char *name, char *to, size_t size)
{
	size_t len = strlen(name);
	struct str value;

	if (line.len <= len || line.data[len] != ':' || strncasecmp(line.data, name, len) != 0)
		return false;
	value = str_head(str_trim(str_from(line, len + 1)), size - 1);
	memcpy(to, value.data, value.len);
	to[value.len] = '\0';
	return true;
}

/* Anthropic's, OpenAI's, and OpenRouter's. */
static const struct {
	const char *remaining, *reset;
} limit_names[HTTP_LIMIT_KINDS] = {
    {"anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"},
    {"anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"},
    {"anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"},
    {"anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"},
    {"x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"},
    {"x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"},
    {"x-ratelimit-remaining", "x-ratelimit-reset"},
};

static void take_limit(struct str line, struct http_head *head)
{
	for (size_t i = 0; i < HTTP_LIMIT_KINDS; i++) {
		struct http_limit *limit = &head->limits[i];

		if (copy_if(line, limit_names[i].remaining, limit->remaining,
			    sizeof(limit->remaining)) ||
		    copy_if(line, limit_names[i].reset, limit->reset, sizeof(limit->reset)))
			return;
	}
}

static size_t on_header(char *bytes, size_t size, size_t n, void *ctx)
{
	struct call *call = ctx;
	struct http_head *head = &call->result->head;
	struct str line = {bytes, size * n};
	const struct {
		const char *name;
		char *to;
		size_t size;
	} wanted[] = {
	    {"content-type", head->content_type, sizeof(head->content_type)},
	    {"retry-after", head->retry_after, sizeof(head->retry_after)},
	    {"retry-after-ms", head->retry_after_ms, sizeof(head->retry_after_ms)},
	    {"x-should-retry", head->should_retry, sizeof(head->should_retry)},
	    {"request-id", head->request_id, sizeof(head->request_id)},
	    {"x-request-id", head->request_id, sizeof(head->request_id)},
	    {"location", head->location, sizeof(head->location)},
	};

	call->last = retry_now_ms();
	/* A status line starts over: what came before was a 1xx. */
	if (str_starts(line, STR("HTTP/"))) {
		*head = (struct http_head){0};
		(void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &head->status);
	}
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (copy_if(line, wanted[i].name, wanted[i].to, wanted[i].size))
			return size * n;
	}
	take_limit(line, head);
	return size * n;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *ctx)
{
	struct call *call = ctx;
	struct str piece = {bytes, size * n};

	call->last = retry_now_ms();
	if (call->reader_said == HTTP_ENOUGH)
		return piece.len;
	call->reader_said =
	    call->reader->body(call->reader->ctx, &call->result->head, piece, call->err);
	return call->reader_said < 0 ? CURL_WRITEFUNC_ERROR : piece.len;
}

/* ---- settings ---- */

/* libcurl's command line reads these variables, the library does not. */
static const char *ca_file(void)
{
	static const char *const names[] = {"SEAL_CA_FILE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *path = getenv(names[i]);

		if (path && path[0])
			return path;
	}
	return NULL;
}

#define SET(option, value) ok = ok && curl_easy_setopt(call->easy, option, value) == CURLE_OK

static int set_options(struct call *call, struct err *err)
{
	const struct http_request *request = call->request;
	bool ok = true;

	SET(CURLOPT_URL, request->url);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	SET(CURLOPT_NOSIGNAL, 1L);
	/* A name that is still being looked up must not delay a cancel. */
	SET(CURLOPT_QUICK_EXIT, 1L);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)call->http->limits.connect_ms);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(CURLOPT_USERAGENT, "seal/" SEAL_VERSION);
	if (request->body.data) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
		SET(CURLOPT_POSTFIELDS, request->body.data);
	}
	SET(CURLOPT_HTTPHEADER, call->headers);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, call);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, call);
	SET(CURLOPT_ERRORBUFFER, call->why);
	if (ca_file())
		SET(CURLOPT_CAINFO, ca_file());
	return ok ? 0 : err_set(err, ERR_INTERNAL, "libcurl refuses a setting");
}

#undef SET

/* ---- the call ---- */

static void host_of(const char *url, char *ret_host, size_t size)
{
	const char *start = strstr(url, "://");
	size_t len;

	start = start ? start + 3 : url;
	len = strcspn(start, "/?#");
	(void)snprintf(ret_host, size, "%.*s", (int)len, start);
}

#define TLS_REMEDY                                                                                 \
	"if a proxy or gateway signs with a certificate authority of its own, "                    \
	"set SEAL_CA_FILE or SSL_CERT_FILE to its PEM file"

static const struct {
	CURLcode code;
	bool is_lasting;
	const char *what, *remedy;
} failures[] = {
    {CURLE_URL_MALFORMAT, true, "this is no URL", "correct base_url in [model] of seal.toml"},
    {CURLE_UNSUPPORTED_PROTOCOL, true, "only http and https are spoken",
     "correct base_url in [model] of seal.toml"},
    {CURLE_COULDNT_RESOLVE_HOST, false, "the name is not found",
     "check the network and base_url in [model] of seal.toml"},
    {CURLE_COULDNT_RESOLVE_PROXY, false, "the proxy's name is not found", "check HTTPS_PROXY"},
    {CURLE_COULDNT_CONNECT, false, "cannot connect",
     "check that the server runs and the network is up"},
    {CURLE_PEER_FAILED_VERIFICATION, true, "its certificate is not trusted", TLS_REMEDY},
    {CURLE_SSL_CACERT_BADFILE, true, "the file of certificate authorities cannot be read",
     "correct SEAL_CA_FILE or SSL_CERT_FILE"},
    {CURLE_SSL_CONNECT_ERROR, true, "TLS failed", TLS_REMEDY},
    {CURLE_OPERATION_TIMEDOUT, false, "no connection in time", "check the network and HTTPS_PROXY"},
    {CURLE_GOT_NOTHING, false, "the server closed the connection without an answer", "try again"},
    {CURLE_PARTIAL_FILE, false, "the connection ended in the middle of the answer", "try again"},
    {CURLE_RECV_ERROR, false, "the connection broke", "try again"},
    {CURLE_SEND_ERROR, false, "the connection broke", "try again"},
};

static void broken(struct call *call, const char *what, const char *why, const char *remedy)
{
	char host[128];

	host_of(call->request->url, host, sizeof(host));
	call->result->outcome = HTTP_BROKEN;
	(void)snprintf(call->result->text, sizeof(call->result->text), "%s: %s%s%s%s; %s", host,
		       what, why[0] ? " (" : "", why, why[0] ? ")" : "", remedy);
}

/* The proxy answered, and made no tunnel. */
static bool is_proxy_refusal(struct call *call)
{
	long status = 0;
	char what[64];

	(void)curl_easy_getinfo(call->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	if (status < 300)
		return false;
	(void)snprintf(what, sizeof(what), "the proxy refuses with %ld", status);
	call->result->is_lasting = status < 500;
	broken(call, what, "",
	       status == 407 ? "put the proxy's user name and password into HTTPS_PROXY"
			     : "check HTTPS_PROXY and NO_PROXY");
	return true;
}

static void judge(struct call *call, CURLcode code)
{
	if (code == CURLE_OK) {
		call->result->outcome = HTTP_DONE;
		return;
	}
	if (is_proxy_refusal(call))
		return;
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		if (failures[i].code != code)
			continue;
		call->result->is_lasting = failures[i].is_lasting;
		broken(call, failures[i].what, call->why, failures[i].remedy);
		return;
	}
	broken(call, curl_easy_strerror(code), call->why, "try again");
}

/* Milliseconds until the phase we are in has lasted too long; <= 0: it has. */
static int64_t time_left(const struct call *call)
{
	const struct http_limits *limits = &call->http->limits;
	int64_t now = retry_now_ms();

	if (call->reader_said == HTTP_ENOUGH)
		return call->last + ENOUGH_WAIT_MS - now;
	if (call->result->head.status == 0)
		return call->started + limits->first_byte_ms - now;
	return call->last + limits->silence_ms - now;
}

static void timed_out(struct call *call)
{
	const struct http_limits *limits = &call->http->limits;
	char what[96];

	if (call->reader_said == HTTP_ENOUGH) {
		call->result->outcome = HTTP_DONE;
		return;
	}
	if (call->result->head.status == 0)
		(void)snprintf(what, sizeof(what), "no answer within %g s",
			       (double)limits->first_byte_ms / 1000);
	else
		(void)snprintf(what, sizeof(what), "the answer stopped for %g s",
			       (double)limits->silence_ms / 1000);
	broken(call, what, "", "try again");
}

static CURLcode code_of(struct call *call)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(call->http->multi, &left))) {
		if (message->msg == CURLMSG_DONE && message->easy_handle == call->easy)
			return message->data.result;
	}
	return CURLE_RECV_ERROR;
}

static void look_whether_sent(struct call *call)
{
	curl_off_t n = 0;

	if (call->is_sent || !call->request->sent ||
	    curl_easy_getinfo(call->easy, CURLINFO_SIZE_UPLOAD_T, &n) != CURLE_OK ||
	    (size_t)n < call->request->body.len)
		return;
	call->is_sent = true;
	call->request->sent(call->request->ctx);
}

static int run(struct call *call)
{
	struct curl_waitfd cancel = {call->request->cancel_fd, CURL_WAIT_POLLIN, 0};
	unsigned int n_extra = cancel.fd >= 0 ? 1 : 0;
	int running = 1;

	for (;;) {
		int64_t left;

		if (curl_multi_perform(call->http->multi, &running) != CURLM_OK)
			return err_set(call->err, ERR_INTERNAL, "libcurl cannot go on");
		if (running == 0)
			break;
		look_whether_sent(call);
		left = time_left(call);
		if (left <= 0) {
			timed_out(call);
			return 0;
		}
		if (curl_multi_poll(call->http->multi, &cancel, n_extra,
				    left > 60000 ? 60000 : (int)left, NULL) != CURLM_OK)
			return err_set(call->err, ERR_INTERNAL, "libcurl cannot wait");
		if (retry_is_cancelled(call->request->cancel_fd)) {
			call->result->outcome = HTTP_CANCELLED;
			return 0;
		}
	}
	judge(call, code_of(call));
	return 0;
}

int http_send(struct http *http, const struct http_request *request,
	      const struct http_reader *reader, struct http_result *ret_result, struct err *err)
{
	cleanup_with(call_fini) struct call call = {
	    .http = http,
	    .request = request,
	    .reader = reader,
	    .result = ret_result,
	    .err = err,
	};
	int r;

	*ret_result = (struct http_result){0};
	r = start(http, err);
	if (r < 0)
		return r;
	r = add_headers(&call, err);
	if (r < 0)
		return r;
	call.easy = curl_easy_init();
	if (!call.easy)
		return err_nomem(err);
	r = set_options(&call, err);
	if (r < 0)
		return r;
	call.started = call.last = retry_now_ms();
	if (curl_multi_add_handle(http->multi, call.easy) != CURLM_OK)
		return err_nomem(err);
	r = run(&call);
	return call.reader_said < 0 ? call.reader_said : r;
}
