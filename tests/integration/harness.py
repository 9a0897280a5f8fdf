"""What the integration tests share: short jobs, the tram program, its events and its rollouts.

A test is a script: `kill_test.py TRAM REPOSITORY [options]`. It prints plain lines and ends with
`expect()` failing loudly, naming what differed.
"""
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

OK, USAGE, BAD_INPUT, IO, UNSUPPORTED, JOB_FAILED, MISMATCH, INTERRUPTED = 0, 2, 3, 4, 5, 6, 7, 130
PATIENCE = 240  # seconds: any one call; far more than it takes, the machine may be shared

TRAM = os.path.abspath(sys.argv[1])
ROOT = os.path.abspath(sys.argv[2])
GATE = os.path.join(ROOT, "examples", "gate")
TOKENS = '{ special: [<pad>, <eos>, <think>, </think>], characters: "0123456789+-*/=,r" }'


def expect(condition, text):
    if not condition:
        sys.exit(f"FAILED: {text}")


def expect_equal(found, wanted, text):
    expect(found == wanted, f"{text}: found {found!r}, wanted {wanted!r}")


class Folder:
    """A folder of the test's own; kept, and named, if the test fails."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="tram-test-")
        return self.path

    def __exit__(self, kind, value, trace):
        if kind is None:
            shutil.rmtree(self.path, ignore_errors=True)
        else:
            print(f"kept for looking at: {self.path}", flush=True)


class Ended:
    def __init__(self, status, out, err, seconds, processor):
        self.status, self.out, self.err = status, out, err
        self.seconds, self.processor = seconds, processor  # by the clock, and of the processor

    def events(self):
        return [json.loads(line) for line in self.out.splitlines()]


def children_used():
    """Processor seconds of all programs that were run and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def tram(*words, status=OK, program=TRAM, **options):
    """Runs tram to its end and checks its exit status; None: any."""
    start, used = time.time(), children_used()
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, timeout=PATIENCE,
        stdin=subprocess.DEVNULL, **options)
    expect(status is None or done.returncode == status,
        f"tram {' '.join(map(str, words))}: exit status {done.returncode}, wanted {status}\n"
        f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}")
    return Ended(done.returncode, done.stdout, done.stderr, time.time() - start, children_used() - used)


def spawn(*words, **options):
    """Starts tram with its output in a pipe."""
    return subprocess.Popen([TRAM, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, stdin=subprocess.DEVNULL, **options)


def stand_still(process):
    """Stops every thread of the process; false if it has ended instead."""
    process.send_signal(signal.SIGSTOP)
    if process.returncode is not None:
        return False
    how = os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    return how.si_code == os.CLD_STOPPED


def first_lines(path, to, count):
    with open(path) as source, open(to, "w") as target:
        for _, line in zip(range(count), source):
            target.write(line)
    return to


WARM_START = """  - warm_start:
      demonstrations: {gate}/demonstrations.jsonl
      styles: {{ worked: 0.8, short: 0.2 }}
      steps: {steps}
      batch: 24
      optimizer: {{ learning_rate: 5e-3, warmup_steps: 20, final_share: 0.1, weight_decay: 0.1 }}
"""

REINFORCE = """  - reinforce:
      algorithm: {{ name: magistral, group: {group}, batch: {batch} }}
      steps: {steps}
      max_lag: {max_lag}
      overdue: {overdue}
      batch_of: {batch_of}
      optimizer: {{ learning_rate: 7e-4, warmup_steps: 5 }}
"""


def job(folder, name, warm_steps=0, policy=None, steps=8, group=4, batch=32, max_lag=2, overdue="wait",
        batch_of="issued", seed=0, checkpoint_every=3, generators=1, verifiers=1, slots=24,
        on_swap="keep", heldout=12, keep_checkpoints=2):
    """Writes a shortened gate job; returns its path. Few slots: sequences of one batch then are
    written at different times, and some of them across a swap."""
    path = os.path.join(folder, f"{name}.yaml")
    few = first_lines(os.path.join(GATE, "heldout.jsonl"), os.path.join(folder, "few.jsonl"), heldout)
    model = f"path: {policy}" if policy else f"preset: nano\n  tokens: {TOKENS}"
    stages = WARM_START.format(gate=GATE, steps=warm_steps) if warm_steps else ""
    if steps:
        stages += REINFORCE.format(group=group, batch=batch, steps=steps, max_lag=max_lag, overdue=overdue,
            batch_of=batch_of)
    with open(path, "w") as f:
        f.write(f"""name: {name}
seed: {seed}
model:
  {model}
data: {{ prompts: {GATE}/train.jsonl, heldout: {few} }}
stages:
{stages}actors:
  generator: {{ count: {generators}, max_tokens: 32, slots: {slots}, on_swap: {on_swap} }}
  verifier: {{ count: {verifiers}, rewards: {{ format: 0.1, math: {{ weight: 0.9, answer: number }} }} }}
  trainer: {{ checkpoint_every: {checkpoint_every}, keep_checkpoints: {keep_checkpoints} }}
  evaluator: {{ every: 0, majority: 0 }}
""")
    return path


def warm_policy(folder, steps=200):
    """A checkpoint warm-started so far that groups have contrast: short jobs begin from it."""
    run = os.path.join(folder, f"warm-{steps}")
    tram("run", job(folder, "warm", warm_steps=steps, steps=0), "--run", run, "--plain")
    checkpoints = sorted(os.listdir(os.path.join(run, "checkpoints")))
    return os.path.join(run, "checkpoints", [c for c in checkpoints if c.startswith("step-")][-1])


def metrics(run):
    """Every whole line of RUN/metrics.jsonl; a crash may have cut off the last one."""
    events = []
    try:
        with open(os.path.join(run, "metrics.jsonl")) as f:
            text = f.read()
    except FileNotFoundError:
        return events
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if not line:
            continue
        try:
            events.append(json.loads(line))
        except ValueError:
            expect(at == len(lines) - 1, f"line {at + 1} of {run}/metrics.jsonl is no JSON: {line[:200]}")
    return events


def steps_of(events):
    return [e for e in events if e["event"] == "step" and e["kind"] == "reinforce"]


def summary_of(events):
    expect(events and events[-1]["event"] == "summary", "the last event is no summary")
    return events[-1]


def rollouts(run):
    """What the ledger says of every rollout, by id; empty before there is a ledger."""
    if not os.path.exists(os.path.join(run, "ledger", "CURRENT")):
        return {}
    listed = tram("rollouts", run, "--json", "--limit", 1000000, status=None)
    if listed.status != OK:
        expect("there is no ledger" in listed.err, f"tram rollouts {run}: {listed.err}")
        return {}
    found = {}
    for line in listed.events():
        expect(line["id"] not in found, f"rollout {line['id']} is listed twice")
        found[line["id"]] = line
    return found


def stop(process, with_signal=signal.SIGKILL):
    """Sends a signal and waits; returns the exit status."""
    process.send_signal(with_signal)
    process.communicate(timeout=PATIENCE)
    return process.returncode
