/*
 * A session as one HTML page that needs nothing else: the page (page/page.html)
 * with the session's data in it as JSON.
 *
 * Nothing of a session can become markup: JSON in which "<" is written as an
 * escape, texts that the page puts in as text only, and a policy in the page
 * that runs its own script and no other.
 */
#pragma once

struct buf;
struct err;
struct story;

/* A call's arguments and its result are on the page up to this many bytes each. */
#define REPORT_TEXT_MAX ((size_t)64 << 10)

int report_page(const struct story *story, struct buf *ret_html, struct err *err);
