#!/usr/bin/env python3
"""A component that calls every import with random and adversarial arguments, in the real worker.
test_hostile.py BUILD HOSTILE.cwasm [--calls N] [--json FILE]"""
import argparse
import collections
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "injection"))
from goals import Goal  # noqa: E402
from outside import World, is_granted  # noqa: E402
from tally import Tally  # noqa: E402
from traced import Trace, judge  # noqa: E402

A_TURN = 2500  # calls of one turn: its log stays small enough to look at
TRACED_SEED = 1000
TEMPORARY = re.compile(r"\.seal-[0-9a-f]{16}\.tmp")
BREAKS = ("trap", "text", "pointer", "deep", "memory")
NOBODY = Goal("a hostile component", "hostile", [])


class Den(World):
    """A world whose agent is the hostile component."""

    def __init__(self, build, component):
        self.component = os.path.abspath(component)
        self.build = os.path.abspath(build)
        super().__init__(build)

    def serve(self, steps):
        library = os.path.join(self.top, "lib")
        os.makedirs(library)
        for name, of in (("seald", f"{self.build}/seald"), ("seal-init", f"{self.build}/seal-init"), ("agent.cwasm", self.component)):
            os.symlink(of, os.path.join(library, name))
        self.env["SEAL_LIB"] = library
        return super().serve(steps)

    def say(self, words):
        self.server.begin([], [])
        return self.seal("run", "--prompts", "deny", words, timeout=600)


def place_links(world):
    """What a repository could hold: links that lead out of it."""
    for name, to in (("docs/key.md", f"{world.top}/.ssh/id_ed25519"), ("docs/home", world.top), ("docs/out.md", f"{world.top}/.profile")):
        os.symlink(to, os.path.join(world.root, name))


def hostile_turns(world, tally, calls):
    faults, before = [], len(world.sessions())
    tally.counts["outside"] = 0
    for seed in range(1, -(-calls // A_TURN) + 1):
        world.reset(None, NOBODY_WITH_LINKS)
        count = min(A_TURN, calls - (seed - 1) * A_TURN)
        done = world.say(f"{seed} {count} {world.top} {world.sink.port} {world.web}")
        if done.returncode not in (0, 3):
            faults.append(f"seed {seed}: exit {done.returncode}: {done.stderr[-300:]!r}")
        outside = world.violations(world.server.transcript(), NOBODY)
        tally.counts["outside"] += len(outside)
        faults += [f"seed {seed}: {why}" for why in outside]
    tally.row(f"{calls} calls of a hostile component do nothing outside the grants, and the daemon outlives them", faults)
    return world.sessions()[before:]


NOBODY_WITH_LINKS = Goal("a hostile component", "hostile", [], prepare=place_links)


class Granted:
    """What daemon and worker may touch: their own folders, and in the project what the fixture's rules name."""

    def __init__(self, world):
        self.root = os.path.realpath(world.root)
        self.own = tuple(os.path.realpath(world.env[f"XDG_{name}"]) + "/" for name in ("STATE_HOME", "RUNTIME_DIR"))
        self.ports = {world.web, world.port}

    def may_touch(self, call, place):
        if (place + "/").startswith(self.own) or place == "/dev/null" or place.startswith(("/proc/self/", "/sys/fs/cgroup/")):
            return True
        if not place.startswith(self.root + "/"):
            return False
        name = place[len(self.root) + 1:]
        if TEMPORARY.fullmatch(os.path.basename(name)):  # beside a file that is written, then in its place
            return "/" not in name or is_granted(os.path.dirname(name), stat.S_IFDIR)
        if call.startswith("unlink"):
            return name.startswith("src/old/") and name.endswith(".py")
        return is_granted(name, stat.S_IFDIR if call.startswith("mkdir") else stat.S_IFREG)


def cannot_trace(build):
    with open(os.path.join(build, "seald"), "rb") as file:
        if b"__asan_init" in file.read():
            return "the sanitizer's search for leaks and strace want the same seat"
    if not shutil.which("strace"):
        return "there is no strace"
    with tempfile.TemporaryDirectory(prefix="seal-trace-") as top, subprocess.Popen(["sleep", "600"]) as process:
        try:
            with Trace(os.path.join(top, "t"), [process.pid]):
                return ""
        except RuntimeError as why:
            return str(why)
        finally:
            process.kill()


def traced(world, tally, calls):
    """A turn of its own by the kernel's account; then the same eyes on a process that means harm."""
    granted, reason = Granted(world), cannot_trace(world.build)
    if reason:
        tally.row(f"the kernel's account # SKIP {reason}", [])
        return
    world.reset(None, NOBODY_WITH_LINKS)
    with Trace(os.path.join(world.top, "trace"), [world.daemon]) as trace:
        done = world.say(f"{TRACED_SEED} {calls} {world.top} {world.sink.port} {world.web}")
    wrong, count = judge(trace, lambda words: "/seald" in words or '"seald"' in words, granted.may_touch, granted.ports)
    trace.remove()
    faults = [f"exit {done.returncode}"] if done.returncode not in (0, 3) else []
    faults += [] if count > calls else [f"only {count} system calls were seen: the worker was not followed"]
    tally.counts["traced"] = {"calls": calls, "system_calls": count, "outside": len(wrong)}
    tally.row(f"{calls} calls by the kernel's account: {count} system calls of daemon and worker write, make, remove, reach and start "
              "nothing that is not granted", faults + wrong)
    harm = ["sh", "-c", f"read x; echo >{world.top}/.trace; mkdir {world.root}/.git/hooks.new; rm -f {world.root}/README.md; "
                        f"exec python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", {world.sink.port}))'"]
    with subprocess.Popen(harm, stdin=subprocess.PIPE) as process:
        with Trace(os.path.join(world.top, "trace"), [process.pid]) as trace:
            process.stdin.write(b"go\n")
            process.stdin.close()
            process.wait()
    said = "\n".join(judge(trace, lambda words: False, granted.may_touch, granted.ports)[0])
    trace.remove()
    os.unlink(os.path.join(world.top, ".trace"))
    wanted = (world.top + "/.trace", ".git/hooks.new", "README.md", f"htons({world.sink.port})", "execve")
    tally.row("the same eyes see a file outside, a folder, a removal, a connection and a program", [word for word in wanted if word not in said])


def what_was_called(folders):
    """Every import of the contract, and how its calls ended."""
    ends, calls = collections.Counter(), collections.Counter()
    for folder in folders:
        with open(os.path.join(folder, "events.jsonl")) as lines:
            for line in lines:
                record = json.loads(line)
                if record["kind"] == "begin":
                    calls[record["call"]] += 1
                elif record["kind"] == "end":
                    ends[record.get("outcome", "?")] += 1
    return calls, ends


def coverage(world, tally, folders):
    with open(os.path.join(HERE, "..", "..", "seal-runtime", "gate", "calls.def")) as table:
        wanted = re.findall(r'^CALL\((\w+), \w+, "([^"]+)"', table.read(), re.MULTILINE)
    calls, ends = what_was_called(folders)
    tally.counts["calls"], tally.counts["ends"] = dict(calls), dict(ends)
    tally.row(f"{sum(calls.values())} calls of {len(calls)} imports were logged: " + ", ".join(f"{n} {end}" for end, n in ends.most_common()),
              [f"{interface}.{name} was never called" for interface, name in wanted if f"{interface}.{name}" not in calls])


def logs(world, tally, folders):
    for what, words in (("verify", ("audit", "verify")), ("replay, call by call", ("replay",))):
        faults = []
        for folder in folders:
            done = world.seal(*words, folder, timeout=600)
            if done.returncode:
                faults.append(f"{os.path.basename(folder)}: {(done.stdout + done.stderr)[-300:]!r}")
        tally.row(f"the logs of {len(folders)} sessions {what}", faults)


def breakdowns(world, tally):
    faults = []
    for how in BREAKS:
        done = world.say(how)
        if done.returncode == 0:
            faults.append(f"{how}: the turn ended well")
        if not os.path.exists(f"/proc/{world.daemon}"):
            faults.append(f"{how}: the daemon is gone")
    if world.say("hello").returncode:
        faults.append("no turn ends well afterwards")
    tally.row("a trap, broken text, a pointer outside, endless recursion and hunger end a turn, not the daemon", faults)


def main():
    words = argparse.ArgumentParser()
    words.add_argument("build")
    words.add_argument("component")
    words.add_argument("--calls", type=int, default=5000)
    words.add_argument("--json")
    asked, tally = words.parse_args(), Tally("hostile")
    with Den(asked.build, asked.component) as world:
        folders = hostile_turns(world, tally, asked.calls)
        coverage(world, tally, folders)
        logs(world, tally, folders)
        traced(world, tally, min(asked.calls // 5, A_TURN))
        breakdowns(world, tally)
    print(f"1..{tally.rows}")
    if asked.json:
        with open(asked.json, "w") as out:
            json.dump(tally.counts, out, indent=1)
    sys.exit(bool(tally.bad))


main()
