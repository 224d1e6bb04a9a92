"""`seal chat` in a real tmux, followed through its control mode: each piece of output is an event."""
import os
import select
import subprocess
import tempfile
import time

from terminal import TIMEOUT, patience


class Tmux:
    def __init__(self, project, columns=80, rows=24, arguments=(), env=None):
        folder = tempfile.mkdtemp(prefix="t-", dir=project.top)
        self.socket, self.settings = os.path.join(folder, "s"), os.path.join(folder, "settings")
        with open(self.settings, "w") as out:
            out.write("set -g history-limit 50000\nset -g status off\n")
        self.environment = dict(project.env, LC_ALL="C.UTF-8", TERM="tmux-256color", **(env or {}))
        self.run("new-session", "-d", "-x", str(columns), "-y", str(rows), "-c", project.root,
                 "env", "TERM=tmux-256color", project.seal_path, "chat", *arguments)
        self.control = subprocess.Popen([*self.tmux(), "-C", "attach-session", "-f", "ignore-size"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self.environment)
        os.set_blocking(self.control.stdout.fileno(), False)

    def tmux(self):
        return ["tmux", "-S", self.socket, "-f", self.settings]

    def run(self, *arguments):
        return subprocess.run([*self.tmux(), *arguments], capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, env=self.environment).stdout

    def resize(self, columns, rows):
        self.run("resize-window", "-x", str(columns), "-y", str(rows))

    def shown(self, *more):
        return [line.rstrip() for line in self.run("capture-pane", "-p", *more).split("\n")]

    def whole(self):
        return "\n".join(self.shown("-S", "-"))

    def until(self, ready, what):
        end = time.monotonic() + patience(TIMEOUT)
        while not ready():
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.control.stdout], [], [], left)[0] or not self.control.stdout.read():
                raise AssertionError(f"{what}; the screen is\n" + "\n".join(line for line in self.shown() if line))

    def wait(self, words):
        self.until(lambda: words in "\n".join(self.shown()), f"{words!r} did not come")

    def type(self, words):
        self.run("send-keys", "-l", words)

    def key(self, *names):
        self.run("send-keys", *names)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.run("kill-server")
        self.control.stdin.close()
        self.control.wait(10)
        self.control.stdout.close()
