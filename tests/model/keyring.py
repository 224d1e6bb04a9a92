#!/usr/bin/env python3
"""Keys in a real Secret Service: `seal login`, and who finds what it kept.

    keyring.py BUILD CHAT       (run by keyring.sh, on a session bus of its own)
"""
import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import rows
import server

BUILD, CHAT = sys.argv[1:3]
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run"))
from project import Project, text  # noqa: E402

HOME = tempfile.mkdtemp(prefix="seal-ring-")
RUNTIME = os.path.join(HOME, "run")
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
os.makedirs(RUNTIME, mode=0o700)
BUS = {name: os.environ[name] for name in ("DBUS_SESSION_BUS_ADDRESS", "LD_LIBRARY_PATH") if name in os.environ}
ENVIRONMENT = {**rows.clean_environment(HOME, {}), **BUS, "XDG_RUNTIME_DIR": RUNTIME, "SEAL_LIB": BUILD}
FILE = os.path.join(HOME, ".config", "seal", "keys", "openai")
HELLO = {"reply": rows.reply([rows.text("Hello.")])}


def login(*arguments, key="", **environment):
    return subprocess.run([os.path.join(BUILD, "seal"), "login", *arguments], input=key, capture_output=True, text=True,
                          env={**ENVIRONMENT, **environment}, timeout=90)


def want(done, code, *words, absent="sk-"):
    said = done.stdout + done.stderr
    missing = [w for w in words if w not in said]
    if done.returncode != code or missing or absent in said:
        return "exit %d, missing %s: %s" % (done.returncode, missing, said)
    return None


def chat(steps, *options, **environment):
    with server.Server(steps) as model, tempfile.TemporaryDirectory() as folder:
        request = os.path.join(folder, "request.json")
        with open(request, "w") as f:
            json.dump(rows.REQUEST, f)
        out = rows.output([CHAT, "--provider", "openai", "--model", "gpt-5.1", "--base-url", model.url + "/v1", *options, request],
                          env={**ENVIRONMENT, **environment})
        return [json.loads(line) for line in out.splitlines()], model.requests


def sent_is(wanted, **environment):
    _, requests = chat([HELLO], **environment)
    got = requests[0]["headers"].get("authorization")
    return None if got == "Bearer " + wanted else "sent: %s" % got


def kept():
    return want(login("openai", key="sk-in-ring\n"), 0, "kept in the Secret Service") or (
        "a file too" if os.path.exists(FILE) else None)


def refused():
    body = {"error": {"code": "invalid_api_key", "message": "bad key sk-in-ring"}}
    outcome, _ = chat([{"status": 401, "body": body}])
    said = outcome[0]["outcome"]["err"]["auth"]
    return None if "found in the Secret Service" in said and "sk-in-ring" not in said else said


def moved():
    wrong = want(login("openai", "--file", key="sk-in-file\n"), 0, FILE, "readable by you alone")
    wrong = wrong or ("mode %o" % os.stat(FILE).st_mode if os.stat(FILE).st_mode & 0o777 != 0o600 else None)
    wrong = wrong or sent_is("sk-in-file") or want(login("openai", key="sk-again\n"), 0, "the Secret Service")
    return wrong or ("the file is still there" if os.path.exists(FILE) else sent_is("sk-again"))


def new_key_after_a_refusal():
    """Within one process: the service is asked again once its key was refused."""
    with server.Server([HELLO, {"status": 401, "body": {}}, HELLO]) as model, tempfile.TemporaryDirectory() as folder:
        request = os.path.join(folder, "request.json")
        with open(request, "w") as f:
            json.dump(rows.REQUEST, f)
        driver = subprocess.Popen([CHAT, "--provider", "openai", "--model", "gpt-5.1", "--base-url", model.url + "/v1", "--times", "3",
                                   "--pause", request], env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for key in (None, None, "sk-new\n"):
            if key:
                login("openai", key=key)
            driver.stdin.write("\n")
            driver.stdin.flush()
            driver.stdout.readline()
        driver.communicate()
        got = [r["headers"].get("authorization") for r in model.requests]
    return None if got == ["Bearer sk-again", "Bearer sk-again", "Bearer sk-new"] else str(got)


def whole_session():
    """The daemon's worker finds it too; its log, its output and what it keeps do not hold it."""
    with Project(BUILD, [text("Hello there.")], sign=False) as p:
        del p.env["ANTHROPIC_API_KEY"]
        p.env.update(BUS)
        p.sign()
        wrong = want(subprocess.run([p.seal_path, "login", "anthropic"], input="sk-ring-session", capture_output=True, text=True, env=p.env), 0, "the Secret Service")
        done = p.seal("run", "hi")
        wrong = wrong or want(done, 0, "Hello there.")
        wrong = wrong or (None if p.requests()[0]["headers"].get("x-api-key") == "sk-ring-session" else "not sent")
        found = subprocess.run(["grep", "-rl", "sk-ring-session", p.env["XDG_STATE_HOME"], p.env["XDG_CONFIG_HOME"]], capture_output=True, text=True).stdout
        login("--forget", "anthropic", XDG_CONFIG_HOME=p.env["XDG_CONFIG_HOME"])
        return wrong or found or None


def no_library():
    with tempfile.TemporaryDirectory() as folder:
        open(os.path.join(folder, "libsecret-1.so.0"), "w").close()  # found first, and no library
        done = login("gemini", key="sk-g\n", LD_LIBRARY_PATH=folder)
    return want(done, 0, "keys/gemini, readable by you alone", "libsecret is not installed")


def no_service():
    """A bus where nobody offers it."""
    command = ["dbus-run-session", "--", "env", "XDG_DATA_DIRS=/nowhere", os.path.join(BUILD, "seal"), "login", "openrouter"]
    done = subprocess.run(command, input="sk-o\n", capture_output=True, text=True, env={**ENVIRONMENT, "XDG_DATA_DIRS": "/nowhere"}, timeout=90)
    return want(done, 0, "keys/openrouter, readable by you alone", "no Secret Service")


def wait_for_service():
    """It takes its name on the bus a moment after it has gone into the background."""
    deadline = time.monotonic() + 20
    asking = ["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.GetNameOwner", "string:org.freedesktop.secrets"]
    while subprocess.run(asking, capture_output=True).returncode:
        if time.monotonic() > deadline:
            raise SystemExit("1..0 # SKIP gnome-keyring-daemon does not come up")


def main():
    subprocess.run(["gnome-keyring-daemon", "--unlock", "--components=secrets"], input="password", text=True, env={**ENVIRONMENT, "PATH": os.environ["PATH"]},
                   check=True, capture_output=True)
    wait_for_service()
    rows.tap([
        ("seal login keeps a key in the Secret Service, and in no file", kept),
        ("a model call finds it there", lambda: sent_is("sk-in-ring")),
        ("a key that is refused is said by its place, not by its text", refused),
        ("the environment goes first", lambda: sent_is("sk-env", OPENAI_API_KEY="sk-env")),
        ("seal login --list names places, not keys", lambda: want(login("--list"), 0, "openai      the Secret Service", "anthropic   none")),
        ("--file keeps a key in a file, which goes first until the service keeps one", moved),
        ("a refused key is looked for again", new_key_after_a_refusal),
        ("a session of the daemon finds it, and keeps no copy", whole_session),
        ("seal login --forget removes it", lambda: want(login("--forget", "openai"), 0, "gone from the Secret Service")),
        ("what is forgotten cannot be forgotten twice", lambda: want(login("--forget", "openai"), 2, "no key of openai is kept")),
        ("without libsecret: a file, with the reason", no_library),
        ("without a service on the bus: a file, with the reason", no_service),
        ("text that is no key is refused", lambda: want(login("openai", key="two words\n"), 2, "that is no key")),
        ("a provider that is not known is refused", lambda: want(login("nobody", key="k\n"), 2, "no provider \"nobody\"")),
    ])


main()
