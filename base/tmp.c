#include "base/tmp.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/err.h"

void tmp_dropp(struct tmp *tmp)
{
	closep(&tmp->fd);
	if (tmp->name[0])
		(void)unlinkat(tmp->dir, tmp->name, 0);
}

int tmp_open(struct tmp *tmp, mode_t mode, struct err *err)
{
	unsigned long long id;

	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		return err_sys(err, "getrandom");
	(void)snprintf(tmp->name, sizeof(tmp->name), ".seal-%016llx.tmp", id);
	tmp->fd = openat(tmp->dir, tmp->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			 mode);
	if (tmp->fd < 0) {
		tmp->name[0] = '\0';
		return err_sys(err, "make a temporary file beside it");
	}
	return 0;
}
