"""A job whose actors live in workers: it learns the same as in one process, and any of its processes
may be killed or stopped at any moment. Nothing finished is lost, nothing is trained twice, every
death has a record, and nothing is left behind.

  processes_test.py TRAM REPOSITORY [--kills N] [--seed S] [--still]
"""
import argparse
import collections
import json
import os
import random
import signal
import time

import harness as h
from watch import Watch

parser = argparse.ArgumentParser()
parser.add_argument("tram")
parser.add_argument("repository")
parser.add_argument("--kills", type=int, default=30)
parser.add_argument("--seed", type=int, default=None)
parser.add_argument("--still", action="store_true", help="also stop processes for minutes")
options = parser.parse_args()
seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 30)

MARK = "TRAM_TEST_MARK"
APART = ["--isolation", "process"]


def processes_of(mark):
    """Whoever has this mark in its environment, by pid: its command line."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as f:
                marked = f"{MARK}={mark}".encode() in f.read().split(b"\0")
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                words = f.read().decode(errors="replace").split("\0")
            if marked and words[0]:  # a zombie has no words
                found[int(pid)] = words
        except OSError:
            continue
    return found


def workers_of(mark):
    """The workers that run now: pid by name."""
    return {words[2]: pid for pid, words in processes_of(mark).items() if words[1:2] == ["serve-worker"]}


def nothing_is_left(mark, patience=5.0):
    until = time.monotonic() + patience
    while left := processes_of(mark):
        h.expect(time.monotonic() < until, f"these processes are left behind: {left}")
        time.sleep(0.02)


def exits(run):
    try:
        with open(os.path.join(run, "exits.jsonl")) as f:
            return [json.loads(line) for line in f.read().splitlines()]
    except FileNotFoundError:
        return []


WORKERS_OF = {"ledger": ["ledger.log"], "generator": ["generator-0.log", "generator-1.log"],
    "verifier": ["verifier-0.log", "verifier-1.log"], "trainer": ["trainer.log"], "evaluator": ["evaluator.log"]}


def same_as_threads(folder, policy):
    """Synchronously, every version is the same bit for bit, wherever the actors are."""
    graph = h.job(folder, "same", policy=policy, steps=6, max_lag=0, generators=2, verifiers=2)
    found = {}
    for isolation in ("thread", "process"):
        run = os.path.join(folder, f"same-{isolation}")
        ended = h.tram("run", graph, "--run", run, "--json", "--isolation", isolation)
        summary = ended.events()[-1]
        h.expect_equal(summary["isolation"], isolation, "the summary's isolation")
        found[isolation] = [(e["batch"], e["fingerprint"]) for e in h.steps_of(h.metrics(run))]
        if isolation == "process":
            # Ledger, evaluator, trainer, two generators, two verifiers.
            h.expect_equal(summary["processes"], 7, "the workers that were started")
            h.expect_equal(exits(run), [], "nobody died")
            h.expect_equal(sorted(os.listdir(os.path.join(run, "workers"))), ["evaluator.log", "generator-0.log",
                "generator-1.log", "ledger.log", "trainer.log", "verifier-0.log", "verifier-1.log"], "the workers' logs")
    h.expect_equal(found["process"], found["thread"], "batches and fingerprints of each step")
    h.expect(len(found["thread"]) == 6, "six steps")
    print("synchronously, every batch and version is that of one process", flush=True)
    for role, logs in WORKERS_OF.items():
        run = os.path.join(folder, f"same-{role}")
        ended = h.tram("run", graph, "--run", run, "--json", "--set", f"actors.{role}.isolation=process")
        summary = ended.events()[-1]
        h.expect_equal((summary["isolation"], summary["processes"]), ("process", len(logs)), f"where {role} lives")
        h.expect_equal(sorted(os.listdir(os.path.join(run, "workers"))), logs, f"the workers with {role} apart")
        h.expect_equal([(e["batch"], e["fingerprint"]) for e in h.steps_of(h.metrics(run))], found["thread"],
            f"batches and fingerprints with {role} apart")
        h.expect_equal(exits(run), [], f"nobody died with {role} apart")
    ended = h.tram("plan", graph, "--isolation", "process", "--set", "actors.verifier.isolation=thread")
    for line, place in (("verifier/0", "thread"), ("generator/1", "process"), ("ledger", "process")):
        shown = [l for l in ended.out.splitlines() if l.strip().startswith(line)]
        h.expect(shown and place in shown[-1], f"plan says that {line} lives as a {place}: {shown}")
    print("any role alone may be put into processes, and every version is the same", flush=True)


class Campaign:
    """One run, killed here and there until it ends."""

    def __init__(self, draw, folder, name, policy):
        self.draw, self.mark = draw, f"{name}-{os.getpid()}"
        self.run = os.path.join(folder, name)
        self.steps, self.batch = 40, 32
        self.graph = h.job(folder, name, policy=policy, steps=self.steps, batch=self.batch, slots=2, generators=2,
            seed=draw.randrange(1 << 20))
        self.watch = Watch(self.run, name)
        self.killed = collections.Counter()
        self.stopped = collections.Counter()
        self.restarted = 0  # workers that were killed, and seen again
        self.words = ["run", self.graph, "--run", self.run]

    def start(self):
        environment = dict(os.environ, **{MARK: self.mark})
        # Its lines go to a file: a pipe that nobody reads would hold it up.
        self.log = open(self.run + ".out", "a")
        self.process = h.subprocess.Popen([h.TRAM, *self.words, "--plain", *APART], stdout=self.log, stderr=self.log,
            stdin=h.subprocess.DEVNULL, env=environment)

    def disturb(self):
        """Kills or stops one process; what it was, or None if there was none."""
        workers = workers_of(self.mark)
        kind = self.draw.choice(["generator", "verifier", "evaluator", "ledger", "trainer", "main"])
        if kind == "main":
            self.kill_main()
            return
        names = [n for n in workers if n.split("/")[0] == kind]
        if not names:
            return
        name = self.draw.choice(sorted(names))
        if self.draw.random() < 0.2:
            self.stand_still(name, workers[name])
            return
        try:
            os.kill(workers[name], signal.SIGKILL)
        except ProcessLookupError:
            return
        self.killed[kind] += 1
        # Who is started again has a record by then; the job may also be over just now.
        until = time.monotonic() + 3
        while time.monotonic() < until and self.process.poll() is None:
            if workers_of(self.mark).get(name, workers[name]) != workers[name]:
                self.restarted += 1
                return
            time.sleep(0.02)

    def stand_still(self, name, pid):
        try:
            os.kill(pid, signal.SIGSTOP)
            time.sleep(self.draw.uniform(0.2, 1.5))
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            return
        self.stopped[name.split("/")[0]] += 1

    def kill_main(self):
        self.process.kill()
        self.process.wait()
        self.killed["main"] += 1
        nothing_is_left(self.mark)
        if os.path.exists(os.path.join(self.run, "job.yaml")):
            self.words = ["resume", self.run]
        self.watch.after_kill()
        self.start()

    def steps_told(self):
        try:
            with open(os.path.join(self.run, "metrics.jsonl"), "rb") as f:
                return f.read().count(b'"event":"step"')
        except FileNotFoundError:
            return 0

    def wait_for_some_moment(self):
        """Somewhere within the next steps, however long they take here: so runs do not end before they
        are disturbed. Now and then long before the first step."""
        began, before = time.monotonic(), self.steps_told()
        wanted = before + self.draw.randrange(3)
        while self.steps_told() < wanted and self.process.poll() is None:
            h.expect(time.monotonic() - began < h.PATIENCE, f"{self.run} stands still: see {self.run}.out, {self.run}/workers")
            time.sleep(0.01)
        took = time.monotonic() - began
        time.sleep(self.draw.uniform(0, min(2, max(took, 0.2))))

    def go(self, kills_most):
        self.start()
        while self.process.poll() is None:
            if self.killed.total() < kills_most:
                self.wait_for_some_moment()
                if self.process.poll() is None:
                    self.disturb()
            else:
                try:
                    self.process.wait(timeout=h.PATIENCE)
                except h.subprocess.TimeoutExpired:
                    h.expect(False, f"{self.run} stands still: see {self.run}.out, {self.run}/workers")
        with open(self.run + ".out") as f:
            said = f.read()
        h.expect_equal(self.process.returncode, h.OK, f"{self.run}, which said {said[-3000:]}")
        nothing_is_left(self.mark)
        return self.check()

    def check(self):
        replayed = self.watch.at_the_end(self.steps, self.batch)
        recorded = [e for e in exits(self.run) if "SIGKILL" in e["text"]]
        actors = {e["actor"].split("/")[0] for e in recorded}
        h.expect(len(recorded) >= self.restarted, f"{self.restarted} workers killed and started again, {len(recorded)} records")
        for e in recorded:
            h.expect_equal(e["cause"], "killed", f"the record of {e['actor']}")
            h.expect("peak memory" in e["text"] and "pid" in e["text"], f"the record of {e['actor']}: {e['text']}")
        print(f"{self.run}: killed {dict(self.killed)}, stopped {dict(self.stopped)}; records of {sorted(actors)}; "
              f"{self.watch.trained_again} steps trained again; replay: {replayed}", flush=True)


def chaos(folder, policy, draw):
    killed = collections.Counter()
    rounds = 0
    while killed.total() < options.kills:
        campaign = Campaign(draw, folder, f"chaos-{rounds}", policy)
        campaign.go(kills_most=min(12, options.kills - killed.total()))
        killed += campaign.killed
        rounds += 1
        h.expect(rounds <= options.kills, "runs end before they can be killed")
    print(f"{killed.total()} kills over {rounds} runs ({dict(killed)}): nothing lost, nothing trained twice", flush=True)


def interrupted(folder, policy):
    """Ctrl-C, as a terminal gives it: to the whole foreground group."""
    graph = h.job(folder, "interrupt", policy=policy, steps=1000000)
    run, mark = os.path.join(folder, "interrupt"), f"interrupt-{os.getpid()}"
    process = h.spawn("run", graph, "--run", run, "--json", *APART, env=dict(os.environ, **{MARK: mark}),
        start_new_session=True)
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "step" and event["step"] >= 3:
            break
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=h.PATIENCE)
    h.expect_equal(process.returncode, h.INTERRUPTED, "exit status after Ctrl-C")
    events = h.metrics(run)
    h.expect_equal(h.summary_of(events)["stopped"], "interrupted", "the summary after Ctrl-C")
    h.expect(any(e["event"] == "checkpoint" and e["version"] == h.steps_of(events)[-1]["version"] for e in events),
        "a checkpoint of the last step")
    nothing_is_left(mark)
    print("Ctrl-C finishes the step and writes a checkpoint; no process is left", flush=True)


def stopped_for_minutes(folder, policy):
    """A worker that is stopped and does not go on is told, killed and started again. That this program
    itself is stopped for as long is the fault of none of them."""
    graph = h.job(folder, "still", policy=policy, steps=1000000)
    run, mark = os.path.join(folder, "still"), f"still-{os.getpid()}"
    process = h.spawn("run", graph, "--run", run, "--json", *APART, env=dict(os.environ, **{MARK: mark}))

    def steps(more):
        for line in process.stdout:
            more -= json.loads(line)["event"] == "step"
            if more == 0:
                return
        h.expect(False, f"the run has ended: {process.wait()} {process.stderr.read()[-2000:]}")

    steps(3)
    workers = workers_of(mark)
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(65)  # longer than an agent waits
    os.kill(process.pid, signal.SIGCONT)
    steps(3)
    h.expect_equal((workers_of(mark), exits(run)), (workers, []), "who runs after this program was stopped")
    os.kill(workers["trainer"], signal.SIGSTOP)
    began = time.monotonic()
    while not exits(run):
        h.expect(time.monotonic() - began < h.PATIENCE, "a worker stands still for ever")
        time.sleep(0.2)
    h.expect(time.monotonic() - began > 55, "a worker that stood still was killed early")
    record = exits(run)[0]
    h.expect_equal((record["actor"], record["cause"]), ("trainer", "killed"), "the record")
    h.expect("stood still for 6" in record["text"], f"the record: {record['text']}")
    log = [json.loads(line) for line in open(os.path.join(run, "log.jsonl"))]
    h.expect(any(line["text"] == "worker trainer stands still" for line in log), "nothing was said before")
    steps(3)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=h.PATIENCE)
    h.expect_equal(process.returncode, h.INTERRUPTED, "exit status after Ctrl-C")
    nothing_is_left(mark)
    print("a worker that stands still is killed and started again, with a record", flush=True)


def asked_for(folder, policy):
    """Faults that a user asks for: they come, the run goes on, and says so."""
    graph = h.job(folder, "faults", policy=policy, steps=1000000, batch=32, slots=2, generators=2)
    ended = h.tram("run", graph, "--faults", "kill any 1/1s", status=h.BAD_INPUT)
    h.expect("--isolation process" in ended.err, f"faults in one process: {ended.err}")
    ended = h.tram("run", graph, "--faults", "kill trainr 1/1s", *APART, status=h.BAD_INPUT)
    h.expect("did you mean 'trainer'?" in ended.err, f"faults of nobody: {ended.err}")
    run, mark = os.path.join(folder, "faults"), f"faults-{os.getpid()}"
    faults = "kill any 2/1s, stop generator 1/1s for 300ms, cut any 1/1s"
    process = h.spawn("run", graph, "--run", run, "--plain", "--faults", faults, *APART, env=dict(os.environ, **{MARK: mark}))

    def told():
        try:
            with open(os.path.join(run, "log.jsonl")) as f:
                return f.read()
        except FileNotFoundError:
            return ""

    began = time.monotonic()
    while not (all(f" is {what}" in told() for what in ("stopped", "cut off")) and told().count(" is killed") > 4):
        h.expect(process.poll() is None, f"the run has ended, see {run}")
        h.expect(time.monotonic() - began < h.PATIENCE, f"faults that were asked for do not come: see {run}")
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=h.PATIENCE)
    h.expect_equal(process.returncode, h.INTERRUPTED, "exit status after Ctrl-C")
    h.expect(len([r for r in exits(run) if r["cause"] == "killed"]) >= 4, "records of those that were killed")
    versions = [s["version"] for s in h.steps_of(h.metrics(run))]
    h.expect_equal(sorted(set(versions)), list(range(1, max(versions, default=0) + 1)), "versions trained")
    nothing_is_left(mark)
    print("faults that are asked for come, and the run goes on", flush=True)


print(f"seed {seed}", flush=True)
with h.Folder() as at:
    warm = h.warm_policy(at)
    same_as_threads(at, warm)
    interrupted(at, warm)
    asked_for(at, warm)
    chaos(at, warm, random.Random(seed))
    if options.still:
        stopped_for_minutes(at, warm)
