#!/usr/bin/env python3
"""What works with which provider: the table of docs/providers.md, each of its
cells a test named "FEATURE: PROVIDER".

    features.py CHAT           runs them, and compares the page (TAP)
    features.py --table        prints the table
"""
import json
import os
import sys
import tempfile

import rows
import server
from rows import CALLS, call, reply, text, thought

CHAT = sys.argv[1]
PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "providers.md")
PROVIDERS = ["anthropic", "openai", "openai-chat", "openrouter", "gemini", "local"]
PROTOCOL = {"anthropic": "anthropic", "openai": "responses"}
MODEL = {"anthropic": "claude-opus-5", "openai": "gpt-5.1", "openai-chat": "gpt-5.1", "openrouter": "a/b", "gemini": "gemini-3", "local": "m"}
CHATS = PROVIDERS[2:]
FEATURES = []


def feature(title, cells):
    """`cells`: what stands in the table for each provider."""
    def keep(function):
        FEATURES.append((title, cells, function))
        return function
    return keep


def everywhere(word="yes", **other):
    return {p: other.get(p.replace("-", "_"), word) for p in PROVIDERS}


def protocol_of(provider):
    return PROTOCOL.get(provider, "chat")


def run(provider, steps, *options, request=rows.REQUEST, setup=None, times=1):
    with server.Server(steps) as model:
        if setup:
            setup(model)
        base = model.url if provider == "anthropic" else model.url + "/v1"
        with tempfile.TemporaryDirectory() as home:
            file = os.path.join(home, "request.json")
            with open(file, "w") as f:
                json.dump(request, f)
            out = rows.output([CHAT, "--provider", provider, "--model", MODEL[provider], "--base-url", base, "--times", str(times), *options, file],
                              env=rows.clean_environment(home, {**rows.KEYS, "SEAL_LOCAL_API_KEY": "local-key"}))
        return [json.loads(line) for line in out.splitlines()], model


def once(provider, step, *options, **more):
    lines, model = run(provider, [step], *options, **more)
    return lines[0], model.requests[0] if model.requests else None


def ensure(ok, what):
    if not ok:
        raise AssertionError(json.dumps(what, default=str)[:900])


def has(value, wanted):
    """`wanted` occurs somewhere in the JSON."""
    return json.dumps(wanted) in json.dumps(value)


@feature("text, shown as it comes", everywhere())
def _(provider):
    result, _ = once(provider, {"reply": reply([text("Hello, w\u00f6rld.")])})
    ensure(result["outcome"]["ok"]["content"] == [text("Hello, w\u00f6rld.")] and result["text"] == "Hello, w\u00f6rld.", result)


@feature("calls, several at once", everywhere())
def _(provider):
    result, _ = once(provider, {"reply": reply([text("Reading."), *CALLS], "tool-use")})
    ensure(result["outcome"]["ok"] == reply([text("Reading."), *CALLS], "tool-use"), result)
    ensure(result["tools"] == ["file_read", "file_list"], result)


@feature("a call that the limit cut is not run", everywhere())
def _(provider):
    cut = call("call_1", "file_write", '{"path": "a')
    result, _ = once(provider, {"reply": reply([text("Hm."), cut], "max-tokens")})
    ensure(result["outcome"]["ok"]["content"] == [text("Hm.")] and result["outcome"]["ok"]["stop"] == "max-tokens", result)


@feature("results, failed ones marked", everywhere("in words", anthropic="yes"))
def _(provider):
    history = {**rows.REQUEST, "messages": [{"role": "user", "content": [text("go")]}, {"role": "assistant", "content": [CALLS[0]]},
                                            {"role": "user", "content": [{"tool-result": {"id": "call_1", "content": "no such file", "is-error": True}}]}]}
    _, request = once(provider, {"reply": reply([text("Oh.")])}, request=history)
    wanted = {"anthropic": {"is_error": True}, "responses": {"output": "Error: no such file"}, "chat": {"content": "Error: no such file"}}
    key, value = next(iter(wanted[protocol_of(provider)].items()))
    last = request["body"].get("messages", request["body"].get("input"))[-1]
    ensure((last["content"][0] if provider == "anthropic" else last)[key] == value, last)


@feature("images", everywhere())
def _(provider):
    history = {**rows.REQUEST, "messages": [{"role": "user", "content": [text("look"), {"image": {"media-type": "image/png", "base64": "aGk="}}]}]}
    _, request = once(provider, {"reply": reply([text("Nice.")])}, request=history)
    ensure(has(request["body"], "aGk=") if provider == "anthropic" else has(request["body"], "data:image/png;base64,aGk="), request["body"])


def thinking_step(provider):
    if provider == "anthropic":
        return {"reply": reply([thought("Hm.", "c2ln"), CALLS[0]], "tool-use")}
    if provider == "openrouter":
        details = [{"type": "reasoning.text", "index": 0, "text": "Hm.", "signature": "sig"}]
        return {"reply": reply([thought("Hm.", json.dumps(details)), CALLS[0]], "tool-use"), "thought_key": "reasoning"}
    if provider == "gemini":
        chunk = {"choices": [{"index": 0, "delta": {"reasoning_content": "Hm.", "tool_calls": [
            {"index": 0, "id": "call_1", "type": "function", "extra_content": {"google": {"thought_signature": "s1"}}, "function": {"name": "file_read", "arguments": "{}"}}]},
            "finish_reason": "tool_calls"}]}
        return {"raw": server.event("", chunk) + "data: [DONE]\n\n"}
    return {"reply": reply([thought("Hm."), CALLS[0]], "tool-use")}


@feature("thoughts shown", everywhere(openai="summary"))
def _(provider):
    result, _ = once(provider, thinking_step(provider))
    ensure(result["thought"] == "Hm.", result)


@feature("thoughts sent back unchanged", everywhere("no", anthropic="signed", openai="sealed", openrouter="`reasoning_details`", gemini="signature"))
def _(provider):
    first, _ = once(provider, thinking_step(provider))
    history = {**rows.REQUEST, "messages": rows.REQUEST["messages"] + [
        {"role": "assistant", "content": first["outcome"]["ok"]["content"]},
        {"role": "user", "content": [{"tool-result": {"id": "call_1", "content": "done", "is-error": False}}]}]}
    _, request = once(provider, {"reply": reply([text("Done.")])}, request=history)
    wanted = {"anthropic": {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
              "openai": {"type": "reasoning", "id": "rs_0", "summary": [{"type": "summary_text", "text": "Hm."}], "encrypted_content": "sealed-0"},
              "openrouter": [{"type": "reasoning.text", "index": 0, "text": "Hm.", "signature": "sig"}],
              "gemini": {"google": {"thought_signature": "s1"}}}
    if provider in wanted:
        ensure(has(request["body"], wanted[provider]), request["body"])
    else:
        ensure(not has(request["body"], "Hm."), request["body"])


@feature("another provider's thoughts are left out", everywhere())
def _(provider):
    others = [thought("theirs", "c2ln"), thought("theirs", '{"type":"reasoning","encrypted_content":"x"}'), thought("theirs", '[{"type":"reasoning.text","text":"theirs"}]'),
              {"redacted-thinking": "b3A="}]
    own = {"anthropic": [0, 3], "openai": [1], "openrouter": [2], "gemini": [2]}.get(provider, [])
    foreign = [block for number, block in enumerate(others) if number not in own]
    history = {**rows.REQUEST, "messages": [{"role": "user", "content": [text("a")]}, {"role": "assistant", "content": [*foreign, text("b")]}, {"role": "user", "content": [text("c")]}]}
    _, request = once(provider, {"reply": reply([text("Yes.")])}, request=history)
    ensure(not any(word in json.dumps(request["body"]) for word in ("theirs", "c2ln", "b3A=", "\"x\"")), request["body"])


@feature("effort", everywhere())
def _(provider):
    _, request = once(provider, {"reply": reply([text("a")])}, "--effort", "high")
    body = request["body"]
    got = {"anthropic": lambda: body["output_config"]["effort"], "openai": lambda: body["reasoning"]["effort"],
           "openrouter": lambda: body["reasoning"]["effort"]}.get(provider, lambda: body["reasoning_effort"])()
    ensure(got == "high", body)


@feature("a budget for thinking", everywhere("no", anthropic="yes", openrouter="yes"))
def _(provider):
    _, request = once(provider, {"reply": reply([text("a")])}, "--thinking", "manual", "--budget", "2000")
    body = request["body"]
    if provider == "anthropic":
        ensure(body["thinking"] == {"type": "enabled", "budget_tokens": 2000}, body)
    elif provider == "openrouter":
        ensure(body["reasoning"] == {"max_tokens": 2000}, body)
    else:
        ensure("2000" not in json.dumps(body), body)


@feature("prompt cache", everywhere("the server's", anthropic="marked"))
def _(provider):
    result, request = once(provider, {"reply": reply([text("a")])})
    ensure(result["outcome"]["ok"]["usage"]["cache-read"] == 5, result)
    ensure(json.dumps(request["body"]).count("cache_control") == (3 if provider == "anthropic" else 0), request["body"])


@feature("the same beginning from call to call", everywhere())
def _(provider):
    """Two calls of one conversation differ only behind what the first one sent."""
    longer = {**rows.REQUEST, "messages": rows.REQUEST["messages"] + [{"role": "assistant", "content": [text("Yes.")]}, {"role": "user", "content": [text("on")]}]}
    _, first = once(provider, {"reply": reply([text("a")])})
    _, second = once(provider, {"reply": reply([text("a")])}, request=longer)
    key = "input" if provider == "openai" else "messages"

    def prefix(body):
        plain = json.loads(json.dumps(body), object_hook=lambda o: {k: v for k, v in o.items() if k != "cache_control"})
        return {k: v for k, v in plain.items() if k != key}, plain[key]
    rest, before = prefix(first["body"])
    again, after = prefix(second["body"])
    ensure(rest == again and after[:len(before)] == before, [before, after])


@feature("refusals told apart", everywhere())
def _(provider):
    if provider == "openai":
        events = [{"type": "response.output_item.added", "output_index": 0, "item": {"type": "message"}}, {"type": "response.refusal.delta", "output_index": 0, "delta": "No."},
                  {"type": "response.completed", "response": {"usage": {"input_tokens": 1}}}]
        step = {"raw": "".join(server.event(e["type"], e) for e in events)}
    else:
        step = {"reply": reply([text("No.")], "refusal")}
    result, _ = once(provider, step)
    ensure(result["outcome"]["ok"]["stop"] == "refusal" and result["outcome"]["ok"]["content"] == [text("No.")], result)


@feature("usage", everywhere(local="if sent"))
def _(provider):
    result, request = once(provider, {"reply": reply([text("a")])})
    ensure(result["outcome"]["ok"]["usage"] == rows.USAGE, result)
    ensure(protocol_of(provider) != "chat" or request["body"]["stream_options"] == {"include_usage": True}, request["body"])


@feature("cost", everywhere("by table", openrouter="as it says", gemini="not known", local="none"))
def _(provider):
    usage = {"input": 1000000, "output": 100000, "cache-read": 0, "cache-write": 0}
    step = {"reply": reply([text("a")], usage=usage)}
    if provider == "openrouter":
        step.update(quirks=["cost"], cost=0.25)
    result, _ = once(provider, step)
    wanted = {"anthropic": 5 + 2.5, "openai": 1.25 + 1, "openai-chat": 1.25 + 1, "openrouter": 0.25, "gemini": -1, "local": 0}[provider]
    ensure(abs(result["cost"] - wanted) < 1e-9, result)


@feature("max_session_tokens", everywhere())
def _(provider):
    lines, model = run(provider, [{"reply": reply([text("a")])}] * 2, "--max-session-tokens", "30", "--context", "100000", times=2)
    first_said = json.dumps(lines[0]["outcome"]["err"]["budget"]) if "err" in lines[0]["outcome"] else ""
    ensure("max_session_tokens = 30" in first_said and model.requests == [], lines)
    lines, model = run(provider, [{"reply": reply([text("a")], usage={**rows.USAGE, "input": 900})}] * 2, "--max-session-tokens", "900", times=2)
    ensure("ok" in lines[0]["outcome"] and "max_session_tokens = 900" in lines[1]["outcome"]["err"]["budget"] and len(model.requests) == 1, lines)


@feature("tokens counted beforehand", everywhere("estimated", anthropic="by the provider", openai="by the provider"))
def _(provider):
    long = {**rows.REQUEST, "messages": [{"role": "user", "content": [text("x" * 4000)]}]}

    def setup(model):
        model.tokens = 900
    lines, model = run(provider, [], "--max-session-tokens", "800", "--context", "100000", request=long, setup=setup)
    said = lines[0]["outcome"]["err"]["budget"]
    counts = [q["path"] for q in model.asked if q["path"] in server.COUNTS]
    ensure("this request alone has" in said and model.requests == [], said)
    ensure(bool(counts) == (provider in ("anthropic", "openai")) and (not counts or "has 900 tokens" in said), [counts, said])


@feature("sizes of models asked", everywhere("no", anthropic="yes", openrouter="yes", local="yes"))
def _(provider):
    def setup(model):
        entry = {"id": "claude-next-9" if provider == "anthropic" else MODEL[provider], "max_input_tokens": 54321, "context_length": 54321, "max_model_len": 54321}
        model.answers = {"/v1/models": {"data": [entry]}, "/v1/models/claude-next-9": entry}
    options = ["--model", "claude-next-9"] if provider == "anthropic" else []
    lines, model = run(provider, [{"reply": reply([text("a")])}], *options, setup=setup)
    asks = provider in ("anthropic", "openrouter", "local")
    ensure((lines[0]["info"]["context-length"] == 54321) == asks and bool(model.asked) == asks, [lines, model.asked])


@feature("overload tried again", everywhere())
def _(provider):
    busy = {"status": 503, "headers": {"retry-after-ms": "1"}, "body": {"error": {"message": "busy"}}}
    lines, model = run(provider, [busy, busy, {"reply": reply([text("a")])}])
    ensure("ok" in lines[0]["outcome"] and len(lines[0]["retries"]) == 2 and len(model.requests) == 3, lines)


@feature("an error in the middle of a stream", everywhere())
def _(provider):
    result, _ = once(provider, {"reply": reply([text("word " * 50)]), "after": 9, "then": "error"})
    ensure("overloaded" in result["outcome"]["err"] and result["text"].startswith("word") and not result["retries"], result)


@feature("a prompt that is too long told apart", everywhere())
def _(provider):
    body = {"anthropic": {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 9 > 8"}},
            "openai": {"error": {"code": "context_length_exceeded", "message": "too long"}},
            "gemini": [{"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "The input token count exceeds the maximum number of tokens allowed"}}]}.get(
                provider, {"error": {"code": 400, "message": "This model's maximum context length is 8 tokens"}})
    result, _ = once(provider, {"status": 400, "body": body})
    ensure("compact" in result["outcome"]["err"]["context-overflow"], result)


@feature("keys", {"anthropic": "`x-api-key`, or bearer", **{p: "bearer" for p in PROVIDERS[1:]}})
def _(provider):
    _, request = once(provider, {"reply": reply([text("a")])})
    key = {"anthropic": "sk-ant-test-key", "openrouter": "sk-or-test-key", "gemini": "gem-test-key", "local": "local-key"}.get(provider, "sk-openai-test-key")
    headers = request["headers"]
    ensure((headers.get("x-api-key") == key) if provider == "anthropic" else headers.get("authorization") == "Bearer " + key, headers)
    others = [k for k in [*rows.KEYS.values(), "local-key"] if k != key]
    ensure(not [k for k in others if k in json.dumps(request)], request)


@feature("headers of the manifest", everywhere())
def _(provider):
    _, request = once(provider, {"reply": reply([text("a")])}, "--header", "X-Team: blue")
    ensure(request["headers"].get("x-team") == "blue", request["headers"])


@feature("nothing is sent that chooses words", everywhere())
def _(provider):
    _, request = once(provider, {"reply": reply([text("a")])})
    ensure(not {"temperature", "top_p", "top_k", "seed"} & set(request["body"]), request["body"])


def table():
    lines = ["| | " + " | ".join("`%s`" % p for p in PROVIDERS) + " |", "|---" * (len(PROVIDERS) + 1) + "|"]
    lines += ["| %s | %s |" % (title, " | ".join(cells[p] for p in PROVIDERS)) for title, cells, _ in FEATURES]
    return "\n".join(lines)


def in_page():
    return None if "\n" + table() + "\n" in open(PAGE).read() else "docs/providers.md does not hold the table that `features.py --table` prints"


def held(function, provider):
    function(provider)


def main():
    if CHAT == "--table":
        print(table())
        return
    cells = [("%s: %s" % (title, provider), lambda f=function, p=provider: held(f, p)) for title, _, function in FEATURES for provider in PROVIDERS]
    rows.tap(cells + [("docs/providers.md holds exactly this table", in_page)])


main()
