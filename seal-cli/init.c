#include "seal-cli/init.h"

#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"

#define WIDTH 96

const struct init_type init_types[] = {
    {
	"rust",
	{"Cargo.toml"},
	{"cargo build:*", "cargo check:*", "cargo test:*", "cargo nextest:*", "cargo run:*",
	 "cargo clippy:*", "cargo fmt:*", "cargo doc:*", "cargo bench:*", "cargo tree:*",
	 "cargo metadata:*", "cargo fetch:*", "cargo add:*", "cargo update:*", "rustc --version"},
	"{ tool = \"cargo\", fetch = true }",
	{"cargo build --release", "cargo test parse::", "cargo clippy --all-targets -- -D warnings",
	 "cargo fmt --check", "cargo run -- --help", "cargo check && cargo test"},
    },
    {
	"node",
	{"package.json"},
	{"npm test:*", "npm run:*", "npm ci:*", "npm install:*", "npm ls:*", "npm outdated:*",
	 "pnpm test:*", "pnpm run:*", "pnpm install:*", "yarn test:*", "yarn run:*",
	 "yarn install:*", "npx tsc:*", "npx eslint:*", "npx prettier:*", "npx jest:*",
	 "npx vitest:*", "node --version"},
	"\"node\"",
	{"npm test", "npm run build", "npm ci", "npx tsc --noEmit", "npx eslint .", "npm install"},
    },
    {
	"go",
	{"go.mod"},
	{"go build:*", "go test:*", "go vet:*", "go run:*", "go fmt:*", "gofmt:*", "go list:*",
	 "go doc:*", "go mod:*", "go get:*", "go generate:*", "go version", "golangci-lint run:*"},
	"\"go\"",
	{"go build ./...", "go test ./...", "go vet ./...", "gofmt -l .", "go mod tidy",
	 "go test -run TestX ./pkg"},
    },
    {
	"python",
	{"pyproject.toml", "setup.py", "requirements.txt", "setup.cfg"},
	{"pytest:*", "python3 -m pytest:*", "python -m pytest:*", "python3 -m unittest:*", "ruff:*",
	 "black:*", "mypy:*", "pyright:*", "flake8:*", "tox:*", "uv sync:*", "uv lock:*",
	 "uv run pytest:*", "uv run ruff:*", "uv run mypy:*", "pip install -r requirements.txt",
	 "pip install -e .", "pip list:*", "python3 --version"},
	"\"python\", \"uv\"",
	{"pytest -q", "python3 -m pytest tests/test_a.py", "ruff check .", "mypy src", "uv sync",
	 "uv run pytest -q", "pip install -r requirements.txt"},
    },
    {
	"c",
	{"Makefile", "GNUmakefile", "configure", "configure.ac", "meson.build"},
	{"make:*", "make -C build:*", "./configure:*", "ninja:*", "ninja -C build:*",
	 "meson setup:*", "meson compile:*", "meson test:*", "gcc:*", "cc:*", "g++:*", "clang:*",
	 "clang-format:*", "nm:*", "objdump:*"},
	"\"make\"",
	{"make", "make -j4 all", "make test", "./configure --prefix=/usr", "ninja -C build",
	 "meson test -C build"},
    },
    {
	"cmake",
	{"CMakeLists.txt"},
	{"cmake:*", "ctest:*", "clang-tidy:*"},
	"\"cmake\"",
	{"cmake -B build -S .", "cmake --build build", "ctest --test-dir build"},
    },
    {
	"generic",
	{NULL},
	{NULL},
	"",
	{"ls -la src", "cat README.md | head -20", "grep -rn main src", "rg main",
	 "find . -name '*.c'", "git status", "git diff HEAD~1", "git log --oneline -5",
	 "git add -A", "git commit -m 'x'", "wc -l src/main.c"},
    },
};

const size_t init_n_types = sizeof(init_types) / sizeof(init_types[0]);

_Static_assert(sizeof(init_types) / sizeof(init_types[0]) <= INIT_TYPES_MAX,
	       "a choice has all types");

static const char rules[] = "# All of the project, but never what looks like a secret.\n"
			    "[capabilities.allow.read]\n"
			    "default_files = [\"*\"]\n"
			    "paths = [\"**\"]\n\n"
			    "[capabilities.allow.write]\n"
			    "default_files = [\"*\"]\n"
			    "paths = [\"**\"]\n\n"
			    "[capabilities.deny.read]\n"
			    "default_files = [\".env\", \".env.local\", \".env.*.local\", "
			    "\"*.pem\", \"*.key\", \"*.p12\", \".netrc\",\n"
			    "  \"id_rsa\", \"id_ecdsa\", \"id_ed25519\"]\n\n"
			    "# `x:*` is x and anything after it. What is not here is asked.\n"
			    "[capabilities.allow.commands]\n"
			    "patterns = [\n";

static const char *const looking[] = {"ls:*",
				      "cat:*",
				      "head:*",
				      "tail:*",
				      "wc:*",
				      "file:*",
				      "stat:*",
				      "du:*",
				      "tree:*",
				      "which:*",
				      "grep:*",
				      "rg:*",
				      "find:*",
				      "sort:*",
				      "uniq:*",
				      "cut:*",
				      "tr:*",
				      "diff:*",
				      "sed -n:*",
				      "mkdir:*",
				      "git status:*",
				      "git diff:*",
				      "git log:*",
				      "git show:*",
				      "git blame:*",
				      "git branch:*",
				      "git grep:*",
				      "git ls-files:*",
				      "git rev-parse:*",
				      "git add:*",
				      "git commit:*",
				      "git stash list:*",
				      NULL};

bool init_set_type(struct init_choice *choice, const char *name)
{
	for (size_t i = 0; i < init_n_types; i++)
		if (strcmp(init_types[i].name, name) == 0)
			return choice->types[i] = true;
	return false;
}

void init_detect(int folder, struct init_choice *choice)
{
	for (size_t i = 0; i < init_n_types; i++)
		for (const char *const *mark = init_types[i].marks; *mark; mark++) {
			struct stat st;

			if (fstatat(folder, *mark, &st, 0) == 0)
				choice->types[i] = true;
		}
}

static void add_quoted(struct buf *text, const char *value)
{
	buf_addc(text, '"');
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			buf_addc(text, '\\');
		buf_addc(text, *value);
	}
	buf_addc(text, '"');
}

/* Lines of quoted patterns, as wide as a terminal may be expected to be. */
static void add_patterns(struct buf *text, const char *const *patterns)
{
	size_t line = 0;

	for (; *patterns; patterns++) {
		if (line && text->len - line + strlen(*patterns) + 4 <= WIDTH) {
			buf_addc(text, ' ');
		} else {
			buf_adds(text, line ? "\n  " : "  ");
			line = text->len - 2;
		}
		add_quoted(text, *patterns);
		buf_addc(text, ',');
	}
	if (line)
		buf_addc(text, '\n');
}

static void add_setting(struct buf *text, const char *key, const char *value)
{
	buf_addf(text, "%s = ", key);
	add_quoted(text, value);
	buf_addc(text, '\n');
}

void init_write(const struct init_choice *choice, struct buf *text)
{
	buf_adds(text, "#:schema ./.seal/schemas/seal.toml.json\nschema_version = 1\n");
	add_setting(text, "name", choice->project);
	buf_adds(text, "\n[model]\n");
	add_setting(text, "provider", choice->provider);
	add_setting(text, "name", choice->model);
	if (choice->base_url)
		add_setting(text, "base_url", choice->base_url);
	buf_addf(text, "\n%s", rules);
	add_patterns(text, looking);
	buf_adds(text, "  { command = \"git push:*\", prompt = true },\n");
	for (size_t i = 0; i < init_n_types; i++)
		if (choice->types[i])
			add_patterns(text, init_types[i].patterns);
	buf_adds(text, "]\n\n# What these tools need of the machine: caches, settings, hosts.\n"
		       "[sandbox.os]\ncommand_tools = [\"git\"");
	for (size_t i = 0; i < init_n_types; i++)
		if (choice->types[i] && init_types[i].tools[0])
			buf_addf(text, ", %s", init_types[i].tools);
	buf_adds(text, "]\n");
}
