/*
 * A script as a tree that is ours.  Private to caps/.
 *
 *   parse.c, redirect.c  the grammar's tree -> this tree, or "not understood"
 *   words.c              the text of a word -> its parts
 *   expand.c             parts -> the arguments that a command will get
 *   walk.c, test.c, state.c  this tree in the order of execution: folders, variables, redirects
 *   ../command.c         one simple command against the rules
 *   emit.c               this tree -> the script that runs
 *
 * Soundness does not rest on the grammar's parser reading a text as bash does:
 * what runs is emitted from this tree, word by word, quoted, so a difference
 * changes what a command means, never what was checked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "caps/check.h"

struct command_rule;
struct manifest_list;
struct node;
struct word;

enum part_kind {
	PART_TEXT,       /* itself */
	PART_GLOB,       /* unquoted * ? [...] */
	PART_VARIABLE,   /* $name, ${name}, ${name OP arg} */
	PART_SCRIPT,     /* $(...) and backticks */
	PART_PROCESS,    /* <(...) and >(...); text is "<" or ">" */
	PART_ARITHMETIC, /* $((...)); text is what stands inside */
	PART_TILDE,      /* ~ at the start; text is what follows up to the slash */
	PART_BRACE,      /* "{", "," or "}", until braces are expanded */
	PART_STRANGE,    /* understood enough to ask about; text is the source */
};

struct part {
	enum part_kind kind;
	bool quoted;
	bool known; /* expansion found the value: `text` of a variable is its name */
	struct str text, value;
	struct str op, arg; /* of a variable */
	struct node *body;
	struct part *next;
};

struct word {
	struct part *first;
	struct str source;
	struct str instead; /* emitted in place of the parts, when not empty */
	struct word *next;
};

struct assignment {
	struct str name;
	bool appends;
	struct word *value;
	struct assignment *next;
};

enum redirect_kind {
	REDIRECT_FILE, /* op < > >> >| &> &>> <> */
	REDIRECT_COPY, /* op >& <& with a number or - */
	REDIRECT_TEXT, /* here-document or here-string */
};

struct redirect {
	enum redirect_kind kind;
	struct str fd; /* digits or empty */
	struct str op;
	struct word *target; /* the file, the number, or the text */
	bool adds_newline;   /* a here-string */
	struct redirect *next;
};

enum node_kind {
	NODE_SIMPLE,
	NODE_PIPE,       /* children */
	NODE_LIST,       /* children, each with what separates it from the next */
	NODE_GROUP,      /* body */
	NODE_SUBSHELL,   /* body */
	NODE_IF,         /* cond, body, other */
	NODE_LOOP,       /* name is "while" or "until"; cond, body */
	NODE_FOR,        /* name, words, body */
	NODE_CASE,       /* words (one), arms */
	NODE_TEST,       /* [[ ]]: words, operators among them as plain words */
	NODE_ARITHMETIC, /* ((...)): name is the text */
};

enum separator {
	SEPARATOR_LINE,
	SEPARATOR_SEMICOLON,
	SEPARATOR_BACKGROUND,
	SEPARATOR_AND,
	SEPARATOR_OR
};

struct arm { /* of a case */
	struct word *patterns;
	struct node *body;
	struct str end; /* ";;" ";&" ";;&" or empty */
	struct arm *next;
};

struct node {
	enum node_kind kind;
	bool negated;
	bool pipes_errors; /* |& behind this child of a pipe */
	enum separator separator;
	struct str source, name;
	struct assignment *assignments;
	struct word *words;
	struct redirect *redirects;
	struct node *first; /* children */
	struct node *cond, *body, *other;
	struct arm *arms;
	struct node *next;
};

/* What a word comes to.  Text that is not known certainly starts with `text`. */
struct field {
	struct str text;
	bool opaque;
	bool many;         /* opaque: none, one or several arguments */
	bool no_dash;      /* opaque: does not start with a dash */
	bool number;       /* opaque: digits only */
	struct word *word; /* where it was written */
	bool globbed;      /* holds a wildcard that the shell expands; `glob` is the pattern */
	struct str glob;
};

struct fields {
	struct field *items;
	size_t n, room;
};

enum value_kind { VALUE_UNKNOWN, VALUE_NUMBER, VALUE_TEXT, VALUE_PREFIX };

struct variable {
	struct str name, text;
	enum value_kind kind;
	bool no_dash;
	struct variable *next;
};

#define FOLDERS_MAX 4

struct folders { /* where the next command may find itself */
	struct str at[FOLDERS_MAX];
	size_t n;
	bool unknown;
};

#define SHELL_DEPTH_MAX  8
#define SHELL_FIELDS_MAX 4096

struct shell {
	struct check *check;
	struct arena *arena;
	const struct caps *caps;
	struct variable *variables; /* newest first; an older one of the name is hidden */
	struct folders folders;
	unsigned int depth;
	bool has_arguments; /* $1 and so on hold something that is not known */
	bool needs_bash;    /* the emitted script uses what sh does not have */
	bool in_loop;
};

/* parse.c */
struct reader {
	struct check *check;
	struct arena *arena;
	struct str text;
	const char *confused; /* why the text is not understood; NULL so far */
	unsigned int depth;
};
/* NULL when reader->confused. */
struct node *shell_parse(struct reader *reader, void **ret_tree);

/* words.c.  `root` is a TSNode within which substitutions are looked up. */
struct scan {
	struct reader *reader;
	const void *root;
	size_t at, end;
};
/* The words between at and end, separated by blanks. */
struct word *words_read(struct scan *scan);
/* All of it as one word; `is_value`: right of an assignment, no braces. */
struct word *words_read_one(struct scan *scan, bool is_value);
/* As between double quotes: the body of a here-document. */
struct word *words_read_quoted(struct scan *scan);
/* The words of [[ ]]; an operator has itself as `instead`. */
struct word *words_read_test(struct scan *scan);
/* parse.c: the commands of the substitution that starts at `at`; its end. */
struct node *shell_parse_inner(struct reader *reader, const void *root, size_t at, size_t *ret_end);
/* The end of the grammar's node of this type that starts at `at`, or 0. */
size_t shell_node_end(const void *root, size_t at, const char *type);

/* expand.c: what the word comes to, appended; several fields for braces. */
void words_expand(struct shell *shell, struct word *word, struct fields *fields);
/* As one field, without splitting: a value, a redirect's target. */
struct field words_expand_one(struct shell *shell, struct word *word);

/* walk.c */
void shell_walk(struct shell *shell, struct node *node);
/* A part about something that is no command of its own. */
void shell_say(struct shell *shell, enum caps_verdict verdict, struct str source, const char *rule,
               const char *reason);
/* Commands inside a substitution or subshell: what they change stays there. */
void shell_walk_inside(struct shell *shell, struct node *node);
struct variable *shell_variable(const struct shell *shell, struct str name);
void shell_assign(struct shell *shell, struct str name, enum value_kind kind, struct str text);
/* test.c.  Is it arithmetic that runs nothing?  Assigns what it assigns. */
bool shell_arithmetic(struct shell *shell, struct str text);
/* test.c: the words of [[ ]]. */
void shell_test(struct shell *shell, struct node *node);
/* expand.c */
void fields_add(struct arena *arena, struct fields *fields, struct field field);
/* walk.c: the file of a redirect or an operand, in every folder it may be meant in. */
struct ruling shell_judge_path(struct shell *shell, enum caps_verb verb, struct str name);
void shell_enter(struct shell *shell, struct field folder);
/* state.c: what a command that may have run or not leaves behind. */
void shell_merge_folders(struct shell *shell, const struct folders *other);
void shell_blur(struct shell *shell, const struct node *node);
bool shell_moves(const struct node *node);
/* A script given as text: `sh -c`, `eval`.  Returns what to run instead, or "". */
struct str shell_script(struct shell *shell, struct str text, bool has_arguments);
/* First words of deny rules, looked for in text that is not understood. */
bool shell_raw_denied(const struct caps *caps, struct arena *arena, struct str text,
                      const struct command_rule **ret_rule);

/* command.c: a simple command whose words are expanded. */
void command_check(struct shell *shell, struct node *node, struct fields *argv);
/* May this variable be set for a command? */
struct ruling command_assignment(struct shell *shell, const struct manifest_list *granted,
                                 struct str name, bool opaque);
bool command_is_sensitive_name(struct str name);

/* emit.c */
struct str shell_emit(struct arena *arena, const struct node *node);
struct str shell_quote(struct arena *arena, struct str text);

struct word *shell_word_text(struct arena *arena, struct str text);
