/*
 * For tests of keys and signatures: a home folder of the test's own, and real
 * programs run in it.  Include after base/test.h.
 */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"

static char home[64];

/* Makes the folder and points every variable of seal's at it. */
static int home_make(void **state)
{
	(void)state;
	(void)snprintf(home, sizeof(home), "/tmp/seal-home-XXXXXX");
	if (!mkdtemp(home) || chdir(home) < 0)
		return -1;
	(void)setenv("HOME", home, 1);
	(void)setenv("XDG_CONFIG_HOME", home, 1);
	(void)setenv("XDG_STATE_HOME", home, 1);
	(void)unsetenv("SEAL_KEY_BACKEND");
	(void)unsetenv("SSH_AUTH_SOCK");
	return 0;
}

static int home_remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

static int home_drop(void **state)
{
	(void)state;
	return nftw(home, home_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Runs a program with `input` as its standard input; its exit code.  Output goes to "out". */
__attribute__((unused)) static int run(const char *input, char *const argv[])
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		int in = open(input ? input : "/dev/null", O_RDONLY);
		int out = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);

		if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
			_exit(126);
		execvp(argv[0], argv);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define RUN_PROGRAM(input, ...) run(input, (char *const[]){__VA_ARGS__, NULL})

__attribute__((unused)) static void put(const char *name, struct str text)
{
	struct err err;

	MUST(fd_replace_path(name, text, 0600, &err), &err);
}

__attribute__((unused)) static void get(const char *name, struct buf *text)
{
	struct err err;

	buf_clear(text);
	MUST(fd_read_file(AT_FDCWD, name, 1 << 20, text, &err), &err);
}

#define TEST_MAIN_AT_HOME(...)                                                                     \
	int main(void)                                                                             \
	{                                                                                          \
		const struct CMUnitTest tests[] = {__VA_ARGS__};                                   \
		return cmocka_run_group_tests(tests, home_make, home_drop);                        \
	}
