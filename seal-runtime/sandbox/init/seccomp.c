#include "sandbox/init/seccomp.h"

#include <assert.h>
#include <errno.h>

#define ABSENT (-1)
#define DEBUG  (-2)

/* Opcodes of classic BPF, as the kernel numbers them. */
#define LOAD     0x20 /* BPF_LD | BPF_W | BPF_ABS */
#define JUMP_EQ  0x15 /* BPF_JMP | BPF_JEQ | BPF_K */
#define JUMP_GE  0x35
#define JUMP_SET 0x45
#define RETURN   0x06 /* BPF_RET | BPF_K */

#define OFFSET_NR   offsetof(struct seccomp_input, nr)
#define OFFSET_ARCH offsetof(struct seccomp_input, arch)
/* Low word: both architectures are little endian. */
#define OFFSET_ARG(n) (offsetof(struct seccomp_input, args) + 8 * (n))

#define SET_ID_BITS 06000
#define CLONE_NEW   0x7e020080u /* every CLONE_NEW* flag of clone(2) */
#define CREATES     0x400040u   /* O_CREAT | __O_TMPFILE: only then is there a mode */
#define X32_BIT     0x40000000u

static const struct {
	int nr[2];
	int answer;
} refused[] = {
#define SYSCALL(name, x86_64, aarch64, answer) {{x86_64, aarch64}, answer},
#include "sandbox/init/syscalls.def"
#undef SYSCALL
};

/* Calls that are refused for some arguments only. */
enum looked_at {
	CLONE,
	IOCTL,
	CHMOD,
	FCHMOD,
	FCHMODAT,
	FCHMODAT2,
	CREAT,
	MKNOD,
	MKNODAT,
	OPEN,
	OPENAT,
	SOCKET
};
static const int numbers[][2] = {
    [CLONE] = {56, 220},    [IOCTL] = {16, 29},      [CHMOD] = {90, ABSENT},
    [FCHMOD] = {91, 52},    [FCHMODAT] = {268, 53},  [FCHMODAT2] = {452, 452},
    [CREAT] = {85, ABSENT}, [MKNOD] = {133, ABSENT}, [MKNODAT] = {259, 33},
    [OPEN] = {2, ABSENT},   [OPENAT] = {257, 56},    [SOCKET] = {41, 198},
};

/* The low word is what the kernel compares an ioctl with, so high bits set
 * above it must not get past (CVE-2019-10063). */
static const uint32_t refused_ioctls[] = {0x5412 /* TIOCSTI */, 0x541c /* TIOCLINUX */,
					  0x5423 /* TIOCSETD */};

static void put(struct seccomp_program *p, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	assert(p->n < SECCOMP_MAX);
	p->ops[p->n++] = (struct seccomp_op){code, jt, jf, k};
}

static void refuse_call(struct seccomp_program *p, int nr, int answer)
{
	put(p, JUMP_EQ, (uint32_t)nr, 0, 1);
	put(p, RETURN, SECCOMP_ERRNO | (uint32_t)answer, 0, 0);
}

/* `jump` compares the argument with `value`; on yes the call is EPERM. */
static void refuse_argument(struct seccomp_program *p, int nr, int argument, uint16_t jump,
			    uint32_t value)
{
	if (nr == ABSENT)
		return;
	put(p, JUMP_EQ, (uint32_t)nr, 0, 4);
	put(p, LOAD, (uint32_t)OFFSET_ARG(argument), 0, 0);
	put(p, jump, value, 0, 1);
	put(p, RETURN, SECCOMP_ERRNO | EPERM, 0, 0);
	put(p, LOAD, OFFSET_NR, 0, 0);
}

static void refuse_set_id_open(struct seccomp_program *p, int nr, int flags, int mode)
{
	if (nr == ABSENT)
		return;
	put(p, JUMP_EQ, (uint32_t)nr, 0, 6);
	put(p, LOAD, (uint32_t)OFFSET_ARG(flags), 0, 0);
	put(p, JUMP_SET, CREATES, 0, 3);
	put(p, LOAD, (uint32_t)OFFSET_ARG(mode), 0, 0);
	put(p, JUMP_SET, SET_ID_BITS, 0, 1);
	put(p, RETURN, SECCOMP_ERRNO | EPERM, 0, 0);
	put(p, LOAD, OFFSET_NR, 0, 0);
}

/* Unix, IPv4, IPv6 and routing netlink; anything else has no such family. */
static void allow_socket_families(struct seccomp_program *p, int nr)
{
	put(p, JUMP_EQ, (uint32_t)nr, 0, 9);
	put(p, LOAD, (uint32_t)OFFSET_ARG(0), 0, 0);
	put(p, JUMP_EQ, 1 /* AF_UNIX */, 6, 0);
	put(p, JUMP_EQ, 2 /* AF_INET */, 5, 0);
	put(p, JUMP_EQ, 10 /* AF_INET6 */, 4, 0);
	put(p, JUMP_EQ, 16 /* AF_NETLINK */, 0, 2);
	put(p, LOAD, (uint32_t)OFFSET_ARG(2), 0, 0);
	put(p, JUMP_EQ, 0 /* NETLINK_ROUTE */, 1, 0);
	put(p, RETURN, SECCOMP_ERRNO | EAFNOSUPPORT, 0, 0);
	put(p, LOAD, OFFSET_NR, 0, 0);
}

static void refuse_arguments(struct seccomp_program *p, enum seccomp_arch arch)
{
	refuse_argument(p, numbers[CLONE][arch], 0, JUMP_SET, CLONE_NEW);
	for (size_t i = 0; i < sizeof(refused_ioctls) / sizeof(refused_ioctls[0]); i++)
		refuse_argument(p, numbers[IOCTL][arch], 1, JUMP_EQ, refused_ioctls[i]);
	refuse_argument(p, numbers[CHMOD][arch], 1, JUMP_SET, SET_ID_BITS);
	refuse_argument(p, numbers[FCHMOD][arch], 1, JUMP_SET, SET_ID_BITS);
	refuse_argument(p, numbers[FCHMODAT][arch], 2, JUMP_SET, SET_ID_BITS);
	refuse_argument(p, numbers[FCHMODAT2][arch], 2, JUMP_SET, SET_ID_BITS);
	refuse_argument(p, numbers[CREAT][arch], 1, JUMP_SET, SET_ID_BITS);
	refuse_argument(p, numbers[MKNOD][arch], 1, JUMP_SET, SET_ID_BITS);
	refuse_argument(p, numbers[MKNODAT][arch], 2, JUMP_SET, SET_ID_BITS);
	refuse_set_id_open(p, numbers[OPEN][arch], 1, 2);
	refuse_set_id_open(p, numbers[OPENAT][arch], 2, 3);
	allow_socket_families(p, numbers[SOCKET][arch]);
}

void seccomp_build(enum seccomp_arch arch, bool allow_debug, struct seccomp_program *ret_program)
{
	struct seccomp_program *p = ret_program;

	p->n = 0;
	/* Another architecture's numbers mean other calls (int 0x80): no answer is right. */
	put(p, LOAD, OFFSET_ARCH, 0, 0);
	put(p, JUMP_EQ, arch == SECCOMP_X86_64 ? SECCOMP_AUDIT_X86_64 : SECCOMP_AUDIT_AARCH64, 1,
	    0);
	put(p, RETURN, SECCOMP_KILL, 0, 0);
	put(p, LOAD, OFFSET_NR, 0, 0);
	if (arch == SECCOMP_X86_64) {
		put(p, JUMP_GE, X32_BIT, 0, 1);
		put(p, RETURN, SECCOMP_ERRNO | ENOSYS, 0, 0);
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		int answer = refused[i].answer;

		if (refused[i].nr[arch] == ABSENT || (answer == DEBUG && allow_debug))
			continue;
		refuse_call(p, refused[i].nr[arch], answer == DEBUG ? EPERM : answer);
	}
	refuse_arguments(p, arch);
	put(p, RETURN, SECCOMP_ALLOW, 0, 0);
}
