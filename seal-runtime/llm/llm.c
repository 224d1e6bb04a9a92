#include "llm/llm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/err.h"
#include "base/json.h"
#include "llm/ask/ask.h"
#include "llm/backend.h"
#include "llm/replay/record.h"
#include "llm/replay/replay.h"

#define WIRE_none             NULL
#define WIRE_anthropic        &wire_anthropic
#define WIRE_openai_chat      &wire_openai_chat
#define WIRE_openai_responses &wire_openai_responses

static const struct provider providers[] = {
#define PROVIDER(name, wire, address, path, key, keyless)                                          \
	{name, WIRE_##wire, address, path, key, keyless},
#include "llm/providers.def"
#undef PROVIDER
};

#define N_PROVIDERS (sizeof(providers) / sizeof(providers[0]))

static int find_provider(struct str name, const struct provider **ret_provider, struct err *err)
{
	cleanup_buf struct buf known = BUF_INIT;

	for (size_t i = 0; i < N_PROVIDERS; i++) {
		if (str_is(name, providers[i].name)) {
			*ret_provider = &providers[i];
			return 0;
		}
		buf_addf(&known, "%s%s", i ? ", " : "", providers[i].name);
	}
	return err_set(err, ERR_INPUT, "[model] provider = \"%.*s\" is not known; use one of %s",
		       STR_ARG(name), known.data ? known.data : "");
}

/* ---- address ---- */

/* Of an address that check_address() took: no user name, no query. */
static bool is_loopback(const char *url)
{
	const char *host = strstr(url, "://") + 3;
	size_t len;

	if (host[0] == '[')
		return strncmp(host, "[::1]", 5) == 0 && (host[5] == ':' || host[5] == '/');
	len = strcspn(host, ":/");
	return (len == 9 && strncasecmp(host, "localhost", len) == 0) ||
	       (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == len);
}

/* Errors show the address, so that it may hold no secret; the protocol's path is
 * appended to it, so that it may hold no query. */
static int check_address(struct str base, struct err *err)
{
	if (!str_starts(base, STR("https://")) && !str_starts(base, STR("http://")))
		return err_set(err, ERR_INPUT,
			       "[model] base_url = \"%.*s\" must begin with https:// or http://",
			       STR_ARG(base));
	if (str_chr(base, '@') != STR_NONE)
		return err_set(err, ERR_INPUT,
			       "[model] base_url holds a user name or password; send it with headers");
	if (str_chr(base, '?') != STR_NONE || str_chr(base, '#') != STR_NONE)
		return err_set(err, ERR_INPUT,
			       "[model] base_url = \"%.*s\" must end with its path", STR_ARG(base));
	return 0;
}

static int make_url(struct llm *llm, struct err *err)
{
	const struct provider *provider = llm->provider;
	struct str base = llm->settings.model.base_url;
	cleanup_buf struct buf url = BUF_INIT;
	size_t host;
	int r;

	if (base.len == 0)
		base = str_of(provider->address);
	if (base.len == 0)
		return err_set(
		    err, ERR_INPUT,
		    "[model] provider = \"%s\" needs base_url, such as \"http://127.0.0.1:8080\"",
		    provider->name);
	while (base.len && base.data[base.len - 1] == '/')
		base.len--;
	r = check_address(base, err);
	if (r < 0)
		return r;
	host = str_find(base, STR("://"), 0) + 3;
	buf_add(&url, base);
	if (str_chr(str_from(base, host), '/') == STR_NONE ||
	    (provider->wire->is_path_kept && !str_ends(base, str_of(provider->path))))
		buf_adds(&url, provider->path);
	buf_adds(&url, provider->wire->path);
	llm->url = buf_take(&url);
	return llm->url ? 0 : err_nomem(err);
}

/* ---- key ---- */

static bool has_own_key(const struct manifest_model *model)
{
	static const char *const names[] = {"authorization", "x-api-key", "api-key"};

	for (size_t i = 0; i < model->header_names.n; i++) {
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
			struct str name = model->header_names.items[i];

			if (name.len == strlen(names[k]) &&
			    strncasecmp(name.data, names[k], name.len) == 0)
				return true;
		}
	}
	return false;
}

static int copy_key(const struct key *from, struct key *ret_key, struct err *err)
{
	*ret_key = *from;
	ret_key->text = str_dup((struct str){from->text, from->len});
	return ret_key->text ? 0 : err_nomem(err);
}

/* The Secret Service is asked once a session; the other places cost nothing. */
static int find_key(struct llm *llm, struct key *ret_key, struct err *err)
{
	int r;

	if (llm->kept.text)
		return copy_key(&llm->kept, ret_key, err);
	r = keys_find(str_of(llm->provider->key_name), ret_key, err);
	if (r == 0 && str_is(str_of(ret_key->place), KEYS_RING))
		r = copy_key(ret_key, &llm->kept, err);
	return r;
}

int llm_find_key(struct llm *llm, struct key *ret_key, struct err *err)
{
	const struct provider *provider = llm->provider;
	cleanup_key struct key key = {0};
	int r;

	if (has_own_key(&llm->settings.model))
		return 0;
	r = find_key(llm, &key, err);
	if (r < 0)
		return provider->is_keyless_fine ? 0 : r;
	if (str_starts(str_of(llm->url), STR("http://")) && !is_loopback(llm->url))
		return err_set(
		    err, ERR_INPUT,
		    "the key of %s would cross the network readable by all: %s; use https in "
		    "base_url of [model]",
		    provider->name, llm->url);
	*ret_key = key;
	key = (struct key){0};
	return 0;
}

static int check_key(struct llm *llm, struct err *err)
{
	cleanup_key struct key key = {0};

	return llm_find_key(llm, &key, err);
}

/* ---- life ---- */

static int check_headers(const struct manifest_model *model, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < model->header_names.n; i++)
		r = http_check_header(model->header_names.items[i], model->header_values.items[i],
				      err);
	return r < 0 ? err_wrap(err, "[model] headers") : 0;
}

void llm_apply_sizes(struct llm *llm)
{
	const struct manifest_model *wanted = &llm->settings.model;
	struct model *model = &llm->model;

	if (wanted->context_length > 0)
		model->context = wanted->context_length;
	if (wanted->max_tokens > 0 &&
	    (model->max_output == 0 || wanted->max_tokens < model->max_output))
		model->max_output = wanted->max_tokens;
}

static int open_backend(struct llm *llm, struct err *err)
{
	int r;

	if (!llm->provider->wire)
		return replay_new(llm->settings.model.name, &llm->replay, err);
	r = check_headers(&llm->settings.model, err);
	if (r == 0)
		r = make_url(llm, err);
	if (r == 0)
		r = check_key(llm, err);
	return r < 0 ? r : http_new(&llm->http, err);
}

/* All but what a session keeps. */
static int make(const struct manifest *manifest, struct llm **ret_llm, struct err *err)
{
	cleanup_with(llm_free) struct llm *llm = calloc(1, sizeof(*llm));
	int r;

	if (!llm)
		return err_nomem(err);
	llm->dir = llm->recorder = -1;
	r = settings_copy(manifest, &llm->settings, err);
	if (r == 0)
		r = find_provider(llm->settings.model.provider, &llm->provider, err);
	if (r < 0)
		return r;
	model_find(str_of(llm->provider->name), llm->settings.model.name, &llm->model);
	llm_apply_sizes(llm);
	r = open_backend(llm, err);
	if (r < 0)
		return r;
	*ret_llm = take_ptr(llm);
	return 0;
}

int llm_new(const struct manifest *manifest, const char *session_dir, struct llm **ret_llm,
	    struct err *err)
{
	cleanup_with(llm_free) struct llm *llm = NULL;
	int r = make(manifest, &llm, err);

	if (r < 0)
		return r;
	if (session_dir) {
		llm->dir = open(session_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (llm->dir < 0)
			return err_sys(err, "open %s", session_dir);
	}
	r = state_load(llm, err);
	if (r < 0)
		return r;
	*ret_llm = take_ptr(llm);
	return 0;
}

int llm_reload(struct llm *llm, const struct manifest *manifest, struct err *err)
{
	cleanup_with(llm_free) struct llm *fresh = NULL;
	struct llm before = *llm;
	int r = make(manifest, &fresh, err);

	if (r < 0)
		return r;
	if (fresh->replay && llm->replay)
		replay_skip(fresh->replay, replay_given(llm->replay));
	/* What the session keeps moves over; the rest changes places and is freed. */
	fresh->spent = before.spent;
	fresh->cost = before.cost;
	fresh->last_reply = before.last_reply;
	fresh->dir = before.dir;
	fresh->recorder = before.recorder;
	*llm = *fresh;
	*fresh = before;
	fresh->dir = fresh->recorder = -1;
	return 0;
}

void llm_free(struct llm *llm)
{
	if (!llm)
		return;
	key_fini(&llm->kept);
	replay_free(llm->replay);
	http_free(llm->http);
	free(llm->url);
	settings_fini(&llm->settings);
	closep(&llm->dir);
	closep(&llm->recorder);
	free(llm);
}

void llm_set_patience(struct llm *llm, double connect, double first_byte, double silence)
{
	struct http_limits limits = HTTP_LIMITS;

	if (connect > 0)
		limits.connect_ms = (int64_t)(connect * 1000);
	if (first_byte > 0)
		limits.first_byte_ms = (int64_t)(first_byte * 1000);
	if (silence > 0)
		limits.silence_ms = (int64_t)(silence * 1000);
	if (llm->http)
		http_set_limits(llm->http, &limits);
}

int llm_set_recorder(struct llm *llm, const char *path, struct err *err)
{
	closep(&llm->recorder);
	llm->recorder = -1;
	return record_open(path, &llm->recorder, err);
}

/* ---- info ---- */

static uint32_t clamp(int64_t value)
{
	return value < 0 ? 0 : value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

int llm_info(struct llm *llm, struct buf *ret_json, struct err *err)
{
	const struct model *model = &llm->model;
	int64_t now = time(NULL);
	struct json w = json_to(ret_json);

	ask_sizes(llm);
	json_object(&w);
	json_kv(&w, "provider", str_of(llm->provider->name));
	json_kv(&w, "name", llm->settings.model.name);
	json_kv_int(&w, "context-length", clamp(model->context));
	/* Where the server decides, a quarter is what callers may count on. */
	json_kv_int(&w, "max-output-tokens",
		    clamp(model->max_output ? model->max_output : model->context / 4));
	json_kv_bool(&w, "supports-images", model->has_images);
	json_kv_bool(&w, "supports-thinking", model->thinking != MODEL_NONE);
	json_kv_int(&w, "idle-seconds",
		    llm->last_reply && now > llm->last_reply ? now - llm->last_reply : 0);
	json_end(&w);
	return buf_check(ret_json, "the model's description", err);
}

/* ---- chat ---- */

int64_t llm_output_limit(const struct llm *llm, yyjson_val *request)
{
	int64_t wanted = json_int(request, "max-output-tokens", 0);
	int64_t limit = llm->model.max_output;

	if (llm->allowance > 0 && (limit == 0 || llm->allowance < limit))
		limit = llm->allowance;
	return wanted > 0 && (limit == 0 || wanted < limit) ? wanted : limit;
}

static bool is_over_budget(const struct llm *llm, struct fault *fault)
{
	const struct manifest_limits *limits = &llm->settings.limits;
	uint64_t tokens = llm_tokens(llm);

	if (limits->max_session_tokens > 0 && tokens >= (uint64_t)limits->max_session_tokens) {
		fault_set(
		    fault, FAULT_BUDGET,
		    "this session has used %llu tokens of max_session_tokens = %lld; raise it in "
		    "[limits] of seal.toml or start a new session",
		    (unsigned long long)tokens, (long long)limits->max_session_tokens);
		return true;
	}
	if (limits->max_cost_usd <= 0)
		return false;
	if (llm->cost < 0) {
		fault_set(fault, FAULT_BUDGET,
			  "max_cost_usd is set in [limits] of seal.toml, but the price of \"%.*s\" "
			  "is not "
			  "known: use max_session_tokens instead",
			  STR_ARG(llm->settings.model.name));
		return true;
	}
	if (llm->cost < limits->max_cost_usd)
		return false;
	fault_set(fault, FAULT_BUDGET,
		  "this session has cost $%.4f of max_cost_usd = %g; raise it in [limits] of "
		  "seal.toml or "
		  "start a new session",
		  llm->cost, limits->max_cost_usd);
	return true;
}

/*
 * What is left of max_session_tokens bounds the request and the reply.  A token
 * has a byte at least, so the provider is asked to count only near the limit;
 * where it does not count, four bytes are taken for a token.
 */
static bool is_too_long(struct llm *llm, yyjson_val *request, size_t size, int cancel_fd,
			struct fault *fault)
{
	int64_t limit = llm->settings.limits.max_session_tokens, left, tokens = 0;

	llm->allowance = 0;
	if (limit <= 0 || llm->replay)
		return false;
	left = limit - (int64_t)llm_tokens(llm);
	if ((int64_t)size > left) {
		tokens = ask_tokens(llm, request, cancel_fd);
		if (tokens < 0)
			tokens = (int64_t)size / 4;
	}
	llm->allowance = left - tokens;
	if (llm->allowance > 0)
		return false;
	fault_set(fault, FAULT_BUDGET,
		  "this request alone has %lld tokens and %lld are left of max_session_tokens = %lld; "
		  "raise it in [limits] of seal.toml, compact the conversation or start a new session",
		  (long long)tokens, (long long)left, (long long)limit);
	return true;
}

static void account(struct llm *llm, const struct reply *reply)
{
	double cost = reply->cost >= 0 ? reply->cost : model_cost(&llm->model, &reply->usage);

	llm->spent.input += reply->usage.input;
	llm->spent.output += reply->usage.output;
	llm->spent.cache_read += reply->usage.cache_read;
	llm->spent.cache_write += reply->usage.cache_write;
	llm->cost = cost < 0 || llm->cost < 0 ? -1 : llm->cost + cost;
	llm->last_reply = time(NULL);
}

static int write_outcome(const struct reply *reply, struct buf *ret_json, struct err *err)
{
	struct json w = json_to(ret_json);

	json_object(&w);
	json_key(&w, reply->fault.kind ? "err" : "ok");
	if (reply->fault.kind)
		fault_write(&reply->fault, &w);
	else
		reply_write(reply, &w);
	json_end(&w);
	return buf_check(ret_json, "the reply", err);
}

static int answer(struct llm *llm, yyjson_val *request, size_t size, struct reply *reply,
		  int cancel_fd, struct err *err)
{
	ask_sizes(llm);
	if (is_over_budget(llm, &reply->fault) ||
	    is_too_long(llm, request, size, cancel_fd, &reply->fault))
		return 0;
	if (llm->replay)
		return replay_chat(llm->replay, request, reply, cancel_fd, err);
	return stream_chat(llm, request, reply, cancel_fd, err);
}

int llm_chat(struct llm *llm, struct str request, const struct llm_sink *sink, int cancel_fd,
	     struct buf *ret_json, struct err *err)
{
	cleanup_json yyjson_doc *doc = json_read(request, NULL, NULL);
	yyjson_val *root = yyjson_doc_get_root(doc);
	cleanup_reply struct reply reply = {0};
	size_t start = ret_json->len;
	int r;

	reply_init(&reply, sink);
	if (!yyjson_is_obj(root))
		return err_set(err, ERR_INPUT, "the request to the model is no JSON object");
	r = answer(llm, root, request.len, &reply, cancel_fd, err);
	if (r == 0)
		r = write_outcome(&reply, ret_json, err);
	if (r < 0)
		return r;
	if (reply.fault.kind == FAULT_NONE)
		account(llm, &reply);
	r = state_save(llm, err);
	if (r == 0 && llm->recorder >= 0)
		r = record_write(llm->recorder, root, str_from(buf_str(ret_json), start), err);
	return r;
}

uint64_t llm_tokens(const struct llm *llm)
{
	const struct reply_usage *spent = &llm->spent;

	return spent->input + spent->output + spent->cache_read + spent->cache_write;
}

double llm_cost(const struct llm *llm)
{
	return llm->cost;
}
