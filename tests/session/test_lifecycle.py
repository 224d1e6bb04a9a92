#!/usr/bin/env python3
"""How a daemon begins and ends: versions, systemd's socket and its news, the size of its log.
test_lifecycle.py BUILD [only rows with these words]"""
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "run"))
from project import Rows, expect  # noqa: E402
from wire import LIMIT, Client, Place  # noqa: E402

BUILD = os.path.abspath(sys.argv[1])
row = Rows()


class Other(threading.Thread):
    """A daemon of another version: it says its status, and ends when it is told to."""

    def __init__(self, place, version, clients=1, state="idle"):
        super().__init__(daemon=True)
        os.makedirs(place.run, mode=0o700)
        self.lock = open(os.path.join(place.run, "lock"), "w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(place.sock)
        self.listener.listen()
        self.status = {"version": version, "pid": 1, "clients": clients, "sessions": [{"sessionId": "x", "state": state}]}
        self.stopped = False
        self.start()

    def run(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            for line in peer.makefile("rb"):
                message = json.loads(line)
                result = self.status if message["method"] == "_seal/status" else {}
                peer.sendall(json.dumps({"jsonrpc": "2.0", "id": message.get("id"), "result": result}).encode() + b"\n")
                if message["method"] == "_seal/stop":
                    self.stopped = True
                    self.listener.close()
                    peer.shutdown(socket.SHUT_RDWR)
                    fcntl.flock(self.lock, fcntl.LOCK_UN)
                    return
            peer.close()


def lock_name():
    """What the daemon calls its lock is in a header; the test must not guess."""
    text = open(os.path.join(HERE, "..", "..", "rpc", "client.h")).read()
    return text.split('RPC_LOCK_NAME')[1].split('"')[1]


@row("an idle daemon of an older version is ended, and one of this version takes its place")
def _():
    with Place(BUILD) as place:
        other = Other(place, "0.0.1")
        expect(place.seal("sessions", "list"), 0)
        assert other.stopped
        client = place.client(hello=None)
        assert client.ok("_seal/status")["version"] != "0.0.1"
        client.close()


@row("one that is in use is left alone, and the client says why and what to do")
def _():
    for clients, state in ((3, "idle"), (1, "running")):
        with Place(BUILD) as place:
            other = Other(place, "0.0.1", clients, state)
            expect(place.seal("sessions", "list"), 2, "version 0.0.1", "in use", "seal daemon restart")
            assert not other.stopped


@row("one that is newer is not touched")
def _():
    with Place(BUILD) as place:
        other = Other(place, "999.0", 1)
        expect(place.seal("sessions", "list"), 2, "version 999.0", "older")
        assert not other.stopped


@row("restart ends one and starts another; stop is done when it is gone")
def _():
    with Place(BUILD) as place:
        expect(place.seal("daemon", "restart"), 0)
        client = place.client(hello=None)
        first = client.ok("_seal/status")["pid"]
        client.close()
        expect(place.seal("daemon", "restart"), 0)
        client = place.client(hello=None)
        assert client.ok("_seal/status")["pid"] != first
        client.close()
        expect(place.seal("daemon", "stop"), 0)
        with open(os.path.join(place.run, lock_name())) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        expect(place.seal("daemon", "stop"), 0, "does not run")
        expect(place.seal("daemon", "status"), 1, "does not run")


class Manager:
    """What systemd does for seald.socket and Type=notify."""

    def __init__(self, place):
        os.makedirs(place.run, mode=0o700)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(place.sock)
        self.listener.listen()
        self.news = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.news.bind(os.path.join(place.top, "notify"))
        self.news.settimeout(LIMIT)
        env = dict(place.env, LISTEN_FDS="1", LISTEN_FDNAMES="seald.socket", NOTIFY_SOCKET=os.path.join(place.top, "notify"))
        fd = self.listener.fileno()
        script = f'exec 3<&{fd}; LISTEN_PID=$$ exec "$0" daemon'
        self.seald = subprocess.Popen(["sh", "-c", script, os.path.join(BUILD, "seald")], env=env, pass_fds=[fd],
                                      stderr=subprocess.PIPE, text=True)

    def heard(self):
        return self.news.recv(100).decode()


@row("under systemd it takes the socket that is there, says when it is ready and when it ends, and leaves the socket")
def _():
    with Place(BUILD) as place:
        manager = Manager(place)
        assert manager.heard() == "READY=1"
        client = Client(place.sock, hello=None)
        assert client.ok("_seal/status")["pid"] == manager.seald.pid
        environ = open(f"/proc/{manager.seald.pid}/environ").read()
        assert "LISTEN_FDS" in environ  # as it was started; below it nothing of it is left
        client.close()
        expect(place.seal("sessions", "list"), 0)
        manager.seald.send_signal(signal.SIGTERM)
        assert manager.heard() == "STOPPING=1"
        assert manager.seald.wait(LIMIT) == 0
        assert os.path.exists(place.sock), "the socket is systemd's"
        os.unlink(place.sock)


@row("what systemd passes is looked at, and one daemon a user holds there too")
def _():
    with Place(BUILD) as place:
        os.makedirs(place.run, mode=0o700)
        script = 'exec 3</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" daemon'
        done = subprocess.run(["sh", "-c", script, os.path.join(BUILD, "seald")], env=place.env, capture_output=True, text=True, timeout=LIMIT)
        assert done.returncode == 2 and "no Unix socket" in done.stderr, done
        two = 'LISTEN_PID=$$ LISTEN_FDS=2 exec "$0" daemon'
        done = subprocess.run(["sh", "-c", two, os.path.join(BUILD, "seald")], env=place.env, capture_output=True, text=True, timeout=LIMIT)
        assert done.returncode == 2 and "one socket" in done.stderr, done


@row("the units are what systemd takes")
def _():
    units = os.path.join(BUILD, "systemd")
    if not shutil.which("systemd-analyze"):
        return "systemd-analyze is not here"
    with Place(BUILD) as place:
        for name, source in (("seald.service", os.path.join(units, "seald.service")),
                             ("seald.socket", os.path.join(HERE, "..", "..", "systemd", "seald.socket"))):
            text = open(source).read().replace("/usr/local/bin/seald", os.path.join(BUILD, "seald"))
            with open(os.path.join(place.top, name), "w") as out:
                out.write(text)
        done = subprocess.run(["systemd-analyze", "--user", "--man=no", "verify", os.path.join(place.top, "seald.service")],
                              env=place.env, capture_output=True, text=True, timeout=LIMIT)
        assert "seald" not in done.stderr.replace("Documentation", ""), done.stderr


@row("a log that grew large is put aside, when it starts and while it runs, and one before is kept")
def _():
    with Place(BUILD) as place:
        folder = os.path.join(place.env["XDG_STATE_HOME"], "seal")
        os.makedirs(folder)
        log = os.path.join(folder, "seald.log")
        with open(log, "w") as out:
            out.write("a" * (2 << 20))
        expect(place.seal("sessions", "list"), 0)
        assert open(log + ".1").read(1) == "a" and os.path.getsize(log) < 1000
        with open(log, "a") as out:
            out.write("b" * (2 << 20))
        expect(place.seal("sessions", "list"), 0)
        assert open(log + ".1").read(1) == "b" and os.path.getsize(log) < 1000
        client = place.client(hello=None)
        pid = client.ok("_seal/status")["pid"]
        assert os.readlink(f"/proc/{pid}/fd/2") == log, "it writes where nobody looks"
        client.close()


row.main()
