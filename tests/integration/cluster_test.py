"""A cluster of one machine: a head and two nodes, each with a home of its own. Jobs go to it from the
shell; any of its processes may be killed at any moment: the job goes on, nothing finished is lost,
nothing is trained twice, and nothing is left behind.

  cluster_test.py TRAM REPOSITORY [--kills N] [--seed S]
"""
import argparse
import collections
import fcntl
import json
import os
import pty
import random
import select
import signal
import struct
import subprocess
import termios
import time

import harness as h
from cluster import Cluster, steps_told
from watch import Watch

parser = argparse.ArgumentParser()
parser.add_argument("tram")
parser.add_argument("repository")
parser.add_argument("--kills", type=int, default=16)
parser.add_argument("--seed", type=int, default=None)
options = parser.parse_args()
seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 30)


def refusals(cluster, folder, policy):
    """Whoever may not in, and what there is no room for."""
    outside = dict(cluster.environment("a"), TRAM_HOME=os.path.join(folder, "outside"))
    ended = h.tram("jobs", env=outside, status=None)
    h.expect(ended.status == h.BAD_INPUT and "there is no head" in ended.err, f"no head: {ended.status} {ended.err}")
    ended = h.tram("jobs", "--head", cluster.address(), env=outside, status=h.IO)
    h.expect("one side has the token of cluster" in ended.err, f"another token: {ended.err}")
    with open(cluster.token) as f:
        h.expect(f.read().strip() not in ended.err, "a token was told")
    ended = cluster.tram("head", "--no-node", status=h.IO)
    h.expect("there is a head in" in ended.err and f"process {cluster.processes['head'].pid}" in ended.err, f"a second head: {ended.err}")
    ended = cluster.tram("node", "--name", "a", status=h.IO)
    h.expect("there is a node-a in" in ended.err, f"a second node: {ended.err}")
    for name in ("", "a/../b", "a\udcff", ".a"):
        ended = cluster.tram("node", "--name", name, status=h.USAGE)
        h.expect("a node's name is" in ended.err, f"a node named {name!r}: {ended.err}")
    for number in ("", "-1", "1x", "9" * 30):
        ended = cluster.tram("status", number, status=h.USAGE)
        h.expect("is no job's number" in ended.err, f"a job's number {number!r}: {ended.err}")
    ended = cluster.tram("status", "77", status=None)
    h.expect("there is no job 77" in ended.err, f"no such job: {ended.err}")
    graph = h.job(folder, "large", policy=policy, steps=5, generators=40)
    number = cluster.ask("submit", graph)["id"]
    job = cluster.wait_for("what is in the way of a job", lambda: (j := cluster.job(number))["reason"].startswith("generator") and j)
    h.expect_equal(job["state"], "queued", "a job for which there is no room")
    h.expect("nodes a, b:" in job["reason"] and "CPU" in job["reason"].upper(), f"what is in its way: {job['reason']}")
    cluster.tram("stop", number)
    h.expect_equal(cluster.job(number)["state"], "stopped", "a job that was stopped before it began")
    ended = cluster.tram("submit", graph, "--dry-run", status=h.JOB_FAILED)
    h.expect("nodes a, b:" in ended.out, f"what would be in its way: {ended.out}")
    ended = cluster.tram("submit", graph, "--dry-run", "--set", "actors.generator.count=2")
    h.expect("generator/1" in ended.out, f"where it would go: {ended.out}")
    print("who may not in is told why, and so is whoever must wait", flush=True)


def top_by_keys(cluster, number):
    """The live screen on a terminal: it filters, opens an actor, ends, and leaves the terminal as it was."""
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 120, 0, 0))
    top = subprocess.Popen([h.TRAM, "top"], stdin=theirs, stdout=theirs, stderr=theirs, env={**cluster.environment("a"), "TERM": "xterm"})
    screen = ""

    def shows(what, condition):
        nonlocal screen
        until = time.monotonic() + h.PATIENCE
        while not condition(screen.rsplit("\x1b[H", 1)[-1]):
            h.expect(time.monotonic() < until, f"{what} does not come: {screen[-3000:]!r}")
            if select.select([ours], [], [], 0.5)[0]:
                screen += os.read(ours, 65536).decode()

    try:
        shows("the actors", lambda s: "generator/0" in s and "trainer" in s and "?: keys" in s)
        os.write(ours, b"/trainer\r")
        shows("the filter", lambda s: "generator/0" not in s and "only \"trainer\"" in s and "?: keys" in s)
        os.write(ours, b"\r")
        shows("the actor", lambda s: f"actor {number}/trainer" in s and "waiting_for: " in s and "exits:" in s)
        os.write(ours, b"q")
        shows("the list again", lambda s: "?: keys" in s)
        os.write(ours, b"q")
        h.expect_equal(top.wait(timeout=h.PATIENCE), 0, "its status")
        h.expect_equal(termios.tcgetattr(theirs), before, "the terminal afterwards")
    finally:
        top.kill()
        top.wait()
        os.close(ours)
        os.close(theirs)


def looks(cluster, number):
    """What can be seen of a job that runs."""
    actors = {a["name"]: a for a in cluster.ask("actors", number)["actors"]}
    h.expect({"ledger", "trainer", "generator/0", "generator/1", "verifier/0"} <= set(actors), f"the actors: {sorted(actors)}")
    h.expect_equal({actors["generator/0"]["node"], actors["generator/1"]["node"]}, {"a", "b"}, "their nodes")
    h.expect_equal({a["job"] for a in actors.values()}, {number}, "their job")
    h.expect("generator/1" in cluster.tram("actors").out, "the actors of all jobs")
    steps = [json.loads(line) for line in cluster.tram("events", number, "--kind", "step", "--json").out.splitlines()]
    h.expect([e["version"] for e in steps[:3]] == [1, 2, 3], f"the first steps: {steps[:3]}")
    h.expect("checkpoint" in cluster.tram("events", number).out, "events for people")
    top = cluster.tram("top").out
    h.expect("2 of 2 nodes ready" in top and "generator/0" in top, f"the overview: {top}")
    top_by_keys(cluster, number)
    got = json.loads(cluster.tram("get", "actor", f"{number}/trainer").out)
    h.expect_equal((got["name"], got["exits"]), ("trainer", []), "one actor")
    h.expect_equal(json.loads(cluster.tram("get", "node", "b").out)["name"], "b", "one node")
    h.expect_equal(json.loads(cluster.tram("get", "job", number).out)["id"], number, "one job")
    ended = cluster.tram("get", "actor", f"{number}/trainr", status=None)
    h.expect(ended.status != 0 and "did you mean 'trainer'?" in ended.err, f"no such actor: {ended.err}")
    cluster.tram("get", "thing", "1", status=h.USAGE)
    cluster.processes["b"].send_signal(signal.SIGSTOP)
    try:
        found = cluster.wait_for("word of what is wrong", lambda: "node b is" in (e := cluster.tram("diagnose", status=None)).out and e)
        h.expect_equal(found.status, h.JOB_FAILED, "the status where something is wrong")
    finally:
        cluster.processes["b"].send_signal(signal.SIGCONT)
    cluster.wait_for_nodes("a", "b")
    print("what goes on in a job is seen from the shell, and what is wrong", flush=True)


def stops_in_order(cluster, folder, policy):
    graph = h.job(folder, "long", policy=policy, steps=1000000, generators=2)
    number = cluster.ask("submit", graph)["id"]
    run = cluster.wait_for("a step", lambda: (j := cluster.job(number)) and steps_told(j["run"]) > 2 and j)["run"]
    nodes = {w["node"] for w in cluster.job(number)["workers"] if w["name"].startswith("generator")}
    h.expect_equal(nodes, {"a", "b"}, "generators are spread")
    looks(cluster, number)
    cluster.tram("stop", number)
    job = cluster.job(number)
    h.expect_equal((job["state"], job["reason"]), ("stopped", "as wanted"), "a job that was stopped")
    h.expect_equal(h.summary_of(h.metrics(run))["stopped"], "interrupted", "its summary")
    cluster.wait_for("the end of its processes", lambda: not cluster.found("serve-worker") and not cluster.found("serve-driver"))
    h.expect_equal([n["workers"] for n in cluster.ask("nodes")["nodes"]], [[], []], "what is used of the nodes")
    print("a job that is stopped writes a checkpoint, and leaves nothing", flush=True)


class Campaign:
    def __init__(self, cluster, draw, folder, name, policy):
        self.cluster, self.draw = cluster, draw
        self.steps, self.batch = 40, 32
        graph = h.job(folder, name, policy=policy, steps=self.steps, batch=self.batch, slots=2, generators=2,
            seed=draw.randrange(1 << 20))
        job = cluster.ask("submit", graph)
        self.number, self.run = job["id"], job["run"]
        self.watch = Watch(self.run, name)
        self.killed = collections.Counter()

    def over(self):
        return self.cluster.job(self.number)["state"] in ("finished", "failed", "stopped")

    def disturb(self):
        what = self.draw.choice(["worker", "worker", "driver", "head", "a", "b", "b", "stopped"])
        if what == "stopped":
            # Shorter than a node may be silent, or longer.
            who = self.draw.choice(["head", "b"])
            self.cluster.processes[who].send_signal(signal.SIGSTOP)
            time.sleep(self.draw.choice([1, 3, 12]))
            self.cluster.processes[who].send_signal(signal.SIGCONT)
            self.killed[what] += 1
            return
        if what in ("worker", "driver"):
            there = self.cluster.found(f"serve-{what}")
            if not there:
                return
            try:
                os.kill(self.draw.choice(sorted(there))[0], signal.SIGKILL)
            except ProcessLookupError:
                return
        else:
            self.cluster.kill(what)
            time.sleep(self.draw.choice([0, 0.3, 2]))
            if what == "a" and os.path.isdir(os.path.join(self.run, "ledger")):
                # Ledger, trainer and driver are on it.
                self.cluster.wait_for("the end of its workers", lambda: not self.cluster.found("serve-driver"))
                self.watch.after_kill()
            self.cluster.start(what)
            if what == "head":
                self.cluster.wait_for_nodes("a", "b")
        self.killed[what] += 1

    def go(self, kills):
        told = 0
        while not self.over():
            began = time.monotonic()
            if self.killed.total() < kills:
                wanted = told + self.draw.randrange(3)
                while steps_told(self.run) < wanted and not self.over():
                    h.expect(time.monotonic() - began < h.PATIENCE, f"{self.run} stands still: {self.cluster.job(self.number)}")
                    time.sleep(0.05)
                time.sleep(self.draw.uniform(0, 1))
                told = steps_told(self.run)
                self.disturb()
            else:
                self.cluster.wait_for("the end of the job", self.over)
        job = self.cluster.job(self.number)
        h.expect_equal(job["state"], "finished", f"{self.run}, killed {dict(self.killed)}: {job['reason']}")
        replayed = self.watch.at_the_end(self.steps, self.batch)
        print(f"{self.run}: killed {dict(self.killed)}, {job['attempt']} starts of its driver; "
              f"{self.watch.trained_again} steps trained again; replay: {replayed}", flush=True)
        return self.killed


print(f"seed {seed}", flush=True)
with h.Folder() as at:
    warm = h.warm_policy(at)
    cluster = Cluster(at)
    try:
        cluster.start("head")
        cluster.start("a")
        cluster.start("b")
        cluster.wait_for_nodes("a", "b")
        refusals(cluster, at, warm)
        stops_in_order(cluster, at, warm)
        killed = collections.Counter()
        rounds = 0
        while killed.total() < options.kills:
            killed += Campaign(cluster, random.Random(seed + rounds), at, f"chaos-{rounds}", warm).go(
                min(8, options.kills - killed.total()))
            rounds += 1
        print(f"{killed.total()} kills ({dict(killed)}): nothing lost, nothing trained twice", flush=True)
        for who in ("head", "b", "a"):
            began = time.monotonic()
            cluster.kill(who, signal.SIGTERM)
            h.expect(time.monotonic() - began < 10, f"{who} takes long to end")
        cluster.nothing_is_left()
        print("what has ended leaves nothing behind", flush=True)
    finally:
        cluster.end()
