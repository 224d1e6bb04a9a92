#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "llm/ask/ask.h"
#include "llm/backend.h"

/* Where each provider tells it, tried in order until the context is known: below
 * the address of its interface, or (ORIGIN) of its server.  %s: the model. */
enum place { BASE, ORIGIN };

static const struct {
	const char *provider;
	enum place place;
	const char *path;
} places[] = {
    {"anthropic", BASE, "/models/%s"},
    {"openrouter", BASE, "/models"},
    {"local", BASE, "/models"},          /* vLLM, LiteLLM and others */
    {"local", ORIGIN, "/props"},         /* llama.cpp */
    {"local", ORIGIN, "/api/v0/models"}, /* LM Studio */
    {"local", ORIGIN, "/api/ps"},        /* Ollama, of the models that are loaded */
};

/* ---- reading ---- */

static bool is_named(yyjson_val *entry, struct str name)
{
	static const char *const keys[] = {"id", "name", "model"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (str_eq(json_str(entry, keys[i]), name))
			return true;
	}
	return false;
}

/* The entry of a list; the root where there is no list. */
static yyjson_val *entry_of(yyjson_val *root, struct str name)
{
	yyjson_val *list = yyjson_obj_get(root, "data"), *entry;
	yyjson_arr_iter entries;

	if (!yyjson_is_arr(list))
		list = yyjson_obj_get(root, "models");
	if (!yyjson_is_arr(list))
		return root;
	entries = yyjson_arr_iter_with(list);
	while ((entry = yyjson_arr_iter_next(&entries))) {
		if (is_named(entry, name))
			return entry;
	}
	return NULL;
}

/* "a.b": a member of a member. */
static yyjson_val *at(yyjson_val *entry, const char *path)
{
	const char *dot = strchr(path, '.');

	if (!dot)
		return yyjson_obj_get(entry, path);
	return yyjson_obj_get(yyjson_obj_getn(entry, path, (size_t)(dot - path)), dot + 1);
}

/* The first of the members that holds a number above 0. */
static int64_t first_number(yyjson_val *entry, const char *const *paths)
{
	for (; *paths; paths++) {
		yyjson_val *value = at(entry, *paths);

		if (yyjson_is_int(value) && yyjson_get_sint(value) > 0)
			return yyjson_get_sint(value);
	}
	return 0;
}

static bool takes_images(yyjson_val *entry)
{
	yyjson_arr_iter kinds = yyjson_arr_iter_with(at(entry, "architecture.input_modalities"));
	yyjson_val *kind;

	while ((kind = yyjson_arr_iter_next(&kinds))) {
		if (str_is(json_text(kind), "image"))
			return true;
	}
	return str_is(json_str(entry, "type"), "vlm") ||
	       yyjson_get_bool(at(entry, "modalities.vision")) ||
	       json_bool(at(entry, "capabilities.image_input"), "supported", false);
}

/* Dollars for a token, as text. */
static void read_price(yyjson_val *entry, const char *path, double *price)
{
	struct str text = json_text(at(entry, path));
	char digits[32], *end;
	double value;

	if (text.len == 0 || text.len >= sizeof(digits))
		return;
	memcpy(digits, text.data, text.len);
	digits[text.len] = '\0';
	value = strtod(digits, &end);
	if (*end == '\0' && value >= 0 && value < 1)
		*price = value * 1e6;
}

static void read_prices(yyjson_val *entry, struct model *model)
{
	read_price(entry, "pricing.prompt", &model->input);
	read_price(entry, "pricing.completion", &model->output);
	/* Where a cached token has no price of its own, it costs what others do. */
	model->cache_read = model->cache_write = model->input;
	read_price(entry, "pricing.input_cache_read", &model->cache_read);
	read_price(entry, "pricing.input_cache_write", &model->cache_write);
}

static void read_thinking(yyjson_val *entry, struct model *model)
{
	yyjson_val *thinking = at(entry, "capabilities.thinking");
	yyjson_val *types = yyjson_obj_get(thinking, "types");

	if (!thinking)
		return;
	model->thinking = json_bool(yyjson_obj_get(types, "adaptive"), "supported", false)
			      ? MODEL_ADAPTIVE
			  : json_bool(thinking, "supported", false) ? MODEL_MANUAL
								    : MODEL_NONE;
}

void ask_read_sizes(struct llm *llm, yyjson_val *doc)
{
	/* What a request may have comes before what the model could have. */
	static const char *const contexts[] = {
	    "max_input_tokens", "loaded_context_length",	    "max_model_len",
	    "context_length",   "default_generation_settings.n_ctx", "meta.n_ctx",
	    "max_context_length", "context_window",		    "meta.n_ctx_train",
	    NULL};
	static const char *const outputs[] = {"max_tokens", "top_provider.max_completion_tokens",
					      "max_output_tokens", "max_completion_tokens", NULL};
	yyjson_val *entry = entry_of(doc, llm->settings.model.name);
	struct model *model = &llm->model;
	int64_t context = first_number(entry, contexts), output = first_number(entry, outputs);

	if (!yyjson_is_obj(entry))
		return;
	if (context > 0 && context <= INT32_MAX) {
		model->context = context;
		model->is_guess = false;
	}
	if (output > 0 && output <= INT32_MAX)
		model->max_output = output;
	model->has_images |= takes_images(entry);
	read_thinking(entry, model);
	if (yyjson_obj_get(entry, "pricing"))
		read_prices(entry, model);
}

/* ---- asking ---- */

static void put_url(const struct llm *llm, enum place place, const char *path, struct buf *url)
{
	struct str base = str_head(str_of(llm->url),
				   strlen(llm->url) - strlen(llm->provider->wire->path));
	const char *name = strstr(path, "%s");
	size_t host = str_find(base, STR("://"), 0) + 3;

	if (place == ORIGIN)
		base = str_head(base, host + str_chr(str_from(base, host), '/'));
	buf_add(url, base);
	buf_add(url, str_head(str_of(path), name ? (size_t)(name - path) : strlen(path)));
	if (name)
		buf_add(url, llm->settings.model.name);
}

/* As a part of a path, with nothing that leads elsewhere. */
static bool is_path_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];

		if (c <= ' ' || c >= 0x7f || strchr("/?#%\\", c))
			return false;
	}
	return name.len > 0 && name.data[0] != '.';
}

void ask_sizes(struct llm *llm)
{
	if (llm->is_asked || !llm->http || !llm->model.is_guess ||
	    llm->settings.model.context_length > 0)
		return;
	llm->is_asked = true;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && llm->model.is_guess; i++) {
		cleanup_buf struct buf url = BUF_INIT;
		cleanup_json yyjson_doc *doc = NULL;

		if (strcmp(llm->provider->name, places[i].provider) != 0 ||
		    (strstr(places[i].path, "%s") && !is_path_name(llm->settings.model.name)))
			continue;
		put_url(llm, places[i].place, places[i].path, &url);
		if (url.failed)
			return;
		doc = ask_json(llm, url.data, (struct str){NULL, 0}, -1);
		ask_read_sizes(llm, yyjson_doc_get_root(doc));
	}
	llm_apply_sizes(llm);
}
