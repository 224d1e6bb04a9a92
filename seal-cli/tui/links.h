/*
 * The addresses that cells lead to: a cell holds a number, the screen writes the
 * address as a terminal hyperlink (OSC 8).  Only addresses a terminal may open
 * without harm are kept: http, https, mailto, printable ASCII.
 */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"
#include "base/str.h"

struct links;

struct links *links_new(void);
void links_free(struct links *links);
DEFINE_CLEANUP(struct links, links_free)

/* Its number; 0 when it is not kept (`links` may be NULL). */
uint16_t links_add(struct links *links, struct str address);

/* "" for 0 and for what is not there. */
const char *links_get(const struct links *links, uint16_t number);
