"""A turn of scripted calls through the real programs, and what the model was told of each."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run"))
from project import USAGE, Project, Rows, text  # noqa: E402

ALL = """[capabilities.allow.read]
default_files = ["*"]
paths = ["**", "."]
[capabilities.allow.write]
paths = [{ path = "**", files = ["*"] }, { path = ".", files = ["*"] }]
[capabilities.allow.delete]
paths = [{ path = "**", files = ["*"] }, { path = ".", files = ["*"] }]
"""


def calls(*pairs):
    """One reply with several calls: ("file_read", {"path": "a"}), ..."""
    blocks = [{"tool-use": {"id": f"call_{i}", "name": name, "input-json": json.dumps(arguments)}}
              for i, (name, arguments) in enumerate(pairs)]
    return {"reply": {"content": blocks, "stop": "tool-use", "usage": USAGE}}


def content_of(block):
    said = block["content"]
    return said if isinstance(said, str) else "".join(part.get("text", "") for part in said)


def results(request):
    """[(text, is_error)] of the newest message of a request."""
    blocks = request["body"]["messages"][-1]["content"]
    return [(content_of(b), bool(b.get("is_error"))) for b in blocks if b["type"] == "tool_result"]


def ask(build, pairs, files=None, rules=ALL, prepare=None, timeout=120, model=""):
    """Runs one turn with these calls; gives (project's results, the project, closed)."""
    with Project(build, [calls(*pairs), text("Done.")], rules, model) as p:
        for name, content in (files or {}).items():
            put(p, name, content)
        if prepare:
            prepare(p)
        done = p.seal("run", "go", timeout=timeout)
        said = p.requests()
        if len(said) < 2:
            raise AssertionError(f"exit {done.returncode}: {done.stdout}{done.stderr}")
        after = {}
        for name in (files or {}):
            path = os.path.join(p.root, name)
            if os.path.exists(path):
                with open(path, "rb") as file:
                    after[name] = file.read()
        return results(said[1]), after, said[1]


def put(p, name, content):
    path = os.path.join(p.root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as out:
        out.write(content if isinstance(content, bytes) else content.encode())
    return path


__all__ = ["ALL", "Project", "Rows", "ask", "calls", "content_of", "json", "os", "put", "results", "sys", "text"]
