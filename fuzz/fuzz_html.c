/* A page as the web has them: the text is never longer than the page by much,
 * and holds no tag that a script could come from. */
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "net/fetch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	cleanup_buf struct buf text = BUF_INIT;

	net_html_text((struct str){ (const char *)bytes, size }, &text);
	if (text.len > 8 * size + 16)
		abort();
	return 0;
}
