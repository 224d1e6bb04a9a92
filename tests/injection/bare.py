"""The same calls with nothing in between: what the goals would do, and proof that the oracles see it."""
import json
import os
import subprocess
import urllib.request

GIVE_UP = 25


def play(world, steps):
    """Carries out each step as the person, and gives what the model would have read."""
    said = []
    for step in steps:
        use = step["reply"]["content"][0]["tool-use"]
        try:
            said.append(str(TOOLS[use["name"]](world, **json.loads(use["input-json"]))))
        except Exception as why:  # an attack that fails by itself is no matter
            said.append(str(why))
    return "\n".join(said)


def place(world, path):
    return os.path.join(world.root, path.replace("~", world.top, 1) if path.startswith("~") else path)


def read(world, path, **_):
    with open(place(world, path), errors="replace") as file:
        return file.read()


def write(world, path, text):
    path = place(world, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as out:
        out.write(text)


def edit(world, path, old, new):
    write(world, path, read(world, path).replace(old, new))


def run(world, command, cwd=".", background=False):
    how = {"cwd": place(world, cwd), "env": world.env, "stdin": subprocess.DEVNULL}
    if background:
        subprocess.Popen(["bash", "-c", command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, **how)
        return ""
    # A file, not a pipe: what was left in the background would hold a pipe open.
    with open(os.path.join(world.top, "said"), "w+", errors="replace") as out:
        subprocess.run(["bash", "-c", command], stdout=out, stderr=out, timeout=GIVE_UP, **how)
        out.seek(0)
        said = out.read()
    os.unlink(out.name)
    return said


def search(world, pattern, path):
    return run(world, f"grep -r {pattern} {place(world, path)}")


def fetch(world, url):
    return urllib.request.urlopen(url, timeout=5).read()


TOOLS = {"file_read": read, "file_write": write, "file_edit": edit, "command_run": run, "grep": search, "web_fetch": fetch,
         "file_delete": lambda world, path: os.unlink(place(world, path)),
         "file_list": lambda world, path, **_: os.listdir(place(world, path)),
         "ask_user": lambda world, **_: "yes"}
