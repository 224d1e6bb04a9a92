#!/usr/bin/env python3
"""`seal schema` against check-jsonschema: the schema is one, and takes and refuses the files that
the loader does.   test_schema.py SEAL CHECK-JSONSCHEMA"""
import json
import os
import sys

from home import HEAD, Home, Rows

SEAL, CHECK = map(os.path.abspath, sys.argv[1:])
row = Rows()

GOOD = {
    "the least": HEAD,
    "every kind of value": HEAD
    + 'thinking = "manual"\nthinking_budget = 5\nheaders = { X-A = "b" }\n[capabilities.allow]\nadditional_directories = ["../x"]\n'
    '[capabilities.allow.read]\ndefault_files = ["*.c"]\npaths = ["src/**", { path = ".", files = ["README"], prompt = true }]\n'
    '[capabilities.allow.commands]\npatterns = ["a b", { command = "c:*", domains = [], inherit_default_domains = false }]\n'
    '[[capabilities.deny.commands.patterns]]\ncommand = "curl:*"\n[security]\nallow_subshell = false\nallow_redirects = "files"\n'
    '[sandbox.os]\ncommand_tools = ["git", { tool = "cargo", fetch = true }]\nworkspace = "overlay"\n'
    "network.host_ports = [5432]\nlimits = { memory_mb = 1 }\n[limits]\nmax_cost_usd = 0.5\n[compact.microcompact]\nenabled = false\n",
    "an empty name": 'name = ""\n' + HEAD,
    "sandbox.wasm without keys": HEAD + "[sandbox.wasm]\n",
}

BAD = {
    "no version": HEAD.split("\n", 1)[1],
    "another version": HEAD.replace("= 1", "= 2"),
    "no model": "schema_version = 1\n",
    "an unknown key": HEAD + "max_tokns = 1\n",
    "an unknown table": HEAD + "[netwrok]\n",
    "an unknown value": HEAD + 'effort = "some"\n',
    "a string for a number": HEAD + 'max_tokens = "1"\n',
    "a number out of range": HEAD + "max_tokens = 0\n",
    "a port out of range": HEAD + "[sandbox.os.network]\nhost_ports = [65536]\n",
    "an empty string in a list": HEAD + '[capabilities.allow.network]\ndomains = [""]\n',
    "a number in a list of strings": HEAD + "[capabilities.allow.network]\ndomains = [1]\n",
    "an unknown key of an entry": HEAD + '[capabilities.deny.commands]\npatterns = [{ command = "x", prompt = true }]\n',
    "an entry without its pattern": HEAD + "[capabilities.allow.commands]\npatterns = [{ prompt = true }]\n",
    "a tool without a bundle": HEAD + '[sandbox.os]\ncommand_tools = ["crago"]\n',
    "a variable that is none": HEAD + '[capabilities.deny.commands]\nenv_vars = ["A=B"]\n',
    "a header that is none": HEAD + 'headers = { "a b" = "x" }\n',
    "a control character": HEAD.replace('"x"', '"a\\u0007"'),
    "manual thinking without a budget": HEAD + 'thinking = "manual"\n',
    "a local model without an address": HEAD.replace("replay", "local"),
    "a key of sandbox.wasm": HEAD + "[sandbox.wasm]\nx = 1\n",
    "a denied folder list": HEAD + "[capabilities.deny]\nadditional_directories = []\n",
}


def refused_by_schema(home, names):
    """One run of the checker for all: starting it costs more than the checks."""
    home.write("schema.json", home.must("schema"))
    done = home.run(CHECK, "--schemafile", "schema.json", "-o", "json", *names)
    assert done.returncode in (0, 1), done.stderr
    answer = json.loads(done.stdout)
    return {error["filename"] for error in answer["errors"] + answer.get("parse_errors", [])}


def judge(texts):
    """What the loader and the schema say of each: name -> (loads, validates)."""
    with Home(SEAL) as home:
        files = {f"{number}.toml": name for number, name in enumerate(texts)}
        for file, name in files.items():
            home.write(file, texts[name])
        refused = refused_by_schema(home, files)
        said = {}
        for file, name in files.items():
            home.write("seal.toml", texts[name])
            said[name] = (home.seal("manifest", "show").returncode == 0, file not in refused)
        return said


@row("the schema is a JSON Schema")
def _():
    with Home(SEAL) as home:
        home.write("schema.json", home.must("schema"))
        done = home.run(CHECK, "--check-metaschema", "schema.json")
        assert done.returncode == 0, done.stdout + done.stderr
        assert '"https://json-schema.org/draft/2020-12/schema"' in home.read("schema.json")


SAID = judge({**GOOD, **BAD})

for name in SAID:

    @row(f"loader and schema {'take' if name in GOOD else 'refuse'} {name}")
    def _(name=name):
        want = name in GOOD
        assert SAID[name] == (want, want), f"loads, validates: {SAID[name]}"


@row("what seal init writes is valid, and its schema is beside it")
def _():
    with Home(SEAL) as home:
        names = []
        for kind in "rust", "node", "go", "python", "c", "cmake", "generic":
            home.must("init", "--type", kind)
            assert home.read(".seal/schemas/seal.toml.json") == home.must("schema")
            os.rename(home.root + "/seal.toml", f"{home.root}/{kind}.toml")
            names.append(kind + ".toml")
        assert refused_by_schema(home, names) == set()


row.run()
