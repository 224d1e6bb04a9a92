#include "caps/guards.h"

#include <ctype.h>

#include "base/err.h"
#include "caps/hosts.h"
#include "caps/path.h"
#include "caps/programs.h"
#include "caps/rules.h"

static bool is_operand(const struct field *field)
{
	return field->opaque || field->text.len == 0 || field->text.data[0] != '-' || field->text.len == 1;
}

static size_t count_operands(const struct call *call, const char *valued)
{
	size_t n = 0;

	for (size_t i = 1; i < call->n; i++) {
		if (is_operand(&call->argv[i]))
			n += call->argv[i].many && !call->argv[i].globbed ? 2 : 1;
		else
			i += program_in_list(call->argv[i].text, valued, ' ');
	}
	return n;
}

static bool has_word(const struct call *call, const char *words)
{
	for (size_t i = 1; i < call->n; i++)
		if (!call->argv[i].opaque && program_in_list(call->argv[i].text, words, ' '))
			return true;
	return false;
}

struct ruling guard_always(const struct call *call)
{
	if (call->rule && (call->rule->tail == RULE_EXACT || call->rule->n_words > 1))
		return ruling_fine();
	return ruling_ask("can run programs or reach elsewhere in too many ways; a rule must name the form");
}

/* Listing and printing are fine, everything else writes. */
struct ruling guard_archive(const struct call *call)
{
	if (str_is(call->argv[0].text, "unzip") && call->n > 1 && !call->argv[1].opaque &&
	    program_in_list(call->argv[1].text, "-l -Z -v -t -p", ' '))
		return ruling_fine();
	if (program_in_list(call->argv[0].text, "gzip gunzip bzip2 xz zstd", ' ') && has_word(call, "-c -l -t -dc -cd --stdout"))
		return ruling_fine();
	return guard_always(call);
}

/* Actions are judged by command.c; a starting point must not look like one. */
struct ruling guard_find(const struct call *call)
{
	for (size_t i = 1; i < call->n; i++)
		if (call->argv[i].opaque && call->argv[i].many && !call->argv[i].no_dash &&
		    call->argv[i].text.len == 0)
			return ruling_ask("an argument that may turn out to be an action of find");
	return ruling_fine();
}

struct ruling guard_uniq(const struct call *call)
{
	return count_operands(call, "-f -s -w") > 1 ? ruling_ask("the second file is written") : ruling_fine();
}

struct ruling guard_second_operand(const struct call *call)
{
	return count_operands(call, "-c -g -l -s -o -cols -len -seek -groupsize") > 1 ?
		ruling_ask("the second file is written") : ruling_fine();
}

struct ruling guard_date(const struct call *call)
{
	for (size_t i = 1; i < call->n; i++) {
		struct str text = call->argv[i].text;

		if (call->argv[i].opaque)
			return ruling_ask("date may set the clock");
		if (program_in_list(text, "-d --date -r --reference -I", ' ')) {
			i += text.len == 2 && text.data[1] != 'I';
			continue;
		}
		if (text.len == 0 || (text.data[0] != '-' && text.data[0] != '+'))
			return ruling_ask("date may set the clock");
	}
	return ruling_fine();
}

/* --- sed: a small language without the commands that write, read or execute --- */

struct sed {
	struct str text;
	size_t at;
};

static char peek(const struct sed *sed)
{
	return sed->at < sed->text.len ? sed->text.data[sed->at] : '\0';
}

static void skip(struct sed *sed, const char *set)
{
	while (peek(sed) && strchr(set, peek(sed)))
		sed->at++;
}

/* Behind the opening delimiter, up to and past the next one that is not escaped. */
static bool sed_delimited(struct sed *sed, char delimiter)
{
	while (sed->at < sed->text.len) {
		char c = sed->text.data[sed->at++];

		if (c == '\\')
			sed->at++;
		else if (c == delimiter)
			return true;
		else if (c == '\n')
			return false;
	}
	return false;
}

static bool sed_address(struct sed *sed)
{
	char c = peek(sed);

	if (isdigit((unsigned char)c)) {
		skip(sed, "0123456789~");
		return true;
	}
	if (c == '$') {
		sed->at++;
		return true;
	}
	if (c == '/' || c == '\\') {
		sed->at++;
		if (c == '\\')
			c = sed->at < sed->text.len ? sed->text.data[sed->at++] : '\0';
		if (!c || !sed_delimited(sed, c))
			return false;
		skip(sed, "IM");
		return true;
	}
	return false;
}

static bool sed_command(struct sed *sed)
{
	char c = peek(sed);

	sed->at++;
	if (c == 's' || c == 'y') {
		char delimiter = peek(sed);

		sed->at++;
		if (!delimiter || delimiter == '\n' || delimiter == '\\' || isalnum((unsigned char)delimiter) ||
		    !sed_delimited(sed, delimiter) || !sed_delimited(sed, delimiter))
			return false;
		if (c == 's')
			skip(sed, "gpiIM0123456789");
	} else if (c == '{' || c == '}') {
		return true;
	} else if (c == 'q' || c == 'Q') {
		skip(sed, " \t");
		skip(sed, "0123456789");
	} else if (!c || !strchr("pdnNhHgGxDPlz=", c)) {
		return false;
	}
	skip(sed, " \t");
	return !peek(sed) || strchr(";}\n", peek(sed));
}

static bool sed_is_plain(struct str script)
{
	struct sed sed = { script, 0 };

	for (;;) {
		skip(&sed, " \t\n;");
		if (sed.at >= sed.text.len)
			return true;
		if (strchr("0123456789$/\\", peek(&sed))) {
			if (!sed_address(&sed))
				return false;
			skip(&sed, " \t");
			if (peek(&sed) == ',') {
				sed.at++;
				skip(&sed, " \t");
				if (peek(&sed) == '+' || peek(&sed) == '~')
					sed.at++;
				if (!sed_address(&sed))
					return false;
			}
			skip(&sed, " \t");
		}
		skip(&sed, "!");
		skip(&sed, " \t");
		if (!sed_command(&sed))
			return false;
	}
}

/* Index of the first operand; `given` is set when options hold the program text. */
struct ruling guard_sed(const struct call *call)
{
	bool given = false, only_operands = false;
	const struct field *script = NULL;

	for (size_t i = 1; i < call->n; i++) {
		struct str text = call->argv[i].text;
		struct str value = { NULL, 0 };

		if (!only_operands && str_is(text, "--") && !call->argv[i].opaque) {
			only_operands = true;
			continue;
		}
		if (only_operands || is_operand(&call->argv[i])) {
			if (!script)
				script = &call->argv[i];
			continue;
		}
		if (str_starts(text, STR("--expression=")))
			value = str_from(text, 13);
		else if (text.data[1] != '-' && text.data[text.len - 1] == 'e' && i + 1 < call->n &&
			 !call->argv[i + 1].opaque)
			value = call->argv[++i].text;
		else if (text.data[1] == 'e' && text.len > 2)
			value = str_from(text, 2);
		else if (str_is(text, "--expression") && i + 1 < call->n && !call->argv[i + 1].opaque)
			value = call->argv[++i].text;
		else if (str_starts(text, STR("--e")) || (text.data[1] != '-' && str_chr(text, 'e') != STR_NONE))
			return ruling_ask("a program for sed that is not understood");
		if (!value.data)
			continue;
		given = true;
		if (!sed_is_plain(value))
			return ruling_ask("a program for sed that may write, read or execute");
	}
	if (given)
		return ruling_fine();
	if (!script || script->opaque || !sed_is_plain(script->text))
		return ruling_ask("a program for sed that may write, read or execute");
	return ruling_fine();
}

/* --- awk --- */

static bool awk_is_plain(struct str program)
{
	static const char *const words[] = { "system", "getline", "@load", "@include", "close", "fflush",
					     "ARGV", "ENVIRON", "PROCINFO", "@" };
	bool in_string = false;
	unsigned int depth = 0;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_find(program, str_of(words[i]), 0) != STR_NONE)
			return false;
	/* `|` and `>` count wherever they stand: a regular expression that looks
	 * like a string would hide them from a simple reader.  Only `>` inside
	 * parentheses or before a brace, a comparison, is let through. */
	for (size_t i = 0; i < program.len; i++) {
		char c = program.data[i];

		if (c == '\\') {
			i++;
			continue;
		}
		if (c == '"')
			in_string = !in_string;
		if (in_string)
			continue;
		if (c == '(')
			depth++;
		if (c == ')' && depth)
			depth--;
		if (c == '|' && i + 1 < program.len && program.data[i + 1] == '|') {
			i++;
			continue;
		}
		if (c == '|')
			return false;
		if (c == '>' && depth == 0 && str_find(program, STR("print"), 0) < i)
			return false;
		if (c == '>' && i + 1 < program.len && program.data[i + 1] == '>')
			return false;
	}
	return !in_string;
}

struct ruling guard_awk(const struct call *call)
{
	for (size_t i = 1; i < call->n; i++) {
		struct str text = call->argv[i].text;

		if (call->argv[i].opaque)
			return ruling_ask("a program for awk that is not known");
		if (str_is(text, "-F") || str_is(text, "-v")) {
			i++;
			continue;
		}
		if (text.len > 1 && text.data[0] == '-' && !str_is(text, "--"))
			continue;
		if (str_is(text, "--"))
			continue;
		return awk_is_plain(text) ? ruling_fine() :
					    ruling_ask("a program for awk that may write or execute");
	}
	return ruling_fine();
}

/* Only listing is silent; the mode may stand without a dash. */
struct ruling guard_tar(const struct call *call)
{
	struct str mode = call->n > 1 ? call->argv[1].text : STR("");

	if (call->n > 1 && call->argv[1].opaque)
		return ruling_ask("what tar does is not known");
	if (call_names(call, mode))
		return ruling_fine();
	if (str_is(mode, "--list") || has_word(call, "--list -t"))
		return ruling_fine();
	for (size_t i = mode.len && mode.data[0] == '-'; i < mode.len; i++)
		if (!strchr("tvzjJfa", mode.data[i]))
			return ruling_ask("tar writes files unless it only lists (-t)");
	return str_chr(mode, 't') != STR_NONE ? ruling_fine() :
						ruling_ask("tar writes files unless it only lists (-t)");
}

/* --- git --- */

static const char git_lists[] = "-l --list --contains --no-contains --merged --no-merged --points-at -a -r --all "
				"--remotes --show-current -n";

static struct ruling git_names(const struct call *call)
{
	if (has_word(call, git_lists))
		return ruling_fine();
	for (size_t i = 2; i < call->n; i++)
		if (is_operand(&call->argv[i]) &&
		    !(i > 2 && program_in_list(call->argv[i - 1].text, "--sort --format --color --abbrev", ' ')))
			return call_names(call, call->argv[i].text) ? ruling_fine() :
				ruling_ask("makes or moves a name in the repository");
	return ruling_fine();
}

/* The subcommand's own word must be one of those that only look. */
static struct ruling git_verb(const struct call *call, const char *looks, bool alone_is_fine)
{
	size_t i = 2;

	while (i < call->n && !call->argv[i].opaque && program_in_list(call->argv[i].text, "-v --verbose", ' '))
		i++;
	if (i >= call->n)
		return alone_is_fine ? ruling_fine() : ruling_ask("changes the repository");
	if (call->argv[i].opaque || !program_in_list(call->argv[i].text, looks, ' '))
		return call->rule && call->rule->n_words > i && str_eq(call->rule->words[i], call->argv[i].text) ?
			ruling_fine() : ruling_ask("changes the repository");
	return ruling_fine();
}

static struct ruling git_commit(const struct call *call)
{
	for (size_t i = 2; i < call->n; i++) {
		struct str text = call->argv[i].text;

		if (call->argv[i].opaque)
			continue;
		if (str_starts(text, STR("--message")) || str_starts(text, STR("--file")) ||
		    program_in_list(text, "--no-edit -C --reuse-message --dry-run", ' ') ||
		    str_starts(text, STR("--fixup")) || str_starts(text, STR("--reuse-message=")))
			return ruling_fine();
		if (text.len > 1 && text.data[0] == '-' && text.data[1] != '-' &&
		    (str_chr(text, 'm') != STR_NONE || str_chr(text, 'F') != STR_NONE))
			return ruling_fine();
	}
	return ruling_ask("git would start an editor; give the message with -m");
}

static struct ruling git_config(const struct call *call)
{
	static const char reads[] = "--get --get-all --get-regexp --get-urlmatch --list -l get list --get-color "
				    "--get-colorbool";
	size_t operands = 0;

	for (size_t i = 2; i < call->n; i++)
		operands += is_operand(&call->argv[i]);
	if (has_word(call, reads))
		return ruling_fine();
	return operands == 1 && call->n == 3 && !program_in_list(call->argv[2].text, "edit set unset", ' ') ?
		ruling_fine() : ruling_ask("changes git's settings");
}

/* name::address runs a helper program; a path or URL reaches elsewhere. */
static struct ruling git_remote_operands(const struct call *call)
{
	for (size_t i = 1; i < call->n; i++) {
		struct str text = call->argv[i].text;

		if (call->argv[i].opaque && i > 1)
			return ruling_ask("git would talk to a place that is not known");
		if (str_find(text, STR("::"), 0) != STR_NONE)
			return ruling_ask("git would run a helper for this address");
		if (text.len && (text.data[0] == '/' || text.data[0] == '.' || text.data[0] == '~') && i > 1)
			return ruling_ask("git would read another repository");
	}
	return ruling_fine();
}

struct ruling guard_git(const struct call *call)
{
	static const char changing[] = "difftool mergetool gui citool filter-branch send-email daemon instaweb "
				       "credential fast-import upload-pack receive-pack shell";
	struct str sub = call->n > 1 ? call->argv[1].text : STR("");

	for (size_t i = 2; i < call->n; i++)
		if (!call->argv[i].opaque && str_starts(call->argv[i].text, STR("ext::")))
			return ruling_ask("git would run a helper for this address");
	if (str_is(sub, "branch") || str_is(sub, "tag"))
		return git_names(call);
	if (str_is(sub, "commit"))
		return git_commit(call);
	if (str_is(sub, "config"))
		return git_config(call);
	if (str_is(sub, "remote"))
		return git_verb(call, "show get-url", true);
	if (str_is(sub, "stash"))
		return git_verb(call, "list show", false);
	if (str_is(sub, "reflog"))
		return has_word(call, "expire delete drop") ? ruling_ask("changes the repository") : ruling_fine();
	if (str_is(sub, "worktree"))
		return git_verb(call, "list", false);
	if (str_is(sub, "submodule"))
		return git_verb(call, "status summary", true);
	if (str_is(sub, "notes"))
		return git_verb(call, "list show", true);
	if (str_is(sub, "bisect"))
		return git_verb(call, "log view visualize", false);
	if (program_in_list(sub, "fetch pull ls-remote clone push archive", ' '))
		return git_remote_operands(call);
	if (program_in_list(sub, changing, ' ') && !(call->rule && call->rule->n_words > 1))
		return ruling_ask("git would run other programs");
	return ruling_fine();
}

/* --- builders --- */

struct ruling guard_cargo(const struct call *call)
{
	if (call->n > 1 && !call->argv[1].opaque && call->argv[1].text.len && call->argv[1].text.data[0] == '+')
		return ruling_ask("another toolchain would run");
	return ruling_fine();
}

struct ruling guard_npm(const struct call *call)
{
	struct str name = call->argv[0].text;
	bool runs_tool = program_in_list(name, "npx bunx pnpx", ' ');
	size_t tool = 1;

	if (!runs_tool && call->n > 1 && program_in_list(call->argv[1].text, "exec dlx x", ' ')) {
		runs_tool = true;
		tool = 2;
	}
	if (!runs_tool)
		return ruling_fine();
	while (tool < call->n && !call->argv[tool].opaque &&
	       program_in_list(call->argv[tool].text, "--no-install --yes -y --no -- --quiet -q --offline --prefer-offline", ' '))
		tool++;
	if (tool < call->n && !call->argv[tool].opaque &&
	    (str_chr(call->argv[tool].text, '@') != STR_NONE || str_chr(call->argv[tool].text, '/') != STR_NONE ||
	     str_chr(call->argv[tool].text, ':') != STR_NONE) && !call_names(call, call->argv[tool].text))
		return ruling_ask("would fetch and run a package from elsewhere");
	return guards_check_tool(call, tool);
}

struct ruling guard_inside_operands(const struct call *call)
{
	for (size_t i = 1; i < call->n; i++) {
		struct str text = call->argv[i].text;

		if (call->argv[i].opaque && call->argv[i].text.len == 0)
			continue;
		if (text.len && (text.data[0] == '/' || str_starts(text, STR(".."))) &&
		    !guards_is_inside(call, text))
			return ruling_ask("runs code from outside the project");
	}
	return ruling_fine();
}

struct ruling guard_make(const struct call *call)
{
	for (size_t i = 1; i < call->n; i++) {
		struct str text = call->argv[i].text;
		size_t equals = str_chr(text, '=');

		if (call->argv[i].opaque)
			return ruling_ask("a target or variable of make that is not known");
		if (equals == STR_NONE || text.data[0] == '-')
			continue;
		if (str_chr(text, '$') != STR_NONE || str_chr(text, '`') != STR_NONE)
			return ruling_ask("make would run what the variable's value says");
		if (!program_in_list(str_head(text, equals), "V VERBOSE DEBUG", ' ') && !call_names(call, text))
			return ruling_ask("a variable of make can name a program");
	}
	return ruling_fine();
}

struct ruling guard_cmake(const struct call *call)
{
	static const char *const risky[] = { "COMPILER", "LAUNCHER", "TOOLCHAIN", "PROGRAM", "COMMAND",
					     "LINKER", "EXECUTABLE", "RULE", "MODULE_PATH", "INCLUDE",
					     "EMULATOR", "GENERATOR", "CMAKE_AR", "CMAKE_RANLIB", "FETCHCONTENT" };

	for (size_t i = 1; i < call->n; i++) {
		struct str text = call->argv[i].text;

		if (str_is(text, "--"))
			return i + 1 < call->n ? ruling_ask("options for the build program itself") : ruling_fine();
		if (!str_starts(text, STR("-D")))
			continue;
		if (text.len == 2 && i + 1 < call->n)
			text = call->argv[++i].text;
		for (size_t k = 0; k < sizeof(risky) / sizeof(risky[0]); k++)
			if (str_find(text, str_of(risky[k]), 0) != STR_NONE)
				return ruling_ask("a setting of cmake that names a program or code");
	}
	return guard_inside_operands(call);
}

struct ruling guard_compiler(const struct call *call)
{
	static const char *const risky[] = { "@", "-fplugin", "-fuse-ld", "-specs", "-Wl,", "-Wa,", "-Wp,",
					     "-Bstatic/", "-fdump", "-ftest-coverage", "-fprofile", "-save-temps",
					     "-print-file", "-Xclang", "-fpass-plugin", "-load", "-fdebug-prefix",
					     "-ftime-trace", "-fmodule", "-gsplit", "-o/", "--plugin", "-wrapper" };

	for (size_t i = 1; i < call->n; i++)
		for (size_t k = 0; k < sizeof(risky) / sizeof(risky[0]); k++)
			if (!call->argv[i].opaque && str_starts(call->argv[i].text, str_of(risky[k])) &&
			    !call_names(call, call->argv[i].text))
				return ruling_ask("an option of the compiler that runs programs or writes files");
	return ruling_fine();
}

/* --- the network --- */

static struct ruling check_url(const struct call *call, struct str text)
{
	const struct host_list *denied = &call->shell->caps->deny_command_hosts;
	size_t scheme = str_find(text, STR("://"), 0), at;
	struct str target = text;
	struct caps_host host;

	if (scheme != STR_NONE && !str_starts(text, STR("http://")) && !str_starts(text, STR("https://")))
		return ruling_ask("a scheme other than http and https");
	if (scheme == STR_NONE)
		target = arena_join(call->shell->arena, STR("http://"), arena_copy(call->shell->arena, text).data,
				    (char *)NULL);
	if (caps_host_parse(target, &host, &(struct err){ 0 }) < 0)
		return ruling_ask("an address that is not plain");
	at = caps_hosts_deny(denied->hosts, &host);
	if (at != CAPS_HOSTS_NONE)
		return (struct ruling){ CAPS_DENY, denied->texts[at], denied->lines[at], "a deny rule names the host",
					false, false };
	return ruling_fine();
}

struct ruling guard_curl(const struct call *call)
{
	static const char valued[] = "-X --request -H --header -A --user-agent -m --max-time --connect-timeout --retry "
				     "-d --data --data-raw --data-urlencode --data-binary -w --write-out -F --form -e "
				     "--referer -b --cookie -r --range --retry-delay --json --max-redirs -t --tries -T "
				     "--timeout -U -Q --level -l";
	struct ruling worst = ruling_fine();

	for (size_t i = 1; i < call->n && worst.verdict != CAPS_DENY; i++) {
		struct str text = call->argv[i].text, value = STR("");
		bool is_long = str_starts(text, STR("--")), is_url = is_operand(&call->argv[i]);

		if (call->argv[i].opaque)
			return ruling_ask("an address that is not known");
		if (is_url) {
			worst = ruling_worse(worst, check_url(call, text));
			continue;
		}
		if (is_long && str_chr(text, '=') != STR_NONE)
			value = str_from(text, str_chr(text, '=') + 1);
		else if (program_in_list(text, valued, ' ') && i + 1 < call->n)
			value = call->argv[++i].text;
		else if (!is_long && text.len > 2)
			value = str_from(text, 2);
		if (str_starts(text, STR("-b")) || str_starts(text, STR("--cookie")))
			worst = ruling_worse(worst, str_chr(value, '=') == STR_NONE ? ruling_ask("sends a file of cookies") :
										      ruling_fine());
		if ((value.len && (value.data[0] == '@' || value.data[0] == '<')) ||
		    str_find(value, STR("=@"), 0) != STR_NONE || str_find(value, STR("=<"), 0) != STR_NONE ||
		    (str_starts(text, STR("--data-urlencode")) && str_chr(value, '@') != STR_NONE))
			worst = ruling_worse(worst, ruling_ask("sends a file"));
	}
	return worst;
}

struct ruling guard_docker(const struct call *call)
{
	static const char risky[] = "run exec cp build create start compose buildx push pull load import save export "
				    "commit login plugin swarm stack service secret context system volume network "
				    "kill stop restart rm rmi update rename attach container image";

	if (call->n > 1 && !call->argv[1].opaque && program_in_list(call->argv[1].text, risky, ' ') &&
	    !call_names(call, call->argv[1].text))
		return ruling_ask("containers can do what the host's root can");
	return ruling_fine();
}

struct ruling guard_gh(const struct call *call)
{
	static const char risky[] = "alias extension api auth config secret ssh-key gpg-key codespace browse variable";

	if (call->n > 1 && !call->argv[1].opaque && program_in_list(call->argv[1].text, risky, ' ') &&
	    !call_names(call, call->argv[1].text))
		return ruling_ask("an effect elsewhere, or settings that run programs");
	return ruling_fine();
}

/* `perl -c` compiles, and BEGIN blocks run; the rule that names it is the person's. */
struct ruling guard_perl(const struct call *call)
{
	(void)call;
	return ruling_fine();
}
