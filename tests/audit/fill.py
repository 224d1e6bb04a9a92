"""A log that is as long as one wants it, without the turns that would make it so."""
import hashlib
import json
import os


def fill(folder, calls):
    """So many calls behind the log's end, as if they had been made between two turns, 50 in each."""
    path = os.path.join(folder, "events.jsonl")
    with open(path, "rb") as log:
        lines = log.read().splitlines()
    seq, head = len(lines), hashlib.blake2b(lines[-1], digest_size=32).hexdigest()
    now = json.loads(lines[-1])["t"]
    with open(path, "ab") as log:
        def put(kind, rest):
            nonlocal seq, head
            line = f'{{"seq":{seq},"prev":"{head}","t":{now},"kind":"{kind}",{rest}}}'.encode()
            log.write(line + b"\n")
            head = hashlib.blake2b(line, digest_size=32).hexdigest()
            seq += 1
            return seq - 1
        for number in range(0, calls, 50):
            export = put("export-begin", f'"call":"handle-message","args":["go on {number}",null]')
            for call in range(min(50, calls - number)):
                of = put("begin", f'"call":"tools.file-read","args":["src/file{number + call}.c",{{"offset":null,"limit":null}}]')
                put("decision", f'"of":{of},"verdict":"allow","rule":"src/**"')
                put("end", f'"of":{of},"outcome":"done","result":{{"ok":{{"text":"{"a line of text and more of it " * 5}","total-lines":1,"first-line":1}}}}')
            put("export-end", f'"of":{export},"outcome":"ok","fuel":1,"result":{{"ok":null}}')
    os.unlink(os.path.join(folder, "head"))
