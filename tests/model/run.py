#!/usr/bin/env python3
"""The client against a scripted server: what is sent, what is made of odd and
broken answers, keys, retries, cancelling, budgets, recordings.

    run.py CHAT             (standard library only; TAP)
"""
import base64
import functools
import json
import os
import select
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import rows
import server
from tls import certificate as tls_files
from rows import CALLS, call, reply, text, thought

CHAT = sys.argv[1]
HELLO = {"reply": reply([text("Hello, world.")])}
LONG = {"reply": reply([text("word " * 50)])}
NOW = {"retry-after-ms": "1"}


def chat(steps, protocol="anthropic", *options, **more):
    """The result, and the requests the server saw."""
    with server.Server(steps) as model:
        result = rows.chat(CHAT, protocol, model.url, *options, **more)
        return result, model.requests


def want(**checks):
    wrong = ["%s: %s" % (name.replace("_", " "), json.dumps(value)[:600]) for name, (ok, value) in checks.items() if not ok]
    return "\n".join(wrong) if wrong else None


def refused(options, environment, want_text, absent="\0"):
    """The driver must not get as far as a call."""
    with tempfile.TemporaryDirectory() as home:
        file = os.path.join(home, "request.json")
        with open(file, "w") as f:
            json.dump(rows.REQUEST, f)
        done = subprocess.run([CHAT, *options, file], capture_output=True, text=True, timeout=30,
                              env=rows.clean_environment(home, environment))
    missing = [t for t in want_text if t not in done.stderr]
    return want(exit=(done.returncode == 2, done.returncode), text=(not missing and absent not in done.stderr, done.stderr))


# ---- broken answers: (name, steps, options, kind, words, tries) ----

def error_body(type, message, **more):
    return {"type": "error", "error": {"type": type, "message": message, **more}}


def status(code, type="invalid_request_error", message="because", headers=None, **more):
    return {"status": code, "headers": headers or {}, "body": error_body(type, message, **more)}


SOON = ["--first-byte", "0.3", "--silence", "0.3"]
BROKEN = [
    ("a server that never answers", [{"then": "hang"}] * 3, SOON, "network", "no answer within 0.3 s", 3),
    ("a stream that stops", [{**LONG, "after": 4, "then": "hang"}], SOON, "network", "stopped for 0.3 s", 1),
    ("a stream that stops before its first word", [{**LONG, "after": 1, "then": "hang"}] * 3, SOON, "network", "stopped for 0.3 s", 3),
    ("a connection that ends in the middle", [{**LONG, "after": 4, "then": "close"}], [], "network", "ended", 1),
    ("a connection that is reset", [{**LONG, "after": 4, "then": "reset"}], [], "network", "127.0.0.1", 1),
    ("a stream that ends in the middle of an event", [{**LONG, "after": 4, "then": "half"}], [], "network", "before the reply was complete", 1),
    ("a stream that ends without its last word", [{**LONG, "after": 4, "then": "end"}], [], "network", "before the reply was complete", 1),
    ("a stream that becomes garbage", [{**LONG, "after": 4, "then": "garbage"}], [], "network", "no JSON object", 1),
    ("a line of 10 MB", [{**LONG, "after": 4, "then": "big-line"}], [], "network", "larger than 8388608 bytes", 1),
    ("an error in the middle of the stream", [{**LONG, "after": 4, "then": "error"}], [], "overloaded", "Overloaded", 1),
    ("an error as the first event", [{**LONG, "after": 0, "then": "error", "headers": NOW}] * 3, [], "overloaded", "Overloaded", 3),
    ("an empty stream", [{"raw": "", "headers": NOW}] * 3, [], "network", "before the reply was complete", 3),
    ("an answer that is a web page", [{"raw": "<html>hi</html>", "content_type": "text/html"}], [], "invalid", "text/html", 1),
    ("an answer that is JSON and no stream", [{"status": 200, "body": {"id": "msg_1"}}], [], "invalid", "event stream is needed", 1),
    ("an error with status 200", [{"status": 200, "body": error_body("invalid_request_error", "odd")}], [], "invalid", "odd", 1),
    ("a status without a body", [{"status": 418, "body": ""}], [], "invalid", "418", 1),
    ("a status with a page of HTML", [{"status": 502, "headers": {**NOW, "Content-Type": "text/html"}, "body": "<h1>Bad Gateway</h1>"}] * 3, [], "overloaded", "Bad Gateway", 3),
    ("a status with bytes that are no text", [{"status": 400, "body": "\udcff".encode("utf-8", "surrogateescape").decode("latin-1")}], [], "invalid", "400", 1),
    ("a redirect", [{"redirect": "http://127.0.0.1:1/steal"}], [], "invalid", "redirects are not followed", 1),
    ("401", [status(401, "authentication_error", "invalid x-api-key")], [], "auth", "check the key", 1),
    ("401 that repeats the key", [status(401, "authentication_error", "bad key sk-ant-test-key!")], [], "auth", "bad key ***************!", 1),
    ("403", [status(403, "permission_error")], [], "auth", "403", 1),
    ("402", [status(402, "billing_error", "no credit")], [], "budget", "no credit", 1),
    ("404", [status(404, "not_found_error", "model: claude-x")], [], "invalid", "claude-x", 1),
    ("400 for a prompt that is too long", [status(400, message="prompt is too long: 250000 tokens > 200000 maximum")], [], "context-overflow", "compact", 1),
    ("413", [status(413, "request_too_large")], [], "context-overflow", "413", 1),
    ("400", [status(400, message="tools.0: bad")], [], "invalid", "tools.0: bad", 1),
    ("429 that stays", [status(429, "rate_limit_error", headers=NOW)] * 3, [], "rate-limited", "429", 3),
    ("429 with a long wait", [status(429, "rate_limit_error", headers={"retry-after": "300"})], [], "rate-limited", "asks to wait 300 s", 1),
    ("429 for a spending limit", [status(429, "rate_limit_error", details={"error_code": "enforced_spend_limit_reached"})], [], "budget", "spending limit", 1),
    ("529 that stays", [status(529, "overloaded_error", "Overloaded", NOW)] * 3, [], "overloaded", "529", 3),
    ("500 that asks not to come again", [status(500, "api_error", headers={"x-should-retry": "false"})], [], "overloaded", "500", 1),
    ("400 that asks to come again", [status(400, headers={"x-should-retry": "true", **NOW})] * 3, [], "invalid", "400", 3),
]


def broken(steps, options, kind, words, tries):
    result, requests = chat(steps, "anthropic", *options)
    error = result["outcome"].get("err", {})
    said = error.get(kind, "")
    return want(kind=(kind in error, result["outcome"]), words=(words in said, said),
                tries=(len(requests) == tries, len(requests)),
                retries=(len(result["retries"]) == tries - 1, result["retries"]),
                secret=("sk-ant-test-key" not in json.dumps(result), said),
                time=(result["ms"] < 8000, result["ms"]))


OTHER_BROKEN = [
    ("chat: an error in the middle, with status 200", "chat", [{**LONG, "after": 4, "then": "error"}], "overloaded", "upstream is down"),
    ("chat: OpenAI's quota", "chat", [{"status": 429, "body": {"error": {"code": "insufficient_quota", "message": "quota"}}}], "budget", "quota"),
    ("chat: the context in words", "chat", [{"status": 400, "body": {"error": {"type": "invalid_request_error", "message": "This model's maximum context length is 8192 tokens"}}}], "context-overflow", "8192"),
    ("chat: llama.cpp's context", "chat", [{"status": 400, "body": {"error": {"code": 400, "type": "exceed_context_size_error", "message": "the request exceeds"}}}], "context-overflow", "exceeds"),
    ("chat: an error in a list, as Gemini sends it", "chat", [{"status": 400, "body": [{"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "bad schema"}}]}], "invalid", "bad schema"),
    ("chat: an error that is one string", "chat", [{"status": 404, "body": {"error": "model 'm' not found"}}], "invalid", "'m' not found"),
    ("chat: a stream without a reason to stop", "chat", [{**LONG, "after": 4, "then": "end"}], "network", "before the reply was complete"),
    ("responses: an error in the middle", "responses", [{**LONG, "after": 9, "then": "error"}], "overloaded", "broken"),
    ("responses: a reply that failed", "responses", [{"raw": 'data: {"type":"response.failed","response":{"error":{"code":"context_length_exceeded","message":"too long"}}}\n\n'}], "context-overflow", "too long"),
    ("responses: a stream that ends too early", "responses", [{**LONG, "after": 9, "then": "end"}], "network", "before the reply was complete"),
]


def other_broken(protocol, steps, kind, words):
    result, _ = chat(steps, protocol)
    error = result["outcome"].get("err", {})
    return want(kind=(kind in error, result["outcome"]), words=(words in error.get(kind, ""), error))


# ---- retries and cancelling ----

def retried(steps, at_least_ms, sentences):
    result, _ = chat(steps)
    ok = all(s.startswith(w) for s, w in zip(result["retries"], sentences)) and len(sentences) == len(result["retries"])
    return want(reply=(result["outcome"].get("ok") == HELLO["reply"], result["outcome"]),
                sentences=(ok, result["retries"]), time=(result["ms"] >= at_least_ms, result["ms"]))


def shown_is_not_retried():
    result, requests = chat([{**LONG, "after": 5, "then": "close"}, HELLO])
    return want(tries=(len(requests) == 1, len(requests)), text=(result["text"].startswith("word"), result["text"]))


CANCEL_MS = 60


def quickest(run):
    """A busy machine may hold any process up: the best of three counts."""
    results = [run() for _ in range(3)]
    return min(results, key=lambda r: r["ms"])


def cancelled(steps):
    result = quickest(lambda: chat(steps, "anthropic", "--cancel-after", str(CANCEL_MS))[0])
    return want(outcome=(result["outcome"] == {"err": "cancelled"}, result["outcome"]),
                time=(CANCEL_MS - 2 <= result["ms"] <= CANCEL_MS + 100, result["ms"]))


SILENT_RESOLVER = """
import socket, subprocess, sys
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
subprocess.run(["mount", "--bind", sys.argv[1], "/etc/resolv.conf"], check=True)
silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
silent.bind(("127.0.0.1", 53))
sys.exit(subprocess.run(sys.argv[2:]).returncode)
"""


def cancelled_lookup():
    """In namespaces of its own, where the only resolver never answers."""
    with tempfile.TemporaryDirectory() as home:
        resolver, request = os.path.join(home, "resolv.conf"), os.path.join(home, "request.json")
        with open(resolver, "w") as f:
            f.write("nameserver 127.0.0.1\n")
        with open(request, "w") as f:
            json.dump(rows.REQUEST, f)
        command = ["unshare", "-rnm", sys.executable, "-c", SILENT_RESOLVER, resolver, CHAT, *ANTHROPIC, "--base-url",
                   "https://model.test", "--cancel-after", str(CANCEL_MS), request]
        started = time.monotonic()
        result = quickest(lambda: json.loads(rows.output(command, env=rows.clean_environment(home))))
        seconds = time.monotonic() - started
    return want(outcome=(result["outcome"] == {"err": "cancelled"}, result["outcome"]),
                time=(CANCEL_MS - 2 <= result["ms"] <= CANCEL_MS + 100, result["ms"]), exit=(seconds < 6, seconds))


def cancel_closes():
    with server.Server([{**LONG, "after": 4, "then": "hang"}]) as model:
        rows.chat(CHAT, "anthropic", model.url, "--cancel-at-text")
        return want(gone=(model.gone.wait(10), "the server still waits"))


def reused():
    with server.Server([HELLO] * 3) as model:
        rows.chat_lines(CHAT, "anthropic", model.url, "--times", "3")
        ports = {r["client"] for r in model.requests}
    return want(connections=(len(ports) == 1, list(ports)))


# ---- TLS and proxies ----

def tls_server(steps, files, newest=None):
    model = server.Server.__new__(server.Server)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files[1], files[0])
    if newest:
        context.minimum_version = context.maximum_version = newest
        context.set_ciphers("ALL:@SECLEVEL=0")
    get_request = server.Server.get_request

    def wrapped(self=model):
        connection, address = get_request(self)
        return context.wrap_socket(connection, server_side=True), address
    model.get_request = wrapped
    model.__init__(steps)
    return model


def tls(environment, check):
    with tempfile.TemporaryDirectory() as folder:
        files = tls_files(folder)
        with tls_server([HELLO], files) as model:
            url = "https://localhost:%d" % model.server_address[1]
            extra = {name: files[1] if value == "CERT" else value for name, value in environment.items()}
            return check(rows.chat(CHAT, "anthropic", url, keys={**rows.KEYS, **extra}))


def tls_refused(words, name="localhost", newest=None, environment=None):
    """A certificate or a server that cannot be trusted: the reason in words, one try, nothing sent."""
    with tempfile.TemporaryDirectory() as folder:
        files = tls_files(folder, name)
        with tls_server([HELLO], files, newest) as model:
            keys = {**rows.KEYS, "SEAL_CA_FILE": files[1], **(environment or {})}
            result = rows.chat(CHAT, "anthropic", "https://localhost:%d" % model.server_address[1], keys=keys)
            said = result["outcome"].get("err", {}).get("network", "")
            return want(said=(all(w in said for w in ["localhost", *words]), result["outcome"]), retries=(not result["retries"], result["retries"]), requests=(not model.requests, model.requests))


def expired(words):
    """By the clock of the certificate: its days are over."""
    with tempfile.TemporaryDirectory() as folder:
        files = tls_files(folder)
        key, cert = files
        subprocess.run(["openssl", "x509", "-in", cert, "-signkey", key, "-days", "-1", "-copy_extensions", "copy", "-out", cert + ".old"], check=True, capture_output=True)
        with tls_server([HELLO], (key, cert + ".old")) as model:
            result = rows.chat(CHAT, "anthropic", "https://localhost:%d" % model.server_address[1], keys={**rows.KEYS, "SEAL_CA_FILE": cert + ".old"})
            said = result["outcome"].get("err", {}).get("network", "")
            return want(said=(all(w in said for w in words), result["outcome"]), requests=(not model.requests, model.requests))


def plain_behind_https():
    with server.Server([HELLO]) as model:
        result = rows.chat(CHAT, "anthropic", model.url.replace("http://", "https://"))
        said = result["outcome"].get("err", {}).get("network", "")
        return want(said=("TLS failed" in said, result["outcome"]), requests=(not model.requests, model.requests))


def redirected_elsewhere():
    """The other host gets nothing, least of all the key."""
    with server.Server([HELLO]) as other, server.Server([{"redirect": other.url + "/v1/messages"}]) as model:
        result = rows.chat(CHAT, "anthropic", model.url)
        said = result["outcome"].get("err", {}).get("invalid", "")
        return want(said=("redirects are not followed" in said and other.url in said, result["outcome"]), other=(not other.requests, other.requests))


# ---- time-outs of the phases before the answer ----

def timed_out(url, words, *options, tries=3, **keys):
    started = time.monotonic()
    result = rows.chat(CHAT, "anthropic", url, *options, keys={**rows.KEYS, **keys})
    said = result["outcome"].get("err", {}).get("network", "")
    return want(said=(all(w in said for w in words), result["outcome"]), retries=(len(result["retries"]) == tries - 1, result["retries"]), time=(time.monotonic() - started < 20, said))


def no_connection():
    """A listener whose queue is full: the kernel answers nobody else."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
            waiting.append(one)
        wrong = timed_out("http://127.0.0.1:%d" % listener.getsockname()[1], ["no connection in time"], "--connect", "0.3")
        for one in waiting:
            one.close()
        return wrong


def no_handshake():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return timed_out("https://127.0.0.1:%d" % listener.getsockname()[1], ["no connection in time"], "--connect", "0.3")


def no_proxy_answer():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = "http://127.0.0.1:%d" % listener.getsockname()[1]
        return timed_out("https://model.test", ["no connection in time", "HTTPS_PROXY"], "--connect", "0.3", HTTPS_PROXY=proxy)


def proxy_refuses():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def refuse():
            client, _ = listener.accept()
            client.recv(4096)
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            client.close()
        threading.Thread(target=lambda: [refuse() for _ in range(3)], daemon=True).start()
        result = rows.chat(CHAT, "anthropic", "https://model.test", keys={**rows.KEYS, "HTTPS_PROXY": "http://127.0.0.1:%d" % listener.getsockname()[1]})
        said = result["outcome"].get("err", {}).get("network", "")
        return want(said=("the proxy refuses with 407" in said and "password into HTTPS_PROXY" in said, result["outcome"]), retries=(not result["retries"], result["retries"]))


def no_reading():
    """A server that never reads what is sent."""
    long = {**rows.REQUEST, "messages": [{"role": "user", "content": [text("x" * 20000000)]}]}
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        result = rows.chat(CHAT, "anthropic", "http://127.0.0.1:%d" % listener.getsockname()[1], "--first-byte", "0.3", request=long)
        said = result["outcome"].get("err", {}).get("network", "")
        return want(said=("no answer within 0.3 s" in said, result["outcome"]))


# ---- much and odd ----

def measured(steps, protocol):
    """The result, and the most memory that the driver took, in MB."""
    name, model_name, path = rows.PROVIDERS[protocol]
    with server.Server(steps) as model, tempfile.TemporaryDirectory() as home:
        file = os.path.join(home, "request.json")
        with open(file, "w") as f:
            json.dump(rows.REQUEST, f)
        driver = subprocess.Popen([CHAT, "--provider", name, "--model", model_name, "--base-url", model.url + path, "--times", "2", "--pause", file],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=rows.clean_environment(home, rows.KEYS))
        driver.stdin.write(b"\n")
        driver.stdin.flush()
        out = driver.stdout.readline()
        with open("/proc/%d/status" % driver.pid) as status:
            peak = [line.split()[1] for line in status if line.startswith("VmHWM")][0]
        driver.communicate()
    return json.loads(out), int(peak) / 1024


FLOODS = {
    "anthropic": ('event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
                  'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%s"}}\n\n',
                  'event: ping\ndata: {"type":"ping","pad":"%s"}\n\n'),
    "chat": ("", 'data: {"choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n', ": OPENROUTER PROCESSING %s\n\n"),
    "responses": ('data: {"type":"response.output_item.added","output_index":0,"item":{"type":"message"}}\n\n',
                  'data: {"type":"response.output_text.delta","output_index":0,"delta":"%s"}\n\n', 'data: {"type":"response.in_progress","pad":"%s"}\n\n'),
}
IS_SANITIZED = "ASAN_OPTIONS" in os.environ


def flood_of_text(protocol):
    first, line, _ = FLOODS[protocol]
    result, mb = measured([{"raw": first, "line": line % ("x" * 65536), "times": 1600}], protocol)
    said = result["outcome"].get("err", {}).get("network", "")
    return want(said=("larger than" in said and "bytes" in said, str(result["outcome"])[:300]), memory=(mb < 160 or IS_SANITIZED, mb))


def flood_of_nothing(protocol):
    """Memory is bounded by the reply: a stream of 100 MB that says nothing costs nothing."""
    first, line, nothing = FLOODS[protocol]
    result, mb = measured([{"raw": first + line % "hi", "line": nothing % ("x" * 65536), "times": 1600}], protocol)
    return want(said=("before the reply was complete" in json.dumps(result["outcome"]), str(result["outcome"])[:300]), memory=(mb < 60 or IS_SANITIZED, mb))


UNKNOWN = {
    "anthropic": [{"type": "message_start", "message": {"usage": {"input_tokens": 1}, "new": 1}}, {"type": "weather", "rain": True}, {"type": "content_block_start", "index": 0, "content_block": {"type": "hologram", "data": "x"}},
                  {"type": "content_block_delta", "index": 0, "delta": {"type": "hologram_delta", "data": "x"}}, {"type": "content_block_stop", "index": 0},
                  {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": "", "new": {}}}, {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hm."}},
                  {"type": "content_block_delta", "index": 1, "delta": {"type": "glow_delta", "glow": 1}}, {"type": "content_block_delta", "index": 9, "delta": {"type": "text_delta", "text": "lost"}},
                  {"type": "content_block_stop", "index": 1}, {"type": "message_delta", "delta": {"stop_reason": "brand_new"}, "usage": {"output_tokens": 1}}, {"type": "message_stop"}],
    "chat": [{"object": "weather"}, {"choices": [{"delta": {"content": "Hm.", "hologram": "x"}, "logprobs": {}}], "new": []}, {"choices": [{"delta": {"tool_calls": "no list"}}]},
             {"choices": [{"delta": {}, "finish_reason": "brand_new"}]}],
    "responses": [{"type": "response.weather"}, {"type": "response.output_item.added", "output_index": 0, "item": {"type": "hologram_call", "id": "h"}}, {"type": "response.hologram.delta", "output_index": 0, "delta": "x"},
                  {"type": "response.output_item.done", "output_index": 0, "item": {"type": "hologram_call", "id": "h"}}, {"type": "response.output_item.added", "output_index": 1, "item": {"type": "message"}},
                  {"type": "response.output_text.delta", "output_index": 1, "delta": "Hm."}, {"type": "response.output_text.delta", "output_index": 9, "delta": "lost"},
                  {"type": "response.completed", "response": {"usage": {"input_tokens": 1, "output_tokens": 1}}}],
}


def events_of(protocol, events):
    named = protocol == "anthropic"
    return "".join(server.event(e["type"] if named else "", e) for e in events) + ("data: [DONE]\n\n" if protocol == "chat" else "")


def unknown(protocol):
    result, _ = chat([{"raw": events_of(protocol, UNKNOWN[protocol])}], protocol)
    return want(reply=(result["outcome"].get("ok", {}).get("content") == [text("Hm.")], result["outcome"]))


SAME_ID = {
    "anthropic": [e for n in (0, 1) for e in (
        {"type": "content_block_start", "index": n, "content_block": {"type": "tool_use", "id": "same", "name": "f%d" % n, "input": {}}},
        {"type": "content_block_delta", "index": n, "delta": {"type": "input_json_delta", "partial_json": '{"n":%d}' % n}}, {"type": "content_block_stop", "index": n})] + [
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}}, {"type": "message_stop"}],
    "chat": [{"choices": [{"delta": {"tool_calls": [{"index": n, "id": "same", "function": {"name": "f%d" % n, "arguments": '{"n":%d}' % n}}]}}]} for n in (0, 1)] + [{"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}],
    "responses": [e for n in (0, 1) for e in (
        {"type": "response.output_item.added", "output_index": n, "item": {"type": "function_call", "call_id": "same", "name": "f%d" % n, "arguments": ""}},
        {"type": "response.function_call_arguments.delta", "output_index": n, "delta": '{"n":%d}' % n},
        {"type": "response.output_item.done", "output_index": n, "item": {"type": "function_call", "call_id": "same", "name": "f%d" % n, "arguments": '{"n":%d}' % n}})] + [
        {"type": "response.completed", "response": {}}],
}


def same_ids(protocol):
    """Two calls of one id must not be taken for one, nor answered for one another."""
    result, _ = chat([{"raw": events_of(protocol, SAME_ID[protocol])}], protocol)
    calls = [b["tool-use"] for b in result["outcome"].get("ok", {}).get("content", [])]
    return want(calls=([(c["name"], c["input-json"]) for c in calls] == [("f0", '{"n":0}'), ("f1", '{"n":1}')], result["outcome"]), ids=(len({c["id"] for c in calls}) == 2, calls))


def odd_text(protocol, escaped, wanted):
    _, line, _ = FLOODS[protocol]
    last = {"anthropic": [{"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, {"type": "message_stop"}], "chat": [{"choices": [{"delta": {}, "finish_reason": "stop"}]}],
            "responses": [{"type": "response.completed", "response": {}}]}[protocol]
    raw = FLOODS[protocol][0] + line % escaped + events_of(protocol, last)
    result, _ = chat([{"base64": base64.b64encode(raw.encode("utf-8", "surrogateescape")).decode(), "raw": "", "pieces": 1}], protocol)
    got = result["outcome"].get("ok", {}).get("content")
    return want(reply=(got == [text(wanted)] if wanted is not None else "err" in result["outcome"], result["outcome"]))


def is_hello(result):
    return want(reply=(result["outcome"].get("ok") == HELLO["reply"], result["outcome"]))


def is_untrusted(result):
    said = result["outcome"].get("err", {}).get("network", "")
    return want(said=("not trusted" in said and "SEAL_CA_FILE" in said, result["outcome"]), retries=(not result["retries"], result["retries"]))


class Proxy(threading.Thread):
    """CONNECT, one tunnel at a time."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener, self.seen = socket.create_server(("127.0.0.1", 0)), []
        self.start()

    def run(self):
        while True:
            client, _ = self.listener.accept()
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            target = head.split()[1].decode()
            self.seen.append(target)
            host, port = target.split(":")
            upstream = socket.create_connection(("127.0.0.1" if host == "model.test" else host, int(port)))
            client.sendall(b"HTTP/1.1 200 tunnel\r\n\r\n")
            self.pump(client, upstream)

    @staticmethod
    def pump(a, b):
        while True:
            for ready in select.select([a, b], [], [])[0]:
                data = ready.recv(65536)
                if not data:
                    a.close(), b.close()
                    return
                (b if ready is a else a).sendall(data)


def proxied():
    proxy = Proxy()
    address = "http://127.0.0.1:%d" % proxy.listener.getsockname()[1]
    wrong = tls({"SSL_CERT_FILE": "CERT", "HTTPS_PROXY": address}, is_hello)
    return wrong or want(tunnel=(len(proxy.seen) == 1 and proxy.seen[0].startswith("localhost:"), proxy.seen))


# ---- keys ----

def sent_header(environment, name, value, *options, protocol="anthropic", absent=(), provider=None):
    _, requests = chat([HELLO], protocol, *options, keys=environment, provider=provider)
    headers = requests[0]["headers"]
    return want(header=(headers.get(name) == value, headers), absent=(not [n for n in absent if n in headers], headers))


def stored_key(mode, check):
    with tempfile.TemporaryDirectory() as home:
        keys = os.path.join(home, "config", "seal", "keys")
        os.makedirs(keys, mode=0o700)
        file = os.path.join(keys, "anthropic")
        with open(file, "w") as f:
            f.write("sk-stored\n")
        os.chmod(file, mode)
        return check({"XDG_CONFIG_HOME": os.path.join(home, "config")})


def credentials(expires, check):
    with tempfile.TemporaryDirectory() as home:
        os.mkdir(os.path.join(home, ".claude"))
        file = os.path.join(home, ".claude", ".credentials.json")
        with open(file, "w") as f:
            json.dump({"claudeAiOauth": {"accessToken": "sk-ant-oat-own", "expiresAt": expires}}, f)
        os.chmod(file, 0o600)
        return check({"HOME": home})


ANTHROPIC = ["--provider", "anthropic", "--model", "claude-opus-5"]
EVERY_PLACE = ["$CLAUDE_CODE_OAUTH_TOKEN (not set)", "$ANTHROPIC_API_KEY", "keys/anthropic (not there)", "~/.claude/.credentials.json"]


# ---- what is sent ----

HISTORY = {**rows.REQUEST, "messages": [
    {"role": "user", "content": [text("Look at a.c and at the picture."), {"image": {"media-type": "image/png", "base64": "aGk="}}]},
    {"role": "assistant", "content": [thought("Hm.", "c2ln"), {"redacted-thinking": "b3A="}, text("Reading."),
                                      call("fn:0/a", "file_read", '{"path":  "a.c"}'), call("call_2", "file_read", "not json")]},
    {"role": "user", "content": [text("Also hurry."), {"tool-result": {"id": "fn:0/a", "content": "int a;", "is-error": False}},
                                 {"tool-result": {"id": "call_2", "content": "no such file", "is-error": True}}]}]}


def sent(protocol, request=HISTORY, *options, provider=None):
    _, requests = chat([HELLO], protocol, *options, request=request, provider=provider)
    return requests[0]["body"]


def anthropic_history():
    body = sent("anthropic")
    first, second, third = [m["content"] for m in body["messages"]]
    marks = json.dumps(body).count("cache_control")
    return want(
        order=([b["type"] for b in third] == ["tool_result", "tool_result", "text"], third),
        thought=(second[0] == {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}, second[0]),
        redacted=(second[1] == {"type": "redacted_thinking", "data": "b3A="}, second[1]),
        ids=(second[3]["id"] == third[0]["tool_use_id"] == "fn_0_a", [second[3], third[0]]),
        input=(second[3]["input"] == {"path": "a.c"} and second[4]["input"] == {"invalid-json": "not json"}, second),
        is_error=("is_error" not in third[0] and third[1]["is_error"] is True, third),
        image=(first[1]["source"] == {"type": "base64", "media_type": "image/png", "data": "aGk="}, first),
        marks=(marks == 3 and "cache_control" in body["tools"][-1] and "cache_control" in body["system"][-1] and "cache_control" in third[-1], marks),
        sampling=(not {"temperature", "top_p", "top_k"} & set(body), list(body)))


def thinking_is(want_thinking, *options, request=rows.REQUEST):
    body = sent("anthropic", request, *options)
    return want(thinking=(body.get("thinking") == want_thinking, body.get("thinking")))


def chat_history():
    messages = sent("chat")["messages"]
    return want(
        roles=([m["role"] for m in messages] == ["system", "user", "assistant", "tool", "tool", "user"], messages),
        image=(messages[1]["content"][1]["image_url"]["url"] == "data:image/png;base64,aGk=", messages[1]),
        calls=(messages[2]["tool_calls"][0] == {"id": "fn_0_a", "type": "function", "function": {"name": "file_read", "arguments": '{"path":  "a.c"}'}}, messages[2]),
        invalid=(json.loads(messages[2]["tool_calls"][1]["function"]["arguments"]) == {"invalid-json": "not json"}, messages[2]),
        error=(messages[4] == {"role": "tool", "tool_call_id": "call_2", "content": "Error: no such file"}, messages[4]),
        last=(messages[5]["content"] == "Also hurry.", messages[5]))


def responses_history():
    body = sent("responses")
    return want(
        stateless=(body["store"] is False and body["include"] == ["reasoning.encrypted_content"], body),
        kinds=([i["type"] for i in body["input"]] == ["message", "message", "message", "function_call", "function_call", "message",
                                                      "function_call_output", "function_call_output"], body["input"]),
        ids=(body["input"][3]["call_id"] == body["input"][6]["call_id"] == "fn_0_a", body["input"]),
        output=(body["input"][2]["content"][0] == {"type": "output_text", "text": "Reading."}, body["input"][2]))


def sent_back(protocol, step, check, provider=None, *options):
    """The reply of one call, put into the next request: what does the server get?"""
    with server.Server([step, HELLO]) as model:
        first = rows.chat(CHAT, protocol, model.url, *options, provider=provider)["outcome"]["ok"]
        calls = [b["tool-use"]["id"] for b in first["content"] if "tool-use" in b]
        results = [{"tool-result": {"id": i, "content": "done", "is-error": False}} for i in calls] or [text("go on")]
        request = {**rows.REQUEST, "messages": rows.REQUEST["messages"] + [
            {"role": "assistant", "content": first["content"]}, {"role": "user", "content": results}]}
        rows.chat(CHAT, protocol, model.url, *options, request=request, provider=provider)
        return check(model.requests[1]["body"])


def sealed_back(body):
    items = [i for i in body["input"] if i["type"] == "reasoning"]
    return want(items=(items == [{"type": "reasoning", "id": "rs_0", "summary": [{"type": "summary_text", "text": "Hm."}], "encrypted_content": "sealed-0"}], items))


DETAILS = [{"type": "reasoning.text", "index": 0, "format": "f", "text": "Let me "}, {"type": "reasoning.text", "index": 0, "format": "f", "text": "see."},
           {"type": "reasoning.text", "index": 0, "format": "f", "text": "", "signature": "sig"}, {"type": "reasoning.encrypted", "index": 1, "data": "x"}]


def details_back(body):
    got = [m for m in body["messages"] if m["role"] == "assistant"][0].get("reasoning_details")
    return want(details=(got == [{"type": "reasoning.text", "index": 0, "format": "f", "text": "Let me see.", "signature": "sig"},
                                 {"type": "reasoning.encrypted", "index": 1, "data": "x"}], got))


GEMINI = "".join(server.event("", e) for e in [
    {"id": "g", "choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": "c1", "type": "function", "extra_content": {"google": {"thought_signature": "s1"}},
                                                                 "function": {"name": "file_read", "arguments": "{}"}}]}, "finish_reason": "tool_calls"}]}]) + "data: [DONE]\n\n"


def extra_back(body):
    got = [m for m in body["messages"] if m["role"] == "assistant"][0]["tool_calls"][0].get("extra_content")
    return want(extra=(got == {"google": {"thought_signature": "s1"}}, got))


def foreign_thought(protocol):
    """A thought of another provider is left out, not sent as one's own."""
    other = '{"type":"reasoning","encrypted_content":"x"}' if protocol == "anthropic" else "c2ln"
    request = {**rows.REQUEST, "messages": [{"role": "user", "content": [text("a")]}, {"role": "assistant", "content": [thought("t", other), text("b")]},
                                            {"role": "user", "content": [text("c")]}]}
    body = json.dumps(sent(protocol, request))
    return want(body=(other not in body and "encrypted_content\":" not in body, body))


# ---- odd servers that are right ----

BOTH = reply([text("Reading."), *CALLS], "tool-use")


def quirk(names, check=None, want_reply=BOTH, chunk=5):
    result, _ = chat([{"reply": BOTH, "quirks": names, "chunk": chunk, "cost": 0.25}], "chat")
    got = result["outcome"].get("ok")
    return check(result) if check else want(reply=(got == want_reply, result["outcome"]))


def ids_are_made(result):
    calls = [b["tool-use"] for b in result["outcome"]["ok"]["content"] if "tool-use" in b]
    return want(names=([c["name"] for c in calls] == ["file_read", "file_list"], calls), inputs=([c["input-json"] for c in calls] == [c["tool-use"]["input-json"] for c in CALLS], calls),
                ids=(len({c["id"] for c in calls}) == 2 and all(c["id"] for c in calls), calls))


def no_usage(result):
    return want(usage=(result["outcome"]["ok"]["usage"] == {"input": 0, "output": 0, "cache-read": 0, "cache-write": 0}, result["outcome"]))


def cut_call(protocol, raw):
    result, _ = chat([{"raw": raw}], protocol)
    return want(reply=(result["outcome"].get("ok", {}).get("content") == [text("Hm.")] and result["outcome"]["ok"]["stop"] == "max-tokens", result["outcome"]))


ANTHROPIC_CUT = "".join(server.event(d["type"], d) for d in [
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "Hm."}},
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "t", "name": "file_write", "input": {}}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"path": "a'}},
    {"type": "content_block_stop", "index": 1},
    {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}}, {"type": "message_stop"}])
CHAT_CUT = "".join(server.event("", d) for d in [
    {"choices": [{"delta": {"content": "Hm."}}]},
    {"choices": [{"delta": {"tool_calls": [{"index": 0, "id": "t", "function": {"name": "file_write", "arguments": '{"path": "a'}}]}}]},
    {"choices": [{"delta": {}, "finish_reason": "length"}]}]) + "data: [DONE]\n\n"


# ---- budgets, cost, idle ----

def cost_is(protocol, options, usage, wanted, **more):
    result, _ = chat([{"reply": reply([text("a")], usage=usage), **more}], protocol, *options)
    return want(cost=(abs(result["cost"] - wanted) < 1e-9, result["cost"]))


MILLION = {"input": 1000000, "output": 100000, "cache-read": 1000000, "cache-write": 0}


def budget(options, words):
    with tempfile.TemporaryDirectory() as session, server.Server([{"reply": reply([text("a")], usage=MILLION)}] * 3) as model:
        first = rows.chat(CHAT, "anthropic", model.url, *options, "--session", session)
        second = rows.chat(CHAT, "anthropic", model.url, *options, "--session", session)  # another process
        said = second["outcome"].get("err", {}).get("budget", "")
        return want(first=("ok" in first["outcome"], first["outcome"]), second=(words in said, second["outcome"]), requests=(len(model.requests) == 1, len(model.requests)))


def price_unknown():
    result, requests = chat([HELLO] * 2, "anthropic", "--model", "claude-mythos-5", "--max-cost", "1", "--times", "1")
    with server.Server([HELLO] * 2) as model:
        lines = rows.chat_lines(CHAT, "anthropic", model.url, "--model", "claude-mythos-5", "--max-cost", "1", "--times", "2")
    return want(second=("not known" in lines[1]["outcome"].get("err", {}).get("budget", ""), lines[1]["outcome"]), cost=(result["cost"] < 0, result["cost"]))


def kept(state, run):
    with tempfile.TemporaryDirectory() as session:
        with open(os.path.join(session, "llm.json"), "w") as f:
            f.write(state)
        return run(session)


def idle(session):
    result = rows.chat(CHAT, "anthropic", "", "--provider", "replay", "--model", "/dev/null", "--session", session)
    return want(idle=(100 <= result["info"]["idle-seconds"] <= 160, result["info"]))


# ---- what is asked besides ----

def asked(provider, protocol, model_name, answers, wanted, *options, paths=None):
    """What the model's description says once the server has told `answers`."""
    with server.Server([HELLO] * 2) as model:
        model.answers = answers
        lines = rows.chat_lines(CHAT, protocol, model.url, "--model", model_name, "--times", "2", *options, provider=provider)
        seen = [q["path"] for q in model.asked]
        info = lines[0]["info"]
        body = model.requests[0]["body"]
    got = {key: info[key] for key in wanted}
    return want(info=(got == wanted, info), paths=(paths is None or seen == paths, seen), reply=("ok" in lines[1]["outcome"], lines[1]), body=("model" in body, body))


LOCAL_PATHS = ["/v1/models", "/props", "/api/v0/models", "/api/ps"]
CAPABLE = {"supported": True}
SIZES = [
    ("Anthropic's models API", "anthropic", "anthropic", "claude-next-9", {"/v1/models/claude-next-9": {
        "type": "model", "id": "claude-next-9", "max_input_tokens": 500000, "max_tokens": 77000, "capabilities": {
            "image_input": CAPABLE, "thinking": {"supported": True, "types": {"adaptive": CAPABLE}}}}},
     {"context-length": 500000, "max-output-tokens": 77000, "supports-thinking": True, "supports-images": True}, ["/v1/models/claude-next-9"]),
    ("OpenRouter's list", "openrouter", "chat", "some/model", {"/v1/models": {"data": [
        {"id": "other", "context_length": 1}, {"id": "some/model", "context_length": 65536, "top_provider": {"max_completion_tokens": 9000},
                                              "architecture": {"input_modalities": ["text", "image"]}, "pricing": {"prompt": "0.000002", "completion": "0.00001"}}]}},
     {"context-length": 65536, "max-output-tokens": 9000, "supports-images": True}, ["/v1/models"]),
    ("vLLM", "local", "chat", "m", {"/v1/models": {"object": "list", "data": [{"id": "m", "max_model_len": 40960}]}}, {"context-length": 40960}, LOCAL_PATHS[:1]),
    ("llama.cpp", "local", "chat", "m", {"/v1/models": {"data": [{"id": "m"}]}, "/props": {"default_generation_settings": {"n_ctx": 12288}, "modalities": {"vision": True}}},
     {"context-length": 12288, "supports-images": True}, LOCAL_PATHS[:2]),
    ("LM Studio", "local", "chat", "m", {"/api/v0/models": {"data": [{"id": "m", "type": "vlm", "max_context_length": 131072, "loaded_context_length": 8192}]}},
     {"context-length": 8192, "supports-images": True}, LOCAL_PATHS[:3]),
    ("Ollama", "local", "chat", "m", {"/api/ps": {"models": [{"name": "m", "model": "m", "context_length": 16384}]}}, {"context-length": 16384}, LOCAL_PATHS),
    ("nobody, and the figure is a guess", "local", "chat", "m", {}, {"context-length": 32768}, LOCAL_PATHS),
]


def manifest_first():
    """The manifest's figure is not asked about; a model of the table is not either."""
    wrong = asked("local", "chat", "m", {"/v1/models": {"data": [{"id": "m", "max_model_len": 40960}]}}, {"context-length": 7000}, "--context", "7000", paths=[])
    return wrong or asked("anthropic", "anthropic", "claude-opus-5", {}, {"context-length": 1000000}, paths=[])


def asked_cost():
    pricing = {"/v1/models": {"data": [{"id": "a/b", "context_length": 1000, "pricing": {"prompt": "0.000002", "completion": "0.00001"}}]}}
    with server.Server([{"reply": reply([text("a")], usage=MILLION)}]) as model:
        model.answers = pricing
        result = rows.chat(CHAT, "chat", model.url, "--model", "a/b", provider="openrouter")
    return want(cost=(abs(result["cost"] - (2 + 1 + 2)) < 1e-9, result["cost"]))


def slow_answer_is_done_without():
    """A server that takes the question and does not answer costs seconds, not the call."""
    with server.Server([HELLO]) as model:
        model.answers = {"/v1/models": {"data": [{"id": "m", "max_model_len": "many"}]}, "/props": [], "/api/v0/models": "x", "/api/ps": {"models": [7, None]}}
        result = rows.chat(CHAT, "chat", model.url)
    return want(info=(result["info"]["context-length"] == 32768, result["info"]), reply=("ok" in result["outcome"], result))


def key_goes_to_the_same_place():
    with server.Server([HELLO]) as model:
        rows.chat(CHAT, "anthropic", model.url, "--model", "claude-next-9")
        headers = model.asked[0]["headers"]
    return want(key=(headers.get("x-api-key") == "sk-ant-test-key" and headers.get("anthropic-version") == "2023-06-01", headers))


def counted(protocol, tokens, limit, check):
    with server.Server([HELLO]) as model:
        model.tokens = tokens
        long = {**rows.REQUEST, "messages": [{"role": "user", "content": [text("x" * 4000)]}]}
        result = rows.chat(CHAT, protocol, model.url, "--max-session-tokens", str(limit), request=long)
        return check(result["outcome"], model)


def is_counted_out(outcome, model):
    said = outcome.get("err", {}).get("budget", "")
    return want(said=("this request alone has 900 tokens and 800 are left of max_session_tokens = 800" in said, outcome), requests=(not model.requests, model.requests))


def leaves_room(key, room, absent):
    def check(outcome, model):
        body, question = model.requests[0]["body"], model.asked[0]["body"]
        return want(reply=("ok" in outcome, outcome), room=(body[key] == room, body.get(key)), question=(not [n for n in absent if n in question], list(question)),
                    prompt=(all(question[k] == body[k] for k in ("messages", "system", "tools", "input", "instructions") if k in body), question))
    return check


def estimated(outcome, model):
    said = outcome.get("err", {}).get("budget", "")
    return want(said=("this request alone has" in said, outcome), asked=(not [q for q in model.asked if q["path"].endswith("tokens")], model.asked))


def far_from_the_limit(outcome, model):
    return want(reply=("ok" in outcome, outcome), asked=(not model.asked, model.asked), room=(model.requests[0]["body"]["max_tokens"] == 100000, model.requests[0]["body"]["max_tokens"]))


# ---- recordings ----

def recorded():
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "recording.jsonl")
        steps = [{"reply": BOTH}, status(404, "not_found_error", "gone"), HELLO]
        with server.Server(steps) as model:
            real = rows.chat_lines(CHAT, "anthropic", model.url, "--record", file, "--times", "3")
        again = rows.chat_lines(CHAT, "anthropic", "", "--provider", "replay", "--model", file, "--times", "3")
        other = {**rows.REQUEST, "messages": [{"role": "user", "content": [text("something else")]}]}
        misfit = rows.chat(CHAT, "anthropic", "", "--provider", "replay", "--model", file, request=other)
        said = misfit["outcome"].get("err", {}).get("invalid", "")
        keep = ["outcome", "text", "thought", "tools"]
        return want(same=([[r[k] for k in keep] for r in real] == [[r[k] for k in keep] for r in again], [real, again]),
                    misfit=("recording.jsonl:1: expects \"hello\"" in said, misfit["outcome"]), mode=(os.stat(file).st_mode & 0o777 == 0o600, oct(os.stat(file).st_mode)))


def replayed(lines, options, check):
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "r.jsonl")
        with open(file, "w") as f:
            f.write("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
        return check([rows.chat_lines(CHAT, "anthropic", "", "--provider", "replay", "--model", file, *[o.replace("FOLDER", folder) for o in run]) for run in options])


def goes_on(runs):
    texts = [line["text"] for run in runs for line in run]
    return want(texts=(texts == ["one", "two", ""], texts), last=("no reply left" in runs[2][0]["outcome"]["err"]["invalid"], runs[2]))


def names_line(runs):
    return want(said=("r.jsonl:3: this is no JSON object" in runs[0][1]["outcome"].get("err", {}).get("invalid", ""), runs[0][1]))


def is_cancelled_in_time(runs):
    times = [run[0]["ms"] for run in runs]
    return want(outcome=(runs[0][0]["outcome"] == {"err": "cancelled"}, runs[0]), time=(min(times) <= CANCEL_MS + 100, times))


def plays_errors(runs):
    return want(outcome=(runs[0][0]["outcome"] == {"err": {"overloaded": "busy"}}, runs[0]))


RESPONSES_REFUSAL = "".join(server.event(d["type"], d) for d in [
    {"type": "response.output_item.added", "output_index": 0, "item": {"type": "message"}},
    {"type": "response.refusal.delta", "output_index": 0, "delta": "I will not."},
    {"type": "response.completed", "response": {"usage": {"input_tokens": 1}}}])
RESPONSES_CUT = "".join(server.event(d["type"], d) for d in [
    {"type": "response.output_item.added", "output_index": 0, "item": {"type": "message"}},
    {"type": "response.output_text.delta", "output_index": 0, "delta": "Hm."},
    {"type": "response.output_item.added", "output_index": 1, "item": {"type": "function_call", "call_id": "t", "name": "file_write", "arguments": ""}},
    {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": '{"path": "a'},
    {"type": "response.incomplete", "response": {"incomplete_details": {"reason": "max_output_tokens"}}}])


def refusal():
    result, _ = chat([{"raw": RESPONSES_REFUSAL}], "responses")
    got = result["outcome"].get("ok", {})
    return want(reply=(got.get("stop") == "refusal" and got.get("content") == [text("I will not.")], result["outcome"]))


def named_in_docs(names):
    """The page names rows of this list; each must be here."""
    page = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "providers.md")).read()
    quoted = [" ".join(q.split()) for q in page.split("`")[1::2] if q.startswith(("odd: ", "broken: "))]
    unknown = sorted({q for q in quoted if q not in names})
    return want(unknown=(not unknown, unknown), quoted=(len(quoted) >= 8, len(quoted)))


# ---- the list ----

def bind(function, *args, **more):
    return functools.partial(function, *args, **more)


def table(prefix, function, cases):
    return [("%s: %s" % (prefix, case[0]) if prefix else case[0], bind(function, *case[1:])) for case in cases]


RETRY = [
    ("429 with retry-after-ms is tried again", [status(429, headers={"retry-after-ms": "20"}), HELLO], 20, ["rate-limited, again in 0.02 s (1 of 2)"]),
    ("retry-after in seconds is waited for", [status(429, headers={"retry-after": "1"}), HELLO], 1000, ["rate-limited, again in 1 s"]),
    ("a date in the past means at once", [status(503, headers={"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}), HELLO], 0, ["overloaded, again in 0 s"]),
    ("429 without retry-after: until the used-up limit is whole again", [status(429, headers={
        "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "30ms", "x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "90s"}), HELLO], 30, ["rate-limited, again in 0.03 s"]),
    ("529 twice, then the reply", [status(529, "overloaded_error", headers=NOW), status(529, "overloaded_error", headers=NOW), HELLO], 2, ["overloaded", "overloaded"]),
    ("without advice the wait is half a second, less a quarter at most", [status(500, "api_error"), HELLO], 375, ["overloaded, again in 0."]),
    ("a connection that ends before the first word", [{**LONG, "after": 1, "then": "close", "headers": NOW}, HELLO], 1, ["network, again in "]),
]
CANCEL = [
    ("while nothing has come", [{"then": "hang"}]),
    ("in the middle of a stream", [{**LONG, "after": 4, "then": "hang"}]),
    ("while waiting to try again", [status(429, headers={"retry-after": "30"})]),
    ("before anything was sent", [{"delay": 5, **HELLO}]),
]


def cases():
    anthropic_key = {"ANTHROPIC_API_KEY": "sk-plain"}
    yield from table("broken", broken, BROKEN)
    yield from table("broken", other_broken, OTHER_BROKEN)
    yield from table("retry", retried, RETRY)
    yield "retry: what the person has seen is not taken back", shown_is_not_retried
    yield from table("cancel, within 100 ms", cancelled, CANCEL)
    yield "cancel, within 100 ms: while a name is looked up", cancelled_lookup
    yield "cancel: the server sees the connection close", cancel_closes
    yield "one connection serves all calls", reused
    yield "TLS: a certificate that nobody vouches for is refused, with the remedy", bind(tls, {}, is_untrusted)
    yield "TLS: SEAL_CA_FILE vouches for it", bind(tls, {"SEAL_CA_FILE": "CERT"}, is_hello)
    yield "TLS: SSL_CERT_FILE vouches for it", bind(tls, {"SSL_CERT_FILE": "CERT"}, is_hello)
    yield "TLS: a certificate of another name is refused", bind(tls_refused, ["its certificate is not trusted", "localhost"], name="elsewhere.test")
    yield "TLS: an expired certificate is refused, with the word", bind(expired, ["its certificate is not trusted", "expired"])
    yield "TLS: a server of 2006 is refused", bind(tls_refused, ["TLS failed"], newest=ssl.TLSVersion.TLSv1)
    yield "TLS: a file of authorities that is not there is named", bind(tls_refused, ["SEAL_CA_FILE", "/no/such.pem"], environment={"SEAL_CA_FILE": "/no/such.pem"})
    yield "TLS: a server that speaks no TLS", plain_behind_https
    yield "a redirect to another host: it gets nothing", redirected_elsewhere
    yield "time-out: a connection that is not made", no_connection
    yield "time-out: a TLS handshake that does not begin", no_handshake
    yield "time-out: a proxy that does not answer", no_proxy_answer
    yield "time-out: a server that does not read", no_reading
    yield "a proxy that wants a password is named", proxy_refuses
    yield from (("odd: unknown events, blocks and members are passed over (%s)" % p, bind(unknown, p)) for p in rows.PROTOCOLS)
    yield from (("odd: two calls of one id are two calls (%s)" % p, bind(same_ids, p)) for p in rows.PROTOCOLS)
    yield from (("odd: a pair of surrogates is one character (%s)" % p, bind(odd_text, p, "\\ud83d\\ude00", "\U0001f600")) for p in rows.PROTOCOLS)
    yield from (("broken: half a surrogate is no text (%s)" % p, bind(odd_text, p, "a\\ud83d", None)) for p in rows.PROTOCOLS)
    yield from (("broken: bytes that are no UTF-8 (%s)" % p, bind(odd_text, p, "\udcff", None)) for p in rows.PROTOCOLS)
    yield from (("broken: a reply of 100 MB is bounded (%s)" % p, bind(flood_of_text, p)) for p in rows.PROTOCOLS)
    yield from (("odd: 100 MB that say nothing take no memory (%s)" % p, bind(flood_of_nothing, p)) for p in rows.PROTOCOLS)
    yield "HTTPS_PROXY is used, and TLS goes through it", proxied
    yield "key: as x-api-key", bind(sent_header, anthropic_key, "x-api-key", "sk-plain", absent=["authorization", "anthropic-beta"])
    yield "key: version 2026-10-21 takes it as a bearer token", bind(sent_header, anthropic_key, "authorization", "Bearer sk-plain", "--header", "anthropic-version: 2026-10-21", absent=["x-api-key"])
    yield "the version is 2023-06-01 unless the manifest says another", bind(sent_header, anthropic_key, "anthropic-version", "2023-06-01")
    yield "the manifest's version is sent", bind(sent_header, anthropic_key, "anthropic-version", "2026-10-21", "--header", "Anthropic-Version: 2026-10-21")
    yield "key: an OAuth token goes first, as a bearer token", bind(sent_header, {"CLAUDE_CODE_OAUTH_TOKEN": "tok", **anthropic_key}, "authorization", "Bearer tok", absent=["x-api-key"])
    yield "key: an OAuth token brings its beta header", bind(sent_header, {"CLAUDE_CODE_OAUTH_TOKEN": "tok"}, "anthropic-beta", "oauth-2025-04-20")
    yield "key: an OAuth token is known by its start", bind(sent_header, {"ANTHROPIC_API_KEY": "sk-ant-oat01-x"}, "authorization", "Bearer sk-ant-oat01-x", absent=["x-api-key"])
    yield "key: the manifest's own header stands for one", bind(sent_header, {}, "x-api-key", "mine", "--header", "X-Api-Key: mine", absent=["authorization"])
    yield "key: a stored one", bind(stored_key, 0o600, lambda e: sent_header(e, "x-api-key", "sk-stored"))
    yield "key: a stored one that others may read is refused", bind(stored_key, 0o644, lambda e: refused(ANTHROPIC, e, ["keys/anthropic (others may read it: chmod 600 it)"]))
    yield "key: the credentials of another client", bind(credentials, 9999999999000, lambda e: sent_header(e, "authorization", "Bearer sk-ant-oat-own"))
    yield "key: credentials that have expired are not sent", bind(credentials, 1000, lambda e: refused(ANTHROPIC, e, ["its token has expired"]))
    yield "key: none, and every place is named", bind(refused, ANTHROPIC, {}, EVERY_PLACE)
    yield "key: never over plain HTTP to another machine", bind(refused, [*ANTHROPIC, "--base-url", "http://192.0.2.1"], anthropic_key, ["readable by all", "https"])
    yield "key: a name that begins like a local one is another machine", bind(refused, [*ANTHROPIC, "--base-url", "http://127.0.0.1.example.com"], anthropic_key, ["readable by all"])
    yield "an address with a password is refused, and not shown", bind(refused, [*ANTHROPIC, "--base-url", "http://u:secret@localhost"], anthropic_key, ["user name or password"], absent="secret")
    yield "an address with a query is refused", bind(refused, [*ANTHROPIC, "--base-url", "http://localhost?x=1"], anthropic_key, ["must end with its path"])
    yield "key: OpenAI's as a bearer token", bind(sent_header, rows.KEYS, "authorization", "Bearer sk-openai-test-key", protocol="responses")
    yield "key: OpenRouter's", bind(sent_header, rows.KEYS, "authorization", "Bearer sk-or-test-key", protocol="chat", provider="openrouter")
    yield "key: Gemini's", bind(sent_header, rows.KEYS, "authorization", "Bearer gem-test-key", protocol="chat", provider="gemini")
    yield "key: a local server gets none of the others", bind(sent_header, rows.KEYS, "authorization", None, protocol="chat")
    yield "a provider that is not known is named, with those that are", bind(refused, ["--provider", "anthropi"], {}, ["anthropi", "openrouter"])
    yield "a local server needs an address", bind(refused, ["--provider", "local", "--model", "m"], {}, ["needs base_url"])
    yield "an address without http is refused", bind(refused, [*ANTHROPIC, "--base-url", "ftp://x"], anthropic_key, ["must begin with https://"])
    yield "a header with a line end is refused", bind(refused, [*ANTHROPIC, "--header", "x: a\nb: c"], anthropic_key, ["[model] headers", "\"x\""])
    yield "request: an Anthropic history", anthropic_history
    yield "request: adaptive thinking", bind(thinking_is, {"type": "adaptive", "display": "summarized"})
    yield "request: thinking with a budget", bind(thinking_is, {"type": "enabled", "budget_tokens": 2000}, "--thinking", "manual", "--budget", "2000")
    yield "request: a budget stays below the reply's limit", bind(thinking_is, {"type": "enabled", "budget_tokens": 2999}, "--thinking", "manual", "--budget", "9000", "--max-tokens", "3000")
    yield "request: no thinking", bind(thinking_is, None, "--thinking", "disabled")
    yield "request: a title is not thought about", bind(thinking_is, None, request={**rows.REQUEST, "purpose": "title"})
    yield "request: effort", lambda: want(effort=(sent("anthropic", rows.REQUEST, "--effort", "high")["output_config"] == {"effort": "high"}, ""))
    yield "request: effort (Responses)", lambda: want(effort=(sent("responses", rows.REQUEST, "--effort", "high")["reasoning"] == {"effort": "high", "summary": "auto"}, ""))
    yield "request: effort (Chat Completions)", lambda: want(effort=(sent("chat", rows.REQUEST, "--effort", "high")["reasoning_effort"] == "high", ""))
    yield "request: OpenRouter's budget", lambda: want(budget=(sent("chat", rows.REQUEST, "--thinking", "manual", "--budget", "3000", provider="openrouter")["reasoning"] == {"max_tokens": 3000}, ""))
    yield "request: the manifest's max_tokens is cut down to the model's ceiling", lambda: want(n=(sent("anthropic", rows.REQUEST, "--max-tokens", "999999999")["max_tokens"] == 128000, ""))
    yield "request: the guest's limit counts when it is smaller", lambda: want(n=(sent("anthropic", {**rows.REQUEST, "max-output-tokens": 77})["max_tokens"] == 77, ""))
    yield "request: a Chat Completions history", chat_history
    yield "request: a Responses history", responses_history
    yield "request: sealed reasoning goes back as it came, from the finished item", bind(sent_back, "responses", {"reply": reply([thought("Hm."), CALLS[0]], "tool-use")}, sealed_back)
    yield "request: OpenRouter's reasoning goes back whole", bind(sent_back, "chat", {"reply": reply([thought("", json.dumps(DETAILS)), CALLS[0]], "tool-use")}, details_back, "openrouter")
    yield "request: Gemini's signature goes back with its call", bind(sent_back, "chat", {"raw": GEMINI}, extra_back, "gemini")
    yield from (("request: %s gets no thought of another provider" % p, bind(foreign_thought, p)) for p in rows.PROTOCOLS)
    yield "odd: id and name in every delta are one call", bind(quirk, ["repeat-ids"])
    yield "odd: calls without an index", bind(quirk, ["no-index"])
    yield "odd: whole calls that all have index 0", bind(quirk, ["whole-calls"])
    yield "odd: calls without ids get some", bind(quirk, ["no-ids"], ids_are_made)
    yield "odd: whole calls without ids, all with index 0", bind(quirk, ["no-ids", "whole-calls"], ids_are_made)
    yield "odd: calls with neither ids nor indexes", bind(quirk, ["no-ids", "no-index"], ids_are_made)
    yield "odd: no usage", bind(quirk, ["no-usage"], no_usage)
    yield "odd: no [DONE]", bind(quirk, ["no-done"])
    yield "odd: comments in between", bind(quirk, ["comments"])
    yield "odd: a call that the limit cut is left out (Anthropic)", bind(cut_call, "anthropic", ANTHROPIC_CUT)
    yield "odd: a call that the limit cut is left out (Chat Completions)", bind(cut_call, "chat", CHAT_CUT)
    yield "odd: a call that the limit cut is left out (Responses)", bind(cut_call, "responses", RESPONSES_CUT)
    yield "odd: a refusal (Responses)", refusal
    yield "cost: by the table, cached tokens apart", bind(cost_is, "anthropic", [], MILLION, 5.0 + 2.5 + 0.5)
    yield "cost: as the provider says it", bind(cost_is, "chat", [], rows.USAGE, 0.25, quirks=["cost"], cost=0.25)
    yield "cost: a local model costs nothing", bind(cost_is, "chat", [], MILLION, 0)
    yield "budget: max_cost_usd, over processes", bind(budget, ["--max-cost", "7.99"], "max_cost_usd = 7.99")
    yield "budget: max_session_tokens, over processes", bind(budget, ["--max-session-tokens", "2100000"], "max_session_tokens = 2100000")
    yield "budget: a price that is not known is no free ride", price_unknown
    yield from (("sizes: " + case[0], bind(asked, *case[1:6], paths=case[6])) for case in SIZES)
    yield "sizes: the manifest's figure and the table's go first", manifest_first
    yield "sizes: prices too, for max_cost_usd", asked_cost
    yield "sizes: answers that make no sense are done without", slow_answer_is_done_without
    yield "sizes: the question carries the key and the version", key_goes_to_the_same_place
    yield "tokens: counted by the provider, a request that does not fit is not sent (Anthropic)", bind(counted, "anthropic", 900, 800, is_counted_out)
    yield "tokens: counted by the provider, a request that does not fit is not sent (Responses)", bind(counted, "responses", 900, 800, is_counted_out)
    yield "tokens: the reply is kept within what is left (Anthropic)", bind(counted, "anthropic", 900, 1000, leaves_room("max_tokens", 100, ["max_tokens", "stream"]))
    yield "tokens: the reply is kept within what is left (Responses)", bind(counted, "responses", 900, 1000, leaves_room("max_output_tokens", 100, ["max_output_tokens", "stream", "store", "include"]))
    yield "tokens: where nobody counts, four bytes are a token", bind(counted, "chat", None, 800, estimated)
    yield "tokens: far from the limit nobody is asked", bind(counted, "anthropic", 900, 100000, far_from_the_limit)
    yield "how long the session was idle is known to a later process", lambda: kept(json.dumps({"last-reply": int(time.time()) - 100}), idle)
    yield "what the session spent cannot be read: no call is made", lambda: kept("{", lambda session: refused([*ANTHROPIC, "--session", session], rows.KEYS, ["llm.json", "new session"]))
    yield "recording: plays what was said, and notices another conversation", recorded
    yield "recording: a later process goes on behind the last reply", bind(
        replayed, [{"content": [text("one")]}, "", "# a note", {"content": [text("two")]}], [["--session", "FOLDER"]] * 3, goes_on)
    yield "recording: a bad line is named", bind(replayed, [{"content": []}, "", "oops"], [["--times", "2"]], names_line)
    yield "recording: a delay is cancelled in time", bind(replayed, [{"reply": {"content": []}, "delay_ms": 5000}], [["--cancel-after", str(CANCEL_MS)]] * 3, is_cancelled_in_time)
    yield "recording: may hold errors", bind(replayed, [{"err": {"overloaded": "busy"}}], [[]], plays_errors)


def main():
    every = list(cases())
    every.append(("docs/providers.md names rows that exist", bind(named_in_docs, [name for name, _ in every])))
    rows.tap(every)


main()
