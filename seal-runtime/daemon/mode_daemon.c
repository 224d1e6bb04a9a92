/* seald as the daemon: flags, the socket, the loop. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "daemon/logfile.h"
#include "daemon/manager.h"
#include "daemon/modes.h"
#include "daemon/place.h"
#include "server/server.h"

struct flags {
	unsigned int idle_exit, linger, ask_wait; /* seconds */
	unsigned int ready_fd;                    /* 0: none */
};

/* Whole numbers up to a week of seconds. */
static bool read_number(const char *text, unsigned int *ret_value)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9' || value > 604800)
		return false;
	*ret_value = (unsigned int)value;
	return true;
}

static int read_flag(struct flags *flags, const char *name, const char *value, struct err *err)
{
	const struct {
		const char *name;
		unsigned int *at;
	} numbers[] = {
	    {"--idle-exit", &flags->idle_exit},
	    {"--linger", &flags->linger},
	    {"--ask-wait", &flags->ask_wait},
	    {"--ready-fd", &flags->ready_fd},
	};

	if (!value)
		return err_set(err, ERR_INPUT, "%s needs a value", name);
	if (strcmp(name, "--log") == 0) {
		int level = log_level_of(value);

		if (level < 0)
			return err_set(err, ERR_INPUT, "--log is one of error, warn, info, debug");
		log_set_level((enum log_level)level);
		return 0;
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (strcmp(numbers[i].name, name) != 0)
			continue;
		if (read_number(value, numbers[i].at))
			return 0;
		return err_set(err, ERR_INPUT, "%s needs a whole number, not \"%s\"", name, value);
	}
	return err_set(err, ERR_INPUT,
		       "no flag \"%s\"; flags: --idle-exit --linger --ask-wait --log", name);
}

static void on_signal(uv_signal_t *handle, int sig)
{
	log_say(LOG_INFO, "daemon", "%s: stopping", strsignal(sig));
	server_stop(handle->data);
}

/* They must not keep the loop alive. */
static void watch_signals(uv_loop_t *loop, uv_signal_t signals[2], struct server *server)
{
	static const int numbers[] = {SIGTERM, SIGINT};

	for (size_t i = 0; i < 2; i++) {
		(void)uv_signal_init(loop, &signals[i]);
		signals[i].data = server;
		(void)uv_signal_start(&signals[i], on_signal, numbers[i]);
		uv_unref((uv_handle_t *)&signals[i]);
	}
}

/* The client that started us waits for this byte. */
static void tell_ready(unsigned int fd)
{
	if (fd == 0)
		return;
	if (write((int)fd, "+", 1) < 0)
		log_say(LOG_WARN, "daemon", "who started the daemon is gone");
	(void)close((int)fd);
}

static int run(const struct flags *flags, int listen_fd, struct err *err)
{
	cleanup_with(server_free) struct server *server = NULL;
	uv_signal_t signals[2];
	uv_loop_t loop;
	struct server_setup setup = {
	    .loop = &loop,
	    .listen_fd = listen_fd,
	    .linger = flags->linger * 1000,
	    .idle_exit = flags->idle_exit * 1000,
	    .ask_wait = flags->ask_wait * 1000,
	    .on_client = logfile_turn,
	};

	if (uv_loop_init(&loop) < 0)
		return err_set(err, ERR_SYS, "the event loop cannot be made");
	if (server_new(&setup, &server, err) < 0)
		return err->code;
	watch_signals(&loop, signals, server);
	tell_ready(flags->ready_fd);
	manager_tell("READY=1");
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	manager_tell("STOPPING=1");
	for (size_t i = 0; i < 2; i++)
		uv_close((uv_handle_t *)&signals[i], NULL);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&loop);
	return 0;
}

static int serve(const struct flags *flags, struct err *err)
{
	cleanup_close int lock_fd = -1;
	int listen_fd = -1;
	bool is_given;
	int r;

	/* No folder is kept busy by a daemon that stands in it. */
	if (chdir("/") < 0)
		return err_sys(err, "chdir /");
	logfile_turn();
	if (manager_take_socket(&listen_fd, err) < 0)
		return err->code;
	is_given = listen_fd >= 0;
	if (place_take(&lock_fd, &listen_fd, err) < 0)
		return err->code;
	r = run(flags, listen_fd, err);
	/* A socket that systemd made is systemd's: it starts the next one by it. */
	if (!is_given)
		place_leave();
	return r;
}

/* The person's settings; a flag stands over them.  No project's: the daemon is of
 * all projects. */
static int read_settings(struct flags *flags, struct err *err)
{
	cleanup_config struct config config = {0};

	if (config_load(NULL, &config, err) < 0)
		return err->code;
	log_set_level((enum log_level)log_level_of(config_word(&config, CONFIG_daemon_log_level)));
	flags->idle_exit = config_number(&config, CONFIG_daemon_idle_exit);
	flags->linger = config_number(&config, CONFIG_daemon_linger);
	flags->ask_wait = config_number(&config, CONFIG_daemon_ask_wait);
	return 0;
}

int mode_daemon(int argc, char **argv)
{
	struct flags flags = {0};
	struct err err;

	if (read_settings(&flags, &err) < 0) {
		log_say(LOG_ERROR, "daemon", "%s", err.text);
		return 2;
	}
	for (int i = 1; i < argc; i += 2) {
		if (read_flag(&flags, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &err) >= 0)
			continue;
		log_say(LOG_ERROR, "daemon", "%s", err.text);
		return 2;
	}
	if (serve(&flags, &err) < 0) {
		log_say(LOG_ERROR, "daemon", "%s", err.text);
		return err.code == ERR_INPUT ? 2 : 70;
	}
	return 0;
}
