"""A thousand verdicts on programs while the machine is short of memory: none is lost, none is wrong.

  pressure_test.py TRAM REPOSITORY

Half of the programs take 200 MB, which they may; the memory group around all of them has room for
few at a time (version 1 of cgroups; skipped without). What the kernel kills for that is no verdict,
with that reason.
"""
import collections
import json
import os
import sys

import harness as h

COUNT, MEGABYTES, THREADS = 1000, 700, 8


def group_of_this_process():
    for line in open("/proc/self/cgroup"):
        number, controllers, path = line.strip().split(":", 2)
        if controllers == "memory":
            return "/sys/fs/cgroup/memory" + path
    return None


def program(n):
    hog = "x = bytearray(200 << 20)\n" if n % 2 == 0 else ""
    wrong = 1 if n % 5 == 0 else 0
    return f"```python\n{hog}print(int(input()) + {n} + {wrong})\n```", wrong


def main(folder):
    outer = group_of_this_process()
    inner = f"{outer}/pressure.{os.getpid()}"
    try:
        os.mkdir(inner)
        open(f"{inner}/memory.limit_in_bytes", "w").write(str(MEGABYTES << 20))
    except OSError as error:
        print(f"skipped: no memory group to be had: {error}")
        sys.exit(77)
    try:
        open(f"{inner}/cgroup.procs", "w").write(str(os.getpid()))
        grade(folder)
    finally:
        open(f"{outer}/cgroup.procs", "w").write(str(os.getpid()))
        os.rmdir(inner)


def grade(folder):
    path, out = os.path.join(folder, "lines.jsonl"), os.path.join(folder, "verdicts.jsonl")
    with open(path, "w") as lines:
        for n in range(COUNT):
            tests = json.dumps({"tests": [{"stdin": "7\n", "stdout": f"{n + 7}\n"}]})
            lines.write(json.dumps({"prompt": "?", "answer": tests, "completion": program(n)[0]}) + "\n")
    ended = h.tram("grade", path, "--rewards", "{code: 1}", "--out", out, "--json", "--threads", str(THREADS))
    verdicts = [json.loads(line) for line in open(out)]
    h.expect_equal(len(verdicts), COUNT, "verdicts")
    reasons = collections.Counter()
    for n, verdict in enumerate(verdicts):
        if verdict["score"] is None:
            h.expect(n % 2 == 0, f"a small program without a verdict: {verdict}")
            reasons[verdict["no_verdict"]] += 1
        else:
            h.expect_equal(verdict["score"], 0 if program(n)[1] else 1, f"program {n}: {verdict}")
    print(f"{COUNT} programs, {THREADS} at a time, {MEGABYTES} MB: {ended.seconds:.0f} s; none lost, none wrong; {dict(reasons)}")


with h.Folder() as at:
    main(at)
