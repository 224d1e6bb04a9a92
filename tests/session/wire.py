"""The daemon on folders of its own, and clients that speak to its socket byte by byte."""
import json
import os
import select
import shutil
import socket
import subprocess
import tempfile
import time

HELLO = {"protocolVersion": 1, "clientCapabilities": {}, "clientInfo": {"name": "test", "version": "0"}}
HEADLESS = dict(HELLO, clientCapabilities={"_meta": {"seal": {"interactive": False}}})
LIMIT = 20  # seconds that any one event may take


class Client:
    """One connection.  Messages that were read past on the way to a reply are in `seen`."""

    def __init__(self, path, hello=HELLO):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT)
        self.socket.connect(path)
        self.bytes = b""
        self.last = 0
        self.seen = []
        if hello:
            self.call("initialize", hello)

    def raw(self, data):
        self.socket.sendall(data)

    def send(self, method, params=None, id=None):
        message = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            message["params"] = params
        if id is not None:
            message["id"] = id
        self.raw(json.dumps(message).encode() + b"\n")

    def request(self, method, params=None):
        self.last += 1
        self.send(method, params, self.last)
        return self.last

    def reply(self, request, result):
        self.raw(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode() + b"\n")

    def read(self):
        """The next message; None at the end."""
        while b"\n" not in self.bytes:
            try:
                data = self.socket.recv(1 << 20)
            except ConnectionResetError:
                data = b""
            if not data:
                return None
            self.bytes += data
        line, self.bytes = self.bytes.split(b"\n", 1)
        return json.loads(line)

    def until(self, wanted):
        """Reads until wanted(message); gives that message."""
        for at, message in enumerate(self.seen):
            if wanted(message):
                return self.seen.pop(at)
        while True:
            message = self.read()
            if message is None:
                raise AssertionError("the daemon closed the connection")
            if wanted(message):
                return message
            self.seen.append(message)

    def answer(self, id):
        return self.until(lambda m: m.get("id") == id and ("result" in m or "error" in m))

    def call(self, method, params=None):
        return self.answer(self.request(method, params))

    def ok(self, method, params=None):
        reply = self.call(method, params)
        if "result" not in reply:
            raise AssertionError(f"{method}: {reply['error']}")
        return reply["result"]

    def asked(self):
        return self.until(lambda m: m.get("method") == "session/request_permission")

    def updates(self, kind=None):
        """Those read so far."""
        all = [m["params"]["update"] for m in self.seen if m.get("method") == "session/update"]
        return [u for u in all if kind in (None, u["sessionUpdate"])]

    def update(self, kind, wanted=lambda u: True):
        return self.until(lambda m: m.get("method") == "session/update" and m["params"]["update"]["sessionUpdate"] == kind
                          and wanted(m["params"]["update"]))["params"]["update"]

    def is_closed(self):
        return self.read() is None

    def close(self):
        self.socket.close()


class Place:
    """XDG folders of a test's own; the daemon of them."""

    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.top = tempfile.mkdtemp(prefix="seal-wire-")
        self.env = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS")}
        self.env.update(HOME=self.top)
        if os.geteuid() != 0:
            self.env["SEAL_DEBUGGABLE"] = "1"  # so that a test may look at its memory and environment
        for name in ("STATE_HOME", "CONFIG_HOME", "RUNTIME_DIR"):
            self.env["XDG_" + name] = os.path.join(self.top, name.lower())
        os.makedirs(self.env["XDG_RUNTIME_DIR"], mode=0o700)
        self.run = os.path.join(self.env["XDG_RUNTIME_DIR"], "seal")
        self.sock = os.path.join(self.run, "sock")
        self.daemon = None

    def start(self, *flags):
        """seald in the foreground; returns when it listens."""
        read, write = os.pipe()
        self.daemon = subprocess.Popen([os.path.join(self.build, "seald"), "daemon", "--ready-fd", str(write), *flags],
                                       env=self.env, pass_fds=[write], stderr=subprocess.PIPE, text=True)
        os.close(write)
        if not os.read(read, 1):
            raise AssertionError("seald ended: " + self.daemon.stderr.read())
        os.close(read)
        return self

    def seal(self, *arguments, **how):
        how.setdefault("stdin", subprocess.DEVNULL)
        how.setdefault("cwd", self.top)
        return subprocess.run([os.path.join(self.build, "seal"), *arguments], env=self.env, capture_output=True, text=True,
                              timeout=60, **how)

    def client(self, hello=HELLO):
        return Client(self.sock, hello)

    def close(self):
        self.seal("daemon", "stop")
        if self.daemon:
            self.daemon.wait(LIMIT)
            said = self.daemon.stderr.read()
            self.daemon.stderr.close()
            if "Sanitizer" in said:
                raise AssertionError(said)
        shutil.rmtree(self.top, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def await_that(what, condition):
    """For what sends no event to the test: looks until it is so."""
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("it did not come to be: " + what)
        select.select([], [], [], 0.01)


def is_alive(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
