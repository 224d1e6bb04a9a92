#!/usr/bin/env python3
"""Agents that work for another: each with an instance and a history of its own, never with more
rights than its parent, through one gate into one log that replays.
test_agents.py BUILD [ROW]"""
import subprocess

from scripted import ALL, Project, Rows, calls, json, os, put, results, sys, text

BUILD = sys.argv[1]
row = Rows()
RULES = ALL + '[capabilities.allow.commands]\npatterns = ["touch:*"]\n'


def agent(task, **scope):
    return "agent_run", {"task": task, **scope}


def session(*replies, rules=RULES, prompts="deny"):
    p = Project(BUILD, [*replies, text("Done.")], rules)
    put(p, "src/a.c", "int answer = 42;\n")
    put(p, "docs/b.md", "words\n")
    p.done = p.seal("run", "--prompts", prompts, "go", timeout=120)
    p.said = [r["body"] for r in p.requests()]
    return p


def tools_of(body):
    return {tool["name"] for tool in body["tools"]}


def replays(p):
    done = p.seal("replay", "latest")
    assert done.returncode == 0, done.stdout + done.stderr
    done = p.seal("audit", "verify", "latest")
    assert done.returncode == 0, done.stdout + done.stderr


@row("a child has a history of its own, and its last text is the parent's result")
def _():
    with session(calls(agent("Find the answer in src.")), calls(("grep", {"pattern": "answer"})), text("It is 42, src/a.c:1."), text("Parent says 42.")) as p:
        assert p.done.returncode == 0 and "Parent says 42." in p.done.stdout, p.done.stdout + p.done.stderr
        assert "It is 42, src/a.c:1." not in p.done.stdout, "a child's words are not the person's"
        child, back = p.said[1], p.said[3]
        assert [m["role"] for m in child["messages"]] == ["user"] and "Find the answer" in json.dumps(child["messages"]) and '"go"' not in json.dumps(child["messages"])
        assert "You work for another agent" in json.dumps(child["system"]) and "You work for another agent" not in json.dumps(back["system"])
        told = results({"body": back})
        assert len(told) == 1 and not told[0][1] and "It is 42, src/a.c:1." in told[0][0], told
        assert "int answer" not in json.dumps(back["messages"]), "what the child read is not in the parent's history"
        replays(p)


@row("a child that may only read is neither shown nor let use what writes, runs and fetches")
def _():
    tried = [("file_write", {"path": "src/new.c", "text": "x"}), ("file_edit", {"path": "src/a.c", "old": "42", "new": "43"}), ("file_delete", {"path": "src/a.c"}),
             ("command_run", {"command": "touch made"}), ("web_fetch", {"url": "http://127.0.0.1:1/"}), ("ask_user", {"question": "?"})]
    with session(calls(agent("look")), calls(*tried), text("no"), text("ok")) as p:
        assert not tools_of(p.said[1]) & {name for name, _ in tried}, tools_of(p.said[1])
        assert all(bad for _, bad in results({"body": p.said[2]}))
        assert p.read("src/a.c") == "int answer = 42;\n" and not os.path.exists(os.path.join(p.root, "made"))
        replays(p)


# (what, scope, call, allowed)
SCOPES = [
    ("writes", {"writes": True}, ("file_write", {"path": "src/n.c", "text": "x"}), True),
    ("a write outside its paths", {"writes": True, "paths": ["docs"]}, ("file_write", {"path": "src/n.c", "text": "x"}), False),
    ("a write within its paths", {"writes": True, "paths": ["src/"]}, ("file_write", {"path": "src/n.c", "text": "x"}), True),
    ("a write by a glob", {"writes": True, "paths": ["**/*.c"]}, ("file_write", {"path": "src/n.c", "text": "x"}), True),
    ("a path that only begins like one", {"writes": True, "paths": ["sr"]}, ("file_write", {"path": "src/n.c", "text": "x"}), False),
    ("a way around its paths", {"writes": True, "paths": ["docs"]}, ("file_write", {"path": "docs/../src/n.c", "text": "x"}), False),
    ("a read outside its paths", {"paths": ["docs"]}, ("file_read", {"path": "src/a.c"}), False),
    ("a read within its paths", {"paths": ["src"]}, ("file_read", {"path": "src/a.c"}), True),
    ("a command, with writes", {"writes": True, "commands": True}, ("command_run", {"command": "touch src/made"}), True),
    ("a command that paths could not hold", {"writes": True, "commands": True, "paths": ["src"]}, ("command_run", {"command": "touch docs/made"}), False),
    ("what the manifest does not grant", {"writes": True, "commands": True}, ("command_run", {"command": "rm src/a.c"}), False),
    ("a file the manifest does not name", {"writes": True}, ("file_write", {"path": "/etc/seal-was-here", "text": "x"}), False),
]

for what, scope, (name, arguments), allowed in SCOPES:
    @row(f"{what}: {'done' if allowed else 'refused'}")
    def _(scope=scope, name=name, arguments=arguments, allowed=allowed):
        with session(calls(agent("work", **scope)), calls((name, arguments)), text("so"), text("ok")) as p:
            words, bad = results({"body": p.said[2]})[0]
            assert bad != allowed, words
            if allowed and name != "file_read":
                assert os.path.exists(os.path.join(p.root, arguments.get("path") or arguments["command"].split()[1]))


@row("a search within a scope shows nothing of what lies outside")
def _():
    with session(calls(agent("look", paths=["docs"])), calls(("grep", {"pattern": "."}), ("file_list", {"recursive": True}), ("file_glob", {"pattern": "**"})), text("no"), text("ok")) as p:
        for words, _ in results({"body": p.said[2]}):
            assert "a.c" not in words and "b.md" in words, words


@row("a child of a child has no more than its parent, and the third is refused")
def _():
    deep = [calls(agent("one")), calls(agent("two", writes=True, commands=True, network=True)), calls(("file_write", {"path": "src/n.c", "text": "x"}), agent("three")), text("two is done"), text("one is done"), text("ok")]
    with session(*deep) as p:
        said = results({"body": p.said[3]})
        assert said[0][1] and said[1][1], said
        assert not os.path.exists(os.path.join(p.root, "src/n.c"))
        assert "two is done" in json.dumps(p.said[4]["messages"][-1]) and "one is done" in json.dumps(p.said[5]["messages"][-1])
        replays(p)


@row("the number of a turn is limited, and the rest is told to do it itself")
def _():
    with session(calls(*[agent(f"task {i}") for i in range(18)]), *[text(f"answer {i}") for i in range(16)], text("ok")) as p:
        said = results({"body": p.said[-1]})
        assert len(said) == 18 and sum(bad for _, bad in said) == 2, said
        assert "as many agents as it may" in json.dumps(said)
        assert p.done.returncode == 0
        replays(p)


@row("a child whose model fails is an answer, not the end of the turn")
def _():
    refused = {"status": 400, "body": {"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}}
    with session(calls(agent("look")), refused, text("went on")) as p:
        words, bad = results({"body": p.said[2]})[0]
        assert bad and "the agent failed" in words, words
        assert "went on" in p.done.stdout
        replays(p)


@row("what a child stores and has seen is its own: the parent's stale write is refused")
def _():
    steps = [calls(("file_read", {"path": "src/a.c"})), calls(agent("change it", writes=True)), calls(("file_read", {"path": "src/a.c"}), ("file_edit", {"path": "src/a.c", "old": "42", "new": "43"})), text("changed"),
             calls(("file_write", {"path": "src/a.c", "text": "old\n"})), text("ok")]
    with session(*steps) as p:
        words, bad = results({"body": p.said[5]})[0]
        assert bad and "changed since you read it" in words, words
        assert "43" in p.read("src/a.c")
        keys = subprocess.run(["find", p.env["XDG_STATE_HOME"], "-path", "*agents*"], capture_output=True, text=True).stdout
        assert "history" not in keys, keys


@row("Ctrl+C while a child works ends the turn; the next one goes on, and all of it replays")
def _():
    with Project(BUILD, [calls(agent("look")), dict(text("thinking about it at length"), after=3, then="hang"), text("Later.")], RULES) as p:
        process = p.start("run", "go")
        for _ in range(400):
            if len(p.requests()) >= 2:
                break
            process.poll()
            import time
            time.sleep(0.02)
        process.send_signal(2)
        assert process.wait(15) == 130, process.stderr.read()
        process.stdout.close(), process.stderr.close()
        done = p.seal("run", "--resume", "latest", "what now")
        assert done.returncode == 0 and "Later." in done.stdout, done.stderr
        assert "unknown" in json.dumps(p.requests()[2]["body"]["messages"])
        replays(p)


row.main()
