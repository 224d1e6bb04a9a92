/*
 * Private to audit/: how arguments and results stand in a record: as they are
 * when they are short, else as the names of blobs.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "crypto/hash.h"

struct blobs;
struct err;
struct json;

struct payloads {
	struct blobs *blobs; /* owned */
	/* The pieces of the last model call: what the next one is told against. */
	uint8_t (*chat)[HASH_SIZE];
	size_t n_chat;
};
void payloads_fini(struct payloads *payloads);

/* Puts `name`, or `name`-blob, or `name`-pieces into the record. */
int payload_put(struct payloads *payloads, struct json *w, const char *name, struct str payload,
		struct err *err);

/* The arguments of a model call, always in pieces: the list of the next call is
 * told against this one's. */
int payload_put_chat(struct payloads *payloads, struct json *w, struct str args, struct err *err);
