/*
 * Per-session keys and values for the guest: one file a key under
 * `<session>/storage/`, atomic replace, quota.  Keys are [a-z0-9._/-]{1,200}.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"

struct err;
struct store;

#define STORE_KEY_MAX	200
#define STORE_VALUE_MAX	(64u << 20)
#define STORE_TOTAL_MAX	(512u << 20)
#define STORE_KEYS_MAX	10000

int store_open(const char *session_dir, struct store **ret_store, struct err *err);
void store_free(struct store *store);
DEFINE_CLEANUP(struct store, store_free)

int store_save(struct store *store, struct str key, struct str value, struct err *err);
/* *ret_found false: no such key. */
int store_load(struct store *store, struct str key, bool *ret_found, struct buf *ret_value,
	       struct err *err);
int store_delete(struct store *store, struct str key, struct err *err);
/* Sorted JSON array of the keys that start with prefix, appended. */
int store_list(struct store *store, struct str prefix, struct buf *ret_json, struct err *err);
