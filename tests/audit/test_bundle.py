#!/usr/bin/env python3
"""`seal sessions export` and `import`: a log as one file, taken in elsewhere; a file that is none of it.
test_bundle.py BUILD"""
import glob
import io
import os
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run"))
from project import Project, Rows, call, expect, text  # noqa: E402

BUILD = sys.argv[1]
row = Rows()
RULES = '[capabilities.allow.read]\npaths = [{ path = "src/**", files = ["*"] }]\n'
STEPS = [call("file_read", path="src/a.c"), text("All done.")]


def session(p):
    p.write("src/a.c", "int unmistakable;\n" * 100)
    expect(p.seal("run", "look"), 0)
    folder, = sessions(p)
    return folder


def sessions(p):
    return glob.glob(os.path.join(p.env["XDG_STATE_HOME"], "seal", "sessions", "*"))


def elsewhere(p):
    """Another person's folders."""
    p.seal("daemon", "stop")
    for name in ("STATE_HOME", "CONFIG_HOME"):
        p.env["XDG_" + name] = os.path.join(p.top, "elsewhere", name.lower())


def leftovers(p):
    return [n for n in os.listdir(os.path.join(p.env["XDG_STATE_HOME"], "seal", "sessions"))]


def tar_of(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content, kind in entries:
            info = tarfile.TarInfo(name)
            info.type, info.size = kind, len(content) if kind == tarfile.REGTYPE else 0
            info.linkname = "/etc/passwd" if kind != tarfile.REGTYPE else ""
            tar.addfile(info, io.BytesIO(content) if kind == tarfile.REGTYPE else None)
    return out.getvalue()


@row("what is exported is a plain tar, the same each time, and another machine verifies, shows and replays it")
def _():
    with Project(BUILD, STEPS, RULES) as p:
        folder = session(p)
        path = os.path.join(p.top, "one.tar")
        expect(p.seal("sessions", "export", "latest", "-o", path), 0, os.path.basename(folder))
        assert os.stat(path).st_mode & 0o777 == 0o600
        first = open(path, "rb").read()
        expect(p.seal("sessions", "export", "latest", "-o", path), 0)
        assert open(path, "rb").read() == first
        names = tarfile.open(path).getnames()
        assert {f"{os.path.basename(folder)}/{n}" for n in ("events.jsonl", "receipt.sig", "meta.json")} <= set(names), names
        assert not [n for n in names if "storage" in n or "lock" in n], names
        elsewhere(p)
        expect(p.seal("sessions", "import", path), 0, "signed by SHA256:")
        expect(p.seal("audit", "verify", "latest"), 0, "not this machine's key")
        expect(p.seal("replay", "latest"), 0, "calls match")
        expect(p.seal("sessions", "show", "latest"), 0, "tools.file-read src/a.c")
        expect(p.seal("sessions", "import", path), 2, "already")
        assert len(leftovers(p)) == 1, leftovers(p)


@row("what is cut off, changed, or holds anything else is refused, and leaves nothing")
def _():
    with Project(BUILD, STEPS, RULES) as p:
        folder = session(p)
        path = os.path.join(p.top, "one.tar")
        expect(p.seal("sessions", "export", "latest", "-o", path), 0)
        whole = open(path, "rb").read()
        id = os.path.basename(folder)
        elsewhere(p)
        log = tarfile.open(path).extractfile(f"{id}/events.jsonl").read()
        bad = {"nothing": b"", "no tar": b"x" * 5000, "cut off": whole[:len(whole) // 2 + 100], "changed": whole.replace(b'"file_read', b'"file_rexd', 1),
               "a header's bit": whole[:20] + bytes([whole[20] ^ 1]) + whole[21:], "without blobs": tar_of([(f"{id}/events.jsonl", log, tarfile.REGTYPE)])}
        for name in ("../../x", "/etc/x", f"{id}/../x", f"{id}/blobs/../../x", f"{id}/storage/x", f"{id}/lock", "short/events.jsonl",
                     f"{id}/blobs/aa/{'g' * 62}", f"{id}/blobs/aa", f"{id}/"):
            bad[name] = tar_of([(name, b"x", tarfile.REGTYPE)])
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE):
            bad["a kind " + str(kind)] = tar_of([(f"{id}/events.jsonl", b"", kind)])
        bad["two of one name"] = tar_of([(f"{id}/events.jsonl", log, tarfile.REGTYPE)] * 2)
        bad["two sessions"] = tar_of([(f"{id}/events.jsonl", log, tarfile.REGTYPE), (f"{id[:-1]}0/head" if id[-1] != "0" else f"{id[:-1]}1/head", b"", tarfile.REGTYPE)])
        before = set(os.listdir(p.top))
        for what, content in bad.items():
            open(path, "wb").write(content)
            done = p.seal("sessions", "import", path)
            assert done.returncode not in (0, 70) and "Sanitizer" not in done.stderr, (what, done)
            assert leftovers(p) == [], (what, leftovers(p))
        assert set(os.listdir(p.top)) - before <= {"elsewhere"}


@row("a redacted log says nothing of the content, and is still held to the signed receipt; a record shown later is known")
def _():
    with Project(BUILD, STEPS, RULES) as p:
        folder = session(p)
        path = os.path.join(p.top, "redacted.jsonl")
        expect(p.seal("audit", "export", "latest", "--redacted", path), 0)
        content = open(path, "rb").read()
        for secret in (b"unmistakable", b"src/a.c", b"look", b"src/**", b"All done", p.top.encode()):
            assert secret not in content, secret
        elsewhere(p)
        done = p.seal("audit", "verify", path)
        expect(done, 0, "records as they were logged", "not this machine's key")
        lines, log = content.splitlines(keepends=True), open(os.path.join(folder, "events.jsonl"), "rb").read().splitlines(keepends=True)
        assert len(lines) == len(log) + 1
        whole = [n for n, line in enumerate(log) if lines[n + 1] == line]
        assert 1 <= len(whole) < len(log), whole
        # Shown later, in its place.
        for n in range(len(log)):
            open(path, "wb").write(b"".join(lines[:n + 1] + [log[n]] + lines[n + 2:]))
            expect(p.seal("audit", "verify", path), 0)
        for n in range(len(log)):
            if n + 1 < len(log) and n + 1 not in whole:
                continue  # what follows is withheld too: nothing here says what this one was
            open(path, "wb").write(b"".join(lines[:n + 1] + [log[n].replace(b'"t":1', b'"t":2', 1)] + lines[n + 2:]))
            expect(p.seal("audit", "verify", path), 1, "NOT verified")
        for n in range(1, len(lines)):
            open(path, "wb").write(b"".join(lines[:n] + lines[n + 1:]))
            expect(p.seal("audit", "verify", path), 1, "NOT verified")
        open(path, "wb").write(content.replace(b'\\"denied\\":0', b'\\"denied\\":1', 1))
        expect(p.seal("audit", "verify", path), 1, "NOT verified")


row.main()
