#include "manifest/keys.h"

#include "base/buf.h"
#include "manifest/manifest.h"

const struct manifest_table manifest_tables[] = {
#define TABLE(name_, sentence_, ...) {.name = name_, .sentence = sentence_, ##__VA_ARGS__},
#define KEY(...)
#include "manifest/manifest.def"
#undef TABLE
#undef KEY
};

const struct manifest_key manifest_keys[] = {
#define TABLE(...)
#define KEY(table_, name_, type_, struct_, member_, sentence_, ...)                                \
	{.table = table_,                                                                          \
	 .name = name_,                                                                            \
	 .type = TYPE_##type_,                                                                     \
	 .offset = offsetof(struct struct_, member_),                                              \
	 .sentence = sentence_,                                                                    \
	 ##__VA_ARGS__},
#include "manifest/manifest.def"
#undef TABLE
#undef KEY
};

const size_t manifest_n_tables = sizeof(manifest_tables) / sizeof(manifest_tables[0]);
const size_t manifest_n_keys = sizeof(manifest_keys) / sizeof(manifest_keys[0]);

/* Longer words are not compared: nobody's typing error is that far from a key. */
#define WORD_MAX 40

const struct manifest_table *manifest_table_find(struct str name)
{
	for (size_t i = 0; i < manifest_n_tables; i++)
		if (str_is(name, manifest_tables[i].name))
			return &manifest_tables[i];
	return NULL;
}

const struct manifest_key *manifest_key_find(const char *table, struct str name)
{
	for (size_t i = 0; i < manifest_n_keys; i++)
		if (str_is(name, manifest_keys[i].name) &&
		    strcmp(table, manifest_keys[i].table) == 0)
			return &manifest_keys[i];
	return NULL;
}

int manifest_choice(const char *choices, struct str name)
{
	struct str rest = str_of(choices), choice;

	for (int i = 0; str_split(&rest, '|', &choice); i++)
		if (str_eq(choice, name))
			return i;
	return -1;
}

/* Insertions, removals, replacements and swaps of neighbours that turn a into b. */
static size_t distance(struct str a, struct str b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];

	for (size_t j = 0; j <= b.len; j++)
		last[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t *spare = before;

		now[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t least = last[j - 1] + (a.data[i - 1] != b.data[j - 1]);

			least = last[j] + 1 < least ? last[j] + 1 : least;
			least = now[j - 1] + 1 < least ? now[j - 1] + 1 : least;
			if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] &&
			    a.data[i - 2] == b.data[j - 1] && before[j - 2] + 1 < least)
				least = before[j - 2] + 1;
			now[j] = least;
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[b.len];
}

struct nearest {
	struct str wanted, best;
	size_t distance;
	struct buf *all;
};

static void consider(struct nearest *nearest, struct str candidate)
{
	size_t away;

	buf_addf(nearest->all, "%s%.*s", nearest->all->len ? ", " : "", STR_ARG(candidate));
	if (nearest->wanted.len > WORD_MAX || candidate.len > WORD_MAX)
		return;
	away = distance(nearest->wanted, candidate);
	if (away < nearest->distance) {
		nearest->distance = away;
		nearest->best = candidate;
	}
}

static void say(const struct nearest *nearest, const char *what, struct buf *text)
{
	if (nearest->best.len && nearest->distance <= 1 + nearest->best.len / 3)
		buf_addf(text, "did you mean \"%.*s\"?", STR_ARG(nearest->best));
	else if (nearest->all->len)
		buf_addf(text, "%s: %.*s", what, STR_ARG(buf_str(nearest->all)));
	else
		buf_adds(text, "remove it: nothing can be set here");
}

/* The part of a table's name directly under `table`, if it is there. */
static struct str below(const char *table, const char *name)
{
	size_t len = strlen(table);
	struct str rest = str_of(name);

	if (name[0] == '@' || (len && (strncmp(name, table, len) != 0 || name[len] != '.')))
		return (struct str){0};
	rest = str_from(rest, len ? len + 1 : 0);
	return str_head(rest, str_chr(rest, '.'));
}

void manifest_suggest_key(const char *table, struct str name, struct buf *text)
{
	cleanup_buf struct buf all = BUF_INIT;
	struct nearest nearest = {.wanted = name, .distance = WORD_MAX, .all = &all};
	struct str last = {0}; /* tables with a common part stand together */

	for (size_t i = 0; i < manifest_n_keys; i++)
		if (strcmp(table, manifest_keys[i].table) == 0)
			consider(&nearest, str_of(manifest_keys[i].name));
	for (size_t i = 0; i < manifest_n_tables; i++) {
		struct str part = below(table, manifest_tables[i].name);

		if (part.len && !str_eq(part, last)) {
			consider(&nearest, part);
			last = part;
		}
	}
	say(&nearest, "what is known here", text);
}

void manifest_suggest_choice(const char *choices, struct str name, struct buf *text)
{
	cleanup_buf struct buf all = BUF_INIT;
	struct nearest nearest = {.wanted = name, .distance = WORD_MAX, .all = &all};
	struct str rest = str_of(choices), choice;

	while (str_split(&rest, '|', &choice))
		consider(&nearest, choice);
	say(&nearest, "one of", text);
}
