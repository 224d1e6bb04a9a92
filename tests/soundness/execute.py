#!/usr/bin/env python3
"""Runs inside the closed room: each script of stdin, by bash, in an empty folder.

A script that the engine lets through must leave no new or changed file, run no
program that is not granted, and open no connection.  Prints what did not hold.
"""
import json
import os
import shutil
import subprocess
import sys

HERE = "/arena/here"
FILES = {"a.txt": "1\n2\nx\n", "b": "touch F\n", "src/c.txt": "z\n", "src/d.txt": "y\n",
         "evil.sh": "#!/bin/bash\n/arena/shims/evil\n", "evilbin/ls": "", "evilbin/cat": ""}


def fill():
    shutil.rmtree(HERE, ignore_errors=True)
    for name, text in FILES.items():
        path = f"{HERE}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if name.startswith("evilbin/"):
            os.symlink("/arena/shims/evil", path)
        else:
            with open(path, "w") as file:
                file.write(text)
            os.chmod(path, 0o755)


def look():
    seen = {}
    for folder, _, names in os.walk("/arena/here"):
        for name in names:
            path = os.path.join(folder, name)
            st = os.lstat(path)
            seen[path] = (st.st_size, st.st_mtime_ns, st.st_mode)
        seen[folder] = ()
    return seen


def main():
    fill()
    before, ran, bad = look(), 0, 0
    environment = {"PATH": "/arena/shims", "HOME": "/arena/home", "TERM": "dumb"}
    for line in sys.stdin:
        case = json.loads(line)
        open("/arena/log", "w").close()
        try:
            subprocess.run(["/usr/bin/bash", "--noprofile", "--norc", "-c", case["runs"]], cwd=HERE, env=environment,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           timeout=5, start_new_session=True)
        except subprocess.TimeoutExpired:
            pass
        ran += 1
        with open("/arena/log") as file:
            programs = file.read().split()
        after = look()
        if after != before or programs:
            bad += 1
            print(json.dumps({"new": sorted(set(after) ^ set(before)), "ran": programs, **case}), flush=True)
            if bad >= int(os.environ.get("ENOUGH", "5")):
                break
            fill()
            before = look()
    print(f"{ran} ran, {bad} unsound", file=sys.stderr)
    return 1 if bad else 0


sys.exit(main())
