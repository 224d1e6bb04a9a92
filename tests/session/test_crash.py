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
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "run"))
sys.path.insert(0, os.path.join(HERE, "..", "model"))
from project import Project, Rows, call, text  # noqa: E402
from server import Server  # noqa: E402
from wire import await_that  # noqa: E402

BUILD = sys.argv[1]
POINTS = int(os.environ.get("SEAL_CRASH_POINTS", "20"))
SEED = int(os.environ.get("SEAL_CRASH_SEED", str(time.time_ns() % 1000000)))
LIMIT = 60
row = Rows()
RULES = """[capabilities.allow.read]
paths = [{ path = "**", files = ["*"] }]
[capabilities.allow.write]
paths = [{ path = "src/**", files = ["*"] }]
[capabilities.allow.commands]
patterns = ["./mark:*"]
"""
CALLS = 4  # of a turn


class Mind(Server):
    """A model whose next step depends on what it is told alone: it never asks twice for the same thing."""

    def __init__(self):
        super().__init__([])
        self.faults = []

    def next_step(self, path, headers, body, client):
        messages = json.loads(body)["messages"]
        with self.lock:
            self.requests.append(messages)
            self.look(messages)
        done, name = 0, ""
        for message in messages:
            for block in blocks(message):
                if block["type"] == "text" and message["role"] == "user" and block["text"].startswith("round "):
                    done, name = 0, block["text"].split()[1]
                done += block["type"] == "tool_result"
        if done >= CALLS:
            return text(f"Round {name} is done.")
        token = f"{name}.{done}"
        step = call("command_run", command=f"./mark {token}") if done % 2 == 0 else \
            call("file_write", path=f"src/{token}", text=token)
        step["reply"]["content"][0]["tool-use"]["id"] = "call_" + token.replace(".", "_")
        return step

    def look(self, messages):
        """Each call once and with its result, as the provider demands it."""
        open_calls, ever = [], set()
        for message in messages:
            if message["role"] == "user":
                results = [b["tool_use_id"] for b in blocks(message) if b["type"] == "tool_result"]
                if sorted(results) != sorted(open_calls):
                    self.faults.append(f"the calls {open_calls} have the results {results}")
                open_calls = []
            for block in blocks(message):
                if block["type"] == "tool_use":
                    open_calls.append(block["id"])
                    if block["id"] in ever:
                        self.faults.append(f"the call {block['id']} is there twice")
                    ever.add(block["id"])


def blocks(message):
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


class Crash(Project):
    """A session that is prompted by `seal run`, one process each time."""

    def __init__(self):
        self.mind = Mind()
        super().__init__(BUILD, (), RULES)
        path = self.write("mark", "#!/bin/sh\necho $1 >> marks\nexec tail -n 0 marks\n")
        os.chmod(path, 0o755)
        os.makedirs(os.path.join(self.root, "src"))
        self.write("marks", "")
        self.session = None

    def serve(self, steps):
        self.port = self.mind.server_address[1]
        return None

    def close(self):
        self.seal("daemon", "stop")
        self.mind.__exit__()
        shutil.rmtree(self.top, ignore_errors=True)

    def round(self, number):
        where = ["--resume", self.session] if self.session else []
        return self.start("run", "--prompts", "deny", *where, f"round {number}")

    def folder(self):
        return os.path.join(self.env["XDG_STATE_HOME"], "seal", "sessions", self.session)

    def verify(self):
        done = self.seal("audit", "verify", self.session)
        if done.returncode:
            raise AssertionError(f"exit {done.returncode}: {done.stdout}{done.stderr}")

    def alive(self):
        """What runs, by what it is; the session's commands are what is none of ours."""
        kinds = {"client": [], "daemon": [], "worker": [], "command": []}
        for pid, line in self.processes():
            kind = "daemon" if " daemon" in line and "seald" in line else "worker" if "seald worker" in line else \
                "client" if " run " in line else "command"
            kinds[kind].append(pid)
        return kinds

    def settle(self):
        """Nothing goes on any more but the daemon, when there is one, and workers that wait."""
        def is_quiet():
            now = self.alive()
            if now["command"] or now["client"]:
                return False
            if not now["daemon"]:
                return not now["worker"]
            said = self.seal("daemon", "status").stdout
            return "running" not in said
        await_that("everything settles", is_quiet)


def wait_for(process):
    try:
        return process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError("seal run hangs: " + str(process.communicate()))


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
    with Crash() as p:
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
    with Crash() as p:
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
