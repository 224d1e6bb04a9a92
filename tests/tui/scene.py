"""One project and one scripted daemon for many rows: each row has a terminal of its own and says what the
daemon does with a prompt."""
from daemon import Daemon
from terminal import Terminal
from project import Project


class Scene:
    def __init__(self, build):
        self.project = Project(build)
        self.daemon = Daemon(self.project.env["XDG_RUNTIME_DIR"], self.project.seal_path, self.quiet)

    @staticmethod
    def quiet(client, words):
        client.say("Answered.")

    def terminal(self, *size, turn=None, **how):
        """A terminal that is ready; `turn` as Daemon's."""
        self.daemon.turn = turn or self.quiet
        self.daemon.prompts.clear()
        terminal = Terminal(self.project, *size, **how)
        terminal.idle()
        return terminal

    def sent(self, number=-1):
        """The words of a prompt that came to the daemon."""
        return "".join(block.get("text", "") for block in self.daemon.prompts[number])

    def close(self):
        self.daemon.close()
        self.project.close()


OPTIONS = [{"optionId": kind, "name": name, "kind": kind} for kind, name in (
    ("allow_once", "Allow"), ("allow_always", "Allow always"), ("reject_once", "Deny"), ("reject_always", "Deny always"))]


def question(subject, call="tools.command-run", parts=None, root="/p", diff=""):
    """The parameters of a question about permission, as the daemon would put it."""
    if parts is None:
        parts = [part("run", subject, subject.split()[0] + ":*", subject)]
    return {"toolCall": {"toolCallId": "c1", "title": subject}, "options": OPTIONS,
            "_meta": {"seal": {"call": call, "root": root, "cwd": root, "subject": subject, "diff": diff, "parts": parts}}}


def part(verb, text, *steps, reason="no rule"):
    return {"verb": verb, "text": text, "verdict": "ask", "reason": reason,
            "steps": [{"pattern": step, "recommended": n == 0} for n, step in enumerate(steps)]}
