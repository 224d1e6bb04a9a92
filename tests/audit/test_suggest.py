#!/usr/bin/env python3
"""`seal manifest suggest` and `seal manifest test` on real sessions: what is suggested loads and
leaves no question; without any one of its rules there is one.  test_suggest.py BUILD"""
import json
import os
import re
import sys
import tomllib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run"))
from project import Project, Rows, call, expect, text  # noqa: E402

BUILD = sys.argv[1]
row = Rows()
RULES = """[capabilities.allow.read]
paths = [{ path = "src/**", files = ["*"] }, { path = ".", files = ["README"], prompt = true }]
[capabilities.allow.write]
paths = [{ path = "src/**", files = ["*"], prompt = true }]
[capabilities.allow.delete]
paths = [{ path = "src/**", files = ["*"] }]
[capabilities.allow.commands]
patterns = ["make:*", { command = "wc:*", prompt = true }, { command = "cc:*", env_vars = ["LANG", "WANTED"] }]
default_env_vars = ["LANG"]
[capabilities.deny.read]
default_files = ["*.pem"]
[capabilities.deny.commands]
patterns = ["curl:*"]
"""
STEPS = [call("file_read", path="src/a.c"), call("file_read", path="README"), call("file_write", path="src/b.c", text="made\n"),
         call("file_edit", path="src/b.c", edits=[{"old": "made", "new": "changed"}]), call("file_delete", path="src/b.c"),
         call("command_run", command="make --version && wc -l src/a.c"), call("command_run", command="cc --version"),
         call("file_read", path="src/key.pem"), call("command_run", command="curl -s https://example.net"),
         call("grep", pattern="unmistakable", path="src"), call("file_list", path="src"), call("file_glob", pattern="src/*.c"),
         text("All done.")]


def session(p):
    p.write("src/a.c", "int unmistakable;\n")
    p.write("README", "read me\n")
    p.write("src/key.pem", "secret")
    expect(p.seal("run", "--prompts", "allow", "do many things"), 3)


def judged(p, manifest, *arguments):
    path = os.path.join(p.top, "new.toml")
    with open(path, "w") as out:
        out.write(manifest)
    done = p.seal("manifest", "test", path, "--against", "latest", "--json", *arguments)
    assert done.returncode in (0, 1), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode


def rules_of(manifest):
    """Each line that is one entry of a list of rules."""
    return [n for n, line in enumerate(manifest.splitlines()) if line.startswith("\t")]


def without(manifest, number):
    return "\n".join(line for n, line in enumerate(manifest.splitlines()) if n != number) + "\n"


@row("what is suggested loads, and every call of the session is silent under it")
def _():
    with Project(BUILD, STEPS, RULES) as p:
        session(p)
        done = p.seal("manifest", "suggest", "latest")
        expect(done, 0)
        tomllib.loads(done.stdout)
        assert "# Call" not in done.stdout, done.stdout
        calls, _code = judged(p, done.stdout)
        assert len(calls) == 12, calls
        assert not [c for c in calls if c["now"] == "prompt"], (done.stdout, calls)
        # What was done then is allowed, what was refused is denied.
        for c in calls:
            assert c["now"] == ("deny" if c["before"] == "deny" else "allow"), (done.stdout, c)


@row("without any one of its rules, a call is asked about")
def _():
    with Project(BUILD, STEPS, RULES) as p:
        session(p)
        manifest = p.seal("manifest", "suggest", "latest").stdout
        assert len(rules_of(manifest)) >= 9, manifest
        for number in rules_of(manifest):
            calls, _code = judged(p, without(manifest, number))
            assert [c for c in calls if c["now"] == "prompt"], (manifest.splitlines()[number], calls)


@row("it grants exactly what was done; --broad grants what the prompt would recommend")
def _():
    with Project(BUILD, STEPS, RULES) as p:
        session(p)
        exact = tomllib.loads(p.seal("manifest", "suggest", "latest").stdout)
        assert "make --version" in exact["capabilities"]["allow"]["commands"]["patterns"], exact
        broad = p.seal("manifest", "suggest", "--broad", "latest")
        expect(broad, 0)
        assert "make --version:*" in tomllib.loads(broad.stdout)["capabilities"]["allow"]["commands"]["patterns"], broad.stdout
        calls, _code = judged(p, broad.stdout)
        assert not [c for c in calls if c["now"] == "prompt"], calls


@row("what a command saw of the environment stays what it sees")
def _():
    with Project(BUILD, STEPS, RULES) as p:
        session(p)
        commands = tomllib.loads(p.seal("manifest", "suggest", "latest").stdout)["capabilities"]["allow"]["commands"]
        assert commands["default_env_vars"] == ["LANG"], commands
        assert {"command": "cc --version", "env_vars": ["LANG", "WANTED"]} in commands["patterns"], commands


@row("a session run again under the suggestion asks nothing")
def _():
    with Project(BUILD, STEPS + STEPS, RULES) as p:
        session(p)
        p.write("seal.toml", p.seal("manifest", "suggest", "latest").stdout)
        p.sign()
        # Nobody can answer here: a question would be a refusal with "asked" in the log.
        expect(p.seal("run", "--prompts", "deny", "do them again"), 3)
        shown = [json.loads(x) for x in p.seal("audit", "show", "latest", "--json").stdout.splitlines()]
        assert not [c for c in shown if c["answer"] or c["verdict"] == "ask"], shown
        assert len([c for c in shown if c["outcome"] == "denied"]) == 2, shown


@row("test lists what changes first, and --fail turns a direction into the exit code")
def _():
    with Project(BUILD, STEPS, RULES) as p:
        session(p)
        own = p.read("seal.toml")
        calls, code = judged(p, own, "--fail", "any")
        assert code == 0 and all(c["before"] == c["now"] for c in calls), calls
        stricter = own.replace('patterns = ["make:*",', "patterns = [")
        calls, code = judged(p, stricter, "--fail", "stricter")
        assert code == 0, calls  # it was asked about already, because of its other part
        stricter = own.replace('delete]\npaths = [{ path = "src/**", files = ["*"] }]', "delete]\npaths = []")
        calls, code = judged(p, stricter, "--fail", "stricter")
        assert code == 1 and (calls[0]["before"], calls[0]["now"]) == ("allow", "prompt"), calls
        looser = own.replace(', prompt = true', "")
        calls, code = judged(p, looser, "--fail", "looser")
        assert code == 1 and (calls[0]["before"], calls[0]["now"]) == ("prompt", "allow"), calls
        assert judged(p, looser, "--fail", "stricter")[1] == 0
        assert judged(p, looser)[1] == 0
        shown = p.seal("manifest", "test", os.path.join(p.top, "new.toml"), "--against", "latest").stdout
        assert re.match(r"\S+ +\d+  prompt -> allow ", shown), shown
        assert re.search(r"\d+ allowed, 0 asked about, 2 denied; 4 differ\n$", shown), shown


@row("a manifest that does not load, a session that is not there and a log that was changed are named")
def _():
    with Project(BUILD, STEPS, RULES) as p:
        session(p)
        expect(p.seal("manifest", "suggest", "nosuch"), 2, "nosuch")
        expect(p.seal("manifest", "suggest"), 2, "seal sessions list")
        path = p.write("bad.toml", "schema_version = 1\n[modell]\n")
        expect(p.seal("manifest", "test", path, "--against", "latest"), 2, "modell")
        log = os.path.join(p.top, "state_home", "seal", "sessions")
        log = os.path.join(log, os.listdir(log)[0], "events.jsonl")
        content = open(log, "rb").read()
        open(log, "wb").write(content.replace(b'"make --version', b'"make --versjon', 1))
        expect(p.seal("manifest", "suggest", "latest"), 2, "record")


row.main()
