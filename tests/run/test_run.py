#!/usr/bin/env python3
"""`seal run` against a scripted model server: every exit code, and every bad input of a person, a
file and a model server: the error names the thing and the remedy, nothing hangs, nothing is left.
test_run.py BUILD"""
import os
import subprocess
import sys
import time

from project import Project, Rows, call, expect, text

BUILD = sys.argv[1]
row = Rows()
READ = '[capabilities.allow.read]\npaths = [{ path = "src/**", files = ["*"] }]\n'


@row("a turn that ends well is 0, and its text is on stdout")
def _():
    with Project(BUILD, [text("All is well.")]) as p:
        done = p.seal("run", "hello")
        expect(done, 0)
        assert "All is well." in done.stdout, done.stdout


@row("a tool call reads a file, and the model sees it")
def _():
    with Project(BUILD, [call("file_read", path="src/a.c"), text("Seen.")], READ) as p:
        p.write("src/a.c", "int unmistakable;\n")
        expect(p.seal("run", "look"), 0)
        assert "unmistakable" in str(p.requests()[1]), p.requests()


@row("what no rule grants is refused without a terminal, the rule is said, and the exit code is 3")
def _():
    with Project(BUILD, [call("file_read", path="other.txt"), text("I could not.")], READ) as p:
        p.write("other.txt", "private")
        expect(p.seal("run", "look"), 3, "other.txt", "denied")
        assert "private" not in str(p.requests()), "the file's text reached the model"


@row("--prompts allow answers a rule with prompt = true, and nothing that no rule grants")
def _():
    rules = '[capabilities.allow.write]\npaths = [{ path = "src/**", files = ["*"], prompt = true }]\n'
    steps = [call("file_write", path="src/new.c", text="int x;\n"), call("file_write", path="new.c", text="int y;\n"), text("Done.")]
    with Project(BUILD, steps, rules) as p:
        os.makedirs(os.path.join(p.root, "src"))
        expect(p.seal("run", "--prompts", "allow", "write"), 3)
        assert p.read("src/new.c") == "int x;\n"
        assert not os.path.exists(os.path.join(p.root, "new.c"))


@row("a wrong key is 4, with the place to set it and not the key")
def _():
    body = {"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}}
    with Project(BUILD, [{"status": 401, "body": body}]) as p:
        done = p.seal("run", "hello")
        expect(done, 4, "ANTHROPIC_API_KEY")
        assert "sk-ant-test" not in done.stdout + done.stderr


@row("an overloaded provider is 4 after its retries")
def _():
    body = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    with Project(BUILD, [{"status": 529, "headers": {"retry-after-ms": "1"}, "body": body}] * 4) as p:
        expect(p.seal("run", "hello"), 4, "verloaded")
        assert len(p.requests()) == 3, len(p.requests())


@row("a limit of requests is retried, and the turn goes on")
def _():
    body = {"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}}
    with Project(BUILD, [{"status": 429, "headers": {"retry-after-ms": "1"}, "body": body}, text("Here.")]) as p:
        expect(p.seal("run", "hello"), 0, "Here.")


for what in ("close", "reset", "half", "garbage", "big-line", "error"):
    @row(f"a model server that ends a reply with {what} is 4 or a whole reply, never a hang")
    def _(what=what):
        with Project(BUILD, [dict(text("Once upon a time there was"), after=3, then=what)] * 4) as p:
            done = p.seal("run", "hello", timeout=90)
            assert done.returncode == 4, f"exit {done.returncode}: {done.stdout}{done.stderr}"
            assert len(done.stderr) < 20000, "an error is a sentence, not a dump"


@row("tool arguments that are not JSON are told to the model, not run")
def _():
    broken = call("file_read", path="src/a.c")
    broken["reply"]["content"][0]["tool-use"]["input-json"] = '{"path": '
    with Project(BUILD, [broken, text("Sorry.")], READ) as p:
        expect(p.seal("run", "hello"), 0, "Sorry.")
        assert "is_error" in str(p.requests()[1])


@row("tool arguments that are not the schema are told to the model, with the field's name")
def _():
    with Project(BUILD, [call("file_read", path=7), text("Sorry.")], READ) as p:
        expect(p.seal("run", "hello"), 0, "Sorry.")
        assert "path" in str(p.requests()[1]["body"]["messages"][-1] if "body" in p.requests()[1] else p.requests()[1])


@row("a tool that does not exist is told to the model")
def _():
    with Project(BUILD, [call("launch_missiles", at="dawn"), text("Sorry.")]) as p:
        expect(p.seal("run", "hello"), 0, "Sorry.")


@row("--max-turns ends a loop with 5")
def _():
    with Project(BUILD, [call("file_read", path="src/a.c")] * 10, READ) as p:
        p.write("src/a.c", "x\n")
        expect(p.seal("run", "--max-turns", "2", "loop"), 5)


@row("Ctrl+C while the model hangs is 130, within a second, and nothing is left running")
def _():
    with Project(BUILD, [dict(text("Once upon a time there was a"), after=5, then="hang")]) as p:
        process = p.start("run", "hello")
        first = process.stdout.read(4)
        assert first, process.stderr.read()
        start = time.monotonic()
        process.send_signal(2)
        code = process.wait(10)
        assert code == 130, code
        assert time.monotonic() - start < 1.0, time.monotonic() - start
        process.stdout.close(), process.stderr.close()


@row("Ctrl+C while a command runs is 130, and the command is gone")
def _():
    rules = '[capabilities.allow.commands]\npatterns = ["sleep 987"]\n'
    with Project(BUILD, [call("command_run", command="sleep 987"), text("Done.")], rules) as p:
        process = p.start("run", "hello")
        for _ in range(200):
            if subprocess.run(["pgrep", "-f", "sleep 987"], capture_output=True).stdout:
                break
            time.sleep(0.05)
        process.send_signal(2)
        code = process.wait(15)
        assert code == 130, (code, process.stderr.read())
        for _ in range(100):
            if not subprocess.run(["pgrep", "-fx", "sleep 987"], capture_output=True).stdout:
                break
            time.sleep(0.05)
        else:
            raise AssertionError("the command runs on")
        process.stdout.close(), process.stderr.close()


def bwraps(p):
    """Sandboxes of this project: bwrap and process 1 have the words of the last command still."""
    return [line for _, line in p.processes() if "seal-warm-mark" in line or "/run/seal/init" in line]


@row("while the model thinks after a command, the next sandbox stands ready; it goes with the turn's process")
def _():
    rules = '[capabilities.allow.commands]\npatterns = ["echo *"]\n'
    hang = dict(text("Once upon a time there was a"), after=5, then="hang")
    with Project(BUILD, [hang], rules) as p:
        process = p.start("run", "hello")
        assert process.stdout.read(4)
        assert not bwraps(p), "one before there was a command"
        process.send_signal(2)
        process.wait(10), process.stdout.close(), process.stderr.close()
    with Project(BUILD, [call("command_run", command="echo seal-warm-mark"), hang], rules) as p:
        process = p.start("run", "hello")
        assert process.stdout.read(4), process.stderr.read()
        for _ in range(200):
            if bwraps(p):
                break
            time.sleep(0.05)
        else:
            raise AssertionError("none was prepared")
        process.send_signal(2)
        process.wait(10), process.stdout.close(), process.stderr.close()
        p.seal("daemon", "stop")
        for _ in range(200):
            if not bwraps(p):
                break
            time.sleep(0.05)
        else:
            raise AssertionError(bwraps(p))


@row("no manifest is 2, and names `seal init`")
def _():
    with Project(BUILD, manifest=False) as p:
        expect(p.seal("run", "hello"), 2, "seal.toml", "seal init")


@row("an unsigned manifest is 2, and names `seal manifest sign`")
def _():
    with Project(BUILD, [text("x")], sign=False) as p:
        expect(p.seal("run", "hello"), 2, "seal manifest sign")
        assert not os.path.exists(os.path.join(p.top, "steps.json.log")) or not p.requests()


@row("a manifest altered after its signature is 2")
def _():
    with Project(BUILD, [text("x")], READ) as p:
        p.write("seal.toml", p.read("seal.toml").replace("src/**", "**"))
        expect(p.seal("run", "hello"), 2, "seal manifest sign")


@row("a signed manifest copied to another folder is 2 there")
def _():
    with Project(BUILD, [text("x")], READ) as p:
        other = os.path.join(p.top, "other")
        os.makedirs(other)
        with open(os.path.join(other, "seal.toml"), "w") as out:
            out.write(p.read("seal.toml"))
        p.root = other
        expect(p.seal("run", "hello"), 2, "seal manifest sign")


@row("a malformed manifest is 2, with line and column")
def _():
    with Project(BUILD, manifest="schema_version = 1\n[model\n", sign=False) as p:
        expect(p.seal("run", "hello"), 2, "seal.toml:2:")


@row("an unknown key is 2, with the nearest known name")
def _():
    bad = 'schema_version = 1\n[model]\nprovider = "anthropic"\nname = "m"\nthinkin = "adaptive"\n'
    with Project(BUILD, manifest=bad, sign=False) as p:
        expect(p.seal("run", "hello"), 2, "thinkin", "thinking")


@row("no key for the model is 4, and every place that was looked at is named")
def _():
    with Project(BUILD, [text("x")]) as p:
        del p.env["ANTHROPIC_API_KEY"]
        done = p.seal("run", "hello")
        assert done.returncode in (2, 4), done.returncode
        assert "ANTHROPIC_API_KEY" in done.stderr and "CLAUDE_CODE_OAUTH_TOKEN" in done.stderr, done.stderr


@row("a model server that is not there is 4, and names its address")
def _():
    with Project(BUILD, [text("x")]) as p:
        p.server.stdin.close()
        p.server.wait()
        expect(p.seal("run", "hello", timeout=90), 4, f"127.0.0.1:{p.port}")
        p.server = p.serve([])


@row("without bwrap a command is refused with 125 and the remedy; nothing runs outside")
def _():
    if os.geteuid() != 0:
        return "needs root to hide bwrap from one process tree"
    rules = '[capabilities.allow.commands]\npatterns = ["make"]\n'
    with Project(BUILD, [call("command_run", command="make"), text("Could not.")], rules) as p:
        p.write("Makefile", "all:\n\ttouch ran\n")
        hide = 'mount --bind /dev/null /usr/bin/bwrap && exec "$0" "$@"'
        done = subprocess.run(["unshare", "-m", "sh", "-c", hide, p.seal_path, "run", "go"], cwd=p.root, env=p.env,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        expect(done, 125, "bwrap")
        assert not os.path.exists(os.path.join(p.root, "ran"))


@row("standard input is read only for -")
def _():
    with Project(BUILD, [text("One."), text("Two.")]) as p:
        read, write = os.pipe()  # never written to, never closed: reading it would hang
        expect(p.seal("run", "hello", stdin=read, timeout=20), 0, "One.")
        os.close(read), os.close(write)
        done = subprocess.run([p.seal_path, "run", "-"], cwd=p.root, env=p.env, input="from a pipe", capture_output=True, text=True, timeout=20)
        expect(done, 0, "Two.")
        assert "from a pipe" in str(p.requests()[1])


@row("--json prints JSON lines and nothing else on stdout")
def _():
    import json
    with Project(BUILD, [call("file_read", path="src/a.c"), text("Seen.")], READ) as p:
        p.write("src/a.c", "x\n")
        done = p.seal("run", "--json", "look")
        expect(done, 0)
        kinds = [json.loads(line)["type"] for line in done.stdout.splitlines()]
        assert kinds and kinds[0] == "thread.started" and kinds[-1] == "turn.completed", kinds


@row("a session goes on where it was, by --resume latest")
def _():
    with Project(BUILD, [text("First."), text("Second.")]) as p:
        expect(p.seal("run", "remember the word plum"), 0)
        expect(p.seal("run", "--resume", "latest", "which word"), 0, "Second.")
        assert "plum" in str(p.requests()[1]), "the history did not come along"


@row("a read-only state folder is an error that names it, before anything happens")
def _():
    with Project(BUILD, [text("x")]) as p:
        p.seal("daemon", "stop")
        state = os.path.join(p.top, "blocked")
        with open(state, "w") as out:
            out.write("a file where the folder should be")
        p.env["XDG_STATE_HOME"] = state
        done = p.seal("run", "hello")
        assert done.returncode in (2, 70), done.returncode
        assert "blocked" in done.stderr, done.stderr


@row("unknown options and missing words are 2, with the usage")
def _():
    with Project(BUILD, [text("x")]) as p:
        expect(p.seal("run"), 2, "usage")
        expect(p.seal("run", "--no-such-option", "x"), 2, "--no-such-option")
        expect(p.seal("no-such-command"), 2, "seal help")


row.main()
