/*
 * A config.toml from disk, with a value set in it: what comes out can be edited again,
 * and the same value once more changes nothing.
 */
#include <assert.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	cleanup_buf struct buf once = BUF_INIT;
	cleanup_buf struct buf twice = BUF_INIT;
	struct err err;

	if (config_edit(text, CONFIG_tui_theme, STR("dark"), &once, &err) < 0)
		return 0;
	assert(config_edit(buf_str(&once), CONFIG_tui_theme, STR("dark"), &twice, &err) == 0);
	assert(str_eq(buf_str(&once), buf_str(&twice)));
	return 0;
}
