"""Packages of npm, each set once, into the build folder."""
import os
import shutil
import subprocess


def install(folder, packages, marker):
    """None when `marker` (a path below node_modules) is there; else why it is not."""
    if os.path.exists(os.path.join(folder, "node_modules", marker)):
        return None
    if not shutil.which("node") or not shutil.which("npm"):
        return "node and npm are not here"
    os.makedirs(folder, exist_ok=True)
    # --force: a package may ask for a newer Node than the one that runs npm; it is run by its own.
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--force",
                           "--prefix", folder, *packages], cwd=folder, capture_output=True, text=True)
    return None if done.returncode == 0 else "npm cannot install the library: " + done.stderr.strip().split("\n")[-1]
