#!/usr/bin/env python3
"""What a client may ask about a session's log, a project's undo and its manifest, beside any turn.
test_look.py BUILD [only rows with these words]"""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(HERE, "..", "run"))
from project import Project, Rows, call, text  # noqa: E402
from wire import HELLO, Client  # noqa: E402

BUILD = sys.argv[1]
row = Rows()
READ = '[capabilities.allow.read]\npaths = [{ path = "src/**", files = ["*"] }]\n'
HANG = dict(text("Once upon a time there was a"), after=6, then="hang")


class Story(Project):
    def client(self):
        self.seal("sessions", "list")
        return Client(os.path.join(self.env["XDG_RUNTIME_DIR"], "seal", "sock"), HELLO)

    def session(self, client):
        return client.ok("session/new", {"cwd": self.root, "mcpServers": []})["sessionId"]

    def turn(self, client, session):
        reply = client.call("session/prompt", {"sessionId": session, "prompt": [{"type": "text", "text": "go"}]})
        assert reply["result"]["stopReason"] == "end_turn", reply

    def log(self, session):
        return os.path.join(self.env["XDG_STATE_HOME"], "seal", "sessions", session, "events.jsonl")


class Editor:
    """`seal acp`, line by line."""

    def __init__(self, p):
        self.process = subprocess.Popen([p.seal_path, "acp"], cwd=p.root, env=p.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.last = 0
        self.call("initialize", HELLO)

    def call(self, method, params):
        self.last += 1
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": self.last, "method": method, "params": params}) + "\n")
        self.process.stdin.flush()
        while True:
            line = self.process.stdout.readline()
            assert line, "seal acp ended"
            message = json.loads(line)
            if message.get("id") == self.last and "method" not in message:
                return message

    def close(self):
        self.process.stdin.close()
        self.process.stdout.read()  # what it still has to say; without a reader that is a failure
        self.process.stdout.close()
        assert self.process.wait(20) == 0


@row("_seal/audit says what `seal audit verify` says; damage is an answer, with the record")
def _():
    with Story(BUILD, [call("file_read", path="src/a.c"), text("Seen.")], READ) as p:
        p.write("src/a.c", "int x;\n")
        client = p.client()
        session = p.session(client)
        p.turn(client, session)
        said = client.ok("_seal/audit", {"sessionId": session})
        shown = p.seal("audit", "verify", session).stdout
        assert said["isIntact"] and said["turns"] == 1 and said["head"] in shown, (said, shown)
        assert said["records"] == said["receipt"]["records"] and said["receipt"]["key"] in shown, (said, shown)
        assert [c["done"] for c in said["counts"] if c["call"] == "tools.file-read"] == [1], said
        whole = open(p.log(session), "rb").read()
        open(p.log(session), "wb").write(whole.replace(b'"call":"llm.chat"', b'"call":"llm.chad"', 1))
        said = client.ok("_seal/audit", {"sessionId": session})
        assert not said["isIntact"] and said["reason"].startswith("record "), said


@row("_seal/records gives the records as they stand in the log, a page at a time")
def _():
    with Story(BUILD, [call("file_read", path="src/a.c", offset=n) for n in range(1, 70)] + [text("Seen.")], READ) as p:
        p.write("src/a.c", "int x;\n" * 100)
        client = p.client()
        session = p.session(client)
        p.turn(client, session)
        lines = [json.loads(line) for line in open(p.log(session))]
        records, at, pages = [], 0, 0
        while at is not None:
            page = client.ok("_seal/records", {"sessionId": session, "from": at})
            records, at, pages = records + page["records"], page.get("next"), pages + 1
        assert records == lines and pages == (len(lines) + 499) // 500 and pages > 1, (len(records), len(lines), pages)
        assert client.ok("_seal/records", {"sessionId": session, "from": 10 ** 12}) == {"records": []}
        assert "error" in client.call("_seal/records", {"sessionId": session, "from": -1})


@row("what is asked about a session is answered in the middle of its turn, and leaves the turn alone")
def _():
    with Story(BUILD, [HANG]) as p:
        client, other = p.client(), p.client()
        session = p.session(client)
        id = client.request("session/prompt", {"sessionId": session, "prompt": [{"type": "text", "text": "go"}]})
        client.update("agent_message_chunk")
        assert other.ok("_seal/audit", {"sessionId": session})["isIntact"]
        assert other.ok("_seal/records", {"sessionId": session})["records"][-1]["kind"] == "begin"
        assert other.ok("_seal/tasks", {"sessionId": session}) == {"entries": []}
        client.send("session/cancel", {"sessionId": session})
        assert client.answer(id)["result"]["stopReason"] == "cancelled"


@row("_seal/tasks is the last plan, and a loaded session's history tells it too")
def _():
    steps = [call("task_add", titles=["look", "write"]), call("task_update", id=1, state="done"), text("Seen.")]
    with Story(BUILD, steps) as p:
        client = p.client()
        session = p.session(client)
        p.turn(client, session)
        plans = client.updates("plan")
        assert [e["status"] for e in plans[-1]["entries"]] == ["completed", "pending"], plans
        assert client.ok("_seal/tasks", {"sessionId": session})["entries"] == plans[-1]["entries"]
        later = p.client()
        later.ok("session/load", {"sessionId": session, "cwd": p.root, "mcpServers": []})
        assert [u["entries"] for u in later.updates("plan")] == [u["entries"] for u in plans], later.updates("plan")


@row("a loaded session's history tells its tool calls as they were told: kind, place, diff and arguments")
def _():
    rules = READ + '[capabilities.allow.write]\npaths = [{ path = "src/**", files = ["*"] }]\n'
    steps = [call("file_read", path="src/a.c"), call("file_edit", path="src/a.c", edits=[{"old": "x", "new": "y"}]),
             call("file_write", path="src/b.c", text="int b;\n"), text("Done.")]
    with Story(BUILD, steps, rules) as p:
        p.write("src/a.c", "int x;\n")
        client = p.client()
        session = p.session(client)
        p.turn(client, session)
        told = client.updates("tool_call")
        assert len(told) == 3 and told[1]["content"][0]["newText"] == "y" and told[2]["locations"], told
        later = p.client()
        later.ok("session/load", {"sessionId": session, "cwd": p.root, "mcpServers": []})
        assert later.updates("tool_call") == told, (later.updates("tool_call"), told)


@row("_seal/diff and _seal/undo do what the commands do")
def _():
    rules = READ + '[capabilities.allow.write]\npaths = [{ path = ".", files = ["*"] }]\n[capabilities.allow.commands]\n' \
        'patterns = ["touch:*"]\n[sandbox.os]\nworkspace = "overlay"\n'
    with Story(BUILD, [call("command_run", command="touch made"), text("Done.")], rules) as p:
        client = p.client()
        session = p.session(client)
        p.turn(client, session)
        if not os.path.exists(os.path.join(p.root, "made")):
            return "no overlays here"
        os.makedirs(os.path.join(p.root, "deep"))
        deep = {"cwd": os.path.join(p.root, "deep")}
        assert client.ok("_seal/diff", deep)["text"] == p.seal("diff").stdout != ""
        assert client.ok("_seal/undo_list", deep)["text"] == p.seal("undo", "--list").stdout != ""
        undone = client.ok("_seal/undo", {"cwd": p.root, "count": 1})
        assert undone["kept"] == 0 and "made" in undone["text"], undone
        assert not os.path.exists(os.path.join(p.root, "made"))
        for params in ({"cwd": "here"}, {"cwd": p.root, "count": 65}, {"cwd": p.root + "/no"}):
            assert "error" in client.call("_seal/undo", params), params


@row("_seal/manifest says what is granted and what approves it; the daemon signs nothing")
def _():
    with Story(BUILD, [text("One.")], READ) as p:
        client = p.client()
        said = client.ok("_seal/manifest", {"cwd": p.root})
        assert said["isApproved"] and said["root"] == p.root and "src/**" in said["text"], said
        p.write("seal.toml", p.read("seal.toml").replace('"src/**"', '"**"'))
        said = client.ok("_seal/manifest", {"cwd": p.root})
        assert not said["isApproved"] and "seal manifest sign" in said["reason"] and "Changed since" in said["text"], said
        refused = client.call("_seal/approve", {"cwd": p.root, "hash": said["hash"]})
        assert "seal acp" in refused["error"]["message"], refused
        assert not client.ok("_seal/manifest", {"cwd": p.root})["isApproved"]


@row("seal acp signs the seal.toml of the hash that was shown, and no other")
def _():
    with Story(BUILD, [text("One.")], READ, sign=False) as p:
        editor = Editor(p)
        assert "seal manifest sign" in editor.call("session/new", {"cwd": p.root, "mcpServers": []})["error"]["message"]
        shown = editor.call("_seal/manifest", {"cwd": p.root})["result"]
        before = p.read("seal.toml")
        p.write("seal.toml", before.replace('"src/**"', '"**"'))
        refused = editor.call("_seal/approve", {"cwd": p.root, "hash": shown["hash"]})
        assert "look at what changed" in refused["error"]["message"], refused
        for bad in ("", "blake2b:", "0" * 64):
            assert "error" in editor.call("_seal/approve", {"cwd": p.root, "hash": bad}), bad
        assert not editor.call("_seal/manifest", {"cwd": p.root})["result"]["isApproved"]
        p.write("seal.toml", before)
        assert editor.call("_seal/approve", {"cwd": p.root, "hash": shown["hash"]})["result"] == {}
        assert editor.call("_seal/manifest", {"cwd": p.root})["result"]["isApproved"]
        assert "sessionId" in editor.call("session/new", {"cwd": p.root, "mcpServers": []})["result"]
        editor.close()


@row("the option model: seal acp writes and signs it, the session uses it; without a signature it is refused")
def _():
    with Story(BUILD, [text("One."), text("Two.")], READ) as p:
        editor = Editor(p)
        made = editor.call("session/new", {"cwd": p.root, "mcpServers": []})["result"]
        session = made["sessionId"]
        option = [o for o in made["configOptions"] if o["id"] == "model"][0]
        other = [o["value"] for o in option["options"] if o["value"] != option["currentValue"]]
        assert option["currentValue"] == "claude-opus-5" and "claude-haiku-4-5" in other, option
        params = {"sessionId": session, "configId": "model", "value": "claude-haiku-4-5"}
        watcher = p.client()
        watcher.ok("session/resume", {"sessionId": session, "cwd": p.root, "mcpServers": []})
        assert "signed" in watcher.call("session/set_config_option", params)["error"]["message"]
        answer = editor.call("session/set_config_option", params)["result"]
        assert [o["currentValue"] for o in answer["configOptions"] if o["id"] == "model"] == ["claude-haiku-4-5"], answer
        assert 'name = "claude-haiku-4-5"' in p.read("seal.toml")
        assert p.seal("manifest", "verify").returncode == 0
        told = watcher.update("config_option_update")
        assert [o["currentValue"] for o in told["configOptions"] if o["id"] == "model"] == ["claude-haiku-4-5"], told
        p.turn(watcher, session)
        assert p.requests()[0]["body"]["model"] == "claude-haiku-4-5", p.requests()[0]
        # Altered by somebody else: what cannot be held is not signed over.
        p.write("seal.toml", p.read("seal.toml").replace('"src/**"', '"**"'))
        refused = editor.call("session/set_config_option", dict(params, value="claude-opus-5"))
        assert "error" in refused and '"claude-haiku-4-5"' in p.read("seal.toml"), refused
        editor.close()


@row("a flood of questions about a session is answered, each, some with the limit")
def _():
    with Story(BUILD, [text("One.")]) as p:
        client = p.client()
        session = p.session(client)
        p.turn(client, session)
        ids = [client.request("_seal/audit", {"sessionId": session}) for _ in range(150)]
        replies = [client.answer(id) for id in ids]
        limited = [r for r in replies if "error" in r]
        assert all("again later" in r["error"]["message"] for r in limited) and len(limited) < 150, limited[:2]
        assert client.ok("_seal/audit", {"sessionId": session})["isIntact"]


@row("each method of seal's own is in docs/protocol.md")
def _():
    table = open(os.path.join(TOP, "rpc", "methods.def")).read()
    docs = open(os.path.join(TOP, "docs", "protocol.md")).read()
    methods = re.findall(r'"(_seal/\w+)"', table)
    assert len(methods) > 10 and not [m for m in methods if f"`{m}`" not in docs], [m for m in methods if f"`{m}`" not in docs]


row.main()
