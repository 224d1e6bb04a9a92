#include "llm/sse.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "base/json.h"

void sse_init(struct sse *sse, sse_event_fn *fn, void *ctx)
{
	*sse = (struct sse){.fn = fn, .ctx = ctx};
	sse->line.limit = SSE_EVENT_MAX;
	sse->data.limit = SSE_EVENT_MAX;
	sse->name.limit = SSE_EVENT_MAX;
}

void sse_fini(struct sse *sse)
{
	buf_fini(&sse->line);
	buf_fini(&sse->name);
	buf_fini(&sse->data);
}

static int too_large(struct err *err)
{
	return err_set(err, ERR_LIMIT, "one event is larger than %zu bytes", SSE_EVENT_MAX);
}

static int dispatch(struct sse *sse, struct err *err)
{
	struct sse_event event = {buf_str(&sse->name), buf_str(&sse->data)};
	int r = 0;

	if (sse->has_data && event.data.len > 0)
		r = sse->fn(sse->ctx, &event, err);
	buf_clear(&sse->name);
	buf_clear(&sse->data);
	sse->has_data = false;
	return r;
}

static int take_field(struct sse *sse, struct str name, struct str value, struct err *err)
{
	if (str_is(name, "data")) {
		if (sse->has_data)
			buf_addc(&sse->data, '\n');
		buf_add(&sse->data, value);
		sse->has_data = true;
	} else if (str_is(name, "event")) {
		buf_clear(&sse->name);
		buf_add(&sse->name, value);
	}
	/* `id`, `retry` and unknown fields say nothing about a model's reply. */
	return sse->data.failed || sse->name.failed ? too_large(err) : 0;
}

static int take_line(struct sse *sse, struct str line, struct err *err)
{
	struct str value = {"", 0};
	size_t colon;

	if (!sse->is_started && str_starts(line, STR("\xef\xbb\xbf")))
		line = str_from(line, 3);
	sse->is_started = true;

	if (line.len == 0)
		return dispatch(sse, err);
	colon = str_chr(line, ':');
	if (colon == 0)
		return 0; /* a comment: ": ping" */
	if (colon != STR_NONE) {
		value = str_from(line, colon + 1);
		if (value.len > 0 && value.data[0] == ' ')
			value = str_from(value, 1);
		line = str_head(line, colon);
	}
	return take_field(sse, line, value, err);
}

/* Where the first line of `bytes` ends, or STR_NONE. */
static size_t line_end(struct str bytes)
{
	const char *lf = memchr(bytes.data, '\n', bytes.len);
	size_t len = lf ? (size_t)(lf - bytes.data) : bytes.len;
	const char *cr = memchr(bytes.data, '\r', len);

	if (cr)
		return (size_t)(cr - bytes.data);
	return lf ? len : STR_NONE;
}

/* The end of the line that sse->line holds the start of, or a whole line. */
static int end_line(struct sse *sse, struct str rest_of_line, struct err *err)
{
	int r;

	if (sse->line.len == 0) {
		if (rest_of_line.len > SSE_EVENT_MAX)
			return too_large(err);
		return take_line(sse, rest_of_line, err);
	}
	buf_add(&sse->line, rest_of_line);
	if (sse->line.failed)
		return too_large(err);
	r = take_line(sse, buf_str(&sse->line), err);
	buf_clear(&sse->line);
	return r;
}

int sse_feed(struct sse *sse, struct str bytes, struct err *err)
{
	while (bytes.len > 0) {
		size_t end;
		int r;

		if (sse->after_cr) {
			sse->after_cr = false;
			if (bytes.data[0] == '\n') {
				bytes = str_from(bytes, 1);
				continue;
			}
		}
		end = line_end(bytes);
		if (end == STR_NONE) {
			buf_add(&sse->line, bytes);
			return sse->line.failed ? too_large(err) : 0;
		}
		r = end_line(sse, str_head(bytes, end), err);
		if (r < 0)
			return r;
		sse->after_cr = bytes.data[end] == '\r';
		bytes = str_from(bytes, end + 1);
	}
	return 0;
}

static bool is_whole(struct str data)
{
	cleanup_json yyjson_doc *doc = json_read(data, NULL, NULL);

	return doc != NULL;
}

int sse_finish(struct sse *sse, struct err *err)
{
	int r;

	if (sse->line.len > 0) {
		r = end_line(sse, STR(""), err);
		if (r < 0)
			return r;
	}
	return sse->has_data && is_whole(buf_str(&sse->data)) ? dispatch(sse, err) : 0;
}
