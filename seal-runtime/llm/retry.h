/*
 * Private to llm/.  When to try a model call again and after how long, as the
 * providers' own libraries do; and waiting that a cancel ends at once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct http_result;

#define RETRY_MAX         2      /* tries after the first */
#define RETRY_WAIT_MAX_MS 120000 /* a server that asks for more is not waited for */

/* Monotonic. */
int64_t retry_now_ms(void);

/* May this be tried again?  x-should-retry decides; else the status, or that
 * the connection broke in a way that may pass. */
bool retry_is_wanted(const struct http_result *result);

/* What retry-after-ms or retry-after (seconds, or a date) asks for; else, of a 429,
 * until each limit of which nothing remains is whole again; -1: nothing. */
int64_t retry_asked_ms(const struct http_result *result, time_t now);

/* The milliseconds until a limit is whole again, from any of its forms: a date
 * ("2026-01-31T12:00:00Z"), a duration ("6m0s", "250ms"), seconds since 1970, and
 * milliseconds.  -1: none of them. */
int64_t retry_reset_ms(const char *text, time_t now);

/* 0.5 s doubled per try up to 8 s, less up to a quarter; `tries` counts from 0. */
int64_t retry_backoff_ms(unsigned int tries);

bool retry_is_cancelled(int cancel_fd);

/* Waits; true when it was cancelled. */
bool retry_wait(int cancel_fd, int64_t ms);
