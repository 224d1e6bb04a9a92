#include "caps/programs.h"

static const struct program programs[] = {
#define PROGRAM(name, depth, traits) { name, depth, traits },
#include "caps/programs.def"
#undef PROGRAM
};

static const struct wrapper wrappers[] = {
#define WRAPPER(name, flags, valued, longs, operands) { name, flags, valued, longs, operands },
#include "caps/wrappers.def"
#undef WRAPPER
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct program *program_find(struct str name)
{
	for (size_t i = 0; i < COUNT(programs); i++)
		if (str_is(name, programs[i].name))
			return &programs[i];
	return NULL;
}

const struct wrapper *wrapper_find(struct str name)
{
	for (size_t i = 0; i < COUNT(wrappers); i++)
		if (str_is(name, wrappers[i].name))
			return &wrappers[i];
	return NULL;
}

bool program_in_list(struct str text, const char *list, char separator)
{
	while (*list) {
		const char *end = strchrnul(list, separator);

		if ((size_t)(end - list) == text.len && memcmp(list, text.data, text.len) == 0)
			return true;
		list = *end ? end + 1 : end;
	}
	return false;
}

struct str program_bare(struct str word)
{
	static const char *const folders[] = { "/usr/bin/", "/bin/", "/usr/local/bin/",
		                               "/usr/sbin/", "/sbin/" };

	for (size_t i = 0; i < COUNT(folders); i++)
		if (str_starts(word, str_of(folders[i])) &&
		    str_chr(str_from(word, strlen(folders[i])), '/') == STR_NONE)
			return str_from(word, strlen(folders[i]));
	return word;
}

struct str program_name(struct str word)
{
	size_t at = word.len;

	while (at && word.data[at - 1] != '/')
		at--;
	return str_from(word, at);
}

bool program_is_privileged(struct str word)
{
	static const char *const names[] = { "sudo",     "doas",    "su",      "pkexec", "run0",
		                             "sudoedit", "runuser", "setpriv", "please", "super" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_is(program_name(word), names[i]))
			return true;
	return false;
}

bool program_is_python(struct str name)
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

	if (str_is(name, "uv") || str_is(name, "poetry") || str_is(name, "pdm") ||
	    str_is(name, "pipenv"))
		return n_words == 2 && str_is(words[1], "run");
	if (!program_is_python(name))
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
