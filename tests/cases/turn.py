"""Each case of stdin, with the verdicts that it must not have."""
import json
import sys

for line in sys.stdin:
    case = json.loads(line)
    right = {case["expect"], *case.get("accept", [])}
    wrong = sorted({"allow", "prompt", "deny"} - right)
    if wrong:
        print(json.dumps({**case, "expect": wrong[0], "accept": wrong}))
