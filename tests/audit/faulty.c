/*
 * A disk that fails, and a process that dies, at a record of the log that is
 * named: loaded by tests in front of libc (LD_PRELOAD).  No program of the
 * project knows of it.
 *   FAULTY=kill-before:N   SIGKILL instead of writing record N
 *   FAULTY=kill-after:N    SIGKILL once record N is written
 *   FAULTY=full:N          no space for record N and all behind it
 *   FAULTY=half:N          half of record N is written, then there is no space
 *   FAULTY=sync:N          fdatasync fails from record N on
 */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static unsigned long long last_record;

static bool is_fault(const char *kind, unsigned long long record, bool from_there_on)
{
	const char *fault = getenv("FAULTY");
	size_t len = strlen(kind);

	if (!fault || strncmp(fault, kind, len) != 0 || fault[len] != ':')
		return false;
	return from_there_on ? record >= strtoull(fault + len + 1, NULL, 10) :
			       record == strtoull(fault + len + 1, NULL, 10);
}

/* Lines of the log begin with their number; nothing else that is written does. */
static bool is_record(const void *data, size_t len, unsigned long long *ret_record)
{
	char head[40] = "";

	if (len < 80 || memcmp(data, "{\"seq\":", 7) != 0)
		return false;
	memcpy(head, (const char *)data + 7, sizeof(head) - 1);
	*ret_record = strtoull(head, NULL, 10);
	return strstr(head, ",\"prev\":\"");
}

ssize_t write(int fd, const void *data, size_t len)
{
	static ssize_t (*real)(int, const void *, size_t);
	unsigned long long record;
	ssize_t n;

	if (!real)
		real = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
	if (!is_record(data, len, &record))
		return real(fd, data, len);
	last_record = record;
	if (is_fault("kill-before", record, false))
		(void)kill(getpid(), SIGKILL);
	if (is_fault("half", record, true))
		return real(fd, data, len / 2);
	if (is_fault("full", record, true)) {
		errno = ENOSPC;
		return -1;
	}
	n = real(fd, data, len);
	if (is_fault("kill-after", record, false))
		(void)kill(getpid(), SIGKILL);
	return n;
}

int fdatasync(int fd)
{
	static int (*real)(int);

	if (!real)
		real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
	if (is_fault("sync", last_record, true)) {
		errno = EIO;
		return -1;
	}
	return real(fd);
}
