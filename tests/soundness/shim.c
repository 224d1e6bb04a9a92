/* Stands in for every program that is not granted: records that it ran. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd = open("/arena/log", O_WRONLY | O_APPEND | O_CREAT, 0666);

	if (argc < 1 || fd < 0)
		return 1;
	(void)!write(fd, argv[0], strlen(argv[0]));
	(void)!write(fd, "\n", 1);
	return 0;
}
