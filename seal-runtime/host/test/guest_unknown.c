/* Asks for a function that the contract does not have. */
#include "agent.h"

bool exports_agent_init(agent_string_t *id, agent_string_t *context, agent_string_t *err)
{
	(void)id, (void)context, (void)err;
	return seal_agent_tools_fly();
}

bool exports_agent_handle_message(agent_string_t *message, agent_turn_result_t *ret,
				  agent_string_t *err)
{
	(void)message, (void)ret, (void)err;
	return false;
}
