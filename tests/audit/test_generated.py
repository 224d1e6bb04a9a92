#!/usr/bin/env python3
"""Sessions made by chance, from a seed: two agents, two wires, every tool, models that fail, denials, answers
of a person, cancels, kills, summaries, agents that work for agents.  Each verifies, and replays call by call where there is no network, no
key, no model and no project.  SEAL_SESSIONS=N: how many (10).   test_generated.py BUILD HOSTILE.cwasm"""
import collections
import glob
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run"))
from project import Project, Rows  # noqa: E402

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "session"))
import wire  # noqa: E402
from wire import await_that  # noqa: E402

wire.LIMIT = 120

BUILD = os.path.abspath(sys.argv[1])
HOSTILE = os.path.abspath(sys.argv.pop(2))
COUNT = int(os.environ.get("SEAL_SESSIONS", "10"))
row = Rows()
RULES = """[capabilities.allow.read]
paths = [{ path = "src/**", files = ["*"] }, { path = ".", files = ["README"], prompt = true }]
[capabilities.allow.write]
paths = [{ path = "src/**", files = ["*"] }, { path = "docs/**", files = ["*"], prompt = true }]
[capabilities.allow.delete]
paths = [{ path = "src/**", files = ["*"], prompt = true }]
[capabilities.allow.commands]
patterns = ["echo:*", "ls:*", "sleep 600", "false", { command = "wc:*", prompt = true }]
[capabilities.deny.read]
default_files = ["*.pem"]
[capabilities.deny.commands]
patterns = ["curl:*"]
"""
PATHS = ["src/a.c", "src/b.c", "src/long.txt", "src/key.pem", "src/none", "README", "docs/x.md", "../out", "/etc/passwd", "", "src/\u00e4 \u202e.c"]
COMMANDS = ["echo one && echo two", "ls -l src", "false", "wc -l src/a.c | cat", "curl -s example.net", "echo 'unfinished", "echo \"$HOME\"; rm -rf /"]
TEXTS = ["", "made\n", "int a;\n" * 300, "<script>alert(1)</script>\x1b[31m", "\u20ac\U0001f600\n"]


class Maker:
    """What a model does, from a seed."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.calls = 0

    def tool(self):
        c = self.chance
        path = c.choice(PATHS)
        name, arguments = c.choice([
            ("file_read", {"path": path}), ("file_read", {"path": path, "offset": 2, "limit": 1}), ("file_write", {"path": path, "text": c.choice(TEXTS)}),
            ("file_edit", {"path": path, "old": "int", "new": c.choice(TEXTS)}), ("file_delete", {"path": path}), ("file_list", {"path": "src", "recursive": True}),
            ("file_glob", {"pattern": "**/*.c"}), ("grep", {"pattern": "int", "path": "src"}), ("command_run", {"command": c.choice(COMMANDS)}),
            ("web_fetch", {"url": "http://127.0.0.1:9/x"}), ("no_such_tool", {}), ("file_read", {"wrong": 1})])
        self.calls += 1
        text = c.choice(["", "{", "[1]"]) if c.random() < 0.05 else json.dumps(arguments)
        return {"tool-use": {"id": f"call_{self.calls}", "name": name, "input-json": text}}

    def agent(self):
        """Work for another agent, and what that one does until it ends or the turn does."""
        c = self.chance
        self.calls += 1
        scope = {"writes": c.random() < 0.7, "commands": c.random() < 0.8, **({"paths": ["src"]} if c.random() < 0.3 else {})}
        block = {"tool-use": {"id": f"call_{self.calls}", "name": "agent_run", "input-json": json.dumps(dict(scope, task="look at src"))}}
        blocks = [block] + ([self.tool()] if c.random() < 0.3 else [])
        return [self.reply(blocks, "tool-use")] + [self.step() for _ in range(c.randrange(0, 3))] + [self.last() if c.random() < 0.8 else self.hang()]

    def usage(self):
        return {"input": self.chance.randrange(1, 9000), "output": 7, "cache-read": 0, "cache-write": 0}

    def reply(self, blocks, stop):
        return {"reply": {"content": blocks, "stop": stop, "usage": self.usage()}, "chunk": self.chance.choice([3, 40])}

    def step(self):
        blocks = [self.tool() for _ in range(self.chance.choice([1, 1, 1, 2, 4]))]
        if self.chance.random() < 0.3:
            blocks.insert(0, {"text": {"text": self.chance.choice(TEXTS) or "x"}})
        return self.reply(blocks, "tool-use")

    def last(self):
        """How a turn ends, when it does by itself."""
        said = [{"text": {"text": "Done: " + self.chance.choice(TEXTS)}}]
        return self.chance.choice([self.reply(said, "end-turn"), self.reply(said, "end-turn"), self.reply(said, "max-tokens"),
                                   {"status": 400, "body": {"error": {"type": "invalid_request_error", "message": "no"}}},
                                   dict(self.reply(said, "end-turn"), after=2, then="garbage", headers={"x-should-retry": "false"})])

    def turn(self):
        steps = [self.step() for _ in range(self.chance.randrange(0, 7))]
        if self.chance.random() < 0.4:
            steps += self.agent()
        return steps + [self.last() if self.chance.random() < 0.6 else self.hang()]

    def hang(self):
        return self.reply([{"tool-use": {"id": "call_hang", "name": "command_run", "input-json": '{"command":"sleep 600"}'}}], "tool-use")


class Place(Project):
    stops = 0

    def __init__(self, maker, hostile):
        self.maker, self.hostile = maker, hostile
        self.turns = [maker.turn() for _ in range(maker.chance.randrange(1, 5))]
        super().__init__(BUILD, [s for steps in self.turns for s in steps] + [maker.reply([{"text": {"text": "Over."}}], "end-turn")] * 40, manifest=False)
        provider = maker.chance.choice(["anthropic", "local"])
        self.write("seal.toml", f'schema_version = 1\n[model]\nprovider = "{provider}"\nname = "claude-opus-5"\nbase_url = "http://127.0.0.1:{self.port}"\n'
                   f'context_length = {maker.chance.choice([8000, 200000])}\nmax_tokens = 1000\n' + RULES)
        self.sign()
        for name, content in (("src/a.c", "int a;\n"), ("src/long.txt", "a long line of text\n" * 3000), ("src/key.pem", "secret"), ("README", "read me\n")):
            self.write(name, content)
        self.env["HTTP_PROXY"] = ""

    def serve(self, steps):
        if self.hostile:
            library = os.path.join(self.top, "lib")
            os.makedirs(library)
            for name, of in (("seald", f"{BUILD}/seald"), ("seal-init", f"{BUILD}/seal-init"), ("agent.cwasm", HOSTILE)):
                os.symlink(of, os.path.join(library, name))
            self.env["SEAL_LIB"] = library
        return super().serve(steps)

    def words(self, number):
        if self.hostile:
            return self.maker.chance.choice(["trap", f"{number + 1} 40 {self.top} 9 9"])
        return self.maker.chance.choice(["go on", "do it \u20ac", "/compact"])

    def run_turn(self, number):
        arguments = ["run", "--prompts", self.maker.chance.choice(["allow", "allow", "deny"])] + (["--resume", "latest"] if number else [])
        before = self.log()
        turn = self.start(*arguments, self.words(number))
        reading = threading.Thread(target=turn.communicate)
        reading.start()
        await_that("the turn ends or waits", lambda: turn.poll() is not None or self.hangs(before))
        if turn.poll() is None:
            self.stop(turn)
        reading.join(60)
        assert turn.poll() is not None, "it goes on after a cancel or a crash"

    def log(self):
        path, = glob.glob(os.path.join(self.env["XDG_STATE_HOME"], "seal", "sessions", "*", "events.jsonl")) or [os.devnull]
        with open(path, "rb") as lines:
            return lines.read()

    def hangs(self, before):
        """The command that does not end is the last thing in the log, since this turn."""
        now = self.log()
        return len(now) > len(before) and b'"verdict":"allow","rule":"sleep 600"' in now[now[:-1].rfind(b"\n"):]

    def stop(self, turn):
        """In the middle of a command: a person's cancel and a crash by turns."""
        Place.stops += 1
        if Place.stops % 2:
            so_far = len(self.log())
            turn.send_signal(signal.SIGINT)
            # The person has the answer at once; the process that ends the command says so a moment later.
            await_that("the log says so", lambda: b'"outcome":"cancelled"' in self.log()[so_far:])
            return
        for pid, words in self.processes():
            if words.rstrip().endswith("seald worker"):
                os.kill(pid, signal.SIGKILL)


def session(seed, top):
    """Runs it; its log, copied out of a project that is gone."""
    maker = Maker(seed)
    with Place(maker, seed % 5 == 4) as p:
        for number in range(len(p.turns)):
            p.run_turn(number)
        p.seal("daemon", "stop")
        folder, = os.listdir(os.path.join(p.env["XDG_STATE_HOME"], "seal", "sessions"))
        copy = os.path.join(top, f"{seed}")
        shutil.copytree(os.path.join(p.env["XDG_STATE_HOME"], "seal", "sessions", folder), copy)
    assert not os.path.exists(p.top)
    return copy


def alone(top, *arguments):
    """seal with nothing of where the session ran: no network, no key, other folders."""
    empty = os.path.join(top, "empty")
    os.makedirs(empty, exist_ok=True)
    env = {k: v for k, v in os.environ.items() if k in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS")}
    env.update({name: empty for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR")})
    return subprocess.run(["unshare", "-rn", os.path.join(BUILD, "seal"), *arguments], cwd=empty, env=env, capture_output=True, text=True, timeout=300)


def look(folder, seen):
    """What happened in it, for the row that says that all of it does."""
    for line in open(os.path.join(folder, "events.jsonl")):
        record = json.loads(line)
        seen[record["kind"]] += 1
        if record["kind"] == "export-begin":
            name = record["call"].split(".")
            seen["agent for an agent"] += name[-1] == "init" and len(name) == 2 and name[0] != "a0"
        for key in ("outcome", "verdict", "answer"):
            if key in record:
                seen[f"{record['kind']} {record[key]}"] += 1


SEEN = collections.Counter()


def probe():
    return None if subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode == 0 else "no user namespaces here"


@row(f"{COUNT} sessions made by chance verify and replay without network, key, model and project")
def _():
    if probe():
        return probe()
    calls, faults = 0, []
    with tempfile.TemporaryDirectory(prefix="seal-generated-") as top:
        first = int(os.environ.get("SEAL_SEED", "0"))
        for seed in range(first, first + COUNT):
            folder = session(seed, top)
            look(folder, SEEN)
            done = alone(top, "audit", "verify", folder)
            if done.returncode:
                faults.append(f"seed {seed}: {done.stdout}{done.stderr}")
            done = alone(top, "audit", "show", folder, "--json", "--call", "llm.chat")
            SEEN["compaction"] += done.stdout.count('"purpose":"compaction"')
            done = alone(top, "replay", folder, *(["--component", HOSTILE] if seed % 5 == 4 else []))
            if done.returncode or "calls match" not in done.stdout:
                faults.append(f"seed {seed}: {done.stdout}{done.stderr}")
            else:
                calls += int(done.stdout.split()[1])
            shutil.rmtree(folder)
    assert not faults, "\n".join(faults)
    print(f"# {calls} calls replayed; " + ", ".join(f"{n} {what}" for what, n in sorted(SEEN.items())))


@row("what they hold: errors, denials, answers, cancels, crashes, summaries, agents for agents")
def _():
    if probe() or COUNT < 10:
        return probe() or "fewer than 10 sessions"
    wanted = ["end done", "end denied", "end failed", "end invalid", "decision ask", "decision deny", "ask allow", "ask deny",
              "export-end ok", "export-end trap", "resume", "compaction",
              "agent for an agent"]
    missing = [what for what in wanted if not SEEN[what]]
    print(f"# {SEEN['session']} sessions: {SEEN['agent for an agent']} agents for agents, {SEEN['compaction']} summaries, "
          f"{SEEN['end cancelled'] + SEEN['export-end cancelled']} cancels, {SEEN['export-begin'] - SEEN['export-end']} crashes, {SEEN['end denied']} denials, "
          f"{SEEN['end failed'] + SEEN['end invalid'] + SEEN['export-end trap']} errors, {SEEN['ask allow'] + SEEN['ask deny']} answers")
    missing += [] if SEEN["end cancelled"] + SEEN["export-end cancelled"] else ["a cancel"]
    assert not missing, (missing, SEEN)
    return None


row.main()
