#include <string.h>

#include "base/cleanup.h"
#include "llm/ask/ask.h"
#include "llm/backend.h"

int64_t ask_tokens(struct llm *llm, yyjson_val *request, int cancel_fd)
{
	const struct wire *wire = llm->provider->wire;
	cleanup_buf struct buf body = BUF_INIT, url = BUF_INIT;
	cleanup_json yyjson_doc *doc = NULL;
	struct json w = json_to(&body);

	if (!llm->http || !wire->count_path)
		return -1;
	wire->count(llm, request, &w);
	buf_addf(&url, "%s%s", llm->url, wire->count_path);
	if (body.failed || url.failed)
		return -1;
	doc = ask_json(llm, url.data, buf_str(&body), cancel_fd);
	return json_int(yyjson_doc_get_root(doc), "input_tokens", -1);
}
