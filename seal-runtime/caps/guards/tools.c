#include "caps/guards/guards.h"

#include <ctype.h>

#include "base/err.h"
#include "caps/hosts.h"
#include "caps/path.h"
#include "caps/programs.h"
#include "caps/rules.h"

struct ruling guard_always(const struct call *call)
{
	if (call->rule && (call->rule->tail == RULE_EXACT || call->rule->n_words > 1))
		return ruling_fine();
	return ruling_ask(
		"can run programs or reach elsewhere in too many ways; a rule must name the form");
}

/* Listing and printing are fine, everything else writes. */
struct ruling guard_archive(const struct call *call)
{
	if (str_is(call->argv[0].text, "unzip") && call->n > 1 && !call->argv[1].opaque &&
	    program_in_list(call->argv[1].text, "-l -Z -v -t -p", ' '))
		return ruling_fine();
	if (program_in_list(call->argv[0].text, "gzip gunzip bzip2 xz zstd", ' ') &&
	    guards_has_word(call, "-c -l -t -dc -cd --stdout"))
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
	return guards_count_operands(call, "-f -s -w") > 1
	               ? ruling_ask("the second file is written")
	               : ruling_fine();
}

struct ruling guard_second_operand(const struct call *call)
{
	return guards_count_operands(call, "-c -g -l -s -o -cols -len -seek -groupsize") > 1
	               ? ruling_ask("the second file is written")
	               : ruling_fine();
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

/* Only listing is silent; the mode may stand without a dash. */
struct ruling guard_tar(const struct call *call)
{
	struct str mode = call->n > 1 ? call->argv[1].text : STR("");

	if (call->n > 1 && call->argv[1].opaque)
		return ruling_ask("what tar does is not known");
	if (call_names(call, mode))
		return ruling_fine();
	if (str_is(mode, "--list") || guards_has_word(call, "--list -t"))
		return ruling_fine();
	for (size_t i = mode.len && mode.data[0] == '-'; i < mode.len; i++)
		if (!strchr("tvzjJfa", mode.data[i]))
			return ruling_ask("tar writes files unless it only lists (-t)");
	return str_chr(mode, 't') != STR_NONE
	               ? ruling_fine()
	               : ruling_ask("tar writes files unless it only lists (-t)");
}

struct ruling guard_cargo(const struct call *call)
{
	if (call->n > 1 && !call->argv[1].opaque && call->argv[1].text.len &&
	    call->argv[1].text.data[0] == '+')
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
	       program_in_list(
		       call->argv[tool].text,
		       "--no-install --yes -y --no -- --quiet -q --offline --prefer-offline", ' '))
		tool++;
	if (tool < call->n && !call->argv[tool].opaque &&
	    (str_chr(call->argv[tool].text, '@') != STR_NONE ||
	     str_chr(call->argv[tool].text, '/') != STR_NONE ||
	     str_chr(call->argv[tool].text, ':') != STR_NONE) &&
	    !call_names(call, call->argv[tool].text))
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
		if (!program_in_list(str_head(text, equals), "V VERBOSE DEBUG", ' ') &&
		    !call_names(call, text))
			return ruling_ask("a variable of make can name a program");
	}
	return ruling_fine();
}

struct ruling guard_cmake(const struct call *call)
{
	static const char *const risky[] = { "COMPILER",   "LAUNCHER",     "TOOLCHAIN",
		                             "PROGRAM",    "COMMAND",      "LINKER",
		                             "EXECUTABLE", "RULE",         "MODULE_PATH",
		                             "INCLUDE",    "EMULATOR",     "GENERATOR",
		                             "CMAKE_AR",   "CMAKE_RANLIB", "FETCHCONTENT" };

	for (size_t i = 1; i < call->n; i++) {
		struct str text = call->argv[i].text;

		if (str_is(text, "--"))
			return i + 1 < call->n ? ruling_ask("options for the build program itself")
			                       : ruling_fine();
		if (!str_starts(text, STR("-D")))
			continue;
		if (text.len == 2 && i + 1 < call->n)
			text = call->argv[++i].text;
		for (size_t k = 0; k < sizeof(risky) / sizeof(risky[0]); k++)
			if (str_find(text, str_of(risky[k]), 0) != STR_NONE)
				return ruling_ask(
					"a setting of cmake that names a program or code");
	}
	return guard_inside_operands(call);
}

struct ruling guard_compiler(const struct call *call)
{
	static const char *const risky[] = {
		"@",         "-fplugin",       "-fuse-ld",     "-specs",   "-Wl,",
		"-Wa,",      "-Wp,",           "-Bstatic/",    "-fdump",   "-ftest-coverage",
		"-fprofile", "-save-temps",    "-print-file",  "-Xclang",  "-fpass-plugin",
		"-load",     "-fdebug-prefix", "-ftime-trace", "-fmodule", "-gsplit",
		"-o/",       "--plugin",       "-wrapper"
	};

	for (size_t i = 1; i < call->n; i++)
		for (size_t k = 0; k < sizeof(risky) / sizeof(risky[0]); k++)
			if (!call->argv[i].opaque &&
			    str_starts(call->argv[i].text, str_of(risky[k])) &&
			    !call_names(call, call->argv[i].text))
				return ruling_ask("an option of the compiler that runs programs or "
				                  "writes files");
	return ruling_fine();
}

/* --- the network --- */

static struct ruling check_url(const struct call *call, struct str text)
{
	const struct host_list *denied = &call->shell->caps->deny_command_hosts;
	size_t scheme = str_find(text, STR("://"), 0), at;
	struct str target = text;
	struct caps_host host;

	if (scheme != STR_NONE && !str_starts(text, STR("http://")) &&
	    !str_starts(text, STR("https://")))
		return ruling_ask("a scheme other than http and https");
	if (scheme == STR_NONE)
		target = arena_join(call->shell->arena, STR("http://"),
		                    arena_copy(call->shell->arena, text).data, (char *)NULL);
	if (caps_host_parse(target, &host, &(struct err){ 0 }) < 0)
		return ruling_ask("an address that is not plain");
	at = caps_hosts_deny(denied->hosts, &host);
	if (at != CAPS_HOSTS_NONE)
		return (struct ruling){ CAPS_DENY,
			                denied->texts[at],
			                denied->lines[at],
			                "a deny rule names the host",
			                false,
			                false };
	return ruling_fine();
}

struct ruling guard_curl(const struct call *call)
{
	static const char valued[] =
		"-X --request -H --header -A --user-agent -m --max-time --connect-timeout --retry "
		"-d --data --data-raw --data-urlencode --data-binary -w --write-out -F --form -e "
		"--referer -b --cookie -r --range --retry-delay --json --max-redirs -t --tries -T "
		"--timeout -U -Q --level -l";
	struct ruling worst = ruling_fine();

	for (size_t i = 1; i < call->n && worst.verdict != CAPS_DENY; i++) {
		struct str text = call->argv[i].text, value = STR("");
		bool is_long = str_starts(text, STR("--")),
		     is_url = guards_is_operand(&call->argv[i]);

		if (call->argv[i].opaque)
			return ruling_ask("an address that is not known");
		if (is_url) {
			worst = ruling_worse(worst, check_url(call, text));
			continue;
		}
		if (is_long && str_chr(text, '=') != STR_NONE)
			value = str_from(text, str_chr(text, '=') + 1);
		else if ((program_in_list(text, valued, ' ') ||
		          (!is_long && strchr("XHAmdwFebrU", text.data[text.len - 1]))) &&
		         i + 1 < call->n)
			value = call->argv[++i].text;
		else if (!is_long && text.len > 2)
			value = str_from(text, 2);
		if (str_starts(text, STR("-b")) || str_starts(text, STR("--cookie")))
			worst = ruling_worse(worst, str_chr(value, '=') == STR_NONE
			                                    ? ruling_ask("sends a file of cookies")
			                                    : ruling_fine());
		if ((value.len && (value.data[0] == '@' || value.data[0] == '<')) ||
		    str_find(value, STR("=@"), 0) != STR_NONE ||
		    str_find(value, STR("=<"), 0) != STR_NONE ||
		    (str_starts(text, STR("--data-urlencode")) && str_chr(value, '@') != STR_NONE))
			worst = ruling_worse(worst, ruling_ask("sends a file"));
	}
	return worst;
}

struct ruling guard_docker(const struct call *call)
{
	static const char risky[] =
		"run exec cp build create start compose buildx push pull load import save export "
		"commit login plugin swarm stack service secret context system volume network "
		"kill stop restart rm rmi update rename attach container image";

	if (call->n > 1 && !call->argv[1].opaque &&
	    program_in_list(call->argv[1].text, risky, ' ') &&
	    !call_names(call, call->argv[1].text))
		return ruling_ask("containers can do what the host's root can");
	return ruling_fine();
}

struct ruling guard_gh(const struct call *call)
{
	static const char risky[] =
		"alias extension api auth config secret ssh-key gpg-key codespace browse variable";

	if (call->n > 1 && !call->argv[1].opaque &&
	    program_in_list(call->argv[1].text, risky, ' ') &&
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
