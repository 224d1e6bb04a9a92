#!/usr/bin/env python3
"""`seal` in a terminal: the real program on a pty, its screen kept by a real emulator (pyte), a
scripted model server behind it.   test_app.py BUILD [ROW]"""
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run"))
import pyte
from project import Project, Rows, call, text

BUILD = sys.argv[1]
row = Rows()
WRITE = '[capabilities.allow.read]\npaths = [{ path = "src/**", files = ["*"] }]\n'
TIMEOUT = 15 * float(os.environ.get("SEAL_TEST_SLOW", "1"))


class Terminal:
    """A pty of COLUMNS x ROWS with `seal` on it."""

    def __init__(self, project, columns=80, rows=24, arguments=(), env=None):
        self.columns, self.rows = columns, rows
        self.screen = pyte.HistoryScreen(columns, rows, history=200000, ratio=0.5)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(project.root)
            os.execve(project.seal_path, [project.seal_path, "chat", *arguments], dict(project.env, **(env or {})))
        self.resize(columns, rows, tell=False)

    def resize(self, columns, rows, tell=True):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if tell:
            self.screen.resize(rows, columns)
            self.columns, self.rows = columns, rows

    def pump(self, seconds):
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            ready = left > 0 and select.select([self.fd], [], [], left)[0]
            if not ready:
                return
            try:
                data = os.read(self.fd, 1 << 16)
            except OSError:
                return
            if not data:
                return
            self.raw += data
            self.stream.feed(data)
            if self.wanted and self.wanted():
                return

    wanted = None

    def shown(self):
        return [self.screen.display[y].rstrip() for y in range(self.rows)]

    def history(self):
        return ["".join(row[x].data for x in range(self.columns)).rstrip() for row in self.screen.history.top]

    def whole(self):
        return "\n".join(self.history() + self.shown())

    def wait(self, words, seconds=TIMEOUT, where=None):
        where = where or (lambda: "\n".join(self.shown()))
        self.wanted = lambda: words in where()
        if not self.wanted():
            self.pump(seconds)
        self.wanted = None
        if words not in where():
            raise AssertionError(f"{words!r} did not come; the screen is\n" + "\n".join(self.shown()))

    def settle(self, seconds=0.3):
        self.pump(seconds)

    def type(self, keys):
        os.write(self.fd, keys.encode() if isinstance(keys, str) else keys)

    def end(self, number=None):
        """Ends it; gives the exit code (negative: signal)."""
        if number:
            os.kill(self.pid, number)
        code = None
        for _ in range(int(TIMEOUT * 20)):
            self.pump(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                break
        else:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.kill(self.pid, 0)
            self.type("\x03\x03")
            self.end()
        except OSError:
            pass


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
        assert not any("some text" in line for line in t.shown()[-6:]), t.shown()
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
        assert any(line == "› second message" for line in t.shown()[-6:]), t.shown()
        t.type("\x15")
        t.type("\x12firs")
        t.settle()
        assert any(line == "› first message" for line in t.shown()[-6:]), t.shown()


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


row.main()
