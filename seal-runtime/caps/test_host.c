#include "caps/test_rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "caps/hosts.h"

static const struct {
	const char *name, *target, *want;
	unsigned int port;
} parses[] = {
	{ "https is port 443", "https://api.example.com/x?y#z", "api.example.com", 443 },
	{ "http is port 80", "HTTP://Example.COM", "example.com", 80 },
	{ "a written port counts", "https://a.example:8443/", "a.example", 8443 },
	{ "host:port is CONNECT's form", "a.example:22", "a.example", 22 },
	{ "one trailing dot falls away", "https://a.example./", "a.example", 443 },
	{ "the host ends at a question mark", "https://a.example?@b.example", "a.example", 443 },
	{ "the host ends at a hash", "https://a.example#@b.example", "a.example", 443 },
	{ "an address in four decimals", "http://192.0.2.7/", "192.0.2.7", 80 },
	{ "IPv6 becomes canonical", "http://[2606:4700:0:0::0001]:81/", "2606:4700::1", 81 },
	{ "a U-label becomes an A-label",
	  "https://b\xc3\xbc"
	  "cher.example/",
	  "xn--bcher-kva.example", 443 },
	{ "a path may hold anything readable", "https://a.example/\xe6\x97\xa5", "a.example", 443 },
	{ "no scheme and no port is nothing", "a.example", NULL, 0 },
	{ "another scheme is refused", "ftp://a.example/", NULL, 0 },
	{ "user information is refused", "https://a@b.example/", NULL, 0 },
	{ "a percent sign in the host is refused", "https://a%2eb.example/", NULL, 0 },
	{ "a backslash is refused", "https://a.example\\b.example/", NULL, 0 },
	{ "a blank is refused", "https://a.example /", NULL, 0 },
	{ "a line break is refused", "https://a.example/\r\nX: y", NULL, 0 },
	{ "an underscore is refused", "https://a_b.example/", NULL, 0 },
	{ "an edge dash is refused", "https://-a.example/", NULL, 0 },
	{ "an empty label is refused", "https://a..example/", NULL, 0 },
	{ "two trailing dots are refused", "https://a.example../", NULL, 0 },
	{ "an empty host is refused", "https://:443/", NULL, 0 },
	{ "an empty port is refused", "https://a.example:/", NULL, 0 },
	{ "port zero is refused", "https://a.example:0/", NULL, 0 },
	{ "a leading zero is refused", "https://a.example:0443/", NULL, 0 },
	{ "a sign is refused", "https://a.example:+443/", NULL, 0 },
	{ "65536 is refused", "https://a.example:65536/", NULL, 0 },
	{ "an octal octet is refused", "http://0177.0.0.1/", NULL, 0 },
	{ "a hexadecimal octet is refused", "http://0x7f.0.0.1/", NULL, 0 },
	{ "a short address is refused", "http://127.1/", NULL, 0 },
	{ "one number is refused", "http://2130706433/", NULL, 0 },
	{ "a mapped address is refused", "http://[::ffff:127.0.0.1]/", NULL, 0 },
	{ "NAT64 is refused", "http://[64:ff9b::7f00:1]/", NULL, 0 },
	{ "6to4 is refused", "http://[2002:7f00:1::]/", NULL, 0 },
	{ "Teredo is refused", "http://[2001::1]/", NULL, 0 },
	{ "a zone is refused", "http://[fe80::1%25eth0]/", NULL, 0 },
	{ "an open bracket is refused", "http://[::1/", NULL, 0 },
	{ "what follows a bracket is refused", "http://[2606:4700::1]x/", NULL, 0 },
	{ "full-width letters are refused", "https://\xef\xbd\x81.example/", NULL, 0 },
	{ "the ideographic full stop is refused",
	  "https://a\xe3\x80\x82"
	  "example/",
	  NULL, 0 },
	{ "circled digits are refused", "https://\xe2\x91\xa0.example/", NULL, 0 },
	{ "a soft hyphen is refused",
	  "https://a\xc2\xad"
	  "b.example/",
	  NULL, 0 },
};

TEST(targets_are_read_strictly)
{
	TEST_ROWS (parses, row) {
		struct caps_host host;
		struct err err = { 0 };
		int r = caps_host_parse(str_of(row->target), &host, &err);

		EXPECT_EQ(row, r == 0, row->want != NULL);
		if (r < 0)
			continue;
		EXPECT_STR(row, ((struct str){ host.name, host.len }), row->want);
		EXPECT_EQ(row, host.port, row->port);
	}
}

TEST(a_nul_is_refused)
{
	struct caps_host host;
	struct err err;

	assert_int_equal(caps_host_parse(STR("https://a.example\0.b.example/"), &host, &err),
	                 ERR_INPUT);
}

static const struct {
	const char *name, *address;
	enum caps_address want;
} kinds[] = {
	{ "a public address", "93.184.216.34", CAPS_ADDRESS_PUBLIC },
	{ "loopback", "127.8.8.8", CAPS_ADDRESS_LOOPBACK },
	{ "ten", "10.1.2.3", CAPS_ADDRESS_PRIVATE },
	{ "172.16 to 172.31", "172.31.255.255", CAPS_ADDRESS_PRIVATE },
	{ "172.32 is public", "172.32.0.1", CAPS_ADDRESS_PUBLIC },
	{ "192.168", "192.168.0.1", CAPS_ADDRESS_PRIVATE },
	{ "link-local", "169.254.1.1", CAPS_ADDRESS_LINK_LOCAL },
	{ "metadata", "169.254.169.254", CAPS_ADDRESS_METADATA },
	{ "carrier NAT", "100.127.255.255", CAPS_ADDRESS_SHARED },
	{ "100.128 is public", "100.128.0.1", CAPS_ADDRESS_PUBLIC },
	{ "benchmarking", "198.19.0.1", CAPS_ADDRESS_BENCHMARK },
	{ "multicast", "239.1.1.1", CAPS_ADDRESS_MULTICAST },
	{ "unspecified", "0.0.0.0", CAPS_ADDRESS_RESERVED },
	{ "broadcast", "255.255.255.255", CAPS_ADDRESS_RESERVED },
	{ "IPv6 loopback", "::1", CAPS_ADDRESS_LOOPBACK },
	{ "IPv6 unspecified", "::", CAPS_ADDRESS_RESERVED },
	{ "unique local", "fd12::1", CAPS_ADDRESS_PRIVATE },
	{ "IPv6 link-local", "fe80::1", CAPS_ADDRESS_LINK_LOCAL },
	{ "IPv6 multicast", "ff02::1", CAPS_ADDRESS_MULTICAST },
	{ "IPv6 metadata", "fd00:ec2::254", CAPS_ADDRESS_METADATA },
	{ "mapped", "::ffff:8.8.8.8", CAPS_ADDRESS_EMBEDDED },
	{ "compatible", "::8.8.8.8", CAPS_ADDRESS_EMBEDDED },
	{ "NAT64", "64:ff9b::8.8.8.8", CAPS_ADDRESS_EMBEDDED },
	{ "6to4", "2002:808:808::1", CAPS_ADDRESS_EMBEDDED },
	{ "a public IPv6 address", "2606:4700::1111", CAPS_ADDRESS_PUBLIC },
	{ "outside global unicast", "4000::1", CAPS_ADDRESS_RESERVED },
};

TEST(addresses_have_a_kind)
{
	TEST_ROWS (kinds, row) {
		struct sockaddr_in v4 = { .sin_family = AF_INET };
		struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
		bool is_v4 = inet_pton(AF_INET, row->address, &v4.sin_addr) == 1;

		if (!is_v4)
			assert_int_equal(inet_pton(AF_INET6, row->address, &v6.sin6_addr), 1);
		EXPECT_EQ(
			row,
			caps_address_kind(is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6),
			row->want);
	}
}

#define ALLOW(list) "[capabilities.allow.network]\ndomains = [" list "]\n"
#define DENY(list)  "[capabilities.deny.network]\ndomains = [" list "]\n"

static const struct {
	const char *name, *rules, *target, *rule;
	enum caps_verdict want;
} answers[] = {
	{ "an exact name is allowed", ALLOW("\"a.example.com\""), "https://a.example.com/",
	  "a.example.com", CAPS_ALLOW },
	{ "a name is not a prefix", ALLOW("\"a.example.com\""), "https://a.example.com.evil.test/",
	  "", CAPS_ASK },
	{ "a name is not a suffix", ALLOW("\"example.com\""), "https://evilexample.com/", "",
	  CAPS_ASK },
	{ "a name does not cover its subdomains", ALLOW("\"example.com\""),
	  "https://a.example.com/", "", CAPS_ASK },
	{ "a wildcard covers one label", ALLOW("\"*.example.com\""), "https://a.example.com/",
	  "*.example.com", CAPS_ALLOW },
	{ "a wildcard covers many labels", ALLOW("\"*.example.com\""), "https://a.b.c.example.com/",
	  "*.example.com", CAPS_ALLOW },
	{ "a wildcard does not cover its apex", ALLOW("\"*.example.com\""), "https://example.com/",
	  "", CAPS_ASK },
	{ "exact beats wildcard", ALLOW("\"*.example.com\", \"a.example.com\""),
	  "https://a.example.com/", "a.example.com", CAPS_ALLOW },
	{ "the longer suffix wins", ALLOW("\"*.example.com\", \"*.b.example.com\""),
	  "https://a.b.example.com/", "*.b.example.com", CAPS_ALLOW },
	{ "with port beats without", ALLOW("\"a.example\", \"a.example:443\""),
	  "https://a.example/", "a.example:443", CAPS_ALLOW },
	{ "no port means 80 and 443 only", ALLOW("\"a.example\""), "https://a.example:8443/", "",
	  CAPS_ASK },
	{ "a port means that port only", ALLOW("\"a.example:8443\""), "https://a.example/", "",
	  CAPS_ASK },
	{ "deny beats a more specific allow", ALLOW("\"a.example.com\"") DENY("\"*.example.com\""),
	  "https://a.example.com/", "*.example.com", CAPS_DENY },
	{ "deny holds on every port", ALLOW("\"a.example:99\"") DENY("\"a.example\""),
	  "a.example:99", "a.example", CAPS_DENY },
	{ "deny is compared in canonical form",
	  ALLOW("\"*.example.com\"") DENY("\"a.example.com\""), "https://A.EXAMPLE.com./",
	  "a.example.com", CAPS_DENY },
	{ "the universal list denies",
	  ALLOW("\"a.example\"") "[security]\nuniversal_deny_domains = [\"a.example\"]\n",
	  "https://a.example/", "a.example", CAPS_DENY },
	{ "a private address needs its own rule", ALLOW("\"a.example\""), "http://10.0.0.1/", "",
	  CAPS_DENY },
	{ "a private address may be written", ALLOW("\"10.0.0.1\""), "http://10.0.0.1/", "10.0.0.1",
	  CAPS_ALLOW },
	{ "IPv6 may be written in any spelling", ALLOW("\"[0:0::1]:9000\""), "http://[::1]:9000/",
	  "[0:0::1]:9000", CAPS_ALLOW },
	{ "localhost needs its own rule", ALLOW("\"a.example\""), "http://localhost/", "",
	  CAPS_DENY },
	{ "a wildcard does not cover localhost names", ALLOW("\"*.x.localhost\""),
	  "http://a.x.localhost/", "", CAPS_DENY },
	{ "localhost may be written", ALLOW("\"localhost:3000\""), "http://localhost:3000/",
	  "localhost:3000", CAPS_ALLOW },
	{ "a public address without a rule asks", ALLOW("\"a.example\""), "http://93.184.216.34/",
	  "", CAPS_ASK },
	{ "rule and target agree on IDNA",
	  ALLOW("\"b\xc3\xbc"
	        "cher.example\""),
	  "https://xn--bcher-kva.example/",
	  "b\xc3\xbc"
	  "cher.example",
	  CAPS_ALLOW },
};

TEST(rules_decide)
{
	TEST_ROWS (answers, row) {
		struct rules rules = rules_new(row->rules);
		struct caps_question question = { .verb = CAPS_CONNECT,
			                          .subject = str_of(row->target) };

		if (!rules.caps)
			fail_msg("%s: %s", row->name, rules.err.text);
		struct caps_answer answer = caps_check(rules.caps, &question);

		EXPECT_EQ(row, answer.verdict, row->want);
		EXPECT_STR(row, answer.rule, row->rule);
		caps_answer_fini(&answer);
		rules_free(&rules);
	}
}

static const struct {
	const char *name, *rules;
} bad[] = {
	{ "a star alone", ALLOW("\"*\"") },
	{ "a star inside", ALLOW("\"a.*.com\"") },
	{ "a star without a dot", ALLOW("\"*foo.com\"") },
	{ "a suffix of one label", ALLOW("\"*.com\"") },
	{ "an empty suffix", ALLOW("\"*.\"") },
	{ "a double star", ALLOW("\"**.example.com\"") },
	{ "a scheme", ALLOW("\"https://a.example\"") },
	{ "a path", ALLOW("\"a.example/x\"") },
	{ "a short address", ALLOW("\"127.1\"") },
	{ "a bad host in a command's list",
	  "[capabilities.allow.commands]\ndefault_domains = [\"*\"]\n" },
};

TEST(bad_rules_do_not_load)
{
	TEST_ROWS (bad, row) {
		struct rules rules = rules_new(row->rules);

		EXPECT_TRUE(row, rules.caps == NULL);
		EXPECT_TRUE(row, strstr(rules.err.text, "seal.toml:6: ") == rules.err.text);
		rules_free(&rules);
	}
}

/* What is written at any step makes the same question silent. */
TEST(every_step_of_the_scale_covers_its_question)
{
	static const struct {
		const char *name, *target, *broadest, *recommended;
	} rows[] = {
		{ "a subdomain", "https://api.github.com/", "*.github.com", "api.github.com" },
		{ "an apex has no wildcard", "https://github.com/", "github.com", "github.com" },
		{ "a shared suffix has none", "https://me.github.io/", "me.github.io",
		  "me.github.io" },
		{ "a name below a country has none", "https://shop.co.uk/", "shop.co.uk",
		  "shop.co.uk" },
		{ "another port is written", "https://a.b.example:8443/", "*.b.example:8443",
		  "a.b.example:8443" },
		{ "an address", "http://93.184.216.34/", "93.184.216.34", "93.184.216.34" },
		{ "IPv6 with a port", "http://[2606:4700::1]:81/", "[2606:4700::1]:81",
		  "[2606:4700::1]:81" },
	};

	TEST_ROWS (rows, row) {
		struct rules rules = rules_new("");
		struct caps_question question = { .verb = CAPS_CONNECT,
			                          .subject = str_of(row->target) };
		struct caps_answer answer = caps_check(rules.caps, &question);

		EXPECT_EQ(row, answer.n_parts, 1);
		EXPECT_STR(row, answer.parts[0].steps[0].pattern, row->broadest);
		for (size_t i = 0; i < answer.parts[0].n_steps; i++) {
			struct rules again = rules_new("");
			struct caps_answer second;

			if (answer.parts[0].steps[i].recommended)
				EXPECT_STR(row, answer.parts[0].steps[i].pattern, row->recommended);
			MUST(caps_remember(again.caps, CAPS_CONNECT,
			                   answer.parts[0].steps[i].pattern, true, &again.err),
			     &again.err);
			second = caps_check(again.caps, &question);
			EXPECT_EQ(row, second.verdict, CAPS_ALLOW);
			caps_answer_fini(&second);
			rules_free(&again);
		}
		caps_answer_fini(&answer);
		rules_free(&rules);
	}
}

TEST_MAIN(RUN(targets_are_read_strictly), RUN(a_nul_is_refused), RUN(addresses_have_a_kind),
          RUN(rules_decide), RUN(bad_rules_do_not_load),
          RUN(every_step_of_the_scale_covers_its_question))
