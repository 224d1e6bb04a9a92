#!/usr/bin/env python3
"""Every slash command, in real sessions.   test_slash.py BUILD [ROW]"""
import sys

from terminal import Terminal
from project import Project, Rows, text

BUILD = sys.argv[1]
row = Rows()


@row("/help names every command and key")
def _():
    with Project(BUILD) as p, Terminal(p, 100, 60) as t:
        t.idle()
        t.type("/help\r")
        t.wait("Ctrl+C twice", where=t.whole)
        for command in ("/clear", "/resume", "/compact", "/tasks", "/status", "/cost", "/permissions", "/audit", "/doctor", "/theme", "/restart", "/quit"):
            assert command in t.whole(), command


@row("a word that is no command is said, a path is a message")
def _():
    with Project(BUILD, [text("Seen.")]) as p, Terminal(p, 100, 40) as t:
        t.idle()
        t.type("/nonsense\r")
        t.wait("no such command", where=t.whole)
        t.type("/etc/hosts is a file\r")
        t.wait("Seen.", where=t.whole)


@row("/status and /quit")
def _():
    with Project(BUILD) as p, Terminal(p, 100, 40) as t:
        t.idle()
        t.type("/status\r")
        t.wait("project folder", where=t.whole)
        t.type("/quit\r")
        assert t.end() == 0


@row("/resume lists the sessions and brings one back with its history")
def _():
    with Project(BUILD, [text("One."), text("Two.")]) as p:
        with Terminal(p) as t:
            t.idle()
            t.type("first question\r")
            t.wait("One.", where=t.whole)
            t.idle()
        with Terminal(p) as t:
            t.idle()
            t.type("/resume\r")
            t.wait("first question")
            t.type("\r")
            t.wait("One.", where=t.whole)


@row("a file of .seal/commands is a command")
def _():
    with Project(BUILD, [text("Done.")]) as p, Terminal(p) as t:
        p.write(".seal/commands/review.md", "# Review a file\n\nRead $ARGUMENTS and say what is wrong.\n")
        t.idle()
        t.type("/rev")
        t.wait("Review a file")
        t.type("\t src/a.c\r")
        t.wait("Done.", where=t.whole)
        assert "Read src/a.c and say" in str(p.requests()[0])


row.main()
