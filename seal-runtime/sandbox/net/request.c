#include "sandbox/net/request.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <strings.h>

#define METHOD_MAX 16
#define PORT_HTTP  80

static enum request_state bad(struct request *request, const char *why)
{
	request->why = why;
	return REQUEST_BAD;
}

static bool is_token(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+"
		            "-.^_`|~",
		            text.data[i]) ||
		    text.data[i] == '\0')
			return false;
	return text.len > 0;
}

/* Decimal, at most `max`; no sign, no blank, no leading nothing. */
static bool read_number(struct str text, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9' || value > max)
			return false;
		value = value * 10 + (uint64_t)(text.data[i] - '0');
	}
	*ret_value = value;
	return text.len > 0 && text.len < 20 && value <= max;
}

/* host, host:port, [address]:port */
static bool read_authority(struct str text, unsigned int default_port, struct request *request)
{
	struct str port = { NULL, 0 };
	uint64_t value = default_port;
	size_t at;

	if (str_starts(text, STR("["))) {
		at = str_chr(text, ']');
		if (at == STR_NONE)
			return false;
		request->host = str_head(str_from(text, 1), at - 1);
		text = str_from(text, at + 1);
		if (text.len && text.data[0] != ':')
			return false;
		port = str_from(text, 1);
	} else {
		at = str_chr(text, ':');
		request->host = at == STR_NONE ? text : str_head(text, at);
		port = at == STR_NONE ? port : str_from(text, at + 1);
		text = at == STR_NONE ? str_from(text, text.len) : str_from(text, at);
	}
	if (text.len && !read_number(port, 65535, &value))
		return false;
	request->port = (unsigned int)value;
	return request->host.len > 0 && value > 0 && str_chr(request->host, '@') == STR_NONE;
}

static enum request_state read_plain(struct str target, struct request *request)
{
	size_t end = 0;

	if (!str_starts(target, STR("http://")))
		return bad(request, "an absolute http:// address is required");
	target = str_from(target, 7);
	while (end < target.len && target.data[end] != '/' && target.data[end] != '?')
		end++;
	if (!read_authority(str_head(target, end), PORT_HTTP, request))
		return bad(request, "the host is malformed");
	request->path = str_from(target, end);
	if (str_chr(request->path, '#') != STR_NONE)
		return bad(request, "a fragment has no place in a request");
	return REQUEST_WHOLE;
}

static enum request_state read_first_line(struct str line, struct request *request)
{
	struct str target, version;

	if (!str_split(&line, ' ', &request->method) || !str_split(&line, ' ', &target) ||
	    !str_split(&line, ' ', &version) || line.len || !is_token(request->method) ||
	    request->method.len > METHOD_MAX || target.len == 0)
		return bad(request, "the request line is malformed");
	if (!str_is(version, "HTTP/1.1") && !str_is(version, "HTTP/1.0"))
		return bad(request, "only HTTP/1.1 is spoken here");
	request->is_connect = str_is(request->method, "CONNECT");
	if (!request->is_connect)
		return read_plain(target, request);
	return read_authority(target, 0, request) ? REQUEST_WHOLE
	                                          : bad(request, "CONNECT wants host:port");
}

static bool is_name(struct str name, const char *want)
{
	return name.len == strlen(want) && strncasecmp(name.data, want, name.len) == 0;
}

static enum request_state read_field(struct str line, bool *has_length, struct request *request)
{
	size_t colon = str_chr(line, ':');
	struct str name = str_head(line, colon == STR_NONE ? 0 : colon), value;

	if (!is_token(name))
		return bad(request, "a header field is malformed");
	value = str_trim(str_from(line, colon + 1));
	if (is_name(name, "Transfer-Encoding"))
		return bad(request, "a chunked upload over plain HTTP is not supported; use https");
	if (!is_name(name, "Content-Length"))
		return REQUEST_WHOLE;
	if (*has_length || !read_number(value, (uint64_t)1 << 50, &request->body_len))
		return bad(request, "Content-Length is malformed");
	*has_length = true;
	return REQUEST_WHOLE;
}

/* Line ends are CR LF; no other control byte but a tab. */
static bool is_clean(struct str head)
{
	for (size_t i = 0; i < head.len; i++) {
		unsigned char c = (unsigned char)head.data[i];

		if (c == '\r'   ? i + 1 == head.len || head.data[i + 1] != '\n'
		    : c == '\n' ? i == 0 || head.data[i - 1] != '\r'
		                : (c < ' ' && c != '\t') || c == 127)
			return false;
	}
	return true;
}

/* The next line without its CR LF. */
static bool next_line(struct str *rest, struct str *ret_line)
{
	if (!str_line(rest, ret_line))
		return false;
	if (ret_line->len && ret_line->data[ret_line->len - 1] == '\r')
		ret_line->len--;
	return true;
}

enum request_state request_parse(struct str bytes, struct request *ret_request)
{
	struct request *request = ret_request;
	size_t end = str_find(bytes, STR("\r\n\r\n"), 0);
	struct str rest = str_head(bytes, end == STR_NONE ? bytes.len : end + 4), line;
	enum request_state state;
	bool has_length = false;

	*request = (struct request){ .head_len = rest.len };
	if (str_chr(rest, '\0') != STR_NONE || (end != STR_NONE && !is_clean(rest)))
		return bad(request, "a control byte in the request");
	if (end == STR_NONE)
		return REQUEST_MORE;
	(void)next_line(&rest, &line);
	state = read_first_line(line, request);
	while (state == REQUEST_WHOLE && next_line(&rest, &line) && line.len)
		state = read_field(line, &has_length, request);
	return state;
}

static bool is_for_the_hop(struct str name)
{
	static const char *const names[] = { "Host",    "Connection", "Keep-Alive", "TE",
		                             "Trailer", "Upgrade",    "Expect",     NULL };

	for (const char *const *one = names; *one; one++)
		if (is_name(name, *one))
			return true;
	return name.len >= 6 && strncasecmp(name.data, "Proxy-", 6) == 0;
}

void request_rewrite(struct str bytes, const struct request *request, struct buf *out)
{
	struct str rest = str_head(bytes, request->head_len), line;

	buf_add(out, request->method);
	buf_adds(out, request->path.len && request->path.data[0] == '/' ? " " : " /");
	buf_add(out, request->path);
	buf_addf(out,
	         str_chr(request->host, ':') == STR_NONE ? " HTTP/1.1\r\nHost: %.*s"
	                                                 : " HTTP/1.1\r\nHost: [%.*s]",
	         STR_ARG(request->host));
	if (request->port != PORT_HTTP)
		buf_addf(out, ":%u", request->port);
	buf_adds(out, "\r\nConnection: close\r\n");
	(void)next_line(&rest, &line);
	while (next_line(&rest, &line) && line.len) {
		if (is_for_the_hop(str_head(line, str_chr(line, ':'))))
			continue;
		buf_add(out, line);
		buf_adds(out, "\r\n");
	}
	buf_adds(out, "\r\n");
}

/* --- SOCKS5 ------------------------------------------------------------- */

static unsigned int byte_at(struct str bytes, size_t at)
{
	return (unsigned char)bytes.data[at];
}

enum request_state socks_parse_greeting(struct str bytes, size_t *ret_len)
{
	if (bytes.len < 2)
		return REQUEST_MORE;
	*ret_len = 2 + byte_at(bytes, 1);
	if (byte_at(bytes, 0) != 5)
		return REQUEST_BAD;
	if (bytes.len < *ret_len)
		return REQUEST_MORE;
	/* Method 0: nobody has to say who they are. */
	return memchr(bytes.data + 2, 0, byte_at(bytes, 1)) ? REQUEST_WHOLE : REQUEST_BAD;
}

enum request_state socks_parse_request(struct str bytes, struct request *ret_request, char text[64])
{
	struct request *request = ret_request;
	size_t host_len;

	*request = (struct request){ .is_connect = true };
	if (bytes.len < 5)
		return REQUEST_MORE;
	if (byte_at(bytes, 0) != 5 || byte_at(bytes, 1) != 1)
		return bad(request, "only CONNECT is spoken here");
	host_len = byte_at(bytes, 3) == 1 ? 4 : byte_at(bytes, 3) == 4 ? 16 : 1 + byte_at(bytes, 4);
	if (byte_at(bytes, 3) != 1 && byte_at(bytes, 3) != 3 && byte_at(bytes, 3) != 4)
		return bad(request, "an unknown kind of address");
	request->head_len = 4 + host_len + 2;
	if (bytes.len < request->head_len)
		return REQUEST_MORE;
	request->host = (struct str){ bytes.data + 5, host_len - 1 };
	if (byte_at(bytes, 3) != 3) {
		(void)inet_ntop(byte_at(bytes, 3) == 1 ? AF_INET : AF_INET6, bytes.data + 4, text,
		                64);
		request->host = str_of(text);
	}
	request->port = byte_at(bytes, 4 + host_len) << 8 | byte_at(bytes, 5 + host_len);
	return request->host.len && request->port ? REQUEST_WHOLE : bad(request, "no host or port");
}
