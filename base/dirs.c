#include "base/dirs.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"

static const struct {
	const char *variable, *under_home;
} places[] = {
	[DIRS_STATE] = { "XDG_STATE_HOME", ".local/state" },
	[DIRS_CONFIG] = { "XDG_CONFIG_HOME", ".config" },
	[DIRS_RUNTIME] = { "XDG_RUNTIME_DIR", NULL },
};

static const char *home(void)
{
	const char *value = getenv("HOME");
	const struct passwd *user;

	if (value && value[0] == '/')
		return value;
	user = getpwuid(getuid());
	return user ? user->pw_dir : "/";
}

static void add_base(struct buf *path, enum dirs_kind kind)
{
	const char *value = getenv(places[kind].variable);
	char run[64];

	if (value && value[0] == '/') {
		buf_addf(path, "%s/seal", value);
		return;
	}
	(void)snprintf(run, sizeof(run), "/run/user/%u", (unsigned int)getuid());
	if (kind == DIRS_RUNTIME && access(run, W_OK | X_OK) == 0)
		buf_addf(path, "%s/seal", run);
	else if (kind == DIRS_RUNTIME)
		buf_addf(path, "%s/.local/state/seal/run", home());
	else
		buf_addf(path, "%s/%s/seal", home(), places[kind].under_home);
}

int dirs_get(enum dirs_kind kind, char **ret_path, struct err *err)
{
	cleanup_buf struct buf path = BUF_INIT;
	struct stat st;
	int r;

	add_base(&path, kind);
	if (buf_check(&path, "the path", err) < 0)
		return err->code;
	r = fd_make_dirs(path.data, err);
	if (r < 0)
		return r;
	if (stat(path.data, &st) < 0)
		return err_sys(err, "%s", path.data);
	if (st.st_uid != geteuid())
		return err_set(err, ERR_INPUT, "%s belongs to another user; set %s to a folder of yours",
			       path.data, places[kind].variable);
	if ((st.st_mode & 077) && chmod(path.data, 0700) < 0)
		return err_sys(err, "make %s private", path.data);
	*ret_path = buf_take(&path);
	return *ret_path ? 0 : err_nomem(err);
}

int dirs_part(const char *name, char **ret_path, struct err *err)
{
	const char *forced = getenv("SEAL_LIB");
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return err_sys(err, "read /proc/self/exe");
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < (forced ? 1 : 2); i++) {
		cleanup_buf struct buf path = BUF_INIT;

		buf_addf(&path, i == 0 ? "%s/%s" : "%s/../lib/seal/%s", forced ? forced : self, name);
		if (!path.failed && access(path.data, R_OK) == 0) {
			*ret_path = buf_take(&path);
			return 0;
		}
	}
	return err_set(err, ERR_SYS,
		       "%s is not in %s nor in ../lib/seal: reinstall seal, or set SEAL_LIB", name,
		       self);
}
