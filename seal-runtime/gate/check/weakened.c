/*
 * Test builds only (meson -Dweaken=gate): the gate without its check.  A test of
 * a denial that still passes with this file proves nothing.
 */
#include "gate/pass.h"

struct caps_answer gate_check(const struct caps *caps, const struct caps_question *question)
{
	(void)caps;
	return (struct caps_answer){ .verdict = CAPS_ALLOW, .rule = STR("weakened"),
				     .script = question->subject };
}
