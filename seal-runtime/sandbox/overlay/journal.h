/*
 * Private to overlay/: the changes of one command as a file of its record, so
 * that they can be undone later.  Written before anything of them is done.
 */
#pragma once

struct changes;
struct err;

#define JOURNAL_MAX (256u << 20)

int journal_write(int record, const struct changes *changes, struct err *err);
int journal_read(int record, struct changes *ret_changes, struct err *err);
