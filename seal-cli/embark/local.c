#include "seal-cli/embark/local.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/json.h"

#define WAIT_MS	   400
#define PORTS_MAX  16
#define ANSWER_MAX ((size_t)256 << 10)

/* Ollama; LM Studio; llama.cpp; vLLM; a second llama.cpp. */
static const uint16_t usual_ports[] = { 11434, 1234, 8080, 8000, 8081 };

static bool wait_for(int fd, short events)
{
	struct pollfd one = { fd, events, 0 };

	return poll(&one, 1, WAIT_MS) == 1;
}

static int open_port(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	cleanup_close int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return -1;
	return take_fd(fd);
}

/* The body of the answer, read to the end or to the limits. */
static bool ask(uint16_t port, struct buf *ret_answer)
{
	static const char request[] = "GET /v1/models HTTP/1.0\r\nHost: 127.0.0.1\r\n"
				      "Accept: application/json\r\n\r\n";
	cleanup_close int fd = open_port(port);
	size_t body;
	ssize_t n;

	if (fd < 0 || write(fd, request, sizeof(request) - 1) != (ssize_t)sizeof(request) - 1)
		return false;
	while (ret_answer->len < ANSWER_MAX && wait_for(fd, POLLIN)) {
		char *at = buf_reserve(ret_answer, 4096);

		n = at ? read(fd, at, 4096) : -1;
		if (n <= 0)
			break;
		ret_answer->len += (size_t)n;
	}
	body = str_find(buf_str(ret_answer), STR("\r\n\r\n"), 0);
	if (body == STR_NONE)
		return false;
	buf_consume(ret_answer, body + 4);
	return true;
}

/* A name that can stand in seal.toml and on the screen. */
static bool is_plain(struct str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] <= 0x20 || name.data[i] >= 0x7f || name.data[i] == '"')
			return false;
	return name.len > 0 && name.len < 200;
}

static bool read_models(struct str body, struct local_server *server)
{
	cleanup_json yyjson_doc *doc = json_read(body, NULL, NULL);
	yyjson_val *data = yyjson_obj_get(yyjson_doc_get_root(doc), "data"), *one;
	size_t i, n;

	yyjson_arr_foreach(data, i, n, one) {
		struct str name = json_str(one, "id");

		if (is_plain(name) && server->n_models < LOCAL_MODELS_MAX)
			server->models[server->n_models++] = str_dup(name);
	}
	return server->n_models > 0;
}

/* Those of SEAL_LOCAL_PORTS ("18080,9000") instead of the usual ones. */
static size_t read_ports(const char *text, uint16_t *ret_ports)
{
	size_t n = 0;

	while (*text && n < PORTS_MAX) {
		char *end;
		unsigned long port = strtoul(text, &end, 10);

		if (end == text || port == 0 || port > UINT16_MAX)
			break;
		ret_ports[n++] = (uint16_t)port;
		text = *end == ',' ? end + 1 : end;
	}
	return n;
}

size_t local_find(struct local_server *ret_servers, size_t max)
{
	const char *own = getenv("SEAL_LOCAL_PORTS");
	uint16_t ports[PORTS_MAX];
	size_t n_ports = sizeof(usual_ports) / sizeof(usual_ports[0]), found = 0;

	memcpy(ports, usual_ports, sizeof(usual_ports));
	if (own)
		n_ports = read_ports(own, ports);
	for (size_t i = 0; i < n_ports && found < max; i++) {
		cleanup_buf struct buf answer = BUF_INIT;
		struct local_server *server = &ret_servers[found];

		*server = (struct local_server){ 0 };
		if (!ask(ports[i], &answer) || !read_models(buf_str(&answer), server))
			continue;
		(void)snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%u", ports[i]);
		found++;
	}
	return found;
}

void local_fini(struct local_server *server)
{
	for (size_t i = 0; i < server->n_models; i++)
		free(server->models[i]);
	server->n_models = 0;
}
