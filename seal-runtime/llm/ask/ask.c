#include "llm/ask/ask.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "llm/backend.h"

/* A list of models of a large provider has a megabyte. */
#define ANSWER_MAX ((size_t)16 << 20)

/* Nobody should wait long for what can be done without. */
#define ASK_LIMITS ((struct http_limits){2000, 4000, 4000})

static int take(void *ctx, const struct http_head *head, struct str bytes, struct err *err)
{
	struct buf *answer = ctx;

	(void)head, (void)err;
	if (answer->len + bytes.len > ANSWER_MAX)
		return HTTP_ENOUGH;
	buf_add(answer, bytes);
	return HTTP_MORE;
}

yyjson_doc *ask_json(struct llm *llm, const char *url, struct str body, int cancel_fd)
{
	cleanup_with(wire_headers_fini) struct wire_headers headers = {.n = 0};
	cleanup_buf struct buf answer = BUF_INIT;
	cleanup_key struct key key = {0};
	struct http_reader reader = {&answer, take};
	struct http_limits before = http_get_limits(llm->http);
	struct http_result result;
	struct err ignored;
	int r;

	if (llm_find_key(llm, &key, &ignored) < 0)
		return NULL;
	llm_headers(llm, &key, &headers);
	http_set_limits(llm->http, &ASK_LIMITS);
	r = http_send(llm->http,
		      &(struct http_request){url, headers.items, headers.n, body, cancel_fd},
		      &reader, &result, &ignored);
	http_set_limits(llm->http, &before);
	if (r < 0 || result.outcome != HTTP_DONE || result.head.status != 200)
		return NULL;
	return json_read(buf_str(&answer), NULL, NULL);
}
