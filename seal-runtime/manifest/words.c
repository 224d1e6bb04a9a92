#include "manifest/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/utf8.h"
#include "manifest/manifest.h"

/* Longer lists end with a count: nobody reads on, and the whole is in the file. */
#define SHOWN_MAX 1000

/* Plain commands share lines up to this many bytes. */
#define WIDTH 88

static bool is_deceptive(uint32_t point)
{
	return (point < 0x20 && point != '\n' && point != '\t') ||
	       (point >= 0x7f && point < 0xa0) || point == 0xad || point == 0x061c ||
	       point == 0x180e || (point >= 0x200b && point <= 0x200f) ||
	       (point >= 0x2028 && point <= 0x202e) || (point >= 0x2060 && point <= 0x206f) ||
	       point == 0xfeff || (point >= 0xfff9 && point <= 0xfffb) ||
	       (point >= 0xe0000 && point <= 0xe007f);
}

void words_add_plain(struct buf *out, struct str text)
{
	while (text.len) {
		uint32_t point = (unsigned char)text.data[0];
		size_t len = utf8_decode(text, &point);

		len = len ? len : 1;
		if (is_deceptive(point) || (len == 1 && point >= 0x80))
			buf_addf(out, "\\u{%x}", point);
		else
			buf_add(out, str_head(text, len));
		text = str_from(text, len);
	}
}

/* One heading with its entries; nothing at all when there are none. */
struct listing {
	struct buf *text;
	const char *heading;
	size_t n;
};

static bool listing_begin(struct listing *listing)
{
	if (listing->n++ == 0)
		buf_addf(listing->text, "%s\n", listing->heading);
	if (listing->n <= SHOWN_MAX)
		buf_adds(listing->text, "    ");
	return listing->n <= SHOWN_MAX;
}

static void listing_end(struct listing *listing)
{
	if (listing->n > SHOWN_MAX)
		buf_addf(listing->text, "    and %zu more\n", listing->n - SHOWN_MAX);
}

static void add_list(struct buf *text, const struct manifest_list *list)
{
	for (size_t i = 0; i < list->n && i < SHOWN_MAX; i++) {
		buf_adds(text, i ? ", " : "");
		words_add_plain(text, list->items[i]);
	}
	if (list->n > SHOWN_MAX)
		buf_addf(text, ", and %zu more", list->n - SHOWN_MAX);
	if (list->n == 0)
		buf_adds(text, "none");
}

static void describe_list(struct buf *text, const char *heading, const struct manifest_list *list)
{
	struct listing listing = {text, heading, 0};

	if (list->n == 0)
		return;
	(void)listing_begin(&listing);
	add_list(text, list);
	buf_addc(text, '\n');
}

static void describe_paths(struct buf *text, const char *heading,
			   const struct manifest_paths *paths)
{
	struct listing listing = {text, heading, 0};

	if (!paths->has_paths && paths->default_files.n && listing_begin(&listing)) {
		add_list(text, &paths->default_files);
		buf_adds(text, ", everywhere\n");
	}
	for (size_t i = 0; i < paths->n_paths; i++) {
		const struct manifest_path *path = &paths->paths[i];

		if (!listing_begin(&listing))
			continue;
		words_add_plain(text, path->path);
		buf_adds(text, ": ");
		add_list(text, path->has_files ? &path->files : &paths->default_files);
		buf_adds(text, path->prompt ? "   (asks every time)\n" : "\n");
	}
	listing_end(&listing);
}

static void describe_command(struct buf *text, const struct manifest_command *command)
{
	words_add_plain(text, command->command);
	if (command->prompt)
		buf_adds(text, "   (asks every time)");
	if (command->has_paths) {
		buf_adds(text, "   in ");
		add_list(text, &command->paths);
	}
	if (command->has_env_vars) {
		buf_adds(text, "   sees ");
		add_list(text, &command->env_vars);
	}
	if (command->has_domains || !command->inherit_default_domains) {
		buf_adds(text, command->inherit_default_domains ? "   also reaches "
								: "   reaches only ");
		add_list(text, &command->domains);
	}
	buf_addc(text, '\n');
}

static bool is_plain(const struct manifest_command *command)
{
	return !command->prompt && !command->has_paths && !command->has_env_vars &&
	       !command->has_domains && command->inherit_default_domains;
}

/* What stands alone goes side by side, and what has conditions on lines of its own. */
static void describe_allowed(struct buf *text, const char *heading,
                             const struct manifest_commands *commands)
{
	struct listing listing = {text, heading, 0};
	size_t line = 0;

	for (size_t i = 0; i < commands->n_patterns; i++) {
		const struct manifest_command *command = &commands->patterns[i];
		bool joins = is_plain(command) && line && listing.n < SHOWN_MAX &&
			     text->len - line + command->command.len < WIDTH;

		if (joins) {
			listing.n++;
			text->len--;
			buf_adds(text, " · ");
		} else {
			line = is_plain(command) ? text->len : 0;
			if (!listing_begin(&listing))
				continue;
		}
		describe_command(text, command);
	}
	listing_end(&listing);
}

/* An entry that names hosts refuses these to the command, and not the command itself. */
static void describe_denied(struct buf *text, const struct manifest_commands *commands)
{
	struct listing refused = { text, "Never runs", 0 }, cut_off = { text, "Runs with less", 0 };

	for (size_t i = 0; i < commands->n_patterns; i++)
		if (!commands->patterns[i].has_domains && listing_begin(&refused)) {
			words_add_plain(text, commands->patterns[i].command);
			buf_addc(text, '\n');
		}
	listing_end(&refused);
	for (size_t i = 0; i < commands->n_patterns; i++)
		if (commands->patterns[i].has_domains && listing_begin(&cut_off)) {
			words_add_plain(text, commands->patterns[i].command);
			buf_adds(text, "   may not reach ");
			add_list(text, &commands->patterns[i].domains);
			buf_addc(text, '\n');
		}
	listing_end(&cut_off);
}

static void describe_tools(struct buf *text, const struct manifest_sandbox *sandbox)
{
	struct listing listing = {text, "Bundles: what these tools need of this machine", 0};

	for (size_t i = 0; i < sandbox->n_tools; i++) {
		const struct manifest_tool *tool = &sandbox->tools[i];

		if (!listing_begin(&listing))
			continue;
		words_add_plain(text, tool->tool);
		buf_adds(text, tool->gh_creds ? "   with the credentials of gh" : "");
		buf_adds(text, tool->fetch ? "   may fetch" : "");
		if (tool->has_domains) {
			buf_adds(text, "   reaches ");
			add_list(text, &tool->domains);
		}
		buf_addc(text, '\n');
	}
	listing_end(&listing);
}

static void describe_ports(struct buf *text, const char *heading, const uint16_t *ports, size_t n)
{
	if (n)
		buf_addf(text, "%s\n   ", heading);
	for (size_t i = 0; i < n && i < SHOWN_MAX; i++)
		buf_addf(text, " %u", ports[i]);
	if (n)
		buf_addc(text, '\n');
}

static bool has_wide_command(const struct manifest *manifest)
{
	static const char *const words[] = {"bash:*",    "sh:*",    "zsh:*",  "python:*",
					    "python3:*", "node:*",  "perl:*", "ruby:*",
					    "env:*",     "xargs:*", "ssh:*",  "docker:*"};

	for (size_t i = 0; i < manifest->allow.commands.n_patterns; i++)
		for (size_t j = 0; j < sizeof(words) / sizeof(words[0]); j++)
			if (str_is(manifest->allow.commands.patterns[i].command, words[j]) &&
			    !manifest->allow.commands.patterns[i].prompt)
				return true;
	return false;
}

/* Commands that run what is written in the project, by their first words. */
static const char *const runners[] = {
	"cargo test",  "cargo run", "cargo build", "cargo bench", "cargo nextest", "cargo",
	"npm test",    "npm run",   "npm install", "npm",         "pnpm",          "yarn",
	"npx",         "bun",       "deno",        "node",        "go test",       "go run",
	"go generate", "pytest",    "python",      "python3",     "tox",           "uv run",
	"make",        "ninja",     "cmake",       "ctest",       "meson compile", "meson test",
	"gradle",      "mvn",       "rake",        "bundle exec", "bash",          "sh",
	"./configure",
};

static bool is_runner(struct str command, const char *runner)
{
	struct str name = str_of(runner);

	if (!str_starts(command, name))
		return false;
	command = str_from(command, name.len);
	return command.len == 0 || command.data[0] == ' ' || str_is(command, ":*");
}

/* The first silent command that runs what it finds in the project's files. */
static struct str silent_runner(const struct manifest_commands *commands)
{
	for (size_t i = 0; i < sizeof(runners) / sizeof(runners[0]); i++)
		for (size_t j = 0; j < commands->n_patterns; j++)
			if (!commands->patterns[j].prompt &&
			    is_runner(commands->patterns[j].command, runners[i]))
				return commands->patterns[j].command;
	return (struct str){ 0 };
}

static struct str silent_path(const struct manifest_paths *paths)
{
	for (size_t i = 0; i < paths->n_paths; i++)
		if (!paths->paths[i].prompt)
			return paths->paths[i].path;
	return (struct str){ 0 };
}

/* Two rules that are each harmless and together are not; no rule can change that. */
static void warn_of_composition(struct buf *text, const struct manifest *manifest)
{
	struct str command = silent_runner(&manifest->allow.commands);
	struct str path = silent_path(&manifest->allow.write);

	if (!command.len || !path.len)
		return;
	buf_adds(text, "! write to ");
	words_add_plain(text, path);
	buf_adds(text, " plus silent ");
	words_add_plain(text, command);
	buf_adds(text, " = any code, inside the sandbox\n");
}

/* "npm run test:*" looks as if it held for test:unit, which is another word. */
static void warn_of_script(struct buf *text, struct str command, const char *runs)
{
	struct str script = str_from(command, strlen(runs));

	if (!str_starts(command, str_of(runs)) || !str_ends(script, STR(":*")))
		return;
	buf_adds(text, "! ");
	words_add_plain(text, command);
	buf_adds(text, " is the script ");
	words_add_plain(text, str_head(script, script.len - 2));
	buf_addf(text, " alone, no other that begins so; did you mean %s*?\n", runs);
}

static void warn_of_scripts(struct buf *text, const struct manifest_commands *commands)
{
	static const char *const runs[] = {"npm run ", "pnpm run ", "yarn run ", "bun run "};

	for (size_t i = 0; i < commands->n_patterns; i++)
		for (size_t j = 0; j < sizeof(runs) / sizeof(runs[0]); j++)
			warn_of_script(text, commands->patterns[i].command, runs[j]);
}

/* What widens more than its line looks. */
void words_warn(const struct manifest *manifest, struct buf *text)
{
	const struct {
		bool applies;
		const char *sentence;
	} warnings[] = {
	    {manifest->security.allow_privilege_wrappers, "rules may grant sudo and the like"},
	    {manifest->security.allow_python_interpreter, "rules may grant python: any program"},
	    {has_wide_command(manifest), "a rule grants a shell or interpreter: any program"},
	    {manifest->security.allow_redirects == REDIRECTS_FILES,
	     "commands may redirect into files"},
	    {manifest->sandbox.command_fs == COMMAND_FS_PERMISSIVE, "commands see the home folder"},
	    {manifest->sandbox.command_fs == COMMAND_FS_ALL, "commands see the whole machine"},
	    {!manifest->sandbox.command_mask_secrets, "usual places of secrets are not hidden"},
	    {manifest->command_run.envrc_mode == ENVRC_ALLOW, ".envrc is read without asking"},
	};

	for (size_t i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++)
		if (warnings[i].applies)
			buf_addf(text, "! %s\n", warnings[i].sentence);
	warn_of_composition(text, manifest);
	warn_of_scripts(text, &manifest->allow.commands);
}

static void describe_model(struct buf *text, const struct manifest_model *model)
{
	buf_adds(text, "Model\n    ");
	words_add_plain(text, model->provider);
	buf_addc(text, ' ');
	words_add_plain(text, model->name);
	if (model->base_url.len) {
		buf_adds(text, " at ");
		words_add_plain(text, model->base_url);
	}
	if (model->header_names.n) {
		buf_adds(text, " with the headers ");
		add_list(text, &model->header_names);
	}
	buf_addc(text, '\n');
}

void words_describe(const struct manifest *manifest, struct buf *text)
{
	const struct manifest_side *allow = &manifest->allow, *deny = &manifest->deny;

	describe_model(text, &manifest->model);
	describe_paths(text, "May read", &allow->read);
	describe_paths(text, "May write", &allow->write);
	describe_paths(text, "May delete", &allow->del);
	describe_list(text, "Folders outside the project that rules may name",
		      &allow->additional_directories);
	describe_allowed(text, "May run, in the sandbox", &allow->commands);
	describe_list(text, "Commands see the variables", &allow->commands.default_env_vars);
	describe_list(text, "Commands reach", &allow->commands.default_domains);
	describe_list(text, "The agent itself reaches", &allow->network_domains);
	describe_tools(text, &manifest->sandbox);
	describe_ports(text, "Commands may listen on the ports", manifest->sandbox.dev_server_ports,
		       manifest->sandbox.n_dev_server_ports);
	describe_ports(text, "Commands reach this machine's ports", manifest->sandbox.host_ports,
		       manifest->sandbox.n_host_ports);
	describe_paths(text, "Never reads", &deny->read);
	describe_paths(text, "Never writes", &deny->write);
	describe_paths(text, "Never deletes", &deny->del);
	describe_denied(text, &deny->commands);
	describe_list(text, "Commands never see the variables", &deny->commands.env_vars);
	describe_list(text, "Commands never reach", &deny->commands.domains);
	describe_list(text, "The agent itself never reaches", &deny->network_domains);
	describe_list(text, "Nothing ever reaches", &manifest->security.universal_deny_domains);
	buf_adds(text, manifest->security.allow_runtime_expansion ? "Everything else is asked\n"
								  : "Everything else is refused\n");
	words_warn(manifest, text);
}
