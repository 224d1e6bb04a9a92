"""A project and a home folder of the test's own, and TAP of functions named by sentences."""
import os
import re
import shutil
import subprocess
import tempfile
import traceback

HEAD = 'schema_version = 1\n[model]\nprovider = "replay"\nname = "x"\n'


class Home:
    def __init__(self, seal):
        self.program = os.path.abspath(seal)

    def __enter__(self):
        self.top = tempfile.mkdtemp(prefix="seal-manifest-")
        self.root = os.path.join(self.top, "project")
        os.mkdir(self.root)
        self.env = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS")}
        self.env.update(HOME=self.top, XDG_CONFIG_HOME=self.top + "/config", XDG_STATE_HOME=self.top + "/state")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.top)

    def write(self, name, text):
        with open(os.path.join(self.root, name), "w") as file:
            file.write(text)

    def read(self, name):
        with open(os.path.join(self.root, name)) as file:
            return file.read()

    def run(self, *argv, **how):
        how.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run(argv, cwd=self.root, env=self.env, capture_output=True, text=True, timeout=60, **how)

    def seal(self, *argv):
        return self.run(self.program, *argv)

    def must(self, *argv):
        done = self.seal(*argv)
        assert done.returncode == 0, f"{argv}: {done.returncode}: {done.stderr}"
        return done.stdout

    def refused(self, code, words, *argv):
        done = self.seal(*argv)
        assert done.returncode == code, f"{argv}: {done.returncode}, want {code}: {done.stdout}{done.stderr}"
        assert words in done.stderr, f'{argv}: "{done.stderr}" has no "{words}"'

    def hash(self, *flags):
        return re.search(r"blake2b:[0-9a-f]{64}", self.seal("manifest", "sign", *flags).stderr).group()

    def approve(self):
        self.must("manifest", "sign", "--approve", self.hash())


class Rows:
    def __init__(self):
        self.rows = []

    def __call__(self, name):
        def keep(function):
            self.rows.append((name, function))
            return function

        return keep

    def run(self):
        print(f"1..{len(self.rows)}")
        for number, (name, function) in enumerate(self.rows, 1):
            try:
                function()
                print(f"ok {number} - {name}", flush=True)
            except Exception:
                print(f"not ok {number} - {name}")
                print("# " + traceback.format_exc().replace("\n", "\n# "), flush=True)
