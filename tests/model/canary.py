#!/usr/bin/env python3
"""A key that must stay where it is: whole sessions whose agent, model and
provider do their best to bring it into a log, an error, a file or a core.

    canary.py BUILD
"""
import glob
import json
import os
import resource
import signal
import subprocess
import sys
import time

BUILD = os.path.abspath(sys.argv[1])
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run"))
from project import Project, Rows, call, expect, text  # noqa: E402

row = Rows()
CANARY = "sk-ant-canary-0f9c7d1b5e"
RULES = """
[capabilities.allow.read]
paths = [{ path = "**", files = ["*"] }, { path = "~/**", files = ["*"] }]
[capabilities.allow.commands]
patterns = ["env", "printenv *", "cat *", "bash look.sh"]
"""
LOOK = r"""
env; cat /proc/*/environ 2>/dev/null | tr '\0' '\n'
find / -xdev -name anthropic -path '*keys*' -exec cat {} + 2>/dev/null
cat ~/.config/seal/keys/* ~/.claude/.credentials.json "$XDG_CONFIG_HOME"/seal/keys/* 2>/dev/null
for p in /proc/[0-9]*; do grep -a -o 'sk-ant-canar[-a-z0-9]*' $p/mem $p/environ 2>/dev/null; done
[ -S "${DBUS_SESSION_BUS_ADDRESS#unix:path=}" ] && echo "the bus is here"
echo looked
"""


def holds(p, *places):
    """Files and requests that hold the canary where they should not."""
    found = subprocess.run(["grep", "-rlaF", CANARY, *places], capture_output=True, text=True).stdout.split()
    bodies = [r["body"] for r in p.requests() if CANARY in json.dumps(r["body"])]
    return found, bodies


def tries():
    return [call("command_run", command=c) for c in ("env", "printenv ANTHROPIC_API_KEY", "cat /proc/self/environ", "cat /proc/1/environ", "bash look.sh")] + [
        call("file_read", path=path) for path in ("/proc/self/environ", "~/.config/seal/keys/anthropic", "../config_home/seal/keys/anthropic")]


def refused(code, kind):
    return {"status": code, "headers": {"x-should-retry": "false"}, "body": {"type": "error", "error": {"type": kind, "message": f"{CANARY} is odd"}}}


def hunt(p):
    """One session of everything; what people and files got to see of it."""
    p.write("look.sh", LOOK)
    steps = tries() + [refused(401, "authentication_error")]
    p.server.stdin.close(), p.server.wait(10)
    p.server = p.serve(steps)
    manifest = p.read("seal.toml")
    p.write("seal.toml", "\n".join(f'base_url = "http://127.0.0.1:{p.port}"' if line.startswith("base_url") else line for line in manifest.split("\n")))
    p.sign()
    done = p.seal("run", "--json", "--prompts", "deny", "--record", "recording.jsonl", "look for the key")
    shown = p.seal("audit", "show", "latest", "--json")
    assert any(CANARY in json.dumps(r["headers"]) for r in p.requests()), "the key was not even used"
    assert len(p.requests()) == len(steps), (len(p.requests()), done.stdout, done.stderr)
    assert "looked" in done.stdout + shown.stdout + json.dumps([r["body"] for r in p.requests()]), "the command did not run"
    assert "the bus is here" not in json.dumps([r["body"] for r in p.requests()])
    for said in (done.stdout, done.stderr, shown.stdout):
        assert CANARY not in said, said[max(0, said.find(CANARY) - 300):][:600]
    expect(done, 4, "check the key")
    return done


@row("a key of the environment is in no output, log, recording or request but its header")
def _():
    with Project(BUILD, (), RULES) as p:
        p.env["ANTHROPIC_API_KEY"] = CANARY
        hunt(p)
        assert holds(p, p.env["XDG_STATE_HOME"], p.env["XDG_CONFIG_HOME"], p.env["XDG_RUNTIME_DIR"], p.root) == ([], [])


@row("a kept key is in its own file and nowhere else, and neither tool nor command reads that")
def _():
    with Project(BUILD, (), RULES) as p:
        del p.env["ANTHROPIC_API_KEY"]
        expect(subprocess.run([p.seal_path, "login", "anthropic"], input=CANARY + "\n", env=p.env, capture_output=True, text=True), 0, "readable by you alone")
        hunt(p)
        found, bodies = holds(p, p.env["XDG_STATE_HOME"], p.env["XDG_CONFIG_HOME"], p.env["XDG_RUNTIME_DIR"], p.root)
        assert found == [os.path.join(p.env["XDG_CONFIG_HOME"], "seal", "keys", "anthropic")] and bodies == [], (found, bodies)


def memory_holds(pid, needle):
    """In writable memory, read as a debugger does."""
    found = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            where, mode = line.split()[:2]
            if "w" not in mode:
                continue
            start, end = (int(n, 16) for n in where.split("-"))
            if end - start > 1 << 30:
                continue  # a sanitizer's own, hardly any of it in use
            try:
                memory.seek(start)
                held = memory.read(end - start)
                at = held.find(needle)
                if at >= 0:
                    found.append((line.split()[-1], held[max(0, at - 48):at + 48]))
            except (OSError, ValueError, OverflowError):
                continue
    return found


def workers(p):
    return [pid for pid, words in p.processes() if "seald worker" in words]


@row("between calls the key is nowhere in the memory of the session's process")
def _():
    rules = '[capabilities.allow.commands]\npatterns = ["cat pipe"]\n'
    with Project(BUILD, [call("command_run", command="cat pipe"), text("Done.")], rules) as p:
        del p.env["ANTHROPIC_API_KEY"]
        p.env["SEAL_DEBUGGABLE"] = "1"
        expect(subprocess.run([p.seal_path, "login", "anthropic"], input=CANARY + "\n", env=p.env, capture_output=True, text=True), 0)
        os.mkfifo(os.path.join(p.root, "pipe"))
        running = p.start("run", "read the pipe")
        with open(os.path.join(p.root, "pipe"), "w"):  # opens once the command reads: the first call is over
            assert CANARY in p.requests()[0]["headers"]["x-api-key"]
            pids = [pid for pid, words in p.processes() if "seald" in words]
            assert len(pids) >= 2, pids
            held = {pid: memory_holds(pid, CANARY.encode()) for pid in pids}
            assert all(memory_holds(pid, b"seald") for pid in pids)
        out, err = running.communicate(timeout=30)
        assert running.returncode == 0, err
        assert not any(held.values()), held


def crash(p, debuggable):
    """Kills a worker in the middle of a call as a fault would; the cores that are left."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    if debuggable:
        p.env["SEAL_DEBUGGABLE"] = "1"

    def limits():
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    running = p.start("run", "hello", preexec_fn=limits)
    deadline = time.monotonic() + 30
    while not os.path.exists(p.top + "/steps.json.log") or not p.requests():
        assert time.monotonic() < deadline, "the model was not asked"
        os.sched_yield()
    mine = [pid for pid, words in p.processes() if "seald" in words]
    for pid in mine:
        os.kill(pid, signal.SIGABRT)
    running.wait(30)
    running.stdout.close(), running.stderr.close()
    return glob.glob(p.root + "/core*") + glob.glob("/core*") + glob.glob(p.env["XDG_RUNTIME_DIR"] + "/**/core*", recursive=True)


@row("a process that crashes in the middle of a call leaves no core")
def _():
    if os.geteuid() != 0:
        return "finding the processes takes root"
    hang = {"then": "hang"}
    with Project(BUILD, [hang]) as p:
        assert crash(p, False) == []
    with Project(BUILD, [hang]) as p:
        cores = crash(p, True)  # the control: would there have been one?
        for core in cores:
            os.unlink(core)
        return None if cores else "this system writes no cores into the working folder"


row.main()
