/* Asks for the environment, which no seal component may. */
#include "agent.h"

bool exports_agent_init(agent_string_t *id, agent_string_t *context, agent_string_t *err)
{
	agent_list_tuple2_string_string_t environment;

	(void)id, (void)context, (void)err;
	wasi_cli_environment_get_environment(&environment);
	return environment.len == 0;
}

bool exports_agent_handle_message(agent_string_t *message, agent_turn_result_t *ret,
				  agent_string_t *err)
{
	(void)message, (void)ret, (void)err;
	return false;
}
