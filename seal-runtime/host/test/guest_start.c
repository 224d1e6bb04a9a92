/* Spins before anybody called it: the start of its core module. */
#include "agent.h"

static volatile uint32_t spun;

__attribute__((export_name("_initialize"))) void start(void);

void start(void)
{
	for (;;)
		spun++;
}

bool exports_agent_init(agent_string_t *id, agent_string_t *context, agent_string_t *err)
{
	(void)id, (void)context, (void)err;
	return true;
}

bool exports_agent_handle_message(agent_string_t *message, agent_turn_result_t *ret,
				  agent_string_t *err)
{
	(void)message, (void)ret, (void)err;
	return false;
}
