"""What the model tests share: running the driver, scripted replies, TAP."""
import json
import os
import subprocess
import sys
import tempfile
import traceback

PROTOCOLS = ["anthropic", "chat", "responses"]
PROVIDERS = {"anthropic": ("anthropic", "claude-opus-5", ""), "chat": ("local", "m", "/v1"),
             "responses": ("openai", "gpt-5.1", "/v1")}
KEYS = {"ANTHROPIC_API_KEY": "sk-ant-test-key", "OPENAI_API_KEY": "sk-openai-test-key",
        "OPENROUTER_API_KEY": "sk-or-test-key", "GEMINI_API_KEY": "gem-test-key"}

REQUEST = {"system": "You are careful.", "tools": [
    {"name": "file_read", "description": "Reads a file.", "input-schema-json": '{"type":"object","properties":{"path":{"type":"string"}}}'}],
    "messages": [{"role": "user", "content": [{"text": {"text": "hello"}}]}],
    "max-output-tokens": None, "purpose": "turn"}
USAGE = {"input": 10, "output": 20, "cache-read": 5, "cache-write": 0}


def text(value):
    return {"text": {"text": value}}


def call(id, name, input_json):
    return {"tool-use": {"id": id, "name": name, "input-json": input_json}}


def thought(value, signature=""):
    return {"thinking": {"text": value, "signature": signature}}


def reply(content, stop="end-turn", usage=USAGE):
    return {"content": content, "stop": stop, "usage": usage}


CALLS = [call("call_1", "file_read", '{"path":"src/a.c"}'), call("call_2", "file_list", '{"path": ".", "recursive":true}')]
REPLIES = [
    ("a text", {"reply": reply([text("Hello, world.")])}),
    ("a text of many scripts, cut within characters", {"reply": reply([text("h\u00e9llo \u4f60\u597d \U0001f600 \u202e x")]), "pieces": 1, "chunk": 1}),
    ("a text with line ends, quotes and backslashes", {"reply": reply([text('a\nb\r\n"c"\\d\t\u2028')]), "pieces": 3}),
    ("a call", {"reply": reply([CALLS[0]], "tool-use")}),
    ("a call without input", {"reply": reply([call("call_1", "file_list", "{}")], "tool-use")}),
    ("a text and two calls at once", {"reply": reply([text("Reading."), *CALLS], "tool-use"), "pieces": 11}),
    ("a reply that the limit cut", {"reply": reply([text("Once upon a")], "max-tokens")}),
]
OWN = {
    "anthropic": [
        ("a thought with its signature", {"reply": reply([thought("Let me see.", "c2lnbmF0dXJl"), text("Yes.")])}),
        ("a redacted thought", {"reply": reply([{"redacted-thinking": "b3BhcXVl"}, text("Yes.")])}),
        ("a refusal", {"reply": reply([text("No.")], "refusal")}),
        ("what was written to the cache", {"reply": reply([text("Yes.")], usage={"input": 1, "output": 2, "cache-read": 3, "cache-write": 4})}),
    ],
    "chat": [
        ("a refusal", {"reply": reply([text("No.")], "refusal")}),
        ("a thought", {"reply": reply([thought("Hm."), text("Yes.")])}),
    ],
    "responses": [
        ("a sealed thought", {"reply": reply([thought("Let me see."), text("Yes.")])}),
        ("a sealed thought before a call", {"reply": reply([thought("Let me see."), CALLS[0]], "tool-use")}),
    ],
}


def replies(protocol):
    return REPLIES + OWN[protocol]


def output(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, **more)
    if done.returncode != 0:
        raise RuntimeError("%s: exit %d: %s" % (command[0], done.returncode, done.stderr.strip()))
    return done.stdout


def clean_environment(home, keys=KEYS):
    """Nothing of the person who runs the tests: no key, no proxy, no home."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "TMPDIR", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS")}
    return {**kept, "HOME": home, **keys}


def chat_lines(binary, protocol, url, *options, request=REQUEST, keys=KEYS, provider=None):
    """Runs the driver; one dictionary for each call it made."""
    name, model, path = PROVIDERS[protocol]
    with tempfile.TemporaryDirectory() as home:
        file = os.path.join(home, "request.json")
        with open(file, "w") as f:
            json.dump(request, f)
        command = [binary, "--provider", provider or name, "--model", model]
        if url:
            command += ["--base-url", url + path]
        lines = output([*command, *options, file], env=clean_environment(home, keys))
    return [json.loads(line) for line in lines.split("\n") if line]


def chat(*args, **more):
    return chat_lines(*args, **more)[0]


def tap(cases):
    """Each case returns None when it holds, else what is wrong."""
    print("1..%d" % len(cases))
    failed = 0
    for number, (name, run) in enumerate(cases, 1):
        try:
            wrong = run()
        except Exception:
            wrong = traceback.format_exc()
        failed += wrong is not None
        print("%s %d - %s" % ("not ok" if wrong is not None else "ok", number, name))
        for line in (wrong or "").splitlines():
            print("# " + line)
        sys.stdout.flush()
    sys.exit(1 if failed else 0)
