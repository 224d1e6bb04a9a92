#!/usr/bin/env python3
"""The permission question of `seal run` on a terminal: what it shows, what keys do, what is written.
test_prompt.py BUILD [only rows with these words]"""
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "run"))
from project import Project, Rows, call, text  # noqa: E402

BUILD = sys.argv[1]
row = Rows()
RUN = call("command_run", command="ls -a src")


class Terminal:
    """`seal run` with a terminal as its standard input, output and error."""

    def __init__(self, project, *arguments):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        self.modes = termios.tcgetattr(slave)
        self.slave = slave
        self.process = subprocess.Popen([project.seal_path, "run", *arguments], cwd=project.root, env=project.env, stdin=slave,
                                        stdout=slave, stderr=slave, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.screen = ""

    def until(self, words):
        end = time.monotonic() + 30
        while words not in self.screen:
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"{words!r} did not come:\n{self.screen}")
            self.screen += os.read(self.master, 65536).decode(errors="replace")

    def type(self, keys):
        self.screen = ""
        os.write(self.master, keys.encode())

    def end(self):
        """The exit code; the terminal is as it was."""
        while True:
            ready, _, _ = select.select([self.master], [], [], 0.05)
            if ready:
                self.screen += os.read(self.master, 65536).decode(errors="replace")
            elif self.process.poll() is not None:
                break
        now = termios.tcgetattr(self.slave)
        assert now[3] == self.modes[3], "the terminal was left changed"
        os.close(self.master), os.close(self.slave)
        return self.process.returncode


def asked(p, *arguments):
    terminal = Terminal(p, *arguments, "go")
    terminal.until("left: broader")
    return terminal


@row("the question shows the whole command, the folder, the reason and the line")
def _():
    long = "ls -a " + " ".join(f"directory-number-{n}" for n in range(40))
    with Project(BUILD, [call("command_run", command=long), text("Done.")]) as p:
        terminal = asked(p)
        shown = terminal.screen.replace("\r", "").replace("\n", "")
        assert long in shown, terminal.screen
        assert os.path.realpath(p.root) in shown and "because" in shown and "[capabilities.allow.commands]" in shown, terminal.screen
        terminal.type("3")
        assert terminal.end() == 3


@row("1 allows this call and writes the rule with prompt = true")
def _():
    with Project(BUILD, [RUN, text("Done.")]) as p:
        os.makedirs(os.path.join(p.root, "src"))
        terminal = asked(p)
        terminal.type("1")
        assert terminal.end() == 0, terminal.screen
        assert "prompt = true" in p.read("seal.toml"), p.read("seal.toml")


@row("2 writes the recommended rule, signed, and the same call is silent")
def _():
    with Project(BUILD, [RUN, RUN, text("Done.")]) as p:
        os.makedirs(os.path.join(p.root, "src"))
        terminal = asked(p)
        terminal.type("2")
        assert terminal.end() == 0, terminal.screen
        assert "seal asks" not in terminal.screen
        assert "prompt = true" not in p.read("seal.toml") and "patterns" in p.read("seal.toml"), p.read("seal.toml")


@row("3 refuses and writes nothing")
def _():
    with Project(BUILD, [RUN, text("Done.")]) as p:
        before = p.read("seal.toml")
        terminal = asked(p)
        terminal.type("3")
        assert terminal.end() == 3
        assert p.read("seal.toml") == before


@row("4 writes a deny rule, and the next such call is refused silently")
def _():
    with Project(BUILD, [RUN, RUN, text("Done.")]) as p:
        terminal = asked(p)
        terminal.type("4")
        assert terminal.end() == 3
        assert "seal asks" not in terminal.screen
        assert "[capabilities.deny.commands]" in p.read("seal.toml"), p.read("seal.toml")


@row("left and right move along the scale, tab comes back, and what is shown is written")
def _():
    with Project(BUILD, [RUN, text("Done.")]) as p:
        os.makedirs(os.path.join(p.root, "src"))
        terminal = asked(p)
        shown = []
        for key in ("\x1b[D\x1b[D\x1b[D\x1b[D", "\x1b[F", "\t", "\x1b[F"):
            terminal.type(key)
            terminal.until("left: broader")
            time_out = time.monotonic() + 0.3
            while time.monotonic() < time_out:  # several keys paint several times
                if select.select([terminal.master], [], [], 0.05)[0]:
                    terminal.screen += os.read(terminal.master, 65536).decode(errors="replace")
            shown.append([line for line in terminal.screen.split("\n") if "patterns" in line][-1])
        assert shown[1] == shown[3] != shown[0], shown
        assert '"ls -a src"' in shown[1], shown
        terminal.type("2")
        assert terminal.end() == 0
        assert '"ls -a src"' in p.read("seal.toml"), p.read("seal.toml")


@row("Ctrl+C at the question ends the turn with 130, and the terminal is as it was")
def _():
    with Project(BUILD, [RUN, text("Done.")]) as p:
        terminal = asked(p)
        terminal.type("\x03")
        assert terminal.end() == 130, terminal.screen


@row("no byte of a command is an order to the terminal")
def _():
    with Project(BUILD, [call("command_run", command="ls \x1b]0;owned\x07\x1b[2J\u202etxt"), text("Done.")]) as p:
        terminal = asked(p)
        assert "\x1b]0" not in terminal.screen and "\x1b[2J" not in terminal.screen and "\u202e" not in terminal.screen, repr(terminal.screen)
        terminal.type("3")
        terminal.end()


@row("--prompts deny asks nobody even on a terminal")
def _():
    with Project(BUILD, [RUN, text("Done.")]) as p:
        terminal = Terminal(p, "--prompts", "deny", "go")
        assert terminal.end() == 3
        assert "seal asks" not in terminal.screen


row.main()
