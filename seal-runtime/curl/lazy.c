/*
 * libcurl, loaded when it is first called.
 *
 * Loading it costs several milliseconds and megabytes: some thirty libraries
 * come with it, and theirs test themselves as they start.  The daemon never
 * speaks HTTP and a session does so only once its model is asked, so neither
 * pays before.  These are the functions of libcurl that llm/http.c and net/ call,
 * under their own names; each passes on what it is given.
 *
 * Where libcurl is not installed, the two that begin a use of it fail.
 *
 * What it gives back to the allocator is wiped: the keys in its headers are.
 */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <dlfcn.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

static void *library(void)
{
	static void *loaded;

	if (!loaded)
		loaded = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
	return loaded;
}

/* After a begin that went well, nothing is missing. */
static void *function(const char *name)
{
	void *found = library() ? dlsym(library(), name) : NULL;

	if (!found)
		abort();
	return found;
}

#define REAL(name) ((__typeof__(&(name)))(uintptr_t)function(#name))

static void free_wiped(void *memory)
{
	if (memory)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

static void *move_wiped(void *memory, size_t size)
{
	size_t has = memory ? malloc_usable_size(memory) : 0;
	void *moved = malloc(size);

	if (!moved)
		return NULL;
	if (memory)
		memcpy(moved, memory, has < size ? has : size);
	free_wiped(memory);
	return moved;
}

CURLcode curl_global_init(long flags)
{
	return library() ? REAL(curl_global_init_mem)(flags, malloc, free_wiped, move_wiped, strdup, calloc)
			 : CURLE_FAILED_INIT;
}

CURL *curl_easy_init(void)
{
	return library() ? REAL(curl_easy_init)() : NULL;
}

/* The third argument is a long, a pointer or a curl_off_t: one word, on every
 * machine that seal is built for. */
_Static_assert(sizeof(curl_off_t) == sizeof(void *), "an option's value is one word");

#define PASS_ON(type, name, handle_type, option_type)                 \
	type name(handle_type *handle, option_type option, ...)       \
	{                                                             \
		va_list args;                                         \
		void *value;                                          \
                                                                      \
		va_start(args, option);                               \
		value = va_arg(args, void *);                         \
		va_end(args);                                         \
		return REAL(name)(handle, option, value);             \
	}

PASS_ON(CURLcode, curl_easy_setopt, CURL, CURLoption)
PASS_ON(CURLcode, curl_easy_getinfo, CURL, CURLINFO)
PASS_ON(CURLMcode, curl_multi_setopt, CURLM, CURLMoption)

#define PASS(type, name, params, args)      \
	type name params                    \
	{                                   \
		return REAL(name) args;     \
	}
#define PASS_VOID(name, params, args)       \
	void name params                    \
	{                                   \
		REAL(name) args;            \
	}

PASS_VOID(curl_global_cleanup, (void), ())
PASS_VOID(curl_easy_cleanup, (CURL * easy), (easy))
PASS_VOID(curl_slist_free_all, (struct curl_slist * list), (list))
PASS_VOID(curl_free, (void *memory), (memory))
PASS_VOID(curl_url_cleanup, (CURLU * url), (url))
PASS(CURLcode, curl_easy_perform, (CURL * easy), (easy))
PASS(const char *, curl_easy_strerror, (CURLcode code), (code))
PASS(struct curl_slist *, curl_slist_append, (struct curl_slist * list, const char *text), (list, text))
PASS(CURLM *, curl_multi_init, (void), ())
PASS(CURLMcode, curl_multi_cleanup, (CURLM * multi), (multi))
PASS(CURLMcode, curl_multi_add_handle, (CURLM * multi, CURL *easy), (multi, easy))
PASS(CURLMcode, curl_multi_remove_handle, (CURLM * multi, CURL *easy), (multi, easy))
PASS(CURLMcode, curl_multi_perform, (CURLM * multi, int *running), (multi, running))
PASS(CURLMsg *, curl_multi_info_read, (CURLM * multi, int *left), (multi, left))
PASS(CURLMcode, curl_multi_poll,
     (CURLM * multi, struct curl_waitfd fds[], unsigned int n_fds, int timeout_ms, int *ready),
     (multi, fds, n_fds, timeout_ms, ready))
PASS(CURLU *, curl_url, (void), ())
PASS(CURLUcode, curl_url_get, (CURLU * url, CURLUPart what, char **part, unsigned int flags),
     (url, what, part, flags))
PASS(CURLUcode, curl_url_set, (CURLU * url, CURLUPart what, const char *part, unsigned int flags),
     (url, what, part, flags))
