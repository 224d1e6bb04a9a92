#!/usr/bin/env python3
"""`seal run` as a program uses it: lines that fit their schema, an answer of a wanted form, limits.
test_headless.py BUILD [only rows with these words]"""
import json
import os
import signal
import sys
import time

from project import Project, Rows, call, expect, interrupt_when, text

BUILD = sys.argv[1]
row = Rows()
RULES = '[capabilities.allow.read]\npaths = [{ path = "src/**", files = ["*"] }]\n' \
        '[capabilities.allow.commands]\npatterns = ["true", "false"]\n'
HANG = dict(text("Once upon a time there was a"), after=6, then="hang")
LINE = {"type": "object", "required": ["file", "line"], "additionalProperties": False,
        "properties": {"file": {"type": "string"}, "line": {"type": "integer", "minimum": 1}}}
TYPES = {"object": dict, "array": list, "string": str, "null": type(None)}


def fits(schema, value, root):
    """Just what run/events.schema.json uses."""
    if "$ref" in schema:
        at = root
        for part in schema["$ref"][2:].split("/"):
            at = at[part]
        return fits(at, value, root)
    if "oneOf" in schema and sum(fits(each, value, root) for each in schema["oneOf"]) != 1:
        return False
    if "const" in schema and value != schema["const"] or "enum" in schema and value not in schema["enum"]:
        return False
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(isinstance(value, int) if kind == "integer" else isinstance(value, TYPES[kind]) for kind in kinds):
        return False
    if isinstance(value, dict):
        known = schema.get("properties", {})
        if not set(schema.get("required", [])) <= set(value) or schema.get("additionalProperties") is False and set(value) - set(known):
            return False
        return all(fits(known[name], value[name], root) for name in value if name in known)
    return not isinstance(value, list) or all(fits(schema.get("items", {}), item, root) for item in value)


def lines(p, done):
    schema = json.loads(p.seal("schema", "events").stdout)
    said = [json.loads(line) for line in done.stdout.splitlines()]
    for each in said:
        assert fits(schema, each, schema), each
    assert not fits(schema, {"type": "turn.started"}, schema) and not fits(schema, dict(said[0], more=1), schema), "the test is blind"
    try:
        import jsonschema
        for each in said:
            jsonschema.validate(each, schema)
    except ImportError:
        pass
    return said


def kinds(said):
    return [each["type"] + (":" + each["item"]["type"] if "item" in each else "") for each in said]


def with_schema(p, schema=None):
    return p.write("form.json", json.dumps(schema or LINE))


@row("every line of --json fits the published schema, whatever happens in the turn")
def _():
    thinking = {"reply": {"content": [{"thinking": {"text": "Hm.", "signature": "s"}}, {"text": {"text": "Look."}},
                                      {"tool-use": {"id": "c1", "name": "file_read", "input-json": '{"path": "src/a.c"}'}}],
                          "stop": "tool-use", "usage": {"input": 1, "output": 1, "cache-read": 0, "cache-write": 0}}}
    steps = [thinking, call("command_run", command="false"), call("command_run", command="rm -rf x"),
             call("file_write", path="src/a.c", text="y"), call("grep", pattern="x", path="src"), text("Done.")]
    with Project(BUILD, steps, RULES) as p:
        p.write("src/a.c", "x\n")
        done = p.seal("run", "--json", "look")
        expect(done, 3)
        said = lines(p, done)
        assert kinds(said)[:2] == ["thread.started", "turn.started"] and kinds(said)[-1] == "turn.completed", kinds(said)
        for wanted in ("item.completed:reasoning", "item.completed:command_execution", "item.completed:permission",
                       "item.completed:file_change", "item.completed:tool_call", "item.completed:agent_message"):
            assert wanted in kinds(said), (wanted, kinds(said))
        assert all(a["seq"] <= b["seq"] for a, b in zip(said, said[1:]))


@row("a turn that fails is a line that fits too")
def _():
    with Project(BUILD, [{"status": 401, "body": {"type": "error", "error": {"type": "authentication_error", "message": "no"}}}]) as p:
        done = p.seal("run", "--json", "look")
        expect(done, 4)
        assert kinds(lines(p, done))[-1] == "turn.failed"


@row("--output-schema: the model is told, and an answer that fits is all that stdout has")
def _():
    with Project(BUILD, [text("I look first."), call("file_read", path="src/a.c"), text('```json\n{"file": "a.c", "line": 3}\n```')], RULES) as p:
        p.write("src/a.c", "x\n")
        p.seal("run", "before")
        done = p.seal("run", "--output-schema", with_schema(p), "where is it")
        expect(done, 0)
        assert json.loads(done.stdout) == {"file": "a.c", "line": 3} and done.stdout.count("\n") == 1, done.stdout
        assert '"additionalProperties\\": false' in str(p.requests()[1]["body"]["messages"]).replace('"additionalProperties":false', '"additionalProperties\\": false')


@row("--output-schema: an answer that does not fit is asked for again, with what is wrong")
def _():
    with Project(BUILD, [text("It is in a.c."), text('{"file": "a.c", "line": 0}'), text('{"file": "a.c", "line": 3}')]) as p:
        done = p.seal("run", "--json", "--output-schema", with_schema(p), "where is it")
        expect(done, 0)
        said = lines(p, done)
        assert said[-1]["output"] == {"file": "a.c", "line": 3}, said[-1]
        assert [k for k in kinds(said) if k.startswith("turn")] == ["turn.started", "turn.failed"] * 2 + ["turn.started", "turn.completed"], kinds(said)
        assert "/line: must be at least 1" in str(p.requests()[2]["body"]["messages"][-1]), p.requests()[2]["body"]["messages"][-1]


@row("--output-schema: an answer that never fits is 1, and stdout has nothing")
def _():
    with Project(BUILD, [text("No.")] * 9) as p:
        done = p.seal("run", "--output-schema", with_schema(p), "where is it")
        expect(done, 1, "not one JSON value")
        assert done.stdout == "" and len(p.requests()) == 3, (done.stdout, len(p.requests()))


@row("--output-schema: a file that is none, or a rule that cannot be checked, is 2 before anything is asked")
def _():
    with Project(BUILD, [text("x")]) as p:
        expect(p.seal("run", "--output-schema", "nowhere.json", "x"), 2, "nowhere.json")
        expect(p.seal("run", "--output-schema", p.write("bad.json", "{"), "x"), 2, "not JSON")
        expect(p.seal("run", "--output-schema", with_schema(p, {"pattern": "x"}), "x"), 2, '"pattern"')
        assert p.requests() == []


@row("--max-cost ends a session that costs more, also one that is resumed, with 5")
def _():
    steps = [call("command_run", command="true")] * 4 + [text("Done.")]
    with Project(BUILD, steps, RULES) as p:
        done = p.seal("run", "--json", "--max-cost", "0.0003", "go")
        expect(done, 5, "max_cost_usd")
        before = len(p.requests())
        assert before == 2, before
        session = json.loads(done.stdout.splitlines()[0])["thread_id"]
        expect(p.seal("run", "--resume", session, "--max-cost", "0.0003", "go"), 5, "max_cost_usd")
        assert len(p.requests()) == before, "it was asked all the same"
        expect(p.seal("run", "--resume", session, "--max-cost", "1", "go"), 0, "Done.")
        for bad in ("0", "-1", "1e3", "x", "1.", ".5", ""):
            expect(p.seal("run", "--max-cost", bad, "go"), 2, "--max-cost")


@row("--max-cost does not raise what seal.toml says")
def _():
    with Project(BUILD, [call("command_run", command="true")] * 9, RULES + "[limits]\nmax_cost_usd = 0.0003\n") as p:
        expect(p.seal("run", "--max-cost", "5", "go"), 5, "max_cost_usd")
        assert len(p.requests()) == 2


@row("--max-turns holds for a session that is resumed too")
def _():
    with Project(BUILD, [text("One.")] + [call("command_run", command="true")] * 9, RULES) as p:
        expect(p.seal("run", "go"), 0)
        expect(p.seal("run", "--resume", "latest", "--max-turns", "2", "go"), 5)
        assert len(p.requests()) == 3, len(p.requests())


@row("--timeout ends a model that hangs with 5")
def _():
    with Project(BUILD, [HANG]) as p:
        expect(p.seal("run", "--timeout", "1", "go"), 5, "--timeout")


@row("a session is resumed by its name, and a name that is not there is 2")
def _():
    with Project(BUILD, [text("One."), text("Two."), text("Three.")]) as p:
        expect(p.seal("run", "the plum"), 0)
        expect(p.seal("run", "the pear"), 0)
        expect(p.seal("run", "--resume", "the plum", "go on"), 0, "Three.")
        assert "the plum" in str(p.requests()[2]["body"]) and "the pear" not in str(p.requests()[2]["body"])
        expect(p.seal("run", "--resume", "the fig", "go on"), 2, "the fig", "seal sessions list")


@row("a renamed session has its new name in lists, for --resume, and after its next turn")
def _():
    with Project(BUILD, [text("One."), text("Two.")]) as p:
        done = p.seal("run", "--json", "the plum")
        session = json.loads(done.stdout.splitlines()[0])["thread_id"]
        expect(p.seal("sessions", "rename", session, "the fig"), 0)
        expect(p.seal("run", "--resume", "the fig", "go on"), 0, "Two.")
        listed = p.seal("sessions", "list").stdout
        assert "the fig" in listed and "the plum" not in listed, listed
        expect(p.seal("sessions", "rename", session, ""), 2)
        expect(p.seal("sessions", "rename", "0000000000000000", "x"), 2, "no session")


@row("a pipe that nobody reads any more does not end the turn")
def _():
    with Project(BUILD, [call("command_run", command="true")] * 3 + [text("Done.")], RULES) as p:
        process = p.start("run", "--json", "go")
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(30) == 0, process.stderr.read()


@row("SIGTERM ends the turn as Ctrl+C does")
def _():
    with Project(BUILD, [call("command_run", command="true"), HANG], RULES) as p:
        process = p.start("run", "--json", "go")
        interrupt_when(process, '"outcome":"done"', signal.SIGTERM, "stdout")
        process.communicate(timeout=30)
        assert process.returncode == 130, process.returncode
        # A cancel is answered at once; the turn's process may end a moment later.
        for _ in range(200):
            if "running" not in p.seal("daemon", "status").stdout:
                break
            time.sleep(0.05)
        else:
            raise AssertionError("the session runs on")


row.main()
