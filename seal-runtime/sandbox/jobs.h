/* Private to sandbox/: commands that go on while the agent does, a thread each. */
#pragma once

struct sandbox;

#define JOBS_MAX 32

/* Ends every job and waits for it. */
void jobs_end(struct sandbox *sandbox);
