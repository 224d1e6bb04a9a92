/* For the native tests: forgets the session, so that the next can begin. */
#pragma once

void world_fini(void);
