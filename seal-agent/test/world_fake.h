/*
 * The four imports, scripted: what the guest asks is written down, what it is
 * told comes from the test.  For native tests and the fuzz target; one world a
 * process.
 *
 * Arguments, results and replies are JSON in the shape of the WIT types, as in
 * gate/gate.h.  Members that a script leaves out are empty.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Forgets scripts, log, storage and session. */
void world_reset(void);

/* Forgets what the guest has in memory and the rest of the script, but not the
 * storage: a kill. */
void world_kill(void);

void world_model(uint32_t context_length, uint32_t max_output_tokens, uint64_t idle_seconds);

/* From now on the model can look at images. */
void world_images(void);

/* The next answer of `call` ("chat", "file-read", ...): {"ok": ...} or
 * {"err": ...}.  Without one, chat fails as "invalid" and a tool succeeds with
 * an empty result. */
void world_answer(const char *call, const char *json);
void world_answer_bytes(const char *call, struct str json);

/* What console.ask answers from now on; NULL: nobody is there. */
void world_person(const char *answer);

/* What external-tools lists from now on: a JSON array. */
void world_external(const char *json);

/* So many more saves succeed, then each fails. */
void world_storage_limit(size_t n_saves);

/* All calls but chat, one a line: `file-read ["a.c",{...}]`. */
struct str world_log(void);
void world_log_clear(void);

/* The requests of llm.chat as JSON, from 0. */
size_t world_requests(void);
struct str world_request(size_t index);

size_t world_keys(void);
bool world_stored(const char *key, struct str *ret_value);
void world_store(const char *key, struct str value);

/* Every word the guest passed to the host, hashed: equal runs, equal sums. */
uint64_t world_sum(void);
