#include "llm/backend.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/err.h"

/* Copies into `store`, which has room for all of them. */
static struct str keep(struct buf *store, struct str text)
{
	struct str kept = {store->data + store->len, text.len};

	buf_add(store, text);
	return kept;
}

static size_t size_of(const struct manifest_list *list)
{
	size_t size = 0;

	for (size_t i = 0; i < list->n; i++)
		size += list->items[i].len;
	return size;
}

static struct str *keep_list(struct buf *store, const struct manifest_list *list)
{
	struct str *items = calloc(list->n ? list->n : 1, sizeof(*items));

	for (size_t i = 0; items && i < list->n; i++)
		items[i] = keep(store, list->items[i]);
	return items;
}

int settings_copy(const struct manifest *manifest, struct settings *ret_settings, struct err *err)
{
	const struct manifest_model *from = &manifest->model;
	struct settings *to = ret_settings;

	*to = (struct settings){.model = *from, .limits = manifest->limits};
	if (!buf_reserve(&to->store, from->provider.len + from->name.len + from->base_url.len +
					 from->effort.len + size_of(&from->header_names) +
					 size_of(&from->header_values)))
		return err_nomem(err);
	to->model.provider = keep(&to->store, from->provider);
	to->model.name = keep(&to->store, from->name);
	to->model.base_url = keep(&to->store, from->base_url);
	to->model.effort = keep(&to->store, from->effort);
	to->model.header_names.items = keep_list(&to->store, &from->header_names);
	to->model.header_values.items = keep_list(&to->store, &from->header_values);
	if (!to->model.header_names.items || !to->model.header_values.items)
		return err_nomem(err);
	return 0;
}

void settings_fini(struct settings *settings)
{
	free(settings->model.header_names.items);
	free(settings->model.header_values.items);
	/* A header may hold a key. */
	if (settings->store.data)
		explicit_bzero(settings->store.data, settings->store.size);
	buf_fini(&settings->store);
}
