"""Files of a run that go bad: bytes changed, cut short, gone. Whatever comes of it is named: a command
refuses, with an exit status for it and the file or its folder in the message; or it repairs and says
so; or all that it shows is as before. Nothing is different without a word, crashes or hangs.

  damage_test.py TRAM REPOSITORY [--rounds N] [--seed S]

Without rounds, each file once in one way, those of the ledger in every way, with the same seed each
time; a round is each file in every way, with a seed of its own. The run is synchronous, so that it comes to the same versions however often it goes on.
"""
import argparse
import json
import os
import random
import re
import shutil
import signal
import time

import harness as h

parser = argparse.ArgumentParser()
parser.add_argument("tram")
parser.add_argument("repository")
parser.add_argument("--rounds", type=int, default=0)
parser.add_argument("--seed", type=int, default=None)
options = parser.parse_args()
if options.seed is None:
    options.seed = random.SystemRandom().randrange(1 << 30) if options.rounds else 0

STEPS, KILLED_AT = 10, 7
SAID = {h.OK, h.BAD_INPUT, h.IO, h.UNSUPPORTED, h.JOB_FAILED, h.MISMATCH}
PROMPT = "23+42="
# Nothing is read from these, or nothing depends on it.
FREE = re.compile(r"(log|exits)\.jsonl|lock|report\.html|ledger/(LOG|LOCK|IDENTITY|OPTIONS)")


def flipped(draw, data):
    data = bytearray(data)
    at = draw.randrange(len(data))
    for i in range(at, min(len(data), at + draw.choice((1, 8)))):
        data[i] ^= draw.randrange(1, 256)
    return bytes(data)


def cut_short(draw, data):
    return data[:draw.randrange(len(data))]


WAYS = {"flipped": flipped, "cut short": cut_short, "gone": None}


def files_of(run):
    found = []
    for folder, _, names in os.walk(run):
        found += [os.path.relpath(os.path.join(folder, name), run) for name in names]
    return sorted(found)


class Shown:
    """What the commands that only read show of a run: those that read this file, or all."""

    def __init__(self, run, file=None):
        self.run = run
        checkpoints = sorted(n for n in os.listdir(os.path.join(run, "checkpoints")) if n.startswith("step-"))
        self.checkpoint = os.path.join(run, "checkpoints", checkpoints[-1])
        data = os.path.join(os.path.dirname(run), "few.jsonl")
        of_model = {
            "generate": ["generate", self.checkpoint, PROMPT, "--samples", 3, "--max-tokens", 8],
            "eval": ["eval", self.checkpoint, "--data", data, "--samples", 1, "--max-tokens", 8, "--json"],
        }
        of_run = {"rollouts": ["rollouts", run, "--json", "--limit", 100000], "replay": ["replay", run]}
        commands = {"report": ["report", run]}
        if not file or file.startswith("checkpoints/"):
            commands |= of_model
        if not file or not file.startswith("checkpoints/"):
            commands |= of_run
        self.ended = {name: h.tram(*words, status=None) for name, words in commands.items()}

    def out(self, command):
        return self.ended[command].out.replace(self.run, "RUN")


def alarms(run):
    """Without those of earlier lives."""
    try:
        with open(os.path.join(run, "metrics.jsonl"), errors="replace") as f:
            lines = [line for line in f if '"event":"alarm"' in line]
    except FileNotFoundError:
        return ""
    return "".join(lines)


def is_named(text, file):
    """The file, the folder it lies in, or what it is called to a user."""
    folder = os.path.dirname(file)
    names = [os.path.basename(file)] + ([folder] if folder else [])
    return any(name in text for name in names)


def killed_run(folder, policy):
    """A run with logs that was killed, and the same with tables, after it was interrupted."""
    graph = h.job(folder, "killed", policy=policy, warm_steps=6, steps=STEPS, max_lag=0, batch=32, checkpoint_every=2,
        heldout=4)
    run = os.path.join(folder, "killed")
    process = h.spawn("run", graph, "--run", run, "--json")
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "step" and event["kind"] == "reinforce" and event["step"] >= KILLED_AT:
            break
    h.expect(h.stand_still(process), "the run ended before it was killed")
    h.expect_equal(h.stop(process), -signal.SIGKILL, "exit status")
    tables = os.path.join(folder, "tables")
    shutil.copytree(run, tables)
    process = h.spawn("resume", tables, "--json")
    for line in process.stdout:
        if '"event":"step"' in line:
            break
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=h.PATIENCE)
    h.expect(process.returncode in (h.INTERRUPTED, h.OK), f"exit status {process.returncode}")
    h.expect(any(f.endswith(".sst") for f in files_of(tables)), "no table was written")
    return run, tables


class Base:
    """A run as it was, and what its commands show and it comes to."""

    def __init__(self, run):
        self.run = run
        self.shown = Shown(run)
        for command, ended in self.shown.ended.items():
            h.expect_equal(ended.status, h.OK, f"{command} of {run}: {ended.err}")
        self.seen = Shown(run)  # once more: what is compared does not change by itself
        for command in self.shown.ended:
            h.expect_equal(self.seen.out(command), self.shown.out(command), f"{command}, twice")
        again = self.copy("reference")
        self.fingerprint = self.finish(again)

    def copy(self, name):
        to = os.path.join(os.path.dirname(self.run), name)
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.run, to)
        return to

    @staticmethod
    def finish(run):
        ended = h.tram("resume", run, "--json")
        return h.summary_of(ended.events())["fingerprint"]


class Case:
    def __init__(self, base, file, way, draw):
        self.base, self.file, self.way = base, file, way
        self.run = base.copy("case")
        path = os.path.join(self.run, file)
        with open(path, "rb") as f:
            data = f.read()
        self.changed = bool(data) or way == "gone"
        if way == "gone":
            os.remove(path)
        elif data:
            with open(path, "wb") as f:
                f.write(WAYS[way](draw, data))

    def fail(self, text):
        h.expect(False, f"{os.path.basename(self.base.run)}, {self.file} {self.way}: {text}")

    def check_end(self, command, ended):
        """It ended in a way that it may; true if it says that something is wrong with the file."""
        if ended.status not in SAID:
            self.fail(f"{command}: exit status {ended.status}\n{ended.err[-1500:]}")
        if "terminate" in ended.err or "bug of the program" in ended.err:
            self.fail(f"{command}: {ended.err[-1500:]}")
        # What job.yaml says wrongly is told by whoever it is told to: a path, a shape, a first difference.
        named = self.file == "job.yaml" or is_named(ended.err + ended.out.replace(self.run, ""), self.file)
        if ended.status != h.OK and not named:
            self.fail(f"{command}: exit status {ended.status}, and the file is not named:\n{ended.err[-1500:]}")
        return ended.status != h.OK

    def check_shown(self):
        said = []
        shown = Shown(self.run, self.file)
        for command, ended in shown.ended.items():
            if self.check_end(command, ended):
                said.append(command)
            elif shown.out(command) != self.base.shown.out(command) and self.file != "job.yaml":
                if not is_named(ended.err, self.file):
                    self.fail(f"{command} shows something else, without a word:\n{ended.err}")
                said.append(command)
        return said

    def check_resumed(self):
        before = alarms(self.run)
        ended = h.tram("resume", self.run, "--json", status=None)
        told = alarms(self.run)[len(before):] if alarms(self.run).startswith(before) else alarms(self.run)
        if self.check_end("resume", ended):
            return "refused"
        named = is_named(told + ended.err, self.file)
        if h.summary_of(ended.events())["fingerprint"] != self.base.fingerprint and not named:
            self.fail(f"it came to another end, without a word:\n{ended.err}\n{told}")
        replayed = h.tram("replay", self.run, status=None)
        self.check_end("replay of the resumed run", replayed)
        return "named" if named else "as before"

    def go(self):
        said = self.check_shown()
        resumed = self.check_resumed()
        if FREE.match(self.file) and (said or resumed == "refused"):
            self.fail(f"nothing depends on it, and yet: {said}, {resumed}")
        print(f"{os.path.basename(self.base.run):<7} {self.file:<46} {self.way:<9} resume: {resumed:<9} "
            f"{'told by ' + ', '.join(said) if said else ''}", flush=True)


def all_checkpoints(base, draw):
    """Version 0 is the beginning, and what is recorded is trained again."""
    run = base.copy("case")
    models = [f for f in files_of(run) if f.startswith("checkpoints/") and f.endswith("model.safetensors")]
    for file in models:
        path = os.path.join(run, file)
        with open(path, "rb") as f:
            data = f.read()
        with open(path, "wb") as f:
            f.write(flipped(draw, data))
    h.expect_equal(base.finish(run), base.fingerprint, "all checkpoints damaged: the end")
    told = alarms(run)
    for file in models:
        h.expect(os.path.dirname(file) in told, f"{file} is not told: {told}")
    h.expect("no checkpoint of this run is whole" in told, told)
    print(f"all {len(models)} checkpoints damaged: named, and trained again to the same version", flush=True)


def repaired(base, draw):
    """A log damaged in the middle: refused with the steps that are lost, and repaired when asked."""
    run = base.copy("case")
    log = max((f for f in files_of(run) if re.fullmatch(r"ledger/\d+\.log", f)),
        key=lambda f: os.path.getsize(os.path.join(run, f)))
    path = os.path.join(run, log)
    with open(path, "rb") as f:
        data = bytearray(f.read())
    for i in range(len(data) // 2, len(data) // 2 + 8):
        data[i] ^= 0x5a
    with open(path, "wb") as f:
        f.write(data)
    refused = h.tram("resume", run, "--json", status=h.BAD_INPUT)
    h.expect(os.path.basename(log) in refused.err and "--repair" in refused.err, refused.err)
    steps = re.search(r"the (\d+) steps (\d+) to (\d+), which", refused.err)
    h.expect(steps and int(steps[1]) == int(steps[3]) - int(steps[2]) + 1, f"the steps are not named: {refused.err}")
    with open(path, "rb") as f:
        h.expect(f.read() == data, "a log that was refused is changed")
    h.tram("resume", run, "--json", "--repair")
    told = alarms(run)
    h.expect(steps[0] in told and "set_aside" in told and "ledger/damaged" in told, told)
    h.expect(os.path.exists(os.path.join(run, "ledger", "damaged", os.path.basename(log))), "the log is not kept")
    h.expect("all equal" in h.tram("replay", run).out, "the repaired run replays")
    print(f"a damaged log: refused, {steps[0].split(',')[0]} named; repaired when asked", flush=True)


def main(folder):
    print(f"seed {options.seed}", flush=True)
    draw = random.Random(options.seed)
    began = time.time()
    bases = [Base(run) for run in killed_run(folder, h.warm_policy(folder))]
    all_checkpoints(bases[0], draw)
    repaired(bases[0], draw)
    cases = 0
    for number in range(max(1, options.rounds)):
        for base in bases:
            for file in files_of(base.run):
                ledger = file.startswith("ledger/") and not FREE.match(file)
                every = options.rounds > 0 or ledger
                if not every and base is bases[1] and not ledger:
                    continue  # as in the other
                for way in WAYS if every else [draw.choice(list(WAYS))]:
                    Case(base, file, way, draw).go()
                    cases += 1
    print(f"{cases} files damaged in {time.time() - began:.0f} s: each named, repaired or of no effect", flush=True)


with h.Folder() as at:
    main(at)
