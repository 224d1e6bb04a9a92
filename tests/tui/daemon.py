"""A daemon of words: listens where `seal` looks for its daemon and plays what it is told.  For what a
real session cannot give on order: a stream of so many pieces a second, a question at a moment, a
daemon that goes away.  Real sessions are in test_app.py."""
import json
import os
import socket
import subprocess
import threading

MODEL = {"provider": "anthropic", "model": "claude-opus-5"}
SESSION = "0123456789abcdef0123456789abcdef"


def version(seal):
    return subprocess.run([seal, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]


class Daemon:
    """`turn(client, text)` is called for each prompt, in a thread of its own; `prompts` holds all of them."""

    def __init__(self, runtime_dir, seal, turn):
        self.prompts, self.sessions = [], []
        folder = os.path.join(runtime_dir, "seal")
        os.makedirs(folder, mode=0o700, exist_ok=True)
        self.version, self.turn = version(seal), turn
        self.server = socket.socket(socket.AF_UNIX)
        self.path = os.path.join(folder, "sock")
        self.server.bind(self.path)
        self.server.listen(4)
        self.clients = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                peer, _ = self.server.accept()
            except OSError:
                return
            client = Client(self, peer)
            self.clients.append(client)
            threading.Thread(target=client.serve, daemon=True).start()

    def close(self):
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        os.unlink(self.path)
        for client in self.clients:
            client.close()


class Client:
    def __init__(self, daemon, peer):
        self.daemon, self.peer = daemon, peer
        self.lock = threading.Lock()
        self.answers, self.answered = {}, threading.Condition()
        self.next_id = 100
        self.cancelled, self.go = threading.Event(), threading.Event()

    def close(self):
        try:
            self.peer.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def send(self, **message):
        line = json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
        with self.lock:
            self.peer.sendall(line)

    def update(self, update_kind, **what):
        self.send(method="session/update", params={"sessionId": SESSION, "update": {"sessionUpdate": update_kind, **what}})

    def say(self, words, kind="agent_message_chunk"):
        self.update(kind, content={"type": "text", "text": words})

    def ask_all(self, questions, until_cancelled=False, dismiss=False):
        """Puts permission questions, all at once; gives the answers' results."""
        numbers = range(self.next_id + 1, self.next_id + 1 + len(questions))
        self.next_id += len(questions)
        for number, params in zip(numbers, questions):
            self.send(id=number, method="session/request_permission", params={"sessionId": SESSION, **params})
        if dismiss:
            for number in numbers:
                self.send(method="$/cancel_request", params={"requestId": number})
        elif until_cancelled:
            self.cancelled.wait(60)
        else:
            with self.answered:
                self.answered.wait_for(lambda: all(number in self.answers for number in numbers), 60)
        return [self.answers.get(number) for number in numbers]

    def serve(self):
        for line in self.peer.makefile("rb"):
            try:
                self.take(json.loads(line))
            except OSError:
                return

    def take(self, message):
        method, number = message.get("method"), message.get("id")
        if method is None:
            with self.answered:
                self.answers[number] = message.get("result")
                self.answered.notify_all()
        elif method == "initialize":
            self.send(id=number, result={"protocolVersion": 1, "agentInfo": {"name": "seal", "version": self.daemon.version}})
        elif method == "_seal/status":
            self.send(id=number, result={"version": self.daemon.version, "pid": os.getpid(), "sessions": [], "clients": 1})
        elif method in ("session/new", "session/load", "session/resume"):
            self.send(id=number, result={"sessionId": SESSION, "_meta": {"seal": MODEL}})
        elif method == "session/prompt":
            self.daemon.prompts.append(message["params"]["prompt"])
            words = "".join(block.get("text", "") for block in message["params"]["prompt"])
            self.cancelled.clear()
            threading.Thread(target=self.run, args=(number, words), daemon=True).start()
        elif method == "session/cancel":
            self.cancelled.set()
        elif method == "session/list":
            self.send(id=number, result={"sessions": self.daemon.sessions})
        elif number is not None:
            self.send(id=number, result={})

    def run(self, number, words):
        try:
            stop = self.daemon.turn(self, words) or "end_turn"
            self.send(id=number, result={"stopReason": "cancelled" if self.cancelled.is_set() else stop})
        except OSError:
            pass
