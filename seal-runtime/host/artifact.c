#include "host/artifact.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "host/engine.h"

#define ARTIFACT_MAGIC "seal compiled 1" /* 16 bytes with the NUL */

struct header {
	char magic[16];
	uint8_t hash[HASH_SIZE]; /* of everything behind it */
	char engine[168];
	char component[HASH_HEX];
	char zero[7];
	uint64_t len; /* of the compiled code behind the header */
};

_Static_assert(sizeof(struct header) == 296, "no padding: every byte of the header is hashed");

#define UNHASHED (offsetof(struct header, hash) + HASH_SIZE)

static int read_file(const char *path, struct buf *buf, struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return err_sys(err, "open");
	if (fstat(fd, &st) < 0)
		return err_sys(err, "stat");
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INPUT, "is no regular file");
	/* One reservation instead of growing by halves; the read of the end wants room too. */
	if (st.st_size > 0 && (size_t)st.st_size < ARTIFACT_SIZE_MAX)
		(void)buf_reserve(buf, (size_t)st.st_size + FD_READ_SIZE + 1);
	return fd_read_all(fd, ARTIFACT_SIZE_MAX, buf, err);
}

static int check_header(const struct header *header, struct str file, struct err *err)
{
	uint8_t hash[HASH_SIZE];

	if (header->engine[sizeof(header->engine) - 1] != '\0' ||
	    header->component[HASH_HEX - 1] != '\0')
		return err_set(err, ERR_INPUT, "is damaged; compile it again");
	if (strcmp(header->engine, engine_id()) != 0)
		return err_set(err, ERR_INPUT,
			       "was compiled for another engine (\"%s\", this is \"%s\"); compile "
			       "it again with this seald",
			       header->engine, engine_id());
	if (header->len != file.len - sizeof(*header))
		return err_set(err, ERR_INPUT,
			       "is cut short or has bytes too many: %zu of compiled code, not "
			       "%llu; compile it again",
			       file.len - sizeof(*header), (unsigned long long)header->len);
	hash_bytes(str_from(file, UNHASHED), hash);
	if (memcmp(hash, header->hash, HASH_SIZE) != 0)
		return err_set(err, ERR_INPUT,
			       "is damaged: its hash does not match; compile it again");
	return 0;
}

static int load_compiled(const wasm_engine_t *engine, struct str file,
			 struct artifact *ret_artifact, struct err *err)
{
	struct header header;
	struct str code;
	wasmtime_error_t *error;
	int r;

	if (file.len < sizeof(header))
		return err_set(err, ERR_INPUT, "is cut short within its header; compile it again");
	memcpy(&header, file.data, sizeof(header));
	r = check_header(&header, file, err);
	if (r < 0)
		return r;
	code = str_from(file, sizeof(header));
	error = wasmtime_component_deserialize(engine, (const uint8_t *)code.data, code.len,
					       &ret_artifact->component);
	if (error)
		return engine_fail(err, ERR_INPUT, error);
	memcpy(ret_artifact->hash, header.component, HASH_HEX);
	return 0;
}

static int load_component(const wasm_engine_t *engine, struct str file,
			  struct artifact *ret_artifact, struct err *err)
{
	wasmtime_error_t *error;

	error = wasmtime_component_new(engine, (const uint8_t *)file.data, file.len,
				       &ret_artifact->component);
	if (error) {
		(void)engine_fail(err, ERR_INPUT, error);
		return err_wrap(err, "is no valid component");
	}
	hash_hex(file, ret_artifact->hash);
	return 0;
}

/* The first bytes tell what a file is; 13 is the component format's version. */
static int load(const wasm_engine_t *engine, const char *path, struct artifact *ret_artifact,
		struct err *err)
{
	cleanup_buf struct buf buf = BUF_INIT;
	struct str file;
	int r;

	r = read_file(path, &buf, err);
	if (r < 0)
		return r;
	file = buf_str(&buf);
	if (str_starts(file, STR(ARTIFACT_MAGIC "\0")))
		return load_compiled(engine, file, ret_artifact, err);
	if (str_starts(file, STR("\0asm\x0d\0\x01\0")))
		return load_component(engine, file, ret_artifact, err);
	if (str_starts(file, STR("\0asm")))
		return err_set(
		    err, ERR_INPUT,
		    "is a core module; make a component of it with `seal-wit component`");
	return err_set(err, ERR_INPUT,
		       file.len == 0
			   ? "is empty"
			   : "is neither a component nor one compiled by `seald compile`");
}

int artifact_load(const wasm_engine_t *engine, const char *path, struct artifact *ret_artifact,
		  struct err *err)
{
	struct artifact artifact = {0};
	int r;

	r = load(engine, path, &artifact, err);
	if (r < 0)
		return r;
	*ret_artifact = artifact;
	return 0;
}

static int fill_header(struct header *header, const struct artifact *artifact, size_t len,
		       struct err *err)
{
	if (strlen(engine_id()) >= sizeof(header->engine))
		return err_set(err, ERR_INTERNAL, "engine id longer than %zu bytes",
			       sizeof(header->engine) - 1);
	*header = (struct header){.magic = ARTIFACT_MAGIC, .len = len};
	memcpy(header->engine, engine_id(), strlen(engine_id()));
	memcpy(header->component, artifact->hash, HASH_HEX);
	return 0;
}

int artifact_save(const struct artifact *artifact, const char *path, struct err *err)
{
	cleanup_with(wasm_byte_vec_delete) wasm_byte_vec_t code = WASM_EMPTY_VEC;
	cleanup_buf struct buf file = BUF_INIT;
	wasmtime_error_t *error;
	struct header header;
	int r;

	error = wasmtime_component_serialize(artifact->component, &code);
	if (error)
		return engine_fail(err, ERR_INTERNAL, error);
	r = fill_header(&header, artifact, code.size, err);
	if (r < 0)
		return r;
	buf_add(&file, (struct str){(const char *)&header, sizeof(header)});
	buf_add(&file, (struct str){code.data, code.size});
	r = buf_check(&file, "compiled component", err);
	if (r < 0)
		return r;
	hash_bytes(str_from(buf_str(&file), UNHASHED), header.hash);
	memcpy(file.data, &header, sizeof(header));
	return fd_replace_file(AT_FDCWD, path, buf_str(&file), 0644, err);
}
