#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/init/init.h"
#include "sandbox/weak.h"

/* The kernel's structures and bits: the static C library has no kernel headers. */
struct ruleset {
	uint64_t fs, net, scoped;
};
struct path_rule {
	uint64_t access;
	int32_t fd;
} __attribute__((packed));

enum {
	CREATE_RULESET = 444,
	ADD_RULE = 445,
	RESTRICT_SELF = 446,
};

#define BIT(n)     ((uint64_t)1 << (n))
#define EXECUTE    BIT(0)
#define WRITE_FILE BIT(1)
#define READ_FILE  BIT(2)
#define READ_DIR   BIT(3)
#define MAKE_CHAR  BIT(6)
#define MAKE_BLOCK BIT(11)
#define REFER      BIT(13)
#define TRUNCATE   BIT(14)
#define IOCTL_DEV  BIT(15)
#define FIRST_ABI  (BIT(13) - 1)
#define ON_FILES   (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV)
#define SCOPES     3 /* abstract Unix sockets, signals */

static uint64_t handled;
static int ruleset = -1;

/* A kernel without Landlock: the mount namespace holds, doctor says so. */
void landlock_begin(void)
{
	long abi = syscall(CREATE_RULESET, NULL, 0, 1u);
	struct ruleset attr = {0};

	if (abi < 1)
		return;
	handled = FIRST_ABI | (abi >= 2 ? REFER : 0) | (abi >= 3 ? TRUNCATE : 0) |
		  (abi >= 5 ? IOCTL_DEV : 0);
	attr.fs = handled;
	attr.scoped = abi >= 6 ? SCOPES : 0;
	ruleset = (int)syscall(CREATE_RULESET, &attr, abi >= 6 ? 24 : abi >= 4 ? 16 : 8, 0u);
	if (ruleset < 0)
		init_die("landlock: create");
}

static uint64_t access_of(char kind)
{
	switch (kind) {
	case 'N':
		return READ_DIR;
	case 'R':
		return READ_FILE | READ_DIR | EXECUTE;
	case 'D':
		return READ_FILE | WRITE_FILE | READ_DIR | TRUNCATE | IOCTL_DEV;
	default:
		return handled & ~(MAKE_CHAR | MAKE_BLOCK | IOCTL_DEV);
	}
}

void landlock_add(char kind, const char *path)
{
	struct path_rule rule = {.access = access_of(kind) & handled};
	struct stat st;

	if (ruleset < 0)
		return;
	rule.fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.fd < 0 && errno == ENOENT)
		return;
	if (rule.fd < 0 || fstat(rule.fd, &st) < 0)
		init_die(path);
	if (!S_ISDIR(st.st_mode))
		rule.access &= ON_FILES;
	if (syscall(ADD_RULE, ruleset, 1, &rule, 0u) != 0)
		init_die(path);
	close(rule.fd);
}

void landlock_enter(void)
{
	if (ruleset < 0 || weak_is("landlock"))
		return;
	if (syscall(RESTRICT_SELF, ruleset, 0u) != 0)
		init_die("landlock: enter");
	close(ruleset);
}
