#include <stdlib.h>
#include <string.h>

#include "seal-cli/tui/app/state.h"
#include "seal-cli/tui/app/term.h"

/* Some terminals know OSC 777 (title and body), the others OSC 9; who knows
 * neither hears the bell. */
static bool knows_777(void)
{
	struct str term = str_of(getenv("TERM"));

	return getenv("VTE_VERSION") || str_starts(term, STR("rxvt")) || str_starts(term, STR("foot"));
}

void app_notify(const struct app *app, const char *text)
{
	cleanup_buf struct buf out = BUF_INIT;

	if (app->has_focus || !app->screen)
		return;
	buf_adds(&out, knows_777() ? "\x1b]777;notify;seal;" : "\x1b]9;seal: ");
	for (; *text; text++)
		if ((unsigned char)*text >= 0x20 && *text != 0x7f && *text != ';')
			buf_addc(&out, *text);
	buf_adds(&out, "\x1b\\\a");
	(void)term_write(buf_str(&out));
}
