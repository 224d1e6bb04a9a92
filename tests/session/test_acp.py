#!/usr/bin/env python3
"""The official ACP library as the editor behind `seal acp`.
test_acp.py BUILD [only rows with these words]"""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "run"))
from npm import install  # noqa: E402
from project import Project, Rows, call, text  # noqa: E402

BUILD = os.path.abspath(sys.argv[1])
LIBRARY = os.path.join(BUILD, "acp")
PACKAGES = ["@agentclientprotocol/sdk@2.4.0", "zod@4.6.7"]
row = Rows()
WRITE = '[capabilities.allow.write]\npaths = [{ path = "src/**", files = ["*"], prompt = true }]\n'
HANG = dict(text("Once upon a time there was a"), after=6, then="hang")
NEW = {"method": "session/new", "params": {"mcpServers": []}}
PROMPT = {"method": "session/prompt", "params": {"prompt": [{"type": "text", "text": "go"}]}}


MISSING = install(LIBRARY, PACKAGES, "@agentclientprotocol/sdk")


def editor(p, steps, answer="allow_once"):
    steps = [dict(step, params=dict(step["params"], cwd=p.root)) if step["method"] in ("session/new", "session/load", "session/resume") else step
             for step in steps]
    done = subprocess.run(["node", os.path.join(HERE, "acp_client.mjs"), LIBRARY, p.seal_path, p.root], env=p.env, cwd=p.root,
                          input=json.dumps({"steps": steps, "answer": answer}), capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise AssertionError(done.stderr)
    happened = json.loads(done.stdout)
    assert happened["bad"] == [], happened["bad"]
    assert happened["exit"] == 0, happened["exit"]
    happened["stderr"] = done.stderr
    return happened


def story(name):
    def keep(function):
        row(name)(lambda: MISSING or function())
    return keep


@story("the handshake, a turn with a tool call, and its updates fit the library's schemas")
def _():
    rules = '[capabilities.allow.read]\npaths = [{ path = "src/**", files = ["*"] }]\n'
    with Project(BUILD, [call("file_read", path="src/a.c"), text("Seen.")], rules) as p:
        p.write("src/a.c", "int x;\n")
        happened = editor(p, [NEW, PROMPT])
        assert happened["initialize"]["protocolVersion"] == 1
        assert happened["initialize"]["agentInfo"]["name"] == "seal"
        assert happened["replies"][1]["stopReason"] == "end_turn", happened
        kinds = [u["sessionUpdate"] for u in happened["updates"]]
        assert kinds.count("tool_call") == 1 and "agent_message_chunk" in kinds and "usage_update" in kinds, kinds


@story("allow always in the editor writes and signs the rule, and the next such call is silent")
def _():
    steps = [call("file_write", path="src/a.c", text="1\n"), call("file_write", path="src/b.c", text="2\n"), text("Done.")]
    with Project(BUILD, steps, WRITE) as p:
        os.makedirs(os.path.join(p.root, "src"))
        happened = editor(p, [NEW, PROMPT], "allow_always")
        assert happened["replies"][1]["stopReason"] == "end_turn", happened
        assert p.read("src/a.c") == "1\n" and p.read("src/b.c") == "2\n"
        assert len(happened["asked"]) == 1, [a["toolCall"]["title"] for a in happened["asked"]]
        # Signed, or this would be refused.
        assert p.seal("run", "again").returncode != 2


@story("deny in the editor refuses the call and writes nothing")
def _():
    with Project(BUILD, [call("file_write", path="src/a.c", text="1\n"), text("Done.")], WRITE) as p:
        os.makedirs(os.path.join(p.root, "src"))
        before = p.read("seal.toml")
        happened = editor(p, [NEW, PROMPT], "reject_once")
        assert happened["replies"][1]["stopReason"] == "end_turn"
        assert not os.path.exists(os.path.join(p.root, "src", "a.c"))
        assert p.read("seal.toml") == before


@story("deny always writes a rule that refuses without asking")
def _():
    steps = [call("file_write", path="src/a.c", text="1\n"), call("file_write", path="src/a.c", text="1\n"), text("Done.")]
    with Project(BUILD, steps, WRITE) as p:
        os.makedirs(os.path.join(p.root, "src"))
        happened = editor(p, [NEW, PROMPT], "reject_always")
        assert len(happened["asked"]) == 1, len(happened["asked"])
        assert "[capabilities.deny.write]" in p.read("seal.toml"), p.read("seal.toml")
        assert not os.path.exists(os.path.join(p.root, "src", "a.c"))


@story("a question that the editor dismisses is a refusal")
def _():
    with Project(BUILD, [call("file_write", path="src/a.c", text="1\n"), text("Done.")], WRITE) as p:
        os.makedirs(os.path.join(p.root, "src"))
        happened = editor(p, [NEW, PROMPT], "none of them")
        assert happened["replies"][1]["stopReason"] == "end_turn"
        assert not os.path.exists(os.path.join(p.root, "src", "a.c"))


@story("cancel answers the prompt with cancelled")
def _():
    with Project(BUILD, [HANG]) as p:
        happened = editor(p, [NEW, dict(PROMPT, cancelAt="agent_message_chunk")])
        assert happened["replies"][1] == {"stopReason": "cancelled"} or happened["replies"][1]["stopReason"] == "cancelled", happened["replies"]


@story("list, load, resume, close and delete are what the library expects")
def _():
    with Project(BUILD, [text("One.")]) as p:
        steps = [NEW, PROMPT, {"method": "session/list", "params": {}, "session": False},
                 {"method": "session/load", "params": {"mcpServers": []}}, {"method": "session/resume", "params": {"mcpServers": []}},
                 {"method": "session/set_mode", "params": {"modeId": "manifest"}},
                 {"method": "session/close", "params": {}}, {"method": "session/delete", "params": {}}]
        happened = editor(p, steps)
        wrong = [reply for reply in happened["replies"] if "error" in reply]
        assert not wrong, wrong
        assert happened["replies"][2]["sessions"][0]["title"] == "go", happened["replies"][2]
        assert "user_message_chunk" in [u["sessionUpdate"] for u in happened["updates"]]


@story("an unsigned manifest is an error that names the remedy, not a hang")
def _():
    with Project(BUILD, [text("x")], sign=False) as p:
        happened = editor(p, [NEW])
        assert "seal manifest sign" in happened["replies"][0]["error"]["message"], happened["replies"]


row.main()
