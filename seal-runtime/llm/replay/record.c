#include "llm/replay/record.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/utf8.h"

/* Enough to notice another conversation, short enough to read. */
#define EXPECT_LEN 80

int record_open(const char *path, int *ret_fd, struct err *err)
{
	cleanup_close int fd =
	    open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_sys(err, "open the recording %s", path);
	*ret_fd = take_fd(fd);
	return 0;
}

static yyjson_val *last_content(yyjson_val *request)
{
	return yyjson_obj_get(yyjson_arr_get_last(yyjson_obj_get(request, "messages")), "content");
}

static struct str text_of(yyjson_val *block)
{
	struct str text = json_str(yyjson_obj_get(block, "text"), "text");

	return text.data ? text : json_str(yyjson_obj_get(block, "tool-result"), "content");
}

struct str record_asked(yyjson_val *request)
{
	return text_of(yyjson_arr_get_last(last_content(request)));
}

bool record_is_asked(yyjson_val *request, struct str expect)
{
	yyjson_arr_iter items = yyjson_arr_iter_with(last_content(request));
	yyjson_val *block;

	while ((block = yyjson_arr_iter_next(&items))) {
		if (str_find(text_of(block), expect, 0) != STR_NONE)
			return true;
	}
	return false;
}

/* What tools answer holds paths, times and sizes that differ from run to run;
 * what the person wrote does not. */
static void write_expect(yyjson_val *request, struct json *w)
{
	yyjson_val *block = yyjson_arr_get_last(last_content(request));
	struct str text = json_str(yyjson_obj_get(block, "text"), "text");

	if (text.len)
		json_kv(w, "expect", str_head(text, utf8_cut(text, EXPECT_LEN)));
}

int record_write(int fd, yyjson_val *request, struct str outcome, struct err *err)
{
	cleanup_json yyjson_doc *doc = json_read(outcome, NULL, NULL);
	yyjson_val *root = yyjson_doc_get_root(doc);
	yyjson_val *reply = yyjson_obj_get(root, "ok");
	cleanup_buf struct buf line = BUF_INIT;
	struct json w = json_to(&line);
	int r;

	json_object(&w);
	write_expect(request, &w);
	json_key(&w, reply ? "reply" : "err");
	json_put_val(&w, reply ? reply : yyjson_obj_get(root, "err"));
	json_end(&w);
	buf_addc(&line, '\n');
	r = buf_check(&line, "a line of the recording", err);
	if (r == 0)
		r = fd_write_all(fd, buf_str(&line), err);
	return r < 0 ? err_wrap(err, "record the reply") : 0;
}
