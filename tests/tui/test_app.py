#!/usr/bin/env python3
"""`seal` in a terminal: the real program, a scripted model server behind it.   test_app.py BUILD [ROW]"""
import http.server
import json
import os
import signal
import sys
import threading

from terminal import TIMEOUT, Terminal
from project import Project, Rows, call, text

BUILD = sys.argv[1]
row = Rows()


@row("it opens with a composer and a status line")
def _():
    with Project(BUILD, [text("x")]) as p, Terminal(p) as t:
        t.wait("ready")
        assert any(line.startswith("›") for line in t.shown()), t.shown()


@row("what is typed is echoed, Enter sends it, the answer comes as Markdown and stays in the scrollback")
def _():
    with Project(BUILD, [text("# Title\n\nSome **bold** words and `code`.\n\n- one\n- two\n")]) as p, Terminal(p) as t:
        t.wait("ready")
        t.type("hello there")
        t.wait("› hello there")
        t.type("\r")
        t.wait("• two", where=t.whole)
        t.wait("ready")
        assert "**" not in t.whole() and "Some bold words and code." in t.whole(), t.whole()


@row("Alt+Enter, Shift+Enter and Ctrl+J make lines; all are sent")
def _():
    with Project(BUILD, [text("Got it.")]) as p, Terminal(p) as t:
        t.wait("ready")
        t.type("one\x1b\rtwo\x1b[13;2uthree\nfour")
        t.wait("four")
        t.type("\r")
        t.wait("Got it.", where=t.whole)
        assert "one\\ntwo\\nthree\\nfour" in str(p.requests()[0]), p.requests()[0]


@row("a permission prompt shows the call, the reason and the four choices; 1 lets it run once")
def _():
    with Project(BUILD, [call("file_write", path="new.txt", text="fresh\n"), text("Written.")]) as p, Terminal(p) as t:
        t.wait("ready")
        t.type("write\r")
        t.wait("Deny always")
        shown = "\n".join(t.shown())
        assert "new.txt" in shown and "Allow always" in shown, shown
        t.settle(0.6)
        t.type("1")
        t.wait("Written.", where=t.whole)
        assert p.read("new.txt") == "fresh\n"


@row("what is typed before the prompt appears answers nothing")
def _():
    with Project(BUILD, [dict(call("file_write", path="new.txt", text="fresh\n"), delay=0.5), text("Refused.")]) as p, Terminal(p) as t:
        t.wait("ready")
        t.type("write\r")
        for _ in range(12):
            t.type("1")
            t.settle(0.05)
        t.wait("Deny always")
        t.settle(0.6)
        t.type("3")
        t.wait("Refused.", where=t.whole)
        assert not os.path.exists(os.path.join(p.root, "new.txt"))


@row("2, Allow always, writes a rule that makes the next such call silent; the scale moves it")
def _():
    steps = [call("command_run", command="echo-not-there one"), text("First."), call("command_run", command="echo-not-there two"), text("Second.")]
    with Project(BUILD, steps) as p, Terminal(p, 100, 30) as t:
        t.wait("ready")
        t.type("go\r")
        t.wait("Deny always")
        t.settle(0.6)
        t.type("\x1b[H")
        t.settle(0.2)
        t.type("2")
        t.wait("First.", where=t.whole)
        t.wait("ready")
        assert "echo-not-there:*" in p.read("seal.toml"), p.read("seal.toml")
        t.type("again\r")
        t.wait("Second.", where=t.whole)


@row("3 refuses this call and writes nothing")
def _():
    with Project(BUILD, [call("file_write", path="new.txt", text="x"), text("Refused.")]) as p, Terminal(p) as t:
        before = p.read("seal.toml")
        t.wait("ready")
        t.type("write\r")
        t.wait("Deny always")
        t.settle(0.6)
        t.type("3")
        t.wait("Refused.", where=t.whole)
        assert p.read("seal.toml") == before and not os.path.exists(os.path.join(p.root, "new.txt"))


@row("Esc cancels the turn, then clears the text, and never leaves")
def _():
    with Project(BUILD, [dict(text("Once upon a time there was a"), after=5, then="hang"), text("Later.")]) as p, Terminal(p) as t:
        t.wait("ready")
        t.type("hello\r")
        t.wait("Once", where=t.whole)
        t.type("\x1b")
        t.wait("cancelled", where=t.whole)
        t.wait("ready")
        t.type("some text")
        t.wait("some text")
        t.type("\x1b")
        t.settle()
        assert t.composer() == ["›"], t.shown()
        t.type("\x1b")
        t.settle()
        t.type("more\r")
        t.wait("Later.", where=t.whole)


@row("Ctrl+C twice on an empty, idle composer leaves, with the terminal as it was")
def _():
    with Project(BUILD, [text("x")]) as p:
        t = Terminal(p)
        t.wait("ready")
        t.type("\x03")
        t.wait("again to leave")
        t.type("\x03")
        assert t.end() == 0
        assert t.raw.rstrip().endswith(b"\x1b[?25h"), t.raw[-60:]
        for mode in (b"\x1b[?2004l", b"\x1b[?1004l", b"\x1b[<u"):
            assert mode in t.raw, mode


@row("SIGTERM leaves the terminal as it was")
def _():
    with Project(BUILD, [text("x")]) as p:
        t = Terminal(p)
        t.wait("ready")
        t.end(signal.SIGTERM)
        assert b"\x1b[?2004l" in t.raw and t.raw.rstrip().endswith(b"\x1b[?25h"), t.raw[-60:]


@row("slash commands: help, status, completion, and a word that is none")
def _():
    with Project(BUILD, [text("x")]) as p, Terminal(p, 100, 40) as t:
        t.wait("ready")
        t.type("/help\r")
        t.wait("/permissions", where=t.whole)
        t.type("/sta\t")
        t.wait("› /status")
        t.type("\r")
        t.wait("project folder", where=t.whole)
        t.type("/nonsense\r")
        t.wait("no such command", where=t.whole)
        t.type("/quit\r")
        assert t.end() == 0


@row("Tab completes a path, @ too")
def _():
    with Project(BUILD, [text("x")]) as p, Terminal(p) as t:
        p.write("src/a_long_file_name.c", "x")
        t.wait("ready")
        t.type("look at @src/a_l\t")
        t.wait("@src/a_long_file_name.c")


@row("history: Up brings the last message back, Ctrl+R finds an older one")
def _():
    with Project(BUILD, [text("One."), text("Two.")]) as p, Terminal(p) as t:
        t.wait("ready")
        t.type("first message\r")
        t.wait("One.", where=t.whole)
        t.wait("ready")
        t.type("second message\r")
        t.wait("Two.", where=t.whole)
        t.wait("ready")
        t.type("\x1b[A")
        t.settle()
        assert t.composer() == ["› second message"], t.shown()
        t.type("\x15")
        t.type("\x12firs")
        t.settle()
        assert t.composer()[-1] == "› first message", t.shown()


@row("a large paste becomes a chip and is sent whole")
def _():
    with Project(BUILD, [text("Read.")]) as p, Terminal(p) as t:
        body = "".join(f"line {n} of it\r" for n in range(400))
        t.wait("ready")
        t.type("\x1b[200~" + body + "\x1b[201~")
        t.wait("[pasted 401 lines]")
        t.type("\r")
        t.wait("Read.", where=t.whole)
        assert "line 399 of it" in str(p.requests()[0])


@row("escape sequences of the model do not reach the terminal")
def _():
    with Project(BUILD, [text("before \x1b[2J\x1b]0;owned\x07 after")]) as p, Terminal(p) as t:
        t.wait("ready")
        t.type("go\r")
        t.wait("after", where=t.whole)
        assert b"\x1b]0;owned" not in t.raw and "\\u{1b}" in t.whole(), t.whole()


@row("10,000 streamed lines are all in the scrollback, in order, once")
def _():
    lines = "".join(f"- item number {n}\n" for n in range(10000))
    with Project(BUILD, [dict(text(lines + "\n\nThe end."), chunk=400)]) as p, Terminal(p) as t:
        t.wait("ready")
        t.type("go\r")
        t.wait("The end.", seconds=6 * TIMEOUT, where=lambda: "\n".join(t.shown()))
        t.settle()
        numbers = [int(line.rsplit(" ", 1)[1]) for line in t.whole().split("\n") if "item number" in line]
        assert numbers == list(range(10000)), (len(numbers), numbers[:5], numbers[-5:])


for columns, rows in ((80, 24), (120, 40), (40, 12)):
    @row(f"at {columns}x{rows} the composer, the status and a prompt are whole")
    def _(columns=columns, rows=rows):
        steps = [call("command_run", command="make a-target-with-a-rather-long-name VERBOSE=1"), text("No.")]
        with Project(BUILD, steps) as p, Terminal(p, columns, rows) as t:
            t.wait("ready")
            t.type("go\r")
            t.wait("Deny always")
            shown = "\n".join(t.shown())
            for words in ("make a-target", "1 Allow", "2 Allow always", "3 Deny", "4 Deny always"):
                assert words in shown, shown
            t.settle(0.6)
            t.type("3")
            t.wait("No.", where=t.whole)


@row("a resize redraws the live part and loses no line")
def _():
    with Project(BUILD, [text("A first answer."), text("A second one.")]) as p, Terminal(p, 100, 30) as t:
        t.wait("ready")
        t.type("one\r")
        t.wait("A first answer.", where=t.whole)
        t.wait("ready")
        for columns, rows in ((60, 20), (90, 25), (44, 14), (100, 30)):
            t.resize(columns, rows)
            t.settle(0.4)
        t.wait("ready")
        t.type("two\r")
        t.wait("A second one.", where=t.whole)
        t.wait("ready")


@row("NO_COLOR sends no colours")
def _():
    with Project(BUILD, [text("`code` and **bold**")]) as p, Terminal(p, env={"NO_COLOR": "1"}) as t:
        t.wait("ready")
        t.type("go\r")
        t.wait("bold", where=t.whole)
        assert not any(b"\x1b[0;%d" % c in t.raw for c in range(30, 38)), "a colour was sent"


@row("idle, it does not wake up")
def _():
    def switches(pid):
        for line in open(f"/proc/{pid}/status"):
            if line.startswith("voluntary_ctxt_switches"):
                return int(line.split()[1])

    with Project(BUILD, [text("x")]) as p, Terminal(p) as t:
        t.wait("ready")
        t.settle(0.5)
        before = switches(t.pid)
        t.settle(3)
        assert switches(t.pid) == before, switches(t.pid) - before


@row("what was sent is there in the next session too")
def _():
    with Project(BUILD, [text("One.")]) as p:
        with Terminal(p) as t:
            t.wait("ready")
            t.type("remember me\r")
            t.wait("One.", where=t.whole)
            t.wait("ready")
        with Terminal(p) as t:
            t.wait("ready")
            t.type("\x1b[A")
            t.wait("› remember me")


@row("a tool's output is folded; Ctrl+O shows it whole")
def _():
    p = Project(BUILD, [call("file_read", path="long.txt"), text("Read.")], rules='[capabilities.allow.read]\npaths = [{ path = ".", files = ["*"] }]\n')
    with p, Terminal(p) as t:
        p.write("long.txt", "".join(f"text of line {n}\n" for n in range(30)))
        t.wait("ready")
        t.type("go\r")
        t.wait("Read.", where=t.whole)
        assert "30 lines" in t.whole() and "text of line 7" not in t.whole(), t.whole()
        t.type("\x0f")
        t.wait("text of line 29", where=t.whole)


@row("a light terminal gets colours for light ones, a dark one those for dark")
def _():
    for answer, colour in ((b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\", b"38;5;30m"), (b"\x1b]11;rgb:1000/1000/1000\x1b\\", b"38;5;80m")):
        with Project(BUILD, [text("Answered.")]) as p, Terminal(p) as t:
            t.wait("ready")
            t.type(answer)
            t.settle()
            t.raw = b""
            t.type("hello\r")
            t.wait("Answered.", where=t.whole)
            assert colour in t.raw, (answer, t.raw[-400:])


@row("the end of a turn is told to a person who looks elsewhere, and only then")
def _():
    with Project(BUILD, [text("One."), text("Two.")]) as p, Terminal(p) as t:
        t.wait("ready")
        t.type("a\r")
        t.wait("One.", where=t.whole)
        t.wait("ready")
        assert b"\x1b]9;" not in t.raw
        t.type("b\r\x1b[O")
        t.wait("Two.", where=t.whole)
        t.wait("ready")
        assert b"\x1b]9;seal: is ready" in t.raw and b"\a" in t.raw


@row("a daemon that goes away is started again; the session goes on")
def _():
    with Project(BUILD, [text("One."), text("Two.")]) as p, Terminal(p) as t:
        t.wait("ready")
        t.type("a\r")
        t.wait("One.", where=t.whole)
        t.wait("ready")
        p.seal("daemon", "stop")
        t.wait("went away", where=t.whole)
        t.wait("ready")
        t.type("b\r")
        t.wait("Two.", where=t.whole)


@row("/resume lists the sessions and brings one back with its history")
def _():
    with Project(BUILD, [text("One."), text("Two.")]) as p:
        with Terminal(p) as t:
            t.wait("ready")
            t.type("first question\r")
            t.wait("One.", where=t.whole)
            t.wait("ready")
        with Terminal(p) as t:
            t.wait("ready")
            t.type("/resume\r")
            t.wait("first question")
            t.type("\r")
            t.wait("One.", where=t.whole)


@row("a file of .seal/commands is a command")
def _():
    with Project(BUILD, [text("Done.")]) as p, Terminal(p) as t:
        p.write(".seal/commands/review.md", "# Review a file\n\nRead $ARGUMENTS and say what is wrong.\n")
        t.wait("ready")
        t.type("/rev")
        t.wait("Review a file")
        t.type("\t src/a.c\r")
        t.wait("Done.", where=t.whole)
        assert "Read src/a.c and say" in str(p.requests()[0])


@row("the alternate screen scrolls by itself and leaves the terminal's own as it was")
def _():
    lines = "".join(f"- item number {n}\n" for n in range(100))
    with Project(BUILD, [text(lines)]) as p:
        t = Terminal(p, arguments=["--alternate-screen"])
        t.wait("ready")
        t.type("go\r")
        t.wait("item number 99")
        t.wait("ready")
        for _ in range(12):
            t.type("\x1b[5~")
        t.wait("item number 0")
        for _ in range(12):
            t.type("\x1b[6~")
        t.wait("item number 99")
        t.type("\x04")
        assert t.end() == 0 and b"\x1b[?1049l" in t.raw


@row("--plain never moves the cursor; a question is answered by its number")
def _():
    steps = [call("file_write", path="new.txt", text="fresh\n"), text("Written.")]
    with Project(BUILD, steps) as p:
        t = Terminal(p, arguments=["--plain"])
        t.wait("you:")
        t.type("write\r")
        t.wait("Answer with a number:")
        t.type("1\r")
        t.wait("Written.")
        assert p.read("new.txt") == "fresh\n"
        t.wait("you:")
        t.type("\x04")
        assert t.end() == 0
        assert b"\x1b[" not in t.raw, t.raw


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
            t.wait("y", where=lambda: t.whole().rsplit("3 of 4", 1)[-1] if "3 of 4" in t.whole() else "")
            t.settle(1)
            t.type("y\r")
            t.wait("Hello from here.", where=t.whole)
            t.wait("Start with `seal`", where=t.whole)
            assert t.end() == 0
            assert 'base_url = "%s"' % url in p.read("seal.toml"), p.read("seal.toml")
            assert '"make:*"' in p.read("seal.toml")
    finally:
        server.shutdown()
        server.server_close()


row.main()
