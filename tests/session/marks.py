"""A session whose commands leave a mark each, and a model that asks for nothing twice: what kills and power cuts
are judged by."""
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "run"))
sys.path.insert(0, os.path.join(HERE, "..", "model"))
from project import Project, call, text  # noqa: E402
from server import Server  # noqa: E402
from wire import await_that  # noqa: E402

LIMIT = 60
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

    def __init__(self, build):
        self.mind = Mind()
        super().__init__(build, (), RULES)
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
