/*
 * The process that speaks to the Secret Service: libsecret, loaded here and
 * nowhere else.  Only what is declared below is used of it; its binary interface
 * has been the same since 2012, and tests/model/keyring runs the real one.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "llm/keyring/keyring.h"

#define KEY_MAX ((size_t)16 * 1024)

/* Of GLib and libsecret: an error, and the description of an item. */
struct g_error {
	unsigned int domain;
	int code;
	char *message;
};

#define SCHEMA_ATTRIBUTES 32

struct schema {
	const char *name;
	int flags;
	struct {
		const char *name;
		int type; /* 0: a string */
	} attributes[SCHEMA_ATTRIBUTES];
	int reserved;
	void *reserved_pointers[7];
};

static const struct schema schema = {.name = "seal.ProviderKey", .attributes = {{"provider", 0}}};

/* The collection that a login unlocks. */
#define DEFAULT_COLLECTION "default"

struct library {
	char *(*find)(const struct schema *schema, void *cancel, struct g_error **error, ...);
	int (*keep)(const struct schema *schema, const char *collection, const char *label,
		    const char *key, void *cancel, struct g_error **error, ...);
	int (*forget)(const struct schema *schema, void *cancel, struct g_error **error, ...);
	void (*wipe)(char *key);
};

static int refuse(const char *why)
{
	(void)printf("%s\n", why);
	return 1;
}

static int refuse_error(const struct g_error *error, const char *otherwise)
{
	return refuse(error && error->message ? error->message : otherwise);
}

#define LOAD(member, name) (*(void **)&library->member = dlsym(handle, name))

static bool load(struct library *library)
{
	void *handle = dlopen("libsecret-1.so.0", RTLD_NOW | RTLD_LOCAL);

	return handle && LOAD(find, "secret_password_lookup_sync") &&
	       LOAD(keep, "secret_password_store_sync") &&
	       LOAD(forget, "secret_password_clear_sync") && LOAD(wipe, "secret_password_free");
}

static int find(const struct library *library, const char *provider)
{
	struct g_error *error = NULL;
	char *key = library->find(&schema, NULL, &error, "provider", provider, NULL);
	struct err err;
	int r;

	if (!key)
		return refuse_error(error, "not there");
	r = fd_write_all(STDOUT_FILENO, str_of(key), &err);
	library->wipe(key);
	return r < 0 ? 2 : 0;
}

static int keep(const struct library *library, const char *provider)
{
	char label[128], key[KEY_MAX + 1];
	struct g_error *error = NULL;
	size_t len = fread(key, 1, KEY_MAX, stdin);
	int kept;

	key[len] = '\0';
	(void)snprintf(label, sizeof(label), "seal: the key of %s", provider);
	kept = library->keep(&schema, DEFAULT_COLLECTION, label, key, NULL, &error, "provider",
			     provider, NULL);
	explicit_bzero(key, sizeof(key));
	return kept ? 0 : refuse_error(error, "it did not keep the key");
}

static int forget(const struct library *library, const char *provider)
{
	struct g_error *error = NULL;

	if (library->forget(&schema, NULL, &error, "provider", provider, NULL))
		return 0;
	return refuse_error(error, "not there");
}

int keyring_main(int argc, char **argv)
{
	static const struct {
		const char *verb;
		int (*run)(const struct library *library, const char *provider);
	} verbs[] = {{"find", find}, {"keep", keep}, {"forget", forget}};
	struct library library;

	if (argc != 3) {
		(void)fputs("seald: keyring: find|keep|forget PROVIDER\n", stderr);
		return 2;
	}
	/* Standard input is read once: nothing of a key stays in its buffer. */
	(void)setvbuf(stdin, NULL, _IONBF, 0);
	if (!load(&library))
		return refuse("libsecret is not installed (libsecret-1-0)");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[1], verbs[i].verb) == 0)
			return verbs[i].run(&library, argv[2]);
	}
	return refuse("no such verb");
}
