"""TAP as it happens, and the counts behind it."""


class Tally:
    def __init__(self, suite):
        self.suite, self.rows, self.bad, self.counts = suite, 0, 0, {}

    def row(self, name, faults):
        self.rows += 1
        self.bad += bool(faults)
        print(f"{'not ok' if faults else 'ok'} {self.rows} - {self.suite}: {name}", flush=True)
        for fault in faults[:40]:
            print("# " + fault, flush=True)
