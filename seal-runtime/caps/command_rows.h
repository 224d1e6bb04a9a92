/*
 * The specification of commands, row by row: for the tests of the engine as it
 * is and for those that prove each rule is needed.  `mutant` names the rule
 * without which the row must fail.  Private to caps/'s tests.
 */
#pragma once

#include "caps/caps.h"
#include "caps/mutants.h"

#define TOOLS                                                                                      \
	"[capabilities.allow.commands]\npatterns = [\"ls:*\", \"cat:*\", \"head:*\", \"wc:*\", "   \
	"\"grep:*\", "                                                                             \
	"\"rg:*\", \"find:*\", \"sort:*\", \"uniq:*\", \"sed:*\", \"awk:*\", \"jq:*\", "           \
	"\"tar:*\", \"date:*\", \"tree:*\", "                                                      \
	"\"file:*\", \"cut:*\", \"basename:*\", \"xargs:*\", \"history:*\", \"env\"]\n"
#define GIT                                                                                        \
	"[capabilities.allow.commands]\npatterns = [{ command = \"git:*\", prompt = true }, "      \
	"\"git status:*\", "                                                                       \
	"\"git log:*\", \"git diff:*\", \"git commit:*\", \"git branch:*\", \"git remote:*\", "    \
	"\"git stash list:*\", "                                                                   \
	"\"git tag --list:*\", \"git grep:*\", \"git add:*\", \"git fetch:*\", \"git config "      \
	"--get:*\"]\n"
#define BUILD                                                                                      \
	"[capabilities.allow.commands]\npatterns = [\"cargo test:*\", \"cargo build:*\", "         \
	"\"make:*\", \"npm run *\", "                                                              \
	"\"npx eslint:*\", \"npx tsc:*\", \"pytest:*\", \"python3 -m pytest:*\", \"go build:*\", " \
	"\"gcc:*\", \"cmake:*\", \"uv run pytest:*\"]\n"
#define CURL_DENIED TOOLS "[capabilities.deny.commands]\npatterns = [\"curl:*\", \"git push:*\"]\n"
#define FILES                                                                                      \
	TOOLS "[capabilities.allow.write]\ndefault_files = [\"*\"]\npaths = [\"build/**\"]\n"      \
	      "[capabilities.allow.read]\ndefault_files = [\"*\"]\npaths = "                       \
	      "[\"src/**\"]\n[security]\nallow_redirects = \"files\"\n"
#define WRITERS                                                                                    \
	"[capabilities.allow.commands]\npatterns = [\"cp:*\", \"mv:*\", \"rm:*\", \"mkdir:*\", "   \
	"\"touch:*\", \"tee:*\", \"ln:*\"]\n"                                                      \
	"[capabilities.allow.write]\ndefault_files = [\"*\"]\npaths = [\"build/**\"]\n"            \
	"[capabilities.allow.delete]\ndefault_files = [\"*\"]\npaths = [\"build/**\"]\n"
#define SECRETS  TOOLS "[capabilities.deny.read]\ndefault_files = [\".env\", \"*.pem\"]\n"
#define INNER    TOOLS "[security]\nallow_subshell = true\n"
#define OFF(key) TOOLS "[security]\n" key "\n"

static const struct command_row {
	const char *name, *rules, *command;
	enum caps_verdict want;
	enum caps_mutant mutant;
	const char *cwd; /* NULL: the root */
} command_rows[] = {
	/* words and matching */
	{ "a prefix covers what follows", TOOLS, "ls -la src", CAPS_ALLOW },
	{ "a prefix covers the bare command", TOOLS, "ls", CAPS_ALLOW },
	{ "a prefix ends at a word", TOOLS, "lsof", CAPS_ASK },
	{ "an exact rule is the whole command", TOOLS, "env -0", CAPS_ASK },
	{ "one more word is wanted by a blank and a star", BUILD, "npm run", CAPS_ASK },
	{ "a script name holds a colon", BUILD, "npm run test:unit", CAPS_ALLOW },
	{ "the narrow rule beats the broad one that asks", GIT, "git status -sb", CAPS_ALLOW,
	  MUTANT_SPECIFICITY },
	{ "the broad rule asks for the rest", GIT, "git push", CAPS_ASK },
	{ "quotes are taken off", TOOLS, "'l's \"-la\"", CAPS_ALLOW },
	{ "a quoted blank is no separator", GIT, "'git status'", CAPS_ASK },
	{ "case counts", TOOLS, "LS", CAPS_ASK },
	{ "a system path is the program", TOOLS, "/usr/bin/ls", CAPS_ALLOW },
	{ "a program here is not the program", TOOLS, "./ls", CAPS_ASK },
	{ "a program elsewhere is not the program", TOOLS, "/tmp/ls", CAPS_ASK },
	{ "a name that does not show is asked about", TOOLS, "l\xe2\x80\x8bs", CAPS_ASK },
	{ "a name from a variable is asked about", TOOLS, "$x y", CAPS_ASK, MUTANT_NAMES },
	{ "a name from a wildcard is asked about", TOOLS, "/bin/l? y", CAPS_ASK, MUTANT_NAMES },
	{ "a variable assigned before is known", TOOLS, "x=ls; $x", CAPS_ALLOW },
	{ "a value that may have been replaced is not", TOOLS, "x=ls; cat a && x=id; $x",
	  CAPS_ASK },
	/* bytes */
	{ "an escape character is asked about", TOOLS, "ls \x1b[31m", CAPS_ASK, MUTANT_BYTES },
	{ "a bidi override is asked about", TOOLS, "ls '\xe2\x80\xae'", CAPS_ASK, MUTANT_BYTES },
	{ "a carriage return is asked about", TOOLS, "ls '\r'", CAPS_ASK, MUTANT_BYTES },
	{ "emoji in quotes are fine", TOOLS, "ls '\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7'",
	  CAPS_ALLOW },
	/* what is not understood */
	{ "an open quote is asked about", TOOLS, "ls 'a", CAPS_ASK, MUTANT_PARSE },
	{ "a function is asked about", TOOLS, "f() { ls; }", CAPS_ASK, MUTANT_PARSE },
	{ "an array is asked about", TOOLS, "x=(a b)", CAPS_ASK, MUTANT_PARSE },
	{ "extended wildcards are asked about", TOOLS, "ls @(a|b)", CAPS_ASK, MUTANT_PARSE },
	{ "nothing is asked about", TOOLS, "", CAPS_ASK, MUTANT_PARSE },
	{ "a comment alone is asked about", TOOLS, "# ls", CAPS_ASK, MUTANT_PARSE },
	{ "a deny holds in what is not understood", CURL_DENIED, "f() { cu\"rl\" x; }", CAPS_DENY },
	/* lists */
	{ "every command of a list counts", TOOLS, "ls; touch x", CAPS_ASK, MUTANT_SEQUENCE },
	{ "behind && too", TOOLS, "ls && touch x", CAPS_ASK, MUTANT_SEQUENCE },
	{ "behind || too", TOOLS, "ls || touch x", CAPS_ASK, MUTANT_SEQUENCE },
	{ "behind & too", TOOLS, "ls & touch x", CAPS_ASK, MUTANT_SEQUENCE },
	{ "on the next line too", TOOLS, "ls\ntouch x", CAPS_ASK, MUTANT_SEQUENCE },
	{ "in a pipe too", TOOLS, "ls | touch x", CAPS_ASK },
	{ "in a group too", TOOLS, "{ touch x; }", CAPS_ASK },
	{ "in a condition too", TOOLS, "if touch x; then ls; fi", CAPS_ASK },
	{ "in a branch too", TOOLS, "if ls; then ls; else touch x; fi", CAPS_ASK },
	{ "in a loop too", TOOLS, "while ls; do touch x; done", CAPS_ASK },
	{ "in a case too", TOOLS, "case a in a) touch x;; esac", CAPS_ASK },
	{ "granted commands make a silent script", TOOLS,
	  "if ls; then cat a | wc -l; fi; for f in *.c; do head \"$f\"; done", CAPS_ALLOW },
	{ "operators in quotes are data", TOOLS, "grep 'a;b|c' f", CAPS_ALLOW },
	/* switches */
	{ "pipes may be off", OFF("allow_pipes = false"), "ls | wc", CAPS_DENY },
	{ "lists may be off", OFF("allow_compound = false"), "ls; ls", CAPS_DENY },
	{ "background may be off", OFF("allow_background = false"), "ls &", CAPS_DENY },
	{ "variables may be off", OFF("allow_expansion = false"), "ls $x", CAPS_DENY },
	{ "case may be off", OFF("allow_case_terminator = false"), "case a in a) ls;; esac",
	  CAPS_DENY },
	{ "subshells may be off", OFF("allow_subshell = false"), "(ls)", CAPS_DENY },
	{ "a switch says nothing about quoted text", OFF("allow_pipes = false"), "ls '|'",
	  CAPS_ALLOW },
	{ "nobody may be asked", OFF("allow_runtime_expansion = false"), "touch x", CAPS_DENY },
	/* substitutions */
	{ "an inner command asks when unset", TOOLS, "ls $(ls)", CAPS_ASK, MUTANT_SUBSTITUTIONS },
	{ "a granted inner command is fine when on", INNER, "ls $(basename a)", CAPS_ALLOW },
	{ "an inner command counts", INNER, "cat $(touch x)", CAPS_ASK, MUTANT_SUBSTITUTIONS },
	{ "in double quotes too", INNER, "cat \"a$(touch x)\"", CAPS_ASK, MUTANT_SUBSTITUTIONS },
	{ "between backticks too", INNER, "cat `touch x`", CAPS_ASK, MUTANT_SUBSTITUTIONS },
	{ "in process substitution too", INNER, "cat <(touch x)", CAPS_ASK, MUTANT_SUBSTITUTIONS },
	{ "in an assignment too", INNER, "x=$(touch y)", CAPS_ASK, MUTANT_SUBSTITUTIONS },
	{ "in a here-document too", INNER, "cat <<E\n$(touch x)\nE", CAPS_ASK, MUTANT_DOCUMENTS },
	{ "in a here-string too", INNER, "cat <<< $(touch x)", CAPS_ASK, MUTANT_DOCUMENTS },
	{ "a quoted here-document is text", TOOLS, "cat <<'E'\n$(touch x)\nE", CAPS_ALLOW },
	{ "a quoted here-document in cat is a constant", GIT,
	  "git commit -m \"$(cat <<'E'\na `b` $(c)\nE\n)\"", CAPS_ALLOW },
	{ "a default value that runs is asked about", INNER, "ls ${x:-$(touch y)}", CAPS_ASK },
	{ "indirection is asked about", TOOLS, "ls ${!x}", CAPS_ASK },
	{ "a plain default is fine", TOOLS, "ls ${x:-src}", CAPS_ALLOW },
	/* arithmetic and tests */
	{ "numbers are fine", TOOLS, "echo $((1 + 2 * 3))", CAPS_ALLOW },
	{ "a counter is fine", TOOLS, "i=0; while [ $i -lt 3 ]; do i=$((i + 1)); done",
	  CAPS_ALLOW },
	{ "a name of unknown value is code", TOOLS, "echo $((x))", CAPS_ASK, MUTANT_ARITHMETIC },
	{ "a subscript is code", TOOLS, "((a[0] = 1))", CAPS_ASK, MUTANT_ARITHMETIC },
	{ "a value read from outside is code", INNER, "x=$(cat f); echo $((x + 1))", CAPS_ASK,
	  MUTANT_ARITHMETIC },
	{ "test -v runs a subscript", TOOLS, "test -v 'a[$(touch x)]'", CAPS_ASK, MUTANT_TESTS },
	{ "[[ -v too", TOOLS, "[[ -v 'a[$(touch x)]' ]]", CAPS_ASK, MUTANT_TESTS },
	{ "[[ -eq evaluates its words", TOOLS, "[[ 'a[$(touch x)]' -eq 1 ]]", CAPS_ASK,
	  MUTANT_TESTS },
	{ "an operator that is not known is asked about", TOOLS, "test \"$a\" \"$b\"", CAPS_ASK,
	  MUTANT_TESTS },
	{ "plain tests are fine", TOOLS, "[ -f a ] && [[ $x == *.c && -d b ]]", CAPS_ALLOW },
	{ "printf may store through a name", TOOLS, "printf '%n' 'a[$(touch x)]'", CAPS_ASK },
	{ "printf -v too", TOOLS, "printf -v 'a[$(touch x)]' y", CAPS_ASK },
	/* redirects */
	{ "a merge is fine", TOOLS, "ls 2>&1", CAPS_ALLOW },
	{ "the sink is fine", TOOLS, "ls > /dev/null 2>&1", CAPS_ALLOW },
	{ "a file is refused", TOOLS, "ls > x", CAPS_DENY, MUTANT_REDIRECTS },
	{ "of a group too", TOOLS, "{ ls; } > x", CAPS_DENY, MUTANT_REDIRECTS },
	{ "of a loop too", TOOLS, "for i in a; do ls; done > x", CAPS_DENY, MUTANT_REDIRECTS },
	{ "without a command too", TOOLS, "> x", CAPS_DENY, MUTANT_REDIRECTS },
	{ "for reading too", TOOLS, "cat < x", CAPS_DENY, MUTANT_REDIRECTS },
	{ "a granted file is fine", FILES, "ls > build/x", CAPS_ALLOW },
	{ "read and write are told apart", FILES, "cat < build/x", CAPS_ASK, MUTANT_REDIRECTS },
	{ "the folder is followed", FILES, "cd src && ls > ../build/x", CAPS_ALLOW },
	{ "a folder that may not be entered counts twice", FILES, "cd build; ls > x", CAPS_ASK,
	  MUTANT_REDIRECTS },
	{ "a file of unknown name is asked about", FILES, "ls > $x", CAPS_ASK, MUTANT_REDIRECTS },
	{ "a protected file is asked about", FILES, "ls > build/.git/x", CAPS_ASK,
	  MUTANT_PROTECTED },
	{ "the manifest is refused", FILES, "ls > build/seal.toml", CAPS_DENY, MUTANT_REDIRECTS },
	{ "a socket's file is asked about", FILES, "ls > /dev/tcp/a/1", CAPS_ASK,
	  MUTANT_REDIRECTS },
	/* variables for a command */
	{ "a harmless variable is fine", BUILD, "RUST_LOG=debug cargo test", CAPS_ALLOW },
	{ "a loader's variable is asked about", BUILD, "LD_PRELOAD=x cargo test", CAPS_ASK,
	  MUTANT_ENVIRONMENT },
	{ "an unknown variable is asked about", BUILD, "FOO=1 cargo test", CAPS_ASK,
	  MUTANT_ENVIRONMENT },
	{ "through env too", BUILD, "env FOO=1 cargo test", CAPS_ASK, MUTANT_ENVIRONMENT },
	{ "its rule may name it",
	  "[capabilities.allow.commands]\npatterns=[{command=\"cargo "
	  "test:*\",env_vars=[\"FOO\"]}]\n",
	  "FOO=1 cargo test", CAPS_ALLOW },
	{ "a wildcard does not name a dangerous one",
	  "[capabilities.allow.commands]\npatterns=[{command=\"cargo test:*\",env_vars=[\"*\"]}]\n",
	  "PATH=x cargo test", CAPS_ASK, MUTANT_ENVIRONMENT },
	{ "a denied variable is refused",
	  BUILD "[capabilities.deny.commands]\nenv_vars=[\"FOO\"]\n", "FOO=1 cargo test",
	  CAPS_DENY },
	{ "PATH for the rest is asked about", TOOLS, "PATH=x; ls", CAPS_ASK },
	/* wrappers */
	{ "a wrapper needs no rule", TOOLS, "timeout 5 nice -n 3 ls", CAPS_ALLOW },
	{ "what it runs does", TOOLS, "timeout 5 touch x", CAPS_ASK, MUTANT_WRAPPERS },
	{ "a chain of them too", TOOLS, "nohup nice stdbuf -oL touch x", CAPS_ASK,
	  MUTANT_WRAPPERS },
	{ "an unknown option asks", TOOLS, "time -o f ls", CAPS_ASK, MUTANT_WRAPPERS },
	{ "a query runs nothing", TOOLS, "command -v rg", CAPS_ALLOW },
	{ "xargs is what it runs", TOOLS, "ls | xargs -n1 wc -l", CAPS_ALLOW },
	{ "xargs of another command asks", TOOLS, "ls | xargs touch", CAPS_ASK },
	{ "words from xargs may be options", TOOLS, "ls | xargs sort", CAPS_ASK, MUTANT_GUARDS },
	{ "a template in a script is not known", TOOLS, "ls | xargs -I{} sh -c '{}'", CAPS_ASK },
	{ "xargs reads its options in clusters", TOOLS, "ls | xargs -0n1 wc -l", CAPS_ALLOW },
	{ "of two ways to pass words both count", TOOLS, "ls | xargs -I{} -n1 sort", CAPS_ASK,
	  MUTANT_GUARDS },
	{ "a marker that is not known is asked about", TOOLS, "ls | xargs -I $x wc", CAPS_ASK },
	{ "env alone prints secrets", TOOLS, "env", CAPS_ASK },
	{ "sh -c is its text", TOOLS, "sh -c 'ls; cat a'", CAPS_ALLOW },
	{ "another text asks", TOOLS, "bash -c 'touch x'", CAPS_ASK },
	{ "a script's file asks", TOOLS, "bash x.sh", CAPS_ASK },
	{ "sudo is refused", TOOLS, "sudo ls", CAPS_DENY },
	{ "find's grant does not cover what it runs", TOOLS, "find . -exec touch x \\;", CAPS_ASK,
	  MUTANT_ACTIONS },
	{ "find may run what is granted", TOOLS, "find . -name '*.c' -exec grep -l x {} +",
	  CAPS_ALLOW },
	/* deny */
	{ "deny by quotes", CURL_DENIED, "c'ur'l x", CAPS_DENY },
	{ "deny by path", CURL_DENIED, "/opt/curl x", CAPS_DENY },
	{ "deny by escape", CURL_DENIED, "$'\\x63url' x", CAPS_DENY },
	{ "deny across a continued line", CURL_DENIED, "cu\\\nrl x", CAPS_DENY },
	{ "deny of a variable's value", CURL_DENIED, "x=curl; $x y", CAPS_DENY },
	{ "deny behind a wrapper", CURL_DENIED, "timeout 5 curl x", CAPS_DENY, MUTANT_DENY_NESTED },
	{ "deny behind xargs", CURL_DENIED, "ls | xargs curl", CAPS_DENY, MUTANT_DENY_NESTED },
	{ "deny behind find", CURL_DENIED, "find . -exec curl {} \\;", CAPS_DENY,
	  MUTANT_DENY_NESTED },
	{ "deny behind sh -c", CURL_DENIED, "sh -c 'ls; curl x'", CAPS_DENY, MUTANT_DENY_NESTED },
	{ "deny in a substitution", CURL_DENIED, "ls \"$(curl x)\"", CAPS_DENY },
	{ "deny behind git's own options", CURL_DENIED, "git --no-pager -C x push", CAPS_DENY },
	{ "deny after two hundred parts", CURL_DENIED,
	  "ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;"
	  "ls;ls;"
	  "ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;ls;"
	  "curl "
	  "x",
	  CAPS_DENY, MUTANT_SEQUENCE },
	{ "what may be denied is asked about",
	  "[capabilities.allow.commands]\npatterns=[\"git:*\"]\n[capabilities.deny.commands]"
	  "\npatterns=["
	  "\"git push:*\"]\n",
	  "git $x", CAPS_ASK },
	/* builtins */
	{ "builtins that print are free", TOOLS, "echo a; printf '%s\\n' b; true; pwd",
	  CAPS_ALLOW },
	{ "safe options of the shell are free", TOOLS, "set -euo pipefail; ls", CAPS_ALLOW },
	{ "eval is asked about", TOOLS, "eval ls", CAPS_ASK, MUTANT_BUILTINS },
	{ "source is asked about", TOOLS, ". ./x", CAPS_ASK, MUTANT_BUILTINS },
	{ "trap is asked about", TOOLS, "trap 'touch x' EXIT", CAPS_ASK, MUTANT_BUILTINS },
	{ "export is asked about", TOOLS, "export A=1", CAPS_ASK, MUTANT_BUILTINS },
	{ "a builtin that writes is asked about although granted", TOOLS, "history -a x", CAPS_ASK,
	  MUTANT_BUILTINS },
	/* folders */
	{ "within the project", TOOLS, "ls", CAPS_ALLOW, MUTANT_NONE, "/proj/a" },
	{ "outside of it", TOOLS, "ls", CAPS_ASK, MUTANT_SCOPE, "/tmp" },
	{ "beside it", TOOLS, "ls", CAPS_ASK, MUTANT_SCOPE, "/proj-evil" },
	{ "after leaving it", TOOLS, "cd .. && ls", CAPS_ASK, MUTANT_SCOPE },
	{ "in a folder that is not known", TOOLS, "cd $x && ls", CAPS_ASK, MUTANT_SCOPE },
	{ "a rule for other folders",
	  "[capabilities.allow.commands]\npatterns=[{command=\"make:*\",paths=[\"sub/**\"]}]\n",
	  "make", CAPS_ASK, MUTANT_SCOPE },
	{ "a rule for this folder",
	  "[capabilities.allow.commands]\npatterns=[{command=\"make:*\",paths=[\"sub/**\"]}]\n",
	  "cd sub && make", CAPS_ALLOW },
	/* guards */
	{ "a here-string for nobody", "", "<<<x", CAPS_ALLOW },
	{ "sort may write", TOOLS, "sort -uo x f", CAPS_ASK, MUTANT_GUARDS },
	{ "an abbreviation counts", TOOLS, "sort --compress-prog=./x f", CAPS_ASK, MUTANT_GUARDS },
	{ "find may delete", TOOLS, "find . -delete", CAPS_ASK, MUTANT_GUARDS },
	{ "an argument may be an option", TOOLS, "rg a \"$x\"", CAPS_ASK, MUTANT_GUARDS },
	{ "not behind a prefix", TOOLS, "rg a \"src/$x\"", CAPS_ALLOW },
	{ "of programs without such options it is fine", TOOLS, "cat \"$x\" *", CAPS_ALLOW },
	{ "rg may run a program", TOOLS, "rg --pre ./x a", CAPS_ASK, MUTANT_GUARDS },
	{ "uniq writes its second file", TOOLS, "uniq a b", CAPS_ASK, MUTANT_GUARDS },
	{ "and one with a dash", TOOLS, "uniq a -- -b", CAPS_ASK, MUTANT_GUARDS },
	{ "a wildcard may be two", TOOLS, "uniq ./*", CAPS_ASK, MUTANT_GUARDS },
	{ "sed that prints is fine", TOOLS, "sed -n '/a/,/b/p;s|x|y|g' f", CAPS_ALLOW },
	{ "sed may write", TOOLS, "sed 's/a/b/w x' f", CAPS_ASK, MUTANT_GUARDS },
	{ "sed may execute", TOOLS, "sed '1e touch x' f", CAPS_ASK, MUTANT_GUARDS },
	{ "sed in place is asked about", TOOLS, "sed -ni p f", CAPS_ASK, MUTANT_GUARDS },
	{ "awk that prints is fine", TOOLS, "awk -F: '$3 > 10 {print $1}' f", CAPS_ALLOW },
	{ "awk may execute", TOOLS, "awk 'BEGIN{system(\"x\")}'", CAPS_ASK, MUTANT_GUARDS },
	{ "awk may write", TOOLS, "awk '{print > \"x\"}' f", CAPS_ASK, MUTANT_GUARDS },
	{ "tar may list", TOOLS, "tar -tzf a.tgz", CAPS_ALLOW },
	{ "tar may not extract", TOOLS, "tar xf a", CAPS_ASK, MUTANT_GUARDS },
	{ "date may be read", TOOLS, "date -u +%F", CAPS_ALLOW },
	{ "date may not be set", TOOLS, "date 01010000", CAPS_ASK, MUTANT_GUARDS },
	{ "git may look", GIT, "git log -p --stat -S x", CAPS_ALLOW },
	{ "git's own option before the subcommand", GIT, "git -p status", CAPS_ASK },
	{ "a setting that names a program", GIT, "git -c core.pager=./x log", CAPS_ASK },
	{ "harmless settings fall away", GIT, "git --no-pager -c color.ui=never log", CAPS_ALLOW },
	{ "git may write a file", GIT, "git diff --output=x", CAPS_ASK, MUTANT_GUARDS },
	{ "git may be shown branches", GIT, "git branch --list 'a*'", CAPS_ALLOW },
	{ "git may not make them", GIT, "git branch x", CAPS_ASK, MUTANT_GUARDS },
	{ "a remote may run a helper", GIT, "git fetch ext::x", CAPS_ASK, MUTANT_GUARDS },
	{ "a commit needs its message", GIT, "git commit", CAPS_ASK, MUTANT_GUARDS },
	{ "a rule may name the option",
	  "[capabilities.allow.commands]\npatterns=[\"git branch -d:*\"]\n", "git branch -d x",
	  CAPS_ALLOW },
	{ "cargo's settings name programs", BUILD, "cargo build --config x=y", CAPS_ASK,
	  MUTANT_GUARDS },
	{ "another project's code", BUILD, "cargo build --manifest-path ../x/Cargo.toml", CAPS_ASK,
	  MUTANT_GUARDS },
	{ "make's variables name programs", BUILD, "make SHELL=./x", CAPS_ASK, MUTANT_GUARDS },
	{ "some do not", BUILD, "make V=1 -j8", CAPS_ALLOW },
	{ "a tool's options behind npx", BUILD, "npx eslint --rulesdir x .", CAPS_ASK,
	  MUTANT_GUARDS },
	{ "a tool's plain use", BUILD, "npx tsc -p tsconfig.json", CAPS_ALLOW },
	{ "npm elsewhere", BUILD, "npm run build --prefix x", CAPS_ASK, MUTANT_GUARDS },
	{ "words for the script itself", BUILD, "npm run lint -- --fix", CAPS_ALLOW },
	{ "a plugin of pytest", BUILD, "python3 -m pytest -p x", CAPS_ASK, MUTANT_GUARDS },
	{ "behind uv too", BUILD, "uv run pytest --rootdir /tmp", CAPS_ASK, MUTANT_GUARDS },
	{ "go may run a tool", BUILD, "go build --toolexec=./x ./...", CAPS_ASK, MUTANT_GUARDS },
	{ "gcc may write", BUILD, "gcc -ox a.c", CAPS_ASK, MUTANT_GUARDS },
	{ "cmake may run a script", BUILD, "cmake -P x", CAPS_ASK, MUTANT_GUARDS },
	/* files that commands name */
	{ "a denied file is refused", SECRETS, "cat src/../.env", CAPS_DENY },
	{ "by a wildcard it is asked about", SECRETS, "cat .e*", CAPS_ASK },
	{ "a pattern is no file", SECRETS, "grep -rn '\\.env' src", CAPS_ALLOW },
	{ "its name may be listed", SECRETS, "ls -la .env", CAPS_ALLOW },
	{ "a copy within a grant", WRITERS, "cp a build/b", CAPS_ALLOW },
	{ "a copy elsewhere", WRITERS, "cp a b", CAPS_ASK, MUTANT_OPERANDS },
	{ "into a folder", WRITERS, "cp .git/config build/", CAPS_ALLOW },
	{ "over the manifest", WRITERS, "cp build/seal.toml .", CAPS_DENY, MUTANT_OPERANDS },
	{ "a deletion within a grant", WRITERS, "rm -rf build/x", CAPS_ALLOW },
	{ "a deletion elsewhere", WRITERS, "rm -rf /", CAPS_ASK, MUTANT_OPERANDS },
	{ "of an unknown name", WRITERS, "rm $x", CAPS_ASK, MUTANT_OPERANDS },
	{ "a folder for granted files", WRITERS, "mkdir -p build", CAPS_ALLOW },
};
