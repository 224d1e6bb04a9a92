"""server.py's replies behind an HTTP/2 server that others wrote: the application of
hypercorn.  STEPS is a JSON list as in server.py; what came is written to LOG, a
line each, with the protocol and the client's port.

A step may say "after" and "then": "hang" (until the client is gone, which is
logged) or "die" (the stream is reset)."""
import asyncio
import json
import os

import server

STEPS = json.load(open(os.environ["STEPS"]))
LOG = open(os.environ["LOG"], "a", buffering=1)


def note(**what):
    LOG.write(json.dumps(what) + "\n")


async def body_of(receive):
    data = b""
    while True:
        message = await receive()
        data += message.get("body", b"")
        if not message.get("more_body"):
            return json.loads(data)


async def gone(receive):
    while (await receive())["type"] != "http.disconnect":
        pass


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    request = await body_of(receive)
    headers = {k.decode(): v.decode() for k, v in scope["headers"]}
    note(protocol=scope["http_version"], client=scope["client"][1], path=scope["path"], headers=headers)
    step = STEPS.pop(0)
    if "status" in step:
        await send({"type": "http.response.start", "status": step["status"],
                    "headers": [(k.encode(), v.encode()) for k, v in {"content-type": "application/json", **step.get("headers", {})}.items()]})
        await send({"type": "http.response.body", "body": json.dumps(step.get("body", {})).encode()})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    for number, text in enumerate(server.PROTOCOLS[scope["path"]][0](step["reply"], step, request)):
        if number == step.get("after", -1):
            break
        await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
    if step.get("then") == "hang":
        await gone(receive)
        note(gone=True)
    elif step.get("then") == "die":
        raise RuntimeError("as the script says")
    else:
        await send({"type": "http.response.body", "body": b""})
    await asyncio.sleep(0)
