/*
 * Random scripts, checked: prints those that would run without a question, as
 * JSON lines {"n","script","runs"}.  The grammar covers every construct that the
 * engine reads and many that it must not; in each place where a shell runs
 * something, something that is not granted is tried.
 *   generate COUNT SEED [MUTANT]
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "caps/caps.h"
#include "caps/mutants.h"
#include "manifest/manifest.h"

enum caps_mutant caps_mutant = MUTANT_NONE;

#define LEVELS 4

static unsigned long long state;

static unsigned int pick(unsigned int n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned int)(state % n);
}

static void script(struct buf *out, int level);

#define CHOOSE(list) ((list)[pick(sizeof(list) / sizeof((list)[0]))])

/* What must never run: makes a file, or is a program that records itself. */
static void evil(struct buf *out)
{
	static const char *const list[] = { "touch F",     "evil",       "evil a",
		                            "tee F",       "cp a.txt F", "mkdir F",
		                            "t\"ou\"ch F", "\\touch F",  "$'\\x74ouch' F",
		                            "./evil.sh" };

	buf_adds(out, CHOOSE(list));
}

static void literal(struct buf *out)
{
	static const char *const list[] = { "a.txt",
		                            "b",
		                            "src",
		                            "-n",
		                            "x",
		                            "1",
		                            "--",
		                            "-l",
		                            "'a b'",
		                            "\"c d\"",
		                            "''",
		                            "a\\ b",
		                            "$'a\\tb'",
		                            "'it'\\''s'",
		                            "a.*",
		                            "*.txt",
		                            "./*",
		                            "src/*",
		                            "b?",
		                            "[ab]",
		                            "{a.txt,b}",
		                            "a{1..2}",
		                            "~",
		                            "-c",
		                            "=ls",
		                            "#x",
		                            "a#b",
		                            "!",
		                            "%",
		                            "a=b",
		                            "-o",
		                            "F",
		                            "-",
		                            "{}",
		                            ";\\;",
		                            "\\;",
		                            "+",
		                            "-e",
		                            "w F",
		                            "'s/a/b/w F'",
		                            "'1e touch F'",
		                            "$\"x\"",
		                            "'$(touch F)'",
		                            "\"\\$(touch F)\"",
		                            "-v",
		                            "'a[$(touch F)]'",
		                            "-exec",
		                            "-delete",
		                            "--output=F",
		                            "-oF",
		                            "%n",
		                            "'BEGIN{system(\"touch F\")}'",
		                            "'{print > \"F\"}'",
		                            "-i",
		                            "&",
		                            "|" };

	if (pick(5))
		buf_adds(out, list[pick(16)]);
	else
		buf_adds(out, CHOOSE(list));
}

static void inner(struct buf *out, int level)
{
	if (level > 0 && pick(2))
		script(out, level - 1);
	else if (pick(2))
		evil(out);
	else
		buf_adds(out, "echo y");
}

static void expansion(struct buf *out, int level)
{
	static const char *const plain[] = { "$x",
		                             "${x}",
		                             "\"$x\"",
		                             "${y:-z}",
		                             "\"${y:-a b}\"",
		                             "$?",
		                             "$#",
		                             "$1",
		                             "\"$@\"",
		                             "$*",
		                             "${#x}",
		                             "${x%.c}",
		                             "${x:1}",
		                             "${!x}",
		                             "${x@P}",
		                             "${x/a/b}",
		                             "${x[0]}",
		                             "${a[$(touch F)]}",
		                             "$((1+2))",
		                             "$((x))",
		                             "$((x=1))",
		                             "$((a[0]))",
		                             "$[1]",
		                             "${x:=touch}",
		                             "${x?}",
		                             "$((`touch F`))",
		                             "${x:-`touch F`}",
		                             "~+",
		                             "$_" };
	static const char *const open[] = { "$(", "\"$(", "`", "<(", ">(", "\"`" };
	static const char *const close[] = { ")", ")\"", "`", ")", ")", "`\"" };
	unsigned int which = pick(6);

	if (pick(3)) {
		buf_adds(out, CHOOSE(plain));
		return;
	}
	buf_adds(out, open[which]);
	inner(out, level);
	buf_adds(out, close[which]);
}

static void word(struct buf *out, int level)
{
	if (pick(4) == 0)
		expansion(out, level);
	else
		literal(out);
	if (pick(12) == 0)
		word(out, level);
}

static void redirect(struct buf *out, int level)
{
	static const char *const fine[] = { " 2>&1",       " >/dev/null", " 2>/dev/null",
		                            " </dev/null", " >&2",        " 3>&-" };
	static const char *const files[] = { " > F",
		                             " >> F",
		                             " >| F",
		                             " &> F",
		                             " >& F",
		                             " <> F",
		                             " 2> F",
		                             " &>> F",
		                             " > $x",
		                             " > \"F$x\"",
		                             " < a.txt",
		                             " {fd}> F",
		                             " > /dev/tcp/127.0.0.1/9" };

	switch (pick(6)) {
	case 0: buf_adds(out, CHOOSE(files)); return;
	case 1:
		buf_adds(out, " <<< ");
		word(out, level);
		return;
	case 2:
		if (level == LEVELS) {
			buf_adds(out, pick(2) ? " <<'E'\n$(touch F) $x\nE\n"
			                      : " <<E\n$(touch F) $x `evil`\nE\n");
			return;
		}
		break;
	default: break;
	}
	buf_adds(out, CHOOSE(fine));
}

static void program(struct buf *out, int level)
{
	static const char *const granted[] = {
		"ls",     "cat",   "echo",       "grep",    "wc",   "head",
		"printf", "true",  "test",       "[",       "find", "sed",
		"awk",    "sort",  "uniq",       "xargs",   "sort", "find . -name x",
		"sed -n", "awk 1", "uniq a.txt", "tar -tf", "date", "basename"
	};
	static const char *const wrappers[] = {
		"timeout 5 ", "nice ",       "env ",          "env A=1 ",
		"nohup ",     "command ",    "builtin ",      "exec ",
		"time ",      "stdbuf -oL ", "setsid ",       "xargs ",
		"xargs -n1 ", "nice -n 5 ",  "env -i ",       "timeout -s KILL 5 ",
		"! ",         "command -v ", "find . -exec ", "eval ",
		"bash -c ",   "sh -c ",      "exec -a x ",    "env -S ",
		"trap "
	};
	static const char *const names[] = {
		"A=1 ",      "RUST_LOG=1 ",         "PATH=evilbin:$PATH ",
		"LC_ALL=C ", "BASH_ENV=./evil.sh ", "x=touch ",
		"IFS=x ",    "ENV=./evil.sh ",      "PATH=evilbin "
	};

	if (pick(6) == 0)
		buf_adds(out, CHOOSE(names));
	while (pick(4) == 0)
		buf_adds(out, CHOOSE(wrappers));
	if (pick(14) == 0) {
		evil(out);
	} else if (pick(25) == 0) {
		expansion(out, level);
	} else if (pick(30) == 0) {
		buf_adds(out, "'");
		evil(out);
		buf_adds(out, "'");
	} else {
		buf_adds(out, CHOOSE(granted));
	}
}

static void simple(struct buf *out, int level)
{
	static const char *const builtins[] = { "cd src",
		                                "cd $x",
		                                "set -e",
		                                "read -r x",
		                                "read 'a[$(touch F)]'",
		                                "export PATH=evilbin",
		                                "x=1",
		                                "x=touch",
		                                "x=$(touch F)",
		                                "x+=1",
		                                "let x=1",
		                                "printf -v 'a[$(touch F)]' 1",
		                                "test -v 'a[$(touch F)]'",
		                                "alias ls=touch",
		                                "hash -p ./evil.sh ls",
		                                "mapfile -C 'touch F' -c 1 z < a.txt",
		                                "source ./evil.sh",
		                                "declare -i x=1",
		                                "shopt -s expand_aliases",
		                                "unset x",
		                                "[[ -v 'a[$(touch F)]' ]]",
		                                "[[ 'a[$(touch F)]' -eq 1 ]]",
		                                "((x++))",
		                                "(( a[$(touch F)] ))",
		                                "[[ $x == a* && -f a.txt ]]",
		                                "[[ $x =~ ^a ]]",
		                                "x=1; echo $((x+1))",
		                                "i=0; ((i++))",
		                                "x='a[$(touch F)]'; echo $((x))",
		                                "printf '%n' 'a[$(touch F)]'",
		                                "trap 'touch F' EXIT",
		                                ":",
		                                "wait" };

	if (pick(8) == 0) {
		buf_adds(out, CHOOSE(builtins));
		return;
	}
	if (pick(40) == 0) {
		buf_adds(out, "find . -name a.txt -exec ");
		inner(out, 0);
		buf_adds(out, pick(2) ? " {} \\;" : " {} +");
		return;
	}
	if (pick(25) == 0)
		redirect(out, level);
	buf_addc(out, ' ');
	program(out, level);
	for (unsigned int n = pick(4); n > 0; n--) {
		buf_addc(out, ' ');
		word(out, level);
	}
	while (pick(5) == 0)
		redirect(out, level);
}

static void compound(struct buf *out, int level)
{
	static const struct {
		const char *before, *between, *after;
	} forms[] = {
		{ "if ", "\nthen ", "\nfi" },
		{ "if ls; then ", "\nelse ", "\nfi" },
		{ "while ", "\ndo break; ", "\ndone" },
		{ "for i in a b; do ", "\n", "\ndone" },
		{ "for i in *; do ", "\n", " \"$i\"\ndone" },
		{ "case $x in a|*) ", "\n;; b) ", "\n;; esac" },
		{ "{ ", "\n", "\n}" },
		{ "( ", "\n", "\n)" },
		{ "until ", "\ndo ", "; break; done" },
		{ "f() { ", "\n}; f; ", "" },
		{ "for x in 'a[$(touch F)]' 1; do echo $((x)); ", "\n", "\ndone" },
		{ "for c in touch ls; do $c F; ", "\n", "\ndone" },
	};
	size_t which = pick(sizeof(forms) / sizeof(forms[0]));

	buf_adds(out, forms[which].before);
	script(out, level - 1);
	buf_adds(out, forms[which].between);
	script(out, level - 1);
	buf_adds(out, forms[which].after);
	if (pick(6) == 0)
		redirect(out, 0);
}

static void script(struct buf *out, int level)
{
	static const char *const between[] = { "; ", " && ", " || ", " | ",    " & ",
		                               "\n", " |& ", ";",    "\\\n ; " };

	if (out->len > 2000) {
		buf_adds(out, "ls");
		return;
	}
	if (level > 0 && pick(7) == 0)
		compound(out, level);
	else
		simple(out, level);
	if (level > 0 && pick(3) == 0) {
		buf_adds(out, CHOOSE(between));
		script(out, level - 1);
	}
}

static const char rules[] = "schema_version = 1\n[model]\nprovider = \"replay\"\nname = \"none\"\n"
			    "[capabilities.allow.commands]\npatterns = [\"ls:*\", \"cat:*\", "
                            "\"grep:*\", \"wc:*\", \"head:*\", \"find:*\", "
			    "\"sed:*\", \"awk:*\", \"sort:*\", \"uniq:*\", \"tar:*\", \"date:*\", "
                            "\"basename:*\", \"xargs:*\", \"timeout:*\"]\n"
			    "[security]\nallow_subshell = true\n";

static int put(struct caps *caps, unsigned long n, struct str text)
{
	struct caps_question question = { .verb = CAPS_RUN,
		                          .subject = text,
		                          .cwd = STR("/arena/here") };
	cleanup_caps_answer struct caps_answer answer = caps_check(caps, &question);
	cleanup_buf struct buf line = BUF_INIT;
	struct json w = json_to(&line);

	if (answer.verdict != CAPS_ALLOW)
		return 0;
	json_object(&w);
	json_kv_int(&w, "n", (int64_t)n);
	json_kv(&w, "script", text);
	json_kv(&w, "runs", answer.script);
	json_end(&w);
	buf_addc(&line, '\n');
	return fwrite(line.data, 1, line.len, stdout) == line.len ? 0 : -1;
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 3000;
	cleanup_with(manifest_free) struct manifest *manifest = NULL;
	cleanup_with(caps_free) struct caps *caps = NULL;
	struct caps_context context = { .root = "/arena/here", .home = "/arena/home" };
	struct err err;

	state = (argc > 2 ? strtoull(argv[2], NULL, 10) : 1) * 0x9e3779b97f4a7c15ull + 1;
	if (argc > 3)
		caps_mutant = (enum caps_mutant)strtoul(argv[3], NULL, 10);
	if (manifest_parse(str_of(rules), "rules", &manifest, &err) < 0 ||
	    caps_compile(manifest, &context, &caps, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	for (unsigned long i = 0; i < count; i++) {
		cleanup_buf struct buf text = BUF_INIT;

		script(&text, LEVELS);
		if (put(caps, i, buf_str(&text)) < 0)
			return 2;
	}
	return 0;
}
