"""Nodes that are emptied while a job runs: by `tram drain`, and by their own end. What was half
written there is finished elsewhere, and nothing is lost or trained twice.

  drain_test.py TRAM REPOSITORY
"""
import json
import os
import signal

import harness as h
from cluster import Cluster, steps_told
from watch import Watch, is_half_written


def node_of(cluster, number, worker):
    return next(w["node"] for w in cluster.job(number)["workers"] if w["name"] == worker)


def moves(run):
    with open(os.path.join(run, "exits.jsonl")) as f:
        return [r for r in map(json.loads, f) if r["cause"] == "stopped" and r["actor"] == "generator/0"]


def more_steps(cluster, run, count=3):
    wanted = steps_told(run) + count
    cluster.wait_for("a step", lambda: steps_told(run) >= wanted)


def drained_in_the_middle(cluster, number, run):
    """The generator may have been waiting: then nothing was half written, and it is tried again."""
    for _ in range(4):
        drained, half = drain_and_hold(cluster, number, run)
        if half:
            return drained
        cluster.tram("drain", drained, "--undo")
    print("whenever the node was drained the generator waited: nothing was half written", flush=True)
    cluster.tram("drain", drained)
    return drained


def drain_and_hold(cluster, number, run):
    """Where the generator goes cannot start it yet: what it had half written lies in the ledger."""
    deaths = len(moves(run))
    before = node_of(cluster, number, "generator/0")
    after = {"b": "c", "c": "b"}[before]
    cluster.processes[after].send_signal(signal.SIGSTOP)
    try:
        ended = cluster.tram("drain", before, "--deadline", "0", status=h.JOB_FAILED)
        h.expect(f"node {before} is draining" in ended.out, f"a node that is not empty yet: {ended.out}")
        cluster.wait_for("the end of the generator there", lambda: len(moves(run)) > deaths)
        half = {n: r for n, r in h.rollouts(run).items() if is_half_written(r)}
    finally:
        cluster.processes[after].send_signal(signal.SIGCONT)
    text = moves(run)[-1]["text"]
    h.expect(f"it moves from node {before} to node" in text, f"the record of its end: {text}")
    ended = cluster.tram("drain", before)
    h.expect(f"node {before} is drained" in ended.out, f"a node that is empty: {ended.out}")
    h.expect(node_of(cluster, number, "generator/0") != before, "the generator is elsewhere")
    more_steps(cluster, run)

    def all_finished():
        now = h.rollouts(run)
        return now if all(n not in now or not is_half_written(now[n]) for n in half) else None

    now = cluster.wait_for("the end of what was half written", all_finished)
    finished = [n for n in half if n in now]
    for n in finished:
        tokens = half[n]["token_ids"]
        h.expect_equal(now[n]["token_ids"][:len(tokens)], tokens, f"the first tokens of rollout {n}")
    if half:
        print(f"drained: {len(half)} rollouts were half written, {len(finished)} have tokens of both nodes", flush=True)
    return before, half


def ends_by_itself(cluster, number, run, drained):
    """SIGTERM to a node: its workers move first."""
    at = node_of(cluster, number, "generator/0")
    cluster.tram("drain", drained, "--undo")
    deaths = len(moves(run))
    cluster.kill(at, signal.SIGTERM)
    h.expect(len(moves(run)) == deaths + 1, f"the generator has moved: {moves(run)[deaths:]}")
    nodes = {n["name"]: n for n in cluster.ask("nodes")["nodes"]}
    h.expect_equal((nodes[at]["state"], nodes[at]["workers"]), ("left", []), "a node that has ended")
    more_steps(cluster, run)
    print("a node that ends has its workers moved first", flush=True)


def remembered(cluster, drained):
    cluster.tram("drain", drained)
    cluster.kill("head")
    cluster.start("head")
    cluster.wait_for("word that it is drained", lambda: {n["name"]: n["state"] for n in cluster.ask("nodes")["nodes"]}.get(drained) == "drained")
    print("a head that was killed knows who was drained", flush=True)


def stays(cluster, number):
    """Who is beside the run directory."""
    ended = cluster.tram("drain", "a", status=h.JOB_FAILED)
    h.expect(f"{number}/trainer stays until its job is over: its run directory is there" in ended.out, f"the driver's node: {ended.out}")
    cluster.tram("drain", "a", "--undo")


with h.Folder() as at:
    warm = h.warm_policy(at)
    cluster = Cluster(at)
    try:
        cluster.start("head")
        for who in "abc":
            cluster.start(who, "--label", f"rank={'first' if who == 'a' else 'other'}")
        cluster.wait_for_nodes(*"abc")
        graph = h.job(at, "moving", policy=warm, steps=1000000, batch=32, slots=1, generators=1, max_lag=50)
        words = ["submit", graph, "--set", "actors.generator.place.apart=driver", "--set", "actors.verifier.place.needs.rank=first"]
        job = cluster.ask(*words)
        number, run = job["id"], job["run"]
        watch = Watch(run, "moving")
        cluster.wait_for("steps", lambda: steps_told(run) >= 3)
        h.expect_equal(node_of(cluster, number, "verifier/0"), "a", "where a label is")
        drained = drained_in_the_middle(cluster, number, run)
        watch.look()
        ends_by_itself(cluster, number, run, drained)
        stays(cluster, number)
        watch.look()
        ended = cluster.ask("stop", number)
        h.expect_equal((ended["state"], ended["attempt"]), ("stopped", 1), "the job")
        watch.look()
        h.expect_equal([s["version"] for s in h.steps_of(h.metrics(run))], list(range(1, steps_told(run) + 1)), "the versions trained")
        replayed = h.tram("replay", run, "--steps", "20").out
        h.expect("all equal" in replayed, replayed[-500:])
        remembered(cluster, drained)
        for who in ("head", *sorted(w for w in "abc" if cluster.processes[w].poll() is None)):
            cluster.kill(who, signal.SIGTERM)
        cluster.nothing_is_left()
    finally:
        cluster.end()
