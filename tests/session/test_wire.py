#!/usr/bin/env python3
"""The daemon's socket: who may come in, what is no message, and what a daemon leaves behind.
test_wire.py BUILD [only rows with these words]"""
import os
import re
import signal
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "run"))
from project import Rows  # noqa: E402
from wire import HELLO, Place, await_that  # noqa: E402

BUILD = sys.argv[1]
row = Rows()


def status(place):  # of the daemon, this client counted
    client = place.client(hello=None)
    result = client.ok("_seal/status")
    client.close()
    return result


@row("the first client starts the daemon, the next ones find it")
def _():
    with Place(BUILD) as place:
        assert place.seal("daemon", "status").returncode == 1
        assert place.seal("sessions", "list").returncode == 0
        pid = status(place)["pid"]
        assert place.seal("sessions", "list").returncode == 0
        assert status(place)["pid"] == pid


@row("eight clients at once start one daemon")
def _():
    with Place(BUILD) as place:
        codes = []
        clients = [threading.Thread(target=lambda: codes.append(place.seal("sessions", "list"))) for _ in range(8)]
        [client.start() for client in clients]
        [client.join() for client in clients]
        assert [done.returncode for done in codes] == [0] * 8, [done.stderr for done in codes]
        daemons = [pid for pid in filter(str.isdigit, os.listdir("/proc"))
                   if is_ours(pid, place) and b"daemon" in cmdline(pid)]
        assert len(daemons) == 1, daemons


def cmdline(pid):
    try:
        return open(f"/proc/{pid}/cmdline", "rb").read()
    except OSError:
        return b""


def is_ours(pid, place):
    try:
        return place.top.encode() in open(f"/proc/{pid}/environ", "rb").read()
    except OSError:
        return False


@row("a second daemon by hand is refused with the reason")
def _():
    with Place(BUILD).start() as place:
        second = subprocess.run([os.path.join(place.build, "seald"), "daemon"], env=place.env, capture_output=True, text=True, timeout=20)
        assert second.returncode == 2 and "another seald" in second.stderr, second.stderr


@row("a socket that a killed daemon left is replaced")
def _():
    with Place(BUILD).start() as place:
        place.daemon.kill()
        place.daemon.wait()
        assert os.path.exists(place.sock)
        assert place.seal("sessions", "list").returncode == 0
        assert status(place)["pid"] != place.daemon.pid


@row("a daemon that ends takes its socket along")
def _():
    with Place(BUILD).start() as place:
        assert place.seal("daemon", "stop").returncode == 0
        assert place.daemon.wait(20) == 0
        assert not os.path.exists(place.sock)


@row("SIGTERM ends it in order")
def _():
    with Place(BUILD).start() as place:
        place.daemon.send_signal(signal.SIGTERM)
        assert place.daemon.wait(20) == 0
        assert not os.path.exists(place.sock)


@row("--idle-exit ends it when nobody is there")
def _():
    with Place(BUILD).start("--idle-exit", "1") as place:
        client = place.client()
        client.ok("session/list")
        client.close()
        assert place.daemon.wait(20) == 0


@row("the socket is for this user: 0600 in a folder of 0700")
def _():
    with Place(BUILD).start() as place:
        assert os.stat(place.sock).st_mode & 0o777 == 0o600
        assert os.stat(place.run).st_mode & 0o777 == 0o700


@row("another user is let go without a word, even where modes would let him in")
def _():
    if os.geteuid() != 0:
        return "needs root to be somebody else"
    with Place(BUILD).start() as place:
        for path, mode in ((place.top, 0o755), (place.env["XDG_RUNTIME_DIR"], 0o755), (place.run, 0o755), (place.sock, 0o666)):
            os.chmod(path, mode)
        code = ("import os, socket, sys; os.setgid(65534); os.setuid(65534); s = socket.socket(socket.AF_UNIX); "
                "s.settimeout(20); s.connect(sys.argv[1]); s.sendall(b'{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"_seal/status\"}\\n'); "
                "print(s.recv(100))")
        other = subprocess.run([sys.executable, "-c", code, place.sock], capture_output=True, text=True, timeout=30)
        assert other.stdout.strip() == "b''" or "Reset" in other.stderr or "Broken" in other.stderr, other.stdout + other.stderr
        assert status(place)["clients"] == 1


def refused(line, code, id=None):
    def run():
        with Place(BUILD).start() as place:
            client = place.client()
            client.raw(line + b"\n")
            answer = client.read()
            assert answer["error"]["code"] == code, answer
            assert answer["id"] == id, answer
            client.ok("session/list")  # and the connection goes on
    return run


row("an unknown method is -32601, with the id")(refused(b'{"jsonrpc":"2.0","id":"x","method":"session/fly"}', -32601, "x"))
row("what is no JSON is -32700")(refused(b'{"jsonrpc":"2.0",', -32700))
row("a batch is -32600")(refused(b'[{"jsonrpc":"2.0","id":1,"method":"initialize"}]', -32600))
row("JSON nested a hundred thousand deep is -32700")(refused(b"[" * 100000, -32700))
row("parameters of the wrong type are -32602, and named")(refused(b'{"jsonrpc":"2.0","id":7,"method":"session/new","params":{"cwd":7}}', -32602, 7))
row("a session id that is a path is -32002")(
    refused(b'{"jsonrpc":"2.0","id":7,"method":"session/load","params":{"sessionId":"../../etc/passwd"}}', -32002, 7))
row("a session that is not there is -32002")(
    refused(b'{"jsonrpc":"2.0","id":7,"method":"session/prompt","params":{"sessionId":"0000000000000000","prompt":[]}}', -32002, 7))
row("a request without an id is dropped, one with is answered")(
    refused(b'{"jsonrpc":"2.0","method":"session/list"}\n{"jsonrpc":"2.0","id":2,"method":"nothing"}', -32601, 2))


@row("a session before initialize is refused")
def _():
    with Place(BUILD).start() as place:
        client = place.client(hello=None)
        assert "initialize" in client.call("session/list")["error"]["message"]


@row("a client of another protocol version is told the one that is spoken; a version that is none is refused")
def _():
    with Place(BUILD).start() as place:
        for version in (0, 2, 9999):
            client = place.client(hello=None)
            assert client.ok("initialize", dict(HELLO, protocolVersion=version))["protocolVersion"] == 1
            client.ok("session/list")
        client = place.client(hello=None)
        for version in ("1", 1.5, None, [1]):
            assert client.call("initialize", dict(HELLO, protocolVersion=version))["error"]["code"] == -32602, version
        assert "before initialize" in client.call("session/list")["error"]["message"]


@row("half a line and a hang-up is nothing")
def _():
    with Place(BUILD).start() as place:
        client = place.client()
        client.raw(b'{"jsonrpc":"2.0","id":1,"met')
        client.close()
        await_that("one client", lambda: status(place)["clients"] == 1)


@row("a line in many small pieces is one message")
def _():
    with Place(BUILD).start() as place:
        client = place.client()
        for byte in b'{"jsonrpc":"2.0","id":99,"method":"session/list"}\n':
            client.raw(bytes([byte]))
        assert "result" in client.answer(99)


@row("a line of just under 64 MiB is read, and its memory given back")
def _():
    with Place(BUILD).start() as place:
        client = place.client()
        filler = b"x" * ((64 << 20) - 200)
        client.raw(b'{"jsonrpc":"2.0","id":5,"method":"session/list","params":{"new":"' + filler + b'"}}\n')
        assert "result" in client.answer(5)
        client.ok("session/list")
        rss = int([l for l in open(f"/proc/{place.daemon.pid}/status") if l.startswith("VmRSS")][0].split()[1])
        assert "ASAN_OPTIONS" in place.env or rss < 40000, f"{rss} KiB stay in use"


@row("a longer line is refused with the reason, and that client is let go")
def _():
    with Place(BUILD).start() as place:
        client = place.client()

        def flood():
            try:
                client.raw(b"x" * ((64 << 20) + (1 << 20)))
            except OSError:
                pass
        writer = threading.Thread(target=flood)
        writer.start()
        answer = client.read()
        assert answer is None or "longer than" in answer["error"]["message"], answer
        if answer:
            assert client.is_closed()
        client.close()
        writer.join()
        assert status(place)["clients"] == 1


@row("a flood of requests is answered, each, and the others are served meanwhile")
def _():
    with Place(BUILD) as place:
        place.start()
        flood, other = place.client(), place.client()
        n = 20000
        lines = b"".join(b'{"jsonrpc":"2.0","id":%d,"method":"no/such"}\n' % id for id in range(1000, 1000 + n))
        sender = threading.Thread(target=flood.raw, args=(lines,))
        sender.start()
        assert other.ok("session/list")["sessions"] == []
        seen = set()
        while len(seen) < n:
            message = flood.read()
            assert message["error"]["code"] == -32601, message
            seen.add(message["id"])
        sender.join()


@row("a client that never reads, and never stops to ask, is let go; its peers are not")
def _():
    with Place(BUILD) as place:
        place.start()
        greedy, other = place.client(), place.client()
        line = b'{"jsonrpc":"2.0","id":1,"method":"' + b"x" * 60 + b'"}\n'
        gone = False
        greedy.socket.settimeout(60)
        for _ in range(4000):
            try:
                greedy.raw(line * 1000)
            except (BrokenPipeError, ConnectionResetError):
                gone = True
                break
        assert gone, "what it does not read is kept for ever"
        assert other.ok("session/list")["sessions"] == []


@row("a folder whose name is too long for a socket is an error that says what to set")
def _():
    with Place(BUILD) as place:
        place.env["XDG_RUNTIME_DIR"] = os.path.join(place.top, "d" * 90)
        os.makedirs(place.env["XDG_RUNTIME_DIR"], mode=0o700)
        done = place.seal("sessions", "list")
        assert done.returncode == 2 and "XDG_RUNTIME_DIR" in done.stderr and "too long" in done.stderr, done


@row("every method takes parameters of no sense without falling over")
def _():
    table = open(os.path.join(HERE, "..", "..", "rpc", "methods.def")).read()
    methods = re.findall(r'METHOD\(\w+, "([^"]+)", TO_DAEMON, REQUEST', table)
    assert len(methods) > 12, methods
    deep = "[" * 100 + "]" * 100
    with Place(BUILD) as place:
        place.start()
        client = place.client()
        for method in methods:
            if method in ("_seal/stop", "_seal/status", "session/list", "initialize"):
                continue
            for params in ("null", "[]", "5", '"x"', "{}", '{"sessionId":5}', '{"sessionId":"../../etc"}', '{"sessionId":null,"cwd":[]}',
                           '{"sessionId":"0123456789abcdef","prompt":{},"cwd":"relative","modeId":{},"configId":[],"value":' + deep + "}"):
                client.last += 1
                client.raw(b'{"jsonrpc":"2.0","id":%d,"method":"%s","params":%s}\n' % (client.last, method.encode(), params.encode()))
                reply = client.answer(client.last)
                assert "error" in reply or method == "session/close", (method, params, reply)
        assert client.ok("session/list")["sessions"] == []


@row("a client that never reads does not stop the others")
def _():
    with Place(BUILD).start() as place:
        deaf = place.client()
        deaf.raw(b'{"jsonrpc":"2.0","id":1,"method":"_seal/status"}\n' * 20000)
        other = place.client()
        other.ok("session/list")


@row("an idle daemon does not wake up")
def _():
    with Place(BUILD).start() as place:
        client = place.client()
        client.ok("session/list")

        def switches():
            text = open(f"/proc/{place.daemon.pid}/status").read()
            return [line for line in text.splitlines() if "ctxt_switches" in line]
        await_that("it sleeps", lambda: open(f"/proc/{place.daemon.pid}/stat").read().rsplit(")", 1)[1].split()[0] == "S")
        before = switches()
        threading.Event().wait(1.0)
        assert switches() == before, (before, switches())


@row("a daemon at rest is below 15 MB of its own and its share")
def _():
    with Place(BUILD).start() as place:
        client = place.client()
        client.ok("session/list")
        text = open(f"/proc/{place.daemon.pid}/smaps_rollup").read()
        pss = int([line for line in text.splitlines() if line.startswith("Pss:")][0].split()[1])
        assert "ASAN_OPTIONS" in place.env or pss <= 15000, f"{pss} KiB"


row.main()
