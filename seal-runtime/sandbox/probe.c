#include "sandbox/probe.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "sandbox/run/launch.h"

/* Part of a message, and what a person does about it.  First match. */
static const struct {
	const char *text, *remedy;
} remedies[] = {
	{ "uid map", "AppArmor restricts user namespaces here: install the profile "
	             "/etc/apparmor.d/bwrap-userns-restrict, "
	             "or sysctl kernel.apparmor_restrict_unprivileged_userns=0" },
	{ "RTM_NEWADDR", "AppArmor restricts user namespaces here: install the profile "
	                 "/etc/apparmor.d/bwrap-userns-restrict, "
	                 "or sysctl kernel.apparmor_restrict_unprivileged_userns=0" },
	{ "No permissions to create",
	  "user namespaces are off: sysctl kernel.unprivileged_userns_clone=1, or in a container "
	  "run it with --security-opt seccomp=unconfined" },
	{ "mount proc",
	  "this container masks /proc: run it with --security-opt systempaths=unconfined" },
	{ "make / slave",
	  "this container forbids mounts: run it with --security-opt apparmor=unconfined" },
	{ "Unknown option --disable-userns", "this bubblewrap is too old: install 0.8 or newer" },
	{ "Unknown option --bind-fd",
	  "this bubblewrap lacks --bind-fd: install your distribution's security update of it" },
	{ "max_user_namespaces", "sysctl user.max_user_namespaces=10000" },
	{ "", "`seal doctor` tries each part and says what to do" },
};

const char *probe_remedy(struct str message)
{
	for (size_t i = 0;; i++)
		if (remedies[i].text[0] == '\0' ||
		    str_find(message, str_of(remedies[i].text), 0) != STR_NONE)
			return remedies[i].remedy;
}

size_t probe_all(struct probe_line lines[PROBE_LINES_MAX])
{
	struct err err;

	lines[0] = (struct probe_line){ "bubblewrap", PROBE_GOOD, LAUNCH_BWRAP, "" };
	if (probe_quick(&err) < 0)
		lines[0] = (struct probe_line){ "bubblewrap", PROBE_FAILED, "not found",
			                        "apt-get install bubblewrap" };
	return 1;
}

int probe_quick(struct err *err)
{
	struct stat st;

	if (stat(LAUNCH_BWRAP, &st) < 0 || access(LAUNCH_BWRAP, X_OK) < 0)
		return err_sys(err,
		               LAUNCH_BWRAP " is needed to run any command; install bubblewrap "
		                            "(apt-get install bubblewrap)");
	return 0;
}
