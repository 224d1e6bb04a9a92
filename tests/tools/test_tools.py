#!/usr/bin/env python3
"""The tools, through the real component and daemon, on a repository of nasty files, on a large tree
and while another process writes: nothing hangs, nothing is lost, every refusal says what to do.
test_tools.py BUILD [ROW]"""
import socket
import struct
import subprocess
import threading
import time
import zlib

from scripted import ALL, Project, Rows, ask, calls, json, os, put, results, sys, text

BUILD = sys.argv[1]
FILES = int(os.environ.get("SEAL_TEST_FILES", "5000"))
row = Rows()


def one(name, arguments, files=None, **how):
    """The result of one call, and the files afterwards."""
    said, after, request = ask(BUILD, [(name, arguments)], files, **how)
    return said[0][0], said[0][1], after


def says(result, *words):
    for word in words:
        assert word in result, f"{word!r} is not in: {result[:600]}"


def picture():
    """A PNG of one red pixel, with every checksum right."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)) + \
        chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b"")


# Bytes before, the edit, bytes after: what the model did not name stays as it was.
EDITS = [
    ("CRLF stays CRLF, also in what is new", b"a\r\nb\r\nc\r\n", ("b", "x\ny"), b"a\r\nx\r\ny\r\nc\r\n"),
    ("a byte-order mark stays in front", b"\xef\xbb\xbfone\ntwo\n", ("one", "1"), b"\xef\xbb\xbf1\ntwo\n"),
    ("a file without a last line end gets none", b"one\ntwo", ("two", "2"), b"one\n2"),
    ("mixed line ends stay mixed", b"a\r\nb\nc\r\n", ("b\n", "B\n"), b"a\r\nB\nc\r\n"),
    ("tabs and trailing blanks stay", b"\tif (x) \n\t\ty();\n", ("y();", "z();"), b"\tif (x) \n\t\tz();\n"),
    ("a form feed and other controls stay", b"a\x0c\nb\x1b[0m\n", ("b", "c"), b"a\x0c\nc\x1b[0m\n"),
]

for name, before, (old, new), want in EDITS:
    @row(f"edit: {name}")
    def _(before=before, old=old, new=new, want=want):
        said, bad, after = one("file_edit", {"path": "f", "old": old, "new": new}, {"f": before})
        assert not bad, said
        assert after["f"] == want, after["f"]


@row("edit: several at once are all done or none")
def _():
    edits = [{"old": "one", "new": "1"}, {"old": "three", "new": "3"}]
    said, bad, after = one("file_edit", {"path": "f", "edits": edits}, {"f": "one\ntwo\nthree\n"})
    assert not bad and after["f"] == b"1\ntwo\n3\n", (said, after)
    edits[1]["old"] = "four"
    said, bad, after = one("file_edit", {"path": "f", "edits": edits}, {"f": "one\ntwo\nthree\n"})
    assert bad and after["f"] == b"one\ntwo\nthree\n", (said, after)
    says(said, "edit 2")


@row("edit: a near miss shows the line that differs, and how")
def _():
    text = "int f(void)\n{\n\tint a = 1;\n\treturn a;\n}\n"
    said, bad, _ = one("file_edit", {"path": "f.c", "old": "int f(void)\n{\n\tint b = 1;", "new": ""}, {"f.c": text})
    assert bad
    says(said, "closest line is 3", "int a = 1;", "int b = 1;")
    said, bad, _ = one("file_edit", {"path": "f.c", "old": "    return a;", "new": ""}, {"f.c": text})
    assert bad
    says(said, "only blanks differ", "closest line is 4")


@row("edit: a megabyte in one line")
def _():
    said, bad, after = one("file_edit", {"path": "f", "old": "MIDDLE", "new": "middle"}, {"f": "x" * 500000 + "MIDDLE" + "y" * 500000})
    assert not bad and after["f"] == b"x" * 500000 + b"middle" + b"y" * 500000, said


@row("edit: the mode of a script stays")
def _():
    def prepare(p):
        os.chmod(os.path.join(p.root, "run.sh"), 0o755)
        p.mode = lambda: os.stat(os.path.join(p.root, "run.sh")).st_mode & 0o777
    with Project(BUILD, [calls(("file_edit", {"path": "run.sh", "old": "a", "new": "b"})), text("Done.")], ALL) as p:
        put(p, "run.sh", "#!/bin/sh\necho a\n".replace("echo a", "echo a"))
        prepare(p)
        p.seal("run", "go")
        assert p.mode() == 0o755, oct(p.mode())


READS = [
    ("Latin-1 is said to be no text", {"path": "f"}, b"caf\xe9\n", ["binary file"], False),
    ("a NUL makes a file binary", {"path": "f"}, b"a\0b", ["binary file"], False),
    ("an empty file", {"path": "f"}, b"", ["the file is empty"], False),
    ("a line without an end", {"path": "f"}, b"only", ["1\tonly"], False),
    ("CRLF does not show", {"path": "f"}, b"a\r\nb\r\n", ["1\ta", "2\tb"], False),
    ("past the end names the length", {"path": "f", "offset": 9}, b"a\nb\n", ["the file has 2"], False),
    ("over the limit asks for a part", {"path": "f"}, b"0123456789abcdef\n" * 20000, ["offset and limit", "grep"], True),
    ("a part of what is over the limit", {"path": "f", "offset": 19000, "limit": 2}, b"0123456789abcdef\n" * 20000, ["19000\t0123456789abcdef", "lines 19000-19001 of 20000"], False),
    ("a line over the limit", {"path": "f", "offset": 1, "limit": 1}, b"x" * 300000 + b"\n", ["limit"], True),
    ("no file", {"path": "nothing"}, b"", ["No such file"], True),
    ("a folder", {"path": "."}, b"", ["file_list"], True),
]

for name, arguments, content, words, refused in READS:
    @row(f"read: {name}")
    def _(arguments=arguments, content=content, words=words, refused=refused):
        said, bad, _ = one("file_read", arguments, {"f": content})
        assert bad == refused, said
        says(said, *words)


@row("read: an image is shown to the model, behind the results")
def _():
    said, _, request = ask(BUILD, [("file_read", {"path": "dot.png"}), ("file_list", {})], {"dot.png": picture()})
    says(said[0][0], "an image, image/png")
    last = request["body"]["messages"][-1]["content"]
    assert [b["type"] for b in last] == ["tool_result", "tool_result", "image"], [b["type"] for b in last]
    assert last[2]["source"]["media_type"] == "image/png"


@row("read: an image that is too large is refused with the remedy")
def _():
    said, bad, _ = one("file_read", {"path": "big.png"}, {"big.png": picture() + b"\0" * 4000000})
    assert bad
    says(said, "an image may have", "make it smaller")


def fifo(p):
    os.mkfifo(os.path.join(p.root, "pipe"))


def listening(p):
    p.socket = socket.socket(socket.AF_UNIX)
    p.socket.bind(os.path.join(p.root, "sock"))


def links(p):
    for target, name in (("/dev/zero", "zero"), ("/etc/passwd", "passwd"), ("round", "round"), ("../" * 20 + "etc/hostname", "up"), ("nowhere", "dangling")):
        os.symlink(target, os.path.join(p.root, name))


for name, prepare, path, words in [
    ("a FIFO", fifo, "pipe", ["not a regular file"]), ("a socket", listening, "sock", ["not a regular file"]),
    ("a link to a device", links, "zero", ["denied"]), ("a link to a file outside", links, "passwd", ["denied"]),
    ("a link to itself", links, "round", []), ("a link far up", links, "up", ["denied"]),
    ("a device", None, "/dev/zero", ["denied"]), ("a terminal", None, "/dev/tty", ["denied"]),
    ("memory of a process", None, "/proc/self/mem", ["denied"]), ("a name with a NUL", None, "a\0b", []), ("a name of 5000 bytes", None, "n" * 5000, []),
]:
    for tool, more in (("file_read", {}), ("file_edit", {"old": "root", "new": "toor"}), ("file_write", {"text": "x"}), ("grep", {"pattern": "."})):
        @row(f"{tool}: {name} neither hangs nor is followed")
        def _(prepare=prepare, path=path, words=words, tool=tool, more=more):
            if tool == "file_write" and path == "round":
                return
            said, bad, _ = one(tool, {"path": path, **more}, prepare=prepare, timeout=30)
            if tool != "grep":
                assert bad, said
                if tool == "file_read":
                    says(said, *words)
            assert "root:" not in said, said


@row("a gigabyte: read says how, a part is read, grep finds, edit refuses, nothing takes the machine")
def _():
    def huge(p):
        with open(os.path.join(p.root, "huge.log"), "wb") as out:
            block = b"".join(b"%015d of the log, and nothing else\n" % i for i in range(20000))
            for i in range(120):
                out.write(block)
            out.write(b"the needle\n")
        with open(os.path.join(p.root, "sparse"), "wb") as out:
            out.truncate(1 << 30)
    pairs = [("file_read", {"path": "huge.log"}), ("file_read", {"path": "huge.log", "offset": 2400001, "limit": 1}),
             ("grep", {"pattern": "the needle", "path": "huge.log"}), ("file_edit", {"path": "huge.log", "old": "the needle", "new": "x"}),
             ("file_read", {"path": "sparse"}), ("grep", {"pattern": "x", "path": "sparse"}), ("file_write", {"path": "sparse", "text": "small\n"})]
    said, _, _ = ask(BUILD, pairs, prepare=huge)
    says(said[0][0], "offset and limit")
    says(said[1][0], "the needle", "of 2400001")
    says(said[2][0], "2400001:the needle")
    assert said[3][1]
    says(said[3][0], "huge.log")
    assert said[4][1] and not said[6][1], said[6]


@row("names: line ends, controls, no UTF-8, 255 bytes and 60 folders deep are listed on a line each")
def _():
    def names(p):
        for name in (b"two\nlines", b"esc\x1b[2Jape", b"latin\xe9", b"n" * 255, "ünïcode".encode(), b"-rf", b"sp ace"):
            with open(os.path.join(p.root.encode(), name), "w") as out:
                out.write("findme\n")
        put(p, "/".join(["d"] * 60) + "/deep.txt", "findme\n")
    said, _, _ = ask(BUILD, [("file_list", {}), ("file_glob", {"pattern": "**/deep.txt"}), ("grep", {"pattern": "findme"})], prepare=names)
    says(said[0][0], "two?lines", "esc?[2Jape", "sp ace", "-rf", "n" * 255)
    assert "\x1b" not in said[0][0]
    says(said[1][0], "d/d/d/deep.txt")
    says(said[2][0], "deep.txt:1:findme", "sp ace:1:findme")


@row(f"a tree of {FILES} files: list and glob say that there is more, grep finds the one, all in time")
def _():
    def tree(p):
        for i in range(FILES):
            folder = os.path.join(p.root, f"d{i % 100}")
            if i < 100:
                os.makedirs(folder)
            with open(os.path.join(folder, f"f{i}.txt"), "w") as out:
                out.write("needle\n" if i == FILES - 1 else "hay\n")
        os.makedirs(os.path.join(p.root, "flat"))
        for i in range(FILES):
            os.close(os.open(os.path.join(p.root, "flat", f"e{i}"), os.O_CREAT | os.O_WRONLY))
    started = []

    def prepare(p):
        tree(p)
        started.append(time.monotonic())
    pairs = [("file_list", {"recursive": True}), ("file_list", {"path": "flat"}), ("file_glob", {"pattern": "**/*.txt"}),
             ("file_glob", {"pattern": f"f{FILES - 1}.txt"}), ("grep", {"pattern": "^needle$"})]
    said, _, _ = ask(BUILD, pairs, prepare=prepare, timeout=300)
    print(f"# five calls on {2 * FILES} files: {time.monotonic() - started[0]:.2f} s")
    for i in (0, 1, 2):
        says(said[i][0], "there are more")
        assert said[i][0].count("\n") <= 1005, said[i][0].count("\n")
    says(said[3][0], f"f{FILES - 1}.txt")
    says(said[4][0], f"f{FILES - 1}.txt:1:needle")


@row("a file that changed since it was read is not overwritten unseen, and read again it is")
def _():
    steps = [calls(("file_read", {"path": "f"})), text("Read."), calls(("file_write", {"path": "f", "text": "mine\n"}), ("file_edit", {"path": "f", "old": "theirs", "new": "x"})),
             calls(("file_read", {"path": "f"})), calls(("file_write", {"path": "f", "text": "mine\n"})), text("Done.")]
    with Project(BUILD, steps, ALL) as p:
        put(p, "f", "first\n" * 50)
        p.seal("run", "read it")
        put(p, "f", "theirs\n" * 50)
        p.seal("run", "--resume", "latest", "write it")
        said = p.requests()
        refused = results(said[3])
        assert refused[0][1] and refused[1][1], refused
        says(refused[0][0], "changed since you read it")
        says(results(said[4])[0][0], "theirs")
        assert not results(said[5])[0][1], results(said[5])
        assert p.read("f") == "mine\n"


@row("the same after the process that served the session is gone")
def _():
    steps = [calls(("file_read", {"path": "f"})), text("Read."), calls(("file_write", {"path": "f", "text": "mine\n"})), text("Done.")]
    with Project(BUILD, steps, ALL) as p:
        put(p, "f", "first\n" * 50)
        p.seal("run", "read it")
        p.seal("daemon", "stop")
        put(p, "f", "theirs\n" * 50)
        p.seal("run", "--resume", "latest", "write it")
        refused = results(p.requests()[3])
        assert refused[0][1], refused
        says(refused[0][0], "changed since you read it")
        assert p.read("f") == "theirs\n" * 50


@row("an unchanged file is not sent twice, a changed one is")
def _():
    body = "a line that is long enough to be worth it\n" * 50
    steps = [calls(("file_read", {"path": "f"}), ("file_read", {"path": "f"})), calls(("file_edit", {"path": "f", "old": "a line", "new": "the line", "replace_all": True})),
             calls(("file_read", {"path": "f"})), text("Done.")]
    with Project(BUILD, steps, ALL) as p:
        put(p, "f", body)
        p.seal("run", "go")
        said = p.requests()
        first = results(said[1])
        says(first[0][0], "50\ta line")
        says(first[1][0], "unchanged")
        says(results(said[3])[0][0], "50\tthe line")


@row("while another process rewrites the file, every edit is whole or refused, and no byte is torn")
def _():
    bodies = ["".join(f"{word} {i}\n" for i in range(3000)) for word in ("alpha", "bravo")]
    stop = threading.Event()

    def write(path):
        turn = 0
        while not stop.is_set():
            with open(path + ".new", "w") as out:
                out.write(bodies[turn % 2] + "end\n")
            os.rename(path + ".new", path)
            turn += 1
    pairs = [("file_read", {"path": "f", "limit": 3})] + [("file_edit", {"path": "f", "old": "end\n", "new": f"end{i}\n"}) for i in range(15)]
    with Project(BUILD, [calls(*pairs), text("Done.")], ALL) as p:
        path = put(p, "f", bodies[0] + "end\n")
        writer = threading.Thread(target=write, args=(path,))
        writer.start()
        done = p.seal("run", "go")
        stop.set()
        writer.join()
        assert done.returncode == 0, done.stderr
        said = results(p.requests()[1])
        assert len(said) == 16
        for words, bad in said[1:]:
            assert not bad or "changed" in words or "moved" in words or "again" in words or "no more what" in words, words
        lines = p.read("f").split("\n")
        assert len(lines) == 3002 and len({line.split(" ")[0] for line in lines[:3000]}) == 1, lines[-3:]
        assert sorted(os.listdir(p.root)) == ["f", "seal.toml"], os.listdir(p.root)


@row("several calls of one reply are answered in order, in one message")
def _():
    pairs = [("file_read", {"path": f"f{i}"}) for i in range(20)] + [("grep", {"pattern": "body 7"}), ("task_list", {})]
    said, _, request = ask(BUILD, pairs, {f"f{i}": f"body {i}\n" for i in range(20)})
    assert len(said) == 22 and [m["role"] for m in request["body"]["messages"]][-1] == "user"
    for i in range(20):
        says(said[i][0], f"body {i}")
    ids = [b["tool_use_id"] for b in request["body"]["messages"][-1]["content"] if b["type"] == "tool_result"]
    assert ids == [f"call_{i}" for i in range(22)], ids


@row("what all of it did replays from the log")
def _():
    pairs = [("file_read", {"path": "dot.png"}), ("file_read", {"path": "f"}), ("file_read", {"path": "f"}), ("file_edit", {"path": "f", "old": "x", "new": "y", "replace_all": True}), ("grep", {"pattern": "y"})]
    with Project(BUILD, [calls(*pairs), text("Done.")], ALL) as p:
        put(p, "dot.png", picture())
        put(p, "f", "x marks the spot\n" * 100)
        p.seal("run", "go")
        done = p.seal("replay", "latest")
        assert done.returncode == 0, done.stdout + done.stderr


row.main()
