/*
 * Rules that tests may switch off, one at a time, to prove that some row fails
 * without each.  Private to caps/; in a program as it is shipped they are constants.
 */
#pragma once

#include <stdbool.h>

enum caps_mutant {
	MUTANT_NONE,
	MUTANT_GUARDS,        /* options are not looked at */
	MUTANT_DOCUMENTS,     /* here-documents and here-strings hold no commands */
	MUTANT_SUBSTITUTIONS, /* commands inside words are not walked */
	MUTANT_REEMISSION,    /* the text runs, not the tree */
	MUTANT_WRAPPERS,      /* what a wrapper runs is not looked at */
	MUTANT_ENVIRONMENT,   /* any variable may be set for a command */
	MUTANT_REDIRECTS,     /* files of redirects are not looked at */
	MUTANT_DENY_NESTED,   /* deny rules hold for the first word only */
	MUTANT_BYTES,         /* bytes that do not show are fine */
	MUTANT_SCOPE,         /* any folder will do */
	MUTANT_ACTIONS,       /* what find executes is not looked at */
	MUTANT_SEQUENCE,      /* only the first command of a list counts */
	MUTANT_NAMES,         /* a name that is not known is fine */
	MUTANT_TESTS,         /* any test is fine */
	MUTANT_ARITHMETIC,    /* any arithmetic is fine */
	MUTANT_PARSE,         /* what is not understood is fine */
	MUTANT_BUILTINS,      /* builtins that change the shell are fine */
	MUTANT_OPERANDS,      /* files that a command names are not looked at */
	MUTANT_PROTECTED,     /* wildcards cover .git and its like */
	MUTANT_SPECIFICITY,   /* the first rule that matches decides */
	N_MUTANTS,
};

#ifdef SEAL_TEST
extern enum caps_mutant caps_mutant;
#define IS_MUTANT(which) (caps_mutant == MUTANT_##which)
#else
#define IS_MUTANT(which) false
#endif
