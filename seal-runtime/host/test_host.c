#include <pthread.h>

#include "base/err.h"
#include "base/test.h"
#include "gate/gate.h"
#include "host/host.h"
#include "host/test/guests.h"

#define BLOCKS                                                                                     \
	"[{\"text\":{\"text\":\"hi \\\"you\\\"\\n\xc3\xa4\"}},"                                    \
	"{\"thinking\":{\"text\":\"hm\",\"signature\":\"sig\"}},{\"redacted-thinking\":\"xx\"},"   \
	"{\"tool-use\":{\"id\":\"t1\",\"name\":\"read\",\"input-json\":\"{}\"}},"                  \
	"{\"tool-result\":{\"id\":\"t1\",\"content\":\"\",\"is-error\":true}},"                    \
	"{\"image\":{\"media-type\":\"image/png\",\"base64\":\"AA==\"}}]"

/* What the guest's "each" asks, in order, and what it is answered: one call of
 * every import, its arguments byte for byte. */
static const struct call {
	const char *name;
	unsigned int id;
	const char *args;
	const char *answer;
} each[] = {
    {"a record comes back", GATE_llm_model_info, "[]",
     "{\"provider\":\"p\",\"name\":\"n\",\"context-length\":1,\"max-output-tokens\":2,"
     "\"supports-images\":true,\"supports-thinking\":false,"
     "\"idle-seconds\":18446744073709551615}"},
    {"every kind of block goes out", GATE_llm_chat,
     "[{\"system\":\"be brief\",\"messages\":[{\"role\":\"user\",\"content\":" BLOCKS
     "}],\"tools\":[{\"name\":\"read\",\"description\":\"Reads.\",\"input-schema-json\":\"{}\"}],"
     "\"max-output-tokens\":4294967295,\"purpose\":\"turn\"}]",
     "{\"ok\":{\"content\":" BLOCKS ",\"stop\":\"tool-use\",\"usage\":"
     "{\"input\":18446744073709551615,\"output\":1,\"cache-read\":2,\"cache-write\":0}}}"},
    {"what came back goes out the same", GATE_llm_chat,
     "[{\"system\":\"be brief\",\"messages\":[{\"role\":\"assistant\",\"content\":" BLOCKS
     "}],\"tools\":[],\"max-output-tokens\":null,\"purpose\":\"compaction\"}]",
     "{\"err\":{\"budget\":\"spent\"}}"},
    {"options inside a record", GATE_tools_file_read, "[\"a.c\",{\"offset\":1,\"limit\":null}]",
     "{\"ok\":{\"text\":\"x\\ny\",\"total-lines\":2,\"first-line\":1,\"encoding\":\"utf-8\","
     "\"base64\":false}}"},
    {"a refusal is a value", GATE_tools_file_write, "[\"a.c\",\"int a;\\n\"]",
     "{\"err\":{\"denied\":{\"target\":\"a.c\",\"operation\":\"write\",\"rule\":\"r\","
     "\"hint\":\"h\"}}}"},
    {"a number beyond a double's precision is exact", GATE_tools_file_edit,
     "[\"a.c\",[{\"old\":\"a\",\"new\":\"b\",\"replace-all\":true}]]",
     "{\"ok\":{\"created\":false,\"bytes\":9007199254740993,\"diff\":\"\"}}"},
    {"ok may carry nothing", GATE_tools_file_delete, "[\"a.c\"]", "{\"ok\":null}"},
    {"a list of records with enums", GATE_tools_file_list, "[\"a.c\",true]",
     "{\"ok\":{\"entries\":[{\"path\":\"a\",\"kind\":\"file\",\"size\":1},"
     "{\"path\":\"b\",\"kind\":\"symlink\",\"size\":0}],\"truncated\":false}}"},
    {"a case without payload", GATE_tools_file_glob, "[\"a.c\"]", "{\"err\":\"cancelled\"}"},
    {"an option of a string", GATE_tools_grep,
     "[\"j1\",\"j1\",{\"only-files\":\"*.c\",\"context-lines\":2,\"ignore-case\":false,"
     "\"max-results\":null}]",
     "{\"ok\":{\"lines\":[],\"truncated\":true}}"},
    {"a list of u16 and a negative exit code; missing options are none", GATE_tools_command_run,
     "[{\"command\":\"make\",\"cwd\":null,\"timeout-seconds\":null,\"background\":false,"
     "\"dev-server-ports\":[0,65535],\"verbose\":false}]",
     "{\"ok\":{\"exit-code\":-2147483648,\"timed-out\":false,\"output\":\"\","
     "\"truncated\":false,\"denials\":[\"d\"]}}"},
    {"invalid", GATE_tools_command_output, "[\"j1\"]", "{\"err\":{\"invalid\":\"i\"}}"},
    {"failed", GATE_tools_command_stop, "[\"j1\"]", "{\"err\":{\"failed\":\"f\"}}"},
    {"a fetched page", GATE_tools_web_fetch, "[\"j1\"]",
     "{\"ok\":{\"url\":\"u\",\"status\":200,\"content-type\":\"t\",\"text\":\"\","
     "\"truncated\":false}}"},
    {"a list without a result around it", GATE_tools_external_tools, "[]",
     "[{\"server\":\"s\",\"name\":\"n\",\"description\":\"\",\"input-schema-json\":\"{}\"}]"},
    {"a string comes back", GATE_tools_external_call, "[\"a\",\"b\",\"a\"]", "{\"ok\":\"abc\"}"},
    {"saved", GATE_storage_save, "[\"a\",\"b\"]", "{\"ok\":null}"},
    {"an absent key is none", GATE_storage_load, "[\"a\"]", "{\"ok\":null}"},
    {"err carries a string", GATE_storage_delete, "[\"a\"]", "{\"err\":\"none\"}"},
    {"a list of strings", GATE_storage_list_keys, "[\"a\"]", "{\"ok\":[\"x\",\"y\"]}"},
    {"nothing comes back", GATE_console_print, "[\"a\"]", "null"},
    {"nothing may also be no text", GATE_console_warn, "[\"b\"]", ""},
    {"an option alone", GATE_console_ask, "[\"a\",[\"yes\",\"no\"]]", "\"yes\""},
    {"nobody answered", GATE_console_ask, "[\"a\",[\"yes\",\"no\"]]", "null"},
    {"a list of records goes out", GATE_console_show_tasks,
     "[[{\"id\":7,\"title\":\"t\",\"state\":\"dropped\"}]]", "null"},
};

/* ---- a host around the guest -------------------------------------------------- */

struct script {
	size_t at; /* calls made */
	bool plays_each;
	const char *answer; /* else: to every call */
	int fault;          /* or this */
	struct host *host;  /* to be interrupted by a call */
};

static int on_call(void *ctx, unsigned int id, struct str args, struct buf *ret_result,
		   struct err *err)
{
	struct script *script = ctx;
	const struct call *want = &each[script->at % (sizeof(each) / sizeof(each[0]))];

	script->at++;
	if (script->host)
		host_interrupt(script->host);
	if (script->fault)
		return err_set(err, (enum err_code)script->fault, "the log is full");
	if (script->plays_each) {
		EXPECT_EQ(want, id, want->id);
		EXPECT_STR(want, args, want->args);
	}
	buf_adds(ret_result, script->plays_each ? want->answer : script->answer);
	return 0;
}

static struct host *make(const char *name, struct script *script, uint64_t memory, uint64_t fuel)
{
	struct host_setup setup = {
	    .call = on_call, .ctx = script, .memory_max = memory, .fuel_max = fuel};
	struct host *host = NULL;
	struct err err = {0};
	char path[512];

	setup.component = guest_path(name, path);
	MUST(host_new(&setup, &host, &err), &err);
	guest_signals();
	return host;
}

TEST(every_import_carries_its_types)
{
	struct script script = {.plays_each = true};
	cleanup_with(host_free) struct host *host = make("guest.wasm", &script, 0, 0);
	cleanup_buf struct buf result = BUF_INIT;
	struct err err = {0};
	uint64_t fuel = 0;

	MUST(host_export(host, "handle-message", STR("[\"each\"]"), &result, &fuel, &err), &err);
	assert_int_equal(script.at, sizeof(each) / sizeof(each[0]));
	assert_string_equal(result.data,
			    "{\"ok\":{\"text\":\"each\",\"stop\":\"end-turn\",\"tool-calls\":1,"
			    "\"llm-calls\":0}}");
	assert_true(fuel > 0);
}

static const struct export_row {
	const char *name;
	const char *export;
	const char *args;
	const char *result; /* NULL: it fails */
	int code;
	const char *says;
} exports[] = {
    {"init may succeed", "init", "[\"s\",\"{}\"]", "{\"ok\":null}", 0, ""},
    {"init may fail with a text", "init", "[\"bad\",\"why\"]", "{\"err\":\"why\"}", 0, ""},
    {"a NaN has the same bits everywhere", "handle-message", "[\"nan\"]",
     "{\"ok\":{\"text\":\"nan\",\"stop\":\"end-turn\",\"tool-calls\":1,\"llm-calls\":2143289344}}",
     0, ""},
    {"an argument too few is told", "init", "[\"s\"]", NULL, ERR_INPUT, "init: want an array of 2"},
    {"the argument that does not fit is named", "init", "[\"s\",1]", NULL, ERR_INPUT,
     "init: project-context: want string, found uint"},
    {"there are two exports", "main", "[]", NULL, ERR_INTERNAL, "no export \"main\""},
    {"a trap says that it was one", "handle-message", "[\"crash\"]", NULL, ERR_GONE,
     "handle-message: the agent gave up"},
    {"after a trap the agent is gone", "init", "[\"s\",\"{}\"]", NULL, ERR_GONE,
     "ended in an earlier call"},
};

TEST(exports)
{
	struct script script = {.answer = "null"};
	cleanup_with(host_free) struct host *host = make("guest.wasm", &script, 0, 0);

	TEST_ROWS(exports, row)
	{
		cleanup_buf struct buf result = BUF_INIT;
		struct err err = {0};
		uint64_t fuel = 0;
		int r = host_export(host, row->export, str_of(row->args), &result, &fuel, &err);

		EXPECT_EQ(row, r, row->result ? 0 : row->code);
		if (!strstr(err.text, row->says))
			fail_msg("%s: \"%s\" does not say \"%s\"", row->name, err.text, row->says);
		if (row->result)
			EXPECT_STR(row, buf_str(&result), row->result);
	}
}

static const struct limit_row {
	const char *name;
	const char *message;
	uint64_t memory, fuel;
	const char *says; /* NULL: it succeeds */
	int code;
} limits[] = {
    {"a guest that spins runs out of fuel", "[\"spin\"]", 0, 50000000, "used up its fuel",
     ERR_GONE},
    {"a recursion without end overflows the stack", "[\"recurse\"]", 0, 0, "overflowed its stack",
     ERR_GONE},
    {"memory ends where it was capped", "[\"eat 40\"]", 32 << 20, 0, "no more memory", ERR_GONE},
    {"below the cap there is memory", "[\"eat 20\"]", 32 << 20, 0, NULL, 0},
    {"the cap of a session is 256 MiB", "[\"eat 250\"]", 0, 0, NULL, 0},
    {"and no more than that", "[\"eat 256\"]", 0, 0, "no more memory", ERR_GONE},
};

TEST(limits_end_the_guest_with_their_reason)
{
	TEST_ROWS(limits, row)
	{
		struct script script = {.answer = "null"};
		cleanup_with(host_free) struct host *host =
		    make("guest.wasm", &script, row->memory, row->fuel);
		cleanup_buf struct buf result = BUF_INIT;
		struct err err = {0};
		uint64_t fuel = 0;
		int r =
		    host_export(host, "handle-message", str_of(row->message), &result, &fuel, &err);

		EXPECT_EQ(row, r, row->code);
		if (row->says && !strstr(err.text, row->says))
			fail_msg("%s: \"%s\" does not say \"%s\"", row->name, err.text, row->says);
	}
}

TEST(a_component_that_needs_more_than_the_cap_is_not_loaded)
{
	struct host_setup setup = {.call = on_call, .memory_max = 65536};
	struct host *host = NULL;
	struct err err = {0};
	char path[512];

	setup.component = guest_path("guest.wasm", path);
	assert_int_equal(host_new(&setup, &host, &err), ERR_INPUT);
	assert_non_null(strstr(err.text, "memory"));
	assert_null(host);
}

TEST(equal_calls_cost_equal_fuel)
{
	uint64_t fuel[2] = {0, 1};

	for (size_t i = 0; i < 2; i++) {
		struct script script = {.plays_each = true};
		cleanup_with(host_free) struct host *host = make("guest.wasm", &script, 0, 0);
		cleanup_buf struct buf result = BUF_INIT;
		struct err err = {0};

		MUST(
		    host_export(host, "handle-message", STR("[\"each\"]"), &result, &fuel[i], &err),
		    &err);
	}
	assert_int_equal(fuel[0], fuel[1]);
}

static const struct fault_row {
	const char *name;
	const char *message;
	const char *answer;
	int fault;
	int code;
	const char *says;
} faults[] = {
    {"a fault of the gate traps, with its code and text", "[\"print 3\"]", NULL, ERR_LIMIT,
     ERR_LIMIT, "handle-message: console.print: the log is full"},
    {"a cancelled call stays cancelled", "[\"print 3\"]", NULL, ERR_CANCELLED, ERR_CANCELLED,
     "console.print"},
    {"a result of another type traps, and says where", "[\"load 1\"]", "{\"ok\":7}", 0,
     ERR_INTERNAL, "storage.load: the result does not fit its type: ok: want string, found uint"},
    {"a result that is no JSON traps", "[\"load 1\"]", "{", 0, ERR_INTERNAL, "no JSON"},
    {"a result where none belongs traps", "[\"print 1\"]", "1", 0, ERR_INTERNAL,
     "a result where none belongs"},
};

TEST(faults_behind_a_call_end_the_guest)
{
	TEST_ROWS(faults, row)
	{
		struct script script = {.answer = row->answer, .fault = row->fault};
		cleanup_with(host_free) struct host *host = make("guest.wasm", &script, 0, 0);
		cleanup_buf struct buf result = BUF_INIT;
		struct err err = {0};
		uint64_t fuel = 0;
		int r =
		    host_export(host, "handle-message", str_of(row->message), &result, &fuel, &err);

		EXPECT_EQ(row, r, row->code);
		EXPECT_EQ(row, script.at, 1);
		if (!strstr(err.text, row->says))
			fail_msg("%s: \"%s\" does not say \"%s\"", row->name, err.text, row->says);
	}
}

/* ---- interrupts ---------------------------------------------------------------- */

TEST(a_call_that_was_interrupted_ends_the_guest)
{
	struct script script = {.answer = "null"};
	cleanup_with(host_free) struct host *host = make("guest.wasm", &script, 0, 0);
	cleanup_buf struct buf result = BUF_INIT;
	struct err err = {0};
	uint64_t fuel = 0;

	script.host = host;
	assert_int_equal(
	    host_export(host, "handle-message", STR("[\"print 100\"]"), &result, &fuel, &err),
	    ERR_CANCELLED);
	assert_int_equal(script.at, 1);
	assert_non_null(strstr(err.text, "was interrupted"));
}

TEST(an_interrupt_between_calls_is_forgotten)
{
	struct script script = {.answer = "null"};
	cleanup_with(host_free) struct host *host = make("guest.wasm", &script, 0, 0);
	cleanup_buf struct buf result = BUF_INIT;
	struct err err = {0};
	uint64_t fuel = 0;

	host_interrupt(host);
	MUST(host_export(host, "handle-message", STR("[\"print 3\"]"), &result, &fuel, &err), &err);
}

/* The other thread ticks until the guest, which spins without end, is gone. */
struct ticker {
	struct host *host;
	volatile bool is_over;
};

static void *tick(void *ctx)
{
	struct ticker *ticker = ctx;

	while (!ticker->is_over)
		host_interrupt(ticker->host);
	return NULL;
}

TEST(a_guest_that_spins_can_be_interrupted)
{
	struct script script = {.answer = "null"};
	cleanup_with(host_free) struct host *host = make("guest.wasm", &script, 0, 0);
	struct ticker ticker = {.host = host};
	cleanup_buf struct buf result = BUF_INIT;
	struct err err = {0};
	pthread_t thread;
	uint64_t fuel = 0;
	int r;

	assert_int_equal(pthread_create(&thread, NULL, tick, &ticker), 0);
	r = host_export(host, "handle-message", STR("[\"spin\"]"), &result, &fuel, &err);
	ticker.is_over = true;
	(void)pthread_join(thread, NULL);
	assert_int_equal(r, ERR_CANCELLED);
}

/* ---- what is refused at load ------------------------------------------------------ */

static const struct refusal {
	const char *name;
	const char *guest;
	const char *says;
} refusals[] = {
    {"a WASI import is refused by its name", "guest_wasi.wasm",
     "guest_wasi.wasm asks for wasi:cli/environment@0.2.0, which seal never provides"},
    {"an import of another type is refused by its name", "guest_wrong.wasm",
     "guest_wrong.wasm asks for seal:agent/tools@0.1.0#file-read with another type"},
    {"the difference is shown", "guest_wrong.wasm",
     "\"func(path:u32)->u32\", where the "
     "contract has \"func(path:string"},
    {"an export that is missing is named", "guest_missing.wasm",
     "guest_missing.wasm has no export \"handle-message\""},
    {"a function the contract does not have is refused by its name", "guest_unknown.wasm",
     "asks for seal:agent/tools@0.1.0#fly, which wit/agent.wit does not have"},
    {"a function outside of every interface is refused by its name", "guest_root.wasm",
     "asks for now, which seal never provides"},
    {"a component that spins while it starts is ended", "guest_start.wasm",
     "guest_start.wasm: the agent used up its fuel"},
    {"a file that is not there is named", "nothing.wasm", "nothing.wasm: open: No such file"},
};

TEST(refused_at_load)
{
	guest_signals();
	TEST_ROWS(refusals, row)
	{
		struct host_setup setup = {.call = on_call};
		struct host *host = NULL;
		struct err err = {0};
		char path[512];

		setup.component = guest_path(row->guest, path);
		EXPECT_TRUE(row, host_new(&setup, &host, &err) < 0);
		if (!strstr(err.text, row->says))
			fail_msg("%s: \"%s\" does not say \"%s\"", row->name, err.text, row->says);
	}
}

TEST_MAIN(RUN(every_import_carries_its_types), RUN(exports),
	  RUN(limits_end_the_guest_with_their_reason),
	  RUN(a_component_that_needs_more_than_the_cap_is_not_loaded),
	  RUN(equal_calls_cost_equal_fuel), RUN(faults_behind_a_call_end_the_guest),
	  RUN(a_call_that_was_interrupted_ends_the_guest),
	  RUN(an_interrupt_between_calls_is_forgotten), RUN(a_guest_that_spins_can_be_interrupted),
	  RUN(refused_at_load))
