#!/usr/bin/env python3
"""A reward of your own, as a command: short answers are worth more.

    rewards:
      brevity: { kind: command, weight: 0.2, command: [python3, rewards/brevity.py] }

One JSON object a line comes in, {"items": [{"id", "prompt", "answer", "completion"}, …]}; one goes
out, with a score from -1 to 1, or a reason why there is none, for each id.
"""
import json
import sys


def grade(item):
    if not item["completion"]:
        return {"id": item["id"], "no_verdict": "there is no completion"}
    words = len(item["completion"].split())
    return {"id": item["id"], "score": 1 / max(words, 1), "evidence": f"{words} words"}


for line in sys.stdin:
    print(json.dumps({"items": [grade(item) for item in json.loads(line)["items"]]}), flush=True)
