"""An agent's interactive screen, on a pty, rendered; timed as a person would notice it."""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import pyte
from measure import AS_NOBODY, median, others, pss_mb, switches

COLUMNS, LINES = 120, 40
# What a terminal answers, so that no agent waits for it.
ANSWERS = [(rb"\x1b\[\?6n|\x1b\[6n", lambda t, m: b"\x1b[%d;%dR" % (t.screen.cursor.y + 1, t.screen.cursor.x + 1)),
           (rb"\x1b\[5n", lambda t, m: b"\x1b[0n"), (rb"\x1b\[0?c", lambda t, m: b"\x1b[?62;22c"), (rb"\x1b\[>0?c", lambda t, m: b"\x1b[>41;354;0c"),
           (rb"\x1b\[\?u", lambda t, m: b"\x1b[?0u"), (rb"\x1b\[>0?q", lambda t, m: b"\x1bP>|xterm(1)\x1b\\"),
           (rb"\x1b\]1([012]);\?(?:\x07|\x1b\\)", lambda t, m: b"\x1b]1" + m[1] + b";rgb:1010/1010/1010\x1b\\"),
           (rb"\x1b\[\?(\d+)\$p", lambda t, m: b"\x1b[?" + m[1] + b";0$y")]
# Sequences that the emulator does not know.
UNKNOWN = re.compile(rb"\x1b\[[<>=][0-9;:]*[ -/]*[@-~]|\x1b\[\?[0-9;]*(?:\$p|u|n|c|[srm])|\x1b\[[0-9;]*[ !\"$'*]+[@-~]"
                     rb"|\x1b[PX^_].*?\x1b\\|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-9]*;[0-9;]*t|\x1b\[1[0-9]t", re.S)
COLOURS = re.compile(rb"\x1b\[([0-9;:]*:[0-9;:]*)m")


class Screen(pyte.Screen):
    def select_graphic_rendition(self, *attributes, private=False):
        """With a mark before its numbers it is another sequence, which colours nothing."""
        if not private:
            super().select_graphic_rendition(*attributes)


class Terminal:
    def __init__(self, argv, env, cwd):
        self.screen = Screen(COLUMNS, LINES)
        self.stream = pyte.ByteStream(self.screen)
        self.fd, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        modes = termios.tcgetattr(slave)
        modes[3] &= ~termios.ECHO  # no echo by the kernel is taken for the agent's
        termios.tcsetattr(slave, termios.TCSANOW, modes)
        os.fchown(slave, 65534 if AS_NOBODY else os.geteuid(), -1)
        self.started = time.perf_counter()
        self.process = subprocess.Popen(["setsid", "--ctty", *AS_NOBODY, *argv], env=env, cwd=cwd, stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)

    def pump(self, seconds):
        """When something came, else None."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return None
        try:
            data = os.read(self.fd, 1 << 18)
        except OSError:
            return None
        at = time.perf_counter()
        for pattern, answer in ANSWERS:
            for found in re.finditer(pattern, data):
                os.write(self.fd, answer(self, found))
        data = COLOURS.sub(lambda m: b"\x1b[" + m[1].replace(b":", b";") + b"m", UNKNOWN.sub(b"", data))
        self.stream.feed(data)
        return at

    def text(self):
        return "\n".join(self.screen.display)

    def until(self, test, seconds):
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            at = self.pump(0.05)
            if at and test(self.text()):
                return at
        return None

    def settle(self, quiet, limit):
        end = time.perf_counter() + limit
        while time.perf_counter() < end and self.pump(quiet):
            pass

    def key(self, letter):
        before = self.text().count(letter)
        start = time.perf_counter()
        os.write(self.fd, letter.encode())
        at = self.until(lambda text: text.count(letter) > before, 2)
        self.settle(0.1, 1)
        return (at - start) * 1000 if at else None

    def close(self, pids):
        for pid in pids | {self.process.pid}:
            try:
                os.kill(pid, 9)
            except OSError:
                pass
        self.process.wait()
        os.close(self.fd)


def look(agent, script, keys, idle):
    """{prompt, key, pss, wakeups}; what could not be seen is None, with the screen as it was."""
    home = agent.home
    stays = others(home)
    terminal = Terminal(agent.tui(script), agent.env(script), agent.folder(script))
    try:
        at = terminal.until(lambda text: re.search(agent.prompt, text), 30)
        row = {"prompt": (at - terminal.started) * 1000 if at else None}
        if not at:
            return row | {"screen": terminal.text()}
        if keys:
            terminal.settle(1, 8)
            row["key"] = median([terminal.key("QXJ"[i % 3]) for i in range(keys)])
        if idle:
            terminal.settle(2, 10)
            pids = others(home, terminal.process.pid)
            row["pss"], before = pss_mb(pids), switches(pids)
            end = time.monotonic() + idle
            while time.monotonic() < end:
                terminal.pump(0.2)
            row["wakeups"] = max(0, switches(pids) - before) / idle
        return row
    finally:
        terminal.close(others(home, terminal.process.pid) - stays)
