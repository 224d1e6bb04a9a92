#!/usr/bin/env python3
"""Sessions from outside: the real daemon, worker, agent, gate and log, and a scripted model.
What survives a kill, what a cancel reaches, who is asked.
test_session.py BUILD [only rows with these words]"""
import glob
import json
import os
import signal
import stat
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "run"))
from project import Project, Rows, call, text  # noqa: E402
from wire import HEADLESS, HELLO, Client, await_that, is_alive  # noqa: E402

sys.path.insert(0, os.path.join(HERE, "..", "audit"))
from fill import fill  # noqa: E402

BUILD = sys.argv[1]
row = Rows()
SLOW = int(os.environ.get("SEAL_TEST_SLOW", "1"))
READ = '[capabilities.allow.read]\npaths = [{ path = "src/**", files = ["*"] }]\n'
WRITE = '[capabilities.allow.write]\npaths = [{ path = "src/**", files = ["*"], prompt = true }]\n'
SLEEP = '[capabilities.allow.commands]\npatterns = ["sleep 600"]\n'
HANG = dict(text("Once upon a time there was a"), after=6, then="hang")
MEMORY = {"outcome": {"outcome": "selected", "optionId": "allow_once"}}


class Story(Project):
    """A project with its daemon up, and clients of it."""

    def __enter__(self):
        self.seal("sessions", "list")
        return self

    def __exit__(self, kind, *_):
        self.seal("daemon", "stop")
        with open(os.path.join(self.env["XDG_STATE_HOME"], "seal", "seald.log")) as log:
            said = log.read()
        self.close()
        if "Sanitizer" in said and kind is None:
            raise AssertionError(said)

    def client(self, hello=HELLO):
        return Client(os.path.join(self.env["XDG_RUNTIME_DIR"], "seal", "sock"), hello)

    def session(self, client):
        return client.ok("session/new", {"cwd": self.root, "mcpServers": []})["sessionId"]

    def prompt(self, client, session, words="go"):
        return client.request("session/prompt", {"sessionId": session, "prompt": [{"type": "text", "text": words}]})

    def stop_reason(self, client, id):
        reply = client.answer(id)
        if "result" not in reply:
            raise AssertionError(reply["error"])
        return reply["result"]["stopReason"]

    def daemon(self):
        client = self.client(hello=None)
        status = client.ok("_seal/status")
        client.close()
        return status

    def worker(self, session):
        return [s.get("pid") for s in self.daemon()["sessions"] if s["sessionId"] == session][0]

    def folder(self, session):
        return os.path.join(self.env["XDG_STATE_HOME"], "seal", "sessions", session)

    def records(self, session):
        with open(os.path.join(self.folder(session), "events.jsonl")) as lines:
            return [json.loads(line) for line in lines if line.endswith("\n")]

    def is_logged(self, session, kind, call):
        return any(r["kind"] == kind and r.get("call") == call for r in self.records(session))


@row("a new session says what it is, and a turn is told as it happens")
def _():
    with Story(BUILD, [call("file_read", path="src/a.c"), text("Seen.")], READ) as p:
        p.write("src/a.c", "int x;\n")
        client = p.client()
        made = client.ok("session/new", {"cwd": p.root, "mcpServers": []})
        assert made["modes"]["currentModeId"] == "manifest", made
        id = p.prompt(client, made["sessionId"])
        assert p.stop_reason(client, id) == "end_turn"
        begun = client.updates("tool_call")[0]
        ended = [u for u in client.updates("tool_call_update") if u["status"] == "completed"][0]
        assert begun["kind"] == "read" and begun["locations"][0]["path"].endswith("/src/a.c"), begun
        assert ended["toolCallId"] == begun["toolCallId"]
        assert "".join(u["content"]["text"] for u in client.updates("agent_message_chunk")) == "Seen."
        assert client.updates("usage_update"), "no usage was told"


@row("a folder inside the project is in the project; one outside of any is refused with the remedy")
def _():
    with Story(BUILD, [text("x")], READ) as p:
        os.makedirs(os.path.join(p.root, "deep", "down"))
        client = p.client()
        client.ok("session/new", {"cwd": os.path.join(p.root, "deep", "down"), "mcpServers": []})
        assert "seal init" in client.call("session/new", {"cwd": p.top, "mcpServers": []})["error"]["message"]
        assert "absolute" in client.call("session/new", {"cwd": "here", "mcpServers": []})["error"]["message"]
        # What never began leaves nothing behind.
        assert len(os.listdir(os.path.join(p.env["XDG_STATE_HOME"], "seal", "sessions"))) == 1


@row("two clients see one session, and each its own reply")
def _():
    with Story(BUILD, [text("One."), text("Two.")]) as p:
        first, second = p.client(), p.client()
        session = p.session(first)
        second.ok("session/resume", {"sessionId": session, "cwd": p.root, "mcpServers": []})
        assert p.stop_reason(first, p.prompt(first, session)) == "end_turn"
        second.update("agent_message_chunk")
        assert p.stop_reason(second, p.prompt(second, session)) == "end_turn"
        first.update("agent_message_chunk", lambda u: "Two" in u["content"]["text"])


@row("two prompts at once run one after the other")
def _():
    with Story(BUILD, [text("One."), text("Two.")]) as p:
        client = p.client()
        session = p.session(client)
        ids = [p.prompt(client, session, "first"), p.prompt(client, session, "second")]
        assert [p.stop_reason(client, id) for id in ids] == ["end_turn"] * 2
        said = "".join(u["content"]["text"] for u in client.updates("agent_message_chunk"))
        assert said == "One.Two.", said


@row("a loaded session is told whole, in order, before the answer")
def _():
    with Story(BUILD, [call("file_read", path="src/a.c"), text("Seen."), text("Again.")], READ) as p:
        p.write("src/a.c", "int x;\n")
        client = p.client()
        session = p.session(client)
        p.stop_reason(client, p.prompt(client, session, "look at it"))
        client.close()
        later = p.client()
        later.ok("session/load", {"sessionId": session, "cwd": p.root, "mcpServers": []})
        kinds = [u["sessionUpdate"] for u in later.updates() if u["sessionUpdate"] != "usage_update"]
        assert kinds[:4] == ["user_message_chunk", "tool_call", "tool_call_update", "agent_message_chunk"], kinds
        assert later.updates("user_message_chunk")[0]["content"]["text"] == "look at it"
        assert p.stop_reason(later, p.prompt(later, session)) == "end_turn"
        assert "look at it" in str(p.requests()[2]), "the agent forgot"


@row("a client that wants what is recent is told the end of a long session, and how much is left out; another all")
def _():
    with Story(BUILD, [text("First."), text("Last.")]) as p:
        client = p.client()
        session = p.session(client)
        p.stop_reason(client, p.prompt(client, session, "begin"))
        p.seal("daemon", "stop")
        fill(os.path.join(p.env["XDG_STATE_HOME"], "seal", "sessions", session), 2000)
        p.seal("sessions", "list")
        client = p.client()
        client.ok("session/resume", {"sessionId": session, "cwd": p.root, "mcpServers": []})
        p.stop_reason(client, p.prompt(client, session, "and on"))
        for recent in (False, True):
            later = p.client()
            later.ok("session/load", {"sessionId": session, "cwd": p.root, "mcpServers": [], "_meta": {"seal": {"recent": recent}}})
            words = [u["content"]["text"] for u in later.updates("agent_message_chunk")]
            n = len(later.updates("tool_call"))
            assert words[-1] == "Last.", words[-1]
            assert n == len(later.updates("tool_call_update")), n
            if recent:
                assert 100 < n < 1000 and "earlier records are not shown" in words[0] and session in words[0], (n, words[0])
            else:
                assert n == 2000 and words[0] == "First.", (n, words[0])


@row("a resumed session is not told, and goes on")
def _():
    with Story(BUILD, [text("One."), text("Two.")]) as p:
        client = p.client()
        session = p.session(client)
        p.stop_reason(client, p.prompt(client, session, "the word is plum"))
        p.seal("daemon", "stop")
        p.seal("sessions", "list")
        later = p.client()
        later.ok("session/resume", {"sessionId": session, "cwd": p.root, "mcpServers": []})
        assert later.updates() == []
        assert p.stop_reason(later, p.prompt(later, session)) == "end_turn"
        assert "plum" in str(p.requests()[1])


@row("who loads in the middle of a turn gets what it said so far")
def _():
    with Story(BUILD, [HANG]) as p:
        client, later = p.client(), p.client()
        session = p.session(client)
        id = p.prompt(client, session)
        client.update("agent_message_chunk")
        later.ok("session/load", {"sessionId": session, "cwd": p.root, "mcpServers": []})
        later.update("agent_message_chunk")
        client.send("session/cancel", {"sessionId": session})
        assert p.stop_reason(client, id) == "cancelled"


@row("sessions are listed by folder, last used first, with their first words")
def _():
    with Story(BUILD, [text("One."), text("Two.")]) as p:
        client = p.client()
        first, second = p.session(client), p.session(client)
        p.stop_reason(client, p.prompt(client, first, "the older one\nwith a second line"))
        listed = client.ok("session/list", {"cwd": p.root})["sessions"]
        assert {s["sessionId"] for s in listed} == {first, second}
        assert [s["title"] for s in listed if s["sessionId"] == first] == ["the older one"], listed
        assert client.ok("session/list", {"cwd": "/elsewhere"})["sessions"] == []
        assert first in p.seal("sessions", "list").stdout


@row("a closed session is gone from memory, a deleted one from the disk")
def _():
    with Story(BUILD, [text("One.")]) as p:
        client = p.client()
        session = p.session(client)
        worker = p.worker(session)
        assert "close" in client.call("session/delete", {"sessionId": session})["error"]["message"]
        client.ok("session/close", {"sessionId": session})
        await_that("the worker ends", lambda: not is_alive(worker))
        client.ok("session/delete", {"sessionId": session})
        assert not os.path.exists(p.folder(session))


@row("a session is deleted as soon as it is closed, though its process is still on its way out")
def _():
    with Story(BUILD, [text("One.")] * 6) as p:
        client = p.client()
        for _ in range(6):
            session = p.session(client)
            assert p.stop_reason(client, p.prompt(client, session)) == "end_turn"
            ids = [client.request(method, {"sessionId": session}) for method in ("session/close", "session/delete", "session/delete")]
            replies = [client.answer(id) for id in ids]
            assert "result" in replies[0] and "result" in replies[1], replies
            assert "error" in replies[2], replies
            assert not os.path.exists(p.folder(session)), os.listdir(p.folder(session))


@row("more sessions than processes: those that rest longest are let go, and each goes on")
def _():
    with Story(BUILD, [text("One.")] * 3) as p:
        client = p.client()
        sessions = [p.session(client) for _ in range(20)]
        await_that("some rest without a process", lambda: sum("pid" in s for s in p.daemon()["sessions"]) <= 16)
        assert [s["sessionId"] for s in p.daemon()["sessions"] if "pid" not in s] != []
        for session in (sessions[0], sessions[10], sessions[19]):
            assert p.stop_reason(client, p.prompt(client, session)) == "end_turn"


@row("prune names old sessions, removes none unasked, and none in use")
def _():
    with Story(BUILD, [text("One."), text("Two.")]) as p:
        p.seal("run", "the old one")
        client = p.client()
        used = p.session(client)
        old = [s["sessionId"] for s in client.ok("session/list")["sessions"] if s["sessionId"] != used][0]
        assert "no session here" in p.seal("sessions", "prune").stdout
        asked = p.seal("sessions", "prune", "--older-than", "0")
        assert asked.returncode == 1 and old in asked.stdout and "--yes" in asked.stderr, asked
        assert os.path.exists(p.folder(old))
        done = p.seal("sessions", "prune", "--older-than", "0", "--yes")
        assert done.returncode == 0 and "removed 1 " in done.stdout and "in use" in done.stderr, done
        assert not os.path.exists(p.folder(old)) and os.path.exists(p.folder(used))


# -- cancel --

def cancelled(p, client, session, id, limit=0.1):
    """Sends the cancel and measures until the answer."""
    start = time.monotonic()
    client.send("session/cancel", {"sessionId": session})
    assert p.stop_reason(client, id) == "cancelled"
    took = time.monotonic() - start
    assert took < limit * SLOW * 5, f"{took:.3f} s"
    return took


@row("a cancel reaches the model's stream, and the session goes on")
def _():
    with Story(BUILD, [HANG, text("Later.")]) as p:
        client = p.client()
        session = p.session(client)
        id = p.prompt(client, session)
        client.update("agent_message_chunk")
        cancelled(p, client, session, id)
        assert p.stop_reason(client, p.prompt(client, session)) == "end_turn"


@row("a cancel reaches a command, and nothing of it is left")
def _():
    with Story(BUILD, [call("command_run", command="sleep 600"), text("Done.")], SLEEP) as p:
        client = p.client()
        session = p.session(client)
        id = p.prompt(client, session)
        await_that("it sleeps", lambda: sleepers(p))
        cancelled(p, client, session, id)
        await_that("the command ends", lambda: not sleepers(p))


def sleepers(p):
    """Commands do not carry the daemon's environment: they are found below it."""
    daemon = p.daemon()["pid"]
    return [pid for pid in descendants(daemon) if b"sleep\x00600" in cmdline(pid)]


def cmdline(pid):
    try:
        return open(f"/proc/{pid}/cmdline", "rb").read()
    except OSError:
        return b""


def descendants(top):
    parents = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            parents[int(pid)] = int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue

    def is_below(pid):
        while pid in parents:
            if parents[pid] == top:
                return True
            pid = parents[pid]
        return False
    return [pid for pid in parents if is_below(pid)]


@row("a cancel reaches a question, which is withdrawn")
def _():
    with Story(BUILD, [call("file_write", path="src/b.c", text="x"), text("Done.")], WRITE) as p:
        os.makedirs(os.path.join(p.root, "src"))
        client = p.client()
        session = p.session(client)
        id = p.prompt(client, session)
        question = client.asked()
        cancelled(p, client, session, id)
        client.until(lambda m: m.get("method") == "$/cancel_request" and m["params"]["requestId"] == question["id"])
        assert not os.path.exists(os.path.join(p.root, "src", "b.c"))


@row("a cancel between turns ends no turn")
def _():
    with Story(BUILD, [text("One."), text("Two.")]) as p:
        client = p.client()
        session = p.session(client)
        for _ in range(2):
            id = p.prompt(client, session)
            assert p.stop_reason(client, id) == "end_turn"
            client.send("session/cancel", {"sessionId": session})


@row("$/cancel_request of a prompt is a cancel")
def _():
    with Story(BUILD, [HANG]) as p:
        client = p.client()
        session = p.session(client)
        id = p.prompt(client, session)
        client.update("agent_message_chunk")
        client.send("$/cancel_request", {"requestId": id})
        assert p.stop_reason(client, id) == "cancelled"


@row("a cancel also answers the prompts that wait behind")
def _():
    with Story(BUILD, [HANG, text("Two.")]) as p:
        client = p.client()
        session = p.session(client)
        first, second = p.prompt(client, session), p.prompt(client, session)
        client.update("agent_message_chunk")
        client.send("session/cancel", {"sessionId": session})
        assert [p.stop_reason(client, id) for id in (first, second)] == ["cancelled"] * 2


# -- questions --

@row("allow once lets the call pass")
def _():
    with Story(BUILD, [call("file_write", path="src/b.c", text="x\n"), text("Done.")], WRITE) as p:
        os.makedirs(os.path.join(p.root, "src"))
        client = p.client()
        id = p.prompt(client, p.session(client))
        question = client.asked()
        seal = question["params"]["_meta"]["seal"]
        assert [o["kind"] for o in question["params"]["options"]] == ["allow_once", "allow_always", "reject_once", "reject_always"]
        assert seal["root"] == os.path.realpath(p.root) and seal["parts"][0]["steps"], seal
        client.reply(question, MEMORY)
        assert p.stop_reason(client, id) == "end_turn"
        assert p.read("src/b.c") == "x\n"


@row("an answer that makes no sense is a refusal")
def _():
    with Story(BUILD, [call("file_write", path="src/b.c", text="x\n"), text("Done.")], WRITE) as p:
        os.makedirs(os.path.join(p.root, "src"))
        client = p.client()
        id = p.prompt(client, p.session(client))
        client.reply(client.asked(), {"outcome": {"outcome": "selected", "optionId": "do_as_you_like"}})
        assert p.stop_reason(client, id) == "end_turn"
        assert not os.path.exists(os.path.join(p.root, "src", "b.c"))


@row("a headless client is not asked: refused at once")
def _():
    with Story(BUILD, [call("file_write", path="src/b.c", text="x\n"), text("Done.")], WRITE) as p:
        os.makedirs(os.path.join(p.root, "src"))
        client = p.client(HEADLESS)
        assert p.stop_reason(client, p.prompt(client, p.session(client))) == "end_turn"
        assert not [m for m in client.seen if m.get("method") == "session/request_permission"]
        assert not os.path.exists(os.path.join(p.root, "src", "b.c"))


@row("in the mode strict nobody is asked, and every client knows the mode")
def _():
    steps = [call("file_write", path="src/b.c", text="1\n"), text("One."), call("file_write", path="src/b.c", text="1\n"), text("Two.")]
    with Story(BUILD, steps, WRITE) as p:
        os.makedirs(os.path.join(p.root, "src"))
        client, other = p.client(), p.client()
        session = p.session(client)
        other.ok("session/resume", {"sessionId": session})
        id = p.prompt(client, session)
        question = client.asked()
        # Set while a question is open: it is withdrawn, and the answer is no.
        reply = client.ok("session/set_config_option", {"sessionId": session, "configId": "mode", "value": "strict"})
        assert {o["id"]: o["currentValue"] for o in reply["configOptions"]} == {"mode": "strict", "model": "claude-opus-5"}, reply
        client.until(lambda m: m.get("method") == "$/cancel_request" and m["params"]["requestId"] == question["id"])
        assert p.stop_reason(client, id) == "end_turn"
        assert other.update("current_mode_update")["currentModeId"] == "strict"
        assert other.update("config_option_update")["configOptions"][0]["currentValue"] == "strict"
        assert p.stop_reason(client, p.prompt(client, session)) == "end_turn"
        assert not [m for m in client.seen if m.get("method") == "session/request_permission"], "asked all the same"
        assert not os.path.exists(os.path.join(p.root, "src", "b.c"))
        late = p.client().ok("session/resume", {"sessionId": session})
        assert late["modes"]["currentModeId"] == "strict", late


@row("a mode or an option that is not there is refused with those that are")
def _():
    with Story(BUILD, [text("One.")]) as p:
        client = p.client()
        session = p.session(client)
        for method, params, word in (
                ("session/set_mode", {"modeId": "yolo"}, "strict"),
                ("session/set_config_option", {"configId": "speed", "value": "fast"}, "mode and model"),
                ("session/set_config_option", {"configId": "mode", "value": True}, "strict"),
                ("session/set_config_option", {"configId": "model", "value": "another"}, "seal manifest sign")):
            reply = client.call(method, dict(params, sessionId=session))
            assert reply["error"]["code"] == -32602 and word in reply["error"]["message"], reply
        reply = client.call("session/set_mode", {"sessionId": "0000000000000000", "modeId": "strict"})
        assert reply["error"]["code"] == -32002, reply


@row("when the one who was asked leaves, the next is asked")
def _():
    with Story(BUILD, [call("file_write", path="src/b.c", text="x\n"), text("Done.")], WRITE) as p:
        os.makedirs(os.path.join(p.root, "src"))
        first, second = p.client(), p.client()
        session = p.session(first)
        second.ok("session/resume", {"sessionId": session, "cwd": p.root, "mcpServers": []})
        p.prompt(first, session)
        first.asked()
        first.close()
        second.reply(second.asked(), MEMORY)
        second.update("agent_message_chunk")
        assert p.read("src/b.c") == "x\n"


@row("a question waits for a client to come back")
def _():
    with Story(BUILD, [call("file_write", path="src/b.c", text="x\n"), text("Done.")], WRITE) as p:
        os.makedirs(os.path.join(p.root, "src"))
        first = p.client()
        session = p.session(first)
        p.prompt(first, session)
        first.asked()
        first.close()
        await_that("nobody is there", lambda: p.daemon()["clients"] == 1)
        second = p.client()
        second.ok("session/load", {"sessionId": session, "cwd": p.root, "mcpServers": []})
        second.reply(second.asked(), MEMORY)
        second.update("agent_message_chunk")
        assert p.read("src/b.c") == "x\n"


# -- who dies --

@row("a client that goes away in the middle of a turn does not end it")
def _():
    with Story(BUILD, [call("file_read", path="src/a.c"), text("Seen.")], READ) as p:
        p.write("src/a.c", "x")
        client = p.client()
        session = p.session(client)
        p.prompt(client, session)
        client.close()
        await_that("the turn ends", lambda: [r["outcome"] for r in p.records(session) if r["kind"] == "export-end"] == ["ok"] * 2)


@row("a worker that is killed fails the turn with what happened, and the next goes on")
def _():
    with Story(BUILD, [HANG, text("Later.")]) as p:
        client = p.client()
        session = p.session(client)
        id = p.prompt(client, session, "the word is plum")
        client.update("agent_message_chunk")
        os.kill(p.worker(session), signal.SIGKILL)
        error = client.answer(id)["error"]
        assert "signal 9" in error["message"] and "goes on" in error["message"], error
        assert p.stop_reason(client, p.prompt(client, session)) == "end_turn"
        assert "plum" in str(p.requests()[1])


@row("a worker that is killed takes its command along")
def _():
    with Story(BUILD, [call("command_run", command="sleep 600"), text("Later.")], SLEEP) as p:
        client = p.client()
        session = p.session(client)
        id = p.prompt(client, session)
        await_that("it sleeps", lambda: sleepers(p))
        pids = sleepers(p)
        os.kill(p.worker(session), signal.SIGKILL)
        assert "error" in client.answer(id)
        await_that("the command ends", lambda: not any(is_alive(pid) for pid in pids))


@row("a worker that does not listen to a cancel is ended; the person does not wait for that, the next prompt does")
def _():
    with Story(BUILD, [HANG, text("Later.")]) as p:
        client = p.client()
        session = p.session(client)
        id = p.prompt(client, session)
        client.update("agent_message_chunk")
        worker = p.worker(session)
        os.kill(worker, signal.SIGSTOP)
        client.send("session/cancel", {"sessionId": session})
        assert p.stop_reason(client, id) == "cancelled"
        # A stopped process cannot have said so: the daemon did, and the process is still there.
        assert is_alive(worker)
        assert p.stop_reason(client, p.prompt(client, session)) == "end_turn"
        assert not is_alive(worker)
        assert len([m for m in client.seen if m.get("id") == id]) == 0, "answered twice"


@row("a daemon that is killed in a turn leaves a log that verifies, and a session that goes on")
def _():
    with Story(BUILD, [HANG, text("Later.")]) as p:
        client = p.client()
        session = p.session(client)
        p.prompt(client, session, "the word is plum")
        client.update("agent_message_chunk")
        worker = p.worker(session)
        os.kill(p.daemon()["pid"], signal.SIGKILL)
        await_that("its worker ends too", lambda: not is_alive(worker))
        done = p.seal("run", "--resume", session, "go on")
        assert done.returncode == 0 and "Later." in done.stdout, done.stdout + done.stderr
        assert "plum" in str(p.requests()[1])


@row("an idle worker leaves after its time, and the next prompt brings another")
def _():
    with Story(BUILD, [text("One."), text("Two.")]) as p:
        p.seal("daemon", "stop")
        daemon = p.start_daemon("--linger", "1") if hasattr(p, "start_daemon") else None
        if daemon is None:
            import subprocess
            read, write = os.pipe()
            daemon = subprocess.Popen([os.path.join(os.path.abspath(BUILD), "seald"), "daemon", "--linger", "1", "--ready-fd", str(write)],
                                      env=p.env, pass_fds=[write])
            os.close(write), os.read(read, 1), os.close(read)
        client = p.client()
        session = p.session(client)
        worker = p.worker(session)
        assert p.stop_reason(client, p.prompt(client, session)) == "end_turn"
        await_that("the worker leaves", lambda: not is_alive(worker))
        assert p.stop_reason(client, p.prompt(client, session)) == "end_turn"
        p.seal("daemon", "stop")
        daemon.wait(20)


@row("two processes never write one session")
def _():
    with Story(BUILD, [HANG]) as p:
        client = p.client()
        session = p.session(client)
        lock = open(os.path.join(p.folder(session), "lock"))
        import fcntl
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        raise AssertionError("the session's lock was free while its worker lived")


@row("a session runs in the environment of who opened it, not of who started the daemon")
def _():
    rules = '[capabilities.allow.commands]\npatterns = ["printenv WHO"]\ndefault_env_vars = ["WHO"]\n'
    with Story(BUILD, [call("command_run", command="printenv WHO"), text("Done.")] * 2, rules) as p:
        for who in ("first", "second"):
            p.env["WHO"] = who
            done = p.seal("run", "who")
            assert done.returncode == 0, done.stderr
            assert who in str(p.requests()[-1]["body"]["messages"][-1]), p.requests()[-1]["body"]["messages"][-1]


@row("what the agent makes in the project has the modes that the person's shell would give")
def _():
    steps = [call("file_write", path="src/a.c", text="1\n"), call("command_run", command="touch src/b.c"), text("Done.")] * 2
    rules = WRITE.replace(", prompt = true", "") + '[capabilities.allow.commands]\npatterns = ["touch src/b.c"]\n'
    for mask, want in ((0o022, 0o644), (0o007, 0o660)):
        with Project(BUILD, steps, rules) as p:
            os.makedirs(os.path.join(p.root, "src"))
            done = p.seal("run", "make them", umask=mask)
            assert done.returncode == 0, done.stderr
            for name in ("src/a.c", "src/b.c"):
                mode = stat.S_IMODE(os.stat(os.path.join(p.root, name)).st_mode)
                assert mode == want, f"{name} is {mode:o}, want {want:o} of a shell's mask {mask:o}"


@row("a key that was set after the daemon started is found")
def _():
    with Project(BUILD, [text("Well.")]) as p:
        key = p.env.pop("ANTHROPIC_API_KEY")
        assert p.seal("run", "hello").returncode in (2, 4)
        p.env["ANTHROPIC_API_KEY"] = key
        done = p.seal("run", "hello")
        assert done.returncode == 0, done.stderr
        assert key not in open(os.path.join(p.env["XDG_STATE_HOME"], "seal", "seald.log")).read()


@row("what a client lends does not move the session's folders nor change what is loaded")
def _():
    with Story(BUILD, [text("Well.")]) as p:
        client = p.client(hello=None)
        client.send("_seal/environment", {"variables": ["XDG_STATE_HOME=/nowhere", "LD_PRELOAD=/evil.so", "ANTHROPIC_API_KEY=k", "=x", "bad"]})
        client.ok("initialize", HELLO)
        session = p.session(client)
        assert p.stop_reason(client, p.prompt(client, session)) == "end_turn"
        assert os.path.isdir(p.folder(session))
        assert "evil" not in open(f"/proc/{p.worker(session)}/maps").read()


# -- manifests and disks --

@row("a manifest that is altered during a session is not used, and the person is told")
def _():
    with Story(BUILD, [text("One."), call("file_read", path="other.txt"), text("Two.")], READ) as p:
        p.write("other.txt", "private")
        client = p.client(HEADLESS)
        session = p.session(client)
        assert p.stop_reason(client, p.prompt(client, session)) == "end_turn"
        p.write("seal.toml", p.read("seal.toml").replace('path = "src/**"', 'path = "**"'))
        assert p.stop_reason(client, p.prompt(client, session)) == "end_turn"
        warnings = [u for u in client.updates("agent_thought_chunk") if u.get("_meta", {}).get("seal", {}).get("level") == "warn"]
        assert any("not used" in u["content"]["text"] for u in warnings), warnings
        assert "private" not in str(p.requests())


@row("a manifest that is altered and signed again is used from the next turn on")
def _():
    with Story(BUILD, [text("One."), call("file_read", path="other.txt"), text("Two.")], READ) as p:
        p.write("other.txt", "not so private")
        client = p.client(HEADLESS)
        session = p.session(client)
        assert p.stop_reason(client, p.prompt(client, session)) == "end_turn"
        p.write("seal.toml", p.read("seal.toml").replace('path = "src/**"', 'path = "**"'))
        p.sign()
        assert p.stop_reason(client, p.prompt(client, session)) == "end_turn"
        assert "not so private" in str(p.requests()), "the new manifest was not used"


@row("an answer that lasts is used at once when the client has signed it")
def _():
    steps = [call("file_write", path="src/b.c", text="1\n"), call("file_write", path="src/c.c", text="2\n"), text("Done.")]
    with Story(BUILD, steps, WRITE) as p:
        os.makedirs(os.path.join(p.root, "src"))
        client = p.client()
        id = p.prompt(client, p.session(client))
        question = client.asked()
        p.write("seal.toml", p.read("seal.toml").replace(", prompt = true", ""))
        p.sign()
        client.reply(question, {"outcome": {"outcome": "selected", "optionId": "allow_always"}})
        assert p.stop_reason(client, id) == "end_turn"
        assert not [m for m in client.seen if m.get("method") == "session/request_permission"], "asked again"
        assert p.read("src/c.c") == "2\n"


@row("a session folder that cannot be written ends the turn before anything is done")
def _():
    with Story(BUILD, [call("file_write", path="src/b.c", text="x\n"), text("Done.")], WRITE.replace(", prompt = true", "")) as p:
        os.makedirs(os.path.join(p.root, "src"))
        client = p.client()
        session = p.session(client)
        log = os.path.join(p.folder(session), "events.jsonl")
        # Root writes through modes: the log is made immutable by a limit instead.
        import resource
        worker = p.worker(session)
        size = os.stat(log).st_size
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (size + 10, size + 10))
        reply = client.answer(p.prompt(client, session))
        assert "error" in reply, reply
        assert not os.path.exists(os.path.join(p.root, "src", "b.c"))


@row("what is kept is for this user alone")
def _():
    with Story(BUILD, [text("One.")]) as p:
        client = p.client()
        session = p.session(client)
        p.stop_reason(client, p.prompt(client, session))
        for path in [p.folder(session)] + glob.glob(p.folder(session) + "/**", recursive=True):
            mode = stat.S_IMODE(os.stat(path).st_mode)
            assert mode & 0o077 == 0, f"{path} is {mode:o}"


row.main()
