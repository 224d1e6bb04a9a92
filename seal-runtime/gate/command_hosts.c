#include "gate/command_hosts.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/err.h"
#include "caps/hosts.h"
#include "manifest/manifest.h"
#include "sandbox/sandbox.h"

struct command_hosts {
	struct caps_hosts *allow, *deny;
	struct sandbox_hosts hosts;
};

struct rules {
	struct str *items;
	size_t n;
};

static void rules_finip(struct rules *rules)
{
	free(rules->items);
}

static int add(struct rules *rules, struct str rule, struct err *err)
{
	struct str *grown = realloc(rules->items, (rules->n + 1) * sizeof(*grown));

	if (!grown)
		return err_nomem(err);
	rules->items = grown;
	grown[rules->n++] = rule;
	return 0;
}

static int add_list(struct rules *rules, const struct manifest_list *list, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < list->n; i++)
		r = add(rules, list->items[i], err);
	return r;
}

static bool parse(struct str host, unsigned int port, struct caps_host *ret_host)
{
	cleanup_buf struct buf target = BUF_INIT;
	struct err ignored;
	bool has_brackets = str_chr(host, ':') != STR_NONE;

	buf_adds(&target, has_brackets ? "[" : "");
	buf_add(&target, host);
	buf_addf(&target, "%s:%u", has_brackets ? "]" : "", port);
	return !target.failed && caps_host_parse(buf_str(&target), ret_host, &ignored) >= 0;
}

static bool is_allowed(const struct command_hosts *hosts, const struct caps_host *host)
{
	return caps_hosts_deny(hosts->deny, host) == CAPS_HOSTS_NONE &&
	       caps_hosts_allow(hosts->allow, host) != CAPS_HOSTS_NONE;
}

static bool may_connect(void *ctx, struct str name, unsigned int port,
			char ret_name[SANDBOX_HOST_MAX])
{
	struct caps_host host;

	if (!parse(name, port, &host) || !is_allowed(ctx, &host))
		return false;
	(void)snprintf(ret_name, SANDBOX_HOST_MAX, "%s", host.name);
	return true;
}

static unsigned int write_address(const struct sockaddr *address, char text[INET6_ADDRSTRLEN])
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
	bool is_four = address->sa_family == AF_INET;

	if (!inet_ntop(address->sa_family,
		       is_four ? (const void *)&four->sin_addr : (const void *)&six->sin6_addr,
		       text, INET6_ADDRSTRLEN))
		text[0] = '\0';
	return ntohs(is_four ? four->sin_port : six->sin6_port);
}

/* What is not public is reached only when a rule spells the address itself. */
static bool may_dial(void *ctx, const char *name, const struct sockaddr *address)
{
	char text[INET6_ADDRSTRLEN] = "";
	struct caps_host host;
	unsigned int port;

	(void)name;
	if (address->sa_family != AF_INET && address->sa_family != AF_INET6)
		return false;
	port = write_address(address, text);
	if (caps_address_kind(address) == CAPS_ADDRESS_PUBLIC)
		return !parse(str_of(text), port, &host) ||
		       caps_hosts_deny(((struct command_hosts *)ctx)->deny, &host) ==
			   CAPS_HOSTS_NONE;
	return parse(str_of(text), port, &host) && is_allowed(ctx, &host);
}

static void release(void *ctx)
{
	command_hosts_free(ctx);
}

static int compile(const struct manifest *manifest, const char *const *domains,
		   struct command_hosts *hosts, struct err *err)
{
	__attribute__((cleanup(rules_finip))) struct rules allow = {NULL, 0};
	__attribute__((cleanup(rules_finip))) struct rules deny = {NULL, 0};
	int r = add_list(&deny, &manifest->security.universal_deny_domains, err);

	if (r >= 0)
		r = add_list(&deny, &manifest->deny.commands.domains, err);
	for (; r >= 0 && domains && *domains; domains++) {
		bool is_denied = **domains == '!';

		r = add(is_denied ? &deny : &allow, str_of(*domains + is_denied), err);
	}
	if (r >= 0)
		r = caps_hosts_new(allow.items, allow.n, &hosts->allow, err);
	return r < 0 ? r : caps_hosts_new(deny.items, deny.n, &hosts->deny, err);
}

int command_hosts_new(const struct manifest *manifest, const char *const *domains,
		      struct command_hosts **ret_hosts, struct err *err)
{
	cleanup_with(command_hosts_free) struct command_hosts *hosts = calloc(1, sizeof(*hosts));

	if (!hosts)
		return err_nomem(err);
	if (compile(manifest, domains, hosts, err) < 0)
		return err_wrap(err, "the command's hosts");
	hosts->hosts = (struct sandbox_hosts){hosts, may_connect, may_dial, release};
	*ret_hosts = take_ptr(hosts);
	return 0;
}

void command_hosts_free(struct command_hosts *hosts)
{
	if (!hosts)
		return;
	caps_hosts_free(hosts->allow);
	caps_hosts_free(hosts->deny);
	free(hosts);
}

const struct sandbox_hosts *command_hosts_give(struct command_hosts *hosts)
{
	return &hosts->hosts;
}
