#!/usr/bin/env python3
"""Planted canaries: values of masked files and of variables that look like secrets are in no model
request, no log, no blob and no storage, whatever tool is asked for them; and nothing is destroyed.
test_secrets.py BUILD [ROW]"""
import subprocess

from scripted import ALL, Project, Rows, calls, json, os, put, results, sys, text

BUILD = sys.argv[1]
row = Rows()
CANARIES = {
    "variable": "canary-var-7fK2m9Qx0031", "env": "canary-env-Xq81mfP20032", "url": "canaryUrl0033",
    "pem": "MIIEcanaryPemLine0034abcdefghijklmnopqrstuvwxyz0123456789ABCDEF", "netrc": "canary-netrc-a1b2c3d4e5", "nested": "canary-nested-0035-zz", "odd": 'canary "odd" \\ 0036',
}
FILES = {
    ".env": f"API_TOKEN={CANARIES['env']}\nDATABASE_URL=postgres://me:{CANARIES['url']}@db.example/x\nODD_SECRET='{CANARIES['odd']}'\nPORT=3000\n",
    "tls/server.key": f"-----BEGIN PRIVATE KEY-----\n{CANARIES['pem']}\n-----END PRIVATE KEY-----\n",
    ".netrc": f"machine x.example login me password {CANARIES['netrc']}\n",
    "deep/er/.env.local": f"SIGNING_KEY={CANARIES['nested']}\n",
    "copy.js": f"// pasted by somebody\nconst token = \"{CANARIES['env']}\";\nconst port = 3000;\n",
    "SEAL.md": f"Deploy with {CANARIES['env']}.\n",
}
RULES = ALL + """[capabilities.allow.commands]
patterns = ["printenv:*", "cat:*", "./leak.sh", "printf:*"]
default_env_vars = ["MY_SECRET_TOKEN", "PATH"]
"""


def spelled(word):
    """As it may stand in JSON, once and twice encoded."""
    once = json.dumps(word)[1:-1]
    return {word, once, json.dumps(once)[1:-1]}


def leaks(p):
    """(canary, place) of every request of the model and every file of the state folder."""
    found = []
    for name, word in CANARIES.items():
        for form in spelled(word):
            if any(form in json.dumps(r["body"]) or form in json.dumps(json.dumps(r["body"])) for r in p.requests()):
                found.append((name, "a request"))
            hit = subprocess.run(["grep", "-rlaF", "--", form, p.env["XDG_STATE_HOME"]], capture_output=True, text=True).stdout.split()
            found += [(name, path) for path in hit if "/output/" not in path]
    return found


def session(*replies):
    p = Project(BUILD, list(replies) + [text("Done.")], RULES)
    p.env["MY_SECRET_TOKEN"] = CANARIES["variable"]
    for name, content in FILES.items():
        put(p, name, content)
    put(p, "leak.sh", f"#!/bin/sh\necho {CANARIES['env']}; env; yes {CANARIES['env']} | head -5000\n")
    os.chmod(os.path.join(p.root, "leak.sh"), 0o755)
    p.done = p.seal("run", f"my token is {CANARIES['env']}, mind it", timeout=120)
    return p


ASKED = [("file_read", {"path": name}) for name in FILES] + [
    ("grep", {"pattern": "canary"}), ("grep", {"pattern": "TOKEN|KEY|password", "context_lines": 2}), ("grep", {"pattern": "SIGNING", "path": "deep/er/.env.local"}),
    ("command_run", {"command": "printenv MY_SECRET_TOKEN"}), ("command_run", {"command": "./leak.sh"}), ("command_run", {"command": "cat copy.js"}),
    ("file_edit", {"path": "tls/server.key", "old": "MIIEcanary", "new": "x"}), ("file_edit", {"path": ".netrc", "old": "machine y.example", "new": "x"}),
    ("file_write", {"path": "deep/er/.env.local", "text": "gone\n"}),
]


@row("no canary is in any request, log, blob or stored conversation")
def _():
    with session(calls(*ASKED), calls(("file_read", {"path": "copy.js", "offset": 2, "limit": 1}))) as p:
        assert len(p.requests()) == 3, (p.done.returncode, p.done.stderr)
        said = results(p.requests()[1])
        assert len(said) == len(ASKED)
        assert "[masked by seal: .env]" in said[4][0], said[4]
        assert "[masked by seal: MY_SECRET_TOKEN]" in said[9][0], said[9]
        assert "PORT=3000" in said[0][0], said[0]
        found = leaks(p)
        assert not found, found


@row("the same canaries are found when they are no secrets: the search of this test works")
def _():
    with Project(BUILD, [calls(("file_read", {"path": "plain.txt"})), text("Done.")], RULES) as p:
        put(p, "plain.txt", CANARIES["nested"] + "\n" + CANARIES["odd"])
        p.seal("run", "go")
        assert {name for name, _ in leaks(p)} == {"nested", "odd"}, leaks(p)


@row("a masked value is not written back, and an edit beside it keeps it")
def _():
    marker = "[masked by seal: .env]"
    pairs = [("file_write", {"path": "copy.js", "text": f"const token = \"{marker}\";\n"}), ("file_edit", {"path": "copy.js", "old": marker, "new": "x"}),
             ("file_edit", {"path": "copy.js", "old": "const port = 3000;", "new": "const port = 4000;"})]
    with session(calls(*pairs)) as p:
        said = results(p.requests()[1])
        assert said[0][1] and said[1][1] and "stands for a secret" in said[0][0], said
        assert not said[2][1], said[2]
        assert CANARIES["env"] in p.read("copy.js") and "4000" in p.read("copy.js")


@row("a session with masked answers replays")
def _():
    with session(calls(*ASKED[:8])) as p:
        done = p.seal("replay", "latest")
        assert done.returncode == 0, done.stdout + done.stderr


row.main()
