#!/usr/bin/env python3
"""A cluster of one machine: how soon a submitted job works, what a head and a node cost that idle, and
the main job over three nodes against one machine's processes.

  cluster.py TRAM REPOSITORY [PYTHON]     PYTHON: one that has Ray, for what is beside it
"""
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

TRAM, ROOT = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
PYTHON = sys.argv[3] if len(sys.argv) > 3 else None
HERE = os.path.dirname(os.path.abspath(__file__))
IDLE_SECONDS = 20


def ask(env, *words):
    out = subprocess.run([TRAM, *map(str, words)], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if out.returncode:
        sys.exit(f"tram {' '.join(map(str, words))}: {out.stderr.strip()}")
    return out.stdout


class Cluster:
    """A head, and nodes by name, each with its label `role`; the first has the head's home."""

    def __init__(self, folder, nodes):
        self.homes = {name: os.path.join(folder, name) for name in nodes}
        self.homes["head"] = self.homes[nodes[0]]
        self.running = []
        self.start("head", ["head", "--no-node"])
        self.address = self.wait(lambda: open(self.homes["head"] + "/head").read().strip())
        for name in nodes:
            if self.homes[name] != self.homes["head"]:
                os.makedirs(self.homes[name])
                shutil.copy(self.homes["head"] + "/token", self.homes[name] + "/token")
            self.start(name, ["node", "--name", name, "--join", self.address, "--cpus", "4", "--label", f"role={name}"])
        self.wait(lambda: sum(n["state"] == "ready" for n in json.loads(self.ask("nodes", "--json"))["nodes"]) == len(nodes))

    def env(self, who="head"):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("TRAM_")}
        return dict(clean, TRAM_HOME=self.homes[who])

    def start(self, who, words):
        self.running.append(subprocess.Popen([TRAM, *words], env=self.env(who), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def ask(self, *words):
        return ask(self.env(), *words)

    @staticmethod
    def wait(condition, seconds=60):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                if found := condition():
                    return found
            except (OSError, ValueError):
                pass
            time.sleep(0.002)
        sys.exit("the cluster does not get where it should")

    def end(self):
        for process in reversed(self.running):
            process.send_signal(signal.SIGTERM)
        for process in self.running:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def first_actor_works(run):
    """Whether an actor of the run directory has been built and waits for mail, or works."""
    text = open(run + "/actors.json").read()
    return any(f'"state":"{state}"' in text for state in ("idle", "handling", "working"))


def submit(cluster):
    graph = os.path.join(ROOT, "examples", "gate.yaml")
    took = []
    for i in range(10):
        begin = time.monotonic()
        job = json.loads(cluster.ask("submit", graph, "--set", f"name=submit-{i}", "--set", "stages.reinforce.steps=1", "--json"))
        cluster.wait(lambda: first_actor_works(job["run"]))
        took.append(time.monotonic() - begin)
        cluster.ask("stop", job["id"])
        cluster.wait(lambda: json.loads(cluster.ask("status", job["id"], "--json"))["state"] in ("stopped", "finished", "failed"))
    return statistics.median(took)


def processes_of(first):
    """A process and all that descend from it."""
    parents = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            parents[int(pid)] = int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1])
        except OSError:
            pass
    found = set(first)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def cost(pids):
    """Megabytes, shared ones divided among those who share them, and seconds of processor so far."""
    memory, seconds = 0, 0
    for pid in pids:
        memory += sum(int(line.split()[1]) for line in open(f"/proc/{pid}/smaps_rollup") if line.startswith("Pss:")) / 1024
        fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
        seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return memory, seconds


def idles(first):
    time.sleep(5)
    pids = processes_of(first)
    _, before = cost(pids)
    time.sleep(IDLE_SECONDS)
    memory, after = cost(pids)
    return memory, (after - before) / IDLE_SECONDS, len(pids)


def three_nodes(cluster):
    """Seconds of reinforcement of the main job: trainer, generator and verifier on a node each."""
    took, right = [], []
    for seed in range(3):
        sets = [f"seed={seed}", "actors.evaluator.majority=0", "actors.trainer.place={needs: {role: a}}", "actors.generator.place={needs: {role: b}}", "actors.verifier.place={needs: {role: c}}"]
        words = ["submit", os.path.join(ROOT, "examples", "arithmetic.yaml"), "--json"]
        job = json.loads(cluster.ask(*words, *[w for s in sets for w in ("--set", s)]))
        cluster.wait(lambda: json.loads(cluster.ask("status", job["id"], "--json"))["state"] in ("stopped", "finished", "failed"), seconds=600)
        events = [json.loads(line) for line in open(job["run"] + "/metrics.jsonl")]
        took.append(events[-1]["reinforce_seconds"])
        right.append(events[-1]["heldout_after"])
    return statistics.mean(took), statistics.mean(right)


def one_machine(folder):
    took, right = [], []
    for seed in range(3):
        words = [TRAM, "run", os.path.join(ROOT, "examples", "arithmetic.yaml"), "--run", os.path.join(folder, f"one-{seed}"), "--json", "--isolation", "process",
            "--set", f"seed={seed}", "--set", "actors.evaluator.majority=0"]
        last = json.loads(subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()[-1])
        took.append(last["reinforce_seconds"])
        right.append(last["heldout_after"])
    return statistics.mean(took), statistics.mean(right)


def spawned_by_hand(count=100):
    """Seconds in which this many processes of the program are started and have ended, one after the other."""
    begin = time.monotonic()
    for _ in range(count):
        os.waitpid(os.posix_spawn(TRAM, [TRAM, "version"], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]), 0)
    return time.monotonic() - begin


def hundred_workers(folder):
    """Seconds until a graph's hundred actors, each in a worker of its own, have been built."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "words.txt"), "w") as out:
        out.write("a few words\n")
    graph = os.path.join(folder, "hundred.yaml")
    with open(graph, "w") as out:
        out.write("name: hundred\nuntil: report\nactors:\n  report: { kind: word_report, asks: { counters: counter } }\n"
                  "  counter: { kind: word_counter, count: 100, isolation: process }\n"
                  "  reader: { kind: file_reader, options: { files: words.txt }, asks: { counters: counter, report: report, readers: reader } }\n")
    program = os.path.join(os.path.dirname(os.path.dirname(TRAM)), "examples", "wordcount")
    run = os.path.join(folder, "run")
    begin = time.monotonic()
    process = subprocess.Popen([program, "run", graph, "--run", run], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    process.wait(120)
    return time.monotonic() - begin


def main():
    with tempfile.TemporaryDirectory() as folder:
        workers, by_hand = hundred_workers(os.path.join(folder, "graph")), spawned_by_hand()
        print(f"100 workers: started, used and ended in {workers:.2f} s; the same program started and ended 100 times by posix_spawn: {by_hand:.2f} s", flush=True)
        cluster = Cluster(folder, ("a", "b", "c"))
        try:
            ours = submit(cluster)
            memory, share, count = idles([p.pid for p in cluster.running[:2]])
            print(f"submit to the first actor: {1000 * ours:.0f} ms", flush=True)
            print(f"a head and a node that idle ({count} processes): {memory:.0f} MB, {100 * share:.2f} % of a core", flush=True)
            if PYTHON:
                out = subprocess.run([PYTHON, os.path.join(HERE, "peers", "ray_cluster.py")], stdout=subprocess.PIPE, text=True, check=True).stdout
                ray = json.loads(out.splitlines()[-1])
                print(f"{ray['name']}: submit to the first actor {1000 * ray['submit_s']:.0f} ms, {ray['submit_s'] / ours:.0f} times slower; its head idles with {ray['idle_mb']:.0f} MB, "
                      f"{100 * ray['idle_share']:.2f} % of a core; 100 actors in {ray['actors_s']:.1f} s, {ray['actors_s'] / workers:.1f} times slower", flush=True)
            nodes = three_nodes(cluster)
        finally:
            cluster.end()
        one = one_machine(folder)
        print(f"the main job over three nodes of this machine (3 seeds): {nodes[0]:.1f} s of reinforcement, held-out {nodes[1]:.3f}; as processes of one: {one[0]:.1f} s, {one[1]:.3f}: {nodes[0] / one[0]:.2f} of the time", flush=True)


main()
