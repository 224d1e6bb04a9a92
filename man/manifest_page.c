/*
 * Prints seal-manifest(5): what stands before and behind the tables is written
 * here, the tables come from manifest.def.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "manifest/keys.h"

/* One line of text: a leading dot or quote would be a request, a backslash an escape. */
static void put(const char *text)
{
	bool is_code = false;

	if (*text == '.' || *text == '\'')
		(void)fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == '`') {
			is_code = !is_code;
			(void)fputs(is_code ? "\\fB" : "\\fR", stdout);
		} else if (*text == '\\') {
			(void)fputs("\\e", stdout);
		} else if (*text == '-') {
			(void)fputs("\\-", stdout);
		} else {
			(void)putchar(*text);
		}
	}
	(void)putchar('\n');
}

static const char *type_name(const struct manifest_key *key)
{
	switch (key->type) {
	case TYPE_STRING:
		return key->choices ? "one of" : "string";
	case TYPE_INTEGER:
		return "integer";
	case TYPE_NUMBER:
		return "number";
	case TYPE_BOOLEAN:
	case TYPE_TRISTATE:
		return "boolean";
	case TYPE_ENUM:
	case TYPE_SWITCH:
		return "one of";
	case TYPE_STRINGS:
		return "array of strings";
	case TYPE_PORTS:
		return "array of ports";
	case TYPE_HEADERS:
		return "table of strings";
	case TYPE_ENTRIES:
		return "array of strings or tables";
	}
	return "";
}

static void put_choices(const char *choices)
{
	struct str rest = str_of(choices), choice;

	while (str_split(&rest, '|', &choice))
		printf(" \\(dq%.*s\\(dq", STR_ARG(choice));
}

static void put_default(const struct manifest_key *key)
{
	if (key->required) {
		(void)fputs(", required", stdout);
		return;
	}
	if (!key->initial)
		return;
	(void)fputs(", default ", stdout);
	for (const char *p = key->initial; *p; p++)
		(void)fputs(*p == '"' ? "\\(dq" : (char[]){*p, '\0'}, stdout);
}

static void put_key(const struct manifest_key *key)
{
	bool has_range =
	    (key->type == TYPE_INTEGER || key->type == TYPE_NUMBER) && key->min != key->max;

	printf(".TP\n.B %s\n", key->name);
	printf("(%s", type_name(key));
	if (key->choices)
		put_choices(key->choices);
	if (has_range && key->max >= INT32_MAX)
		printf(", %lld or more", (long long)key->min);
	else if (has_range)
		printf(", %lld to %lld", (long long)key->min, (long long)key->max);
	put_default(key);
	puts(")");
	puts(".br");
	put(key->sentence);
}

static bool has_keys(const char *table)
{
	for (size_t i = 0; i < manifest_n_keys; i++)
		if (strcmp(manifest_keys[i].table, table) == 0)
			return true;
	return false;
}

static void put_table(const struct manifest_table *table)
{
	if (table->name[0] == '@')
		printf(".SS %.*s\n", (int)strlen(table->sentence) - 1, table->sentence);
	else
		printf(".SS %s%s%s\n", table->name[0] ? "[" : "",
		       table->name[0] ? table->name : "Root keys", table->name[0] ? "]" : "");
	if (table->name[0] && table->name[0] != '@')
		put(table->sentence);
	if (table->plain)
		printf("A bare string is short for { %s = \\(dq...\\(dq }.\n", table->plain);
	for (size_t i = 0; has_keys(table->name) && i < manifest_n_keys; i++)
		if (strcmp(manifest_keys[i].table, table->name) == 0)
			put_key(&manifest_keys[i]);
}

static const char head[] =
    ".TH SEAL\\-MANIFEST 5 \"\" \"seal " SEAL_VERSION "\" \"File formats\"\n"
    ".SH NAME\n"
    "seal\\-manifest \\- seal.toml, what a coding agent may do in a project\n"
    ".SH DESCRIPTION\n"
    "The nearest\n.I seal.toml\nat or above the current folder marks the root of a project. It is "
    "TOML, read and edited\n"
    "by people, and by the permission prompt, which adds its answers and changes nothing else.\n"
    "Unknown tables, keys and values are errors that name the file, the line, the column and the\n"
    "nearest known name. A manifest that does not load, or is not signed, starts nothing.\n"
    ".PP\n"
    "The agent and its commands never write\n.IR seal.toml ,\nits signature or\n.IR .seal/ ,\n"
    "whatever the rules say. The file has at most 1 MiB and 10,000 rules; a path entry is one "
    "rule\n"
    "for each of its files.\n"
    ".SH TABLES\n";

static const char tail[] =
    ".SH WHO WINS\n"
    ".IP 1. 3\nA deny that matches refuses; nothing overrides it.\n"
    ".IP 2. 3\nOf the allow entries that match, the most specific decides; order in the file never "
    "matters.\n"
    "Commands: words before :*, and exact before prefix. Paths: whole segments before the first\n"
    "wildcard, then characters of the file. Hosts: exact before wildcard, longer before shorter, "
    "with\n"
    "port before without. Of equals, the one with prompt = true.\n"
    ".IP 3. 3\nIts prompt decides between asking and doing.\n"
    ".IP 4. 3\nWhere nothing matches, it is asked if allow_runtime_expansion is on and somebody "
    "can answer;\n"
    "else refused.\n"
    ".PP\n.B seal check\nsays what would be answered, and which line decides.\n"
    ".SH PATTERNS\n"
    "In paths and files\n.B *\nand\n.B ?\nstay within a segment,\n.B **\nis any number of whole "
    "segments,\n"
    ".B [...]\na set of characters; a leading dot is nothing special. The rules are the product of "
    "paths\n"
    "and files: \\(dqsrc/**\\(dq with \\(dq*.rs\\(dq is src/**/*.rs. The prompt writes the file\n"
    "src/a/x.rs as { path = \\(dqsrc/a\\(dq, files = [\\(dqx.rs\\(dq] }, and one of the root "
    "under\n"
    "path = \\(dq.\\(dq.\n"
    ".SH SIGNATURES\n"
    "What is signed is the canonical form: one line of JSON with every value that the file sets, "
    "in\n"
    "the order of this page, and the real path of the folder. Comments, layout and defaults are "
    "not in\n"
    "it. \\fBseal manifest show \\-\\-canonical\\fR prints it.\n"
    ".PP\n"
    "Signatures are those of OpenSSH, namespace seal\\-manifest; \\fBssh\\-keygen \\-Y verify\\fR "
    "checks them.\n"
    "Your approval is kept outside the project. A team's is\n.I seal.toml.sig\n"
    "in the project; its canonical form has the root \\(dq*\\(dq, so it holds in every folder, "
    "for\n"
    "everyone who trusts the key.\n"
    ".SH FILES\n"
    ".TP\n.I $XDG_CONFIG_HOME/seal/allowed_signers\nwho is trusted, in the format of "
    "ssh\\-keygen(1)\n"
    ".TP\n.I $XDG_CONFIG_HOME/seal/keys/\nyour key, mode 0600\n"
    ".TP\n.I $XDG_STATE_HOME/seal/approvals/\nyour approvals: a signature and the approved text "
    "for each root\n"
    ".SH SEE ALSO\n"
    "seal(1), ssh\\-keygen(1); \\fBseal schema\\fR prints the JSON Schema of this format.\n";

int main(void)
{
	(void)fputs(head, stdout);
	for (size_t i = 0; i < manifest_n_tables; i++)
		put_table(&manifest_tables[i]);
	(void)fputs(tail, stdout);
	return 0;
}
