/* seal audit report, seal audit export: a session for a browser and for a trace viewer. */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "seal-cli/audit/otlp.h"
#include "seal-cli/audit/post.h"
#include "seal-cli/audit/redact.h"
#include "seal-cli/audit/report.h"
#include "seal-cli/audit/story.h"
#include "seal-cli/audit_show.h"
#include "seal-cli/cmd.h"

struct request {
	const char *output, *otlp, *redacted;
	bool content;
};

static int read_request(int argc, char **argv, struct request *request, struct err *err)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "otlp", required_argument, NULL, 't' },
		{ "redacted", required_argument, NULL, 'r' },
		{ "content", no_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		if (option == 'o')
			request->output = optarg;
		else if (option == 't')
			request->otlp = optarg;
		else if (option == 'r')
			request->redacted = optarg;
		else if (option == 'c')
			request->content = true;
		else
			return err_set(err, ERR_INPUT, "audit %s: see `seal help audit`", argv[0]);
	}
	if (argc - optind != 1)
		return err_set(err, ERR_INPUT, "audit %s: which session? see `seal sessions list`",
		               argv[0]);
	return 0;
}

static int read_session(const char *name, struct story *ret_story, struct err *err)
{
	cleanup_free char *dir = NULL;

	if (audit_find(name, &dir, err) < 0)
		return err->code;
	return story_read(dir, ret_story, err);
}

/* A session may hold what nobody else should read: the owner's only, like the log. */
static int write_out(const char *path, struct str bytes, struct err *err)
{
	if (strcmp(path, "-") == 0)
		return fd_write_all(STDOUT_FILENO, bytes, err);
	return fd_replace_path(path, bytes, 0600, err);
}

static int report(const struct request *request, const char *name, struct err *err)
{
	cleanup_story struct story story = { 0 };
	cleanup_buf struct buf page = BUF_INIT;

	if (!request->output)
		return err_set(err, ERR_INPUT,
		               "audit report: write it where? -o report.html, or -o - for standard "
		               "output");
	if (read_session(name, &story, err) < 0 || report_page(&story, &page, err) < 0 ||
	    write_out(request->output, buf_str(&page), err) < 0)
		return err->code;
	if (strcmp(request->output, "-") != 0)
		printf("%s: %zu turns, %zu calls\n", request->output, story.n_turns, story.n_calls);
	return EXIT_DONE;
}

static int write_traces(const char *target, struct str traces, struct err *err)
{
	if (post_is_address(target))
		return post_json(target, traces, err);
	return write_out(target, traces, err);
}

static int export_redacted(const struct request *request, const char *name, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	cleanup_free char *dir = NULL;

	if (audit_find(name, &dir, err) < 0 || redact_log(dir, &text, err) < 0 ||
	    write_out(request->redacted, buf_str(&text), err) < 0)
		return err->code;
	return EXIT_DONE;
}

static int export(const struct request *request, const char *name, struct err *err)
{
	cleanup_story struct story story = { 0 };
	cleanup_buf struct buf traces = BUF_INIT;

	if (request->redacted)
		return export_redacted(request, name, err);
	if (!request->otlp)
		return err_set(err, ERR_INPUT,
		               "audit export: where to? --otlp traces.json, --otlp - for standard "
		               "output, or --otlp http://localhost:4318/v1/traces");
	if (read_session(name, &story, err) < 0 ||
	    otlp_export(&story, request->content, &traces, err) < 0 ||
	    write_traces(request->otlp, buf_str(&traces), err) < 0)
		return err->code;
	return EXIT_DONE;
}

int cmd_report(int argc, char **argv)
{
	struct request request = { 0 };
	struct err err;
	int r = read_request(argc, argv, &request, &err);

	if (r >= 0)
		r = strcmp(argv[0], "export") == 0 ? export(&request, argv[optind], &err)
		                                   : report(&request, argv[optind], &err);
	return r < 0 ? cmd_fail(&err) : r;
}
