#!/usr/bin/env python3
"""The log of a real session, read by `seal audit`: what is shown, what is verified, and that
whatever is done to the log's files is found.  test_audit.py BUILD"""
import glob
import json
import os
import subprocess
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
STEPS = [call("file_read", path="src/a.c"), call("file_write", path="src/b.c", text="made\n" * 400),
         call("file_read", path="secret.txt"), text("All done.")]


def session(p):
    """One turn: a read, a write, a denial."""
    p.write("src/a.c", "int unmistakable;\n")
    p.write("secret.txt", "hidden")
    expect(p.seal("run", "do three things"), 3)
    folder, = glob.glob(os.path.join(p.top, "state_home", "seal", "sessions", "*"))
    return folder


def rewrite(folder):
    """What the chain alone does not find: the whole log written anew, without its last record."""
    path = os.path.join(folder, "events.jsonl")
    lines = open(path, "rb").read().splitlines()[:-1]
    open(path, "wb").write(b"\n".join(lines) + b"\n")
    os.unlink(os.path.join(folder, "head"))


@row("show has a line a call, with outcome, subject and rule; no colours in a pipe")
def _():
    with Project(BUILD, STEPS, RULES) as p:
        folder = session(p)
        shown = p.seal("audit", "show", folder)
        expect(shown, 0)
        lines = shown.stdout.splitlines()
        assert any("done" in x and "tools.file-read src/a.c" in x and "[src/**/*]" in x for x in lines), shown.stdout
        assert any("denied" in x and "tools.file-read secret.txt" in x for x in lines), shown.stdout
        assert any(x.startswith("turn 1: ") and "do three things" in x for x in lines), shown.stdout
        assert "\033" not in shown.stdout


@row("show --json has the arguments and the results, and filters")
def _():
    with Project(BUILD, STEPS, RULES) as p:
        folder = session(p)
        calls = [json.loads(x) for x in p.seal("audit", "show", folder, "--json").stdout.splitlines()]
        write, = [c for c in calls if c["call"] == "tools.file-write"]
        assert write["args"] == ["src/b.c", "made\n" * 400], write
        assert write["verdict"] == "allow" and "ok" in write["result"], write
        denied = p.seal("audit", "show", folder, "--json", "--outcome", "denied").stdout.splitlines()
        assert len(denied) == 1 and json.loads(denied[0])["args"][0] == "secret.txt", denied
        assert len(p.seal("audit", "show", folder, "--json", "--call", "llm.chat").stdout.splitlines()) == 4
        about = p.seal("audit", "show", folder, "--json", "--about", "src/").stdout.splitlines()
        assert [json.loads(x)["call"] for x in about] == ["tools.file-read", "tools.file-write"], about
        assert len(p.seal("audit", "show", folder, "--json", "--verdict", "allow", "--about", "b.c").stdout.splitlines()) == 1


@row("show --follow goes on with the next turn as it happens")
def _():
    with Project(BUILD, STEPS + STEPS, RULES) as p:
        folder = session(p)
        shown = p.start("audit", "show", folder, "--follow")
        assert any("All done" in line or "secret.txt" in line for line in shown.stdout)
        expect(p.seal("run", "--resume", "latest", "again"), 3)
        seen = []
        for line in shown.stdout:
            seen.append(line)
            if "denied" in line and "secret.txt" in line:
                break
        assert any("turn 2: again" in x for x in seen), seen
        shown.kill()
        shown.wait()


@row("verify says so and counts; a session is found by its name, a prefix and as latest")
def _():
    with Project(BUILD, STEPS, RULES) as p:
        folder = session(p)
        name = os.path.basename(folder)
        for wanted in (folder, name, name[:6], "latest"):
            done = p.seal("audit", "verify", wanted)
            expect(done, 0)
            assert done.stdout.startswith("log verified: "), done.stdout
        expect(p.seal("audit", "verify", "nosuch"), 2, "nosuch", "seal sessions list")
        expect(p.seal("audit", "verify", "no/such"), 2, "no log in there")


@row("a changed byte, a removed line, a cut end and a lost blob are named by their record")
def _():
    with Project(BUILD, STEPS, RULES) as p:
        folder = session(p)
        path = os.path.join(folder, "events.jsonl")
        whole = open(path, "rb").read()
        lines = whole.splitlines(keepends=True)
        spoiled = {
            "record 6": b"".join(lines[:5] + [lines[5].replace(b'"seq":5', b'"seq":5 ')] + lines[6:]),
            "record 3": b"".join(lines[:3] + lines[4:]),
            f"record {len(lines) - 1}": b"".join(lines[:-1]),
            f"record {len(lines) - 1}:": whole[:-1],
        }
        for where, content in spoiled.items():
            open(path, "wb").write(content)
            done = p.seal("audit", "verify", folder)
            assert done.returncode == 1 and "log NOT verified" in done.stdout and where in done.stdout, (where, done)
        open(path, "wb").write(whole)
        expect(p.seal("audit", "verify", folder), 0)
        blob = glob.glob(os.path.join(folder, "blobs", "*", "*"))[0]
        os.unlink(blob)
        done = p.seal("audit", "verify", folder)
        assert done.returncode == 1 and "blob" in done.stdout, done


@row("the log holds no key and no environment, and only its owner can read it")
def _():
    with Project(BUILD, STEPS, RULES) as p:
        folder = session(p)
        assert os.stat(folder).st_mode & 0o777 == 0o700
        for path in glob.glob(os.path.join(folder, "**"), recursive=True):
            if os.path.isfile(path):
                assert os.stat(path).st_mode & 0o077 == 0, path
                assert b"sk-ant-test" not in open(path, "rb").read(), path
        shown = p.seal("audit", "show", folder, "--json").stdout
        assert "sk-ant-test" not in shown and "XDG_" not in shown


@row("replay of what was recorded matches, with the model gone")
def _():
    with Project(BUILD, STEPS, RULES) as p:
        folder = session(p)
        p.seal("daemon", "stop")
        expect(p.seal("replay", folder), 0)


@row("replay --step stops at calls, shows them whole, searches and goes on")
def _():
    with Project(BUILD, STEPS, RULES) as p:
        folder = session(p)
        p.seal("daemon", "stop")

        def step(*typed):
            return subprocess.run([p.seal_path, "replay", folder, "--step"], input="".join(x + "\n" for x in typed), env=p.env, capture_output=True, text=True)
        done = step("", "/b.c", "a", "r", "?", "c")
        expect(done, 0, "call 1 (record ", "Enter: next call", "calls match")
        stops = [x for x in done.stdout.splitlines() if x.startswith(("call ", "> call "))]
        assert len(stops) == 3 and ("tools.file-write" in stops[2] or "llm.chat" in stops[2]), stops
        assert "made" in done.stdout
        expect(step("7", "q"), 1, "call 7 (record ", "stopped at call 7")
        expect(step(), 1, "stopped at call 1")
        expect(step(*[""] * 200), 0, "calls match")


@row("each turn ends with a receipt that stock ssh-keygen verifies, and verify holds the log against it")
def _():
    with Project(BUILD, STEPS, RULES) as p:
        folder = session(p)
        key = open(os.path.join(p.top, "config_home", "seal", "keys", "receipt.pub")).read()
        signers = p.write("signers", "receipts " + key)
        receipt = os.path.join(folder, "receipt.sig")
        statement = open(receipt).read().split("-----END SSH SIGNATURE-----\n")[1]
        done = subprocess.run(["ssh-keygen", "-Y", "verify", "-f", signers, "-I", "receipts", "-n", "seal-receipt",
                               "-s", receipt], input=statement, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        said = json.loads(statement)
        calls = p.seal("audit", "show", folder, "--json").stdout.splitlines()
        assert said["calls"] == len(calls) and said["denied"] == 1, (said, len(calls))
        shown = p.seal("audit", "verify", folder).stdout
        assert f"receipt of the first {said['records']} records" in shown and "this machine's key" in shown, shown
        rewrite(folder)
        done = p.seal("audit", "verify", folder)
        assert done.returncode == 1 and "signed receipt" in done.stdout, done.stdout


row.main()
