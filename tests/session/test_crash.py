#!/usr/bin/env python3
"""Every process is killed at points that chance chooses, again and again, in one session.
test_crash.py BUILD [only rows with these words]

SEAL_CRASH_POINTS    how often (20); SEAL_CRASH_SEED    which points (the time); both are said at the end"""
import json
import os
import random
import select
import shutil
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "run"))
from marks import Crash, wait_for  # noqa: E402
from project import Rows  # noqa: E402
from wire import await_that  # noqa: E402

BUILD = sys.argv[1]
POINTS = int(os.environ.get("SEAL_CRASH_POINTS", "20"))
SEED = int(os.environ.get("SEAL_CRASH_SEED", str(time.time_ns() % 1000000)))
row = Rows()


def strike(p, process, chance, span):
    """One process, of the kind that chance names if there is one, at a point that chance names."""
    select.select([], [], [], chance.uniform(0, span))
    wanted = chance.choice(["client", "daemon", "worker", "command"])
    while True:
        now = p.alive()
        if now[wanted] or process.poll() is not None:
            break
    # The turn was over before such a process was seen: then one that is there.
    wanted = wanted if now[wanted] else chance.choice([kind for kind in now if now[kind]] or [None])
    found = now.get(wanted)
    if not found:
        return None
    try:
        os.kill(chance.choice(found), signal.SIGKILL)
    except ProcessLookupError:
        return None
    return wanted


@row("no kill loses the log, repeats a command, ends the session or leaves anything running")
def _():
    chance = random.Random(SEED)
    struck = {}
    with Crash(BUILD) as p:
        first = p.start("run", "--json", "--prompts", "deny", "round first")
        said, errors = wait_for(first)
        if first.returncode:
            raise AssertionError(f"exit {first.returncode}: {said}{errors}")
        p.session = json.loads(said.splitlines()[0])["thread_id"]
        start = time.monotonic()
        wait_for(p.round("second"))
        span = time.monotonic() - start
        for number in range(POINTS):
            process = p.round(f"r{number}")
            kind = strike(p, process, chance, span)
            wait_for(process)
            struck[kind or "nothing"] = struck.get(kind or "nothing", 0) + 1
            p.settle()
            p.verify()
        last = p.round("last")
        said, errors = wait_for(last)
        print(f"# {POINTS} rounds, seed {SEED}, struck {struck}", flush=True)
        assert last.returncode == 0 and "Round last is done." in said, said + errors
        p.verify()
        marks = p.read("marks").split()
        assert len(set(marks)) == len(marks), f"run twice: {sorted(m for m in marks if marks.count(m) > 1)}"
        assert {"first.0", "first.2", "last.0", "last.2"} <= set(marks), marks
        assert p.mind.faults == [], p.mind.faults[:3]
        whole = json.dumps(p.mind.requests[-1])
        for number in range(POINTS):
            assert whole.count(f'"round r{number}"') <= 1, f"the prompt of round {number} is told twice"
        replayed = p.seal("replay", p.session)
        assert replayed.returncode == 0, replayed.stdout + replayed.stderr
        p.seal("daemon", "stop")
        await_that("nothing is left", lambda: not any(p.alive().values()))


@row("a log that lost its end, as after a power cut, is a session that goes on")
def _():
    chance = random.Random(SEED)
    with Crash(BUILD) as p:
        first = p.start("run", "--json", "--prompts", "deny", "round first")
        said, errors = wait_for(first)
        if first.returncode:
            raise AssertionError(f"exit {first.returncode}: {said}{errors}")
        p.session = json.loads(said.splitlines()[0])["thread_id"]
        p.seal("daemon", "stop")
        folder, kept = p.folder(), os.path.join(p.top, "kept")
        shutil.copytree(folder, kept)
        whole = open(os.path.join(kept, "events.jsonl"), "rb").read()
        begun = whole.index(b'"handle-message"')
        for number in range(max(3, POINTS // 4)):
            shutil.rmtree(folder)
            shutil.copytree(kept, folder)
            at = chance.randrange(begun, len(whole))
            with open(os.path.join(folder, "events.jsonl"), "r+b") as log:
                log.truncate(at)
            process = p.round(f"after{number}")
            said, errors = wait_for(process)
            assert process.returncode == 0, f"cut at {at}: {said}{errors}"
            p.verify()
            p.seal("daemon", "stop")
        assert p.mind.faults == [], p.mind.faults[:3]


row.main()
