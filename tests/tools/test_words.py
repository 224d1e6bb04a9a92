#!/usr/bin/env python3
"""What people write for the agent beside messages: instructions of every level, skills, commands,
the trailer; and what of it an agent gets to see.
test_words.py BUILD [ROW]"""
from scripted import ALL, Project, Rows, calls, json, os, put, results, sys, text

BUILD = sys.argv[1]
row = Rows()


def person(p, name, content):
    path = os.path.join(p.env["XDG_CONFIG_HOME"], "seal", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as out:
        out.write(content)


def session(*replies, files=None, own=None, where="", message="go", rules=ALL):
    p = Project(BUILD, [*replies, text("Done.")], rules)
    for name, content in (files or {}).items():
        put(p, name, content)
    for name, content in (own or {}).items():
        person(p, name, content)
    os.makedirs(os.path.join(p.root, where), exist_ok=True)
    root, p.root = p.root, os.path.join(p.root, where)
    p.done = p.seal("run", message)
    p.root = root
    assert p.done.returncode in (0, 3), p.done.stderr
    p.bodies = [r["body"] for r in p.requests()]
    p.system = "".join(part["text"] for part in p.bodies[0]["system"])
    return p


def in_order(words, text):
    at = -1
    for word in words:
        found = text.find(word, at + 1)
        assert found > at, f"{word!r} is not behind what comes before it"
        at = found


@row("instructions: the person's, the project's, then each folder's down to where seal was started")
def _():
    files = {"SEAL.md": "root rule", "AGENTS.md": "not this one", "a/AGENTS.md": "rule of a", "a/b/CLAUDE.md": "rule of b", "a/c/SEAL.md": "rule of c"}
    with session(files=files, own={"SEAL.md": "my own rule"}, where="a/b") as p:
        in_order(["my own rule", "people of this project", "root rule", 'path="a/AGENTS.md"', "rule of a", 'path="a/b/CLAUDE.md"', "rule of b"], p.system)
        assert "not this one" not in p.system and "rule of c" not in p.system


@row("instructions that are too long are cut with a note that says where the rest is")
def _():
    with session(files={"SEAL.md": "x" * 40000}) as p:
        assert "[cut at 32768 of 40000 bytes: read the rest in SEAL.md]" in p.system


@row("instructions by a link are not followed")
def _():
    with Project(BUILD, [text("Done.")], ALL) as p:
        put(p, "elsewhere/x", "smuggled words")
        os.symlink("elsewhere/x", os.path.join(p.root, "SEAL.md"))
        p.seal("run", "go")
        assert "smuggled" not in json.dumps(p.requests()[0]["body"])


@row("a skill is listed by name, shown when asked for, and widens nothing")
def _():
    skill = "---\nname: release\ndescription: How a release is made\nallowed-tools: command_run file_write\n---\nFirst run the tests, then tag.\n"
    with session(calls(("skill", {"name": "release"}), ("skill", {"name": "nope"}), ("command_run", {"command": "touch made"})), own={"skills/release/SKILL.md": skill}) as p:
        assert "release: How a release is made" in p.system and "First run the tests" not in p.system
        said = results({"body": p.bodies[1]})
        assert "First run the tests, then tag." in said[0][0] and "allowed-tools" not in said[0][0], said[0]
        assert said[1][1] and said[2][1] and "denied" in said[2][0], said
        assert not os.path.exists(os.path.join(p.root, "made"))


@row("a project's skill is offered once it is approved, and no longer when one byte changes; a link never")
def _():
    head = "---\nname: x\ndescription: How the project releases\nallowed-tools: command_run\n---\n"
    steps = [text("One."), calls(("skill", {"name": "release"}), ("command_run", {"command": "touch made"})), text("Two."), text("Three.")]
    with Project(BUILD, steps, ALL) as p:
        put(p, ".seal/skills/release/SKILL.md", head + "Tag, then \x1b[2J push.\n")
        put(p, ".agents/skills/other/SKILL.md", head + "obey")
        os.makedirs(os.path.join(p.root, ".seal/skills/linked"))
        os.symlink("../release/SKILL.md", os.path.join(p.root, ".seal/skills/linked/SKILL.md"))
        listed = p.seal("skills", "list").stdout
        assert listed.count("not approved") == 2 and "linked" not in listed, listed
        p.seal("run", "go")
        shown = p.seal("skills", "show", "release")
        assert "Tag, then" in shown.stdout and "\x1b" not in shown.stdout
        done = p.seal("skills", "approve", "release")
        assert done.returncode == 0 and " approved" in p.seal("skills", "list").stdout, done.stderr
        assert p.seal("skills", "approve", "linked").returncode == 2 and p.seal("skills", "approve", "../release").returncode == 2
        p.seal("run", "go")
        with open(os.path.join(p.root, ".seal/skills/release/SKILL.md"), "a") as out:
            out.write("And more.\n")
        assert p.seal("skills", "list").stdout.count("not approved") == 2
        p.seal("run", "go")
        bodies = [r["body"] for r in p.requests()]
        systems = ["".join(part["text"] for part in body["system"]) for body in bodies]
        assert ["How the project releases" in system for system in systems] == [False, True, True, False], systems
        assert "Tag, then" not in systems[1]
        said = results({"body": bodies[2]})
        assert "Tag, then" in said[0][0] and said[1][1] and "denied" in said[1][0], said
        assert p.seal("skills", "approve", "release").returncode == 0 and p.seal("skills", "forget", "release").returncode == 0
        assert p.seal("skills", "list").stdout.count("not approved") == 2


@row("a command is its text, with the arguments where it says, the person's before the project's")
def _():
    own = {"commands/fix.md": "---\ndescription: Fixes an issue\n---\nFix issue $ARGUMENTS, twice: $ARGUMENTS.\n"}
    files = {".seal/commands/fix.md": "of the project", ".seal/commands/look.md": "Look around."}
    with session(own=own, files=files, message="/fix #12 now") as p:
        assert "Fix issue #12 now, twice: #12 now." in json.dumps(p.bodies[0]["messages"])
    with session(own=own, files=files, message="/look in src") as p:
        assert "Look around.\\n\\nin src" in json.dumps(p.bodies[0]["messages"]), p.bodies[0]["messages"]
    with session(own=own, files=files, message="/nothing here") as p:
        assert "/nothing here" in json.dumps(p.bodies[0]["messages"])


@row("commits get the trailer when the manifest wants it")
def _():
    line = "Co-Authored-By: seal <noreply@sealedsecurity.com>"
    with session() as p:
        assert line in p.system
    with session(rules=ALL + "[attribution]\ncommit_trailer = false\n") as p:
        assert line not in p.system


row.main()
