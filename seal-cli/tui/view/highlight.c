#include "seal-cli/tui/view/highlight.h"

#include <ctype.h>

struct language {
	const char *names;	/* " c h cpp " */
	const char *keywords;	/* the same way */
	const char *comment, *comment2;	/* to the end of the line */
	const char *open, *close;	/* of several lines */
	const char *quotes;
};

#define C_WORDS \
	" auto bool break case char class const constexpr continue default delete do double else enum " \
	"extern false float for goto if inline int long namespace new nullptr NULL operator private " \
	"protected public return short signed sizeof static struct switch template this throw true try " \
	"catch typedef typename union unsigned using virtual void volatile while "
#define JS_WORDS \
	" abstract as async await break case catch class const continue default delete do else enum " \
	"export extends false finally for from function if implements import in instanceof interface " \
	"let new null of package private protected public readonly return static super switch this " \
	"throw true try type typeof undefined var void while yield boolean int string number "

static const struct language languages[] = {
	{ " c h cc cpp c++ hpp objc ", C_WORDS, "//", NULL, "/*", "*/", "\"'" },
	{ " js javascript jsx ts typescript tsx java kotlin kt scala swift cs csharp dart php ",
	  JS_WORDS, "//", NULL, "/*", "*/", "\"'`" },
	{ " rust rs ",
	  " as async await break const continue crate dyn else enum extern false fn for if impl in let loop "
	  "match mod move mut pub ref return self Self static struct super trait true type unsafe use where "
	  "while ",
	  "//", NULL, "/*", "*/", "\"" },
	{ " go golang ",
	  " break case chan const continue default defer else fallthrough false for func go goto if import "
	  "interface map nil package range return select struct switch true type var ",
	  "//", NULL, "/*", "*/", "\"'`" },
	{ " py python python3 ",
	  " and as assert async await break class continue def del elif else except False finally for from "
	  "global if import in is lambda None nonlocal not or pass raise return True try while with yield "
	  "match case self ",
	  "#", NULL, "\"\"\"", "\"\"\"", "\"'" },
	{ " sh bash zsh shell console fish dockerfile make makefile ",
	  " if then else elif fi for in do done while until case esac function return exit local export set "
	  "unset source FROM RUN COPY CMD ENTRYPOINT ENV WORKDIR ",
	  "#", NULL, NULL, NULL, "\"'" },
	{ " rb ruby elixir ex ",
	  " alias and begin break case class def do else elsif end ensure false for if in module next nil "
	  "not or redo rescue retry return self super then true unless until when while yield ",
	  "#", NULL, NULL, NULL, "\"'" },
	{ " toml ini conf yaml yml properties ",
	  " true false null yes no on off ", "#", NULL, NULL, NULL, "\"'" },
	{ " json jsonc json5 ", " true false null ", "//", NULL, "/*", "*/", "\"" },
	{ " sql ",
	  " select from where and or not insert into values update set delete create table index view join "
	  "left right inner outer on group by order limit as null is in like SELECT FROM WHERE AND OR NOT "
	  "INSERT INTO VALUES UPDATE SET DELETE CREATE TABLE INDEX VIEW JOIN LEFT RIGHT INNER OUTER ON GROUP "
	  "BY ORDER LIMIT AS NULL IS IN LIKE ",
	  "--", NULL, "/*", "*/", "'\"" },
	{ " lua haskell hs ",
	  " and break do else elseif end false for function if in local nil not or repeat return then true "
	  "until while let where case of data type import module ",
	  "--", NULL, NULL, NULL, "\"'" },
	{ " html xml svg vue ", " ", NULL, NULL, "<!--", "-->", "\"" },
	{ " css scss less ", " important ", "//", NULL, "/*", "*/", "\"'" },
};

static const struct style code = { .paint = PAINT_CODE };
static const struct style comment = { .paint = PAINT_COMMENT };
static const struct style plain;

/* `word` stands in a list of words with blanks around each. */
static bool holds(const char *list, struct str word)
{
	struct str rest = str_of(list), one;

	while (str_split(&rest, ' ', &one))
		if (one.len && str_eq(one, word))
			return true;
	return false;
}

void highlight_begin(struct highlight *highlight, struct str name)
{
	*highlight = (struct highlight){ 0 };
	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++)
		if (holds(languages[i].names, name))
			highlight->language = &languages[i];
}

static bool at(struct str text, const char *mark)
{
	return mark && str_starts(text, str_of(mark));
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static size_t word_len(struct str text)
{
	size_t n = 0;

	while (n < text.len && is_word(text.data[n]))
		n++;
	return n;
}

static size_t string_len(struct str text)
{
	size_t n = 1;

	while (n < text.len && text.data[n] != text.data[0])
		n += text.data[n] == '\\' && n + 1 < text.len ? 2 : 1;
	return n < text.len ? n + 1 : text.len;
}

/* A comment of several lines, from here to its end or the line's. */
static size_t comment_len(struct highlight *highlight, struct str text, size_t from)
{
	size_t end = str_find(text, str_of(highlight->language->close), from);

	highlight->in_comment = end == STR_NONE;
	return end == STR_NONE ? text.len : end + strlen(highlight->language->close);
}

/* The next piece of the line, and what it is. */
static size_t piece(struct highlight *highlight, struct str text, struct style *ret_style)
{
	const struct language *language = highlight->language;
	char c = text.data[0];
	size_t n = word_len(text);

	*ret_style = plain;
	if (highlight->in_comment || at(text, language->open)) {
		*ret_style = comment;
		return comment_len(highlight, text, highlight->in_comment ? 0 : strlen(language->open));
	}
	if (at(text, language->comment) || at(text, language->comment2)) {
		*ret_style = comment;
		return text.len;
	}
	if (strchr(language->quotes, c)) {
		ret_style->paint = PAINT_STRING;
		return string_len(text);
	}
	if (n == 0)
		return 1;
	if (isdigit((unsigned char)c))
		ret_style->paint = PAINT_NUMBER;
	else if (holds(language->keywords, str_head(text, n)))
		ret_style->paint = PAINT_KEYWORD;
	return n;
}

void highlight_line(struct highlight *highlight, struct str text, struct line *ret_line)
{
	if (!highlight->language) {
		line_add(ret_line, code, text);
		return;
	}
	while (text.len) {
		struct style style;
		size_t n = piece(highlight, text, &style);

		line_add(ret_line, style, str_head(text, n));
		text = str_from(text, n);
	}
}
