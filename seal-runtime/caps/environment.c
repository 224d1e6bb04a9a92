/* Which variables may be set for a command. */
#include "caps/command.h"
#include "caps/mutants.h"
#include "caps/path.h"
#include "caps/rules.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Variables that change what is printed, never what runs. */
static const char *const harmless_names[] = {
	"RUST_LOG",
	"RUST_BACKTRACE",
	"RUST_TEST_THREADS",
	"CARGO_TERM_COLOR",
	"CARGO_INCREMENTAL",
	"CI",
	"NO_COLOR",
	"FORCE_COLOR",
	"CLICOLOR*",
	"TERM",
	"COLUMNS",
	"LINES",
	"LC_*",
	"LANG",
	"TZ",
	"NODE_ENV",
	"DEBUG",
	"VERBOSE",
	"V",
	"PYTHONDONTWRITEBYTECODE",
	"PYTHONUNBUFFERED",
	"CGO_ENABLED",
	"GOOS",
	"GOARCH",
	"CTEST_OUTPUT_ON_FAILURE",
	"NEXTEST_RETRIES",
};

/* Variables that name programs, libraries, files of settings or places of trust. */
static const char *const sensitive_names[] = {
	"PATH",
	"IFS",
	"HOME",
	"SHELL",
	"ENV",
	"BASH*",
	"PS1",
	"PS2",
	"PS4",
	"PROMPT_COMMAND",
	"CDPATH",
	"LD_*",
	"DYLD_*",
	"GIT_*",
	"SSH_*",
	"PAGER",
	"MANPAGER",
	"EDITOR",
	"VISUAL",
	"LESS*",
	"NODE_*",
	"npm_config_*",
	"NPM_*",
	"YARN_*",
	"PNPM_*",
	"PYTHON*",
	"PYTEST_*",
	"PERL*",
	"RUBY*",
	"GEM_*",
	"BUNDLE_*",
	"JAVA_*",
	"_JAVA_OPTIONS",
	"JDK_*",
	"MAVEN_*",
	"GRADLE_*",
	"DOTNET_*",
	"RUST*",
	"CARGO*",
	"GO*",
	"CGO_*",
	"CC",
	"CXX",
	"CPP",
	"LD",
	"AR",
	"AS",
	"CFLAGS",
	"CXXFLAGS",
	"CPPFLAGS",
	"LDFLAGS",
	"MAKE*",
	"MFLAGS",
	"CMAKE_*",
	"CTEST_*",
	"NINJA_*",
	"TAR_OPTIONS",
	"RIPGREP_CONFIG_PATH",
	"*_PROXY",
	"*_proxy",
	"XDG_*",
	"TMPDIR",
	"TEMP",
	"TMP",
	"USER",
	"LOGNAME",
	"GCONV_PATH",
	"LOCPATH",
	"NLSPATH",
	"HOSTALIASES",
	"RES_OPTIONS",
	"MALLOC_*",
	"GLIBC_TUNABLES",
	"OPENSSL_*",
	"SSL_*",
	"CURL_*",
	"WGET*",
	"DOCKER_*",
	"KUBE*",
	"AWS_*",
	"TF_*",
	"GH_*",
	"GITHUB_*",
	"AWKPATH",
	"AWKLIBPATH",
	"ZDOTDIR",
	"HISTFILE",
	"INPUTRC",
	"TERMINFO*",
	"TERMCAP",
	"GREP_*",
	"FZF_*",
	"BROWSER",
	"OPTIND",
	"OPTERR",
	"GLOBIGNORE",
	"SHELLOPTS",
	"FUNCNEST",
	"POSIXLY_CORRECT",
	"MANPATH",
	"INFOPATH",
	"PKG_CONFIG*",
	"ACLOCAL*",
	"VIRTUAL_ENV",
	"CONDA_*",
	"PIP_*",
	"UV_*",
	"POETRY_*",
	"TOX_*",
	"COVERAGE_*",
	"MYPY*",
	"ESLINT_*",
	"JEST_*",
	"PRETTIER_*",
	"SEAL_*",
	"GPG_*",
	"GNUPGHOME",
	"PWD",
	"OLDPWD",
	"TIMEFORMAT",
	"EXINIT",
	"VIMINIT",
	"LUA_*",
	"PHP*",
	"COMPOSER_*",
	"DENO_*",
	"BUN_*",
	"QT_*",
	"GTK_*",
	"ELECTRON_*",
};

static bool is_one_of(struct str name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (path_glob_segment(str_of(list[i]), name, false))
			return true;
	return false;
}

bool command_is_sensitive_name(struct str name)
{
	return is_one_of(name, sensitive_names, COUNT(sensitive_names)) &&
	       !is_one_of(name, harmless_names, COUNT(harmless_names));
}

struct ruling command_assignment(struct shell *shell, const struct manifest_list *granted,
                                 struct str name, bool opaque)
{
	const struct manifest_list *denied = &shell->caps->manifest->deny.commands.env_vars;
	bool is_named = false, is_covered = false;

	for (size_t i = 0; i < denied->n; i++)
		if (path_glob_segment(denied->items[i], name, false))
			return (struct ruling){ CAPS_DENY,
				                denied->items[i],
				                denied->lines ? denied->lines[i] : 0,
				                "deny.commands.env_vars names the variable",
				                false,
				                false };
	for (size_t i = 0; granted && i < granted->n; i++) {
		is_named = is_named || str_eq(granted->items[i], name);
		is_covered = is_covered || path_glob_segment(granted->items[i], name, false);
	}
	if (IS_MUTANT(ENVIRONMENT))
		return ruling_fine();
	if (opaque)
		return ruling_ask("sets a variable to a value that is not known");
	if (is_named || is_one_of(name, harmless_names, COUNT(harmless_names)))
		return ruling_fine();
	if (is_covered && !command_is_sensitive_name(name))
		return ruling_fine();
	return ruling_ask("sets a variable that neither its rule's env_vars nor the list of "
	                  "harmless ones names");
}
