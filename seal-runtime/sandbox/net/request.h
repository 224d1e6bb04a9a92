/*
 * Private to sandbox/net/: what a client of the proxy wants, read from bytes
 * that a command wrote.  Pure and strict: what two readers could understand
 * differently is refused.  Whether it is allowed is asked elsewhere.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum request_state { REQUEST_BAD, REQUEST_MORE, REQUEST_WHOLE };

struct request {
	bool is_connect; /* a tunnel; else one plain request */
	struct str host; /* as written, brackets taken off */
	unsigned int port;
	struct str method, path;
	uint64_t body_len;
	size_t head_len;
	const char *why; /* REQUEST_BAD: a sentence */
};

enum request_state request_parse(struct str bytes, struct request *ret_request);

/* The head that goes to the server: one request, no hop-by-hop fields. */
void request_rewrite(struct str bytes, const struct request *request, struct buf *out);

/* SOCKS5.  The greeting is answered before the request comes. */
enum request_state socks_parse_greeting(struct str bytes, size_t *ret_len);
enum request_state socks_parse_request(struct str bytes, struct request *ret_request,
                                       char text[64]);

/* TLS ClientHello at the start of a stream.  *ret_name lies in `scratch`. */
#define HELLO_MAX 40000
struct hello {
	struct str name;   /* empty: none */
	bool is_encrypted; /* offers an encrypted hello */
	uint8_t bytes[HELLO_MAX];
};
enum request_state hello_parse(struct str bytes, struct hello *ret_hello);

/*
 * A name server's question.  dns_answer() turns the same bytes into the answer:
 * `address` 127.77.x.y in host order, 0: no such name.
 */
#define DNS_MAX 1500
struct dns_question {
	char name[256];
	unsigned int type;
	size_t len; /* of header and question */
};
bool dns_parse(struct str bytes, struct dns_question *ret_question);
size_t dns_answer(uint8_t *bytes, size_t size, const struct dns_question *question,
                  uint32_t address);
