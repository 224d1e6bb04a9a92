#!/usr/bin/env python3
"""The first minutes: `seal embark` on a terminal.   test_start.py BUILD [ROW]"""
import http.server
import json
import sys
import threading

from terminal import Terminal
from project import Project, Rows

BUILD = sys.argv[1]
row = Rows()


class LocalModel(http.server.BaseHTTPRequestHandler):
    """What Ollama answers, as far as is asked here."""

    def answer(self, kind, body):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer("application/json", json.dumps({"object": "list", "data": [{"id": "tiny:1b"}, {"id": "other"}]}).encode())

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        chunks = [{"choices": [{"index": 0, "delta": {"content": "Hello from here."}}]}, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]
        self.answer("text/event-stream", "".join(f"data: {json.dumps(c)}\n\n" for c in chunks).encode() + b"data: [DONE]\n\n")

    def log_message(self, *_):
        pass


@row("seal embark: a local server is found, seal.toml made and signed, a question answered")
def _():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), LocalModel)
    url = "http://127.0.0.1:%d" % server.server_address[1]
    closed = http.server.ThreadingHTTPServer(("127.0.0.1", 0), LocalModel)
    ports = "%d,%d" % (closed.server_address[1], server.server_address[1])
    closed.server_close()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with Project(BUILD, manifest=False) as p:
            p.env.pop("ANTHROPIC_API_KEY")
            p.env["SEAL_LOCAL_PORTS"] = ports
            p.write("Makefile", "all:\n")
            t = Terminal(p, 100, 50, command="embark")
            t.wait("Which [1]:")
            assert url + " answers: tiny:1b" in t.whole(), t.whole()
            t.type("1\r")
            t.wait("Its model [tiny:1b]:")
            t.type("\r")
            t.wait("Write it [y]:")
            t.type("\r")
            t.wait("May an agent do this?", where=lambda: t.whole().rsplit("3 of 4", 1)[-1])
            t.type("y\r")
            t.wait("Hello from here.", where=t.whole)
            t.wait("Start with `seal`", where=t.whole)
            assert t.end() == 0
            assert 'base_url = "%s"' % url in p.read("seal.toml"), p.read("seal.toml")
            assert '"make:*"' in p.read("seal.toml")
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    row.main()
