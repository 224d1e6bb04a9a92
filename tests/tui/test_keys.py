#!/usr/bin/env python3
"""Every key of the composer, in the real program; a scripted daemon behind it.   test_keys.py BUILD [ROW]"""
import os
import re
import sys

from scene import Scene
from terminal import Terminal
from project import Rows

BUILD = sys.argv[1]
row = Rows()
scene = Scene(BUILD)
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../seal-cli/tui")
ESC = "\x1b[27u"  # kitty's Escape: nothing has to be waited for

# What is typed into an empty composer, and what it holds then.
EDITS = (
    ("letters are put in where the cursor is", "abc\x1b[D\x1b[DX", "aXbc"),
    ("wide letters and emoji are one step each", "a日👍b\x1b[D\x1b[D\x1b[DX", "aX日👍b"),
    ("Ctrl+A goes to the line's start, Ctrl+E to its end", "bc\x01a\x05d", "abcd"),
    ("Ctrl+B and Ctrl+F go by a letter", "ac\x02b\x06d", "abcd"),
    ("Left and Right go by a letter", "ac\x1b[Db\x1b[Cd", "abcd"),
    ("Home and End go to the ends of the line", "bc\x1b[Ha\x1b[Fd", "abcd"),
    ("Alt+B and Alt+F go by a word", "one two three\x1bb\x1bbX\x1bfY", "one XtwoY three"),
    ("Ctrl+Left and Ctrl+Right go by a word", "one two\x1b[1;5DX\x1b[1;5D\x1b[1;5D\x1b[1;5CY", "oneY Xtwo"),
    ("Alt+Left and Alt+Right go by a word", "one two\x1b[1;3DX\x1b[1;3D\x1b[1;3D\x1b[1;3CY", "oneY Xtwo"),
    ("Ctrl+W takes the word before, Ctrl+Y puts it back", "one two\x17x\x19", "one xtwo"),
    ("Alt+Backspace takes the word before", "one two-three\x1b\x7fX", "one two-X"),
    ("Ctrl+Backspace too", "one two\x1b[127;5uX", "one X"),
    ("Alt+D takes the word behind", "one two\x01\x1bdX", "X two"),
    ("Alt+Delete takes the word behind", "one two\x01\x1b[3;3~X", "X two"),
    ("Ctrl+Delete too", "one two\x01\x1b[3;5~X", "X two"),
    ("Ctrl+U takes all before the cursor, Ctrl+K all behind", "abcdef\x02\x02\x15\x06\x0bX", "eX"),
    ("Backspace takes one letter, Ctrl+H too (as kitty sends it)", "abcd\x7f\x1b[104;5u", "ab"),
    ("Ctrl+D and Delete take the one behind", "abcd\x01\x04\x1b[3~", "cd"),
    ("Ctrl+T exchanges two letters", "ab\x14c", "bac"),
    ("Alt+< and Alt+> go to the ends of the text", "one\ntwo\x1b<X\x1b>Y", "Xone|twoY"),
    ("Alt+Home and Alt+End too", "one\ntwo\x1b[1;3HX\x1b[1;3FY", "Xone|twoY"),
    ("Ctrl+Home and Ctrl+End too", "one\ntwo\x1b[1;5HX\x1b[1;5FY", "Xone|twoY"),
    ("Alt+Enter makes a line", "one\x1b\rtwo", "one|two"),
    ("Shift+Enter makes a line (kitty)", "one\x1b[13;2utwo", "one|two"),
    ("Shift+Enter makes a line (modifyOtherKeys)", "one\x1b[27;2;13~two", "one|two"),
    ("Ctrl+Enter makes a line", "one\x1b[13;5utwo", "one|two"),
    ("Ctrl+J makes a line", "one\ntwo", "one|two"),
    ("Up and Down keep the column", "abcdef\nab\nabcdef\x1b[A\x1b[AX\x1b[BY", "abcdefX|abY|abcdef"),
    ("Ctrl+P and Ctrl+N move by a line too", "abc\ndef\x10X\x0eY", "abcX|defY"),
    ("Ctrl+_ takes back what was done last", "one two\x17\x17\x1f", "one"),
    ("Ctrl+-, Ctrl+/ and Ctrl+? too", "one two three four\x17\x17\x17\x1b[45;5u\x1b[47;5u\x1b[63;5u", "one two three four"),
    ("a short paste is text, its line ends too", "\x1b[200~one\rtwo\x1b[201~!", "one|two!"),
    ("a paste's control sequences are left out", "\x1b[200~a\x1b[2Jb\x07c\x1b[201~", "abc"),
    ("keys as kitty sends them", "\x1b[97u\x1b[98u\x1b[99;5:3u\x1b[97;5uX", "Xab"),
    ("keys without a meaning are ignored", "a\x1b[5;5~\x1b[24~\x1b[1;2Pb", "ab"),
    ("Escape clears the text", "some text" + ESC, ""),
    ("Ctrl+C clears the text", "some text\x03", ""),
)


# The same with vim's keys; Esc is typed as kitty sends it.
VIM = (
    ("vim: Esc ends insertion; h and l go by a letter", "abc" + ESC + "hiX" + ESC + "llaY", "aXbcY"),
    ("vim: w, b and e go by words, signs are words", "one.two  three" + ESC + "0wiA" + ESC + "wwbiB" + ESC + "0eaC", "oneABC.two  three"),
    ("vim: 0, ^ and $ go to the ends of the line", "  ab" + ESC + "0iX" + ESC + "$aZ" + ESC + "0x^iY", "  YabZ"),
    ("vim: gg and G go to the ends of the text, j and k by lines", "one\ntwo\nthree" + ESC + "ggiX" + ESC + "GaY" + ESC + "ggjiZ" + ESC + "kiW", "WXone|Ztwo|threeY"),
    ("vim: i, a, I and A insert", "bc" + ESC + "iX" + ESC + "aY" + ESC + "IA" + ESC + "AZ", "AbXYcZ"),
    ("vim: o and O make lines", "b" + ESC + "oc" + ESC + "kOa", "a|b|c"),
    ("vim: x and X delete a letter, D the rest", "abcdef" + ESC + "0xllXllD", "bde"),
    ("vim: C changes the rest", "one two" + ESC + "0wCthree", "one three"),
    ("vim: d with a motion takes it, dd the line", "one two\nthree\nfour" + ESC + "ggdwjdd", "two|four"),
    ("vim: c with a motion changes it, cc the line", "one two\nthree" + ESC + "ggcwX" + ESC + "jccY", "X two|Y"),
    ("vim: y copies, p puts behind, P before", "ab cd" + ESC + "0ywP$p", "ab ab cdab "),
    ("vim: u takes back", "one two" + ESC + "dddd" + "u", "one two"),
)


def lines_of(text):
    first, *rest = text.split("|")
    return [("› " + first).rstrip()] + ["  " + line for line in rest]


shared = []


def terminal():
    if not shared:
        shared.append(scene.terminal())
    return shared[0]


for name, keys, want in EDITS:
    @row(name)
    def _(keys=keys, want=want):
        t = terminal()
        t.type(ESC * 2)
        t.composed("›")
        t.type(keys + "#")
        # The mark shows that every key before it has been worked off; it stands at the cursor.
        t.until(lambda: "#" in "".join(t.composer()), "the last key is worked off")
        t.type("\x7f")
        t.composed(*lines_of(want))
        t.type(ESC)


vim_shared = []


def vim_terminal():
    if not vim_shared:
        settings = scene.project.write(".seal/config.toml", '[tui]\nkeys = "vim"\n')
        vim_shared.append(scene.terminal())
        os.unlink(settings)
    return vim_shared[0]


for name, keys, want in VIM:
    @row(name)
    def _(keys=keys, want=want):
        t = vim_terminal()
        t.type(ESC * 3)
        t.composed("›")
        t.type(keys)
        t.composed(*lines_of(want))


@row("vim: Enter sends what stands there after Esc, and what follows is text again; Esc on nothing cancels")
def _():
    def turn(client, words):
        client.say("Working.")
        client.cancelled.wait(60)

    t = vim_terminal()
    scene.daemon.turn = turn
    scene.daemon.prompts.clear()
    t.type(ESC * 3 + "hello" + ESC)
    t.wait("NORMAL")
    t.type("\r")
    t.until(lambda: scene.daemon.prompts and scene.sent() == "hello", "it is sent")
    t.wait("Working.", where=t.whole)
    t.type(ESC)
    t.wait("cancelled", where=t.whole)
    t.idle()
    t.type("hi")
    t.composed("› hi")


@row("Enter sends; what is typed meanwhile waits for the turn's end")
def _():
    def turn(client, words):
        if words == "first":
            client.say("Working.")
            client.cancelled.wait(60)

    with scene.terminal(turn=turn) as t:
        t.type("first\r")
        t.wait("Working.")
        t.type("second\r")
        t.wait("waits until this turn ends")
        t.type(ESC)
        t.wait("cancelled", where=t.whole)
        t.composed("› second")
        t.type("\r")
        t.until(lambda: len(scene.daemon.prompts) == 2, "it is sent")
        assert scene.sent() == "second", scene.daemon.prompts


@row("several lines are sent as they stand")
def _():
    with scene.terminal() as t:
        t.type("one\x1b\rtwo\x1b[13;2uthree\nfour\r")
        t.wait("Answered.", where=t.whole)
        assert scene.sent() == "one\ntwo\nthree\nfour", scene.sent()


@row("Esc cancels the turn, then clears the text, and never leaves")
def _():
    def turn(client, words):
        client.say("Once upon a time.")
        client.cancelled.wait(60)

    with scene.terminal(turn=turn) as t:
        t.type("go\r")
        t.wait("Once upon", where=t.whole)
        t.type("text")
        t.type("\x1b")  # a lone one, as old terminals send it
        t.wait("cancelled", where=t.whole)
        t.composed("› text")
        t.type(ESC)
        t.composed("›")
        t.type(ESC * 5 + "still here")
        t.composed("› still here")


@row("Ctrl+C cancels, clears, and leaves when typed twice on nothing")
def _():
    def turn(client, words):
        client.say("Once upon a time.")
        client.cancelled.wait(60)

    with scene.terminal(turn=turn) as t:
        t.type("go\r")
        t.wait("Once upon", where=t.whole)
        t.type("text\x03")
        t.wait("cancelled", where=t.whole)
        t.idle()
        t.type("\x03")
        t.composed("›")
        t.type("\x03")
        t.wait("again to leave")
        t.type("\x03")
        assert t.end() == 0


@row("Ctrl+D leaves on nothing, and deletes where there is text")
def _():
    with scene.terminal() as t:
        t.type("ab\x01\x04")
        t.composed("› b")
        t.type(ESC)
        t.composed("›")
        t.type("\x04")
        assert t.end() == 0


@row("Up and Down go through what was sent, and back to the draft")
def _():
    with scene.terminal() as t:
        for words in ("first message", "second message"):
            t.type(words + "\r")
            t.until(lambda: scene.daemon.prompts and scene.sent() == words, "sent")
            t.wait("Answered.", where=t.whole)
            t.idle()
        t.type("a draft\x1b[A")
        t.composed("› second message")
        t.type("\x1b[A")
        t.composed("› first message")
        t.type("\x1b[B\x1b[B")
        t.composed("› a draft")


@row("Ctrl+R finds what was sent, further back with each; Esc gives the draft back")
def _():
    with scene.terminal() as t:
        for words in ("make one", "other", "make two"):
            t.type(words + "\r")
            t.until(lambda: scene.daemon.prompts and scene.sent() == words, "sent")
            t.idle()
        t.type("draft\x12make")
        t.composed("search: make", "› make two")
        t.type("\x12")
        t.composed("search: make", "› make one")
        t.type("\x7f\x7fke one")
        t.composed("search: make one", "› make one")
        t.type(ESC)
        t.composed("› draft")
        t.type("\x12other\r")
        t.composed("› other")


@row("what was sent is there in the next session too, several lines as they were")
def _():
    with scene.terminal() as t:
        t.type("remember\nme\r")
        t.wait("Answered.", where=t.whole)
    with scene.terminal() as t:
        t.type("\x1b[A")
        t.composed("› remember", "  me")


@row("Tab completes a path, a folder, @path; several are shown")
def _():
    scene.project.write("src/a_long_file_name.c", "x")
    scene.project.write("src/b_one.c", "x")
    scene.project.write("src/b_two.c", "x")
    with scene.terminal() as t:
        t.type("look at sr\t")
        t.composed("› look at src/")
        t.type("a_\t")
        t.composed("› look at src/a_long_file_name.c")
        t.type(ESC + "see @src/a_l\t")
        t.composed("› see @src/a_long_file_name.c")
        t.type(ESC + "src/\t")
        t.wait("b_two.c")
        t.type("b\t")
        t.composed("› src/b_")


@row("Tab completes a command, by letters in order too; what fits is shown while it is typed")
def _():
    with scene.terminal(100, 40) as t:
        t.type("/sta\t")
        t.composed("› /status")
        t.type(ESC + "/prm")
        t.wait("what seal.toml grants")
        t.type("\t")
        t.composed("› /permissions")


@row("a large paste becomes a chip, is one step for the cursor, and is sent whole")
def _():
    body = "".join(f"line {n} of it\n" for n in range(400))
    with scene.terminal() as t:
        t.type("see: \x1b[200~" + body.replace("\n", "\r") + "\x1b[201~ and tell")
        t.composed("› see: [pasted 400 lines] and tell")
        t.type("\x1bb" * 2 + "\x1b[D" * 2 + "X")
        t.composed("› see: X[pasted 400 lines] and tell")
        t.type("\r")
        t.wait("Answered.", where=t.whole)
        assert scene.sent() == "see: X" + body + " and tell", scene.sent()[:100]
        assert "line 399 of it" not in t.whole() and "more lines (Ctrl+O)" in t.whole(), t.whole()


@row("a chip is deleted whole, and Ctrl+_ brings it back")
def _():
    body = "x\r" * 400
    with scene.terminal() as t:
        t.type("\x1b[200~" + body + "\x1b[201~\x7f")
        t.type("gone")
        t.composed("› gone")
        t.type("\x17\x1f\x1f\x1f")
        t.wait("[pasted 400 lines]")


@row("a paste of 1 MB arrives whole")
def _():
    body = "".join(f"{n:08d}abcdefg\n" for n in range(65536))
    with scene.terminal() as t:
        t.paste(body.replace("\n", "\r"))
        t.wait("[pasted 65536 lines]")
        t.type("\r")
        t.wait("Answered.", where=t.whole)
        assert scene.sent() == body, len(scene.sent())


@row("Ctrl+L draws the screen again")
def _():
    with scene.terminal() as t:
        t.type("some text")
        t.composed("› some text")
        t.screen.erase_in_display(2)  # what another program wrote over it
        t.type("\x0c")
        t.composed("› some text")


@row("Ctrl+G opens the text in $VISUAL, and takes what was written there")
def _():
    editor = scene.project.write("editor", "#!/bin/sh\nread -r key </dev/tty\nsed -i \"s/\\$/ and $key/\" \"$1\"\n")
    os.chmod(editor, 0o755)
    with scene.terminal(env={"VISUAL": editor}) as t:
        t.type("some text\x07")
        t.until(lambda: b"\x1b[?2004l" in t.raw, "the terminal is handed over as it was")
        t.type("more\n")
        t.composed("› some text and more")


@row("Ctrl+Z stops it with the terminal as it was; it comes back as it stood")
def _():
    # Below a shell with job control, as a person has it.
    with Terminal(scene.project, program=["bash", "--norc", "-i"], env={"PS1": "shell: "}) as t:
        t.wait("shell:")
        t.type(f"{scene.project.seal_path} chat\r")
        t.idle()
        t.type("half a word")
        t.composed("› half a word")
        t.raw = b""
        t.type("\x1a")
        t.wait("Stopped")
        assert b"\x1b[?2004l" in t.raw, t.raw
        t.type("stty -a | tr ' ' '\\n' | grep -x -e -icanon -e icanon\r")
        t.until(lambda: "icanon" in t.shown(), "the terminal is as it was")
        t.raw = b""
        t.type("fg\r")
        t.composed("› half a word")
        assert b"\x1b[?2004h" in t.raw
        t.type("\x1b[27u\x04")
        t.until(lambda: [line for line in t.shown() if line][-1].endswith("shell:"), "the shell is back")
        t.type("exit\r")
        assert t.end() == 0


# Rows outside this file that are about a key, too.
HERE = os.path.dirname(os.path.abspath(__file__))
NAMES = {}
for scope, file in (("TALK", "test_app.py"), ("ASK", "test_prompt.py")):
    text = open(os.path.join(HERE, file)).read()
    NAMES[scope] = re.findall(r'^@row\("(.*)"\)|^    \("(.*?)",', text, re.M)


def has_row(key, names):
    return any(re.search(r"(?<![\w+])" + re.escape(key) + r"(?![\w+])", name) for name in names)


@row("every key of the table has a row of its own, and every one the program looks for is in the table")
def _():
    table = re.findall(r'^KEY\((\w+), "([^"]+)"', open(os.path.join(SOURCE, "keys.def")).read(), re.M)
    own = [name for name, _ in row.rows]
    missing = [(scope, key) for scope, keys in table for key in keys.split(", ")
               if not has_row(key, [a or b for a, b in NAMES.get(scope, ())] + (own if scope != "ASK" else []))]
    assert len(table) >= 30 and not missing, missing
    told = " ".join(keys for _, keys in table).upper()
    for file in ("app/input.c", "view/ask.c"):
        for letter in re.findall(r"is_ctrl\(key, '(.)'\)|MOD_CTRL\) && c == '(.)'", open(os.path.join(SOURCE, file)).read()):
            assert "CTRL+" + max(letter).upper() in told, (file, letter)


try:
    row.main()
finally:
    for t in shared + vim_shared:
        t.end(15)
    scene.close()
