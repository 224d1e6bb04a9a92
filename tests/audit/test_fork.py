#!/usr/bin/env python3
"""`seal fork`: the past is the same, byte for byte; what comes behind it is live.  test_fork.py BUILD"""
import glob
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run"))
from project import Project, Rows, call, expect, text  # noqa: E402

BUILD = sys.argv[1]
row = Rows()
RULES = """[capabilities.allow.read]
paths = [{ path = "src/**", files = ["*"] }]
[capabilities.allow.write]
paths = [{ path = "src/**", files = ["*"] }]
"""
FIRST = [call("file_read", path="src/a.c"), call("file_write", path="src/b.c", text="made\n"), text("First way.")]
SECOND = [call("file_write", path="src/c.c", text="other\n"), text("Second way."), text("And on.")]


def sessions(p):
    return sorted(glob.glob(os.path.join(p.env["XDG_STATE_HOME"], "seal", "sessions", "*")))


def session(p):
    p.write("src/a.c", "int unmistakable;\n")
    expect(p.seal("run", "write something"), 0)
    folder, = sessions(p)
    return folder


def fork(p, old, at, *arguments):
    done = p.seal("fork", f"{os.path.basename(old)}@{at}", *arguments)
    new = [s for s in sessions(p) if s != old]
    return done, new[-1] if new else None


def calls(p, folder):
    return [json.loads(x) for x in p.seal("audit", "show", folder, "--json").stdout.splitlines()]


def find(p, folder, name, skip=0):
    return [c for c in calls(p, folder) if c["call"] == name][skip]["seq"]


def lines(folder):
    with open(os.path.join(folder, "events.jsonl"), "rb") as log:
        return log.read().splitlines(keepends=True)


def is_whole(p, folder):
    expect(p.seal("audit", "verify", folder), 0)
    expect(p.seal("replay", folder), 0, "calls match")


@row("a fork goes on live from its call: the past is the same bytes, both logs verify and replay")
def _():
    with Project(BUILD, FIRST + SECOND, RULES) as p:
        old = session(p)
        before = lines(old)
        at = find(p, old, "llm.chat", 1)
        done, new = fork(p, old, at)
        expect(done, 0, "Second way.")
        assert "First way." not in done.stdout
        assert f"the files are what they are now, not what they were at {os.path.basename(old)}@{at}" in done.stderr, done.stderr
        assert p.read("src/c.c") == "other\n"
        assert lines(new)[:at] == before[:at] and lines(old) == before
        assert json.loads(lines(new)[at])["kind"] == "fork"
        is_whole(p, old)
        is_whole(p, new)


@row("the forked session remembers its past and goes on with the next prompt")
def _():
    with Project(BUILD, FIRST + SECOND, RULES) as p:
        old = session(p)
        _done, new = fork(p, old, find(p, old, "llm.chat", 1))
        expect(p.seal("run", "--resume", os.path.basename(new), "what now?"), 0, "And on.")
        sent = json.dumps(p.requests()[-1])
        assert "write something" in sent and "unmistakable" in sent and "Second way." in sent and "First way." not in sent
        is_whole(p, new)


@row("--answer is what the call is told; it is not made, and the log has the answer")
def _():
    with Project(BUILD, FIRST + [text("Seen.")], RULES) as p:
        old = session(p)
        content = json.loads(json.dumps(calls(p, old)[[c["call"] for c in calls(p, old)].index("tools.file-read")]["result"]))
        content["ok"]["text"] = "float other;\n"
        path = p.write("answer.json", json.dumps(content))
        os.unlink(os.path.join(p.root, "src/a.c"))
        done, new = fork(p, old, find(p, old, "tools.file-read"), "--answer", path)
        expect(done, 0, "Seen.")
        assert "float other" in json.dumps(p.requests()[-1]) and "unmistakable" not in json.dumps(p.requests()[-1])
        is_whole(p, new)


@row("an answer that is none of that call stops the turn; the log stays whole")
def _():
    with Project(BUILD, FIRST + [text("x")], RULES) as p:
        old = session(p)
        at = find(p, old, "tools.file-read")
        expect(fork(p, old, at, "--answer", p.write("answer.json", "[1]"))[0], 2, "no answer of a call")
        done, new = fork(p, old, at, "--answer", p.write("answer.json", '{"ok":7}'))
        assert done.returncode not in (0, 2), done
        is_whole(p, new)


@row("a signed change of seal.toml rules in the fork, and the log says from where on")
def _():
    with Project(BUILD, FIRST + [call("file_write", path="src/c.c", text="other\n"), text("Refused.")], RULES) as p:
        old = session(p)
        p.write("seal.toml", p.read("seal.toml").replace("capabilities.allow.write", "capabilities.deny.write"))
        p.sign()
        done, new = fork(p, old, find(p, old, "llm.chat", 1))
        expect(done, 3, "Refused.")
        assert not os.path.exists(os.path.join(p.root, "src/c.c"))
        assert b'"kind":"manifest"' in b"".join(lines(new))
        is_whole(p, new)


@row("--model: another model from that call on, in this session alone, also when it is gone on with")
def _():
    with Project(BUILD, FIRST + SECOND, RULES) as p:
        old = session(p)
        before = p.read("seal.toml")
        done, new = fork(p, old, find(p, old, "llm.chat", 1), "--model", "claude-sonnet-5")
        expect(done, 0, "Second way.")
        assert [r["body"]["model"] for r in p.requests()] == ["claude-opus-5"] * 3 + ["claude-sonnet-5"] * 2, p.requests()[-1].keys()
        p.seal("daemon", "stop")
        expect(p.seal("run", "--resume", os.path.basename(new), "what now?"), 0, "And on.")
        assert p.requests()[-1]["body"]["model"] == "claude-sonnet-5"
        assert p.read("seal.toml") == before
        expect(p.seal("manifest", "verify"), 0)
        is_whole(p, new)


@row("--manifest: what another manifest would have refused is refused; it is approved by its hash, and the project's stays")
def _():
    with Project(BUILD, FIRST + [call("file_write", path="src/c.c", text="other\n"), text("Refused."), call("file_write", path="src/d.c", text="x"), text("Still.")], RULES) as p:
        old = session(p)
        at = find(p, old, "llm.chat", 1)
        strict = os.path.join(p.top, "strict.toml")
        with open(strict, "w") as out:
            out.write(p.read("seal.toml").replace("capabilities.allow.write", "capabilities.deny.write"))
        asked, new = fork(p, old, at, "--manifest", strict)
        expect(asked, 2, "--approve blake2b:")
        assert new is None
        expect(fork(p, old, at, "--manifest", strict, "--approve", "blake2b:" + "0" * 64)[0], 2, "look at it")
        digest = (asked.stdout + asked.stderr).split("--approve ")[1].split()[0]
        done, new = fork(p, old, at, "--manifest", strict, "--approve", digest)
        expect(done, 3, "Refused.")
        assert not os.path.exists(os.path.join(p.root, "src/c.c"))
        p.seal("daemon", "stop")
        expect(p.seal("run", "--resume", os.path.basename(new), "again"), 3, "Still.")
        assert not os.path.exists(os.path.join(p.root, "src/d.c"))
        is_whole(p, new)
        expect(p.seal("manifest", "verify"), 0)


@row("the manifest of a fork that was changed in its folder, or lost its signature, rules nothing")
def _():
    with Project(BUILD, FIRST + SECOND, RULES) as p:
        old = session(p)
        _done, new = fork(p, old, find(p, old, "llm.chat", 1), "--model", "claude-sonnet-5")
        p.seal("daemon", "stop")
        path = os.path.join(new, "seal.toml")
        kept = open(path).read()
        with open(path, "w") as out:
            out.write(kept.replace("src/**", "**"))
        asked = len(p.requests())
        expect(p.seal("run", "--resume", os.path.basename(new), "on"), 2, "was forked with")
        with open(path, "w") as out:
            out.write(kept)
        os.rename(path + ".sig", path + ".away")
        assert p.seal("run", "--resume", os.path.basename(new), "on").returncode not in (0, 3)
        assert len(p.requests()) == asked
        os.rename(path + ".away", path + ".sig")
        expect(p.seal("run", "--resume", os.path.basename(new), "on"), 0, "And on.")


@row("what is no call, no session, another project or a log that was changed is refused, and leaves nothing")
def _():
    with Project(BUILD, FIRST, RULES) as p:
        old = session(p)
        at = find(p, old, "tools.file-read")
        expect(fork(p, old, at + 1)[0], 2, "is no call")
        expect(fork(p, old, 100000)[0], 2, "has no record 100000")
        expect(p.seal("fork", "nosuch@1"), 2, "nosuch")
        expect(p.seal("fork", os.path.basename(old)), 2, "SESSION@N")
        content = b"".join(lines(old))
        with open(os.path.join(old, "events.jsonl"), "wb") as log:
            log.write(content.replace(b'"src/a.c"', b'"src/b.c"', 1))
        expect(fork(p, old, at + 8)[0], 2, "record")
        assert sessions(p) == [old], sessions(p)


row.main()
