/* The filter as built, interpreted for both architectures. */
#include <errno.h>
#include <stdlib.h>

#include "base/test.h"
#include "sandbox/init/seccomp.h"

#define ALLOWED 0
#define KILLED  (-1)

/* The opcodes that seccomp_build() may use; another one fails the test. */
static int64_t interpret(const struct seccomp_program *program, const struct seccomp_input *input)
{
	uint32_t loaded = 0;

	for (size_t at = 0; at < program->n; at++) {
		const struct seccomp_op *op = &program->ops[at];

		switch (op->code) {
		case 0x20:
			assert_true(op->k + 4 <= sizeof(*input));
			memcpy(&loaded, (const char *)input + op->k, 4);
			break;
		case 0x15:
			at += loaded == op->k ? op->jt : op->jf;
			break;
		case 0x35:
			at += loaded >= op->k ? op->jt : op->jf;
			break;
		case 0x45:
			at += loaded & op->k ? op->jt : op->jf;
			break;
		case 0x06:
			if (op->k == SECCOMP_ALLOW || op->k == SECCOMP_KILL)
				return op->k == SECCOMP_ALLOW ? ALLOWED : KILLED;
			return op->k & 0xffff;
		default:
			fail_msg("opcode %x", op->code);
		}
	}
	fail_msg("ran past the end");
	return 0;
}

static const struct row {
	const char *name;
	int x86_64, aarch64; /* number of the call, -1: not there */
	uint64_t args[4];
	bool debug;
	int want;
} rows[] = {
    {"an ordinary call is allowed", 1, 64, {0}, false, ALLOWED},
    {"openat for reading is allowed", 257, 56, {0, 0, 0, 0}, false, ALLOWED},
    {"openat may create an ordinary file", 257, 56, {0, 0, 0x40, 0644}, false, ALLOWED},
    {"openat may not create a set-id file", 257, 56, {0, 0, 0x40, 04755}, false, EPERM},
    {"a mode without O_CREAT means nothing", 257, 56, {0, 0, 0, 04755}, false, ALLOWED},
    {"an unnamed set-id file is none either", 257, 56, {0, 0, 0x410000, 02755}, false, EPERM},
    {"open may not create a set-id file", 2, -1, {0, 0x41, 02755}, false, EPERM},
    {"chmod may not set set-id bits", 90, -1, {0, 04755}, false, EPERM},
    {"fchmod may not set set-id bits", 91, 52, {0, 02755}, false, EPERM},
    {"fchmodat2 may not set set-id bits", 452, 452, {0, 0, 06000}, false, EPERM},
    {"fchmodat may set ordinary bits", 268, 53, {0, 0, 0755}, false, ALLOWED},
    {"mount is refused", 165, 40, {0}, false, EPERM},
    {"unshare is refused", 272, 97, {0}, false, EPERM},
    {"the new mount calls are refused", 429, 429, {0}, false, EPERM},
    {"a thread may be made", 56, 220, {0x3d0f00}, false, ALLOWED},
    {"clone may make no user namespace", 56, 220, {0x10000000}, false, EPERM},
    {"clone may make no time namespace", 56, 220, {0x80}, false, EPERM},
    {"clone3 does not exist", 435, 435, {0}, false, ENOSYS},
    {"openat2 does not exist", 437, 437, {0}, false, ENOSYS},
    {"io_uring does not exist", 425, 425, {0}, false, ENOSYS},
    {"keyrings are refused", 250, 219, {0}, false, EPERM},
    {"ptrace is refused", 101, 117, {0}, false, EPERM},
    {"ptrace is allowed with debugging", 101, 117, {0}, true, ALLOWED},
    {"debugging allows nothing else", 165, 40, {0}, true, EPERM},
    {"a terminal's size may be read", 16, 29, {0, 0x5413}, false, ALLOWED},
    {"nothing is typed into a terminal", 16, 29, {0, 0x5412}, false, EPERM},
    {"high bits hide no ioctl", 16, 29, {0, 0x100005412ull}, false, EPERM},
    {"a Unix socket is allowed", 41, 198, {1, 1}, false, ALLOWED},
    {"IPv6 is allowed", 41, 198, {10, 1}, false, ALLOWED},
    {"routing netlink is allowed", 41, 198, {16, 3, 0}, false, ALLOWED},
    {"netfilter netlink has no family", 41, 198, {16, 3, 12}, false, EAFNOSUPPORT},
    {"vsock has no family", 41, 198, {40, 1}, false, EAFNOSUPPORT},
    {"packet sockets have no family", 41, 198, {17, 3}, false, EAFNOSUPPORT},
    {"an x32 number does not exist", 0x40000000 | 39, -1, {0}, false, ENOSYS},
};

TEST(calls)
{
	for (int arch = 0; arch < 2; arch++)
		TEST_ROWS(rows, row)
		{
			int nr = arch == SECCOMP_X86_64 ? row->x86_64 : row->aarch64;
			struct seccomp_input input = {.nr = nr,
						      .arch = arch == SECCOMP_X86_64
								  ? SECCOMP_AUDIT_X86_64
								  : SECCOMP_AUDIT_AARCH64};
			struct seccomp_program program;

			if (nr < 0)
				continue;
			memcpy(input.args, row->args, sizeof(row->args));
			seccomp_build((enum seccomp_arch)arch, row->debug, &program);
			EXPECT_EQ(row, interpret(&program, &input), row->want);
		}
}

/* 32-bit calls of an x86_64 kernel (int 0x80) carry another architecture. */
TEST(other_architecture_is_killed)
{
	struct seccomp_program program;
	struct seccomp_input input = {.nr = 1, .arch = 0x40000003};

	seccomp_build(SECCOMP_X86_64, false, &program);
	assert_int_equal(interpret(&program, &input), KILLED);
	seccomp_build(SECCOMP_AARCH64, false, &program);
	assert_int_equal(interpret(&program, &input), KILLED);
}

TEST_MAIN(RUN(calls), RUN(other_architecture_is_killed))
