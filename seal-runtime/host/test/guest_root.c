/* Asks for the time, outside of every interface. */
#include "agent.h"

bool exports_agent_init(agent_string_t *id, agent_string_t *context, agent_string_t *err)
{
	(void)id, (void)context, (void)err;
	return agent_now() > 0;
}

bool exports_agent_handle_message(agent_string_t *message, agent_turn_result_t *ret,
				  agent_string_t *err)
{
	(void)message, (void)ret, (void)err;
	return false;
}
