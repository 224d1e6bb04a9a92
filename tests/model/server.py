#!/usr/bin/env python3
"""A model server that says what a script says, in the providers' protocols.

    server.py SCRIPT.json [--log FILE]      prints its port, serves until stdin ends

HTTP/1.1 on loopback, standard library only.  The path chooses the protocol:
/v1/messages (Anthropic), /v1/chat/completions, /v1/responses (OpenAI); every
POST takes the next step of the script.  A step is an object:

    {"reply": {"content": [...], "stop": ..., "usage": {...}}}   a WIT reply, streamed
    {"raw": "data: ...", "line": "data: ...", "times": 9}        the same, then a line again and again
    {"raw": "data: ..."} or {"file": "capture.txt"}              an event stream as it is
    {"status": 429, "headers": {...}, "body": {...}}             an answer that is no stream
    {"redirect": "/elsewhere"}

and may say more of a stream:

    "chunk": 5            characters in a delta            "pieces": 7      bytes in a write
    "after": 3            events; then do as "then" says   "delay": 0.2     seconds before
    "then": hang | close | reset | half | garbage | big-line | error | end
    "quirks": [...]       see chat_events()                "content_type": "text/plain"

Questions besides are no steps: a GET is answered from Server.answers (a path: an
object, "answers" of the script), a count of tokens from Server.tokens; both else
with 404.  They are kept in Server.asked.

Requests are kept in Server.requests and, with --log, written a line each.
tests/model/referee.py checks with the providers' own libraries that what this
server sends is what a real one would.
"""
import base64
import itertools
import json
import socket
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BIG_LINE = 10 * 1024 * 1024


def pieces_of(text, size):
    return [text[i:i + size] for i in range(0, len(text), size)] or [""]


def event(name, data):
    lines = "event: %s\n" % name if name else ""
    return lines + "data: %s\n\n" % (data if isinstance(data, str) else json.dumps(data))


# ---- Anthropic ----

def anthropic_block(index, block, chunk):
    (kind, value), = block.items()
    if kind == "text":
        start, deltas = {"type": "text", "text": ""}, [{"type": "text_delta", "text": t} for t in pieces_of(value["text"], chunk)]
    elif kind == "thinking":
        start = {"type": "thinking", "thinking": "", "signature": ""}
        deltas = [{"type": "thinking_delta", "thinking": t} for t in pieces_of(value["text"], chunk)]
        deltas.append({"type": "signature_delta", "signature": value["signature"]})
    elif kind == "redacted-thinking":
        start, deltas = {"type": "redacted_thinking", "data": value}, []
    else:
        start = {"type": "tool_use", "id": value["id"], "name": value["name"], "input": {}}
        text = value["input-json"]
        deltas = [{"type": "input_json_delta", "partial_json": t} for t in [""] + (pieces_of(text, chunk) if text != "{}" else [])]
    yield event("content_block_start", {"type": "content_block_start", "index": index, "content_block": start})
    if index == 0:
        yield event("ping", {"type": "ping"})
    for delta in deltas:
        yield event("content_block_delta", {"type": "content_block_delta", "index": index, "delta": delta})
    yield event("content_block_stop", {"type": "content_block_stop", "index": index})


def anthropic_events(reply, step, request):
    usage = reply["usage"]
    yield event("message_start", {"type": "message_start", "message": {
        "id": "msg_1", "type": "message", "role": "assistant", "model": request.get("model", "m"),
        "content": [], "stop_reason": None, "stop_sequence": None,
        "usage": {"input_tokens": usage["input"], "output_tokens": 1,
                  "cache_read_input_tokens": usage["cache-read"],
                  "cache_creation_input_tokens": usage["cache-write"]}}})
    for index, block in enumerate(reply["content"]):
        yield from anthropic_block(index, block, step.get("chunk", 5))
    yield event("message_delta", {"type": "message_delta",
                                  "delta": {"stop_reason": reply["stop"].replace("-", "_"), "stop_sequence": None},
                                  "usage": {"output_tokens": usage["output"]}})
    yield event("message_stop", {"type": "message_stop"})


# ---- OpenAI Chat Completions ----

CHAT_STOPS = {"end-turn": "stop", "tool-use": "tool_calls", "max-tokens": "length", "refusal": "content_filter"}


def chat_call_deltas(position, call, step):
    """Quirks: repeat-ids (id and name in every delta), no-index, no-ids,
    whole-calls (a call in one delta, its index always 0)."""
    quirks = step.get("quirks", [])
    parts = [call["input-json"]] if "whole-calls" in quirks else [""] + pieces_of(call["input-json"], step.get("chunk", 5))
    for number, part in enumerate(parts):
        delta = {"index": 0 if "whole-calls" in quirks else position, "function": {"arguments": part}}
        if number == 0 or "repeat-ids" in quirks:
            delta["function"]["name"] = call["name"]
            delta["type"] = "function"
            if "no-ids" not in quirks:
                delta["id"] = call["id"]
        if "no-index" in quirks:
            del delta["index"]
        yield {"tool_calls": [delta]}


def chat_deltas(reply, step):
    yield {"role": "assistant", "content": ""}
    position = 0
    for block in reply["content"]:
        (kind, value), = block.items()
        if kind == "text":
            for text in pieces_of(value["text"], step.get("chunk", 5)):
                yield {"content": text}
        elif kind == "thinking":
            for text in pieces_of(value["text"], step.get("chunk", 5)):
                yield {step.get("thought_key", "reasoning_content"): text}
            if value["signature"].startswith("["):
                for detail in json.loads(value["signature"]):
                    yield {"reasoning_details": [detail]}
        elif kind == "tool-use":
            yield from chat_call_deltas(position, value, step)
            position += 1


def chat_usage(usage):
    cached = usage["cache-read"]
    return {"prompt_tokens": usage["input"] + cached, "completion_tokens": usage["output"],
            "total_tokens": usage["input"] + cached + usage["output"],
            "prompt_tokens_details": {"cached_tokens": cached}}


def chat_events(reply, step, request):
    """Quirks: no-usage, no-done, comments (as OpenRouter), cost, and those of the calls."""
    quirks = step.get("quirks", [])

    def chunk(choices, **more):
        return event("", {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1,
                          "model": request.get("model", "m"), "choices": choices, **more})
    if "comments" in quirks:
        yield ": OPENROUTER PROCESSING\n\n"
    for delta in chat_deltas(reply, step):
        yield chunk([{"index": 0, "delta": delta, "finish_reason": None}])
    yield chunk([{"index": 0, "delta": {}, "finish_reason": CHAT_STOPS[reply["stop"]]}])
    if "no-usage" not in quirks:
        usage = chat_usage(reply["usage"])
        if "cost" in quirks:
            usage["cost"] = step["cost"]
        yield chunk([], usage=usage)
    if "no-done" not in quirks:
        yield event("", "[DONE]")


# ---- OpenAI Responses ----

def responses_item(index, block):
    (kind, value), = block.items()
    if kind == "text":
        return {"type": "message", "id": "msg_%d" % index, "status": "completed", "role": "assistant",
                "content": [{"type": "output_text", "text": value["text"], "annotations": [], "logprobs": []}]}
    if kind == "thinking":
        return {"type": "reasoning", "id": "rs_%d" % index,
                "summary": [{"type": "summary_text", "text": value["text"]}],
                "encrypted_content": "sealed-%d" % index}
    return {"type": "function_call", "id": "fc_%d" % index, "status": "completed",
            "call_id": value["id"], "name": value["name"], "arguments": value["input-json"]}


def responses_parts(index, block, item, chunk):
    (kind, value), = block.items()
    at = {"item_id": item["id"], "output_index": index}
    if kind == "text":
        at["content_index"] = 0
        yield "response.content_part.added", {**at, "part": {"type": "output_text", "text": "", "annotations": [], "logprobs": []}}
        for text in pieces_of(value["text"], chunk):
            yield "response.output_text.delta", {**at, "delta": text, "logprobs": []}
        yield "response.output_text.done", {**at, "text": value["text"], "logprobs": []}
        yield "response.content_part.done", {**at, "part": item["content"][0]}
    elif kind == "thinking":
        at["summary_index"] = 0
        yield "response.reasoning_summary_part.added", {**at, "part": {"type": "summary_text", "text": ""}}
        for text in pieces_of(value["text"], chunk):
            yield "response.reasoning_summary_text.delta", {**at, "delta": text}
        yield "response.reasoning_summary_text.done", {**at, "text": value["text"]}
        yield "response.reasoning_summary_part.done", {**at, "part": item["summary"][0]}
    else:
        for text in pieces_of(value["input-json"], chunk):
            yield "response.function_call_arguments.delta", {**at, "delta": text}
        yield "response.function_call_arguments.done", {**at, "name": item["name"], "arguments": item["arguments"]}


def responses_shell(reply, request, status, output):
    usage = reply["usage"]
    shell = {"id": "resp_1", "object": "response", "created_at": 1, "status": status, "error": None,
             "incomplete_details": None, "instructions": None, "metadata": {}, "model": request.get("model", "m"),
             "output": output, "parallel_tool_calls": True, "temperature": 1.0, "tool_choice": "auto", "tools": [], "top_p": 1.0,
             "usage": None}
    if status != "in_progress":
        shell["usage"] = {"input_tokens": usage["input"] + usage["cache-read"],
                          "input_tokens_details": {"cached_tokens": usage["cache-read"], "cache_write_tokens": 0},
                          "output_tokens": usage["output"], "output_tokens_details": {"reasoning_tokens": 0},
                          "total_tokens": usage["input"] + usage["cache-read"] + usage["output"]}
    if status == "incomplete":
        shell["incomplete_details"] = {"reason": "max_output_tokens"}
    return shell


def responses_list(reply, step, request):
    status = "incomplete" if reply["stop"] == "max-tokens" else "completed"
    items = [responses_item(i, b) for i, b in enumerate(reply["content"])]
    yield "response.created", {"response": responses_shell(reply, request, "in_progress", [])}
    for index, (block, item) in enumerate(zip(reply["content"], items)):
        empty = {"message": {"content": []}, "reasoning": {"summary": [], "encrypted_content": "half-" + item["id"]},
                 "function_call": {"arguments": ""}}[item["type"]]
        added = {**item, **empty}
        if "status" in added:
            added["status"] = "in_progress"
        yield "response.output_item.added", {"output_index": index, "item": added}
        for name, data in responses_parts(index, block, item, step.get("chunk", 5)):
            yield name, data
        yield "response.output_item.done", {"output_index": index, "item": item}
    yield "response." + status, {"response": responses_shell(reply, request, status, items)}


def responses_events(reply, step, request):
    for number, (name, data) in enumerate(responses_list(reply, step, request)):
        yield event(name, {"type": name, "sequence_number": number, **data})


PROTOCOLS = {
    "/v1/messages": (anthropic_events, event("error", {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})),
    "/v1/chat/completions": (chat_events, event("", {"error": {"code": 502, "message": "upstream is down"},
                                                     "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]})),
    "/v1/responses": (responses_events, event("error", {"type": "error", "sequence_number": 9, "code": "server_error", "message": "broken", "param": None})),
}


COUNTS = ("/v1/messages/count_tokens", "/v1/responses/input_tokens")


# ---- HTTP ----

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do_GET(self):
        self.server.note_question(self.path, self.headers, None)
        known = self.path in self.server.answers
        self.whole(200 if known else 404, {}, self.server.answers.get(self.path, {"error": {"message": "no such page"}}))

    def count(self, body):
        self.server.note_question(self.path, self.headers, json.loads(body))
        if self.server.tokens is None:
            self.whole(404, {}, {"error": {"type": "not_found_error", "message": "nothing counts here"}})
        else:
            self.whole(200, {}, {"input_tokens": self.server.tokens})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path in COUNTS:
            self.count(body)
            return
        step = self.server.next_step(self.path, self.headers, body, self.client_address)
        if step is None:
            self.whole(500, {}, {"error": {"type": "api_error", "message": "the script has no step left"}})
            return
        if step.get("delay"):
            self.server.stopping.wait(step["delay"])
        if step.get("then") == "hang" and "reply" not in step and "raw" not in step:
            self.hang()
        elif "redirect" in step:
            self.whole(307, {"Location": step["redirect"]}, {})
        elif "status" in step:
            self.whole(step["status"], step.get("headers", {}), step.get("body", {}))
        else:
            self.stream(step, json.loads(body))

    def whole(self, status, headers, body):
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def stream(self, step, request):
        self.send_response(200)
        self.send_header("Content-Type", step.get("content_type", "text/event-stream; charset=utf-8"))
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("request-id", "req_1")
        for name, value in step.get("headers", {}).items():
            self.send_header(name, value)
        self.end_headers()
        sent = 0
        for text in self.events(step, request):
            if sent == step.get("after", -1):
                break
            self.write(text, step)
            sent += 1
        if "then" in step:
            self.misbehave(step)
        else:
            self.wfile.write(b"0\r\n\r\n")

    def events(self, step, request):
        if "reply" in step:
            return PROTOCOLS[self.path][0](step["reply"], step, request)
        if "base64" in step:
            return [base64.b64decode(step["base64"])]
        if "file" in step:
            return [open(step["file"], "rb").read()]
        return itertools.chain([step["raw"]], itertools.repeat(step.get("line", ""), step.get("times", 0)))

    def write(self, text, step):
        data = text if isinstance(text, bytes) else text.encode("utf-8")
        for piece in pieces_of(data, step.get("pieces", 1 << 20)):
            if piece:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    def misbehave(self, step):
        then = step["then"]
        if then == "hang":
            self.hang()
        elif then == "half":
            self.write('event: content_block_delta\ndata: {"type":"content_bl', step)
        elif then == "garbage":
            self.write("data: \x01\x02<html>not json</html>\n\n", step)
        elif then == "big-line":
            self.write("data: " + "x" * BIG_LINE + "\n\n", step)
        elif then == "error":
            self.write(PROTOCOLS[self.path][1], step)
        if then in ("half", "garbage", "big-line", "error", "end"):
            self.wfile.write(b"0\r\n\r\n")
            return
        if then == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.wfile.flush()
        self.close_connection = True

    def hang(self):
        """Until the client goes away: its end of the connection is closed."""
        self.wfile.flush()
        try:
            self.connection.recv(1)
        except OSError:
            pass
        self.server.gone.set()
        self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, steps, log=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.steps, self.requests, self.lock = list(steps), [], threading.Lock()
        self.stopping, self.gone = threading.Event(), threading.Event()
        self.log = open(log, "w") if log else None
        self.repeat = False  # the last step again and again
        self.answers, self.tokens, self.asked = {}, None, []
        threading.Thread(target=self.serve_forever, args=(0.005,), daemon=True).start()

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.server_address[1]

    def note_question(self, path, headers, body):
        with self.lock:
            self.asked.append({"path": path, "headers": {k.lower(): v for k, v in headers.items()}, "body": body})

    def next_step(self, path, headers, body, client):
        try:
            parsed = json.loads(body)
        except ValueError:
            parsed = None
        seen = {"path": path, "headers": {k.lower(): v for k, v in headers.items()}, "body": parsed, "client": client[1]}
        with self.lock:
            self.requests.append(seen)
            if self.log:
                self.log.write(json.dumps(seen) + "\n")
                self.log.flush()
            if not self.steps:
                return None
            return self.steps[0] if self.repeat and len(self.steps) == 1 else self.steps.pop(0)

    def handle_error(self, request, client_address):
        pass  # clients that leave early are what some tests are about

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.stopping.set()
        self.shutdown()
        self.server_close()


def main():
    script = json.load(open(sys.argv[1]))
    log = sys.argv[sys.argv.index("--log") + 1] if "--log" in sys.argv else None
    with Server(script["steps"], log) as server:
        server.repeat = script.get("repeat", False)
        server.answers = script.get("answers", {})
        print(server.server_address[1], flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
