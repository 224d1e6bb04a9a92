/* seald as the process that asks the Secret Service: see llm/keyring/keyring.h. */
#include "daemon/modes.h"
#include "llm/keyring/keyring.h"

int mode_keyring(int argc, char **argv)
{
	return keyring_main(argc, argv);
}
