#include "gate/pass.h"

struct caps_answer gate_check(const struct caps *caps, const struct caps_question *question)
{
	return caps_check(caps, question);
}
