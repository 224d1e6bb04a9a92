#!/usr/bin/env python3
"""The screens as they look: three sizes; dark, light, no colour; in the emulator and in a real tmux, compared with
looks/.   test_looks.py BUILD [ROW]; SEAL_LOOKS_WRITE=1 writes looks/ anew, to be looked at."""
import os
import shutil
import sys

from scene import Scene, part, question
from project import Rows
from tmux import Tmux

BUILD = sys.argv[1]
LOOKS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "looks")
SIZES = ((60, 20), (100, 30), (200, 50))
THEMES = {"dark": (["--theme", "dark"], {}), "light": (["--theme", "light"], {}), "mono": ([], {"NO_COLOR": "1"})}
row = Rows()
scene = Scene(BUILD)

ANSWER = """# What I found

The parser reads **every byte twice**: once in `scan()` and once in [the loop](https://example.org/loop), 日本語 and 👍 too.

| file | lines | why |
|---|---:|---|
| src/parse.c | 120 | it reads each byte of the input twice, first to count and then to copy |
| src/日本.c | 7 | wide |

```c
/* The loop. */
static int scan(const char *text)
{
	return text[0] == 'x' ? 42 : 0;
}
```

1. Mend the loop.
2. *Measure*:
   - a long file
   - a short one

> Measure twice, cut once, as somebody said who had cut a great many things too short in a long life of cutting.
"""
DIFF = "--- a/src/parse.c\n+++ b/src/parse.c\n@@ -7,3 +7,4 @@\n \tint n = 0;\n-\tcount(text);\n+\tif (text)\n+\t\tcount(text);\n \treturn n;\n"
PUSH = part("run", "git push origin main", "git:*", "git push:*", "git push origin:*", "git push origin main")


def tool(client, name, title, kind, status, words, **seal):
    client.update("tool_call", toolCallId=name, title=title, kind=kind, status="in_progress")
    content = [{"type": "content", "content": {"type": "text", "text": words}}]
    client.update("tool_call_update", toolCallId=name, status=status, content=content, _meta={"seal": seal})


def converse(client, _):
    client.say("First the tree.\nThen the loop.", kind="agent_thought_chunk")
    tool(client, "t1", "Read src/parse.c", "read", "completed", "".join(f"line {n}\n" for n in range(40)), outcome="ok")
    tool(client, "t2", "Run make check SUITE=the-name-of-a-suite-that-is-rather-long", "execute", "failed", "error: no rule\n", outcome="failed")
    client.say(ANSWER)
    client.update("plan", entries=[{"content": "Mend it", "status": "completed"}, {"content": "Measure", "status": "pending"}])
    client.update("usage_update", used=50000, size=200000, cost={"amount": 1.25, "currency": "USD"})


def ask(client, _):
    client.say("I push it.")
    client.ask_all([question("git push origin main", parts=[PUSH], root="/home/me/project")], until_cancelled=True)


def ask_diff(client, _):
    parts = [part("write", "src/parse.c", "*", "src/*", "src/parse.c")]
    client.ask_all([question("src/parse.c", call="tools.file-edit", parts=parts, root="/home/me/project", diff=DIFF)], until_cancelled=True)


# What is typed, what the daemon does with it, and the words of a screen that is finished.
SCREENS = {
    "conversation": ("look at it\r", converse, "$1.25"),
    "question": ("push\r", ask, "1-4 or"),
    "change": ("mend\r", ask_diff, "1-4 or"),
    "commands": ("/re", converse, "/restart"),
}


def colour(name):
    return "" if name == "default" else name


def runs(t):
    """Cells that look alike, row by row: "2: 4-10 bold 5fd7d7"."""
    for y in range(t.rows):
        cells, start = t.screen.buffer[y], 0
        for x in range(1, t.columns + 1):
            if x == t.columns or look(cells[x]) != look(cells[start]):
                if look(cells[start]):
                    yield f"{y + 1}: {start + 1}-{x} {look(cells[start])}"
                start = x


def look(cell):
    words = [word for word in ("bold", "italics", "underscore", "strikethrough", "reverse") if getattr(cell, word)]
    words += [colour(cell.fg)] if colour(cell.fg) else []
    words += ["on " + colour(cell.bg)] if colour(cell.bg) else []
    return " ".join(words)


def compare(name, got):
    path = os.path.join(LOOKS, name)
    if os.environ.get("SEAL_LOOKS_WRITE"):
        with open(path, "w") as out:
            out.write(got)
        return
    want = open(path).read()
    if got == want:
        return
    for number, (g, w) in enumerate(zip(got.split("\n") + [""] * 99, want.split("\n") + [""] * 99), 1):
        if g != w:
            raise AssertionError(f"{name}, line {number} is\n{g}\nwant\n{w}\nof\n{got}")


for columns, rows in SIZES:
    for screen, (typed, turn, words) in SCREENS.items():
        name = f"{columns}x{rows}-{screen}"

        @row(f"{screen} at {columns}x{rows}, dark, light and without colour")
        def _(columns=columns, rows=rows, typed=typed, turn=turn, words=words, name=name):
            for theme, (arguments, env) in THEMES.items():
                with scene.terminal(columns, rows, turn=turn, arguments=arguments, env=env) as t:
                    t.type(typed)
                    t.wait(words)
                    if words == "$1.25":
                        t.idle()
                    compare(name + ".txt", "\n".join(t.shown()).rstrip() + "\n")
                    compare(f"{name}.{theme}", "\n".join(runs(t)) + "\n")

        @row(f"{screen} at {columns}x{rows}, in tmux")
        def _(columns=columns, rows=rows, typed=typed, turn=turn, words=words, name=name):
            if not shutil.which("tmux"):
                return "no tmux here"
            scene.daemon.turn = turn
            with Tmux(scene.project, columns, rows) as t:
                t.wait(" ready ")
                t.type(typed.rstrip("\r"))
                if typed.endswith("\r"):
                    t.key("Enter")
                t.wait(words)
                if words == "$1.25":
                    t.wait(" ready ")
                compare(name + ".txt", "\n".join(t.shown()).rstrip() + "\n")


@row("in tmux 10,000 streamed lines are all in the scrollback, once; a resize keeps the text that is being typed")
def _():
    if not shutil.which("tmux"):
        return "no tmux here"

    def stream(client, _):
        for at in range(0, 10000, 20):
            client.say("".join(f"- item number {n}\n" for n in range(at, at + 20)))
        client.say("\n\nThe end.")

    scene.daemon.turn = stream
    with Tmux(scene.project, 80, 24) as t:
        t.wait(" ready ")
        t.type("go")
        t.key("Enter")
        t.wait("The end.")
        t.wait(" ready ")
        numbers = [int(line.rsplit(" ", 1)[1]) for line in t.whole().split("\n") if "item number" in line]
        assert numbers == list(range(10000)), (len(numbers), numbers[:5], numbers[-5:])
        t.type("half a message")
        for columns, rows in ((120, 40), (50, 14), (80, 24)):
            t.resize(columns, rows)
            t.until(lambda: "─" * columns in t.shown() and "› half a message" in t.shown(), f"drawn at {columns}x{rows}")
        assert t.whole().count("› half a message") == 1, t.whole()[-2000:]


try:
    row.main()
finally:
    scene.close()
