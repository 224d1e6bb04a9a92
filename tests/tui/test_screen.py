#!/usr/bin/env python3
"""What tui/screen.c sends, in a real emulator (pyte): every frame must look as told, and every
committed line must be in the history, in order.  As TAP.   test_screen.py DRAW"""
import subprocess
import sys
import unicodedata

import pyte


def frames(out):
    at = 0
    while at < len(out):
        end = out.index(b"\n", at)
        size = int(out[at + 2 : end])
        data = out[end + 1 : end + 1 + size]
        at = end + 1 + size + 2  # "L\n"
        live_end = out.index(b"S\n", at) if out[at : at + 2] != b"S\n" else at
        live = out[at:live_end].decode().split("\n")[:-1]
        stop = out.index(b"E\n", live_end) if out[live_end + 2 : live_end + 4] != b"E\n" else live_end + 2
        gone = out[live_end + 2 : stop].decode().split("\n")[:-1]
        at = stop + 2
        yield data, live, gone


def plain(line):
    # The emulator composes marks with their letters.
    return unicodedata.normalize("NFC", line).rstrip()


def text_of(row, columns):
    cells = [row[x].data for x in range(columns)]
    return "".join(cells).rstrip()


def check(draw, seed, columns, rows):
    out = subprocess.run([draw, str(seed), str(columns), str(rows), "60"], capture_output=True, check=True).stdout
    screen = pyte.HistoryScreen(columns, rows, history=100000, ratio=0.5)
    stream = pyte.ByteStream(screen)
    said = []
    for number, (data, live, gone) in enumerate(frames(out)):
        stream.feed(data)
        said += [plain(line) for line in gone]
        history = [text_of(row, columns) for row in screen.history.top]
        shown = [text_of(screen.buffer[y], columns) for y in range(rows)]
        want = said + [plain(line) for line in live[:rows]]
        whole = history + shown
        got = whole[: len(want)]
        if got != want:
            for i, (g, w) in enumerate(zip(got, want)):
                if g != w:
                    return f"frame {number}, line {i}: shows {g!r}, want {w!r}"
            return f"frame {number}: {len(got)} lines, want {len(want)}"
        if any(whole[len(want) :]):
            return f"frame {number}: something is left below: {[l for l in whole[len(want):] if l][:2]}"
    return None


def main():
    sizes = [(80, 24), (120, 40), (40, 12)]
    print(f"1..{len(sizes)}")
    bad = 0
    for n, (columns, rows) in enumerate(sizes, 1):
        faults = [f for f in (check(sys.argv[1], seed, columns, rows) for seed in range(25)) if f]
        bad |= bool(faults)
        print(f"{'not ok' if faults else 'ok'} {n} - {columns}x{rows}: every frame is as told, every finished line in the history")
        for fault in faults[:3]:
            print("# " + fault)
    sys.exit(bad)


main()
