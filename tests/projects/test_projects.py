"""`seal init` in projects made by the real tools: the manifest fits on a screen, what is
done every day needs no prompt, and it works inside the sandbox.  As TAP; what a project
needs of a registry is fetched outside first, and where that cannot be had the row is skipped.

    tests/projects/test_projects.py BUILD
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run"))
from project import Rows, expect  # noqa: E402

SCREEN_LINES = 40
FETCH_SECONDS = 60
row = Rows()


class Unavailable(Exception):
    pass


class Real:
    """A folder of its own; the home is the person's, where the tools keep what they fetched."""

    def __init__(self, build):
        self.seal_path = os.path.join(os.path.abspath(build), "seal")
        self.top = tempfile.mkdtemp(prefix="seal-projects-")
        self.root = os.path.join(self.top, "project")
        os.mkdir(self.root)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "SEAL_", "CARGO_"))}
        for name in ("STATE_HOME", "CONFIG_HOME", "RUNTIME_DIR"):
            folder = self.env["XDG_" + name] = os.path.join(self.top, name.lower())
            os.mkdir(folder, mode=0o700)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.top, ignore_errors=True)

    def run(self, *argv):
        return subprocess.run(argv, cwd=self.root, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=FETCH_SECONDS)

    def seal(self, *argv):
        return self.run(self.seal_path, *argv)

    def make(self, *argv):
        """A step outside of the sandbox; the project cannot be had when it fails."""
        if not shutil.which(os.path.join(self.root, argv[0]) if "/" in argv[0] else argv[0], path=self.env["PATH"]):
            raise Unavailable(f"{argv[0]} is not on this machine")
        try:
            done = self.run(*argv)
        except subprocess.TimeoutExpired:
            raise Unavailable(f"`{' '.join(argv)}` took more than {FETCH_SECONDS} s") from None
        if done.returncode:
            said = (done.stderr + done.stdout).strip().split("\n")[-1]
            raise Unavailable(f"`{' '.join(argv)}` failed: {said}")

    def write(self, name, text):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as out:
            out.write(text)

    def init(self):
        """Unsigned, as where no terminal is; then approved by the hash that it prints."""
        made = self.seal("init")
        expect(made, 0, "not signed", "seal manifest sign --approve")
        expect(self.seal("manifest", "verify"), 1, "is not signed")
        digest = re.search(r"--approve (blake2b:[0-9a-f]{64})", made.stdout).group(1)
        expect(self.seal("manifest", "sign", "--approve", digest), 0, "= any code, inside the sandbox")
        expect(self.seal("manifest", "verify"), 0, "is approved")
        with open(os.path.join(self.root, "seal.toml")) as file:
            lines = len(file.readlines())
        if lines > SCREEN_LINES:
            raise AssertionError(f"{lines} lines of seal.toml do not fit on a screen of {SCREEN_LINES}")

    def is_silent(self, command):
        said = self.seal("check", "command", command, "--json")
        verdict = json.loads(said.stdout)
        if verdict["verdict"] != "allow":
            raise AssertionError(f"`{command}` is not silent: {verdict['verdict']}, {verdict['reason']}")


def project(build, make, commands, broken):
    """`commands` with a word of what they print; `broken` is a change that the last one must notice."""
    with Real(build) as here:
        try:
            make(here)
        except Unavailable as why:
            return str(why)
        here.init()
        for command, word in commands:
            here.is_silent(command)
            expect(here.seal("sandbox", "exec", "--", *command.split()), 0, word)
        here.write(*broken)
        done = here.seal("sandbox", "exec", "--", *commands[-1][0].split())
        if done.returncode == 0:
            raise AssertionError(f"`{commands[-1][0]}` does not notice a failing test:\n{done.stdout}")
    return None


def make_cargo(here):
    here.make("cargo", "init", "--lib", "--vcs", "none", "--name", "numbers")
    here.make("cargo", "add", "itoa")
    here.make("cargo", "fetch")
    here.write("src/lib.rs", RUST % "7")


RUST = 'pub fn text(n: u32) -> String {\n    itoa::Buffer::new().format(n).to_owned()\n}\n\n#[test]\nfn a_number_is_text() {\n    assert_eq!(text(7), "%s");\n}\n'


@row("cargo: a library with a crate of the registry")
def _(build):
    return project(build, make_cargo, [("cargo build", "Compiling itoa"), ("cargo tree", "itoa"), ("cargo test", "1 passed")],
                   ("src/lib.rs", RUST % "8"))


def make_npm(here):
    here.make("npm", "init", "-y")
    here.make("npm", "install", "--save-dev", "uvu")
    here.make("npm", "pkg", "set", "scripts.test=uvu tests", "scripts.build=node build.js")
    here.write("build.js", 'require("fs").writeFileSync("built.txt", "x");\nconsole.log("one file");\n')
    here.write("tests/sum.js", NODE % 2)


NODE = 'const { test } = require("uvu");\nconst assert = require("uvu/assert");\n\ntest("sum", () => assert.is(1 + 1, %d));\ntest.run();\n'


@row("npm: a package with a test runner of the registry")
def _(build):
    return project(build, make_npm, [("npm ls", "uvu@"), ("npm run build", "one file"), ("npm test", "Passed:    1")],
                   ("tests/sum.js", NODE % 3))


def make_go(here):
    here.make("go", "mod", "init", "example.com/sum")
    here.write("sum.go", "package sum\n\nfunc Sum(a, b int) int { return a + b }\n")
    here.write("sum_test.go", GO % 2)


GO = 'package sum\n\nimport "testing"\n\nfunc TestSum(t *testing.T) {\n\tif Sum(1, 1) != %d {\n\t\tt.Fatal("wrong")\n\t}\n}\n'


@row("go: a module with a test")
def _(build):
    return project(build, make_go, [("go build ./...", ""), ("go vet ./...", ""), ("gofmt -l .", ""), ("go test ./...", "ok")],
                   ("sum_test.go", GO % 3))


def make_python(here):
    here.make("python3", "-m", "venv", ".venv")
    here.make(".venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", "pytest")
    here.write("pyproject.toml", '[project]\nname = "sum"\nversion = "0.1"\n')
    here.write("tests/test_sum.py", PYTHON % 2)


PYTHON = "def test_sum():\n    assert 1 + 1 == %d\n"


@row("python: a virtual environment with pytest of the registry, not activated")
def _(build):
    return project(build, make_python, [("pip list", "pytest"), ("python3 -m pytest -q", "1 passed"), ("pytest -q", "1 passed")],
                   ("tests/test_sum.py", PYTHON % 3))


def make_cmake(here):
    here.make("cmake", "--version")
    here.write("CMakeLists.txt", "cmake_minimum_required(VERSION 3.16)\nproject(app C)\nenable_testing()\n"
                                 "add_executable(app main.c)\nadd_test(NAME answer COMMAND app)\n")
    here.write("main.c", "int main(void)\n{\n\treturn 0;\n}\n")


@row("cmake: a C program")
def _(build):
    return project(build, make_cmake, [("cmake -B build -S .", "Build files"), ("cmake --build build", "Built target app"),
                                       ("ctest --test-dir build", "100% tests passed")],
                   ("build/CTestTestfile.cmake", 'add_test(answer "false")\n'))


def make_make(here):
    here.make("make", "--version")
    here.write("Makefile", "app: main.c\n\tcc -o $@ $<\ntest: app\n\t./app | grep one\n.PHONY: test\n")
    here.write("main.c", C % "one")


C = '#include <stdio.h>\n\nint main(void)\n{\n\tputs("%s");\n\treturn 0;\n}\n'


@row("make: a C program")
def _(build):
    return project(build, make_make, [("make", "cc -o app"), ("make test", "one")], ("main.c", C % "two"))


if __name__ == "__main__":
    row.main(sys.argv[1])
