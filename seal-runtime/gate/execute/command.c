/* Commands: always through the sandbox, with what the deciding rules name. */
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/dirs.h"
#include "base/err.h"
#include "base/utf8.h"
#include "gate/agents.h"
#include "gate/command_hosts.h"
#include "gate/pass.h"
#include "manifest/manifest.h"
#include "sandbox/sandbox.h"

#define TAIL_MAX    8192
#define VERBOSE_MAX (256u << 10) /* of the output, where it is not to be shortened */

/* A NULL-ended list of texts, each once. */
struct texts {
	char **text;
	size_t n;
	bool failed;
};

static void texts_finip(struct texts *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		free(texts->text[i]);
	free(texts->text);
}

static void add_text(struct texts *texts, struct str text)
{
	char **grown;

	for (size_t i = 0; i < texts->n; i++)
		if (str_is(text, texts->text[i]))
			return;
	grown = realloc(texts->text, (texts->n + 2) * sizeof(char *));
	if (!grown) {
		texts->failed = true;
		return;
	}
	texts->text = grown;
	grown[texts->n] = str_dup(text);
	texts->failed |= !grown[texts->n];
	texts->n += grown[texts->n] != NULL;
	grown[texts->n] = NULL;
}

static void add_list(struct texts *texts, const struct manifest_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		add_text(texts, list->items[i]);
}

static void remove_list(struct texts *texts, const struct manifest_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		for (size_t k = 0; k < texts->n; k++) {
			if (!str_is(list->items[i], texts->text[k]))
				continue;
			free(texts->text[k]);
			/* The NULL at the end moves along. */
			memmove(&texts->text[k], &texts->text[k + 1], (texts->n - k) * sizeof(char *));
			texts->n--;
			break;
		}
	}
}

static void remove_all(struct texts *texts)
{
	while (texts->n)
		free(texts->text[--texts->n]);
	if (texts->text)
		texts->text[0] = NULL;
}

/* The entry of allow.commands that decided about a part. */
static const struct manifest_command *entry_of(const struct manifest *manifest,
					       const struct caps_part *part)
{
	const struct manifest_commands *commands = &manifest->allow.commands;

	if (part->verb != CAPS_RUN || part->line == 0)
		return NULL;
	for (size_t i = 0; i < commands->n_patterns; i++)
		if (commands->patterns[i].line == part->line &&
		    str_eq(commands->patterns[i].command, part->rule))
			return &commands->patterns[i];
	return NULL;
}

/* Hosts and variables of the rules that let the command run: a rule's own
 * variables stand instead of the default ones, its hosts beside them. */
static void collect(const struct pass *pass, struct texts *domains, struct texts *env_vars)
{
	const struct manifest_commands *allow = &pass->gate->manifest->allow.commands;
	bool default_domains = false, default_env = false;
	size_t n = 0;

	for (size_t i = 0; i < pass->answer.n_parts; i++) {
		const struct manifest_command *entry =
			entry_of(pass->gate->manifest, &pass->answer.parts[i]);

		if (!entry)
			continue;
		n++;
		if (entry->has_domains)
			add_list(domains, &entry->domains);
		if (entry->has_env_vars)
			add_list(env_vars, &entry->env_vars);
		default_domains |= !entry->has_domains || entry->inherit_default_domains;
		default_env |= !entry->has_env_vars;
	}
	if (default_domains || n == 0)
		add_list(domains, &allow->default_domains);
	if (default_env || n == 0)
		add_list(env_vars, &allow->default_env_vars);
	remove_list(domains, &pass->gate->manifest->deny.commands.domains);
	remove_list(env_vars, &pass->gate->manifest->deny.commands.env_vars);
}

static void add_host(void *ctx, struct str host)
{
	add_text(ctx, host);
}

int gate_sandbox(struct gate *gate, struct sandbox **ret_sandbox, struct err *err)
{
	struct sandbox_setup setup = { .manifest = gate->manifest, .root = gate->root,
				       .session_dir = gate->session_dir, .keeps_warm = true };
	cleanup_free char *runtime = NULL;
	int r;

	if (!gate->sandbox) {
		r = dirs_get(DIRS_RUNTIME, &runtime, err);
		if (r < 0)
			return r;
		setup.runtime_dir = runtime;
		r = sandbox_new(&setup, &gate->sandbox, err);
		if (r < 0)
			return r;
	}
	*ret_sandbox = gate->sandbox;
	return 0;
}

static void show_output(void *ctx, struct str bytes)
{
	struct pass *pass = ctx;
	cleanup_buf struct buf json = BUF_INIT;
	struct json w = json_to(&json);

	if (bytes.len > TAIL_MAX)
		bytes = str_from(bytes, bytes.len - TAIL_MAX);
	json_object(&w);
	json_kv(&w, "id", str_of(pass->call_id));
	json_kv(&w, "text", bytes);
	json_end(&w);
	pass_show(pass, SHOW_TOOL_OUTPUT, &json);
}

static unsigned int time_limit(struct pass *pass, yyjson_val *command)
{
	const struct manifest_command_run *run = &pass->gate->manifest->command_run;
	int64_t ceiling = run->command_max_timeout ? run->command_max_timeout : run->command_timeout;
	int64_t asked = json_int(command, "timeout-seconds", run->command_timeout);
	cleanup_buf struct buf text = BUF_INIT;

	if (asked > ceiling) {
		buf_addf(&text, "a time limit of %lld s was asked for; the manifest allows %lld s",
			 (long long)asked, (long long)ceiling);
		pass_show(pass, SHOW_WARN, &text);
	}
	return (unsigned int)(asked <= 0 || asked > ceiling ? ceiling : asked);
}

static size_t output_max(const struct pass *pass)
{
	const struct manifest_command_run *run = &pass->gate->manifest->command_run;
	bool is_verbose = run->verbose || json_bool(pass_arg(pass, 0), "verbose", false);
	size_t max = (size_t)run->max_output_chars;

	return is_verbose && max < VERBOSE_MAX ? VERBOSE_MAX : max;
}

/* A port that nobody outside would reach is said to be one before the server
 * waits for visitors.  0: all of them are the manifest's. */
static int64_t port_not_granted(const struct pass *pass)
{
	const struct manifest_sandbox *sandbox = &pass->gate->manifest->sandbox;
	yyjson_val *list = yyjson_obj_get(pass_arg(pass, 0), "dev-server-ports"), *item;
	size_t i, n;

	yyjson_arr_foreach(list, i, n, item) {
		size_t k = 0;

		while (k < sandbox->n_dev_server_ports &&
		       sandbox->dev_server_ports[k] != yyjson_get_uint(item))
			k++;
		if (k == sandbox->n_dev_server_ports)
			return yyjson_get_sint(item);
	}
	return 0;
}

static void put_number(struct json *w, const char *key, bool is_there, int64_t value)
{
	json_key(w, key);
	if (is_there)
		json_put_int(w, value);
	else
		json_put_null(w);
}

static void put_text(struct json *w, const char *key, const char *text)
{
	json_key(w, key);
	if (text && text[0])
		json_put(w, str_of(text));
	else
		json_put_null(w);
}

static void add_output(const struct pass *pass, const struct sandbox_outcome *outcome, struct buf *text)
{
	size_t max = output_max(pass);
	struct str output = buf_str(&outcome->output);
	bool cut = outcome->truncated || output.len > max;

	if (output.len > max)
		output = str_head(output, utf8_cut(output, max));
	buf_add(text, output);
	if (cut)
		buf_addf(text, "\n[truncated at %zu chars \xe2\x80\x94 full output at %s]", output.len,
			 outcome->spilled_to ? outcome->spilled_to : "no place: it was not kept");
}

static int note_denials(struct pass *pass, const struct sandbox_outcome *outcome)
{
	for (size_t i = 0; i < outcome->n_denials; i++)
		if (audit_note(pass->gate->audit, "sandbox", str_of(outcome->denials[i]), pass->err) < 0)
			return pass->err->code;
	return 0;
}

static int put_outcome(struct pass *pass, const struct sandbox_outcome *outcome, const char *job)
{
	bool running = job != NULL;
	bool exited = !running && outcome->signal == 0 && outcome->exit_code >= 0;
	cleanup_buf struct buf output = BUF_INIT;
	struct json w = pass_ok(pass);

	if (note_denials(pass, outcome) < 0)
		return pass->err->code;
	add_output(pass, outcome, &output);
	json_object(&w);
	put_number(&w, "exit-code", exited, outcome->exit_code);
	put_number(&w, "signal", !running && outcome->signal, outcome->signal);
	json_kv_bool(&w, "timed-out", outcome->timed_out);
	json_kv(&w, "output", buf_str(&output));
	json_kv_bool(&w, "truncated", outcome->truncated);
	put_text(&w, "spilled-to", outcome->spilled_to);
	put_text(&w, "job", job);
	json_key(&w, "denials");
	json_array(&w);
	for (size_t i = 0; i < outcome->n_denials; i++)
		json_put(&w, str_of(outcome->denials[i]));
	json_end(&w);
	return pass_end(pass, &w);
}

static int finished(struct pass *pass, const struct sandbox_outcome *outcome)
{
	pass->durable = true;
	if (!outcome->started)
		return pass_error(pass, PASS_FAILED, "%s",
				  outcome->error ? outcome->error->text : "the sandbox could not be made");
	if (outcome->cancelled) {
		if (note_denials(pass, outcome) < 0)
			return pass->err->code;
		return pass_cancelled(pass);
	}
	return put_outcome(pass, outcome, NULL);
}

static int run(struct pass *pass, struct sandbox *sandbox, struct sandbox_command *command)
{
	cleanup_with(sandbox_outcome_fini) struct sandbox_outcome outcome = { 0 };
	bool background = json_bool(pass_arg(pass, 0), "background", false);
	struct err why;
	char job[16];

	if (background) {
		if (sandbox_start(sandbox, command, job, &why) < 0)
			return pass_error_of(pass, &why);
		pass->durable = true;
		return put_outcome(pass, &outcome, job);
	}
	if (sandbox_run(sandbox, command, &outcome, &why) < 0)
		return pass_error_of(pass, &why);
	return finished(pass, &outcome);
}

int execute_tools_command_run(struct pass *pass)
{
	cleanup_with(texts_fini) struct texts domains = { 0 };
	cleanup_with(texts_fini) struct texts env_vars = { 0 };
	cleanup_with(command_hosts_free) struct command_hosts *hosts = NULL;
	static const char *const none[] = { NULL };
	int64_t port = port_not_granted(pass);
	struct sandbox *sandbox;
	struct err why;

	if (port)
		return pass_error(pass, PASS_INVALID,
				  "port %lld would not be reached from outside: a person can grant it in "
				  "seal.toml under [sandbox.os.network] dev_server_ports; inside the command "
				  "every port can be used without being named",
				  (long long)port);
	if (gate_sandbox(pass->gate, &sandbox, &why) < 0)
		return pass_error(pass, PASS_FAILED, "the sandbox is not available, so no command runs: %s",
				  why.text);
	collect(pass, &domains, &env_vars);
	(void)sandbox_tool_hosts(pass->gate->manifest, pass->question.subject, add_host, &domains);
	if (!agents_may_connect(pass->gate))
		remove_all(&domains);
	if (domains.failed || env_vars.failed)
		return err_nomem(pass->err);
	if (command_hosts_new(pass->gate->manifest, (const char *const *)domains.text, &hosts, &why) < 0)
		return pass_error_of(pass, &why);
	/* Silently allowed: what was checked runs, not what was written.  What a
	 * person approved runs as they saw it. */
	return run(pass, sandbox,
		   &(struct sandbox_command){
			   .grant = (struct grant_command){
				   .script = pass->approved ? pass->question.subject : pass->answer.script,
				   .cwd = pass->pin.path,
				   .domains = domains.text ? (const char *const *)domains.text : none,
				   .env_vars = env_vars.text ? (const char *const *)env_vars.text : none },
			   .hosts = command_hosts_give(take_ptr(hosts)),
			   .timeout_s = time_limit(pass, pass_arg(pass, 0)),
			   .output_max = output_max(pass),
			   .cancel_fd = pass->gate->up->cancel_fd, .output = show_output, .ctx = pass,
			   .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1 });
}

static int job(struct pass *pass, bool stop)
{
	cleanup_with(sandbox_outcome_fini) struct sandbox_outcome outcome = { 0 };
	cleanup_free char *name = str_dup(pass_text(pass, 0));
	struct err why;
	bool running = false;

	if (!name)
		return err_nomem(pass->err);
	if (!pass->gate->sandbox)
		return pass_error(pass, PASS_INVALID, "no job \"%s\": none was started", name);
	if (sandbox_job(pass->gate->sandbox, name, stop, &outcome, &running, &why) < 0)
		return pass_error_of(pass, &why);
	if (running)
		return put_outcome(pass, &outcome, name);
	return finished(pass, &outcome);
}

int execute_tools_command_output(struct pass *pass)
{
	return job(pass, false);
}

int execute_tools_command_stop(struct pass *pass)
{
	return job(pass, true);
}
