/* What one look at the rules came to.  Private to caps/. */
#pragma once

#include "base/str.h"
#include "caps/caps.h"

struct ruling {
	enum caps_verdict verdict;
	struct str rule; /* what decided; "" = nothing spoke */
	unsigned int line;
	const char *reason; /* why not silent; "" when it is */
	/* Asked for a cause that no rule could take away, so nothing can be
	 * remembered for it. */
	bool only_once;
	/* The rule says "ask": a person can always be asked, even where calls
	 * without a rule are refused. */
	bool by_prompt_rule;
	struct str others; /* rules that match and lost, one a line */
};

/* The stricter of the two; the first on a tie. */
static inline struct ruling ruling_worse(struct ruling a, struct ruling b)
{
	return b.verdict < a.verdict ? b : a;
}
