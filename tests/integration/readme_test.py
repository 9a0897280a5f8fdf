"""Every command of README.md runs as it is written, in a copy of what it names.

  readme_test.py TRAM REPOSITORY

A fenced block says what it is: `sh` are commands, and run, a block at a time; `yaml` is of a job
graph, and is checked; `json` are lines of data, and parse; `text` is for reading.
"""
import json
import os
import re
import shutil
import subprocess

import harness as h

# Commands that are not run here, and why.
SKIPPED = [
    (r"\./dev (run|test|bench)\b", "builds and measures for minutes; ./dev ci and ./dev bench do that"),
    (r"extract\.py --gsm8k DIR\b", "needs a copy of GSM8K, which is not downloaded for a test"),
]
KINDS = ("sh", "text", "json", "yaml")


def blocks():
    """(kind, text, line) of each fenced block."""
    text = open(os.path.join(h.ROOT, "README.md"), encoding="utf-8").read()
    found = []
    for m in re.finditer(r"^```(.*)\n((?:.*\n)*?)```$", text, re.M):
        line = text.count("\n", 0, m.start()) + 1
        h.expect(m.group(1) in KINDS, f"README.md:{line}: a block of kind '{m.group(1)}', wanted one of {', '.join(KINDS)}")
        found.append((m.group(1), m.group(2), line))
    h.expect(len(found) > 5, f"only {len(found)} blocks were found in README.md")
    return found


def working_folder(folder):
    """Looks like a checkout that was built."""
    shutil.copytree(os.path.join(h.ROOT, "examples"), os.path.join(folder, "examples"))
    os.makedirs(os.path.join(folder, "build"))
    os.symlink(os.path.dirname(os.path.dirname(h.TRAM)), os.path.join(folder, "build", "release"))


def commands(text, line, folder):
    lines = text.replace("\\\n", "").splitlines()
    for command in lines:
        for pattern, why in SKIPPED:
            if re.search(pattern, command):
                print(f"skipped: {command.split('#')[0].strip()}: {why}", flush=True)
    kept = [c for c in lines if not any(re.search(pattern, c) for pattern, _ in SKIPPED)]
    if not kept:
        return 0
    done = subprocess.run(["bash", "-euxo", "pipefail", "-c", "\n".join(kept)], cwd=folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=4 * h.PATIENCE)
    h.expect(done.returncode == 0, f"README.md:{line}: exit status {done.returncode}\n{done.stdout[-3000:]}")
    for command in kept:
        print(f"ran: {command}", flush=True)
    return len(kept)


def part_of_a_job(text, line):
    """The block gives one actor's options: a whole job with them is valid, but for a model that is not built here."""
    name, value = text.split(":\n", 1)
    planned = h.tram("plan", os.path.join(h.ROOT, "examples", "gate.yaml"), "--set", f"actors.{name}=\n{value}", status=None)
    missing = planned.status != h.OK and "language model" in planned.err and planned.err.count("--set") == 1
    h.expect(planned.status == h.OK or missing, f"README.md:{line}: {planned.err}")


with h.Folder() as at:
    working_folder(at)
    ran = 0
    for block_kind, block, where in blocks():
        if block_kind == "sh":
            ran += commands(block, where, at)
        elif block_kind == "yaml":
            part_of_a_job(block, where)
        elif block_kind == "json":
            for row in block.splitlines():
                json.loads(row)
    h.expect(ran > 8, f"only {ran} commands were run")
    print(f"{ran} commands of README.md ran as they are written", flush=True)
