/*
 * Test builds with -Dweaken=sandbox only: no namespace of files or network, no
 * rule of paths.  The tests of the sandbox must fail with this in its place.
 */
#include "sandbox/run/launch_args.h"

#include "base/err.h"
#include "sandbox/run/launch.h"
#include "sandbox/plan/plan.h"

int launch_options(const struct launch_input *input, struct launch_args *args, struct err *err)
{
	static const char *const words[] = { "--unshare-user",
		                             "--unshare-pid",
		                             "--die-with-parent",
		                             "--as-pid-1",
		                             "--bind",
		                             "/",
		                             "/",
		                             "--dev-bind",
		                             "/dev",
		                             "/dev",
		                             "--proc",
		                             "/proc",
		                             "--tmpfs",
		                             "/run",
		                             "--dir",
		                             "/run/seal",
		                             NULL };
	const struct plan *plan = input->plan;

	for (const char *const *word = words; *word; word++)
		launch_put(args, *word);
	for (size_t i = 0; i < plan->n_steps; i++)
		if (strcmp(plan->steps[i].target, "/run/seal/init") == 0) {
			launch_put(args, "--ro-bind");
			launch_put(args, plan->steps[i].source);
			launch_put(args, plan->steps[i].target);
		}
	launch_put(args, "--chdir");
	launch_put(args, plan->cwd);
	return buf_check(&args->text, "the sandbox's options", err);
}

struct str launch_policy(const struct launch_input *input)
{
	(void)input;
	return STR("W/\0D/dev\0");
}
