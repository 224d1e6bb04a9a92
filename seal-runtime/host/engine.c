#include "host/engine.h"

#include <string.h>
#include <sys/resource.h>

#include "base/err.h"
#include "base/str.h"

#define TEXT_OF_(x) #x
#define TEXT_OF(x)  TEXT_OF_(x)

#if defined(__x86_64__)
#define ENGINE_ARCH "x86_64"
#elif defined(__aarch64__)
#define ENGINE_ARCH "aarch64"
#else
#error "seal compiles components for x86_64 and aarch64"
#endif

/* The guest's stack is the thread's: were it smaller than the engine thinks, an
 * overflow would be a crash of the host instead of a trap at a fixed depth. */
static int check_stack(struct err *err)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_STACK, &limit) < 0)
		return err_sys(err, "getrlimit");
	if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < (rlim_t)2 * ENGINE_STACK_MAX)
		return err_set(
		    err, ERR_LIMIT,
		    "the stack limit is %llu KiB, an agent needs %d: raise it (ulimit -s 8192)",
		    (unsigned long long)limit.rlim_cur / 1024, 2 * ENGINE_STACK_MAX / 1024);
	return 0;
}

/*
 * Whatever could make two runs differ is off: shared memory, relaxed SIMD, the
 * bit patterns of NaN, a stack limit that depends on the machine.  Threads and
 * the component model's async are not even compiled into the library.
 *
 * Epoch checks are compiled in although epochs are not deterministic: they end
 * a run only when the person cancels, which the log says, and they consume no
 * fuel, so fuel stays comparable.  With them off, a spinning guest could not be
 * cancelled before its fuel is used up.
 *
 * The target names the architecture's baseline rather than this machine's
 * features: what is compiled while packaging runs wherever it is installed.
 */
int engine_new(wasm_engine_t **ret_engine, struct err *err)
{
	wasm_config_t *config;
	wasmtime_error_t *error;
	wasm_engine_t *engine;

	if (check_stack(err) < 0)
		return err->code;
	config = wasm_config_new();
	error = wasmtime_config_target_set(config, ENGINE_ARCH "-unknown-linux-gnu");
	if (error) {
		wasm_config_delete(config);
		return engine_fail(err, ERR_INTERNAL, error);
	}
	wasmtime_config_consume_fuel_set(config, true);
	wasmtime_config_epoch_interruption_set(config, true);
	wasmtime_config_cranelift_nan_canonicalization_set(config, true);
	wasmtime_config_wasm_relaxed_simd_set(config, false);
	wasmtime_config_shared_memory_set(config, false);
	wasmtime_config_wasm_component_model_set(config, true);
	wasmtime_config_concurrency_support_set(config, false);
	wasmtime_config_max_wasm_stack_set(config, ENGINE_STACK_MAX);
	engine = wasm_engine_new_with_config(config);
	if (!engine)
		return err_set(err, ERR_INTERNAL, "the engine refuses its settings");
	*ret_engine = engine;
	return 0;
}

const char *engine_id(void)
{
	return "wasmtime " WASMTIME_VERSION "; " ENGINE_ARCH
	       "; fuel; epoch; nan-canonical; no threads, relaxed-simd, async; stack " TEXT_OF(
		   ENGINE_STACK_MAX);
}

/* "error while executing at wasm backtrace: ... Caused by: <why>": the last
 * line of the message is the cause nearest to the fault. */
static struct str last_line(struct str text)
{
	struct str rest = text, line, last = text;

	while (str_line(&rest, &line))
		if (str_trim(line).len)
			last = str_trim(line);
	return last;
}

/* With RUST_BACKTRACE set, the engine adds where it made the error. */
static struct str without_trace(struct str text)
{
	size_t at = str_find(text, STR("Stack backtrace:"), 0);

	return at == STR_NONE ? text : str_head(text, at);
}

int engine_fail(struct err *err, int code, wasmtime_error_t *error)
{
	cleanup_with(wasm_byte_vec_delete) wasm_byte_vec_t text = WASM_EMPTY_VEC;
	struct str why;

	wasmtime_error_message(error, &text);
	wasmtime_error_delete(error);
	why = last_line(without_trace((struct str){text.data, text.size}));
	return err_set(err, (enum err_code)code, "%.*s", STR_ARG(why));
}
