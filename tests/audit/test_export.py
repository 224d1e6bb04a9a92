#!/usr/bin/env python3
"""`seal audit export --otlp`, read by OpenTelemetry's own protobuf classes.  test_export.py BUILD"""
import base64
import http.server
import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run"))
from google.protobuf import json_format  # noqa: E402
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest  # noqa: E402
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status  # noqa: E402
from project import Project, Rows, call, expect, text  # noqa: E402

BUILD = sys.argv[1]
row = Rows()
RULES = """[capabilities.allow.read]
paths = [{ path = "src/**", files = ["*"] }]
[capabilities.allow.write]
paths = [{ path = "src/**", files = ["*"], prompt = true }]
"""
STEPS = [call("file_read", path="src/a.c"), call("file_write", path="src/b.c", text="unmistakable"), call("file_read", path="secret.txt"),
         call("file_read", path="src/none.c"), text("First answer."), text("Second answer.")]


def session(p):
    p.write("src/a.c", "int a;\n")
    p.write("secret.txt", "hidden")
    expect(p.seal("run", "--prompts", "allow", "an unmistakable wish"), 3)
    expect(p.seal("run", "--resume", "latest", "go on"), 0)


def export(p, *arguments):
    done = p.seal("audit", "export", "latest", "--otlp", "-", *arguments)
    expect(done, 0)
    return done.stdout


def parsed(exported):
    """OTLP's JSON has ids in hex where protobuf's has base64; the rest is protobuf's own form."""
    value = json.loads(exported)
    for span in value["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        for key, digits in (("traceId", 32), ("spanId", 16), ("parentSpanId", 16)):
            if key in span:
                assert len(span[key]) == digits and span[key] == span[key].lower(), span
                span[key] = base64.b64encode(bytes.fromhex(span[key])).decode()
        assert isinstance(span["kind"], int) and isinstance(span["status"]["code"], int)
        assert isinstance(span["startTimeUnixNano"], str) and isinstance(span["endTimeUnixNano"], str)
        for attribute in span["attributes"]:
            assert isinstance(attribute["value"].get("intValue", ""), str), attribute
    return json_format.ParseDict(value, ExportTraceServiceRequest(), ignore_unknown_fields=False)


def spans_of(request):
    return list(request.resource_spans[0].scope_spans[0].spans)


def facts(span):
    def plain(value):
        kind = value.WhichOneof("value")
        return [v.string_value for v in value.array_value.values] if kind == "array_value" else getattr(value, kind)
    return {a.key: plain(a.value) for a in span.attributes}


@row("the official classes read it: a trace a turn, each call a child of its turn, times in order")
def _():
    with Project(BUILD, STEPS, RULES) as p:
        session(p)
        request = parsed(export(p))
        assert {a.key: a.value.string_value for a in request.resource_spans[0].resource.attributes}["service.name"] == "seal"
        spans = spans_of(request)
        turns = [s for s in spans if s.name == "invoke_agent seal"]
        assert len(turns) == 2 and len({t.trace_id for t in turns}) == 2 and not any(t.parent_span_id for t in turns)
        assert len({s.span_id for s in spans}) == len(spans)
        by_trace = {t.trace_id: t for t in turns}
        for s in spans:
            turn = by_trace[s.trace_id]
            assert s is turn or s.parent_span_id == turn.span_id, s
            assert turn.start_time_unix_nano <= s.start_time_unix_nano <= s.end_time_unix_nano <= turn.end_time_unix_nano, s
        assert len([s for s in spans if s.name == "chat claude-opus-5" and s.kind == Span.SPAN_KIND_CLIENT]) == 6
        assert sorted(s.name for s in spans if s.name.startswith("execute_tool ")) == ["execute_tool file-read"] * 3 + ["execute_tool file-write"]


@row("model calls have provider, model, tokens and why they stopped; tools their decision and what went wrong")
def _():
    with Project(BUILD, STEPS, RULES) as p:
        session(p)
        spans = spans_of(parsed(export(p)))
        chat = facts([s for s in spans if s.name.startswith("chat ")][0])
        want = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-opus-5", "gen_ai.usage.input_tokens": 10,
                "gen_ai.usage.output_tokens": 5, "gen_ai.response.finish_reasons": ["tool-use"]}
        assert want.items() <= chat.items(), chat
        tools = [s for s in spans if s.name.startswith("execute_tool ")]
        denied = [s for s in tools if facts(s).get("error.type") == "denied"]
        assert len(denied) == 1 and denied[0].status.code == Status.STATUS_CODE_ERROR
        asked = [facts(s) for s in tools if s.name.endswith("file-write")][0]
        assert (asked["seal.capability.decision"], asked["seal.capability.answer"]) == ("ask", "allow"), asked
        assert "error.type" not in asked
        assert sorted(facts(s).get("error.type", "") for s in tools) == ["", "", "denied", "failed"]
        turn = facts([s for s in spans if s.name == "invoke_agent seal"][0])
        assert turn["gen_ai.conversation.id"] and turn["gen_ai.agent.name"] == "seal" and len(turn["seal.component"]) == 64, turn


@row("no message, argument or result is in it, unless --content asks for them")
def _():
    with Project(BUILD, STEPS, RULES) as p:
        session(p)
        plain, full = export(p), export(p, "--content")
        for secret in ("unmistakable", "src/a.c", "secret.txt", "First answer", "int a;"):
            assert secret not in plain and secret in full, secret
        parsed(full)


@row("the same session is the same traces each time; a file is the owner's")
def _():
    with Project(BUILD, STEPS, RULES) as p:
        session(p)
        path = os.path.join(p.top, "traces.json")
        expect(p.seal("audit", "export", "latest", "--otlp", path), 0)
        assert open(path).read() == export(p)
        assert os.stat(path).st_mode & 0o777 == 0o600
        expect(p.seal("audit", "export", "latest"), 2, "--otlp")


class Collector(http.server.BaseHTTPRequestHandler):
    """One that takes what comes at /v1/traces, and at no other place."""

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.headers["Content-Type"], body.decode()))
        known = self.path == "/v1/traces"
        answer = b"{}" if known else b"no such place"
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


@row("an address gets the same bytes; one that refuses them or is not there is named, and why")
def _():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    server.got, there = [], f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Project(BUILD, STEPS, RULES) as p:
        session(p)
        expect(p.seal("audit", "export", "latest", "--otlp", there + "/v1/traces"), 0)
        assert server.got == [("application/json", export(p))], server.got
        assert spans_of(parsed(server.got[0][1]))
        refused = p.seal("audit", "export", "latest", "--otlp", there + "/elsewhere")
        assert refused.returncode not in (0, 2) and there + "/elsewhere" in refused.stderr and "404" in refused.stderr, refused
        server.shutdown()
        server.server_close()
        gone = p.seal("audit", "export", "latest", "--otlp", there + "/v1/traces")
        assert gone.returncode not in (0, 2) and there in gone.stderr and "connect" in gone.stderr, gone


row.main()
