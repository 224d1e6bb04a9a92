/*
 * Reading the grammar's tree: what parse.c and redirect.c share.  Private to
 * caps/shell/.
 */
#pragma once

#include <stdbool.h>
#include <tree_sitter/api.h>

#include "caps/shell/shell.h"

bool read_is(TSNode node, const char *type);
struct str read_source(const struct reader *reader, TSNode node);
/* Only the first reason is kept; every reader goes on and returns something. */
void read_confuse(struct reader *reader, const char *why);
/* What the grammar skipped between the children must be nothing. */
void read_check_gaps(struct reader *reader, TSNode node);
struct node *read_new(struct reader *reader, enum node_kind kind, TSNode from);
void read_append(struct node *list, struct node *child);
/* Children first..end of a node, as a list. */
struct node *read_list(struct reader *reader, TSNode from, uint32_t first, uint32_t end);

void read_add_words(struct node *node, struct word *words);
void read_file_redirect(struct reader *reader, TSNode from, struct node *node);
void read_herestring(struct reader *reader, TSNode from, struct node *node);
/* Returns `node`, or the list it became when commands follow on the same line. */
struct node *read_heredoc(struct reader *reader, TSNode from, struct node *node);

/* compound.c: what stands between the first and the last child, `{` and `}`. */
struct node *read_body_of(struct reader *reader, TSNode from, const char *open, const char *close);
struct node *read_if_statement(struct reader *reader, TSNode from);
struct node *read_loop(struct reader *reader, TSNode from);
struct node *read_for(struct reader *reader, TSNode from);
struct node *read_case(struct reader *reader, TSNode from);
