/* Any bytes as a target: what is read is canonical, so reading it again changes nothing. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "caps/hosts.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct str text = { (const char *)bytes, size }, rule;
	cleanup_with(caps_hosts_free) struct caps_hosts *hosts = NULL;
	struct caps_host host, again;
	char target[CAPS_HOST_MAX + 16];
	struct err err;

	(void)(caps_hosts_new(&text, 1, &hosts, &err));
	if (caps_host_parse(text, &host, &err) < 0)
		return 0;
	(void)snprintf(target, sizeof(target), strchr(host.name, ':') ? "[%s]:%u" : "%s:%u",
	               host.name, host.port);
	if (caps_host_parse(str_of(target), &again, &err) < 0)
		abort();
	if (strcmp(host.name, again.name) != 0 || host.port != again.port ||
	    host.kind != again.kind)
		abort();
	caps_hosts_free(hosts);
	hosts = NULL;
	rule = str_of(target);
	if (caps_hosts_new(&rule, 1, &hosts, &err) < 0 || caps_hosts_allow(hosts, &host) != 0)
		abort(); /* a host, written as a rule, allows itself */
	return 0;
}
