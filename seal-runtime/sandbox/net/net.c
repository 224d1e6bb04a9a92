#include "sandbox/net/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "sandbox/inside.h"
#include "sandbox/net/inside.h"
#include "sandbox/net/request.h"

#define NAMES_AT   0x7f4d0000u /* 127.77.0.0 */
#define STACK_SIZE (512 * 1024)
#define HINT                                                                                       \
	"add the host to [capabilities.allow.commands] default_domains, or to the pattern's "      \
	"domains"

/* --- names and rules ---------------------------------------------------- */

/* A rule's host and port (0: none given). */
static struct str split_rule(const char *rule, unsigned int *ret_port)
{
	const char *colon = strrchr(rule, ':');
	char *end;

	*ret_port = 0;
	if (!colon || strchr(rule, ':') != colon)
		return str_of(rule);
	*ret_port = (unsigned int)strtoul(colon + 1, &end, 10);
	return (struct str){ rule, (size_t)(colon - rule) };
}

static void add_port(struct net *net, unsigned int port)
{
	for (size_t i = 0; i < net->n_ports; i++)
		if (net->ports[i] == port)
			return;
	if (port > 0 && port < 65536 && net->n_ports < sizeof(net->ports) / sizeof(net->ports[0]))
		net->ports[net->n_ports++] = (uint16_t)port;
}

/* The index of a name, given one when it is new.  Under the lock. */
static size_t index_of(struct net *net, struct str name)
{
	char **grown;

	for (size_t i = 0; i < net->n_names; i++)
		if (str_is(name, net->names[i]))
			return i;
	grown = net->n_names < NET_NAMES_MAX
	                ? realloc(net->names, (net->n_names + 1) * sizeof(*grown))
	                : NULL;
	if (!grown)
		return STR_NONE;
	net->names = grown;
	grown[net->n_names] = str_dup(name);
	return grown[net->n_names] ? net->n_names++ : STR_NONE;
}

static uint32_t address_of(size_t index)
{
	return NAMES_AT | (uint32_t)(index + 1);
}

static void add_door(struct net *net, enum door door, int type, uint32_t address, unsigned int port)
{
	for (unsigned int i = 0; i < net->n_listeners; i++)
		if (net->listeners[i].port == port && net->listeners[i].address == address &&
		    net->listeners[i].type == type)
			return;
	if (net->n_listeners == NET_DOORS_MAX)
		return;
	net->doors[net->n_listeners] = door;
	net->listeners[net->n_listeners++] = (struct listener){ type, address, (uint16_t)port, -1 };
}

static bool is_wild_at(const struct net *net, unsigned int port)
{
	for (const char *const *rule = net->setup.domains; rule && *rule; rule++) {
		unsigned int named;
		struct str host = split_rule(*rule, &named);

		if (str_starts(host, STR("*")) &&
		    (named == port || (!named && (port == 80 || port == 443))))
			return true;
	}
	return false;
}

/* Where a name's port is listened for: one address for all when a wildcard
 * rule makes names that are not known yet. */
static void add_name_door(struct net *net, size_t index, unsigned int port)
{
	add_door(net, DOOR_NAME, SOCK_STREAM,
	         is_wild_at(net, port) ? INADDR_ANY : address_of(index), port);
}

static void add_rule(struct net *net, const char *rule)
{
	unsigned int port;
	struct str host = split_rule(rule, &port);
	bool is_wild = str_starts(host, STR("*"));
	struct in_addr ignored;
	size_t index = 0;

	if (rule[0] == '!' || strchr(rule, '[') || host.len == 0 || host.len >= SANDBOX_HOST_MAX)
		return;
	if (!is_wild) {
		index = index_of(net, host);
		if (index == STR_NONE || inet_aton(net->names[index], &ignored))
			return;
		buf_addf(&net->hosts_text, "127.77.%u.%u %s\n", (unsigned int)((index + 1) >> 8),
		         (unsigned int)((index + 1) & 255), net->names[index]);
	}
	if (port)
		add_port(net, port);
	for (int i = 0; i < 2; i++) {
		unsigned int one = port ? port : i == 0 ? 443 : 80;

		add_name_door(net, index, one);
	}
}

int net_new(const struct net_setup *setup, struct net **ret_net, struct err *err)
{
	struct net *net = calloc(1, sizeof(*net));

	if (!net)
		return err_nomem(err);
	net->setup = *setup;
	net->netns = net->stop_fd = net->door_fd = -1;
	net->n_owners = 1;
	(void)pthread_mutex_init(&net->lock, NULL);
	buf_adds(&net->hosts_text, "127.0.0.1 localhost seal\n::1 localhost\n");
	add_port(net, 443);
	add_port(net, 80);
	add_door(net, DOOR_PROXY, SOCK_STREAM, INADDR_LOOPBACK, NET_PROXY_PORT);
	add_door(net, DOOR_DNS, SOCK_DGRAM, INADDR_LOOPBACK, 53);
	for (const char *const *rule = setup->domains; rule && *rule; rule++)
		add_rule(net, *rule);
	for (size_t i = 0; i < setup->n_host_ports; i++)
		add_door(net, DOOR_HOST_PORT, SOCK_STREAM, INADDR_LOOPBACK, setup->host_ports[i]);
	net->n_inside = net->n_listeners;
	if (buf_check(&net->hosts_text, "the hosts file", err) < 0) {
		net_free(net);
		return err->code;
	}
	*ret_net = net;
	return 0;
}

const char *net_hosts_text(const struct net *net)
{
	return net->hosts_text.data;
}

const char *const *net_environment(void)
{
	static const char *const variables[] = { "http_proxy=http://127.0.0.1:3128",
		                                 "https_proxy=http://127.0.0.1:3128",
		                                 "HTTP_PROXY=http://127.0.0.1:3128",
		                                 "HTTPS_PROXY=http://127.0.0.1:3128",
		                                 "ALL_PROXY=socks5h://127.0.0.1:3128",
		                                 "all_proxy=socks5h://127.0.0.1:3128",
		                                 "NO_PROXY=localhost,127.0.0.1,::1",
		                                 "no_proxy=localhost,127.0.0.1,::1",
		                                 NULL };

	return variables;
}

/* --- what its threads ask ----------------------------------------------- */

void net_deny(struct net *net, struct str host, unsigned int port, const char *why)
{
	struct net_denial new;

	(void)snprintf(new.target, sizeof(new.target), "%.*s:%u",
	               (int)(host.len < 280 ? host.len : 280), host.data, port);
	(void)snprintf(new.why, sizeof(new.why), "%s", why);
	(void)pthread_mutex_lock(&net->lock);
	for (size_t i = 0; i < net->n_denials; i++)
		if (strcmp(net->denials[i].target, new.target) == 0)
			new.target[0] = '\0';
	if (new.target[0] && net->n_denials < NET_DENIALS_MAX)
		net->denials[net->n_denials++] = new;
	(void)pthread_mutex_unlock(&net->lock);
}

static bool ask(struct net *net, struct str host, unsigned int port,
                char ret_name[SANDBOX_HOST_MAX])
{
	const struct sandbox_hosts *hosts = net->setup.hosts;
	bool may;

	(void)pthread_mutex_lock(&net->lock);
	may = !net->stopped && hosts && hosts->may_connect(hosts->ctx, host, port, ret_name);
	(void)pthread_mutex_unlock(&net->lock);
	return may;
}

bool net_may_connect(struct net *net, struct str host, unsigned int port,
                     char ret_name[SANDBOX_HOST_MAX])
{
	if (ask(net, host, port, ret_name))
		return true;
	net_deny(net, host, port, "no rule allows this host");
	return false;
}

bool net_may_dial(struct net *net, const char *name, const struct sockaddr *address)
{
	const struct sandbox_hosts *hosts = net->setup.hosts;
	bool may;

	(void)pthread_mutex_lock(&net->lock);
	may = !net->stopped && hosts && hosts->may_dial(hosts->ctx, name, address);
	(void)pthread_mutex_unlock(&net->lock);
	return may;
}

bool net_name_of(struct net *net, uint32_t address, char ret_name[SANDBOX_HOST_MAX])
{
	size_t index = (address & 0xffff) - 1;
	bool found = false;

	(void)pthread_mutex_lock(&net->lock);
	if ((address & 0xffff0000u) == NAMES_AT && index < net->n_names) {
		(void)snprintf(ret_name, SANDBOX_HOST_MAX, "%s", net->names[index]);
		found = true;
	}
	(void)pthread_mutex_unlock(&net->lock);
	return found;
}

/* --- the accepting thread ----------------------------------------------- */

static void answer_dns(struct net *net, int fd)
{
	uint8_t bytes[DNS_MAX];
	struct dns_question question;
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t n = recvfrom(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &from_len);
	char name[SANDBOX_HOST_MAX];
	size_t index = STR_NONE;

	if (n <= 0 || !dns_parse((struct str){ (char *)bytes, (size_t)n }, &question))
		return;
	for (size_t i = 0; index == STR_NONE && i < net->n_ports; i++)
		if (ask(net, str_of(question.name), net->ports[i], name)) {
			(void)pthread_mutex_lock(&net->lock);
			index = index_of(net, str_of(name));
			(void)pthread_mutex_unlock(&net->lock);
		}
	if (index == STR_NONE)
		net_deny(net, str_of(question.name), 443, "no rule allows this host");
	n = (ssize_t)dns_answer(bytes, sizeof(bytes), &question,
	                        index == STR_NONE ? 0 : address_of(index));
	(void)sendto(fd, bytes, (size_t)n, MSG_DONTWAIT, (struct sockaddr *)&from, from_len);
}

struct accepted {
	struct net *net;
	int client;
	enum door door;
	uint16_t port;
};

static void *connection_thread(void *ctx)
{
	struct accepted accepted = *(struct accepted *)ctx;

	free(ctx);
	serve_connection(accepted.net, accepted.client, accepted.door, accepted.port);
	(void)pthread_mutex_lock(&accepted.net->lock);
	accepted.net->n_connections--;
	(void)pthread_mutex_unlock(&accepted.net->lock);
	net_release(accepted.net);
	return NULL;
}

/* Signals are for the thread that started all this.  Joinable when ret_thread. */
static int start_thread(void *(*body)(void *), void *ctx, pthread_t *ret_thread)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	pthread_t thread;
	int r;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	(void)pthread_attr_init(&attributes);
	if (!ret_thread)
		(void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	(void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
	r = pthread_create(ret_thread ? ret_thread : &thread, &attributes, body, ctx);
	(void)pthread_attr_destroy(&attributes);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

static bool admit(struct net *net)
{
	bool may;

	(void)pthread_mutex_lock(&net->lock);
	may = !net->stopped && net->n_connections < NET_CONNECTIONS_MAX;
	if (may) {
		net->n_connections++;
		net->n_owners++;
	}
	(void)pthread_mutex_unlock(&net->lock);
	return may;
}

static void accept_one(struct net *net, unsigned int at)
{
	int client = accept4(net->listeners[at].fd, NULL, NULL, SOCK_CLOEXEC);
	struct accepted *accepted = client < 0 ? NULL : malloc(sizeof(*accepted));

	if (!accepted || !admit(net)) {
		free(accepted);
		if (client >= 0)
			(void)close(client);
		return;
	}
	*accepted = (struct accepted){ net, client, net->doors[at], net->listeners[at].port };
	if (start_thread(connection_thread, accepted, NULL) == 0)
		return;
	free(accepted);
	(void)close(client);
	(void)pthread_mutex_lock(&net->lock);
	net->n_connections--;
	net->n_owners--;
	(void)pthread_mutex_unlock(&net->lock);
}

static void *accepting_thread(void *ctx)
{
	struct net *net = ctx;
	struct pollfd fds[NET_DOORS_MAX + 1];

	for (unsigned int i = 0; i < net->n_listeners; i++)
		fds[i] = (struct pollfd){ net->listeners[i].fd, POLLIN, 0 };
	fds[net->n_listeners] = (struct pollfd){ net->stop_fd, POLLIN, 0 };
	for (;;) {
		if (poll(fds, net->n_listeners + 1, -1) < 0)
			continue;
		if (fds[net->n_listeners].revents)
			break;
		for (unsigned int i = 0; i < net->n_listeners; i++) {
			if (fds[i].revents && net->doors[i] == DOOR_DNS)
				answer_dns(net, fds[i].fd);
			else if (fds[i].revents)
				accept_one(net, i);
		}
	}
	net_release(net);
	return NULL;
}

/* --- life --------------------------------------------------------------- */

void net_release(struct net *net)
{
	bool is_last;

	(void)pthread_mutex_lock(&net->lock);
	is_last = --net->n_owners == 0;
	(void)pthread_mutex_unlock(&net->lock);
	if (!is_last)
		return;
	for (unsigned int i = 0; i < net->n_listeners; i++)
		if (net->listeners[i].fd >= 0)
			(void)close(net->listeners[i].fd);
	for (size_t i = 0; i < net->n_names; i++)
		free(net->names[i]);
	free(net->names);
	if (net->netns >= 0)
		(void)close(net->netns);
	if (net->stop_fd >= 0)
		(void)close(net->stop_fd);
	if (net->door_fd >= 0)
		(void)close(net->door_fd);
	buf_fini(&net->hosts_text);
	(void)pthread_mutex_destroy(&net->lock);
	free(net);
}

/* On this machine's loopback; a port that is taken is said, not fatal. */
static void open_dev_servers(struct net *net)
{
	for (size_t i = 0; i < net->setup.n_dev_server_ports; i++) {
		struct sockaddr_in address = { .sin_family = AF_INET,
			                       .sin_port = htons(net->setup.dev_server_ports[i]),
			                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (fd < 0 || net->n_listeners == NET_DOORS_MAX ||
		    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		    listen(fd, SOMAXCONN) < 0) {
			net_deny(net, STR("127.0.0.1"), net->setup.dev_server_ports[i],
			         strerror(errno));
			if (fd >= 0)
				(void)close(fd);
			continue;
		}
		net->doors[net->n_listeners] = DOOR_DEV_SERVER;
		net->listeners[net->n_listeners++] =
			(struct listener){ SOCK_STREAM, INADDR_LOOPBACK,
			                   net->setup.dev_server_ports[i], fd };
	}
}

static bool needs_network(const struct net *net)
{
	return (net->setup.domains && net->setup.domains[0]) || net->setup.n_host_ports ||
	       net->setup.n_dev_server_ports;
}

static int watch_doors(struct net *net, struct err *err)
{
	net->door_fd = epoll_create1(EPOLL_CLOEXEC);
	if (net->door_fd < 0)
		return err_sys(err, "watch the sandbox's network");
	for (unsigned int i = 0; i < net->n_listeners; i++) {
		struct epoll_event event = { .events = EPOLLIN };

		if (epoll_ctl(net->door_fd, EPOLL_CTL_ADD, net->listeners[i].fd, &event) < 0)
			return err_sys(err, "watch the sandbox's network");
	}
	return 0;
}

int net_start(void *ctx, int netns, struct err *err)
{
	struct net *net = ctx;

	/* Without a grant the proxy only says no in words; the empty namespace says it too. */
	if (listen_inside(netns, net->listeners, net->n_inside, err) < 0)
		return needs_network(net) ? err->code : 0;
	net->netns = fcntl(netns, F_DUPFD_CLOEXEC, 3);
	net->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (net->netns < 0 || net->stop_fd < 0)
		return err_sys(err, "keep the network namespace");
	open_dev_servers(net);
	return watch_doors(net, err);
}

int net_door_fd(void *ctx)
{
	return ((struct net *)ctx)->door_fd;
}

/* Without a thread nobody answers: the command is told by its own time-outs. */
void net_serve(void *ctx)
{
	struct net *net = ctx;

	net->n_owners++;
	net->started = start_thread(accepting_thread, net, &net->acceptor) == 0;
	if (!net->started)
		net->n_owners--;
}

void net_stop(struct net *net, struct sandbox_outcome *outcome)
{
	uint64_t one = 1;

	(void)pthread_mutex_lock(&net->lock);
	net->stopped = true;
	for (size_t i = 0; outcome && i < net->n_denials; i++)
		(void)sandbox_deny(outcome, net->denials[i].target, "connect", net->denials[i].why,
		                   HINT);
	net->n_denials = 0;
	(void)pthread_mutex_unlock(&net->lock);
	if (!net->started)
		return;
	(void)!write(net->stop_fd, &one, sizeof(one));
	(void)pthread_join(net->acceptor, NULL);
	net->started = false;
}

void net_free(struct net *net)
{
	if (!net)
		return;
	net_stop(net, NULL);
	net_release(net);
}
