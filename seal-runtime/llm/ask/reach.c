#include "base/err.h"
#include "llm/http.h"
#include "llm/llm.h"

/* The doctor is done within a second. */
#define REACH_LIMITS ((struct http_limits){300, 500, 500})

/* Whatever it says, it is there. */
static int ignore(void *ctx, const struct http_head *head, struct str bytes, struct err *err)
{
	(void)ctx, (void)head, (void)bytes, (void)err;
	return HTTP_ENOUGH;
}

int llm_reach(const char *url, struct err *err)
{
	cleanup_with(http_free) struct http *http = NULL;
	const struct http_request request = {.url = url, .cancel_fd = -1};
	const struct http_reader reader = {NULL, ignore};
	struct http_result result;

	if (http_new(&http, err) < 0)
		return err->code;
	http_set_limits(http, &REACH_LIMITS);
	if (http_send(http, &request, &reader, &result, err) < 0)
		return err->code;
	return result.head.status > 0 ? 0 : err_set(err, ERR_GONE, "%s", result.text);
}
