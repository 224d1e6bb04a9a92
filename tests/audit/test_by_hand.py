#!/usr/bin/env python3
"""The check by hand of docs/audit.md, run as it stands there: on a log as it is, and on logs and receipts that were
changed.  test_by_hand.py BUILD"""
import glob
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "run"))
from project import Project, Rows, call, expect, text  # noqa: E402

BUILD = sys.argv[1]
row = Rows()
RULES = '[capabilities.allow.read]\npaths = [{ path = "src/**", files = ["*"] }]\n'
STEPS = [call("file_read", path="src/a.c"), text("All done."), text("Twice.")]
with open(os.path.join(HERE, "..", "..", "docs", "audit.md")) as page:
    SCRIPT = re.search(r"## By hand\n.*?```bash\n(.*?)```", page.read(), re.S).group(1)


def missing():
    for tool in ("jq", "b2sum", "zstd", "ssh-keygen"):
        if not shutil.which(tool):
            return f"{tool} is not installed"
    return None


def session(p):
    p.write("src/a.c", "int unmistakable;\n" * 100)
    expect(p.seal("run", "look"), 0)
    expect(p.seal("run", "--resume", "latest", "again"), 0)
    folder, = glob.glob(os.path.join(p.env["XDG_STATE_HOME"], "seal", "sessions", "*"))
    with open(os.path.join(p.env["XDG_CONFIG_HOME"], "seal", "keys", "receipt.pub")) as key, open(os.path.join(folder, "signers"), "w") as signers:
        signers.write("receipts " + key.read())
    return folder


def by_hand(folder):
    return subprocess.run(["bash", "-c", SCRIPT], cwd=folder, capture_output=True, text=True)


def is_refused(p, folder, what):
    done = by_hand(folder)
    assert done.returncode == 1, (what, done)
    done = p.seal("audit", "verify", folder)
    assert done.returncode == 1 and "NOT verified" in done.stdout, (what, done)


def signature_is_refused(p, folder, what):
    """The line of the script that is about the receipt, and seal."""
    line, = [line for line in SCRIPT.splitlines() if line.startswith("ssh-keygen -Y verify")]
    done = subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 1, (what, done)
    done = p.seal("audit", "verify", folder)
    assert done.returncode == 1 and "NOT verified" in done.stdout, (what, done)


def flipped(content, at, bit):
    return content[:at] + bytes([content[at] ^ bit]) + content[at + 1:]


@row("a log as it is: the chain, the blobs and the receipt hold, and seal says the same head")
def _():
    if missing():
        return missing()
    with Project(BUILD, STEPS, RULES) as p:
        folder = session(p)
        done = by_hand(folder)
        assert done.returncode == 0 and "Good \"seal-receipt\" signature" in done.stdout, done
        head = re.search(r"head ([0-9a-f]{64}); the first \d+ are signed", done.stdout).group(1)
        assert head in p.seal("audit", "verify", folder).stdout


@row("a byte of a record, a record, a blob: changed or gone, both say no")
def _():
    if missing():
        return missing()
    with Project(BUILD, STEPS, RULES) as p:
        folder = session(p)
        log = os.path.join(folder, "events.jsonl")
        content = open(log, "rb").read()
        lines = content.splitlines(keepends=True)
        for what, changed in (("byte", content.replace(b'"call":"llm.chat"', b'"call":"llm.chad"', 1)), ("drop", b"".join(lines[:7] + lines[8:])),
                              ("double", b"".join(lines[:7] + lines[6:])), ("swap", b"".join(lines[:6] + [lines[7], lines[6]] + lines[8:]))):
            open(log, "wb").write(changed)
            is_refused(p, folder, what)
        open(log, "wb").write(content)
        blob = glob.glob(os.path.join(folder, "blobs", "*", "*"))[0]
        os.rename(blob, os.path.join(folder, "away"))
        is_refused(p, folder, "a blob is gone")
        os.rename(glob.glob(os.path.join(folder, "blobs", "*", "*"))[0], blob)
        is_refused(p, folder, "a blob under another's name")


@row("one flipped bit of the statement or of its signature refuses")
def _():
    if missing():
        return missing()
    with Project(BUILD, STEPS, RULES) as p:
        folder = session(p)
        signature = os.path.join(folder, "receipt.sig")
        armored = open(signature, "rb").read()
        begin, end = armored.index(b"\n") + 1, armored.index(b"\n-----END")
        for at in range(armored.index(b"{"), len(armored) - 1, 17):
            open(signature, "wb").write(flipped(armored, at, 1 << at % 7))
            signature_is_refused(p, folder, f"bit {at % 7} of byte {at} of the statement")
        for at in range(begin, end, 23):
            if armored[at:at + 1] in b"\n=":
                continue
            # Another letter of base64's: at least one bit of the signature.
            letter = b"B" if armored[at:at + 1] == b"A" else b"A"
            open(signature, "wb").write(armored[:at] + letter + armored[at + 1:])
            signature_is_refused(p, folder, f"letter {at} of the signature")


row.main()
