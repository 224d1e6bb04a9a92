#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "audit/format.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"

#define LEVEL 3
#define NAME_SIZE (2 + 1 + HASH_HEX)
#define PENDING_MAX 4096
#define READ_SIZE   16384
#define KNOWN_MAX   256

/* A few bits of a zstd frame mean nothing, so a changed file could still give
 * the logged bytes.  Behind the frame stands a skippable one (zstd -d passes
 * over it) with the hash of the compressed bytes: no bit changes unseen. */
#define SEAL_LEN (sizeof(seal_head) + HASH_SIZE)
static const char seal_head[8] = { 0x50, 0x2a, 0x4d, 0x18, HASH_SIZE, 0, 0, 0 };

struct blobs {
	int dir;
	ZSTD_CCtx *compressor;
	ZSTD_DCtx *expander;
	struct buf packed; /* of the blob that is read */
	char (*pending)[NAME_SIZE]; /* written, not synced */
	size_t n_pending, size;
	bool is_new[256]; /* which folders got new names since the last sync */
	bool has_synced;
	char known[KNOWN_MAX][HASH_HEX]; /* some that this process vouches for */
};

int blobs_open(int dir, bool writable, struct blobs **ret_blobs, struct err *err)
{
	struct blobs *blobs;

	if (writable && mkdirat(dir, AUDIT_BLOBS, 0700) < 0 && errno != EEXIST)
		return err_sys(err, "make folder " AUDIT_BLOBS);
	blobs = calloc(1, sizeof(*blobs));
	if (!blobs)
		return err_nomem(err);
	blobs->dir = openat(dir, AUDIT_BLOBS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	blobs->compressor = writable ? ZSTD_createCCtx() : NULL;
	blobs->expander = ZSTD_createDCtx();
	*ret_blobs = blobs;
	if (blobs->dir >= 0 && blobs->expander && (blobs->compressor || !writable))
		return 0;
	err_sys(err, "open folder " AUDIT_BLOBS);
	blobs_free(blobs);
	*ret_blobs = NULL;
	return err->code;
}

void blobs_free(struct blobs *blobs)
{
	if (!blobs)
		return;
	closep(&blobs->dir);
	(void)ZSTD_freeCCtx(blobs->compressor);
	(void)ZSTD_freeDCtx(blobs->expander);
	buf_fini(&blobs->packed);
	free(blobs->pending);
	free(blobs);
}

static void name_of(const char *hex, char ret_name[NAME_SIZE])
{
	(void)snprintf(ret_name, NAME_SIZE, "%.2s/%.62s", hex, hex + 2);
}

static int add_pending(struct blobs *blobs, const char *name, struct err *err)
{
	if (blobs->n_pending == blobs->size) {
		size_t size = blobs->size ? blobs->size * 2 : 32;
		void *grown = realloc(blobs->pending, size * NAME_SIZE);

		if (!grown)
			return err_nomem(err);
		blobs->pending = grown;
		blobs->size = size;
	}
	memcpy(blobs->pending[blobs->n_pending++], name, NAME_SIZE);
	return blobs->n_pending < PENDING_MAX ? 0 : blobs_sync(blobs, err);
}

static int write_new(struct blobs *blobs, const char *name, struct str bytes, struct err *err)
{
	char folder[3] = { name[0], name[1], '\0' };
	char tmp[NAME_SIZE + 4];
	cleanup_close int fd = -1;
	int r;

	if (mkdirat(blobs->dir, folder, 0700) == 0)
		blobs->has_synced = false;
	else if (errno != EEXIST)
		return err_sys(err, "make folder " AUDIT_BLOBS "/%s", folder);
	(void)snprintf(tmp, sizeof(tmp), "%s.tmp", name);
	/* One writer a log, so a file of this name is what a crash left. */
	fd = openat(blobs->dir, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, "make blob %s", name);
	r = fd_write_all(fd, bytes, err);
	if (r >= 0 && renameat(blobs->dir, tmp, blobs->dir, name) < 0)
		r = err_sys(err, "rename into place");
	if (r < 0) {
		(void)unlinkat(blobs->dir, tmp, 0);
		return err_wrap(err, "blob %s", name);
	}
	return 0;
}

static bool is_hex(struct str hex)
{
	if (hex.len != HASH_HEX - 1)
		return false;
	for (size_t i = 0; i < hex.len; i++)
		if (!strchr("0123456789abcdef", hex.data[i]) || !hex.data[i])
			return false;
	return true;
}

static bool unseal(struct str *packed)
{
	uint8_t hash[HASH_SIZE];
	const char *tail;

	if (packed->len < SEAL_LEN)
		return false;
	packed->len -= SEAL_LEN;
	tail = packed->data + packed->len;
	hash_bytes(*packed, hash);
	return memcmp(tail, seal_head, sizeof(seal_head)) == 0 &&
	       memcmp(tail + sizeof(seal_head), hash, HASH_SIZE) == 0;
}

static int expand(struct blobs *blobs, struct str packed, struct buf *ret_bytes, struct err *err)
{
	unsigned long long size;
	size_t len;
	char *at;

	if (!unseal(&packed))
		return err_set(err, ERR_INPUT, "it is damaged");
	size = ZSTD_getFrameContentSize(packed.data, packed.len);
	if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR ||
	    size > AUDIT_PAYLOAD_MAX)
		return err_set(err, ERR_INPUT, "it is damaged");
	at = buf_reserve(ret_bytes, (size_t)size);
	if (!at)
		return err_nomem(err);
	len = ZSTD_decompressDCtx(blobs->expander, at, (size_t)size, packed.data, packed.len);
	if (ZSTD_isError(len) || len != size)
		return err_set(err, ERR_INPUT, "it is damaged");
	ret_bytes->len += len;
	ret_bytes->data[ret_bytes->len] = '\0';
	return 0;
}

/* Blobs are many and small, so no call more than needed: a short read of a file
 * is its end. */
static int read_packed(struct blobs *blobs, const char *name, struct err *err)
{
	cleanup_close int fd = openat(blobs->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct buf *packed = &blobs->packed;
	ssize_t n;

	if (fd < 0)
		return err_sys(err, "open %s", name);
	buf_clear(packed);
	do {
		char *at = buf_reserve(packed, READ_SIZE);

		if (!at)
			return err_nomem(err);
		n = read(fd, at, READ_SIZE);
		if (n < 0 && errno != EINTR)
			return err_sys(err, "read %s", name);
		packed->len += n > 0 ? (size_t)n : 0;
		if (packed->len > AUDIT_PAYLOAD_MAX)
			return err_set(err, ERR_LIMIT, "%s: too large", name);
	} while (n < 0 || n == READ_SIZE);
	return 0;
}

static char *place_of(struct blobs *blobs, const char *hex)
{
	char begin[3] = { hex[0], hex[1], '\0' };

	return blobs->known[strtoul(begin, NULL, 16) % KNOWN_MAX];
}

/* One of an earlier process may never have reached the disk: after a power cut its
 * name can be there and its bytes not. */
static bool is_whole(struct blobs *blobs, const char *name)
{
	struct err ignored;
	struct str packed;

	if (read_packed(blobs, name, &ignored) < 0)
		return false;
	packed = buf_str(&blobs->packed);
	return unseal(&packed);
}

/* It is there; the next sync puts it on the disk, once in each process. */
static int vouch(struct blobs *blobs, const char *hex, const char *name, struct err *err)
{
	char folder[3] = { hex[0], hex[1], '\0' };

	if (strcmp(place_of(blobs, hex), hex) == 0)
		return 0;
	memcpy(place_of(blobs, hex), hex, HASH_HEX);
	blobs->is_new[strtoul(folder, NULL, 16) & 255] = true;
	return add_pending(blobs, name, err);
}

int blobs_put(struct blobs *blobs, struct str bytes, char ret_hex[HASH_HEX], struct err *err)
{
	size_t bound = ZSTD_compressBound(bytes.len), len;
	cleanup_free char *packed = NULL;
	char name[NAME_SIZE];
	int r;

	hash_hex(bytes, ret_hex);
	name_of(ret_hex, name);
	if (strcmp(place_of(blobs, ret_hex), ret_hex) == 0 || is_whole(blobs, name))
		return vouch(blobs, ret_hex, name, err);
	packed = malloc(bound + SEAL_LEN);
	if (!packed)
		return err_nomem(err);
	len = ZSTD_compressCCtx(blobs->compressor, packed, bound, bytes.data, bytes.len, LEVEL);
	if (ZSTD_isError(len))
		return err_set(err, ERR_INTERNAL, "compress: %s", ZSTD_getErrorName(len));
	memcpy(packed + len, seal_head, sizeof(seal_head));
	hash_bytes((struct str){ packed, len }, (uint8_t *)packed + len + sizeof(seal_head));
	r = write_new(blobs, name, (struct str){ packed, len + SEAL_LEN }, err);
	return r < 0 ? r : vouch(blobs, ret_hex, name, err);
}

int blobs_vouch(struct blobs *blobs, struct str hex, bool *ret_is_whole, struct err *err)
{
	char text[HASH_HEX], name[NAME_SIZE];

	*ret_is_whole = false;
	if (!is_hex(hex))
		return 0;
	(void)snprintf(text, sizeof(text), "%.*s", STR_ARG(hex));
	name_of(text, name);
	*ret_is_whole = is_whole(blobs, name);
	return *ret_is_whole ? vouch(blobs, text, name, err) : 0;
}

int blobs_get(struct blobs *blobs, struct str hex, struct buf *ret_bytes, struct err *err)
{
	char name[NAME_SIZE], got[HASH_HEX];
	size_t before = ret_bytes->len;
	int r;

	if (!is_hex(hex))
		return err_set(err, ERR_INPUT, "the name of a blob is no hash");
	name_of(hex.data, name);
	r = read_packed(blobs, name, err);
	if (r < 0)
		return err_wrap(err, "blob");
	r = expand(blobs, buf_str(&blobs->packed), ret_bytes, err);
	if (r < 0)
		return err_wrap(err, "blob %s", name);
	hash_hex(str_from(buf_str(ret_bytes), before), got);
	if (!str_is(hex, got))
		return err_set(err, ERR_INPUT, "blob %s: its bytes are not what was logged", name);
	return 0;
}

static int sync_folder(struct blobs *blobs, unsigned int number, struct err *err)
{
	char name[3];
	cleanup_close int fd = -1;

	(void)snprintf(name, sizeof(name), "%02x", number);
	fd = openat(blobs->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return err_sys(err, "sync folder " AUDIT_BLOBS "/%s", name);
	blobs->is_new[number] = false;
	return 0;
}

/* The folder of the folders once anew in each process: one before may have been
 * killed between making one and this. */
static int sync_names(struct blobs *blobs, struct err *err)
{
	for (unsigned int i = 0; i < 256; i++)
		if (blobs->is_new[i] && sync_folder(blobs, i, err) < 0)
			return err->code;
	if (!blobs->has_synced && fsync(blobs->dir) < 0)
		return err_sys(err, "sync " AUDIT_BLOBS);
	blobs->has_synced = true;
	return 0;
}

int blobs_sync(struct blobs *blobs, struct err *err)
{
	for (size_t i = 0; i < blobs->n_pending; i++) {
		cleanup_close int fd = openat(blobs->dir, blobs->pending[i], O_RDONLY | O_CLOEXEC);

		if (fd < 0 || fdatasync(fd) < 0)
			return err_sys(err, "sync blob %s", blobs->pending[i]);
	}
	if (blobs->n_pending && sync_names(blobs, err) < 0)
		return err->code;
	blobs->n_pending = 0;
	return 0;
}
