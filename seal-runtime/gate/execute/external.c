/* Tools of other servers: a manifest cannot name one yet, so there is none. */
#include "base/err.h"
#include "gate/pass.h"

int execute_tools_external_tools(struct pass *pass)
{
	pass->outcome = PASS_DONE;
	buf_adds(pass->result, "[]");
	return buf_check(pass->result, "the result", pass->err);
}

int execute_tools_external_call(struct pass *pass)
{
	struct str server = pass_text(pass, 0);

	return pass_error(pass, PASS_INVALID, "the manifest names no server \"%.*s\"", STR_ARG(server));
}
