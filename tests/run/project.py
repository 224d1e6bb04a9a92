"""A throw-away project with folders of its own, a scripted model and the real programs."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "model"))
USAGE = {"input": 10, "output": 5, "cache-read": 0, "cache-write": 0}


def text(words, stop="end-turn"):
    return {"reply": {"content": [{"text": {"text": words}}], "stop": stop, "usage": USAGE}}


def call(name, **arguments):
    block = {"tool-use": {"id": "call_" + name, "name": name, "input-json": json.dumps(arguments)}}
    return {"reply": {"content": [block], "stop": "tool-use", "usage": USAGE}}


class Project:
    """`rules` are lines of seal.toml behind [model]; `steps` what the model does."""

    def __init__(self, build, steps=(), rules="", model="", sign=True, manifest=None):
        self.seal_path = os.path.join(os.path.abspath(build), "seal")
        self.top = tempfile.mkdtemp(prefix="seal-run-")
        self.root = os.path.join(self.top, "project")
        self.env = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS")}
        if os.geteuid() != 0:
            self.env["SEAL_DEBUGGABLE"] = "1"  # so that processes() may look
        self.env.update(HOME=self.top, ANTHROPIC_API_KEY="sk-ant-test", TERM="xterm-256color")
        for name in ("STATE_HOME", "CONFIG_HOME", "RUNTIME_DIR"):
            self.env["XDG_" + name] = os.path.join(self.top, name.lower())
        os.makedirs(self.root)
        os.makedirs(self.env["XDG_RUNTIME_DIR"], mode=0o700)
        self.server = self.serve(list(steps))
        head = f'schema_version = 1\n[model]\nprovider = "anthropic"\nname = "claude-opus-5"\nbase_url = "http://127.0.0.1:{self.port}"\n{model}\n'
        if manifest is not False:
            self.write("seal.toml", manifest if manifest is not None else head + rules)
        if sign and manifest is not False:
            self.sign()

    def serve(self, steps):
        path = os.path.join(self.top, "steps.json")
        with open(path, "w") as out:
            json.dump({"steps": list(steps)}, out)
        server = subprocess.Popen([sys.executable, os.path.join(HERE, "..", "model", "server.py"), path, "--log", path + ".log"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(server.stdout.readline())
        return server

    def requests(self):
        with open(os.path.join(self.top, "steps.json.log")) as lines:
            return [json.loads(line) for line in lines]

    def write(self, name, content):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as out:
            out.write(content)
        return path

    def read(self, name):
        with open(os.path.join(self.root, name)) as file:
            return file.read()

    def sign(self):
        shown = self.seal("manifest", "sign")
        digest = re.search(r"--approve (\S+:[0-9A-Za-z]+)", shown.stdout + shown.stderr)
        if not digest:
            raise AssertionError("seal manifest sign named no hash: " + shown.stdout + shown.stderr)
        done = self.seal("manifest", "sign", "--approve", digest.group(1))
        if done.returncode:
            raise AssertionError(done.stderr)

    def seal(self, *arguments, timeout=60, **how):
        how.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run([self.seal_path, *arguments], cwd=self.root, env=self.env, capture_output=True, text=True, timeout=timeout, **how)

    def start(self, *arguments, **how):
        return subprocess.Popen([self.seal_path, *arguments], cwd=self.root, env=self.env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how)

    def processes(self):
        """Every process that still carries this project's folders in its environment."""
        mine = self.top.encode()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if mine in open(f"/proc/{pid}/environ", "rb").read() and int(pid) != os.getpid():
                    yield int(pid), open(f"/proc/{pid}/cmdline", "rb").read().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue

    def close(self):
        self.seal("daemon", "stop")
        self.server.stdin.close()
        self.server.wait(10)
        shutil.rmtree(self.top, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Rows:
    """TAP of functions whose names are sentences."""

    deadline = None  # monotonic seconds; no row begins behind it

    def __init__(self):
        self.rows = []

    def __call__(self, name):
        def keep(function):
            self.rows.append((name, function))
            return function
        return keep

    def main(self, *arguments):
        bad = 0
        only = sys.argv[2] if len(sys.argv) > 2 else ""
        rows = [row for row in self.rows if only in row[0]]
        print(f"1..{len(rows)}")
        for number, (name, function) in enumerate(rows, 1):
            try:
                if self.deadline and time.monotonic() > self.deadline:
                    raise TimeoutError("not run: the rows before it used up the time of this file")
                skip = function(*arguments)
                print(f"ok {number} - {name}" + (f" # SKIP {skip}" if skip else ""), flush=True)
            except Exception as why:  # a failed row must not end the others
                bad = 1
                print(f"not ok {number} - {name}", flush=True)
                for line in f"{type(why).__name__}: {why}".split("\n")[:20]:
                    print("# " + line, flush=True)
        sys.exit(bad)


def expect(result, code, *words):
    """The exit code, and every word in what was printed."""
    said = result.stdout + result.stderr
    if result.returncode != code:
        raise AssertionError(f"exit {result.returncode}, want {code}\n{said}")
    for word in words:
        if word not in said:
            raise AssertionError(f"{word!r} is not in:\n{said}")


def interrupt_when(process, words, number=signal.SIGINT, stream="stderr"):
    """Sends the signal once `words` were printed; gives all that was."""
    said = []
    for line in getattr(process, stream):
        said.append(line)
        if words in line:
            process.send_signal(number)
            break
    return "".join(said)


__all__ = ["Project", "Rows", "call", "expect", "interrupt_when", "text", "threading"]
