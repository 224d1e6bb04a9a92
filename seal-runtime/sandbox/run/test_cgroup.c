/* Who removes a control group and who may not; skipped where none can be made. */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/test.h"
#include "sandbox/run/cgroup.h"

#define PROCESSES 64
#define MEMORY_MB 1024

static void make(struct cgroup *cgroup)
{
	cgroup_make(PROCESSES, MEMORY_MB, cgroup);
	if (cgroup->n == 0)
		skip();
}

static bool is_there(const struct cgroup *cgroup)
{
	return access(cgroup->paths[0], F_OK) == 0;
}

/* In a child of a process-id namespace of its own, where no number means the same. */
static int elsewhere(void (*act)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		if (unshare(CLONE_NEWPID) < 0)
			_exit(77);
		pid = fork();
		if (pid == 0) {
			act();
			_exit(0);
		}
		_exit(waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
		                                                           : 1);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void make_and_remove(void)
{
	struct cgroup other;

	cgroup_make(PROCESSES, MEMORY_MB, &other);
	cgroup_remove(&other);
}

TEST(a_living_ones_group_stays_whatever_its_number_says)
{
	struct cgroup cgroup;
	int status;

	make(&cgroup);
	status = elsewhere(make_and_remove);
	assert_true(is_there(&cgroup));
	cgroup_remove(&cgroup);
	assert_false(is_there(&cgroup));
	if (status == 77)
		skip();
	assert_int_equal(status, 0);
}

TEST(a_dead_ones_group_goes_when_the_next_is_made)
{
	struct cgroup dead, next;
	int ends[2];
	pid_t pid;

	make(&next);
	cgroup_remove(&next);
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		cgroup_make(PROCESSES, MEMORY_MB, &dead);
		_exit(write(ends[1], &dead, sizeof(dead)) != sizeof(dead));
	}
	assert_int_equal(read(ends[0], &dead, sizeof(dead)), sizeof(dead));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_not_equal(dead.n, 0);
	make(&next);
	assert_false(is_there(&dead));
	assert_true(is_there(&next));
	cgroup_remove(&next);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

TEST(a_group_whose_last_process_is_about_to_end_is_removed)
{
	const struct itimerval soon = { .it_value = { .tv_usec = 50000 } };
	struct cgroup cgroup;
	int ends[2];
	char joined = 0;
	pid_t pid;

	make(&cgroup);
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		joined = write(cgroup.fds[0], "0", 1) == 1;
		(void)setitimer(ITIMER_REAL, &soon, NULL);
		(void)!write(ends[1], &joined, 1);
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(ends[0], &joined, 1), 1);
	assert_true(joined);
	assert_int_not_equal(rmdir(cgroup.paths[0]), 0);
	cgroup_remove(&cgroup);
	assert_false(is_there(&cgroup));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

TEST_MAIN(RUN(a_living_ones_group_stays_whatever_its_number_says),
          RUN(a_dead_ones_group_goes_when_the_next_is_made),
          RUN(a_group_whose_last_process_is_about_to_end_is_removed))
