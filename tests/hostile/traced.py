"""What a daemon and its workers really did, by the kernel's account (strace), held to what a manifest grants.

Commands are not judged here: from bwrap on, which begins with seal-init, they see another file system.
"""
import glob
import os
import re
import shutil
import signal
import subprocess

EFFECTS = ("open,openat,openat2,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,mknod,"
           "mknodat,truncate,chmod,fchmodat,chown,lchown,fchownat,setxattr,lsetxattr,connect,bind,setns,execve,execveat,clone,clone3,fork,vfork")
CALL = re.compile(r"^(\w+)\((.*)\)\s+= (\d+)(?:<(.*)>| /\* (\d+) in strace's PID NS \*/)?")
CHILDREN = ("clone", "clone3", "fork", "vfork")
STRING = re.compile(r'(?:(AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')
PORT = re.compile(r'sin6?_port=htons\((\d+)\), (?:sin_addr=inet_addr\("([^"]*)"\)|.*)')


class Trace:
    """Follows `pids` and all that they start, until the end of the block."""

    def __init__(self, folder, pids):
        self.folder, self.pids = folder, pids

    def __enter__(self):
        os.makedirs(self.folder)
        command = ["strace", "-ff", "-y", "-s", "4096", "--decode-pids=pidns", "-e", "trace=" + EFFECTS, "-e", "signal=none", "-o", os.path.join(self.folder, "t")]
        for pid in self.pids:
            command += ["-p", str(pid)]
        self.strace = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        for _ in self.pids:
            said = self.strace.stderr.readline()
            if "attached" not in said:
                raise RuntimeError(f"strace: {said}")
        return self

    def __exit__(self, *_):
        self.strace.send_signal(signal.SIGINT)
        self.strace.communicate()

    def calls(self):
        """process -> [(name, arguments, path of the descriptor or process that came of it)] of what succeeded or was begun."""
        found = {}
        for path in glob.glob(os.path.join(self.folder, "t.*")):
            with open(path, errors="replace") as lines:
                calls = (CALL.match(line.replace("= -1 EINPROGRESS", "= 0 EINPROGRESS")) for line in lines)
                found[path.rpartition(".")[2]] = [(c[1], c[2], (c[5] or c[3]) if c[1] in CHILDREN else c[4] or "") for c in calls if c]
        return found

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def writes(name, arguments):
    return not name.startswith("open") or bool(re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)", arguments))


def places(name, arguments, result):
    """Every path that the call names, absolute."""
    if name.startswith("open") or name == "creat":
        return [result.removesuffix(" (deleted)")]
    found = [os.path.normpath(os.path.join(folder, path)) for _, folder, path in STRING.findall(arguments)]
    return found[1:] if name.startswith("symlink") else found  # where the link leads is not touched


def judge(trace, is_ours, may_touch, ports):
    """What no grant covers, and how many calls were looked at.  `is_ours(words)`: a program that is seal itself;
    `may_touch(call, path)`: a grant, or a folder of seal's own."""
    calls, wrong, inside, n = trace.calls(), [], set(), 0
    proxies = set()  # of the sandbox: they listen in its network, which has no way out but them
    born = {child for those in calls.values() for name, _, child in those if name in CHILDREN}
    ready = [pid for pid in calls if pid not in born]
    while ready:  # parents before their children: who begins inside is known then
        pid = ready.pop()
        for name, arguments, result in calls.pop(pid, []):
            if name in CHILDREN:
                ready.append(result)
                inside |= {result} if pid in inside else set()
            elif name == "setns" and "CLONE_NEWNET" in arguments:
                proxies ^= {pid}  # there, and back
            elif pid not in inside and not (name == "bind" and pid in proxies):
                n += 1
                if name == "execve" and "/bwrap" in arguments and "/seal/init" in arguments:
                    inside.add(pid)
                else:
                    wrong += [f"{pid} {name} {what}" for what in beyond(name, arguments, result, (is_ours, may_touch, ports))]
    return wrong, n


def beyond(name, arguments, result, granted):
    """What of one call is not granted."""
    is_ours, may_touch, ports = granted
    if name in ("execve", "execveat"):
        return [] if is_ours(arguments) else [arguments[:160]]
    if name in ("connect", "bind"):
        port = PORT.search(arguments)
        return [arguments[:160]] if port and (int(port[1]) not in ports or port[2] != "127.0.0.1") else []
    return [place for place in places(name, arguments, result) if not may_touch(name, place)] if writes(name, arguments) else []
