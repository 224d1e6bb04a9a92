/*
 * Private to seal-cli/: bytes to a web address that the person typed.  By the
 * machine's own curl, with its proxies and certificates: seal itself connects to
 * nothing but seald.
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"

struct err;

bool post_is_address(const char *target);

/* As JSON; anything but an answer of 2xx within half a minute is an error that
 * names the address and what came back. */
int post_json(const char *url, struct str bytes, struct err *err);
