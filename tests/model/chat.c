/*
 * Runs one model call and prints what came: the driver of tests/model/run.
 *
 *   chat [options] REQUEST.json      (the WIT `request` record)
 *
 * stdout: {"outcome":{"ok":..}|{"err":..},"text":..,"thought":..,"tools":[..],
 *          "retries":[..],"ms":N,"late":N (ms after a cancel),"cost":N,"info":{..}}
 * Exit 0 when a call came back, whatever it said; 2 with a sentence on stderr
 * when the model could not be set up.
 */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/json.h"
#include "llm/llm.h"
#include "manifest/manifest.h"

#define HEADERS_MAX 8

struct options {
	struct manifest manifest;
	struct str names[HEADERS_MAX], values[HEADERS_MAX];
	const char *session, *record;
	double connect, first_byte, silence;
	long cancel_ms; /* -1: never */
	int times;
	bool is_paused;         /* before each call: until a line comes */
	bool is_cut;            /* cancelled at the first text */
};

struct heard {
	struct buf text, thought, tools, retries;
	int cancel_fd;     /* written to at the first text; -1: not */
	int64_t cancelled; /* when that was */
};

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_text(void *ctx, struct str delta)
{
	struct heard *heard = ctx;

	buf_add(&heard->text, delta);
	if (heard->cancel_fd >= 0 && heard->cancelled == 0) {
		heard->cancelled = now_ms();
		(void)eventfd_write(heard->cancel_fd, 1);
	}
}

static void on_thought(void *ctx, struct str delta)
{
	buf_add(&((struct heard *)ctx)->thought, delta);
}

/* Lists are kept as lines: none of the names and sentences holds one. */
static void on_tool(void *ctx, struct str name)
{
	buf_add(&((struct heard *)ctx)->tools, name);
	buf_addc(&((struct heard *)ctx)->tools, '\n');
}

static void on_retry(void *ctx, struct str sentence)
{
	buf_add(&((struct heard *)ctx)->retries, sentence);
	buf_addc(&((struct heard *)ctx)->retries, '\n');
}

static void put_lines(struct json *w, const char *key, const struct buf *lines)
{
	struct str rest = buf_str(lines), line;

	json_key(w, key);
	json_array(w);
	while (str_line(&rest, &line))
		json_put(w, line);
	json_end(w);
}

static void add_header(struct options *options, char *text)
{
	struct manifest_model *model = &options->manifest.model;
	char *colon = strchr(text, ':');
	size_t n = model->header_names.n;

	if (!colon || n == HEADERS_MAX)
		exit(64);
	options->names[n] = (struct str){text, (size_t)(colon - text)};
	options->values[n] = str_trim(str_of(colon + 1));
	model->header_names = (struct manifest_list){.items = options->names, .n = n + 1};
	model->header_values = (struct manifest_list){.items = options->values, .n = n + 1};
}

static void set_thinking(struct manifest_model *model, const char *text)
{
	model->thinking = strcmp(text, "manual") == 0     ? THINKING_MANUAL
			  : strcmp(text, "disabled") == 0 ? THINKING_DISABLED
							  : THINKING_ADAPTIVE;
}

static void read_option(struct options *options, int option)
{
	struct manifest_model *model = &options->manifest.model;

	switch (option) {
	case 'p':
		model->provider = str_of(optarg);
		break;
	case 'm':
		model->name = str_of(optarg);
		break;
	case 'u':
		model->base_url = str_of(optarg);
		break;
	case 'e':
		model->effort = str_of(optarg);
		break;
	case 't':
		set_thinking(model, optarg);
		break;
	case 'b':
		model->thinking_budget = atol(optarg);
		break;
	case 'x':
		model->max_tokens = atol(optarg);
		break;
	case 'h':
		add_header(options, optarg);
		break;
	case 's':
		options->session = optarg;
		break;
	case 'r':
		options->record = optarg;
		break;
	case 'f':
		options->first_byte = atof(optarg);
		break;
	case 'o':
		options->connect = atof(optarg);
		break;
	case 'q':
		options->silence = atof(optarg);
		break;
	case 'c':
		options->cancel_ms = atol(optarg);
		break;
	case 'n':
		options->times = (int)atol(optarg);
		break;
	case '$':
		options->manifest.limits.max_cost_usd = atof(optarg);
		break;
	case 'k':
		model->context_length = atol(optarg);
		break;
	case 'a':
		options->is_cut = true;
		break;
	case 'w':
		options->is_paused = true;
		break;
	case '#':
		options->manifest.limits.max_session_tokens = atol(optarg);
		break;
	default:
		exit(64);
	}
}

static void read_options(struct options *options, int argc, char **argv)
{
	static const struct option names[] = {
	    {"provider", 1, NULL, 'p'},
	    {"model", 1, NULL, 'm'},
	    {"base-url", 1, NULL, 'u'},
	    {"effort", 1, NULL, 'e'},
	    {"thinking", 1, NULL, 't'},
	    {"budget", 1, NULL, 'b'},
	    {"max-tokens", 1, NULL, 'x'},
	    {"header", 1, NULL, 'h'},
	    {"session", 1, NULL, 's'},
	    {"record", 1, NULL, 'r'},
	    {"first-byte", 1, NULL, 'f'},
	    {"connect", 1, NULL, 'o'},
	    {"silence", 1, NULL, 'q'},
	    {"cancel-after", 1, NULL, 'c'},
	    {"times", 1, NULL, 'n'},
	    {"max-cost", 1, NULL, '$'},
	    {"max-session-tokens", 1, NULL, '#'},
	    {"context", 1, NULL, 'k'},
	    {"cancel-at-text", 0, NULL, 'a'},
	    {"pause", 0, NULL, 'w'},
	    {NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1)
		read_option(options, option);
}

/* A descriptor that becomes readable then; -1: never. */
static int cancel_after(long ms)
{
	struct itimerspec when = {.it_value = {ms / 1000, ms % 1000 * 1000000}};
	int fd;

	if (ms < 0)
		return -1;
	if (ms == 0)
		when.it_value.tv_nsec = 1;
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	return fd < 0 || timerfd_settime(fd, 0, &when, NULL) < 0 ? -1 : fd;
}

static int run_once(struct llm *llm, const struct options *options, struct str request,
		    struct err *err)
{
	struct heard heard = {.cancel_fd = -1};
	const struct llm_sink sink = {&heard, on_text, on_thought, on_tool, on_retry};
	cleanup_buf struct buf outcome = BUF_INIT, info = BUF_INIT, line = BUF_INIT,
			       cost = BUF_INIT;
	cleanup_close int cancel_fd =
	    options->is_cut ? eventfd(0, EFD_CLOEXEC) : cancel_after(options->cancel_ms);
	int64_t started = now_ms(), ended;
	struct json w = json_to(&line);
	int r;

	if (options->is_cut)
		heard.cancel_fd = cancel_fd;
	r = llm_chat(llm, request, &sink, cancel_fd, &outcome, err);
	ended = now_ms();
	if (r == 0)
		r = llm_info(llm, &info, err);
	if (r < 0)
		return r;
	buf_addf(&cost, "%.9f", llm_cost(llm));
	json_object(&w);
	json_kv_raw(&w, "outcome", buf_str(&outcome));
	json_kv(&w, "text", buf_str(&heard.text));
	json_kv(&w, "thought", buf_str(&heard.thought));
	put_lines(&w, "tools", &heard.tools);
	put_lines(&w, "retries", &heard.retries);
	json_kv_int(&w, "ms", ended - started);
	if (heard.cancelled)
		json_kv_int(&w, "late", ended - heard.cancelled);
	json_kv_raw(&w, "cost", buf_str(&cost));
	json_kv_raw(&w, "info", buf_str(&info));
	json_end(&w);
	buf_addc(&line, '\n');
	buf_fini(&heard.text);
	buf_fini(&heard.thought);
	buf_fini(&heard.tools);
	buf_fini(&heard.retries);
	return fd_write_all(STDOUT_FILENO, buf_str(&line), err);
}

static int run(const struct options *options, const char *request_path, struct err *err)
{
	cleanup_buf struct buf request = BUF_INIT;
	cleanup_with(llm_free) struct llm *llm = NULL;
	int r;

	r = fd_read_file(AT_FDCWD, request_path, (size_t)1 << 28, &request, err);
	if (r == 0)
		r = llm_new(&options->manifest, options->session, &llm, err);
	if (r < 0)
		return r;
	llm_set_patience(llm, options->connect, options->first_byte, options->silence);
	if (options->record)
		r = llm_set_recorder(llm, options->record, err);
	for (int i = 0; r == 0 && i < options->times; i++) {
		if (options->is_paused && getchar() == EOF)
			return 0;
		r = run_once(llm, options, buf_str(&request), err);
	}
	return r;
}

int main(int argc, char **argv)
{
	struct options options = {.cancel_ms = -1, .times = 1};
	struct err err;

	(void)signal(SIGPIPE, SIG_IGN);
	read_options(&options, argc, argv);
	if (optind != argc - 1)
		return 64;
	if (run(&options, argv[optind], &err) == 0)
		return 0;
	(void)fprintf(stderr, "%s\n", err.text);
	return 2;
}
