#!/usr/bin/env python3
"""The model that every agent talks to: the same script in each provider's protocol.

The path says the script: /s50/v1/messages is 50 calls of a shell command, then an answer; /r50 the
same of reading a file; /s0 an answer at once.  Where a conversation stands is counted from the
results in the request, so the server keeps nothing.  The events are those of tests/model/server.py,
which the providers' own libraries have read; Gemini's are here."""
import json
import os
import re
import socket
import sys
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "model"))
from server import PROTOCOLS, event  # noqa: E402

USAGE = {"input": 1000, "output": 20, "cache-read": 0, "cache-write": 0}
SHELLS = ["command_run", "Bash", "bash", "exec_command", "shell_command", "run_shell_command", "shell"]
READERS = ["file_read", "Read", "read", "read_file", "view"]
RESULTS = {"messages": b'"tool_result"', "responses": b'call_output"', "completions": b'"tool"', "gemini": b'"functionResponse"'}


def schemas(body):
    """Name to parameters, of whatever shape a protocol offers its tools in."""
    lists = [body.get("tools") or []]
    for item in body.get("input") or []:  # tools as an item of the input, in namespaces
        if isinstance(item, dict) and item.get("type") == "additional_tools":
            lists.append([t for one in item.get("tools") or [] for t in (one.get("tools") or [one])])
    for tool in (tool for one in lists for tool in one):
        for each in tool.get("functionDeclarations") or [tool.get("function") or tool]:
            shape = each.get("input_schema") or each.get("parameters") or each.get("parametersJsonSchema") or {}
            yield each.get("name") or each.get("type"), shape.get("properties") or {}


def call_of(body, script, number, files):
    """The tool and the arguments of this step, by what the agent offers; None when it offers none."""
    tools = dict(schemas(body))
    path = files.replace("@", str(number % 100))
    # Each call differs a little: some agents stop when the same one comes again.
    command = f"true {number}" if script == "s" else f"cat {path}"
    for name in READERS if script == "r" else []:
        for key in ("file_path", "filePath", "absolute_path", "path"):
            if key in tools.get(name, {}):
                return name, {key: path}
    for name in SHELLS:
        if name in tools:
            keys = tools[name]
            given = {"cmd" if "cmd" in keys else "command": command}
            return name, given | ({"description": "Do nothing"} if "description" in keys else {})
    if "exec" in tools:  # a tool that takes a program
        return "exec", f"const r = await tools.exec_command({{cmd: {json.dumps(command)}}}); text(r);"
    return None


def program_events(name, text):
    """A call whose input is free text, as the Responses protocol has it."""
    item = {"type": "custom_tool_call", "id": "ctc_0", "call_id": f"call_{time.monotonic_ns()}", "name": name, "namespace": "functions",
            "input": text, "status": "completed"}
    shell = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "output": [], "usage": None, "error": None, "tools": []}
    usage = {"input_tokens": 1000, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 20,
             "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 1020}
    at = {"item_id": "ctc_0", "output_index": 0}
    for number, (kind, data) in enumerate([
            ("response.created", {"response": shell | {"status": "in_progress"}}),
            ("response.output_item.added", {"output_index": 0, "item": item | {"input": "", "status": "in_progress"}}),
            ("response.custom_tool_call_input.delta", at | {"delta": text}),
            ("response.custom_tool_call_input.done", at | {"input": text}),
            ("response.output_item.done", {"output_index": 0, "item": item}),
            ("response.completed", {"response": shell | {"status": "completed", "output": [item], "usage": usage}})]):
        yield event(kind, {"type": kind, "sequence_number": number} | data)


def gemini_events(call, body):
    wanted = body.get("generationConfig") or {}
    if call:
        part = {"functionCall": {"id": f"call_{time.monotonic_ns()}", "name": call[0], "args": call[1]}}
    elif wanted.get("responseMimeType") == "application/json":
        fields = (wanted.get("responseJsonSchema") or {}).get("properties") or {}
        part = {"text": json.dumps({n: f.get("enum", ["flash"])[0] if f.get("type") == "string" else False if f.get("type") == "boolean" else 1
                                    for n, f in fields.items()})}
    else:
        part = {"text": "All done."}
    yield event("", {"candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}],
                     "usageMetadata": {"promptTokenCount": 1000, "candidatesTokenCount": 20, "totalTokenCount": 1020}, "modelVersion": "m"})


def answer(protocol, body, raw, script, steps, files):
    done = raw.count(RESULTS[protocol])
    call = call_of(body, script, done, files) if done < steps else None
    if protocol == "gemini":
        return call, gemini_events(call, body)
    if call and isinstance(call[1], str):
        return call, program_events(*call)
    block = {"tool-use": {"id": f"call_{time.monotonic_ns()}", "name": call[0], "input-json": json.dumps(call[1])}} if call else {"text": {"text": "All done."}}
    reply = {"content": [block], "stop": "tool-use" if call else "end-turn", "usage": USAGE}
    events = next(make for path, (make, _) in PROTOCOLS.items() if path.endswith(protocol))
    return call, events(reply, {"chunk": 4096}, body)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def whole(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else data)

    def do_GET(self):
        models = [{"id": "m", "object": "model", "type": "model", "display_name": "m", "created": 1, "created_at": "2026-01-01T00:00:00Z"}]
        known = self.path.split("?")[0].endswith("/models")
        self.whole(200 if known else 404, {"object": "list", "data": models, "has_more": False} if known else {"error": {"message": "no such page"}})

    do_HEAD = do_GET

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            raw = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                raw += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return zlib.decompress(raw, 31) if self.headers.get("Content-Encoding") == "gzip" else raw

    def do_POST(self):
        raw, start = self.body(), time.monotonic()
        path = self.path.split("?")[0]
        found = re.match(r"/([sr])(\d+)/.*?(messages|responses|completions|(?:streamGenerateContent|generateContent))$", path)
        if not found:
            self.whole(200 if "ount" in path else 404, {"input_tokens": 1000, "totalTokens": 1000, "error": {"message": "no such page"}})
            return
        body = json.loads(raw)
        protocol = found[3] if found[3] in RESULTS else "gemini"
        call, events = answer(protocol, body, raw, found[1], int(found[2]), self.server.files)
        text = "".join(events).encode()
        streams = body.get("stream") or "stream" in path
        if streams or protocol != "gemini":
            head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
            self.wfile.write(head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(text), text))
        else:
            self.whole(200, json.loads(text[len("data: "):]))
        if body.get("tools") or call:  # titles and other side questions offer no tools
            self.server.steps.append((start, time.monotonic(), call is not None))


class Model(ThreadingHTTPServer):
    """files: the path of file @, as the agent is asked to read it
    steps: (when the request was whole, when its answer was handed over, whether it asked for a call)"""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.steps = "fixture_@.txt", []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # agents that hang up early are their own affair

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.server_address[1]
