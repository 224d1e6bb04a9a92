#!/usr/bin/env python3
"""The client over HTTP/2 and TLS, against hypercorn.

    http2.py CHAT             (run by the interpreter of venv.sh; TAP)
"""
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

import rows
import tls
from rows import CALLS, reply, text

CHAT = sys.argv[1]
HERE = os.path.dirname(os.path.abspath(__file__))
HELLO = {"reply": reply([text("Hello, world."), *CALLS], "tool-use")}
LONG = {"reply": reply([text("word " * 50)])}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


class Server:
    def __init__(self, folder, steps):
        self.files = tls.certificate(folder)
        self.log = os.path.join(folder, "log")
        script = os.path.join(folder, "steps.json")
        with open(script, "w") as out:
            json.dump(steps, out)
        open(self.log, "w").close()
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hypercorn", "http2_app:app", "--bind", "127.0.0.1:%d" % self.port,
             "--keyfile", self.files[0], "--certfile", self.files[1], "--graceful-timeout", "0"],
            cwd=HERE, env={**os.environ, "STEPS": script, "LOG": self.log, "PYTHONDONTWRITEBYTECODE": "1"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.wait()

    def wait(self):
        for line in self.process.stdout:
            if "Running on" in line:
                return
        raise RuntimeError("hypercorn does not start")

    def seen(self):
        with open(self.log) as lines:
            return [json.loads(line) for line in lines]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate()


def chat(steps, check, *options):
    with tempfile.TemporaryDirectory() as folder, Server(folder, steps) as model:
        lines = rows.chat_lines(CHAT, "anthropic", "https://localhost:%d" % model.port, *options, keys={**rows.KEYS, "SEAL_CA_FILE": model.files[1]})
        return check(lines, model)


def reply_is(lines, model):
    seen = model.seen()
    if lines[0]["outcome"].get("ok") != HELLO["reply"]:
        return str(lines[0])
    return None if [s["protocol"] for s in seen] == ["2"] else str(seen)


def one_connection(lines, model):
    seen = model.seen()
    ok = len(seen) == 5 and len({s["client"] for s in seen}) == 1 and all("ok" in line["outcome"] for line in lines)
    return None if ok else str((seen, lines))


def retried(lines, model):
    seen = model.seen()
    ok = lines[0]["outcome"].get("ok") == HELLO["reply"] and lines[0]["retries"] == ["rate-limited, again in 0.02 s (1 of 2)"] and len({s["client"] for s in seen}) == 1
    return None if ok else str((seen, lines))


def cancelled(lines, model):
    deadline = time.monotonic() + 10
    while not any("gone" in s for s in model.seen()):
        if time.monotonic() > deadline:
            return "the server does not see it go"
        time.sleep(0.01)
    return None if lines[0]["outcome"] == {"err": "cancelled"} and lines[0]["late"] <= 100 else str(lines)


def broken(lines, model):
    said = lines[0]["outcome"].get("err", {}).get("network", "")
    ok = "localhost" in said and len(model.seen()) == 2 and "ok" in lines[1]["outcome"]
    return None if ok else str((lines, model.seen()))


def error_is(lines, model):
    said = lines[0]["outcome"].get("err", {}).get("auth", "")
    return None if "check the key" in said and "sk-ant-test-key" not in said else str(lines)


def restarted():
    """The server goes away between two calls: the next one connects anew."""
    with tempfile.TemporaryDirectory() as folder, Server(folder, [HELLO] * 2) as model:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as request:
            json.dump(rows.REQUEST, request)
            request.flush()
            driver = subprocess.Popen([CHAT, "--provider", "anthropic", "--model", "claude-opus-5", "--base-url", "https://localhost:%d" % model.port,
                                       "--times", "2", "--pause", request.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                      env=rows.clean_environment(folder, {**rows.KEYS, "SEAL_CA_FILE": model.files[1]}))
            driver.stdin.write("\n")
            driver.stdin.flush()
            first = json.loads(driver.stdout.readline())
            model.process.terminate()
            model.process.communicate()
            model.process = subprocess.Popen(model.process.args, cwd=HERE, env={**os.environ, "STEPS": os.path.join(folder, "steps.json"), "LOG": model.log},
                                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            model.wait()
            second = json.loads(driver.communicate("\n")[0])
    return None if "ok" in first["outcome"] and "ok" in second["outcome"] else str((first, second))


rows.tap([
    ("HTTP/2: a reply with calls comes whole, over TLS", lambda: chat([HELLO], reply_is)),
    ("HTTP/2: one connection serves all calls", lambda: chat([HELLO] * 5, one_connection, "--times", "5")),
    ("HTTP/2: 429 is tried again after retry-after-ms, on the same connection", lambda: chat([{"status": 429, "headers": {"retry-after-ms": "20"}}, HELLO], retried)),
    ("HTTP/2: a cancel in the middle of a stream ends within 100 ms, and the server sees it", lambda: chat([{**LONG, "after": 4, "then": "hang"}], cancelled, "--cancel-at-text")),
    ("HTTP/2: a stream that is reset is an answer, and the next call works", lambda: chat([{**LONG, "after": 4, "then": "die"}, HELLO], broken, "--times", "2")),
    ("HTTP/2: an error's words are read", lambda: chat([{"status": 401, "body": {"error": {"type": "authentication_error", "message": "bad sk-ant-test-key"}}}], error_is)),
    ("HTTP/2: a server that went away between two calls is connected to anew", restarted),
])
