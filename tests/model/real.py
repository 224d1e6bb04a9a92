#!/usr/bin/env python3
"""The client against llama.cpp's server and a model of random weights.

    real.py BUILD MODEL.gguf      (run by real.sh; TAP)

A relay between the two adds to the request what forces a call or a grammar, and
keeps the bytes that pass; what the client made of them is compared with them.
"""
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import rows
from rows import text

BUILD, MODEL = os.path.abspath(sys.argv[1]), sys.argv[2]
CHAT = os.path.join(BUILD, "tests", "model", "model-chat")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run"))
SHORT = {**rows.REQUEST, "max-output-tokens": 60}


def free_port():
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as taken:
        return taken.server_address[1]


class RealServer:
    def __init__(self):
        self.port = free_port()
        self.process = subprocess.Popen([sys.executable, "-m", "llama_cpp.server", "--model", MODEL, "--host", "127.0.0.1", "--port", str(self.port),
                                         "--n_ctx", "32768", "--n_threads", "1", "--model_alias", "tiny"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.process.stdout:
            if "Uvicorn running" in line:
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return
        raise SystemExit("1..1\nnot ok 1 - the server starts")

    def close(self):
        self.process.terminate()
        self.process.wait()


class Relay(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port, **extra):
        super().__init__(("127.0.0.1", 0), RelayHandler)
        self.upstream, self.extra, self.passed, self.body = port, extra, b"", None
        threading.Thread(target=self.serve_forever, args=(0.005,), daemon=True).start()

    @property
    def url(self):
        return "http://127.0.0.1:%d/v1" % self.server_address[1]

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class RelayHandler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.pass_on("GET", None)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.body = {**body, **self.server.extra}
        self.pass_on("POST", json.dumps(self.server.body))

    def pass_on(self, method, body):
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream)
        upstream.request(method, self.path, body, {"Content-Type": "application/json"})
        answer = upstream.getresponse()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
        self.end_headers()
        while True:
            data = answer.read1(4096)
            if not data:
                break
            if method == "POST":
                self.server.passed += data
            try:
                self.wfile.write(data)
                self.wfile.flush()
            except OSError:
                break
        upstream.close()
        self.close_connection = True


def deltas(passed):
    lines = [line[6:] for line in passed.decode().replace("\r\n", "\n").split("\n") if line.startswith("data: {")]
    for line in lines:
        for choice in json.loads(line).get("choices", []):
            yield choice


def chat(real, *options, request=SHORT, **extra):
    with Relay(real.port, **extra) as relay, tempfile.TemporaryDirectory() as home:
        file = os.path.join(home, "request.json")
        with open(file, "w") as f:
            json.dump(request, f)
        out = rows.output([CHAT, "--provider", "local", "--model", "tiny", "--base-url", relay.url, *options, file], env=rows.clean_environment(home, {}))
        return json.loads(out), relay


def expect(ok, what):
    return None if ok else str(what)[:900]


def streams(real):
    result, relay = chat(real)
    said = "".join(c["delta"].get("content") or "" for c in deltas(relay.passed))
    reply = result["outcome"].get("ok", {})
    ok = said and reply.get("content") == [text(said)] and result["text"] == said and reply["stop"] in ("end-turn", "max-tokens")
    return expect(ok and len(list(deltas(relay.passed))) > 3, (result, relay.passed[:500]))


def same_twice(real):
    first, _ = chat(real, seed=3, temperature=0.0)
    second, _ = chat(real, seed=3, temperature=0.0)
    return expect(first["text"] and first["text"] == second["text"], (first, second))


def forced_call(real):
    """llama-cpp-python repeats id and name in each delta: one call all the same."""
    for seed in range(6):
        result, relay = chat(real, seed=seed, tool_choice={"type": "function", "function": {"name": "file_read"}}, request={**SHORT, "max-output-tokens": 400})
        reply = result["outcome"].get("ok", {})
        repeated = sum(1 for c in deltas(relay.passed) for call in c["delta"].get("tool_calls") or [] if call.get("id"))
        if reply.get("stop") == "max-tokens":
            if reply["content"]:
                return str(result)
            continue  # cut: left out, as it must be
        calls = [b["tool-use"] for b in reply.get("content", []) if "tool-use" in b]
        return expect(len(calls) == 1 and calls[0]["name"] == "file_read" and isinstance(json.loads(calls[0]["input-json"]), dict) and repeated > 1 and result["tools"] == ["file_read"],
                      (result, relay.passed[:600]))
    return "cut at every seed"


def grammar(real):
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}, "line": {"enum": [1, 2, 3]}}, "required": ["ok", "line"]}
    result, relay = chat(real, seed=1, response_format={"type": "json_object", "schema": schema}, tools=None, request={**SHORT, "max-output-tokens": 300})
    reply = result["outcome"].get("ok", {})
    if reply.get("stop") == "max-tokens":
        return None if result["text"].startswith("{") else str(result)
    value = json.loads(result["text"])
    return expect(isinstance(value["ok"], bool) and value["line"] in (1, 2, 3), result)


def bad_request(real):
    result, relay = chat(real, messages="no list")
    error = result["outcome"].get("err", {})
    return expect(set(error) <= {"invalid", "overloaded"} and error and "local answered" in json.dumps(error), result)


def too_long(real):
    """This server says 200 and then nothing at all: what it may be is in the words."""
    result, _ = chat(real, request={**SHORT, "messages": [{"role": "user", "content": [text("long " * 8000)]}]})
    return expect("context_length" in result["outcome"].get("err", {}).get("network", ""), result)


def unknown_model(real):
    result, _ = chat(real, "--context", "2048")
    return expect(result["info"]["context-length"] == 2048 and "ok" in result["outcome"], result)


def cancelled(real):
    result, _ = chat(real, "--cancel-at-text", request={**SHORT, "max-output-tokens": 1500})
    return expect(result["outcome"] == {"err": "cancelled"} and result["late"] <= 100, result)


def whole_session(real):
    from project import Project
    manifest = 'schema_version = 1\n[model]\nprovider = "local"\nname = "tiny"\nbase_url = "http://127.0.0.1:%d"\nmax_tokens = 40\ncontext_length = 32768\n' % real.port
    with Project(BUILD, manifest=manifest) as p:
        done = p.seal("run", "--prompts", "deny", "hi", timeout=120)
        # It says 40 letters, then the limit of the reply ends it.
        return expect(done.returncode in (0, 5) and done.stdout.strip(), (done.returncode, done.stdout[:300], done.stderr[:600]))


def main():
    real = RealServer()
    try:
        rows.tap([(name, lambda f=function: f(real)) for name, function in [
            ("llama.cpp: a streamed text is what was sent", streams),
            ("llama.cpp: a seed gives the same text twice", same_twice),
            ("llama.cpp: a forced call, streamed, is one call with an object", forced_call),
            ("llama.cpp: JSON by a grammar", grammar),
            ("llama.cpp: a request that it refuses", bad_request),
            ("llama.cpp: a prompt that is too long", too_long),
            ("llama.cpp: the manifest's context goes first", unknown_model),
            ("llama.cpp: a cancel in the middle of a stream", cancelled),
            ("llama.cpp: a whole session of seal", whole_session),
        ]])
    finally:
        real.close()


main()
