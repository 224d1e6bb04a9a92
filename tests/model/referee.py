#!/usr/bin/env python3
"""The providers' own libraries and our client must read the same message.

    referee.py CHAT CAPTURE CAPTURES      (run by the interpreter of venv.sh)

TAP.  For each scripted reply and each captured stream: the library reads it from
server.py, our client reads it from the same server, and both are brought into
the shape of the WIT and compared.  A library that cannot read what server.py
sends means that the server is wrong; a difference means that one of us is.
"""
import ast
import glob
import json
import os
import sys
import tempfile

import anthropic
import openai

import rows
import server

CHAT, CAPTURE, CAPTURES = sys.argv[1:4]
NO_WAIT = {"api_key": "sk-test", "max_retries": 0, "timeout": 20}


def from_anthropic(message):
    content = []
    for block in message.content:
        if block.type == "text" and block.text:
            content.append({"text": {"text": block.text}})
        elif block.type == "thinking":
            content.append({"thinking": {"text": block.thinking, "signature": block.signature}})
        elif block.type == "redacted_thinking":
            content.append({"redacted-thinking": block.data})
        elif block.type == "tool_use":
            content.append({"tool-use": {"id": block.id, "name": block.name, "input": block.input}})
    usage = message.usage
    return {"content": content, "stop": message.stop_reason,
            "usage": [usage.input_tokens or 0, usage.output_tokens or 0,
                      usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0]}


def from_chat(message):
    choice = message.choices[0]
    content = [{"text": {"text": choice.message.content}}] if choice.message.content else []
    for call in choice.message.tool_calls or []:
        content.append({"tool-use": {"id": call.id, "name": call.function.name, "input": json.loads(call.function.arguments)}})
    usage = message.usage
    cached = usage.prompt_tokens_details.cached_tokens
    return {"content": content, "stop": choice.finish_reason,
            "usage": [usage.prompt_tokens - cached, usage.completion_tokens, cached, 0]}


def from_responses(response):
    content = []
    for item in response.output:
        if item.type == "message":
            content.append({"text": {"text": item.content[0].text}})
        elif item.type == "reasoning":
            content.append({"thinking": {"text": item.summary[0].text, "sealed": item.encrypted_content}})
        else:
            content.append({"tool-use": {"id": item.call_id, "name": item.name, "input": json.loads(item.arguments)}})
    usage = response.usage
    cached = usage.input_tokens_details.cached_tokens
    return {"content": content, "stop": response.status,
            "usage": [usage.input_tokens - cached, usage.output_tokens, cached, 0]}


STOPS = {
    "anthropic": {"end_turn": "end-turn", "tool_use": "tool-use", "max_tokens": "max-tokens", "refusal": "refusal"},
    "chat": {"stop": "end-turn", "tool_calls": "tool-use", "length": "max-tokens", "content_filter": "refusal"},
    "responses": {"completed": ("end-turn", "tool-use"), "incomplete": "max-tokens"},
}


def from_ours(reply, protocol):
    """Our reply in the same shape: inputs as values, sealed reasoning opened."""
    content = []
    for block in reply["content"]:
        (kind, value), = block.items()
        value = dict(value) if isinstance(value, dict) else value
        if kind == "tool-use":
            value["input"] = json.loads(value.pop("input-json"))
        if kind == "thinking" and protocol == "responses":
            value["sealed"] = json.loads(value.pop("signature"))["encrypted_content"]
        if kind == "thinking" and protocol == "chat":
            continue  # the library knows no reasoning in Chat Completions
        content.append({kind: value})
    usage = reply["usage"]
    return {"content": content, "stop": reply["stop"],
            "usage": [usage["input"], usage["output"], usage["cache-read"], usage["cache-write"]]}


def by_library(protocol, url):
    if protocol == "anthropic":
        client = anthropic.Anthropic(base_url=url, **NO_WAIT)
        with client.messages.stream(model="claude-opus-5", max_tokens=1000,
                                    messages=[{"role": "user", "content": "hi"}]) as stream:
            return from_anthropic(stream.get_final_message())
    client = openai.OpenAI(base_url=url + "/v1", **NO_WAIT)
    if protocol == "chat":
        with client.chat.completions.stream(model="m", messages=[{"role": "user", "content": "hi"}],
                                            stream_options={"include_usage": True}) as stream:
            try:
                return from_chat(stream.get_final_completion())
            except (openai.LengthFinishReasonError, openai.ContentFilterFinishReasonError) as why:
                return from_chat(why.completion)  # it read the reply, and dislikes its end
    with client.responses.stream(model="m", input="hi") as stream:
        last = list(stream)[-1]
        return from_responses(last.response)


def is_same_stop(protocol, theirs, ours):
    want = STOPS[protocol].get(theirs, "other")
    return ours in want if isinstance(want, tuple) else ours == want


def compare(protocol, theirs, ours):
    if not is_same_stop(protocol, theirs.pop("stop"), ours.pop("stop")):
        return "another stop"
    return None if theirs == ours else "library: %s\nours: %s" % (json.dumps(theirs), json.dumps(ours))


def scripted(protocol, step):
    with server.Server([step, step]) as model:
        theirs = by_library(protocol, model.url)
        result = rows.chat(CHAT, protocol, model.url)
    if "ok" not in result["outcome"]:
        return json.dumps(result["outcome"])
    return compare(protocol, theirs, from_ours(result["outcome"]["ok"], protocol))


def captured(path):
    """What the library makes of a provider's own capture, against ours at every cut."""
    with server.Server([{"file": path}]) as model:
        try:
            theirs = by_library("anthropic", model.url)
        except ValueError:
            theirs = None  # it refuses a call whose input is no JSON; we hand it on
    ours = json.loads(rows.output([CAPTURE, "anthropic", path]))
    if "ok" not in ours:
        return json.dumps(ours)
    ours = ours["ok"]
    if theirs is None:
        calls = [b["tool-use"] for b in ours["content"] if "tool-use" in b]
        return None if calls and not is_json(calls[0]["input-json"]) else "the call is gone"
    if theirs["stop"] == "max_tokens":
        # The library guesses the rest of a call that was cut; we leave it out.
        theirs["content"] = [b for b in theirs["content"] if "tool-use" not in b]
    return compare("anthropic", theirs, from_ours(ours, "anthropic"))


# ---- the streams within the tests of openai's source package ----

def streams_of(path):
    """Byte strings that are event streams: constants, and what a generator yields in all."""
    found = []
    for node in ast.walk(ast.parse(open(path).read())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yields = [n.value for n in ast.walk(node) if isinstance(n, ast.Yield)]
            if yields and all(isinstance(y, ast.Constant) and isinstance(y.value, bytes) for y in yields):
                found.append((node.lineno, b"".join(y.value for y in yields)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, bytes):
            found.append((node.lineno, node.value))
    return [(line, raw) for line, raw in sorted(found) if b"data:" in raw and is_utf8(raw)]


def is_utf8(raw):
    """The library gives up at other bytes; what we do with them is a row of run.py."""
    try:
        raw.decode()
        return True
    except UnicodeDecodeError:
        return False


def same_events(raw):
    """The library's own decoder, against ours at every cut."""
    theirs = [[e.event or "", e.data] for e in openai._streaming.SSEDecoder().iter_bytes(iter([raw])) if e.data]
    with tempfile.NamedTemporaryFile() as file:
        file.write(raw)
        file.flush()
        ours = json.loads(rows.output([CAPTURE, "events", file.name]))
    # We take an event that no empty line follows when it is whole JSON.
    if len(ours) == len(theirs) + 1 and not raw.endswith(b"\n\n") and is_json(ours[-1][1]):
        ours.pop()
    return None if ours == theirs else "library: %s\nours: %s" % (theirs, ours)


def is_json(text):
    try:
        json.loads(text)
        return True
    except ValueError:
        return False


def main():
    cases = [("%s: %s" % (protocol, name), lambda p=protocol, s=step: scripted(p, s))
             for protocol in rows.PROTOCOLS for name, step in rows.replies(protocol)]
    captures = sorted(glob.glob(os.path.join(CAPTURES, "*.txt")))
    cases += [("capture %s, cut at every byte" % os.path.basename(p), lambda p=p: captured(p)) for p in captures]
    streams = [(os.path.basename(p), line, raw) for p in sorted(glob.glob(os.path.join(CAPTURES, "openai", "*.py"))) for line, raw in streams_of(p)]
    cases += [("stream of %s:%d, cut at every byte" % (name, line), lambda r=raw: same_events(r)) for name, line, raw in streams]
    if len(streams) < 20:
        cases.append(("the streams of openai's source package", lambda: "only %d are there" % len(streams)))
    if len(captures) < 16:
        cases.append(("the captures of the source package", lambda: "only %d of 16 are there" % len(captures)))
    rows.tap(cases)


if __name__ == "__main__":
    main()
