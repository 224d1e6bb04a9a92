#include "caps/programs.h"

struct str program_name(struct str word)
{
	size_t at = word.len;

	while (at && word.data[at - 1] != '/')
		at--;
	return str_from(word, at);
}

bool program_is_privileged(struct str word)
{
	static const char *const names[] = { "sudo", "doas", "su", "pkexec", "run0", "sudoedit",
					     "runuser", "setpriv", "please", "super" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_is(program_name(word), names[i]))
			return true;
	return false;
}

/* python, python3, python3.12, pypy3 */
static bool is_python(struct str name)
{
	struct str rest = name;

	if (str_starts(name, STR("python")))
		rest = str_from(name, 6);
	else if (str_starts(name, STR("pypy")))
		rest = str_from(name, 4);
	else
		return false;
	for (size_t i = 0; i < rest.len; i++)
		if ((rest.data[i] < '0' || rest.data[i] > '9') && rest.data[i] != '.')
			return false;
	return true;
}

/*
 * A module or a script names what runs; options alone, or `-c` and `-m`
 * without a name, leave it open.
 */
bool program_is_any_python(const struct str *words, size_t n_words)
{
	struct str name = program_name(words[0]);

	if (str_is(name, "uv") || str_is(name, "poetry") || str_is(name, "pdm") || str_is(name, "pipenv"))
		return n_words == 2 && str_is(words[1], "run");
	if (!is_python(name))
		return false;
	for (size_t i = 1; i < n_words; i++) {
		if (str_is(words[i], "-V") || str_is(words[i], "--version"))
			return false;
		if (str_is(words[i], "-c"))
			return true;
		if (str_is(words[i], "-m"))
			return i + 1 == n_words;
		if (words[i].data[0] != '-')
			return false;
	}
	return true;
}
