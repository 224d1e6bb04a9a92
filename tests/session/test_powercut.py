#!/usr/bin/env python3
"""Power cuts: what a disk is sure to have after each sync of a session is kept (shadow.c), and the session is resumed
from it.  Two disks: one that has what was synced and nothing else, and one that also has every later name and the log's
later lines, with files that were not synced empty behind their names, as file systems that write names first leave them.
test_powercut.py BUILD SHADOW.SO [only rows with these words]

SEAL_CUT_POINTS    how many cuts (24), evenly over the syncs; 0: each sync, on both disks"""
import json
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "run"))
from marks import Crash, wait_for  # noqa: E402
from project import Rows  # noqa: E402
from wire import HELLO, Client  # noqa: E402

BUILD = sys.argv[1]
SHADOW = os.path.abspath(sys.argv.pop(2))
POINTS = int(os.environ.get("SEAL_CUT_POINTS", "24"))
row = Rows()


class Disk:
    """What was kept of `of`, event by event."""

    def __init__(self, folder, of):
        self.folder, self.of = folder, of
        self.events = [(n, *open(os.path.join(folder, n)).read().rstrip("\n").split(" ", 2)) for n in sorted(os.listdir(folder)) if n.isdigit()]

    def bytes(self, number, ending):
        with open(os.path.join(self.folder, number + ending), "rb") as file:
            return file.read()

    def names(self, number, ending):
        return [line.split(" ", 2) for line in self.bytes(number, ending).decode().splitlines()]

    def image(self, at, later_names):
        """{path: bytes, or None for a folder} as of the sync `at`."""
        data, lists, top = {}, {}, None
        for number, key, kind, path in self.events[:at + 1]:
            if kind == "d":
                lists[key] = self.names(number, ".list")
                top = key if path == self.of else top
            else:
                data[key] = self.bytes(number, ".data")
        if later_names:
            number = self.events[at][0]
            now = {path: None if kind == "d" else data.get(key, b"") for key, kind, path in self.names(number, ".now")}
            return {path: self.bytes(number, ".log") if path.endswith("/events.jsonl") else content for path, content in now.items()}
        return self.below(top, "", data, lists)

    def below(self, key, prefix, data, lists):
        found = {}
        for child, kind, name in lists.get(key, []):
            found[prefix + name] = None if kind == "d" else data.get(child, b"")
            if kind == "d":
                found.update(self.below(child, prefix + name + "/", data, lists))
        return found


class Cut(Crash):
    def watch(self):
        """From here on each sync is kept; what the environment was."""
        kept, sessions = os.path.join(self.top, "shadow"), os.path.join(self.env["XDG_STATE_HOME"], "seal", "sessions")
        os.makedirs(kept)
        self.seal("daemon", "stop")
        preload = {"LD_PRELOAD": SHADOW, "SHADOW": kept, "SHADOW_OF": sessions, "SHADOW_WORLD": os.path.join(self.root, "marks")}
        if "ASAN_OPTIONS" in self.env:
            preload["ASAN_OPTIONS"] = self.env["ASAN_OPTIONS"] + ":verify_asan_link_order=0"
        plain, self.env = self.env, dict(self.env, **preload)
        return plain

    def record(self):
        """Two rounds.  How many syncs there were when a round was answered."""
        plain, answered = self.watch(), {}
        kept, sessions = self.env["SHADOW"], self.env["SHADOW_OF"]
        for name in ("first", "second"):
            process = self.round(name)
            said, errors = wait_for(process)
            assert process.returncode == 0, said + errors
            self.session = self.session or os.listdir(sessions)[0]
            answered[name] = len([n for n in os.listdir(kept) if n.isdigit()])
        self.seal("daemon", "stop")
        self.env = plain
        return Disk(kept, sessions), answered

    def restore(self, disk, at, later_names):
        self.seal("daemon", "stop")
        shutil.rmtree(disk.of)
        os.makedirs(disk.of, mode=0o700)
        for path, content in disk.image(at, later_names).items():
            whole = os.path.join(disk.of, path)
            if content is None:
                os.makedirs(whole, mode=0o700)
            else:
                with open(whole, "wb") as out:
                    out.write(content)
        with open(os.path.join(self.root, "marks"), "wb") as out:
            out.write(disk.bytes(disk.events[at][0], ".world"))


def go_on(p, disk, answered, at, later_names):
    """The session is there again, or nothing had been done in it."""
    where = f"sync {at + 1} of {len(disk.events)} ({disk.events[at][3].rsplit('/sessions', 1)[1]}), " + \
        ("later names too" if later_names else "what was synced")
    p.restore(disk, at, later_names)
    done_before = p.read("marks").split()
    name = f"cut{at}{'n' if later_names else 's'}"
    process = p.round(name)
    said, errors = wait_for(process)
    listed = p.seal("sessions", "list")
    assert listed.returncode == 0, f"{where}: {listed.stderr}"
    if process.returncode:
        assert not done_before and at + 1 < answered["first"], f"{where}: {said}{errors}"
        return "gone"
    assert f"Round {name} is done." in said, f"{where}: {said}{errors}"
    verified = p.seal("audit", "verify", p.session)
    assert verified.returncode == 0, f"{where}: {verified.stdout}{verified.stderr}"
    told = json.dumps(p.mind.requests[-1])
    for token in done_before:
        assert f'"call_{token.replace(".", "_")}"' in told, f"{where}: the model does not know of {token}"
    for round, events in answered.items():
        assert at + 1 < events or f"Round {round} is done." in told, f"{where}: the round {round} was answered and is lost"
    marks = p.read("marks").split()
    assert len(set(marks)) == len(marks), f"{where}: run twice: {marks}"
    assert p.mind.faults == [], f"{where}: {p.mind.faults[:3]}"
    return "resumed"


@row("after a power cut at any sync the session goes on, knows what was done, and its log verifies")
def _():
    with Cut(BUILD) as p:
        disk, answered = p.record()
        every = [(at, later) for at in range(len(disk.events)) for later in (False, True)]
        count = POINTS or len(every)
        chosen = sorted({every[i * (len(every) - 1) // max(1, count - 1)] for i in range(min(count, len(every)))})
        ends = [go_on(p, disk, answered, *point) for point in chosen]
        print(f"# {len(disk.events)} syncs, {len(chosen)} cuts: {ends.count('resumed')} resumed, {ends.count('gone')} before anything was done")
        assert ends.count("resumed") > ends.count("gone"), ends


@row("a new session waits for no disk; its first turn does")
def _():
    with Cut(BUILD) as p:
        p.watch()
        p.seal("sessions", "list")
        client = Client(os.path.join(p.env["XDG_RUNTIME_DIR"], "seal", "sock"), HELLO)
        session = client.ok("session/new", {"cwd": p.root, "mcpServers": []})["sessionId"]
        assert os.listdir(p.env["SHADOW"]) == [], os.listdir(p.env["SHADOW"])
        client.ok("session/prompt", {"sessionId": session, "prompt": [{"type": "text", "text": "round one"}]})
        kept = [open(os.path.join(p.env["SHADOW"], n)).read() for n in os.listdir(p.env["SHADOW"]) if n.isdigit()]
        assert [k for k in kept if k.endswith("/events.jsonl\n")] and [k for k in kept if k.endswith(session + "\n")], kept


row.main()
