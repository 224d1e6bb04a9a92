#include "seal-cli/tui/links.h"

#include <stdlib.h>

#define LINKS_MAX   4096
#define ADDRESS_MAX 2000

struct links {
	char **addresses;	/* number - 1 */
	size_t n;
};

struct links *links_new(void)
{
	return calloc(1, sizeof(struct links));
}

void links_free(struct links *links)
{
	if (!links)
		return;
	for (size_t i = 0; i < links->n; i++)
		free(links->addresses[i]);
	free(links->addresses);
	free(links);
}

static bool is_harmless(struct str address)
{
	if (address.len > ADDRESS_MAX ||
	    (!str_starts(address, STR("http://")) && !str_starts(address, STR("https://")) &&
	     !str_starts(address, STR("mailto:"))))
		return false;
	for (size_t i = 0; i < address.len; i++)
		if (address.data[i] <= 0x20 || address.data[i] >= 0x7f)
			return false;
	return true;
}

uint16_t links_add(struct links *links, struct str address)
{
	char **grown, *copy;

	if (!links || !is_harmless(address))
		return 0;
	for (size_t i = links->n; i-- > 0;)
		if (str_is(address, links->addresses[i]))
			return (uint16_t)(i + 1);
	if (links->n == LINKS_MAX)
		return 0;
	grown = realloc(links->addresses, (links->n + 1) * sizeof(*grown));
	if (!grown)
		return 0;
	links->addresses = grown;
	copy = str_dup(address);
	if (!copy)
		return 0;
	links->addresses[links->n++] = copy;
	return (uint16_t)links->n;
}

const char *links_get(const struct links *links, uint16_t number)
{
	return links && number && number <= links->n ? links->addresses[number - 1] : "";
}
