/*
 * The system call filter: default allow, a deny list, a few arguments looked
 * at.  Pure: builds the program; init/main.c loads it.  Tested on the host by
 * interpreting what was built, for both architectures.
 *
 * Own declarations of the kernel's structures: the static C library of the
 * helper ships no kernel headers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECCOMP_MAX 512

struct seccomp_op { /* struct sock_filter */
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};

struct seccomp_program {
	uint16_t n;
	struct seccomp_op ops[SECCOMP_MAX];
};

struct seccomp_input { /* struct seccomp_data */
	int32_t nr;
	uint32_t arch;
	uint64_t ip;
	uint64_t args[6];
};

#define SECCOMP_KILL  0x80000000u
#define SECCOMP_ERRNO 0x00050000u
#define SECCOMP_ALLOW 0x7fff0000u

enum seccomp_arch { SECCOMP_X86_64, SECCOMP_AARCH64 };

#define SECCOMP_AUDIT_X86_64  0xc000003eu
#define SECCOMP_AUDIT_AARCH64 0xc00000b7u

void seccomp_build(enum seccomp_arch arch, bool allow_debug, struct seccomp_program *ret_program);
