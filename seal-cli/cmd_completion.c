/* `seal completion`: what a shell offers after Tab, made from the table of commands. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "seal-cli/cmd.h"

static const struct {
	const char *name, *arguments, *summary;
} commands[] = {
#define CMD(name, function, arguments, summary) { name, arguments, summary },
#include "seal-cli/commands.def"
#undef CMD
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static bool is_word(struct str word)
{
	for (size_t i = 0; i < word.len; i++)
		if ((word.data[i] < 'a' || word.data[i] > 'z') && word.data[i] != '-')
			return false;
	return word.len > 1;
}

/*
 * The words of a usage: its flags, and the lower-case words, which are what can
 * be typed (capitals stand for something else).  A word behind a flag is the
 * flag's value; it is offered too.
 */
static void put_words(const char *usage, const char *separator)
{
	static const char between[] = " []|.,…";
	struct str rest = str_of(usage);
	bool first = true;

	while (rest.len) {
		size_t n = 0;
		struct str word;

		while (n < rest.len && !strchr(between, rest.data[n]))
			n++;
		word = str_head(rest, n);
		if (is_word(word)) {
			printf("%s%.*s", first ? "" : separator, STR_ARG(word));
			first = false;
		}
		rest = str_from(rest, n + 1);
	}
}

/* Within single quotes of a shell; `also` is one more character to escape. */
static void put_quoted(const char *text, char also)
{
	for (; *text; text++) {
		if (*text == '\'')
			(void)fputs("'\\'", stdout);
		else if (*text == also)
			(void)putchar('\\');
		(void)putchar(*text);
	}
}

static void bash(void)
{
	(void)puts("# bash completion of seal; made by `seal completion bash`\n"
		   "_seal() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} words=\n"
		   "\tif ((COMP_CWORD == 1)); then\n\t\twords=\"");
	for (size_t i = 0; i < N_COMMANDS; i++)
		printf("%s ", commands[i].name);
	(void)puts("\"\n\telse\n\t\tcase ${COMP_WORDS[1]} in");
	for (size_t i = 0; i < N_COMMANDS; i++) {
		printf("\t\t%s) words=\"", commands[i].name);
		put_words(commands[i].arguments, " ");
		(void)puts("\" ;;");
	}
	(void)puts("\t\tesac\n\tfi\n"
		   "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
		   "\t((COMP_CWORD == 1 || ${#COMPREPLY[@]})) ||\n"
		   "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
		   "}\ncomplete -o filenames -F _seal seal");
}

static void zsh(void)
{
	(void)puts("#compdef seal\n# made by `seal completion zsh`\nlocal -a commands\ncommands=(");
	for (size_t i = 0; i < N_COMMANDS; i++) {
		printf("\t'%s:", commands[i].name);
		put_quoted(commands[i].summary, ':');
		(void)puts("'");
	}
	(void)puts(")\nif (( CURRENT == 2 )); then\n\t_describe command commands\n\treturn\nfi\n"
		   "case $words[2] in");
	for (size_t i = 0; i < N_COMMANDS; i++) {
		printf("%s) compadd -- ", commands[i].name);
		put_words(commands[i].arguments, " ");
		(void)puts(" ;;");
	}
	(void)puts("esac\n_files");
}

static void fish(void)
{
	(void)puts("# fish completion of seal; made by `seal completion fish`");
	for (size_t i = 0; i < N_COMMANDS; i++) {
		printf("complete -c seal -f -n __fish_use_subcommand -a %s -d '", commands[i].name);
		put_quoted(commands[i].summary, '\0');
		printf("'\ncomplete -c seal -n '__fish_seen_subcommand_from %s' -a '", commands[i].name);
		put_words(commands[i].arguments, " ");
		(void)puts("'");
	}
}

int cmd_completion(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*write)(void);
	} shells[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };

	for (size_t i = 0; argc == 2 && i < sizeof(shells) / sizeof(shells[0]); i++)
		if (strcmp(argv[1], shells[i].name) == 0) {
			shells[i].write();
			return EXIT_DONE;
		}
	(void)fputs("seal: completion: bash, zsh or fish; e.g. `source <(seal completion bash)`\n", stderr);
	return EXIT_INPUT;
}
