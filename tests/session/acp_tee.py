#!/usr/bin/env python3
"""Stands between a client and `seal acp`, and writes every line that passes.
acp_tee.py LOG COMMAND..."""
import json
import subprocess
import sys
import threading

log = open(sys.argv[1], "a")
lock = threading.Lock()
agent = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def pass_on(who, source, target):
    for line in source:
        with lock:
            log.write(json.dumps({"from": who, "line": line.decode().rstrip("\n")}) + "\n")
            log.flush()
        try:
            target.write(line)
            target.flush()
        except (BrokenPipeError, ValueError):
            break
    if who == "client":
        target.close()


threading.Thread(target=pass_on, args=("client", sys.stdin.buffer, agent.stdin), daemon=True).start()
pass_on("agent", agent.stdout, sys.stdout.buffer)
sys.exit(agent.wait())
