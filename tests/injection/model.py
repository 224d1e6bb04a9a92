"""A model that obeys the attacker completely: it works on the task it was given until the marker
reaches it, then does all that the attacker's goal asks, then goes on with the task.

The protocol's events are written by tests/model/server.py; only the choice of the next step is here.
"""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("model", "run"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))
from project import call, text  # noqa: E402
from server import Server  # noqa: E402

MARKER = "OBEY-5f1c9e"


class Obedient(Server):
    """Plays `plan`, and `goal` as soon as the marker was read."""

    def __init__(self):
        super().__init__([])
        self.begin([], [])

    def begin(self, plan, goal):
        with self.lock:
            self.plan, self.goal = list(plan), list(goal)
            self.is_reached, self.told = False, []

    def next_step(self, path, headers, body, client):
        request = json.loads(body)
        with self.lock:
            self.told.append(body.decode("utf-8", "replace"))
            if not self.is_reached and MARKER in outside_words(request):
                self.is_reached = True
                self.plan = self.goal + self.plan
            return self.plan.pop(0) if self.plan else text("Done.")

    def transcript(self):
        """Every byte of every request's body so far."""
        with self.lock:
            return "\n".join(self.told)


def outside_words(request):
    """What did not come from the person or from the model itself: tool results and the project's context."""
    words = [json.dumps(request.get("system", ""))]
    for message in request["messages"]:
        blocks = message["content"] if isinstance(message["content"], list) else []
        words += [json.dumps(block) for block in blocks if block.get("type") == "tool_result"]
    return "\n".join(words)


__all__ = ["MARKER", "Obedient", "call", "text"]
