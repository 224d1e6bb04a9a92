/* What a command sends to the proxy: HTTP heads, SOCKS, ClientHellos, DNS. */
#include <assert.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "sandbox/net/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_http(struct str bytes)
{
	cleanup_buf struct buf out = BUF_INIT;
	struct request request, again;

	if (request_parse(bytes, &request) != REQUEST_WHOLE)
		return;
	assert(request.port > 0 && request.port < 65536 && request.host.len > 0);
	assert(request.head_len <= bytes.len);
	if (request.is_connect)
		return;
	/* What goes up holds one head, and nothing that another reader could take for a second. */
	request_rewrite(bytes, &request, &out);
	assert(str_find(buf_str(&out), STR("\r\n\r\n"), 0) == out.len - 4);
	(void)request_parse(buf_str(&out), &again);
}

static void fuzz_dns(struct str bytes)
{
	uint8_t answer[DNS_MAX];
	struct dns_question question;

	if (bytes.len > sizeof(answer) || !dns_parse(bytes, &question))
		return;
	memcpy(answer, bytes.data, bytes.len);
	assert(dns_answer(answer, sizeof(answer), &question, 0x7f4d0001) <= sizeof(answer));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = { (const char *)data + 1, size - 1 };
	struct hello *hello = malloc(sizeof(*hello));
	struct request request;
	char text[64];
	size_t len;

	if (size > 0 && hello) {
		switch (data[0] & 3) {
		case 0: fuzz_http(bytes); break;
		case 1:
			(void)socks_parse_greeting(bytes, &len);
			(void)socks_parse_request(bytes, &request, text);
			break;
		case 2: (void)hello_parse(bytes, hello); break;
		default: fuzz_dns(bytes);
		}
	}
	free(hello);
	return 0;
}
