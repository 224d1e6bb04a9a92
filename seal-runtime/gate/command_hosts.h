/*
 * The hosts one command may reach, as the sandbox asks for them: the grant's
 * list over caps/hosts.h, less what the manifest denies to every command.
 *
 * Made by the gate for each command it hands to the sandbox.
 */
#pragma once

#include "base/cleanup.h"

struct err;
struct manifest;
struct sandbox_hosts;
struct command_hosts;

/* `domains` is grant_command.domains: "host", "*.suffix", each with an optional
 * ":port"; with a "!" before it, blocked whatever allows it.  NULL-ended. */
int command_hosts_new(const struct manifest *manifest, const char *const *domains,
		      struct command_hosts **ret_hosts, struct err *err);
void command_hosts_free(struct command_hosts *hosts);
DEFINE_CLEANUP(struct command_hosts, command_hosts_free)

/* For sandbox_command.hosts.  The sandbox frees the hosts when it needs them no
 * more, so hand over what take_ptr() gave. */
const struct sandbox_hosts *command_hosts_give(struct command_hosts *hosts);
