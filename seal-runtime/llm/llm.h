/*
 * The model.  One vtable, one file a wire protocol.
 *
 * Requests and replies cross in the JSON shape of wit/agent.wit (see
 * gate/gate.h), so that what is logged is what is sent, whatever the provider.
 * Only llm/http.c connects outward.  Keys come from llm/keys.c, are wiped after
 * use and never reach a log, an error or the sandbox.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"

struct err;
struct llm;
struct manifest;

/* Where the deltas of a reply go while it streams; each may be NULL. */
struct llm_sink {
	void *ctx;
	void (*text)(void *ctx, struct str delta);
	void (*thought)(void *ctx, struct str delta);
	void (*tool)(void *ctx, struct str name);      /* a tool call starts to arrive */
	void (*retry)(void *ctx, struct str sentence); /* "overloaded, again in 2 s (1 of 2)" */
	void (*sent)(void *ctx); /* now the model thinks: there is a moment for other things */
};

/*
 * By [model] and [limits] of the manifest, which are copied.  ERR_INPUT when no
 * key is found: the text names every place that was looked at.
 * `session_dir` may be NULL; else what the session spent, when the last reply
 * came and the line a recording is at are kept there, in llm.json.  The path of
 * a recording (provider = "replay") is relative to the working directory.
 */
int llm_new(const struct manifest *manifest, const char *session_dir, struct llm **ret_llm,
	    struct err *err);
void llm_free(struct llm *llm);
DEFINE_CLEANUP(struct llm, llm_free)

/* The manifest changed: use it from now on.  On failure all stays as it was. */
int llm_reload(struct llm *llm, const struct manifest *manifest, struct err *err);

/* The `model` record of the WIT as JSON. */
int llm_info(struct llm *llm, struct buf *ret_json, struct err *err);

/*
 * One model call.  `request` is the WIT `request` record as JSON.  On return 0
 * `ret_json` holds {"ok": reply} or {"err": llm-error}, both as in the WIT; < 0
 * is a fault of ours.  Returns within 100 ms once `cancel_fd` is readable, with
 * {"err":"cancelled"}.
 */
int llm_chat(struct llm *llm, struct str request, const struct llm_sink *sink, int cancel_fd,
	     struct buf *ret_json, struct err *err);

/* Seconds that a connection, a first byte, a silence may last; 0: as it was.
 * The defaults fit hosted models; a slow local one may need more. */
void llm_set_patience(struct llm *llm, double connect, double first_byte, double silence);

/* Writes every reply from now on to a file that provider = "replay" reads.  The
 * file is made anew, mode 0600. */
int llm_set_recorder(struct llm *llm, const char *path, struct err *err);

/* Does a server answer there?  No key is sent.  Takes a second at the most; ERR_GONE
 * says why not. */
int llm_reach(const char *url, struct err *err);

/* Cost of everything so far in USD; negative when prices are not known. */
double llm_cost(const struct llm *llm);

/* Tokens of everything so far, in and out, cached ones included. */
uint64_t llm_tokens(const struct llm *llm);
