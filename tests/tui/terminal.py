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
from project import Rows  # noqa: E402

SLOW = float(os.environ.get("SEAL_TEST_SLOW", "1"))
TIMEOUT = 40 * SLOW  # of one wait, however busy the machine is
# A file of rows ends by itself before its limit in meson.build, so that what was
# waited for is said: behind this a wait takes a second, and no row begins.
Rows.deadline = time.monotonic() + 240 * SLOW


def patience(seconds):
    return max(1.0, min(seconds, Rows.deadline - time.monotonic()))


class Terminal:
    """A pty of COLUMNS x ROWS with `seal` on it."""

    def __init__(self, project, columns=80, rows=24, arguments=(), env=None, command="chat", program=None):
        self.columns, self.rows = columns, rows
        self.screen = pyte.HistoryScreen(columns, rows, history=200000, ratio=0.5)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(project.root)
            program = program or [project.seal_path, command, *arguments]
            os.execvpe(program[0], program, dict(project.env, **(env or {})))
        self.resize(columns, rows, tell=False)

    def resize(self, columns, rows, tell=True):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if tell:
            self.screen.resize(rows, columns)
            self.columns, self.rows = columns, rows

    def pump(self, seconds):
        end = time.monotonic() + patience(seconds)
        while True:
            left = end - time.monotonic()
            ready = left > 0 and select.select([self.fd], [], [], left)[0]
            if not ready:
                return
            if not self.take() or (self.wanted and self.wanted()):
                return

    def take(self):
        """What is there to read; False at the end."""
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:
            data = b""
        self.closed = not data
        self.raw += data
        self.stream.feed(data)
        return bool(data)

    wanted = None
    ended = closed = False

    def fail(self, what, began):
        how = "the program has ended" if self.closed else f"waited {time.monotonic() - began:.0f} s"
        raise AssertionError(f"{what} ({how}); the screen is\n" + "\n".join(line for line in self.shown() if line))

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
        self.until(lambda: words in where(), f"{words!r} did not come", seconds)

    def until(self, ready, what, seconds=TIMEOUT):
        """Reads until `ready()`; `what` is said when it is not."""
        began = time.monotonic()
        self.wanted = ready
        if not ready():
            self.pump(seconds)
        self.wanted = None
        if not ready():
            self.fail(what, began)

    def composed(self, *lines):
        """The composer holds these lines."""
        self.until(lambda: self.is_composed(lines), f"the composer holds {lines}")

    def is_composed(self, lines):
        try:
            return self.composer() == list(lines)
        except IndexError:  # half a frame
            return False

    def idle(self):
        self.wait(" ready ")

    def answer(self, key):
        """To a permission prompt, once it takes answers."""
        self.wait("1-4 or")
        self.type(key)

    def type(self, keys):
        """However much: what the program says meanwhile is read, so that neither waits for the other."""
        data = keys.encode() if isinstance(keys, str) else keys
        began = time.monotonic()
        os.set_blocking(self.fd, False)
        while data:
            ready = select.select([self.fd], [self.fd], [], patience(TIMEOUT))
            if not ready[1] and (not ready[0] or not self.take()):
                self.fail(f"{data[:20]!r} could not be typed", began)
            if ready[1]:
                data = data[os.write(self.fd, data[:65536]) :]
        os.set_blocking(self.fd, True)

    def paste(self, text):
        self.type(b"\x1b[200~" + text.encode() + b"\x1b[201~")

    def end(self, number=None):
        """Ends it; gives the exit code (negative: signal)."""
        if number:
            os.kill(self.pid, number)
        self.pump(TIMEOUT)  # to the end of what it writes: the pty closes with it
        self.ended = True
        pidfd = os.pidfd_open(self.pid)
        if not select.select([pidfd], [], [], patience(TIMEOUT))[0]:
            os.kill(self.pid, signal.SIGKILL)
        os.close(pidfd)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.ended:
            self.end(signal.SIGTERM)
