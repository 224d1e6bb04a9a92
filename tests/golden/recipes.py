"""The sessions that are kept: what the person says, what the model does, what is there."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run"))
from project import USAGE, call, text  # noqa: E402

RULES = """[capabilities.allow.read]
paths = [{ path = "src/**", files = ["*"] }]
[capabilities.allow.write]
paths = [{ path = "src/**", files = ["*"] }]
[capabilities.allow.delete]
paths = [{ path = "src/**", files = ["*"], prompt = true }]
[capabilities.allow.commands]
patterns = ["wc:*", "false"]
[capabilities.deny.read]
default_files = ["*.pem"]
"""
FILES = {"src/a.c": "int add(int a, int b)\n{\n\treturn a - b;\n}\n", "src/long.txt": "a long line of text\n" * 2000, "src/key.pem": "secret", "README": "read me\n"}


def several(*calls):
    return {"reply": {"content": [c["reply"]["content"][0] for c in calls], "stop": "tool-use", "usage": USAGE}}


def big(step):
    """The server says that the conversation is nearly all that it can hold."""
    return {"reply": dict(step["reply"], usage=dict(USAGE, input=7900))}


# name: ([what the person says], [what the model does], more of [model], what `seal run` is given)
RECIPES = {
    "work": (["add() is wrong, please look", "and now?"],
             [call("file_read", path="src/a.c"), call("file_edit", path="src/a.c", old="a - b", new="a + b"), call("file_write", path="src/b.c", text="int b;\n"),
              call("command_run", command="wc -l src/a.c"), several(call("grep", pattern="add", path="src"), call("file_glob", pattern="src/*.c")),
              call("file_list", path="src"), text("It adds now."), text("Nothing else.")], "", "allow"),
    "refusals": (["do what is not allowed", "again"],
                 [call("file_read", path="src/key.pem"), call("file_read", path="../outside"), call("file_delete", path="src/a.c"), call("command_run", command="curl -s example.net"),
                  call("command_run", command="false"), call("file_read", path="src/none.c"), text("Refused."), text("Still.")], "", "deny"),
    "nonsense": (["go on", "go on"],
                 [call("no_such_tool"), call("file_read", wrong=1), several(call("file_edit", path="src/a.c", old="nowhere", new="x"), call("file_read")),
                  {"status": 400, "body": {"error": {"type": "invalid_request_error", "message": "no"}}},
                  {"reply": {"content": [{"text": {"text": "cut off in the mid"}}], "stop": "max-tokens", "usage": USAGE}}, text("Whole.")], "", "deny"),
    "long": (["read all of it", "and again", "and on"],
             [call("file_read", path="src/long.txt"), call("file_read", path="src/a.c"), big(text("Read.")), big(text("A summary of it.")),
              call("file_read", path="src/a.c"), big(text("Again.")), big(text("Another summary.")), text("On.")], "context_length = 9000\nmax_tokens = 1000\n", "deny"),
}
