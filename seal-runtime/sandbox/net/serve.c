/* One connection of a command: understood, asked about, dialled, relayed. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "sandbox/net/inside.h"
#include "sandbox/net/request.h"

#define BUFFER   65536
#define BEGIN_MS 30000 /* for a client to say what it wants */
#define IDLE_MS  600000
#define DIAL_MS  15000
#define TLS_PORT 443

#define PIPE_SIZE  (1 << 20)
#define SPLICE_NOW (SPLICE_F_MOVE | SPLICE_F_NONBLOCK)

struct connection {
	struct net *net;
	int client, server;
	char *in; /* read from the client and not yet passed on */
	size_t len;
	unsigned int port;
	char name[SANDBOX_HOST_MAX]; /* canonical */
};

/* Readable, or false: time is up or the sandbox ended. */
static bool wait_readable(const struct connection *c, int fd, int ms)
{
	struct pollfd fds[2] = { { fd, POLLIN, 0 }, { c->net->stop_fd, POLLIN, 0 } };

	return poll(fds, 2, ms) > 0 && !fds[1].revents;
}

static bool read_more(struct connection *c, int ms)
{
	ssize_t n;

	if (c->len == BUFFER || !wait_readable(c, c->client, ms))
		return false;
	n = recv(c->client, c->in + c->len, BUFFER - c->len, 0);
	if (n <= 0)
		return false;
	c->len += (size_t)n;
	return true;
}

static bool send_all(const struct connection *c, int fd, struct str bytes)
{
	struct pollfd fds[2] = { { fd, POLLOUT, 0 }, { c->net->stop_fd, POLLIN, 0 } };
	ssize_t n;

	while (bytes.len) {
		n = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		bytes = str_from(bytes, n > 0 ? (size_t)n : 0);
		if (bytes.len && (poll(fds, 2, IDLE_MS) <= 0 || fds[1].revents))
			return false;
	}
	return true;
}

static void consume(struct connection *c, size_t count)
{
	memmove(c->in, c->in + count, c->len - count);
	c->len -= count;
}

/* --- dialling ----------------------------------------------------------- */

static int dial_address(const struct connection *c, const struct addrinfo *to)
{
	int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), failed = 0,
	    one = 1;
	struct pollfd fds[2] = { { fd, POLLOUT, 0 }, { c->net->stop_fd, POLLIN, 0 } };
	socklen_t len = sizeof(failed);

	if (fd < 0)
		return -1;
	if (connect(fd, to->ai_addr, to->ai_addrlen) < 0 && errno != EINPROGRESS)
		failed = errno;
	else if (poll(fds, 2, DIAL_MS) <= 0 || fds[1].revents ||
	         getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &len) < 0)
		failed = ETIMEDOUT;
	if (failed) {
		(void)close(fd);
		return -1;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

/* Looked up once, and exactly the address that was judged is dialled: a name
 * that answers differently the second time gains nothing. */
static bool dial(struct connection *c)
{
	struct addrinfo want = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV },
			*found = NULL;
	char port[8];
	bool refused = false;

	(void)snprintf(port, sizeof(port), "%u", c->port);
	if (getaddrinfo(c->name, port, &want, &found) != 0)
		return false;
	for (const struct addrinfo *one = found; one && c->server < 0; one = one->ai_next) {
		if (net_may_dial(c->net, c->name, one->ai_addr))
			c->server = dial_address(c, one);
		else
			refused = true;
	}
	freeaddrinfo(found);
	if (c->server < 0 && refused)
		net_deny(c->net, str_of(c->name), c->port,
		         "the name leads to an address that is not public");
	return c->server >= 0;
}

enum opening { OPENED, NOT_ALLOWED, NOT_REACHED };

static enum opening open_server(struct connection *c, struct str host, unsigned int port)
{
	c->port = port;
	if (!net_may_connect(c->net, host, port, c->name))
		return NOT_ALLOWED;
	return dial(c) ? OPENED : NOT_REACHED;
}

/* --- relaying ----------------------------------------------------------- */

/* One direction.  The bytes go through a pipe within the kernel, so that a large
 * download is not copied once more for being watched. */
struct flow {
	int from, to;
	int pipe[2];
	size_t len; /* in the pipe: read and not yet written */
	bool ended, failed;
};
#define FLOW_NONE ((struct flow){ .from = -1, .to = -1, .pipe = { -1, -1 } })

static bool flow_open(struct flow *flow, int from, int to)
{
	*flow = FLOW_NONE;
	flow->from = from;
	flow->to = to;
	/* splice() asks the socket itself whether it may wait, whatever its flags say. */
	if (fcntl(from, F_SETFL, O_NONBLOCK) < 0 || fcntl(to, F_SETFL, O_NONBLOCK) < 0 ||
	    pipe2(flow->pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	/* More at a time where a person may have that much; less is only slower. */
	(void)fcntl(flow->pipe[1], F_SETPIPE_SZ, PIPE_SIZE);
	return true;
}

static void flow_close(struct flow *flow)
{
	for (int i = 0; i < 2; i++)
		if (flow->pipe[i] >= 0)
			(void)close(flow->pipe[i]);
}

static bool is_over(ssize_t n)
{
	return n < 0 && errno != EAGAIN && errno != EINTR;
}

static void flow_move(struct flow *flow)
{
	ssize_t n;

	if (flow->len == 0 && !flow->ended) {
		n = splice(flow->from, NULL, flow->pipe[1], NULL, PIPE_SIZE, SPLICE_NOW);
		flow->failed = is_over(n);
		flow->ended = n == 0 || flow->failed;
		flow->len = n > 0 ? (size_t)n : 0;
		if (flow->ended)
			(void)shutdown(flow->to, SHUT_WR);
	}
	if (flow->len == 0)
		return;
	n = splice(flow->pipe[0], NULL, flow->to, NULL, flow->len, SPLICE_NOW);
	flow->failed |= is_over(n);
	flow->len -= n > 0 ? (size_t)n : 0;
}

static bool wait_flows(const struct connection *c, const struct flow *up, const struct flow *down)
{
	struct pollfd fds[3] = { { c->client, 0, 0 },
		                 { c->server, 0, 0 },
		                 { c->net->stop_fd, POLLIN, 0 } };

	if (!up->ended && up->len == 0)
		fds[0].events |= POLLIN;
	if (down->len)
		fds[0].events |= POLLOUT;
	if (!down->ended && down->len == 0)
		fds[1].events |= POLLIN;
	if (up->len)
		fds[1].events |= POLLOUT;
	for (int i = 0; i < 2; i++)
		if (!fds[i].events)
			fds[i].fd = -1;
	return poll(fds, 3, IDLE_MS) > 0 && !fds[2].revents;
}

static void move_until_over(const struct connection *c, struct flow *up, struct flow *down)
{
	while (!up->failed && !down->failed) {
		flow_move(up);
		flow_move(down);
		if ((up->ended && down->ended && !up->len && !down->len) ||
		    !wait_flows(c, up, down))
			break;
	}
}

/* Both ways until both are through.  What is in c->in goes up first. */
static void relay(struct connection *c)
{
	struct flow up = FLOW_NONE, down = FLOW_NONE;

	if (flow_open(&up, c->client, c->server) && flow_open(&down, c->server, c->client) &&
	    send_all(c, c->server, (struct str){ c->in, c->len }))
		move_until_over(c, &up, &down);
	flow_close(&up);
	flow_close(&down);
}

/* What the server still says, and nothing more from the client. */
static void relay_down(struct connection *c)
{
	struct flow up = FLOW_NONE, down = FLOW_NONE;

	up.ended = true;
	if (flow_open(&down, c->server, c->client))
		move_until_over(c, &up, &down);
	flow_close(&down);
}

/* --- what is inside a tunnel -------------------------------------------- */

static bool is_address(const char *name)
{
	unsigned char bytes[16];

	return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

static bool names_agree(struct connection *c, const struct hello *hello)
{
	char name[SANDBOX_HOST_MAX];

	if (hello->is_encrypted)
		return false;
	if (hello->name.len == 0)
		return is_address(c->name);
	return net_may_connect(c->net, hello->name, c->port, name) && strcmp(name, c->name) == 0;
}

/* TLS must ask for the host that was granted; on 443 nothing else is spoken.
 * REQUEST_MORE: cannot tell yet. */
static enum request_state inspect(struct connection *c, struct hello *hello)
{
	enum request_state state;

	if (c->len == 0)
		return REQUEST_MORE;
	if (c->in[0] != 0x16)
		return c->port == TLS_PORT ? REQUEST_BAD : REQUEST_WHOLE;
	state = hello_parse((struct str){ c->in, c->len }, hello);
	if (state == REQUEST_WHOLE && !names_agree(c, hello))
		return REQUEST_BAD;
	return state;
}

/* The server may speak first (ssh does). */
static bool pass_greeting(struct connection *c)
{
	char bytes[4096];
	ssize_t n = recv(c->server, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	return n > 0 && send_all(c, c->client, (struct str){ bytes, (size_t)n });
}

static void tunnel(struct connection *c)
{
	struct hello *hello = malloc(sizeof(*hello));
	enum request_state state = hello ? inspect(c, hello) : REQUEST_BAD;

	while (state == REQUEST_MORE) {
		struct pollfd fds[3] = { { c->client, POLLIN, 0 },
			                 { c->server, POLLIN, 0 },
			                 { c->net->stop_fd, POLLIN, 0 } };

		if (poll(fds, 3, IDLE_MS) <= 0 || fds[2].revents ||
		    (fds[1].revents && !pass_greeting(c)) || (fds[0].revents && !read_more(c, 0)))
			break;
		state = inspect(c, hello);
	}
	free(hello);
	if (state == REQUEST_BAD)
		net_deny(c->net, str_of(c->name), c->port,
		         "what was sent names another host, or is no TLS");
	if (state == REQUEST_WHOLE)
		relay(c);
}

/* --- HTTP and SOCKS ----------------------------------------------------- */

static void refuse(const struct connection *c, const char *status, const char *why)
{
	char body[512], head[256];
	int n = snprintf(body, sizeof(body), "seal: %s\n", why);

	(void)snprintf(head, sizeof(head),
	               "HTTP/1.1 %s\r\nX-Seal: blocked-by-manifest\r\nContent-Type: text/plain\r\n"
	               "Connection: close\r\nContent-Length: %d\r\n\r\n",
	               status, n);
	(void)(send_all(c, c->client, str_of(head)) && send_all(c, c->client, str_of(body)));
}

static void refuse_host(const struct connection *c, enum opening opening, struct str host,
                        unsigned int port)
{
	char why[480];

	(void)snprintf(
		why, sizeof(why),
		opening == NOT_ALLOWED
			? "%.*s:%u is not allowed by the manifest; add it to "
			  "[capabilities.allow.commands] default_domains or the pattern's domains"
			: "%.*s:%u could not be reached",
		(int)(host.len < 250 ? host.len : 250), host.data, port);
	refuse(c, opening == NOT_ALLOWED ? "403 Forbidden" : "502 Bad Gateway", why);
}

/* Exactly one request goes up, whatever else the client sent behind it. */
static void pass_plain(struct connection *c, const struct request *request)
{
	cleanup_buf struct buf head = BUF_INIT;
	uint64_t left = request->body_len;

	request_rewrite((struct str){ c->in, c->len }, request, &head);
	if (head.failed || !send_all(c, c->server, buf_str(&head)))
		return;
	consume(c, request->head_len);
	while (left && (c->len || read_more(c, IDLE_MS))) {
		size_t part = c->len < left ? c->len : (size_t)left;

		if (!send_all(c, c->server, (struct str){ c->in, part }))
			return;
		consume(c, part);
		left -= part;
	}
	if (left == 0)
		relay_down(c);
}

static void serve_http(struct connection *c)
{
	struct request request;
	enum request_state state;
	enum opening opening;

	while ((state = request_parse((struct str){ c->in, c->len }, &request)) == REQUEST_MORE)
		if (c->len >= NET_HEAD_MAX || !read_more(c, BEGIN_MS))
			return;
	if (state == REQUEST_BAD) {
		net_deny(c->net, STR("proxy"), NET_PROXY_PORT, request.why);
		refuse(c, "400 Bad Request", request.why);
		return;
	}
	opening = open_server(c, request.host, request.port);
	if (opening != OPENED) {
		refuse_host(c, opening, request.host, request.port);
		return;
	}
	if (!request.is_connect) {
		pass_plain(c, &request);
		return;
	}
	consume(c, request.head_len);
	if (send_all(c, c->client, STR("HTTP/1.1 200 Connection established\r\n\r\n")))
		tunnel(c);
}

static void serve_socks(struct connection *c)
{
	static const char codes[] = { [OPENED] = 0, [NOT_ALLOWED] = 2, [NOT_REACHED] = 4 };
	struct request request;
	enum request_state state;
	char text[64], reply[10] = { 5, 7, 0, 1 };
	size_t len;

	while ((state = socks_parse_greeting((struct str){ c->in, c->len }, &len)) == REQUEST_MORE)
		if (!read_more(c, BEGIN_MS))
			return;
	if (state == REQUEST_BAD || !send_all(c, c->client, STR("\5\0")))
		return;
	consume(c, len);
	while ((state = socks_parse_request((struct str){ c->in, c->len }, &request, text)) ==
	       REQUEST_MORE)
		if (!read_more(c, BEGIN_MS))
			return;
	if (state == REQUEST_BAD)
		net_deny(c->net, STR("proxy"), NET_PROXY_PORT, request.why);
	else
		reply[1] = codes[open_server(c, request.host, request.port)];
	if (!send_all(c, c->client, (struct str){ reply, sizeof(reply) }) || reply[1] != 0)
		return;
	consume(c, request.head_len);
	tunnel(c);
}

static void serve_proxy(struct connection *c)
{
	if (!read_more(c, BEGIN_MS))
		return;
	if (c->in[0] == 5)
		serve_socks(c);
	else
		serve_http(c);
}

/* --- the other doors ---------------------------------------------------- */

static void serve_name(struct connection *c)
{
	struct sockaddr_in here;
	socklen_t len = sizeof(here);
	char name[SANDBOX_HOST_MAX];

	if (getsockname(c->client, (struct sockaddr *)&here, &len) < 0 ||
	    !net_name_of(c->net, ntohl(here.sin_addr.s_addr), name))
		return;
	if (open_server(c, str_of(name), c->port) == OPENED)
		tunnel(c);
}

static void serve_host_port(struct connection *c)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		                       .sin_port = htons((uint16_t)c->port),
		                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct addrinfo to = { .ai_family = AF_INET,
		               .ai_addr = (struct sockaddr *)&address,
		               .ai_addrlen = sizeof(address) };

	c->server = dial_address(c, &to);
	if (c->server >= 0)
		relay(c);
}

static void serve_dev_server(struct connection *c)
{
	struct err ignored;

	c->server = connect_inside(c->net->netns, (uint16_t)c->port, &ignored);
	if (c->server >= 0)
		relay(c);
}

void serve_connection(struct net *net, int client, enum door door, uint16_t port)
{
	static void (*const doors[])(struct connection *) = { [DOOR_PROXY] = serve_proxy,
		                                              [DOOR_NAME] = serve_name,
		                                              [DOOR_HOST_PORT] = serve_host_port,
		                                              [DOOR_DEV_SERVER] =
		                                                      serve_dev_server };
	struct connection c = {
		.net = net, .client = client, .server = -1, .in = malloc(BUFFER), .port = port
	};

	if (c.in)
		doors[door](&c);
	free(c.in);
	if (c.server >= 0)
		(void)close(c.server);
	(void)close(client);
}
