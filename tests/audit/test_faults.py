#!/usr/bin/env python3
"""The log and what fails: the session's process is killed at record boundaries, its disk is full or broken from a
record on.  Nothing happens that the log could not say before, nothing is done twice, and what is left verifies,
resumes and replays.  SEAL_BOUNDARIES=1: every record (else every seventh).   test_faults.py BUILD FAULTY.so"""
import glob
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run"))
from project import Project, Rows, call, expect, text  # noqa: E402

BUILD = sys.argv[1]
FAULTY = os.path.abspath(sys.argv.pop(2))
STRIDE = int(os.environ.get("SEAL_BOUNDARIES", "7"))
row = Rows()
RULES = """[capabilities.allow.read]
paths = [{ path = "src/**", files = ["*"] }]
[capabilities.allow.write]
paths = [{ path = "src/**", files = ["*"] }]
[capabilities.allow.commands]
patterns = ["echo:*"]
[security]
allow_redirects = "files"
"""
STEPS = [call("file_read", path="src/a.c"), call("file_write", path="src/b.c", text="made\n"), call("command_run", command="echo ran >> src/count"),
         call("file_read", path="secret"), text("All done."), text("Gone on."), text("And on."), text("Still on.")]
HEAD = 'schema_version = 1\n[model]\nprovider = "replay"\nname = "model.jsonl"\n'


class Place(Project):
    """A project whose model is a recording: each session begins at its beginning."""

    def __init__(self):
        super().__init__(BUILD, manifest=HEAD + RULES)
        self.write("model.jsonl", "".join(json.dumps(s["reply"]) + "\n" for s in STEPS))
        self.write("src/a.c", "int a;\n")

    def fresh(self):
        self.seal("daemon", "stop")
        self.env.pop("FAULTY", None)
        shutil.rmtree(os.path.join(self.env["XDG_STATE_HOME"], "seal", "sessions"), ignore_errors=True)
        for name in ("b.c", "count"):
            if os.path.exists(os.path.join(self.root, "src", name)):
                os.unlink(os.path.join(self.root, "src", name))

    def run_with(self, fault, *arguments):
        """One `seal run` whose daemon, and so its worker, has the fault."""
        self.seal("daemon", "stop")
        self.env.update(LD_PRELOAD=FAULTY, FAULTY=fault)
        done = self.seal("run", *arguments)
        self.seal("daemon", "stop")
        del self.env["LD_PRELOAD"], self.env["FAULTY"]
        return done

    def folder(self):
        folder, = glob.glob(os.path.join(self.env["XDG_STATE_HOME"], "seal", "sessions", "*"))
        return folder

    def log(self):
        with open(os.path.join(self.folder(), "events.jsonl")) as lines:
            return [json.loads(line) for line in lines if line.endswith("\n")]

    def count(self):
        path = os.path.join(self.root, "src", "count")
        return len(open(path).readlines()) if os.path.exists(path) else 0

    def is_made(self):
        return os.path.exists(os.path.join(self.root, "src", "b.c"))

    def is_whole(self, what):
        for words in (("audit", "verify"), ("replay",)):
            done = self.seal(*words, self.folder())
            assert done.returncode == 0, f"{what}: {words}: {done.stdout}{done.stderr}"


def plain(p):
    """The session as it is without faults: its records."""
    p.fresh()
    expect(p.seal("run", "do it"), 0, "All done.")
    assert p.is_made() and p.count() == 1, "what the faults are to stop is not done without them"
    return p.log()


def place_of(log, kind, name):
    """The record of that kind, of the call."""
    begin, = [r["seq"] for r in log if r["kind"] == "begin" and r["call"] == name][:1]
    return begin if kind == "begin" else [r["seq"] for r in log if r["kind"] == kind and r.get("of") == begin][0]


def boundaries(log):
    return range(0, len(log), STRIDE)


@row("killed at record boundaries, a session resumes, verifies and replays, and runs nothing twice")
def _():
    with Place() as p:
        log = plain(p)
        for at in boundaries(log):
            how = "kill-after" if at % 2 or STRIDE == 1 else "kill-before"
            p.fresh()
            done = p.run_with(f"{how}:{at}", "do it")
            assert done.returncode not in (0, 3) or at >= len(log) - 2, (at, done)
            known = p.log()
            assert len(known) == at + (how == "kill-after"), (at, len(known))
            again = p.seal("run", "--resume", "latest", "go on")
            assert again.returncode in (0, 3), (at, again)
            ran = [r for r in p.log() if r["kind"] == "begin" and r["call"] == "tools.command-run"]
            assert p.count() <= len(ran) <= 1, (at, p.count(), len(ran))
            p.is_whole(at)
        print(f"# {len(boundaries(log))} of {len(log)} records")


@row("a full disk stops a call before its effect, whichever of its records it hits")
def _():
    with Place() as p:
        log = plain(p)
        for name, effect in (("tools.file-write", p.is_made), ("tools.command-run", p.count)):
            for kind in ("begin", "decision"):
                for fault in ("full", "half"):
                    p.fresh()
                    done = p.run_with(f"{fault}:{place_of(log, kind, name)}", "do it")
                    assert done.returncode not in (0, 3) and not effect(), (name, kind, fault, done)
                    p.is_whole((name, kind, fault))


@row("what was done and cannot be said is not told to the agent, and is said to be unknown")
def _():
    with Place() as p:
        log = plain(p)
        for fault in ("full", "half", "sync"):
            p.fresh()
            at = place_of(log, "end", "tools.file-write")
            done = p.run_with(f"{fault}:{at}", "do it")
            assert done.returncode not in (0, 3) and p.is_made() and not p.count(), (fault, done)
            if fault != "sync":
                expect(p.seal("audit", "verify", p.folder()), 0, "1 without an end")
            expect(p.seal("run", "--resume", "latest", "go on"), 0)
            p.is_whole(fault)


row.main()
