#!/usr/bin/env python3
"""`seal` in a terminal: what is drawn, what stays in the scrollback, what becomes of the terminal.   test_app.py BUILD [ROW]"""
import os
import re
import signal
import sys
import unicodedata

from scene import Scene, question
from terminal import Terminal
from project import Project, Rows, call, text

BUILD = sys.argv[1]
row = Rows()
scene = Scene(BUILD)
MODES_OFF = (b"\x1b[?2004l", b"\x1b[?1004l", b"\x1b[<u", b"\x1b[>4;0m")


def saying(*words):
    def turn(client, _):
        for one in words:
            client.say(one)
    return turn


def is_restored(raw):
    return all(mode in raw for mode in MODES_OFF) and raw.rstrip().endswith(b"\x1b[?25h")


@row("it opens with a composer and a status line")
def _():
    with scene.terminal() as t:
        t.composed("›")
        status = next(line for line in t.shown() if "ready" in line)
        for words in ("claude-opus-5", "sandboxed", "01234567"):
            assert words in status, status


@row("a real session: what is typed is sent, the answer comes as Markdown and stays in the scrollback")
def _():
    with Project(BUILD, [text("# Title\n\nSome **bold** words and `code`.\n\n- one\n- two\n")]) as p, Terminal(p) as t:
        t.idle()
        t.type("hello there\r")
        t.wait("• two", where=t.whole)
        t.idle()
        assert "**" not in t.whole() and "Some bold words and code." in t.whole(), t.whole()


def width(text):
    return sum(2 if unicodedata.east_asian_width(c) == "W" else 1 for c in text)


@row("tables, code, wide letters and emoji stand in their columns")
def _():
    words = "| name | 数 |\n|---|---|\n| 日本 | 1 |\n| x | 22 |\n\n```c\nint main(void) { return 0; }\n```\n\n👍 done"
    with scene.terminal(turn=saying(words)) as t:
        t.type("go\r")
        t.wait("done", where=t.whole)
        t.idle()
        lines = [line for line in t.whole().split("\n") if "│" in line]
        bars = {tuple(width(line[: m.start()]) for m in re.finditer("│", line)) for line in lines}
        assert len(lines) == 3 and len(bars) == 1, lines
        assert "int main(void) { return 0; }" in t.whole()


@row("a link is one for the terminal (OSC 8), and only a harmless one")
def _():
    with scene.terminal(turn=saying("[here](https://example.org/a) and [there](javascript:alert(1))")) as t:
        t.type("go\r")
        t.wait("there", where=t.whole)
        t.idle()
        assert b"\x1b]8;;https://example.org/a" in t.raw and b"]8;;javascript" not in t.raw, t.raw[-500:]


@row("a thought is folded when it is over, whole after Ctrl+O")
def _():
    def turn(client, _):
        client.say("".join(f"thought {n}\n" for n in range(9)), kind="agent_thought_chunk")
        client.say("So it is.")

    with scene.terminal(turn=turn) as t:
        t.type("go\r")
        t.wait("So it is.", where=t.whole)
        t.idle()
        assert "thought 7" not in t.whole() and "(Ctrl+O)" in t.whole(), t.whole()
        t.type("\x0f")
        t.wait("thought 8", where=t.whole)


@row("a running command's output is shown as it comes")
def _():
    def turn(client, _):
        client.update("tool_call", toolCallId="c1", title="Run make", kind="execute", status="in_progress")
        for n in range(20):
            client.update("tool_call_update", toolCallId="c1", _meta={"seal": {"tail": True}},
                          content=[{"type": "content", "content": {"type": "text", "text": f"compiling {n}\n"}}])
        client.cancelled.wait(60)

    with scene.terminal(turn=turn) as t:
        t.type("go\r")
        t.wait("compiling 19")
        assert "○ Run make" in "\n".join(t.shown()), t.shown()
        t.type("\x1b[27u")
        t.wait("cancelled", where=t.whole)


@row("the task list stands above the composer")
def _():
    def turn(client, _):
        client.update("plan", entries=[{"content": "Read it", "status": "completed"}, {"content": "Mend it", "status": "in_progress"}])
        client.cancelled.wait(60)

    with scene.terminal(turn=turn) as t:
        t.type("go\r")
        t.wait("▸ Mend it")
        assert "☑ Read it" in "\n".join(t.shown())
        t.type("\x1b[27u")
        t.idle()


@row("context and cost are in the status line")
def _():
    def turn(client, _):
        client.update("usage_update", used=50000, size=200000, cost={"amount": 1.25, "currency": "USD"})
        client.say("Counted.")

    with scene.terminal(turn=turn) as t:
        t.type("go\r")
        t.wait("context 25%  $1.25")


@row("escape sequences of the model do not reach the terminal")
def _():
    with scene.terminal(turn=saying("before \x1b[2J\x1b]0;owned\x07 after")) as t:
        t.type("go\r")
        t.wait("after", where=t.whole)
        assert b"\x1b]0;owned" not in t.raw and "\\u{1b}" in t.whole(), t.whole()


@row("10,000 streamed lines are all in the scrollback, in order, once")
def _():
    pieces = ["".join(f"- item number {n}\n" for n in range(at, at + 20)) for at in range(0, 10000, 20)]
    with scene.terminal(turn=saying(*pieces, "\n\nThe end.")) as t:
        t.type("go\r")
        t.wait("The end.")
        t.idle()
        numbers = [int(line.rsplit(" ", 1)[1]) for line in t.whole().split("\n") if "item number" in line]
        assert numbers == list(range(10000)), (len(numbers), numbers[:5], numbers[-5:])
        assert b"\x1b[?2026h" in t.raw and b"\x1b[2J" not in t.raw


@row("a resize redraws the live part, the composer's text in it")
def _():
    with scene.terminal(100, 30, turn=saying("An answer of some words, long enough to be wrapped where it is narrow.")) as t:
        t.type("one\r")
        t.wait("it is narrow.", where=t.whole)
        t.idle()
        t.type("half a message")
        for columns, rows in ((60, 20), (90, 25), (44, 14), (100, 30)):
            t.resize(columns, rows)
            # The rule is as wide as the terminal when the new size was drawn.
            t.until(lambda: any(line == "─" * columns for line in t.shown()), "the new size is drawn")
            t.composed("› half a message")
        t.type("\r")
        t.until(lambda: len(scene.daemon.prompts) == 2, "it is sent")
        t.idle()
        assert t.whole().count("› half a message") == 1, t.whole()


@row("resizes and pastes at random moments of a stream leave a whole screen")
def _():
    pieces = [f"- line {n} of a stream with some words in it\n" for n in range(400)]

    def turn(client, _):
        for piece in pieces:
            client.say(piece)
        client.go.wait(60)
        client.say("\n\nThe end.")

    with scene.terminal(turn=turn) as t:
        t.type("go\r")
        for n, (columns, rows) in enumerate(((120, 40), (40, 12), (80, 24), (61, 33), (80, 24))):
            t.wait("line", where=t.whole)
            t.resize(columns, rows)
            t.type(f"\x1b[200~pasted {n} \x1b[201~")
            t.until(lambda: f"pasted {n}" in " ".join(t.shown()), "the paste is there")
        scene.daemon.clients[-1].go.set()
        t.wait("The end.")
        t.composed("› " + "".join(f"pasted {n} " for n in range(5)).rstrip())
        t.idle()
        assert "line 399" in t.whole()


@row("16 colours where the terminal has no more, none with NO_COLOR")
def _():
    colour = re.compile(rb"\x1b\[[0-9;]*\b(3[0-79]|38;5;\d+|9[0-7])m")
    for env, wanted in (({"NO_COLOR": "1"}, set()), ({"TERM": "xterm"}, {"16"}), ({}, {"256"})):
        with scene.terminal(env=env, turn=saying("`code` and **bold**, [a](https://example.org)")) as t:
            t.type("go\r")
            t.wait("bold", where=t.whole)
            t.idle()
            found = {"256" if b"38;5" in m else "16" for m in colour.findall(t.raw) if m != b"39"}
            assert found == wanted, (env, found)


@row("idle, it does not wake up")
def _():
    def switches(pid):
        for line in open(f"/proc/{pid}/status"):
            if line.startswith("voluntary_ctxt_switches"):
                return int(line.split()[1])

    with scene.terminal() as t:
        # Three seconds without one, of which the first that are given.
        for _ in range(10):
            before = switches(t.pid)
            t.pump(3)
            if switches(t.pid) == before:
                return
        raise AssertionError(f"{switches(t.pid) - before} in the last three seconds")


@row("a tool's output is folded; Ctrl+O shows it whole")
def _():
    p = Project(BUILD, [call("file_read", path="long.txt"), text("Read.")], rules='[capabilities.allow.read]\npaths = [{ path = ".", files = ["*"] }]\n')
    with p, Terminal(p) as t:
        p.write("long.txt", "".join(f"text of line {n}\n" for n in range(30)))
        t.idle()
        t.type("go\r")
        t.wait("Read.", where=t.whole)
        assert "30 lines" in t.whole() and "text of line 7" not in t.whole(), t.whole()
        t.type("\x0f")
        t.wait("text of line 29", where=t.whole)


@row("a light terminal gets colours for light ones, a dark one those for dark")
def _():
    for answer, colour in (("ffff", b"38;5;30m"), ("1000", b"38;5;80m")):
        with scene.terminal() as t:
            assert b"\x1b]11;?" in t.raw, "it asks for the background"
            t.type(f"\x1b]11;rgb:{answer}/{answer}/{answer}\x1b\\x")
            t.composed("› x")
            t.raw = b""
            t.type("\r")
            t.wait("Answered.", where=t.whole)
            t.idle()
            assert colour in t.raw, (answer, t.raw[-400:])


@row("a turn's end and a question are told to a person who looks elsewhere, and only then")
def _():
    def turn(client, words):
        client.go.clear()
        client.go.wait(60)
        if words == "ask":
            client.ask_all([question("git push")])

    def step(words, focus):
        t.type(words + "\r")
        t.wait("working")
        t.raw = b""
        t.type(focus + "x")
        t.composed("› x")
        t.type("\x7f")
        t.composed("›")
        scene.daemon.clients[-1].go.set()

    for env, osc in (({}, b"\x1b]9;seal: "), ({"VTE_VERSION": "7000"}, b"\x1b]777;notify;seal;")):
        with scene.terminal(turn=turn, env=env) as t:
            step("one", "")
            t.idle()
            assert b"\a" not in t.raw, t.raw
            step("two", "\x1b[O")
            t.idle()
            assert osc + b"is ready" in t.raw and b"\a" in t.raw, t.raw
            step("ask", "")
            t.answer("3")
            t.idle()
            assert osc + b"asks to run a command" in t.raw, t.raw
            step("four", "\x1b[I")
            t.idle()
            assert b"\a" not in t.raw, t.raw


@row("a daemon that goes away is started again; the session goes on")
def _():
    with Project(BUILD, [text("One."), text("Two.")]) as p, Terminal(p) as t:
        t.idle()
        t.type("a\r")
        t.wait("One.", where=t.whole)
        t.idle()
        p.seal("daemon", "stop")
        t.wait("went away", where=t.whole)
        t.idle()
        t.type("b\r")
        t.wait("Two.", where=t.whole)


@row("the alternate screen scrolls by itself with PgUp and PgDn, and leaves the terminal's own as it was")
def _():
    lines = "".join(f"- item number {n}\n" for n in range(100))
    with scene.terminal(arguments=["--alternate-screen"], turn=saying(lines)) as t:
        t.type("go\r")
        t.wait("item number 99")
        t.idle()
        t.type("\x1b[5~" * 12)
        t.wait("item number 0")
        t.type("\x1b[6~" * 12)
        t.wait("item number 99")
        t.type("\x04")
        assert t.end() == 0 and b"\x1b[?1049h" in t.raw and b"\x1b[?1049l" in t.raw


@row("the terminal is as it was after /quit, SIGTERM, SIGHUP, and a crash")
def _():
    for end in ("/quit\r", signal.SIGTERM, signal.SIGHUP, signal.SIGSEGV, signal.SIGABRT):
        t = scene.terminal()
        is_key = isinstance(end, str)
        if is_key:
            t.type(end)
        code = t.end(None if is_key else end)
        assert is_restored(t.raw), (end, t.raw[-80:])
        if end in (signal.SIGSEGV, signal.SIGABRT):
            assert code != 0, code  # a sanitizer turns the signal into a code of its own


@row("--plain never moves the cursor; a question is answered by its number")
def _():
    steps = [call("file_write", path="new.txt", text="fresh\n"), text("Written.")]
    with Project(BUILD, steps) as p, Terminal(p, arguments=["--plain"]) as t:
        t.wait("you:")
        t.type("write\r")
        t.wait("Answer with a number:")
        t.type("1\r")
        t.wait("Written.")
        assert p.read("new.txt") == "fresh\n"
        t.until(lambda: t.whole().count("you:") == 2, "the next message")
        t.type("\x04")
        assert t.end() == 0
        assert b"\x1b" not in t.raw, t.raw


try:
    row.main()
finally:
    scene.close()
