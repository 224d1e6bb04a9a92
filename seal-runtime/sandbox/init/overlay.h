/*
 * Private to init/: seal-init before bwrap, outside of the sandbox, when a
 * command's writes are to be kept apart from the project.
 *
 *   seal-init --overlay CONFIG [-- PROGRAM...]
 *
 * In a user and a mount namespace of its own it mounts an overlay on the
 * project and becomes PROGRAM there (none: it only tries).  CONFIG is a file of
 * NUL-ended records, the first byte says which:
 *   l fd path  the project; fd (-1: none) must be the same folder
 *   u path     where writes go      w path  the kernel's own, beside it
 *   o fd path  to be opened as that descriptor, beneath the overlay
 * Never root's business: without privileges the kernel allows just this much.
 */
#pragma once

int overlay_main(int argc, char **argv);
