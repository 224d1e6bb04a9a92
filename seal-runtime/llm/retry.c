#include "llm/retry.h"

#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "llm/http.h"

int64_t retry_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool retry_is_wanted(const struct http_result *result)
{
	const struct http_head *head = &result->head;

	if (result->outcome == HTTP_CANCELLED)
		return false;
	if (result->outcome == HTTP_BROKEN)
		return !result->is_lasting;
	if (strcmp(head->should_retry, "true") == 0)
		return true;
	if (strcmp(head->should_retry, "false") == 0)
		return false;
	return head->status == 408 || head->status == 409 || head->status == 429 ||
	       head->status >= 500;
}

static bool read_number(const char *text, double *ret_value)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !isfinite(value) || value < 0 || value > 1e9)
		return false;
	*ret_value = value;
	return true;
}

/* "1h2m3.5s", "250ms": each unit once is not checked. */
static int64_t duration_ms(const char *text)
{
	static const struct {
		const char *unit;
		double ms;
	} units[] = {{"ms", 1}, {"h", 3600000}, {"m", 60000}, {"s", 1000}};
	double total = 0;

	while (*text) {
		char *unit;
		double value = strtod(text, &unit);
		size_t i = 0;

		if (unit == text || !(value >= 0 && value < 1e6))
			return -1;
		while (i < 4 && strncmp(unit, units[i].unit, strlen(units[i].unit)) != 0)
			i++;
		if (i == 4)
			return -1;
		total += value * units[i].ms;
		text = unit + strlen(units[i].unit);
	}
	return (int64_t)total;
}

int64_t retry_reset_ms(const char *text, time_t now)
{
	struct tm date = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &date);
	char *rest;
	double value;

	if (end && strchr("Z.+", *end)) {
		time_t at = timegm(&date);

		return at > now ? (int64_t)(at - now) * 1000 : 0;
	}
	value = strtod(text, &rest);
	if (rest == text || !isfinite(value))
		return -1;
	if (*rest)
		return duration_ms(text);
	/* Seconds of this century have ten digits, its milliseconds thirteen. */
	if (value < 1e9 || value > 1e14)
		return -1;
	value = value > 1e11 ? value - (double)now * 1000 : (value - (double)now) * 1000;
	return value > 0 ? (int64_t)value : 0;
}

static int64_t limits_ms(const struct http_head *head, time_t now)
{
	int64_t longest = -1;

	if (head->status != 429)
		return -1;
	for (size_t i = 0; i < HTTP_LIMIT_KINDS; i++) {
		const struct http_limit *limit = &head->limits[i];
		int64_t ms = strcmp(limit->remaining, "0") == 0 ? retry_reset_ms(limit->reset, now) : -1;

		if (ms > longest)
			longest = ms;
	}
	return longest;
}

int64_t retry_asked_ms(const struct http_result *result, time_t now)
{
	struct tm date = {0};
	const char *end;
	double value;

	if (read_number(result->head.retry_after_ms, &value))
		return (int64_t)value;
	if (read_number(result->head.retry_after, &value))
		return (int64_t)(value * 1000);
	end = strptime(result->head.retry_after, "%a, %d %b %Y %H:%M:%S GMT", &date);
	if (!end || *end)
		return limits_ms(&result->head, now);
	time_t at = timegm(&date);
	return at > now ? (int64_t)(at - now) * 1000 : 0;
}

int64_t retry_backoff_ms(unsigned int tries)
{
	int64_t full = tries < 4 ? (int64_t)500 << tries : 8000;
	uint32_t random = 0;

	/* Without random bytes all clients wait equally long; no harm to us. */
	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	return full - (int64_t)((double)full * 0.25 * ((double)random / UINT32_MAX));
}

bool retry_is_cancelled(int cancel_fd)
{
	return retry_wait(cancel_fd, 0);
}

bool retry_wait(int cancel_fd, int64_t ms)
{
	struct pollfd cancel = {.fd = cancel_fd, .events = POLLIN};
	int64_t until = retry_now_ms() + ms;

	for (;;) {
		int64_t left = until - retry_now_ms();
		int n = poll(&cancel, 1, left > 0 ? (int)left : 0);

		/* A closed or bad descriptor can never say "cancel" again, and
		 * whoever held it is gone: that is a cancel too. */
		if (n > 0)
			return true;
		if (left <= 0)
			return false;
	}
}
