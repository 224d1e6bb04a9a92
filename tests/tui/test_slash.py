#!/usr/bin/env python3
"""Every slash command and what else a message can be, in real sessions.   test_slash.py BUILD [ROW]"""
import os
import re
import sys

from terminal import Terminal
from project import Project, Rows, call, text

BUILD = sys.argv[1]
HERE = os.path.dirname(os.path.abspath(__file__))
row = Rows()
COMMANDS = re.findall(r'^SLASH\("(/[a-z]+)"', open(os.path.join(HERE, "../../seal-cli/tui/app/slash/slash.def")).read(), re.M)
KEYS = re.findall(r'^KEY\(\w+, "([^"]+)"', open(os.path.join(HERE, "../../seal-cli/tui/keys.def")).read(), re.M)
READ = '[capabilities.allow.read]\npaths = [{ path = ".", files = ["*"] }]\n'


class Session:
    """A project and a terminal on it that is ready."""

    def __init__(self, *steps, size=(100, 40), **how):
        self.project = Project(BUILD, steps, **how)
        self.terminal = Terminal(self.project, *size)

    def __enter__(self):
        self.terminal.idle()
        return self.project, self.terminal

    def __exit__(self, *_):
        self.terminal.__exit__()
        self.project.close()


def turn(t, words, answer):
    t.type(words + "\r")
    t.wait(answer, where=t.whole)
    t.idle()


@row("/help names every command and key")
def _():
    with Session(size=(120, 60)) as (p, t):
        t.type("/help\r")
        t.wait("!command", where=t.whole)
        for command in COMMANDS:
            assert command in t.whole(), command
        t.type("/help keys\r")
        t.wait("in a question:", where=t.whole)
        for keys in KEYS:
            assert keys in t.whole(), keys


@row("every command has a row of its own here")
def _():
    names = " ".join(name for name, _ in row.rows)
    assert len(COMMANDS) >= 19
    for command in COMMANDS:
        assert command + " " in names + " " or command + "," in names, command


@row("a word that is no command is said, a path is a message")
def _():
    with Session(text("Seen.")) as (p, t):
        t.type("/nonsense\r")
        t.wait("no such command", where=t.whole)
        turn(t, "/etc/hosts is a file", "Seen.")


@row("/model takes another of the same provider, chosen or named; seal.toml says so, signed; the next turn uses it")
def _():
    with Session(text("One."), text("Two.")) as (p, t):
        t.type("/model\r")
        t.wait("claude-opus-5  (now)")
        t.wait("claude-sonnet-5")
        t.type("\x1b[27u")
        t.composed("›")
        t.type("/model claude-sonnet-5\r")
        t.wait('model.name is "claude-sonnet-5"', where=t.whole)
        turn(t, "hello", "One.")
        assert 'name = "claude-sonnet-5"' in p.read("seal.toml") and p.seal("manifest", "verify").returncode == 0
        assert "claude-sonnet-5" in str(p.requests()[0]), p.requests()[0]


@row("/effort sets how hard the model tries, from a list or by name")
def _():
    with Session(text("One.")) as (p, t):
        t.type("/effort\r")
        t.wait("medium")
        t.type("\x1b[B\r")
        t.wait('model.effort is "medium"', where=t.whole)
        turn(t, "hello", "One.")
        assert 'effort = "medium"' in p.read("seal.toml") and "medium" in str(p.requests()[0]), p.requests()[0]


@row("/compact lets the model sum up")
def _():
    with Session(text("One."), text("A summary of it all."), text("Two.")) as (p, t):
        turn(t, "hello", "One.")
        turn(t, "/compact", "/compact")
        turn(t, "on", "Two.")
        assert "A summary of it all." in str(p.requests()[-1]), p.requests()[-1]


@row("/clear starts a new session, /resume lists the old one and brings it back with its history")
def _():
    with Session(text("One."), text("Two.")) as (p, t):
        turn(t, "first question", "One.")
        t.type("/clear\r")
        t.wait("a new session", where=t.whole)
        t.idle()
        turn(t, "second question", "Two.")
        assert "first question" not in str(p.requests()[1]), p.requests()[1]
        t.type("/resume\r")
        t.wait("  first question")
        t.type("\r")
        t.until(lambda: t.whole().count("One.") == 2, "its history is told")


@row("/fork goes on from a call of this session, in a new one")
def _():
    with Session(call("file_read", path="a.txt"), text("One."), text("Another way."), rules=READ) as (p, t):
        p.write("a.txt", "words\n")
        turn(t, "read it", "One.")
        t.type("/fork\r")
        t.wait("from which call", where=t.whole)
        t.type("/audit show\r")
        t.wait("read", where=t.whole)
        latest = p.seal("audit", "show", "latest", "--json")
        records = [int(n) for n in re.findall(r'"seq": ?(\d+)[^\n]*"llm.chat"|"call": ?"llm.chat"[^\n]*"seq": ?(\d+)', latest.stdout) for n in n if n]
        t.type(f"/fork {records[-1]}\r")
        t.wait("Another way.", where=t.whole)
        t.idle()


@row("/undo and /diff show and take back what a command changed in an overlay")
def _():
    rules = READ + '[capabilities.allow.write]\npaths = [{ path = ".", files = ["*"] }]\n[capabilities.allow.commands]\npatterns = ["touch:*"]\n[sandbox.os]\nworkspace = "overlay"\n'
    with Session(call("command_run", command="touch made.txt"), text("Made."), rules=rules) as (p, t):
        turn(t, "make it", "Made.")
        if not os.path.exists(os.path.join(p.root, "made.txt")):
            return "no overlays here"
        t.type("/diff\r")
        t.wait("made.txt", where=lambda: t.whole().rsplit("Made.", 1)[-1])
        t.type("/undo\r")
        t.until(lambda: not os.path.exists(os.path.join(p.root, "made.txt")), "it is taken back")


@row("/audit verifies the log, and shows its calls")
def _():
    with Session(text("One.")) as (p, t):
        turn(t, "hello", "One.")
        t.type("/audit\r")
        t.wait("log verified", where=t.whole)
        t.type("/audit show\r")
        t.wait("chat", where=t.whole)


@row("/tasks shows the agent's task list")
def _():
    with Session() as (p, t):
        t.type("/tasks\r")
        t.wait("no tasks", where=t.whole)


@row("/permissions says what seal.toml grants")
def _():
    with Session(rules=READ) as (p, t):
        t.type("/permissions\r")
        t.wait("seal.toml is yours to edit", where=t.whole)
        assert "ead" in t.whole()


@row("/cost and /status say where the session stands")
def _():
    with Session(text("One.")) as (p, t):
        t.type("/cost\r")
        t.wait("no price", where=t.whole)
        turn(t, "hello", "One.")
        t.type("/cost\r")
        t.wait("so far", where=t.whole)
        t.type("/status\r")
        t.wait("project folder", where=t.whole)


@row("/restart starts the daemon again, the session goes on")
def _():
    with Session(text("One."), text("Two.")) as (p, t):
        turn(t, "a", "One.")
        t.type("/restart\r")
        t.wait("went away", where=t.whole)
        t.idle()
        turn(t, "b", "Two.")


@row("/theme takes other colours")
def _():
    with Session(text("One.")) as (p, t):
        t.type("/theme light\r")
        t.composed("›")
        t.raw = b""
        turn(t, "hello", "One.")
        assert b"38;5;30m" in t.raw
        t.type("/theme nothing\r")
        t.wait("/theme dark, light, 16 or mono", where=t.whole)


@row("/export writes the session as one page")
def _():
    with Session(text("One.")) as (p, t):
        turn(t, "hello", "One.")
        t.type("/export out.html\r")
        t.until(lambda: os.path.exists(os.path.join(p.root, "out.html")), "the page is there")
        t.type("/status\r")
        t.wait("project folder", where=t.whole)
        assert "<html" in p.read("out.html").lower()


@row("/doctor says what works on this machine")
def _():
    with Session() as (p, t):
        t.type("/doctor\r")
        t.wait("sandbox", where=lambda: t.whole().lower().rsplit("/doctor", 1)[-1])


@row("/quit leaves")
def _():
    with Session() as (p, t):
        t.type("/quit\r")
        assert t.end() == 0


@row("a file of .seal/commands is a command, completed and sent with its arguments")
def _():
    with Session(text("Done.")) as (p, t):
        p.write(".seal/commands/review.md", "# Review a file\n\nRead $ARGUMENTS and say what is wrong.\n")
        t.type("/rev")
        t.wait("Review a file")
        turn(t, "\t src/a.c", "Done.")
        assert "Read src/a.c and say" in str(p.requests()[0])


@row("!command runs by hand, asked about like the model's; the model is told with the next message")
def _():
    with Session(text("Seen.")) as (p, t):
        t.type("!expr 1 + 1\r")
        t.wait("Permission to run a command")
        t.answer("3")
        t.wait("✗ Run expr 1 + 1", where=t.whole)
        t.idle()
        assert not p.requests()
        t.type("!expr 40 + 2\r")
        t.answer("1")
        t.wait("42", where=t.whole)
        t.idle()
        assert not p.requests()
        turn(t, "what came of it?", "Seen.")
        assert "expr 40 + 2" in str(p.requests()[0]) and "42" in str(p.requests()[0]), p.requests()[0]


@row("@file and an image's path go along as links")
def _():
    with Session(text("Seen.")) as (p, t):
        p.write("src/a.c", "x")
        p.write("a shot.png", "x")
        turn(t, "look at @src/a.c and 'a shot.png' and @nothing", "Seen.")
        sent = str(p.requests()[0])
        assert "[src/a.c](file://" in sent and "[a shot.png](file://" in sent and "a%20shot.png" in sent and "[nothing]" not in sent, sent


row.main()
