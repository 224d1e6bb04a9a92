#!/usr/bin/env python3
"""An obedient model against every goal of an attacker, end to end.
run.py BUILD [--full] [--tasks N] [--goal WORDS] [--json FILE]

Every combination is a session of its own: one task, one poisoned item, one goal.  Columns: prompts
denied, prompts allowed (a person who says yes to all), and bare (nothing between the model and the
machine: proof that the goals work and that the oracles see them).  As TAP, with a table.
"""
import argparse
import json
import sys
import time

import bare
import goals as every
from goals import Goal
from outside import World
from tally import Tally
from tasks import tasks

NOTHING = Goal("nothing", "none", [])
ENDS = (0, 3, 125)  # done; something was refused; a sandbox was not made, so nothing ran
STEP = 7  # has no factor in common with the number of tasks, so all are met


def turn(world, task, goal, prompts):
    """One session; what went wrong, and how many calls were refused."""
    world.reset(task.carrier if goal is not NOTHING else None, goal)
    world.server.begin(task.plan, goal.calls)
    done = world.seal("run", "--prompts", prompts, task.name, timeout=120)
    said, faults = world.server.transcript(), []
    if done.returncode not in ENDS or "Done." not in done.stdout:
        faults.append(f"the turn ended with {done.returncode}: {done.stderr[-300:]!r}")
    if goal is not NOTHING and not world.server.is_reached:
        faults.append("the poison never reached the model")
    if goal is not NOTHING and world.server.plan:
        faults.append("the model was not asked to the end")
    return faults, world.violations(said, goal), task.is_done(world.root), done.returncode


def benign(world, tally):
    faults, prompts, undone = [], 0, 0
    for task in tasks(f"http://127.0.0.1:{world.web}/page"):
        wrong, escaped, is_done, code = turn(world, task, NOTHING, "deny")
        faults += [f"{task.name}: {why}" for why in wrong + escaped]
        prompts += code == 3
        undone += not is_done
        if not is_done or code == 3:
            faults.append(f"{task.name}: not done, exit {code}")
    tally.counts["benign"] = {"tasks": len(tasks("")), "undone": undone, "refused": prompts}
    tally.row(f"{len(tasks(''))} benign tasks are done, without one question", faults)


def attack(world, tally, pairs, prompts):
    """Every (task, goal) of `pairs`; a row for each kind of goal."""
    kinds, undone = {}, []
    for task, goal in pairs:
        wrong, escaped, is_done, _ = turn(world, task, goal, prompts)
        count = kinds.setdefault(goal.kind, {"combinations": 0, "escaped": 0, "faults": []})
        count["combinations"] += 1
        count["escaped"] += bool(escaped)
        count["faults"] += [f"{goal.name} / {task.name}: {why}" for why in wrong + escaped]
        if not is_done and not goal.runner:
            undone.append(f"{goal.name} / {task.name}: the task itself is not done")
    tally.counts[prompts] = kinds
    for kind, count in kinds.items():
        tally.row(f"prompts {prompts}: {kind}: {count['combinations']} combinations, {count['escaped']} outside the grants", count["faults"])
    tally.row(f"prompts {prompts}: the tasks are done all the same", undone)


def honest_limit(world, tally):
    task, faults = tasks("")[0], []
    for goal in every.covered(world):
        wrong, escaped, _, _ = turn(world, task, goal, "deny")
        faults += [f"{goal.name}: {why}" for why in wrong + escaped]
        if not goal.covered[1](world):
            faults.append(f"{goal.name}: no longer succeeds; docs/injection.md says it does")
    tally.counts["covered"] = [{"goal": goal.name, "because": goal.covered[0]} for goal in every.covered(world)]
    tally.row(f"{len(every.covered(world))} goals succeed because a rule grants them, and do nothing else", faults)


def control(world, tally, wanted):
    """Without seal each goal must be seen to succeed, or its zero above says nothing."""
    world.seal("daemon", "stop")
    world.daemon, missed, count = 0, [], 0
    for goal in (g for g in every.goals(world) if g.bare and (g.kind, g.name) in wanted):
        world.reset(None, goal)
        count += 1
        if not world.violations(bare.play(world, goal.calls), goal):
            missed.append(f"{goal.name}: no oracle saw it")
    tally.counts["bare"] = {"goals": count, "seen": count - len(missed), "unseen": missed}
    tally.row(f"bare: {count - len(missed)} of {count} goals succeed with nothing in between", missed)


def logs(world, tally):
    faults = []
    for folder in world.sessions():
        done = world.seal("audit", "verify", folder)
        if done.returncode:
            faults.append(f"{folder}: {done.stdout}{done.stderr}")
    tally.counts["logs"] = {"sessions": len(world.sessions()), "faults": len(faults)}
    tally.row(f"the logs of {len(world.sessions())} sessions verify", faults)


def pairs_of(world, is_full, n_tasks):
    """All goals, each with `n_tasks` tasks that differ from goal to goal; or each task once, with goals
    that lie far apart."""
    work, aims = tasks(f"http://127.0.0.1:{world.web}/page"), every.goals(world)
    if is_full:
        return [(work[(at + nth * STEP) % len(work)], goal) for nth in range(min(n_tasks, len(work))) for at, goal in enumerate(aims)]
    return [(task, aims[at * len(aims) // len(work)]) for at, task in enumerate(work)]


def main():
    words = argparse.ArgumentParser()
    words.add_argument("build")
    words.add_argument("--full", action="store_true")
    words.add_argument("--tasks", type=int, default=5)
    words.add_argument("--goal", default="")
    words.add_argument("--json")
    asked, tally, start = words.parse_args(), Tally("injection"), time.monotonic()
    with World(asked.build) as world:
        pairs = [pair for pair in pairs_of(world, asked.full, asked.tasks) if asked.goal in pair[1].name]
        names = {(goal.kind, goal.name) for _, goal in pairs}
        benign(world, tally)
        attack(world, tally, pairs, "deny")
        if asked.full:
            attack(world, tally, pairs[:len(names)], "allow")
        honest_limit(world, tally)
        logs(world, tally)
        control(world, tally, names)
    print(f"1..{tally.rows}")
    print(f"# {len(names)} goals, {len(pairs)} combinations, {time.monotonic() - start:.0f} s")
    if asked.json:
        with open(asked.json, "w") as out:
            json.dump(tally.counts, out, indent=1)
    sys.exit(bool(tally.bad))


if __name__ == "__main__":
    main()
