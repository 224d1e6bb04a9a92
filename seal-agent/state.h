/*
 * All the guest remembers, in one struct.  Private to seal-agent: made by
 * world.c at init, handed to everything else.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "seal-agent/history.h"
#include "seal-agent/tools/reads.h"
#include "seal-agent/wit.h"

/* [limits], [compact] and [tasks] of the manifest, as the host passes them. */
struct settings {
	int64_t max_turns;	/* 0: no limit */
	bool compact;
	int64_t compact_threshold_pct;	/* 0: by context size */
	int64_t compact_max_output_tokens;
	bool micro;
	int64_t micro_gap_minutes, micro_keep_recent;
	int64_t turns_between_reminders, turns_since_task;
	int64_t dedup_entries, dedup_total_mb;
};

struct task {
	uint32_t id;
	seal_agent_console_task_state_t state;
	agent_string_t title;
};

/* Counted in assistant replies. */
struct tasks {
	struct task *items;
	size_t len;
	int64_t since_used, since_reminder;
};

/* Where persist.c is in the session's storage. */
struct place {
	uint32_t generation;	/* history/<generation>/<chunk> */
	uint32_t next_chunk;
	uint32_t newest;	/* highest generation ever begun */
	bool is_behind;		/* a save failed: write all anew at the next step */
};

/* The tools offered: those of tools.def, then the external ones. */
struct toolbox {
	seal_agent_llm_tool_spec_t *specs;
	size_t n_specs;
	seal_agent_tools_list_tool_listing_t external;
	size_t *external_of;	/* spec n_own + i calls external.ptr[external_of[i]] */
	size_t *own_of;		/* spec i is row own_of[i] of tools.def */
	size_t n_own;
	size_t bytes;	/* of all specs */
};

/* What the model can hold, and how our bytes translate to its tokens. */
struct meter {
	uint32_t context_length, max_output_tokens;
	bool has_images;
	uint64_t tokens_per_64k;	/* tokens per 65536 bytes, corrected by each reply */
};

/* Calls whose result another agent gives, when this one is called again. */
struct awaited {
	agent_string_t call_id, agent_id;
};

#define AWAITED_MAX 32
/* A reply that opens more images gets the first ones. */
#define IMAGES_MAX  20

/* Of the reply that is being answered: they come behind its other results. */
struct later {
	struct awaited agents[AWAITED_MAX];
	size_t n_agents;
	seal_agent_types_image_block_t images[IMAGES_MAX];
	size_t n_images;
};

/* What a child may do; the session's own agent may do all. */
struct role {
	bool is_child, writes, commands, network, agents, has_skills;
};

/* The last call, to notice a model that sends a failing one again and again. */
struct repeat {
	uint64_t hash;
	unsigned int n_failed;
};

struct agent {
	struct settings settings;
	struct buf system;
	struct history history;
	struct reads reads;
	struct place place;
	struct tasks tasks;
	struct toolbox toolbox;
	struct meter meter;
	struct repeat repeat;
	struct later later;
	struct role role;
	struct buf skills;	/* JSON, as the host gave them; empty: none */
	agent_string_t last_message;	/* of the user, owned */
	size_t settled;	/* messages up to which compaction has been done or was in vain */
};
