/*
 * Private to sandbox/: the /etc of every sandbox, prepared once and then one
 * mount: copies of the host's harmless files, and our own passwd, group, hosts,
 * nsswitch.conf and resolv.conf.  Never anything with a secret in it.
 */
#pragma once

struct err;

/* Makes it under runtime_dir when it is not there; the path is the caller's. */
int etc_prepare(const char *runtime_dir, unsigned int uid, unsigned int gid, char **ret_path,
                struct err *err);
