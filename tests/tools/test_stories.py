#!/usr/bin/env python3
"""Whole stories with a scripted model: the work is really done, by the project's own tests, and the
session replays and verifies afterwards.
test_stories.py BUILD [ROW]"""
import shutil
import subprocess

from scripted import ALL, Project, Rows, calls, json, os, put, results, sys, text

BUILD = sys.argv[1]
row = Rows()


def commands(*patterns):
    return ALL + "[capabilities.allow.commands]\npatterns = " + json.dumps(list(patterns)) + "\n[security]\nallow_python_interpreter = true\n"


def whole(p, *messages):
    """Every message answered, the log whole, the replay equal."""
    for i, message in enumerate(messages):
        done = p.seal("run", *(["--resume", "latest"] if i else []), message, timeout=120)
        assert done.returncode == 0, f"{message}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    for check in (["replay", "latest"], ["audit", "verify", "latest"]):
        done = p.seal(*check, timeout=120)
        assert done.returncode == 0, f"{check}: {done.stdout}{done.stderr}"


C = {"add.h": "int add(int a, int b);\n", "add.c": "#include \"add.h\"\n\nint add(int a, int b)\n{\n\treturn a - b;\n}\n",
     "test.c": "#include \"add.h\"\n\nint main(void)\n{\n\treturn add(2, 2) == 4 && add(2, 3) == 5 ? 0 : 1;\n}\n",
     "Makefile": "check: test\n\t./test\n\ntest: test.c add.c\n\tcc -Wall -o test test.c add.c\n"}
PYTHON = {"add.py": "def add(a, b):\n    return a - b\n",
          "test_add.py": "import unittest\n\nfrom add import add\n\n\nclass Add(unittest.TestCase):\n    def test_add(self):\n        self.assertEqual(add(2, 3), 5)\n"}
JS = {"add.js": "exports.add = (a, b) => a - b;\n",
      "test.js": "const assert = require(\"node:assert\");\nconst { add } = require(\"./add.js\");\nassert.strictEqual(add(2, 3), 5);\nconsole.log(\"all right\");\n"}

# Python takes a module's cached code for current when its size and its second are the same: so the size differs.
for language, files, needs, command, path, old, new in [
    ("C", C, "cc", "make check", "add.c", "return a - b;", "return a + b;"),
    ("Python", PYTHON, "python3", "python3 -m unittest", "add.py", "return a - b", "return (a + b)"),
    ("JavaScript", JS, "node", "node test.js", "add.js", "a - b", "a + b"),
]:
    @row(f"a failing test of a {language} project is found, fixed and passes")
    def _(files=files, needs=needs, command=command, path=path, old=old, new=new):
        if not shutil.which(needs):
            return f"there is no {needs} here"
        steps = [calls(("command_run", {"command": command})), calls(("grep", {"pattern": "a - b"}), ("file_read", {"path": path})),
                 calls(("file_edit", {"path": path, "old": old, "new": new})), calls(("command_run", {"command": command})), text("Fixed and verified.")]
        with Project(BUILD, steps, commands(command)) as p:
            for name, content in files.items():
                put(p, name, content)
            if needs == "node":
                p.env["PATH"] = os.path.dirname(os.path.realpath(shutil.which("node"))) + ":" + p.env["PATH"]
            whole(p, "the test fails, fix it")
            said = [results(r) for r in p.requests()[1:]]
            if needs == "node" and "not found" in said[0][0][0]:
                return "node is not visible in the sandbox here"
            assert said[0][0][1], said[0]
            assert path in said[1][0][0] and not said[2][0][1], said
            assert not said[3][0][1] and "Exit code 0." in said[3][0][0], said[3]
            assert new in p.read(path)


@row("a rename across files, in one reply, leaves no use of the old name")
def _():
    files = {f"src/m{i}.py": f"from names import old_name\n\n\ndef f{i}():\n    return old_name({i}) + old_name(1)\n" for i in range(12)}
    files["src/names.py"] = "def old_name(n):\n    return n\n"
    find = calls(("grep", {"pattern": "\\bold_name\\b", "path": "src"}))
    edits = calls(*[("file_edit", {"path": name, "old": "old_name", "new": "new_name", "replace_all": True}) for name in files])
    with Project(BUILD, [find, edits, find, text("Renamed.")], ALL) as p:
        for name, content in files.items():
            put(p, name, content)
        whole(p, "rename old_name to new_name")
        said = [results(r) for r in p.requests()[1:]]
        assert said[0][0][0].count("old_name") > 24
        assert len(said[1]) == 13 and not any(bad for _, bad in said[1]), said[1]
        assert "(no matches)" in said[2][0][0]
        done = subprocess.run([sys.executable, "-c", "import m3; assert m3.f3() == 4"], cwd=os.path.join(p.root, "src"))
        assert done.returncode == 0


def counted(step, tokens):
    """The reply as of a provider that counted so many tokens of request."""
    step["reply"]["usage"] = {"input": tokens, "output": 5, "cache-read": 0, "cache-write": 0}
    return step


SUMMARY = "<summary>1. Request: keep the notes; the word is {word}.\n7. Open: the rest.</summary>"


@row("a long session with two compactions: summaries, tasks, instructions and the last message stay")
def _():
    big = "a line of a file that is read because somebody has to\n" * 260
    steps = [counted(calls(("task_add", {"titles": ["read it all", "write the end"]})), 5000)]
    for part in range(2):
        steps += [counted(calls(("file_read", {"path": f"big{part}{i}.txt"})), 5000 + 4500 * i) for i in range(3)]
        steps.append(counted(text(SUMMARY.format(word=f"plum{part}")), 18500))
    steps += [counted(calls(("task_update", {"id": 1, "state": "done"})), 5000), counted(text("All of it is done."), 5000)]
    with Project(BUILD, steps, ALL, model="context_length = 26000\nmax_tokens = 4000") as p:
        for part in range(2):
            for i in range(3):
                put(p, f"big{part}{i}.txt", f"{part}{i} " + big)
        put(p, "SEAL.md", "Use the word marzipan.\n")
        whole(p, "read the big files, then write the end")
        bodies = [r["body"] for r in p.requests()]
        asked = [i for i, body in enumerate(bodies) if "replaced by your summary" in json.dumps(body["messages"][-1])]
        assert len(asked) == 2, (asked, len(bodies))
        for n, at in enumerate(asked):
            after = json.dumps(bodies[at + 1]["messages"])
            assert f"plum{n}" in after and "read the big files, then write the end" in after and "write the end" in after, after
            assert "[pending] read it all" in after and "marzipan" in json.dumps(bodies[at + 1]["system"])
            assert len(after) < 6000, "the conversation was not replaced"
        assert "plum0" not in json.dumps(bodies[-1]["messages"]) or "plum1" in json.dumps(bodies[-1]["messages"])


@row("/compact by hand; the next turn goes on from the summary alone")
def _():
    steps = [calls(("file_read", {"path": "f"})), text("It says pear."), text(SUMMARY.format(word="pear")), text("Still pear.")]
    with Project(BUILD, steps, ALL) as p:
        put(p, "f", "pear and a distinctive phrase\n")
        whole(p, "read f", "/compact", "what was it")
        last = json.dumps(p.requests()[-1]["body"]["messages"])
        assert "the word is pear" in last and "distinctive" not in last and "what was it" in last


@row("research by two agents: the parent has their answers and none of what they read")
def _():
    tree = {f"lib/part{i}/code{k}.c": f"/* part {i}, file {k} */\nint value_{i}_{k} = {i * 10 + k};\n" + "int filler;\n" * 300 for i in range(2) for k in range(4)}
    steps = [calls(("agent_run", {"task": "What is value_0_3?", "paths": ["lib/part0"]}), ("agent_run", {"task": "What is value_1_2?", "paths": ["lib/part1"]})),
             calls(("grep", {"pattern": "value_0_3", "path": "lib/part0"})), calls(("file_read", {"path": "lib/part0/code3.c"})), text("value_0_3 is 3 (lib/part0/code3.c:2)."),
             calls(("grep", {"pattern": "value_1_2", "path": "lib/part1"})), text("value_1_2 is 12 (lib/part1/code2.c:2)."),
             calls(("file_write", {"path": "REPORT.md", "text": "3 and 12\n"})), text("Written.")]
    with Project(BUILD, steps, ALL) as p:
        for name, content in tree.items():
            put(p, name, content)
        whole(p, "find both values and write a report")
        bodies = [r["body"] for r in p.requests()]
        said = results({"body": bodies[6]})
        assert "value_0_3 is 3" in said[0][0] and "value_1_2 is 12" in said[1][0], said
        assert "filler" not in json.dumps(bodies[6]) and "filler" in json.dumps(bodies[3])
        assert p.read("REPORT.md") == "3 and 12\n"


row.main()
