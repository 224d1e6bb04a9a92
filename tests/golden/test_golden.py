#!/usr/bin/env python3
"""Kept sessions, replayed on the agent that is built: what it does otherwise than when they were recorded is a change
of its behaviour, and is seen here.  test_golden.py BUILD OTHER.cwasm"""
import glob
import os
import subprocess
import sys
import tarfile
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from recipes import RECIPES  # noqa: E402
from project import Rows  # noqa: E402

BUILD = os.path.abspath(sys.argv[1])
OTHER = os.path.abspath(sys.argv.pop(2))
row = Rows()


def unpack(name, top):
    with tarfile.open(os.path.join(HERE, name + ".tar")) as tar:
        tar.extractall(top)
    folder, = glob.glob(os.path.join(top, "*"))
    return folder


def replay(folder, component):
    env = dict(os.environ, XDG_STATE_HOME=folder, XDG_CONFIG_HOME=folder)
    return subprocess.run([os.path.join(BUILD, "seal"), "replay", folder, "--component", component], env=env, capture_output=True, text=True)


def check(name):
    with tempfile.TemporaryDirectory(prefix="seal-golden-") as top:
        folder = unpack(name, top)
        done = replay(folder, os.path.join(BUILD, "agent.cwasm"))
        assert done.returncode == 0, f"{done.stdout}{done.stderr}if that is meant: tests/golden/bless BUILD {name}"


@row("every recipe is recorded, and nothing else is")
def _():
    assert {os.path.basename(p)[:-4] for p in glob.glob(os.path.join(HERE, "*.tar"))} == set(RECIPES)


@row("an agent that does otherwise is seen at its first call that is another")
def _():
    with tempfile.TemporaryDirectory(prefix="seal-golden-") as top:
        done = replay(unpack("work", top), OTHER)
        assert done.returncode == 1 and "diverged: " in done.stdout, done


for name in RECIPES:
    row(f"the agent does in \"{name}\" what it did")(lambda name=name: check(name))
row.main()
