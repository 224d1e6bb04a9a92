#include "caps/hosts.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <idn2.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/utf8.h"

#define PORT_MAX 65535

struct host_rule {
	struct caps_host host;
	bool is_wildcard; /* host.name is the suffix, without "*." */
	bool has_port;
};

struct caps_hosts {
	size_t n;
	struct host_rule rules[];
};

/* Names that resolvers answer with an address of this machine or its cloud. */
static const struct {
	const char *name;
	enum caps_address kind;
} special_names[] = {
	{ "localhost", CAPS_ADDRESS_LOOPBACK },
	{ "localhost.localdomain", CAPS_ADDRESS_LOOPBACK },
	{ "ip6-localhost", CAPS_ADDRESS_LOOPBACK },
	{ "ip6-loopback", CAPS_ADDRESS_LOOPBACK },
	{ "metadata", CAPS_ADDRESS_METADATA },
	{ "metadata.google.internal", CAPS_ADDRESS_METADATA },
	{ "metadata.goog", CAPS_ADDRESS_METADATA },
	{ "instance-data", CAPS_ADDRESS_METADATA },
	{ "instance-data.ec2.internal", CAPS_ADDRESS_METADATA },
	{ "host.docker.internal", CAPS_ADDRESS_PRIVATE },
	{ "gateway.docker.internal", CAPS_ADDRESS_PRIVATE },
};

/* The first row that fits; the metadata addresses lie inside wider rows. */
static const struct {
	uint32_t address, bits;
	enum caps_address kind;
} kinds4[] = {
	{ 0xa9fea9fe, 32, CAPS_ADDRESS_METADATA }, /* 169.254.169.254 */
	{ 0xa9feaa02, 32, CAPS_ADDRESS_METADATA }, /* 169.254.170.2 */
	{ 0x646464c8, 32, CAPS_ADDRESS_METADATA }, /* 100.100.100.200 */
	{ 0x00000000, 8, CAPS_ADDRESS_RESERVED },    { 0x0a000000, 8, CAPS_ADDRESS_PRIVATE },
	{ 0x64400000, 10, CAPS_ADDRESS_SHARED },     { 0x7f000000, 8, CAPS_ADDRESS_LOOPBACK },
	{ 0xa9fe0000, 16, CAPS_ADDRESS_LINK_LOCAL }, { 0xac100000, 12, CAPS_ADDRESS_PRIVATE },
	{ 0xc0000000, 24, CAPS_ADDRESS_RESERVED },   { 0xc0000200, 24, CAPS_ADDRESS_RESERVED },
	{ 0xc0586300, 24, CAPS_ADDRESS_EMBEDDED },   { 0xc0a80000, 16, CAPS_ADDRESS_PRIVATE },
	{ 0xc6120000, 15, CAPS_ADDRESS_BENCHMARK },  { 0xc6336400, 24, CAPS_ADDRESS_RESERVED },
	{ 0xcb007100, 24, CAPS_ADDRESS_RESERVED },   { 0xe0000000, 4, CAPS_ADDRESS_MULTICAST },
	{ 0xf0000000, 4, CAPS_ADDRESS_RESERVED },
};

static const struct {
	uint8_t prefix[16];
	unsigned int bits;
	enum caps_address kind;
} kinds6[] = {
	{ { 0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54 },
	  128,
	  CAPS_ADDRESS_METADATA },
	{ { 0 }, 128, CAPS_ADDRESS_RESERVED },
	{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, 128, CAPS_ADDRESS_LOOPBACK },
	{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff }, 96, CAPS_ADDRESS_EMBEDDED },
	{ { 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff }, 96, CAPS_ADDRESS_EMBEDDED },
	{ { 0 }, 96, CAPS_ADDRESS_EMBEDDED },
	{ { 0x00, 0x64, 0xff, 0x9b }, 32, CAPS_ADDRESS_EMBEDDED }, /* NAT64, both prefixes */
	{ { 0x01, 0x00 }, 64, CAPS_ADDRESS_RESERVED },             /* discard */
	{ { 0x20, 0x01, 0x00, 0x00 }, 32, CAPS_ADDRESS_EMBEDDED }, /* Teredo */
	{ { 0x20, 0x01, 0x00, 0x02 }, 48, CAPS_ADDRESS_BENCHMARK },
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32, CAPS_ADDRESS_RESERVED }, /* documentation */
	{ { 0x20, 0x02 }, 16, CAPS_ADDRESS_EMBEDDED },             /* 6to4 */
	{ { 0xfc }, 7, CAPS_ADDRESS_PRIVATE },
	{ { 0xfe, 0x80 }, 10, CAPS_ADDRESS_LINK_LOCAL },
	{ { 0xfe, 0xc0 }, 10, CAPS_ADDRESS_PRIVATE }, /* old site-local */
	{ { 0xff }, 8, CAPS_ADDRESS_MULTICAST },
};

static enum caps_address kind4(uint32_t address)
{
	for (size_t i = 0; i < sizeof(kinds4) / sizeof(kinds4[0]); i++)
		if ((address ^ kinds4[i].address) >> (32 - kinds4[i].bits) == 0)
			return kinds4[i].kind;
	return CAPS_ADDRESS_PUBLIC;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static enum caps_address kind6(const uint8_t *address)
{
	for (size_t i = 0; i < sizeof(kinds6) / sizeof(kinds6[0]); i++)
		if (same_bits(address, kinds6[i].prefix, kinds6[i].bits))
			return kinds6[i].kind;
	/* Global unicast is 2000::/3; nothing else is routed today. */
	return address[0] >> 5 == 1 ? CAPS_ADDRESS_PUBLIC : CAPS_ADDRESS_RESERVED;
}

enum caps_address caps_address_kind(const struct sockaddr *address)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	switch (address->sa_family) {
	case AF_INET: memcpy(&v4, address, sizeof(v4)); return kind4(ntohl(v4.sin_addr.s_addr));
	case AF_INET6: memcpy(&v6, address, sizeof(v6)); return kind6(v6.sin6_addr.s6_addr);
	default: return CAPS_ADDRESS_RESERVED;
	}
}

const char *caps_address_name(enum caps_address kind)
{
	static const char *const names[] = {
		[CAPS_ADDRESS_PUBLIC] = "public",
		[CAPS_ADDRESS_LOOPBACK] = "loopback",
		[CAPS_ADDRESS_PRIVATE] = "private",
		[CAPS_ADDRESS_LINK_LOCAL] = "link-local",
		[CAPS_ADDRESS_SHARED] = "carrier-shared",
		[CAPS_ADDRESS_MULTICAST] = "multicast",
		[CAPS_ADDRESS_RESERVED] = "reserved",
		[CAPS_ADDRESS_BENCHMARK] = "benchmarking",
		[CAPS_ADDRESS_METADATA] = "cloud metadata",
		[CAPS_ADDRESS_EMBEDDED] = "IPv4-in-IPv6",
	};

	return names[kind];
}

static int refuse(struct str text, const char *why, struct err *err)
{
	return err_set(err, ERR_INPUT, "host \"%.*s\": %s", STR_ARG(str_head(text, 300)), why);
}

/* Decimal, no sign, no leading zero. */
static int read_port(struct str text, unsigned int *ret_port, struct err *err)
{
	unsigned int port = 0;

	if (text.len == 0 || text.len > 5 || text.data[0] == '0')
		return refuse(text, "a port is a number from 1 to 65535, without leading zero",
		              err);
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return refuse(text, "a port holds digits only", err);
		port = port * 10 + (unsigned int)(text.data[i] - '0');
	}
	if (port > PORT_MAX)
		return refuse(text, "a port is at most 65535", err);
	*ret_port = port;
	return 0;
}

static void set_address(int family, const void *bytes, struct caps_host *host)
{
	(void)inet_ntop(family, bytes, host->name, sizeof(host->name));
	host->len = strlen(host->name);
	host->is_address = true;
}

/* Without brackets.  inet_pton knows no zones and no other spellings. */
static int read_ipv6(struct str text, struct caps_host *host, struct err *err)
{
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (text.len == 0 || text.len >= sizeof(copy))
		return refuse(text, "not an IPv6 address", err);
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	if (strlen(copy) != text.len || inet_pton(AF_INET6, copy, &address) != 1)
		return refuse(text, "not an IPv6 address", err);
	set_address(AF_INET6, &address, host);
	host->kind = kind6(address.s6_addr);
	return 0;
}

/* Four decimal octets without leading zeros; inet_pton takes exactly that. */
static bool read_ipv4(struct str text, struct caps_host *host)
{
	char copy[INET_ADDRSTRLEN];
	struct in_addr address;

	if (text.len == 0 || text.len >= sizeof(copy))
		return false;
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	if (strlen(copy) != text.len || inet_pton(AF_INET, copy, &address) != 1)
		return false;
	set_address(AF_INET, &address, host);
	host->kind = kind4(ntohl(address.s_addr));
	return str_eq(text, (struct str){ host->name, host->len });
}

/* Would some C library read this label as (the end of) a number? */
static bool is_numeric(struct str label)
{
	bool hex = label.len >= 2 && label.data[0] == '0' && (label.data[1] | 32) == 'x';

	for (size_t i = hex ? 2 : 0; i < label.len; i++)
		if (hex ? !isxdigit((unsigned char)label.data[i])
		        : !isdigit((unsigned char)label.data[i]))
			return false;
	return true;
}

/* Letters, digits and inner dashes, each label 1 to 63, the last not numeric. */
static int check_labels(struct str name, struct err *err)
{
	struct str rest = name, label = { "", 0 };

	if (name.len == 0 || name.len > CAPS_HOST_MAX)
		return refuse(name, "a name has 1 to 253 characters", err);
	if (name.data[name.len - 1] == '.')
		return refuse(name, "empty label", err);
	while (str_split(&rest, '.', &label)) {
		if (label.len == 0 || label.len > 63)
			return refuse(name, "a label has 1 to 63 characters", err);
		if (label.data[0] == '-' || label.data[label.len - 1] == '-')
			return refuse(name, "a label does not begin or end with a dash", err);
		for (size_t i = 0; i < label.len; i++)
			if (!isalnum((unsigned char)label.data[i]) && label.data[i] != '-')
				return refuse(name, "a name holds letters, digits, dashes and dots",
				              err);
	}
	if (is_numeric(label))
		return refuse(name, "an address is written as four decimal numbers", err);
	return 0;
}

static bool is_plain_ascii(struct str name)
{
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.data[i] >= 0x80)
			return false;
	return str_find(name, STR("xn--"), 0) == STR_NONE;
}

/*
 * U-labels to A-labels by IDNA 2008 alone: without the mapping table of UTS 46
 * whatever NFKC would change (full-width and circled letters, the ideographic
 * full stop, soft hyphens) is refused instead of turned into something else.
 */
static int to_ascii(struct str name, struct caps_host *host, struct err *err)
{
	char copy[CAPS_HOST_MAX * 4 + 1];
	uint8_t *ascii = NULL;
	int r;

	if (name.len >= sizeof(copy))
		return refuse(name, "too long", err);
	memcpy(copy, name.data, name.len);
	copy[name.len] = '\0';
	r = idn2_lookup_u8((const uint8_t *)copy, &ascii, IDN2_NO_TR46 | IDN2_ALABEL_ROUNDTRIP);
	if (r != IDN2_OK)
		return refuse(name, idn2_strerror(r), err);
	host->len = strnlen((const char *)ascii, CAPS_HOST_MAX + 1);
	if (host->len <= CAPS_HOST_MAX)
		memcpy(host->name, ascii, host->len + 1);
	idn2_free(ascii);
	return host->len <= CAPS_HOST_MAX ? 0 : refuse(name, "too long", err);
}

static int read_name(struct str text, struct caps_host *host, struct err *err)
{
	char lower[CAPS_HOST_MAX * 4 + 1];
	struct str name = { lower, text.len };
	int r;

	if (text.len > 1 && text.data[text.len - 1] == '.')
		name.len--;
	if (name.len == 0 || name.len >= sizeof(lower))
		return refuse(text, "a name has 1 to 253 characters", err);
	for (size_t i = 0; i < name.len; i++)
		lower[i] = text.data[i] >= 'A' && text.data[i] <= 'Z' ? (char)(text.data[i] | 32)
		                                                      : text.data[i];
	if (is_plain_ascii(name)) {
		if (name.len > CAPS_HOST_MAX)
			return refuse(text, "a name has 1 to 253 characters", err);
		memcpy(host->name, name.data, name.len);
		host->len = name.len;
	} else {
		r = to_ascii(name, host, err);
		if (r < 0)
			return r;
	}
	host->name[host->len] = '\0';
	r = check_labels((struct str){ host->name, host->len }, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(special_names) / sizeof(special_names[0]); i++)
		if (strcmp(host->name, special_names[i].name) == 0)
			host->kind = special_names[i].kind;
	if (str_ends((struct str){ host->name, host->len }, STR(".localhost")))
		host->kind = CAPS_ADDRESS_LOOPBACK;
	return 0;
}

/* host, host:port, [v6], [v6]:port; *ret_port keeps its value without one. */
static int read_authority(struct str text, struct caps_host *host, bool *ret_has_port,
                          struct err *err)
{
	struct str name = text, port = { NULL, 0 };
	size_t colon;

	*host = (struct caps_host){ .port = host->port };
	if (text.len && text.data[0] == '[') {
		size_t close = str_chr(text, ']');

		if (close == STR_NONE)
			return refuse(text, "the bracket is not closed", err);
		name = (struct str){ text.data + 1, close - 1 };
		port = str_from(text, close + 1);
		if (port.len && port.data[0] != ':')
			return refuse(text, "something follows the address", err);
		port = port.len ? str_from(port, 1) : (struct str){ NULL, 0 };
	} else if ((colon = str_chr(text, ':')) != STR_NONE) {
		name = str_head(text, colon);
		port = (struct str){ text.data + colon + 1, text.len - colon - 1 };
	}
	*ret_has_port = port.data != NULL;
	if (*ret_has_port && read_port(port, &host->port, err) < 0)
		return err->code;
	if (text.len && text.data[0] == '[')
		return read_ipv6(name, host, err);
	if (read_ipv4(name, host))
		return 0;
	*host = (struct caps_host){ .port = host->port };
	return read_name(name, host, err);
}

/* Bytes with a second meaning to some other parser of the same text. */
static int check_bytes(struct str target, struct str authority, struct err *err)
{
	uint32_t point;

	for (struct str rest = target; rest.len;) {
		size_t n = utf8_decode(rest, &point);

		if (n == 0)
			return refuse(target, "not UTF-8", err);
		if (point <= ' ' || point == 0x7f || (point >= 0x80 && point <= 0xa0) ||
		    point == '\\' || point == 0x2028 || point == 0x2029)
			return refuse(target, "holds a blank, a control character or a backslash",
			              err);
		rest = str_from(rest, n);
	}
	for (size_t i = 0; i < authority.len; i++)
		if (strchr("@%;,&+{}$*|<>^`\"'()!~=_", authority.data[i]))
			return refuse(target,
			              "the host part holds a character that hosts do not have",
			              err);
	return 0;
}

int caps_host_parse(struct str target, struct caps_host *ret_host, struct err *err)
{
	struct caps_host host = { .port = 0 };
	struct str authority = target;
	bool has_port;
	size_t end = 0;
	int r;

	if (target.len >= 8 && strncasecmp(target.data, "https://", 8) == 0) {
		host.port = 443;
		authority = str_from(target, 8);
	} else if (target.len >= 7 && strncasecmp(target.data, "http://", 7) == 0) {
		host.port = 80;
		authority = str_from(target, 7);
	}
	while (host.port && end < authority.len && !strchr("/?#", authority.data[end]))
		end++;
	if (host.port)
		authority = str_head(authority, end);
	r = check_bytes(target, authority, err);
	if (r < 0)
		return r;
	if (authority.len == 0)
		return refuse(target, "no host", err);
	r = read_authority(authority, &host, &has_port, err);
	if (r < 0)
		return r;
	if (host.port == 0)
		return refuse(target, "write http://, https:// or host:port", err);
	if (host.kind == CAPS_ADDRESS_EMBEDDED)
		return refuse(target, "an IPv4 address hidden in another form", err);
	*ret_host = host;
	return 0;
}

static int read_rule(struct str text, struct host_rule *rule, struct err *err)
{
	struct str name = text;
	int r;

	if (str_starts(text, STR("*."))) {
		rule->is_wildcard = true;
		name = str_from(text, 2);
	}
	/* An IPv6 address may stand without brackets when it has no port. */
	if (!rule->is_wildcard && read_ipv6(text, &rule->host, err) == 0)
		return rule->host.kind == CAPS_ADDRESS_EMBEDDED
		               ? refuse(text, "write the IPv4 address", err)
		               : 0;
	rule->host = (struct caps_host){ 0 };
	r = check_bytes(name, name, err);
	if (r == 0)
		r = read_authority(name, &rule->host, &rule->has_port, err);
	if (r < 0)
		return r;
	if (rule->host.kind == CAPS_ADDRESS_EMBEDDED)
		return refuse(text, "write the IPv4 address", err);
	if (rule->is_wildcard && (rule->host.is_address || !strchr(rule->host.name, '.')))
		return refuse(text, "a wildcard needs two labels or more behind it", err);
	return 0;
}

int caps_hosts_new(const struct str *rules, size_t n_rules, struct caps_hosts **ret_hosts,
                   struct err *err)
{
	cleanup_with(caps_hosts_free) struct caps_hosts *hosts =
		calloc(1, sizeof(*hosts) + n_rules * sizeof(hosts->rules[0]));

	if (!hosts)
		return err_nomem(err);
	for (hosts->n = 0; hosts->n < n_rules; hosts->n++) {
		int r = read_rule(rules[hosts->n], &hosts->rules[hosts->n], err);

		if (r < 0)
			return r;
	}
	*ret_hosts = take_ptr(hosts);
	return 0;
}

void caps_hosts_free(struct caps_hosts *hosts)
{
	free(hosts);
}

static bool names_match(const struct host_rule *rule, const struct caps_host *host)
{
	size_t suffix = rule->host.len;

	if (!rule->is_wildcard)
		return rule->host.len == host->len &&
		       memcmp(rule->host.name, host->name, suffix) == 0;
	return !host->is_address && host->len > suffix + 1 &&
	       host->name[host->len - suffix - 1] == '.' &&
	       memcmp(host->name + host->len - suffix, rule->host.name, suffix) == 0;
}

/* Exact before wildcard, longer suffix before shorter, with port before without. */
static size_t weight(const struct host_rule *rule)
{
	return (rule->is_wildcard ? rule->host.len : 1000) * 2 + rule->has_port;
}

size_t caps_hosts_allow(const struct caps_hosts *hosts, const struct caps_host *host)
{
	size_t best = CAPS_HOSTS_NONE;

	for (size_t i = 0; i < hosts->n; i++) {
		const struct host_rule *rule = &hosts->rules[i];

		if (rule->is_wildcard && host->kind != CAPS_ADDRESS_PUBLIC)
			continue;
		if (rule->has_port ? rule->host.port != host->port
		                   : host->port != 80 && host->port != 443)
			continue;
		if (!names_match(rule, host))
			continue;
		if (best == CAPS_HOSTS_NONE || weight(rule) > weight(&hosts->rules[best]))
			best = i;
	}
	return best;
}

size_t caps_hosts_deny(const struct caps_hosts *hosts, const struct caps_host *host)
{
	for (size_t i = 0; i < hosts->n; i++) {
		const struct host_rule *rule = &hosts->rules[i];

		if (names_match(rule, host) && (!rule->has_port || rule->host.port == host->port))
			return i;
	}
	return CAPS_HOSTS_NONE;
}
