/* A web page: the host is checked before, and again at every redirect. */
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/utf8.h"
#include "caps/hosts.h"
#include "gate/agents.h"
#include "gate/pass.h"
#include "net/fetch.h"

#define BODY_MAX      (4u << 20)
#define TEXT_MAX      (256u << 10)
#define TIMEOUT_S     30
#define REDIRECTS_MAX 5

struct fetching {
	struct caps_host host;
	bool spelled;	/* an address, written as such: the check was about exactly it */
};

static bool may_connect(void *ctx, const struct sockaddr *address)
{
	const struct fetching *fetching = ctx;

	return fetching->spelled || caps_address_kind(address) == CAPS_ADDRESS_PUBLIC;
}

static int fetch_one(struct pass *pass, struct str url, struct net_page *ret_page, struct err *why)
{
	struct fetching fetching = { 0 };

	if (caps_host_parse(url, &fetching.host, why) < 0)
		return why->code;
	/* A name like localhost also counts as the address it stands for. */
	fetching.spelled = fetching.host.is_address || fetching.host.kind != CAPS_ADDRESS_PUBLIC;
	return net_fetch(&(struct net_fetch){ .grant = (struct grant_host){ fetching.host.name,
									   fetching.host.port },
					      .url = url, .max_bytes = BODY_MAX, .timeout_s = TIMEOUT_S,
					      .cancel_fd = pass->gate->up->cancel_fd,
					      .may_connect = may_connect, .ctx = &fetching },
			 ret_page, why);
}

/* What is not shown is kept where the output of commands is, and may be read there. */
static void keep_page(const struct pass *pass, struct str text, struct buf *ret_path)
{
	cleanup_close int fd = -1;
	struct err ignored;

	if (fd_make_dirs(pass->gate->output_dir, &ignored) < 0)
		return;
	buf_addf(ret_path, "%spage-%s.txt", pass->gate->output_dir, pass->call_id);
	fd = open(buf_str(ret_path).data, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fd_write_all(fd, text, &ignored) < 0)
		buf_clear(ret_path);
}

/* The start of the text, and where the rest is. */
static void cut_page(const struct pass *pass, struct str all, struct buf *ret_shown)
{
	cleanup_buf struct buf path = BUF_INIT;

	keep_page(pass, all, &path);
	buf_add(ret_shown, str_head(all, utf8_cut(all, TEXT_MAX)));
	buf_addf(ret_shown, "\n[truncated at %zu bytes \xe2\x80\x94 full text at %s]", ret_shown->len,
		 path.len ? path.data : "no place: it could not be kept");
}

static int put_page(struct pass *pass, struct str url, struct net_page *page)
{
	cleanup_buf struct buf text = BUF_INIT;
	cleanup_buf struct buf cut = BUF_INIT;
	struct str shown = buf_str(&page->body);
	struct json w;

	if (str_find(str_of(page->content_type), STR("html"), 0) != STR_NONE) {
		net_html_text(shown, &text);
		shown = buf_str(&text);
	}
	if (shown.len > TEXT_MAX)
		cut_page(pass, shown, &cut);
	else
		buf_add(&cut, shown);
	if (page->truncated)
		buf_addf(&cut, "\n[the page goes on: only its first %u bytes were fetched]", BODY_MAX);
	w = pass_ok(pass);
	json_object(&w);
	json_kv(&w, "url", url);
	json_kv_int(&w, "status", page->status);
	json_kv(&w, "content-type", str_of(page->content_type));
	json_kv(&w, "text", buf_str(&cut));
	json_kv_bool(&w, "truncated", page->truncated || shown.len > TEXT_MAX);
	return pass_end(pass, &w);
}

/* A redirect goes on silently only where a rule allows the new host. */
static bool may_follow(const struct pass *pass, const char *url)
{
	struct caps_question question = { .verb = CAPS_CONNECT, .subject = str_of(url) };
	cleanup_caps_answer struct caps_answer answer = agents_judge(pass->gate, &question);

	return answer.verdict == CAPS_ALLOW;
}

int execute_tools_web_fetch(struct pass *pass)
{
	cleanup_free char *url = str_dup(pass->question.subject);

	for (unsigned int i = 0; i <= REDIRECTS_MAX; i++) {
		cleanup_with(net_page_fini) struct net_page page = { 0 };
		struct err why;

		if (!url)
			return err_nomem(pass->err);
		if (fetch_one(pass, str_of(url), &page, &why) < 0)
			return pass_error_of(pass, &why);
		if (!page.redirect)
			return put_page(pass, str_of(url), &page);
		if (!may_follow(pass, page.redirect))
			return pass_error(pass, PASS_FAILED,
					  "it redirects to %s, which has to be asked for by itself",
					  page.redirect);
		free(url);
		url = take_ptr(page.redirect);
	}
	return pass_error(pass, PASS_FAILED, "more than %d redirects", REDIRECTS_MAX);
}
