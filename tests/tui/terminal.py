"""`seal chat` on a pty, its screen kept by a real emulator (pyte)."""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

import pyte

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run"))
TIMEOUT = 15 * float(os.environ.get("SEAL_TEST_SLOW", "1"))


class Terminal:
    """A pty of COLUMNS x ROWS with `seal` on it."""

    def __init__(self, project, columns=80, rows=24, arguments=(), env=None, command="chat"):
        self.columns, self.rows = columns, rows
        self.screen = pyte.HistoryScreen(columns, rows, history=200000, ratio=0.5)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(project.root)
            os.execve(project.seal_path, [project.seal_path, command, *arguments], dict(project.env, **(env or {})))
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

    def composer(self):
        """The lines between the last two rules."""
        shown = self.shown()
        rules = [y for y, line in enumerate(shown) if line and not line.strip("─")]
        return shown[rules[-2] + 1 : rules[-1]]

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
