#include "caps/check.h"

#include <stdio.h>

#include "base/err.h"
#include "caps/hosts.h"
#include "caps/path.h"
#include "caps/programs.h"
#include "caps/rules.h"

#define STEPS_MAX 24

static void add_step(struct caps_part *part, struct str pattern)
{
	for (size_t i = 0; i < part->n_steps; i++)
		if (str_eq(part->steps[i].pattern, pattern))
			return;
	part->steps[part->n_steps++] = (struct caps_step){ pattern, false };
}

static void begin(struct check *check, struct caps_part *part)
{
	part->steps = arena_array(check->arena, struct caps_step, STEPS_MAX);
	part->n_steps = 0;
}

/* The name as rules write it: relative to the root where it lies beneath it. */
static struct str as_written(struct check *check, struct str path)
{
	const struct caps *caps = check->caps;

	if (path_is_beneath(path, caps->root) && path.len > caps->root.len)
		path = str_from(path, caps->root.len == 1 ? 1 : caps->root.len + 1);
	return path_literal(check->arena, path);
}

static struct str last_part(struct str text, char byte)
{
	size_t at = text.len;

	while (at && text.data[at - 1] != byte)
		at--;
	return str_from(text, at);
}

/*
 * All files of the kind, those in the same tree, those beside it, this one.  A
 * write is never offered the whole project, a delete only its folder: what is
 * offered is what people take.
 */
void scale_path(struct check *check, struct caps_part *part, struct str path)
{
	struct arena *arena = check->arena;
	struct str exact, name, dir, top, files = STR("*");
	bool named_only;

	if (part->verb != CAPS_CONNECT && path.len && path.data[0] == '~')
		part->only_once = true;
	path = path_normal(arena, check->caps->root, STR(""), path);
	named_only = part->only_once || (part->verb != CAPS_READ && path_is_protected(path));
	exact = as_written(check, path);
	name = last_part(exact, '/');
	dir = str_head(exact, exact.len - name.len);
	top = str_head(dir, str_chr(dir, '/') == STR_NONE ? 0 : str_chr(dir, '/') + 1);
	if (str_chr(name, '.') != STR_NONE && name.data[0] != '.')
		files = arena_join(arena, STR("*."), arena_copy(arena, last_part(name, '.')).data, (char *)NULL);
	begin(check, part);
	if (!named_only && name.len && name.data[0] != '.' && exact.data[0] != '/') {
		if (part->verb == CAPS_READ)
			add_step(part, arena_join(arena, STR("**/"), files.data, (char *)NULL));
		if (part->verb != CAPS_DELETE && top.len)
			add_step(part, arena_join(arena, arena_copy(arena, top), "**/", files.data, (char *)NULL));
		if (dir.len)
			add_step(part, arena_join(arena, arena_copy(arena, dir), files.data, (char *)NULL));
	}
	add_step(part, exact);
	part->steps[part->verb == CAPS_READ && part->n_steps == 4 ? 1 :
		    part->verb == CAPS_WRITE && part->n_steps == 3 ? 0 : part->n_steps - 1].recommended = true;
}

/* Would a wildcard in front of this suffix hand out names to strangers? */
static bool is_shared_suffix(struct str suffix)
{
	static const char *const shared[] = {
		"github.io", "gitlab.io", "pages.dev", "workers.dev", "vercel.app", "netlify.app",
		"herokuapp.com", "amazonaws.com", "cloudfront.net", "azurewebsites.net", "appspot.com",
		"web.app", "firebaseapp.com", "ngrok.io", "blogspot.com", "googleapis.com",
		"windows.net", "fly.dev", "onrender.com", "trycloudflare.com",
	};
	size_t dot = str_chr(suffix, '.');

	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		if (str_is(suffix, shared[i]) || (str_ends(suffix, str_of(shared[i]))))
			return true;
	/* co.uk, com.au, gv.at: a short name below a country. */
	return dot == STR_NONE || (dot <= 3 && suffix.len - dot == 3);
}

void scale_host(struct check *check, struct caps_part *part, struct str target)
{
	struct arena *arena = check->arena;
	struct caps_host host;
	struct str name, port = STR("");
	size_t dot;

	begin(check, part);
	if (caps_host_parse(target, &host, &(struct err){ 0 }) < 0)
		return;
	name = arena_copy(arena, (struct str){ host.name, host.len });
	if (host.port != 80 && host.port != 443) {
		char digits[16];

		(void)snprintf(digits, sizeof(digits), ":%u", host.port);
		port = arena_copy(arena, str_of(digits));
	}
	dot = str_chr(name, '.');
	if (!host.is_address && dot != STR_NONE && str_chr(str_from(name, dot + 1), '.') != STR_NONE &&
	    !is_shared_suffix(str_from(name, dot + 1)))
		add_step(part, arena_join(arena, STR("*"), name.data + dot, port.data, (char *)NULL));
	if (host.is_address && str_chr(name, ':') != STR_NONE && port.len)
		add_step(part, arena_join(arena, STR("["), name.data, "]", port.data, (char *)NULL));
	else
		add_step(part, arena_join(arena, name, port.data, (char *)NULL));
	part->steps[part->n_steps - 1].recommended = true;
}
