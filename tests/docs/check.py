#!/usr/bin/env python3
"""The documents speak of what there is: links lead somewhere, `seal` commands and their
options are in `seal help`, make targets are in the Makefile, and each test that
docs/threat-model.md names is one that `make check` runs.  As TAP.

    tests/docs/check.py BUILD
"""
import glob
import json
import os
import re
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PAGES = [*sorted(glob.glob(os.path.join(ROOT, "*.md"))), *sorted(glob.glob(os.path.join(ROOT, "docs", "*.md")))]


def code_of(text):
    """Each line of a fenced block, and what stands between backquotes."""
    fenced = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.S | re.M)
    for block in fenced:
        yield from (line.removeprefix("$ ") for line in block.split("\n"))
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))


def bad_links(page, text):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" not in target and not os.path.exists(os.path.join(os.path.dirname(page), target)):
            yield f"link to {target}"


def usage(seal, command, cache={}):
    """What `seal help COMMAND` says; None when there is no such command."""
    if command not in cache:
        done = subprocess.run([seal, "help", command], capture_output=True, text=True)
        cache[command] = done.stdout if done.returncode == 0 else None
    return cache[command]


def bad_commands(seal, text):
    for line in code_of(text):
        words = line.split("#")[0].split()
        if len(words) < 2 or words[0] != "seal" or not re.fullmatch(r"[a-z]+", words[1]):
            continue
        says = usage(seal, words[1])
        if says is None:
            yield f"`{line}`: no such command"
            continue
        for word in words[2:]:
            if word in ("--", "|", "&&", "||", ";"):
                break
            option = re.match(r"--[a-z-]+", word)
            if option and option[0] not in says:
                yield f"`{line}`: `seal help {words[1]}` does not know {option[0]}"


def bad_targets(text, targets):
    for line in code_of(text):
        words = line.split("#")[0].split()
        if len(words) >= 2 and words[0] == "make" and re.fullmatch(r"[a-z-]+", words[1]) and words[1] not in targets:
            yield f"`{line}`: the Makefile has no such target"


def bad_tests(build, text):
    tests = json.loads(subprocess.run(["meson", "introspect", "--tests", build], capture_output=True, text=True, check=True).stdout)
    names = {test["name"] for test in tests}
    for name in re.findall(r"`([a-z-]+/[^`]+)`", text):
        if name.split("/")[0] in {n.split("/")[0] for n in names} and name not in names:
            yield f"no test is named {name}"


def main():
    build = os.path.abspath(sys.argv[1])
    seal, failed = os.path.join(build, "seal"), 0
    with open(os.path.join(ROOT, "Makefile")) as file:
        # In a project of one's own there are others: what the examples grant and run.
        targets = {*re.findall(r"^([a-z-]+):", file.read(), re.M), "test", "all"}
    print(f"1..{len(PAGES)}")
    for number, page in enumerate(PAGES, 1):
        with open(page) as file:
            text = file.read()
        bad = [*bad_links(page, text), *bad_commands(seal, text), *bad_targets(text, targets)]
        if os.path.basename(page) == "threat-model.md":
            bad += bad_tests(build, text)
        failed += bool(bad)
        print(f"{'not ok' if bad else 'ok'} {number} - docs: {os.path.relpath(page, ROOT)} speaks of what there is")
        for line in bad:
            print(f"# {line}")
    return failed > 0


sys.exit(main())
