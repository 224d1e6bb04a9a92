#include "seal-cli/embark/question.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"

static char *read_answer(void)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n = getline(&line, &size, stdin);

	if (n < 0) {
		free(line);
		(void)putchar('\n');
		return NULL;
	}
	while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == ' ' || line[n - 1] == '\r'))
		line[--n] = '\0';
	return line;
}

char *ask_line(const char *question, const char *preset)
{
	char *line;

	printf(preset ? "  %s [%s]: " : "  %s: ", question, preset);
	(void)fflush(stdout);
	line = read_answer();
	if (!line || line[0] || !preset)
		return line;
	free(line);
	return str_dup(str_of(preset));
}

char *ask_secret(const char *question)
{
	struct termios before, quiet;
	char *line;

	printf("  %s (not shown): ", question);
	(void)fflush(stdout);
	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return NULL;
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	line = read_answer();
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
	(void)putchar('\n');
	return line;
}

size_t ask_number(const char *question, size_t n, size_t preset)
{
	char shown[24];

	(void)snprintf(shown, sizeof(shown), "%zu", preset);
	for (;;) {
		cleanup_free char *line = ask_line(question, shown);
		unsigned long value;

		if (!line)
			return 0;
		value = strtoul(line, NULL, 10);
		if (value >= 1 && value <= n)
			return value;
		printf("  1 to %zu, please\n", n);
	}
}

bool ask_yes(const char *question)
{
	cleanup_free char *line = ask_line(question, "y");

	return line && (line[0] == 'y' || line[0] == 'Y');
}
