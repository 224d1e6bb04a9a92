#include "sandbox/run/launch_args.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "sandbox/run/launch.h"
#include "sandbox/plan/plan.h"
#include "sandbox/weak.h"

static void put_number(struct launch_args *args, const char *format, unsigned long value)
{
	char word[32];

	(void)snprintf(word, sizeof(word), format, value);
	launch_put(args, word);
}
#define PUT_DECIMAL "%lu"
#define PUT_OCTAL   "%04lo"

/*
 * The source is opened here, through no link, and mounted by descriptor: a
 * background command that swaps a folder for a link meanwhile gets an error,
 * not somebody else's files.
 */
static int put_bind(const struct launch_input *input, struct launch_args *args,
                    const struct plan_step *step, struct err *err)
{
	struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		                .resolve = RESOLVE_NO_SYMLINKS };
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, step->source, &how, sizeof(how));
	bool is_writable = step->kind == PLAN_WRITE || step->kind == PLAN_PIN;
	int r;

	if (fd < 0)
		return err_sys(err, "%s changed while the sandbox was being made; try again",
		               step->source);
	r = launch_keep(args, fd, err);
	if (r < 0)
		return r;
	if (input->overlay && path_covers(input->overlay->project, step->source)) {
		buf_addf(&args->again, "o%d %s", fd, step->source);
		buf_addc(&args->again, '\0');
	}
	launch_put(args, is_writable ? "--bind-fd" : "--ro-bind-fd");
	put_number(args, PUT_DECIMAL, (unsigned long)fd);
	launch_put(args, step->target);
	return 0;
}

static void put_pair(struct launch_args *args, const char *option, const char *source,
                     const char *target)
{
	launch_put(args, option);
	launch_put(args, source);
	launch_put(args, target);
}

static int put_step(const struct launch_input *input, struct launch_args *args,
                    const struct plan_step *step, struct err *err)
{
	switch (step->kind) {
	case PLAN_SYSTEM:
	case PLAN_MASK: put_pair(args, "--ro-bind", step->source, step->target); return 0;
	case PLAN_LINK: put_pair(args, "--symlink", step->source, step->target); return 0;
	case PLAN_PROC:
	case PLAN_DEV:
		launch_put(args, step->kind == PLAN_PROC ? "--proc" : "--dev");
		launch_put(args, step->target);
		return 0;
	case PLAN_TMPFS:
		launch_put(args, "--size");
		put_number(args, PUT_DECIMAL, (unsigned long)step->size_mb << 20);
		launch_put(args, "--perms");
		put_number(args, PUT_OCTAL, step->mode);
		launch_put(args, "--tmpfs");
		launch_put(args, step->target);
		return 0;
	case PLAN_FOLDER:
	case PLAN_SEAL:
		launch_put(args, step->kind == PLAN_FOLDER ? "--dir" : "--remount-ro");
		launch_put(args, step->target);
		return 0;
	case PLAN_READ:
	case PLAN_WRITE:
	case PLAN_PIN:
	case PLAN_PROTECT: return put_bind(input, args, step, err);
	}
	return err_set(err, ERR_INTERNAL, "a plan's step of no kind");
}

static int put_hosts(struct launch_args *args, const char *hosts, struct err *err)
{
	int fd = hosts ? launch_memory_file(str_of(hosts), err) : -1;

	if (!hosts)
		return 0;
	if (fd < 0 || launch_keep(args, fd, err) < 0)
		return err->code;
	launch_put(args, "--ro-bind-data");
	put_number(args, PUT_DECIMAL, (unsigned long)fd);
	launch_put(args, "/etc/hosts");
	return 0;
}

int launch_options(const struct launch_input *input, struct launch_args *args, struct err *err)
{
	static const char *const namespaces[] = {
		"--unshare-user",    "--unshare-pid", "--unshare-net",
		"--unshare-ipc",     "--unshare-uts", "--unshare-cgroup-try",
		"--disable-userns",  "--hostname",    "seal",
		"--die-with-parent", "--new-session", "--as-pid-1",
		"--cap-drop",        "ALL",           NULL
	};
	const struct plan *plan = input->plan;
	int r = 0;

	for (const char *const *word = namespaces; *word; word++)
		if (!weak_is(*word))
			launch_put(args, *word);
	launch_put(args, "--uid");
	put_number(args, PUT_DECIMAL, plan->uid);
	launch_put(args, "--gid");
	put_number(args, PUT_DECIMAL, plan->gid);
	for (size_t i = 0; r >= 0 && i < plan->n_steps; i++) {
		/* The last step seals the root; what is mounted in it comes before. */
		if (i + 1 == plan->n_steps)
			r = put_hosts(args, input->hosts, err);
		if (r >= 0 && !weak_is(plan_word(plan->steps[i].kind)))
			r = put_step(input, args, &plan->steps[i], err);
	}
	launch_put(args, "--chdir");
	launch_put(args, plan->cwd);
	return r < 0 ? r : buf_check(&args->text, "the sandbox's options", err);
}

struct str launch_policy(const struct launch_input *input)
{
	return buf_str(&input->plan->policy);
}
