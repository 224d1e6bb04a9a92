#!/usr/bin/env python3
"""Settings: which layer wins, where a value is from, and what a project may not set.
test_config.py BUILD [only rows with these words]"""
import json
import os
import sys

from project import Project, Rows, call, expect, text

BUILD = sys.argv[1]
row = Rows()


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as out:
        out.write(content)
    return path


def origins(p):
    return {each["key"]: each for each in json.loads(expect_done(p.seal("config", "list", "--json")))}


def expect_done(done):
    expect(done, 0)
    return done.stdout


@row("each layer stands over the one before, and the list says which it was")
def _():
    with Project(BUILD) as p:
        assert origins(p)["tui.theme"]["origin"] == "built in"
        layers = [os.path.join(p.top, ".config", "seal", "config.toml"), os.path.join(p.env["XDG_CONFIG_HOME"], "seal", "config.toml"),
                  os.path.join(p.top, "named.toml"), os.path.join(p.root, ".seal", "config.toml")]
        for path, theme in zip(layers, ("dark", "light", "16", "mono")):
            write(path, f'# a line\n[tui]\ntheme = "{theme}"\n')
            if path.endswith("named.toml"):
                p.env["SEAL_CONFIG"] = path
            found = origins(p)["tui.theme"]
            assert (found["value"], found["origin"], found["line"]) == (theme, path, 3), found
            assert p.seal("config", "get", "tui.theme").stdout == theme + "\n"
        write(layers[0], "[daemon]\nlinger = 7\n")
        assert origins(p)["daemon.linger"]["value"] == 7, "a layer hides only what it says"


@row("what is set is what holds, and everything else in the file stays")
def _():
    with Project(BUILD) as p:
        path = write(os.path.join(p.env["XDG_CONFIG_HOME"], "seal", "config.toml"), "# mine\n[daemon] # of me\nlinger = 7\n")
        expect(p.seal("config", "set", "daemon.idle_exit", "60"), 0)
        expect(p.seal("config", "set", "tui.theme", "dark"), 0)
        assert open(path).read() == '# mine\n[daemon] # of me\nidle_exit = 60\nlinger = 7\n\n[tui]\ntheme = "dark"\n', open(path).read()
        expect(p.seal("config", "set", "tui.theme", "pink"), 2, "auto|dark|light|16|mono")
        expect(p.seal("config", "set", "tui.them", "dark"), 2, 'did you mean "tui.theme"')
        expect(p.seal("config", "set", "tui.theme", "mono", "--project"), 0)
        assert p.seal("config", "get", "tui.theme").stdout == "mono\n"
        expect(p.seal("config", "set", "tui.theme", "light"), 0, "written, but", ".seal/config.toml")


@row("a project's file sets looks and nothing else, whoever asks")
def _():
    with Project(BUILD, [text("Well.")]) as p:
        expect(p.seal("config", "set", "cli.always_approve", "true", "--project"), 2, "looks")
        write(os.path.join(p.root, ".seal", "config.toml"), "[cli]\nalways_approve = true\n")
        for command in (["config", "list"], ["run", "hello"]):
            expect(p.seal(*command), 2, ".seal/config.toml:2:1", "a project sets looks")
        assert p.requests() == []


@row("a file that does not load is an error with its place and the nearest name")
def _():
    with Project(BUILD) as p:
        path = os.path.join(p.env["XDG_CONFIG_HOME"], "seal", "config.toml")
        for content, words in (("[tui]\nthem = 'x'\n", (":2:1", 'did you mean "theme"')), ("[tiu]\n", ("unknown table", 'did you mean "tui"')),
                               ("[tui]\ntheme = 5\n", (":2:9", "must be a string")), ("[tui\n", (":1:",)), ("[daemon]\nlinger = -1\n", (":2:10", "whole number"))):
            write(path, content)
            expect(p.seal("config", "list"), 2, path, *words)
        p.env["SEAL_CONFIG"] = os.path.join(p.top, "nowhere.toml")
        os.unlink(path)
        expect(p.seal("config", "list"), 2, "SEAL_CONFIG", "nowhere.toml")


@row("the daemon reads its settings when it starts, and says in its log what is wrong with them")
def _():
    with Project(BUILD) as p:
        write(os.path.join(p.env["XDG_CONFIG_HOME"], "seal", "config.toml"), "[daemon]\nlinger = 'x'\n")
        done = p.seal("sessions", "list")
        expect(done, 70, "seald ended at once")
        assert "must be a whole number" in open(os.path.join(p.env["XDG_STATE_HOME"], "seal", "seald.log")).read()


@row("cli.always_approve answers a rule with prompt = true, and nothing that no rule grants")
def _():
    rules = '[capabilities.allow.write]\npaths = [{ path = "src/**", files = ["*"], prompt = true }]\n'
    steps = [call("file_write", path="src/a.c", text="1\n"), call("file_write", path="other.c", text="1\n"), text("Done.")]
    with Project(BUILD, steps, rules) as p:
        os.makedirs(os.path.join(p.root, "src"))
        expect(p.seal("config", "set", "cli.always_approve", "true"), 0)
        expect(p.seal("run", "go"), 3)
        assert p.read("src/a.c") == "1\n" and not os.path.exists(os.path.join(p.root, "other.c"))


row.main()
