#!/usr/bin/env python3
"""The permission prompt in the real program.  What it shows and which keys it takes: with a scripted daemon;
what an answer does: with a real session.   test_prompt.py BUILD [ROW]"""
import os
import sys
import time

from scene import Scene, part, question
from terminal import Terminal
from project import Project, Rows, call, text

BUILD = sys.argv[1]
row = Rows()
scene = Scene(BUILD)
GRACE = 0.4  # seconds, answer.c


def asking(*questions, answers=None):
    """A turn that asks these, all at once; what was answered goes to `answers`."""
    def turn(client, words):
        got = client.ask_all(questions)
        if answers is not None:
            answers.extend(got)
        client.say("Asked.")
    return turn


def option(answer):
    return answer["outcome"].get("optionId")


def patterns(answer):
    return answer["_meta"]["seal"]["patterns"]


SCALE = part("run", "git push origin main", "git:*", "git push:*", "git push origin:*", "git push origin main")
SCALE["steps"][0]["recommended"], SCALE["steps"][1]["recommended"] = False, True

# Keys in a prompt about SCALE, the choice and the pattern that come of them.
KEYS = (
    ("1 allows", "1", "allow_once", "git push:*"),
    ("3 refuses", "3", "reject_once", "git push:*"),
    ("Enter takes the first, Allow", "\r", "allow_once", "git push:*"),
    ("Down and Enter take another", "\x1b[B\x1b[B\r", "reject_once", "git push:*"),
    ("Up goes round", "\x1b[A\x1b[A\r", "reject_once", "git push:*"),
    ("Left broadens", "\x1b[D3", "reject_once", "git:*"),
    ("Right narrows", "\x1b[C3", "reject_once", "git push origin:*"),
    ("Home is the broadest", "\x1b[C\x1b[H3", "reject_once", "git:*"),
    ("End is the narrowest", "\x1b[F3", "reject_once", "git push origin main"),
    ("Tab goes back to the recommended one", "\x1b[F\t3", "reject_once", "git push:*"),
    ("letters, other digits and a paste answer nothing", "yn5 09\x1b[200~1\r\x1b[201~3", "reject_once", "git push:*"),
)

for name, keys, want, pattern in KEYS:
    @row(name)
    def _(keys=keys, want=want, pattern=pattern):
        answers = []
        with scene.terminal(turn=asking(question("git push origin main", parts=[SCALE], root=scene.project.root), answers=answers)) as t:
            t.type("go\r")
            t.answer(keys)
            t.wait("Asked.", where=t.whole)
            assert (option(answers[0]), patterns(answers[0])) == (want, [pattern]), answers


@row("it shows the call, where it runs, why it is asked, the scale, and the line that would be written")
def _():
    with scene.terminal(turn=asking(question("git push origin main", parts=[SCALE], root="/some/where"))) as t:
        t.type("go\r")
        t.wait("1-4 or")
        shown = "\n".join(t.shown())
        for words in ("Permission to run a command", "git push origin main", "in /some/where", "no rule",
                      "git:*   git push:*   git push origin:*", "1 Allow", "2 Allow always", "3 Deny", "4 Deny always", "seal.toml gets"):
            assert words in shown, (words, shown)
        t.type("\x1b[B\x1b[D")
        t.wait('"git:*"')


@row("a choice that is not offered leaves its number free: 2 answers nothing, 3 still refuses this once")
def _():
    answers = []
    asked = question("git push origin main", parts=[SCALE], root=scene.project.root)
    asked["options"] = [one for one in asked["options"] if one["optionId"] != "allow_always"]
    with scene.terminal(turn=asking(asked, answers=answers)) as t:
        t.type("go\r")
        t.wait("4 Deny always")
        assert "3 Deny " in "\n".join(t.shown())
        t.answer("23")
        t.wait("Asked.", where=t.whole)
        assert option(answers[0]) == "reject_once", answers


@row("of a compound command each part that is not granted has its own line and scale; Ctrl+N goes on, Ctrl+P back")
def _():
    answers = []
    parts = [part("run", "make all", "make:*", "make all"), dict(part("run", "ls"), verdict="allow"),
             part("run", "git tag v1", "git:*", "git tag:*", "git tag v1")]
    with scene.terminal(turn=asking(question("make all && ls && git tag v1", parts=parts, root=scene.project.root), answers=answers)) as t:
        t.type("go\r")
        t.answer("\x1b[C\x0e\x1b[C\x1b[C\x103")
        t.wait("Asked.", where=t.whole)
        assert patterns(answers[0]) == ["make all", "git tag v1"], answers


@row("a command longer than the screen is all there: PgDn scrolls, PgUp goes back, nothing is cut, at 80x24")
def _():
    command = "\n".join(f"echo step {n} of a long script && make target-{n}" for n in range(60))
    with scene.terminal(80, 24, turn=asking(question(command, parts=[part("run", "make", "make:*")]))) as t:
        t.type("go\r")
        t.wait("PgUp/PgDn more")
        seen = set()
        for _ in range(40):
            seen.update(line.strip() for line in t.shown())
            if f"target-59" in "\n".join(t.shown()):
                break
            before = t.shown()
            t.type("\x1b[6~")
            t.until(lambda: t.shown() != before, "it scrolls")
            assert "1 Allow" in "\n".join(t.shown()), "the choices stay"
        missing = [n for n in range(60) if f"echo step {n} of a long script && make target-{n}" not in seen]
        assert not missing, missing
        t.type("\x1b[5~" * 40)
        t.wait("target-0")


@row("control characters, bidi overrides and zero-width letters are shown, not obeyed")
def _():
    command = "echo safe\x1b[2K\x1b[1A\u202etxt.exe\u200b\x07"
    with scene.terminal(turn=asking(question(command))) as t:
        t.raw = b""
        t.type("go\r")
        t.wait("1-4 or")
        shown = "\n".join(t.shown())
        for words in ("\\u{1b}[2K", "\\u{202e}", "\\u{200b}", "\\u{07}"):
            assert words in shown, (words, shown)
        assert "\u202e".encode() not in t.raw and b"\x1b[2K\x1b[1A" not in t.raw


@row("what was typed before the question could be read answers nothing")
def _():
    for _ in range(20):
        answers, asked = [], []

        def turn(client, words):
            asked.append(time.monotonic())
            answers.extend(client.ask_all([question("git push")]))
            client.say("Asked.")

        with scene.terminal(turn=turn) as t:
            t.type("go\r")
            t.wait("Deny always")
            t.type("1\r1")
            # Either they answered it, or it stays and takes answers later.
            t.until(lambda: answers or "1-4 or" in "\n".join(t.shown()), "the grace is over")
            late = time.monotonic() - asked[0] > GRACE
            if not answers:
                t.type("3")
                t.wait("Asked.", where=t.whole)
                assert option(answers[0]) == "reject_once"
                return None
            assert late, "keys within the grace answered"
    return "this machine is too slow to type within the grace"


@row("what stands in the composer when a question comes is kept, and sent to no one")
def _():
    def turn(client, words):
        client.go.wait(60)
        client.ask_all([question("git push")])
        client.say("Asked.")

    with scene.terminal(turn=turn) as t:
        t.type("go\r")
        t.wait("working")
        t.type("1 draft of mine")
        t.composed("› 1 draft of mine")
        scene.daemon.clients[-1].go.set()
        t.answer("3")
        t.wait("Asked.", where=t.whole)
        t.composed("› 1 draft of mine")


@row("several questions wait in a queue, the number is said, each has its own grace")
def _():
    answers = []
    questions = [question(f"make number-{n}") for n in range(3)]
    with scene.terminal(turn=asking(*questions, answers=answers)) as t:
        t.type("go\r")
        for n, key in enumerate("313"):
            t.wait(f"make number-{n}")
            if n == 0:
                t.wait("3 questions")
            t.answer(key)
        t.wait("Asked.", where=t.whole)
        assert [option(answer) for answer in answers] == ["reject_once", "allow_once", "reject_once"], answers


@row("Esc and Ctrl+C in a question cancel the turn")
def _():
    def turn(client, words):
        client.ask_all([question("git push")], until_cancelled=True)

    for key in ("\x1b", "\x03"):
        with scene.terminal(turn=turn) as t:
            t.type("go\r")
            t.wait("Deny always")
            t.type(key)
            t.wait("cancelled", where=t.whole)
            t.idle()
            assert scene.daemon.clients[-1].cancelled.is_set()


@row("a question that needs no answer any more goes away")
def _():
    def turn(client, words):
        client.ask_all([question("git push")], dismiss=True)
        client.say("Never mind.")

    with scene.terminal(turn=turn) as t:
        t.type("go\r")
        t.wait("Never mind.", where=t.whole)
        t.idle()


@row("a question of the agent has its own answers")
def _():
    answers = []
    asked = {"toolCall": {"toolCallId": "q1", "title": "Which of the two?"},
             "options": [{"optionId": "a", "name": "The first"}, {"optionId": "b", "name": "The second"}],
             "_meta": {"seal": {"question": True}}}
    with scene.terminal(turn=asking(asked, answers=answers)) as t:
        t.type("go\r")
        t.wait("Which of the two?")
        t.wait("↑↓ Enter")
        t.type("2")
        t.wait("Asked.", where=t.whole)
        assert option(answers[0]) == "b", answers


for columns, rows in ((80, 24), (120, 40), (40, 12)):
    @row(f"at {columns}x{rows} a question is whole, and the composer after it")
    def _(columns=columns, rows=rows):
        command = "make a-target-with-a-rather-long-name VERBOSE=1"
        with scene.terminal(columns, rows, turn=asking(question(command, root=scene.project.root))) as t:
            t.type("go\r")
            t.wait("1-4 or")
            shown = "\n".join(t.shown())
            for words in ("make a-target", "1 Allow", "2 Allow always", "3 Deny", "4 Deny always"):
                assert words in shown, shown
            t.type("3")
            t.wait("Asked.", where=t.whole)
            t.idle()
            t.composed("›")


@row("1 lets a write happen once, and seal.toml gets the rule that asks again")
def _():
    with Project(BUILD, [call("file_write", path="new.txt", text="fresh\n"), text("Written.")]) as p, Terminal(p) as t:
        t.idle()
        t.type("write\r")
        t.wait("new.txt")
        t.answer("1")
        t.wait("Written.", where=t.whole)
        assert p.read("new.txt") == "fresh\n" and "prompt = true" in p.read("seal.toml"), p.read("seal.toml")


@row("the change is shown as a diff before it is granted")
def _():
    edit = call("file_edit", path="a.txt", old="second", new="changed")
    with Project(BUILD, [edit, text("Edited.")], rules='[capabilities.allow.read]\npaths = [{ path = ".", files = ["*"] }]\n') as p, Terminal(p, 100, 40) as t:
        p.write("a.txt", "first\nsecond\nthird\n")
        t.idle()
        t.type("edit\r")
        t.wait("1-4 or")
        shown = "\n".join(t.shown())
        for words in ("- second", "+ changed", "  first", "  third"):
            assert words in shown, shown
        assert p.read("a.txt") == "first\nsecond\nthird\n"
        t.type("1")
        t.wait("Edited.", where=t.whole)
        assert p.read("a.txt") == "first\nchanged\nthird\n", p.read("a.txt")


@row("2, Allow always, at the scale's broad end: the next such call is silent")
def _():
    steps = [call("command_run", command="echo-not-there one"), text("First."), call("command_run", command="echo-not-there two"), text("Second.")]
    with Project(BUILD, steps) as p, Terminal(p, 100, 30) as t:
        t.idle()
        t.type("go\r")
        t.answer("\x1b[H2")
        t.wait("First.", where=t.whole)
        t.idle()
        assert "echo-not-there:*" in p.read("seal.toml"), p.read("seal.toml")
        t.type("again\r")
        t.wait("Second.", where=t.whole)


@row("3 refuses this call and writes nothing; 4 writes a denial that is silent the next time")
def _():
    steps = [call("file_write", path="new.txt", text="x"), text("One."), call("file_write", path="new.txt", text="x"), text("Two."),
             call("file_write", path="new.txt", text="x"), text("Three.")]
    with Project(BUILD, steps) as p, Terminal(p, 100, 30) as t:
        before = p.read("seal.toml")
        t.idle()
        t.type("write\r")
        t.answer("3")
        t.wait("One.", where=t.whole)
        t.idle()
        assert p.read("seal.toml") == before
        t.type("again\r")
        t.answer("4")
        t.wait("Two.", where=t.whole)
        t.idle()
        assert "capabilities.deny" in p.read("seal.toml"), p.read("seal.toml")
        t.type("again\r")
        t.wait("Three.", where=t.whole)
        assert not os.path.exists(os.path.join(p.root, "new.txt"))


try:
    row.main()
finally:
    scene.close()
