/* Commands that say what a command of the client of that name says. */
#include "base/err.h"
#include "seal-cli/tui/app/slash/slash.h"

/* What `seal ARGUMENTS` says, as a notice. */
static int show(struct app *app, const char *const *arguments)
{
	cleanup_buf struct buf output = BUF_INIT;
	struct err why;

	if (app->setup->hooks->seal(arguments, &output, &why) < 0)
		transcript_notice(app->transcript, str_of(why.text), true);
	else if (str_trim(buf_str(&output)).len == 0)
		(void)slash_say(app, "nothing");
	else
		(void)slash_say_buf(app, &output);
	return 0;
}

int slash_permissions(struct app *app, struct str rest, struct err *err)
{
	(void)rest, (void)err;
	(void)show(app, (const char *const[]){ "manifest", "show", NULL });
	return slash_say(app, "seal.toml is yours to edit; `seal manifest sign` approves it");
}

int slash_audit(struct app *app, struct str rest, struct err *err)
{
	bool shows = str_is(rest, "show");

	(void)err;
	if (rest.len && !shows && !str_is(rest, "verify"))
		return slash_say(app, "/audit show or /audit verify");
	if (!app->session)
		return slash_say(app, "no session yet");
	return show(app, (const char *const[]){ "audit", shows ? "show" : "verify", app->session, NULL });
}

int slash_undo(struct app *app, struct str rest, struct err *err)
{
	cleanup_free char *count = str_dup(rest);

	(void)err;
	if (slash_is_busy(app))
		return 0;
	return show(app, (const char *const[]){ "undo", count && count[0] ? count : NULL, NULL });
}

int slash_diff(struct app *app, struct str rest, struct err *err)
{
	(void)rest, (void)err;
	return show(app, (const char *const[]){ "diff", NULL });
}

int slash_export(struct app *app, struct str rest, struct err *err)
{
	cleanup_free char *file = str_dup(rest.len ? rest : STR("seal-report.html"));
	cleanup_buf struct buf text = BUF_INIT;

	(void)err;
	if (!app->session || !file)
		return slash_say(app, "no session yet");
	(void)show(app, (const char *const[]){ "audit", "report", app->session, "-o", file, NULL });
	return 0;
}

int slash_doctor(struct app *app, struct str rest, struct err *err)
{
	(void)rest, (void)err;
	return show(app, (const char *const[]){ "doctor", NULL });
}

int slash_restart(struct app *app, struct str rest, struct err *err)
{
	(void)rest, (void)err;
	if (slash_is_busy(app))
		return 0;
	/* The daemon's end is what reconnects us. */
	return show(app, (const char *const[]){ "daemon", "restart", NULL });
}
