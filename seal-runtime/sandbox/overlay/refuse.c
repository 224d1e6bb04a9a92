#include "sandbox/overlay/refuse.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "sandbox/plan/names.h"
#include "sandbox/plan/scan.h"
#include "sandbox/weak.h"

static bool holds(const struct place *place, const char *name)
{
	return faccessat(place->upper, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	       (place->project >= 0 &&
	        faccessat(place->project, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
}

struct place refuse_enter(const struct place *place, const char *name, int upper, int project)
{
	struct place inner = *place;

	inner.upper = upper;
	inner.project = project;
	inner.depth++;
	inner.in_vendor |= name_is_vendor(name);
	inner.in_git |= place->is_git;
	inner.is_hooks = place->is_git && strcasecmp(name, "hooks") == 0;
	/* Whatever its name: to git a folder with these two is a repository. */
	inner.is_git = strcasecmp(name, ".git") == 0 ||
	               (!inner.is_hooks && holds(&inner, "HEAD") && holds(&inner, "objects"));
	inner.in_git |= inner.is_git;
	return inner;
}

static const char *config_why(const struct place *place, const char *name)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct err ignored;

	/* One that cannot be read, or is a link, is not looked at: it stays out. */
	if (fd_read_file(place->upper, name, SCAN_CONFIG_MAX, &text, &ignored) < 0 ||
	    names_git_is_dangerous(buf_str(&text)))
		return "git would run what it names";
	return NULL;
}

static const char *git_why(const struct place *place, const char *name)
{
	if (strcasecmp(name, "commondir") == 0 || strcasecmp(name, "config.worktree") == 0)
		return "git obeys it";
	return strcasecmp(name, "config") == 0 ? config_why(place, name) : NULL;
}

/* In the project's own .git, which was there before. */
static bool is_own_git(const struct place *place, const char *name)
{
	char path[PATH_MAX];
	const char *rest = strncmp(place->path, ".git", 4) == 0 ? place->path + 4 : NULL;

	(void)snprintf(path, sizeof(path), "%s/.git", place->root);
	if (!rest || (*rest != '\0' && *rest != '/') || !scan_has(place->before, path))
		return false;
	(void)snprintf(path, sizeof(path), "%s%s%s", *rest ? rest + 1 : "", *rest ? "/" : "", name);
	for (const char *const *one = names_git; *one; one++)
		if (strcasecmp(path, *one) == 0)
			return true;
	return false;
}

const char *refuse_why(const struct place *place, const char *name, bool is_folder)
{
	if (weak_is("withhold"))
		return NULL;
	if (strcasecmp(name, ".git") == 0 && !is_folder)
		return "it leads git elsewhere";
	if (is_own_git(place, name))
		return "git obeys it";
	if (place->is_hooks && !str_ends(str_of(name), STR(".sample")))
		return "git runs hooks";
	if (place->is_git)
		return git_why(place, name);
	if (!place->in_git && !place->in_vendor && name_is_control(name))
		return "a tool on this machine obeys it";
	return NULL;
}
