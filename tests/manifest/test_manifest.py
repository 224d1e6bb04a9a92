#!/usr/bin/env python3
"""`seal init`, `seal manifest` and `seal keys` as a person and a script see them, with the real
ssh-keygen and ssh-agent on the other side.   test_manifest.py SEAL"""
import os
import re
import signal
import subprocess
import sys

from home import HEAD, Home, Rows

SEAL = sys.argv[1]
row = Rows()


@row("a new project is made, approved by its hash, verified, changed, and approved again")
def _():
    with Home(SEAL) as home:
        home.write("Cargo.toml", "")
        shown = home.must("init", "--model", "some-model")
        text = home.read("seal.toml")
        assert '"cargo test:*"' in text and 'name = "some-model"' in text and len(text.splitlines()) <= 50, text
        home.refused(1, "is not signed", "manifest", "verify")
        home.must("manifest", "sign", "--approve", re.search(r"blake2b:\w+", shown).group())
        assert "is approved" in home.must("manifest", "verify")
        assert home.must("manifest", "diff") == ""
        home.write("seal.toml", text.replace('"cargo test:*"', '"cargo:*"'))
        home.refused(1, "was changed since you approved it; `seal manifest diff`", "manifest", "verify")
        diff = home.seal("manifest", "diff")
        assert diff.returncode == 1 and re.search(r"^- .*cargo test", diff.stdout, re.M), diff.stdout
        assert "Changed since it was last approved" in home.must("manifest", "show")
        home.approve()
        home.must("manifest", "verify")


@row("what is here already is not written over")
def _():
    with Home(SEAL) as home:
        home.write("seal.toml", HEAD)
        home.refused(2, "is here already", "init")
        assert home.read("seal.toml") == HEAD


@row("the files here tell the types, and more than one counts")
def _():
    with Home(SEAL) as home:
        home.write("go.mod", "")
        home.write("Makefile", "")
        home.must("init")
        text = home.read("seal.toml")
        assert '"go test:*"' in text and '"make:*"' in text and "cargo" not in text, text


@row("without a terminal nothing is approved, whatever is piped in")
def _():
    with Home(SEAL) as home:
        home.write("seal.toml", HEAD)
        done = subprocess.run([home.program, "manifest", "sign"], cwd=home.root, env=home.env, input="y\n", capture_output=True, text=True, timeout=60)
        assert done.returncode == 2 and "--approve blake2b:" in done.stderr, done.stderr
        home.refused(2, '"--yes" is not understood', "manifest", "sign", "--yes")
        home.refused(2, "not blake2b:00", "manifest", "sign", "--approve", "blake2b:" + "0" * 64)
        home.refused(1, "is not signed", "manifest", "verify")


@row("a manifest that does not load is 2, with its place")
def _():
    with Home(SEAL) as home:
        home.refused(2, "no seal.toml in", "manifest", "verify")
        home.write("seal.toml", HEAD + "max_tokns = 1\n")
        for action in "show", "diff", "sign", "verify":
            home.refused(2, 'seal.toml:5:1: unknown key "max_tokns" in [model]; did you mean "max_tokens"?', "manifest", action)


@row("the folder is part of what is signed")
def _():
    with Home(SEAL) as home:
        home.write("seal.toml", HEAD)
        home.approve()
        home.run("cp", "-a", home.root, home.top + "/copy")
        home.root = home.top + "/copy"
        home.refused(1, "is not signed", "manifest", "verify")


@row("a team's signature by ssh-keygen counts once its key is trusted, in every folder")
def _():
    with Home(SEAL) as home:
        home.write("seal.toml", HEAD)
        home.write("bytes", home.must("manifest", "show", "--canonical", "--team"))
        assert home.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "team").returncode == 0
        assert home.run("ssh-keygen", "-q", "-Y", "sign", "-n", "seal-manifest", "-f", "team", "bytes").returncode == 0
        os.rename(home.root + "/bytes.sig", home.root + "/seal.toml.sig")
        home.refused(1, "the key is not trusted", "manifest", "verify")
        home.refused(2, "holds a private key; give its .pub file", "keys", "trust", "team")
        home.must("keys", "trust", "team.pub", "--as", "team@example.com")
        home.must("manifest", "verify")
        assert "team@example.com" in home.must("keys", "list")
        home.run("cp", "-a", home.root, home.top + "/copy")
        home.root = home.top + "/copy"
        home.must("manifest", "verify")


@row("a team's signature of ours is one for ssh-keygen")
def _():
    with Home(SEAL) as home:
        home.write("seal.toml", HEAD)
        home.must("manifest", "sign", "--team", "--approve", home.hash("--team"))
        home.must("manifest", "verify")
        home.write("bytes", home.must("manifest", "show", "--canonical", "--team"))
        signers = home.top + "/config/seal/allowed_signers"
        who = open(signers).read().split()[0]
        with open(home.root + "/bytes") as message:
            done = home.run("ssh-keygen", "-Y", "verify", "-f", signers, "-I", who, "-n", "seal-manifest", "-s", "seal.toml.sig", stdin=message)
        assert done.returncode == 0, done.stdout + done.stderr


@row("a key that others may read is refused")
def _():
    with Home(SEAL) as home:
        home.write("seal.toml", HEAD)
        path = home.must("keys", "new").split()[1]
        os.chmod(path, 0o640)
        home.refused(2, "chmod 600", "manifest", "sign", "--approve", home.hash())
        os.chmod(path, 0o600)
        home.approve()
        home.refused(2, "is there already", "keys", "new")


@row("a key of the ssh-agent is chosen and signs")
def _():
    with Home(SEAL) as home:
        home.write("seal.toml", HEAD)
        home.refused(2, "SSH_AUTH_SOCK is not set", "keys", "use", "agent")
        out = home.run("ssh-agent", "-s", "-a", home.top + "/agent").stdout
        agent = int(re.search(r"SSH_AGENT_PID=(\d+)", out).group(1))
        try:
            home.env["SSH_AUTH_SOCK"] = home.top + "/agent"
            home.refused(2, "0 keys of the ssh-agent fit", "keys", "use", "agent")
            for name in "one", "two":
                home.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", name)
                home.run("ssh-add", "-q", name)
            home.refused(2, "2 keys of the ssh-agent fit", "keys", "use", "agent")
            home.must("keys", "use", "agent", "two")
            home.must("keys", "use", "agent", "two.pub")
            home.approve()
            home.must("manifest", "verify")
            assert "(agent) ssh-ed25519" in home.must("keys", "list")
            assert not os.path.exists(home.top + "/config/seal/keys/seal_ed25519")
        finally:
            os.kill(agent, signal.SIGTERM)
        home.must("manifest", "verify")
        home.refused(2, "no ssh-agent answers", "manifest", "sign", "--approve", home.hash())
        home.must("keys", "use", "file")
        home.approve()


@row("every command has its help, and a wrong word names it")
def _():
    with Home(SEAL) as home:
        for command in "init", "manifest", "keys", "schema":
            assert home.must(command, "--help").startswith(f"usage: seal {command}")
        for argv in ["init", "--tpye", "x"], ["manifest", "shwo"], ["keys"], ["keys", "sue"], ["schema", "x"]:
            home.write("seal.toml", HEAD)
            home.refused(2, argv[0], *argv)


row.run()
