#include "session/cancel.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "host/host.h"

/* What a signal handler may touch.  One worker is one process, so these are its
 * state and no other's. */
static volatile sig_atomic_t turn, wanted_turn, leaving, expired;
static struct host *volatile running_host;
static int event_fd = -1;
static timer_t timer;

static void arm(long ms)
{
	struct itimerspec when = {.it_value = {ms / 1000, ms % 1000 * 1000000}};

	(void)timer_settime(timer, 0, &when, NULL);
}

static void fire(void)
{
	const uint64_t one = 1;

	if (write(event_fd, &one, sizeof(one)) < 0)
		return; /* full is readable too */
	arm(CANCEL_GRACE_MS);
}

/* One that a person sent with kill(1) carries no number and means this turn. */
static void on_cancel(int sig, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)sig, (void)context;
	wanted_turn = info->si_code == SI_QUEUE ? info->si_value.sival_int : turn;
	if (wanted_turn && wanted_turn == turn)
		fire();
	errno = saved;
}

static void on_leave(int sig, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)sig, (void)info, (void)context;
	leaving = 1;
	fire();
	errno = saved;
}

/* First the guest is interrupted; when that does not help a worker that should
 * leave, it ends.  The log's open record is the evidence. */
static void on_timer(int sig, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)sig, (void)info, (void)context;
	if (leaving && expired)
		_exit(1);
	if (running_host)
		host_interrupt(running_host);
	if (leaving) {
		expired = 1;
		arm(CANCEL_LEAVE_MS - CANCEL_GRACE_MS);
	}
	errno = saved;
}

static int handle(int sig, void (*handler)(int, siginfo_t *, void *), struct err *err)
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};

	(void)sigemptyset(&action.sa_mask);
	(void)sigaddset(&action.sa_mask, SIGUSR1);
	(void)sigaddset(&action.sa_mask, SIGTERM);
	(void)sigaddset(&action.sa_mask, SIGALRM);
	return sigaction(sig, &action, NULL) < 0 ? err_sys(err, "sigaction") : 0;
}

int cancel_setup(int *ret_fd, struct err *err)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};

	event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event_fd < 0)
		return err_sys(err, "eventfd");
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
		return err_sys(err, "timer_create");
	if (handle(SIGUSR1, on_cancel, err) < 0 || handle(SIGTERM, on_leave, err) < 0 ||
	    handle(SIGALRM, on_timer, err) < 0)
		return err->code;
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
		return err_sys(err, "prctl");
	*ret_fd = event_fd;
	return 0;
}

void cancel_set_host(struct host *host)
{
	running_host = host;
}

void cancel_turn_begin(int number)
{
	turn = number;
	if (wanted_turn == number || leaving)
		fire();
}

/* In this order: a signal between the two finds no turn to end. */
void cancel_turn_end(void)
{
	uint64_t count;

	turn = 0;
	if (leaving)
		return;
	arm(0);
	while (read(event_fd, &count, sizeof(count)) > 0)
		;
}

bool cancel_is_wanted(void)
{
	return leaving || (turn && wanted_turn == turn);
}

bool cancel_is_leaving(void)
{
	return leaving;
}
