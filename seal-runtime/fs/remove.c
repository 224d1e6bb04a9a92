#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "fs/fs.h"
#include "fs/fs_private.h"

int fs_delete(const struct grant_file *grant, struct err *err)
{
	struct stat st;
	int r;

	if (grant->object < 0)
		return err_set(err, ERR_INPUT, "%s does not exist", grant->path);
	if (fstat(grant->object, &st) < 0)
		return err_sys(err, "%s", grant->path);
	if (S_ISDIR(st.st_mode))
		return err_set(err, ERR_INPUT, "%s is a folder; only files are deleted", grant->path);
	r = fs_recheck(grant, err);
	if (r < 0)
		return err_wrap(err, "delete");
	if (unlinkat(grant->parent, grant->name, 0) < 0)
		return err_sys(err, "delete %s", grant->path);
	return 0;
}
