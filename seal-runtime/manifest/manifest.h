/*
 * The manifest of a project, seal.toml, as values.
 *
 * manifest_parse() is pure; manifest_load() reads `<root>/seal.toml`.  Neither
 * looks at signatures: that is manifest_trust() in manifest/trust.h, and
 * nothing starts on a manifest that it refuses.  Who may call: session, caps,
 * the client's commands.  It never writes.
 *
 * Every string lives as long as the manifest.  Positions are 1-based.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "crypto/hash.h"

struct err;

#define MANIFEST_NAME      "seal.toml"
#define MANIFEST_SIZE_MAX  (1024 * 1024)
#define MANIFEST_RULES_MAX 10000

struct manifest_list { /* array of string */
	struct str *items;
	unsigned int *lines; /* the line of each item */
	size_t n;
};

/* One entry of allow|deny.{read,write,delete}.paths. */
struct manifest_path {
	struct str path;            /* as written; "." is the root */
	struct manifest_list files; /* own files; has_files says whether there are any */
	bool has_files;
	bool prompt;
	unsigned int line, column;
};

/* allow.read, deny.delete ... */
struct manifest_paths {
	struct manifest_list default_files;
	struct manifest_path *paths;
	size_t n_paths;
	bool has_paths; /* the key is there */
	bool present;   /* the table is there */
};

/* One entry of allow|deny.commands.patterns. */
struct manifest_command {
	struct str command; /* as written: "cargo test:*" */
	bool prompt;
	bool has_paths, has_env_vars, has_domains;
	struct manifest_list paths, env_vars, domains;
	bool inherit_default_domains; /* default true */
	unsigned int line, column;
};

struct manifest_commands {
	struct manifest_command *patterns;
	size_t n_patterns;
	struct manifest_list default_env_vars;  /* allow */
	struct manifest_list default_domains;   /* allow */
	struct manifest_list domains, env_vars; /* deny */
};

struct manifest_side { /* [capabilities.allow] or [capabilities.deny] */
	struct manifest_paths read, write, del;
	struct manifest_commands commands;
	struct manifest_list network_domains;
	struct manifest_list additional_directories; /* allow only */
};

enum manifest_redirects { REDIRECTS_STREAMS, REDIRECTS_NONE, REDIRECTS_FILES };
enum manifest_tristate { TRISTATE_UNSET, TRISTATE_FALSE, TRISTATE_TRUE };

struct manifest_security {
	bool allow_background, allow_case_terminator, allow_compound, allow_expansion;
	bool allow_pipes, allow_privilege_wrappers, allow_python_interpreter;
	bool allow_runtime_expansion;
	enum manifest_redirects allow_redirects;
	enum manifest_tristate allow_subshell;
	struct manifest_list universal_deny_domains;
};

enum manifest_thinking { THINKING_ADAPTIVE, THINKING_MANUAL, THINKING_DISABLED };

struct manifest_model {
	struct str provider, name;
	struct str base_url;    /* empty: the provider's */
	int64_t context_length; /* 0: from the provider */
	int64_t max_tokens;     /* 0: the provider's ceiling */
	enum manifest_thinking thinking;
	int64_t thinking_budget;
	struct str effort;                                /* empty: by model */
	struct manifest_list header_names, header_values; /* same n */
};

enum manifest_command_fs {
	COMMAND_FS_SYSTEM,
	COMMAND_FS_NONE,
	COMMAND_FS_PERMISSIVE,
	COMMAND_FS_ALL
};

/* One entry of [sandbox.os] command_tools. */
struct manifest_tool {
	struct str tool;
	bool has_domains, default_domains; /* default_domains: default false */
	struct manifest_list domains, wrappers;
	bool gh_creds, fetch, sccache;
	unsigned int line;
};

struct manifest_sandbox {
	enum manifest_command_fs command_fs;
	bool command_mask_secrets;
	struct manifest_tool *tools;
	size_t n_tools;
	struct manifest_list wrappers;
	bool overlay; /* workspace = "overlay" */
	int64_t limit_memory_mb, limit_processes, limit_cpu_seconds, limit_file_size_mb;
	uint16_t *dev_server_ports;
	size_t n_dev_server_ports;
	uint16_t *host_ports;
	size_t n_host_ports;
};

enum manifest_envrc { ENVRC_PROMPT, ENVRC_ALLOW, ENVRC_OFF };

struct manifest_command_run {
	int64_t command_timeout;     /* seconds */
	int64_t command_max_timeout; /* 0: command_timeout */
	int64_t max_output_chars;
	bool spill_full_output;
	int64_t spill_max_bytes;
	bool verbose;
	bool auto_load_env;
	struct manifest_list auto_load_env_files, auto_load_env_protected;
	enum manifest_envrc envrc_mode;
};

struct manifest_limits {
	int64_t file_read_max_bytes, file_read_max_tokens;
	int64_t file_read_dedup_entries, file_read_dedup_total_mb;
	int64_t grep_max_results, grep_max_context_lines, max_list_results;
	int64_t max_turns;          /* 0: unlimited */
	double max_cost_usd;        /* 0: unlimited */
	int64_t max_session_tokens; /* 0: unlimited */
};

struct manifest_compact {
	bool enabled;
	int64_t threshold_pct; /* 0: by context size */
	int64_t max_output_tokens;
	bool micro_enabled;
	int64_t micro_gap_threshold_minutes, micro_keep_recent;
};

struct manifest_tasks {
	int64_t turns_between_reminders, turns_since_task;
};

struct manifest {
	struct str text;          /* the file, byte for byte */
	char text_hash[HASH_HEX]; /* of those bytes */
	int64_t schema_version;
	struct str name;
	struct manifest_model model;
	struct manifest_side allow, deny;
	struct manifest_security security;
	struct manifest_sandbox sandbox;
	struct manifest_command_run command_run;
	struct manifest_limits limits;
	struct manifest_compact compact;
	struct manifest_tasks tasks;
	bool attribution_commit_trailer;
	void *store; /* owns every string and array above */
};

/*
 * `name` is what error messages call the file.  An error's text is
 * "<name>:<line>:<column>: <what>, <remedy>".  *ret_manifest is the caller's.
 */
int manifest_parse(struct str text, const char *name, struct manifest **ret_manifest,
		   struct err *err);

/* Reads <root>/seal.toml: regular file, no link, at most MANIFEST_SIZE_MAX. */
int manifest_load(const char *root, struct manifest **ret_manifest, struct err *err);

void manifest_free(struct manifest *manifest);
DEFINE_CLEANUP(struct manifest, manifest_free)

/*
 * The nearest folder at or above `start` (absolute) that holds a seal.toml; its
 * real path, to be freed.  ERR_INPUT with the remedy (`seal init`) when none.
 */
int manifest_find_root(const char *start, char **ret_root, struct err *err);
