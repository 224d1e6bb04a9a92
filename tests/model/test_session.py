#!/usr/bin/env python3
"""The model as a session has it: recordings, another provider in mid-session,
limits, retries on the screen.

    test_session.py BUILD
"""
import json
import os
import signal
import stat
import sys

BUILD = os.path.abspath(sys.argv[1])
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run"))
from project import Project, Rows, call, expect, interrupt_when, text  # noqa: E402

row = Rows()
READ = '[capabilities.allow.read]\npaths = [{ path = "**", files = ["*"] }]\n'
NOW = {"retry-after-ms": "1"}
BUSY = {"status": 529, "headers": NOW, "body": {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}}


def thinking(words, signature, *more):
    block = {"thinking": {"text": words, "signature": signature}}
    reply = json.loads(json.dumps(more[0]))
    reply["reply"]["content"].insert(0, block)
    return reply


def switch(p, provider, name, path=""):
    """Another model in seal.toml, signed again, as a person would."""
    lines = [line for line in p.read("seal.toml").split("\n") if not line.startswith(("provider", "name", "base_url"))]
    at = lines.index("[model]") + 1
    lines[at:at] = [f'provider = "{provider}"', f'name = "{name}"', f'base_url = "http://127.0.0.1:{p.port}{path}"']
    p.write("seal.toml", "\n".join(lines))
    p.sign()


@row("seal run --record writes what provider = \"replay\" plays, and nobody else may read it")
def _():
    with Project(BUILD, [call("file_read", path="a.txt"), text("It says hello.")], READ) as p:
        p.write("a.txt", "hello\n")
        first = p.seal("run", "--record", "session.jsonl", "what does a.txt say?")
        expect(first, 0, "It says hello.")
        mode = stat.S_IMODE(os.stat(os.path.join(p.root, "session.jsonl")).st_mode)
        assert mode == 0o600, oct(mode)
        p.write("seal.toml", 'schema_version = 1\n[model]\nprovider = "replay"\nname = "session.jsonl"\n' + READ)
        p.sign()
        again = p.seal("run", "what does a.txt say?")
        expect(again, 0)
        assert again.stdout == first.stdout, (first.stdout, again.stdout)
        assert len(p.requests()) == 2, "the recording asked the model"
        other = p.seal("run", "something else")
        expect(other, 4, "session.jsonl:1: expects")


@row("a recording that cannot be written is said before anything is sent; --resume cannot begin one")
def _():
    with Project(BUILD, [text("Hello.")]) as p:
        expect(p.seal("run", "--record", "no/such/folder/x", "hello"), 4, "no/such/folder/x")
        expect(p.seal("run", "--record", "x", "--resume", "latest", "hello"), 2, "--record begins with a session")
        assert not os.path.exists(p.top + "/steps.json.log") or p.requests() == []


@row("mid-session, another model and provider: the history goes along, converted, foreign thoughts left out")
def _():
    steps = [thinking("Let me look.", "c2ln", call("file_read", path="a.txt")), text("It says hello."),
             text("As I said: hello."), text("Still hello."), text("And hello again.")]
    with Project(BUILD, steps, READ) as p:
        p.write("a.txt", "hello\n")
        expect(p.seal("run", "what does a.txt say?"), 0, "It says hello.")
        switch(p, "openai", "gpt-5.1", "/v1")
        p.env["OPENAI_API_KEY"] = "sk-openai"
        expect(p.seal("run", "--resume", "latest", "again?"), 0, "As I said")
        switch(p, "local", "tiny", "/v1")
        expect(p.seal("run", "--resume", "latest", "again?"), 0, "Still hello")
        switch(p, "anthropic", "claude-sonnet-5")
        expect(p.seal("run", "--resume", "latest", "again?"), 0, "And hello again.")
        seen = p.requests()
        assert [r["path"] for r in seen] == ["/v1/messages"] * 2 + ["/v1/responses", "/v1/chat/completions", "/v1/messages"], [r["path"] for r in seen]
        kinds = [i["type"] for i in seen[2]["body"]["input"]]
        assert "function_call" in kinds and "function_call_output" in kinds and "reasoning" not in kinds, kinds
        assert "c2ln" not in json.dumps(seen[2]["body"]) and "c2ln" not in json.dumps(seen[3]["body"])
        roles = [m["role"] for m in seen[3]["body"]["messages"]]
        assert roles.count("tool") == 1 and seen[3]["body"]["messages"][roles.index("tool")]["content"].startswith("a.txt") or "hello" in json.dumps(seen[3]["body"]), roles
        last = seen[4]["body"]["messages"]
        assert last[1]["content"][0] == {"type": "thinking", "thinking": "Let me look.", "signature": "c2ln"}, last[1]
        assert seen[4]["body"]["model"] == "claude-sonnet-5" and len(last) == 9, len(last)


@row("thoughts go back unchanged within the tool loop")
def _():
    with Project(BUILD, [thinking("Hm \u00e9\n", "c2ln+/=", call("file_read", path="a.txt")), text("Done.")], READ) as p:
        p.write("a.txt", "x\n")
        expect(p.seal("run", "look"), 0)
        back = p.requests()[1]["body"]["messages"][1]["content"]
        assert back[0] == {"type": "thinking", "thinking": "Hm \u00e9\n", "signature": "c2ln+/="} and back[1]["type"] == "tool_use", back


@row("an image that the agent reads goes to the model as an image")
def _():
    png = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000" "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082")
    with Project(BUILD, [call("file_read", path="dot.png"), text("A dot.")], READ) as p:
        with open(os.path.join(p.root, "dot.png"), "wb") as out:
            out.write(png)
        expect(p.seal("run", "what is in the picture?"), 0)
        if '"image"' not in json.dumps(p.requests()[1]["body"]):
            return "file_read makes no image blocks"


@row("retries are on the screen while they happen, and then the answer")
def _():
    with Project(BUILD, [BUSY, BUSY, text("Hello.")]) as p:
        done = p.seal("run", "hello")
        expect(done, 0, "Hello.", "overloaded, again in 0.001 s (1 of 2)", "(2 of 2)")


@row("Ctrl+C while it waits to try again ends the turn with 130")
def _():
    with Project(BUILD, [{"status": 429, "headers": {"retry-after": "100"}, "body": {}}, text("No.")]) as p:
        running = p.start("run", "hello")
        interrupt_when(running, "again in", signal.SIGINT)
        running.communicate(timeout=10)
        assert running.returncode == 130 and len(p.requests()) == 1, running.returncode


FAULTS = [
    ("overload", [BUSY] * 3, "try again in a while"),
    ("a quota that is used up", [{"status": 402, "body": {"error": {"type": "billing_error", "message": "no credit"}}}], "add credit at the provider"),
    ("a key that is refused", [{"status": 401, "body": {"error": {"type": "authentication_error", "message": "no"}}}], "check the key (found in ANTHROPIC_API_KEY)"),
    ("a request that is refused", [{"status": 400, "body": {"error": {"type": "invalid_request_error", "message": "tools.0: bad"}}}], "check [model] in seal.toml"),
]


def fault(name, steps, remedy):
    @row("told apart, with its remedy: " + name)
    def _():
        with Project(BUILD, steps) as p:
            expect(p.seal("run", "hello"), 4, remedy)


for one in FAULTS:
    fault(*one)


@row("told apart, with its remedy: a conversation that is too long")
def _():
    long = {"status": 400, "body": {"error": {"type": "invalid_request_error", "message": "prompt is too long: 9 > 8"}}}
    with Project(BUILD, [long] * 8) as p:
        done = p.seal("run", "hello")
        assert done.returncode == 4 and "compact" in done.stderr, (done.returncode, done.stderr)


@row("told apart, with its remedy: a refusal of the content")
def _():
    with Project(BUILD, [text("I will not.", "refusal")]) as p:
        done = p.seal("run", "hello")
        expect(done, 4, "I will not.", "the model refuses", "other words")


@row("max_cost_usd ends a session whose model has cost too much, with 5 and the remedy")
def _():
    dear = text("Hello.")
    dear["reply"]["usage"] = {"input": 1000000, "output": 0, "cache-read": 0, "cache-write": 0}
    with Project(BUILD, [dear, text("No.")], "[limits]\nmax_cost_usd = 2\n") as p:
        expect(p.seal("run", "hello"), 0)
        done = p.seal("run", "--resume", "latest", "more")
        expect(done, 5, "max_cost_usd reached: 5 of 2", "[limits] of seal.toml")
        assert len(p.requests()) == 1


row.main()
