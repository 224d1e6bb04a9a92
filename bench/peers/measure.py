"""Starting an agent as an ordinary user and reading from the kernel what it took."""
import os
import shutil
import statistics
import subprocess
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")
AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []


def plain(argv, env, cwd):
    done = subprocess.run(AS_NOBODY + argv, env=env, cwd=cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300)
    if done.returncode:
        raise SystemExit(f"{' '.join(argv)}: exit {done.returncode}: {done.stderr[-500:]}")
    return done


def others(home, pid=None):
    """The processes that belong to an agent: those with its home in their environment, and pid's descendants."""
    parents, found = {}, set()
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            parents[int(entry)] = int(open(f"/proc/{entry}/stat").read().rsplit(")", 1)[1].split()[1])
            if home.encode() in open(f"/proc/{entry}/environ", "rb").read():
                found.add(int(entry))
        except OSError:
            pass
    grown = {pid} if pid else set()
    while grown:
        found |= grown
        grown = {child for child, parent in parents.items() if parent in grown} - found
    return found


def cpu_ms(pids):
    """Of these, and of the children of theirs that have ended."""
    total = 0
    for pid in pids:
        try:
            total += sum(map(int, open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[11:15]))
        except OSError:
            pass
    return total * 1000 / TICKS


def pss_mb(pids):
    total = 0
    for pid in pids:
        try:
            total += next(int(line.split()[1]) for line in open(f"/proc/{pid}/smaps_rollup") if line.startswith("Pss:"))
        except (OSError, StopIteration):
            pass
    return total / 1024


def switches(pids):
    total = 0
    for pid in pids:
        try:
            for thread in os.listdir(f"/proc/{pid}/task"):
                lines = open(f"/proc/{pid}/task/{thread}/status").read().split("\n")
                total += sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt"))
        except OSError:
            pass
    return total


def run(argv, env, cwd, home):
    """{wall, cpu} in ms; cpu with that of a daemon of the agent's that stays."""
    before = cpu_ms(others(home))
    start = time.perf_counter()
    process = subprocess.Popen(AS_NOBODY + argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = (time.perf_counter() - start) * 1000
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = (used.ru_utime + used.ru_stime) * 1000 + max(0, cpu_ms(others(home)) - before)
    return {"wall": wall, "cpu": cpu, "code": process.returncode, "said": said.decode(errors="replace")[-300:]}


def peak_pss(argv, env, cwd, home):
    """MB of all its processes together, the highest of what was seen; a run of its own, since looking costs."""
    process = subprocess.Popen(AS_NOBODY + argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    done, peak, pids, look = threading.Event(), 0, set(), 0
    threading.Thread(target=lambda: (process.wait(), done.set()), daemon=True).start()
    while not done.is_set():
        if look % 4 == 0:
            pids = others(home, process.pid)
        look += 1
        peak = max(peak, pss_mb(pids))
        done.wait(0.002)
    return peak


def size_mib(folders):
    """A file with several names counts once."""
    found = (os.lstat(os.path.join(at, name)) for top in folders for at, _, names in os.walk(top) for name in names)
    return sum({st.st_ino: st.st_blocks for st in found}.values()) * 512 / 2**20


def median(values):
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None


def wait_quiet(limit=60):
    """Until the machine has done next to nothing for a second."""
    def busy():
        fields = list(map(int, open("/proc/stat").readline().split()[1:9]))
        return (sum(fields) - fields[3] - fields[4]) / TICKS
    end = time.monotonic() + limit
    while time.monotonic() < end:
        before = busy()
        time.sleep(1)
        if busy() - before < 0.15:
            return


def remove(path):
    shutil.rmtree(path, ignore_errors=True)
