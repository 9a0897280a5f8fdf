"""Files that go with a job to a cluster, those that nodes must have, and a head whose disk is full.

  shipping_test.py TRAM REPOSITORY
"""
import json
import os
import shutil
import signal
import subprocess

import harness as h
from cluster import Cluster, steps_told
from disk import Disk


def shipped_of(cluster, graph, *more):
    told = json.loads(cluster.tram("submit", graph, "--dry-run", "--json", *more).out)
    return {f["path"]: f["shipped"] for f in told["files"]}


def copies_of_data(at):
    """Data of its own, which may go away."""
    data = os.path.join(at, "mine")
    os.makedirs(data, exist_ok=True)
    for name in ("train.jsonl", "heldout.jsonl"):
        shutil.copy(os.path.join(h.GATE, name), os.path.join(data, name))
    return data, ["--set", f"data.prompts={data}/train.jsonl", "--set", f"data.heldout={data}/heldout.jsonl"]


def goes_with_the_job(cluster, graph, at, warm):
    """Data and model are gone once it is submitted, and it runs."""
    data, sets = copies_of_data(at)
    model = os.path.join(at, "model")
    shutil.copytree(warm, model)
    sets += ["--set", f"model.path={model}"]
    files = shipped_of(cluster, graph, *sets)
    h.expect_equal(files[os.path.join(data, "train.jsonl")], "train.jsonl", "the name of what is shipped")
    h.expect_equal(files[os.path.join(model, "config.json")], "model/config.json", "a file of the model")
    text = cluster.tram("submit", graph, "--dry-run", *sets).out
    h.expect("is shipped" in text and "of 64.00 MB" in text, text)
    job = cluster.ask("submit", graph, *sets, "--set", "stages.reinforce.steps=3")
    shutil.rmtree(data)
    shutil.rmtree(model)
    ended = cluster.tram("wait", job["id"])
    h.expect(ended.out.strip().endswith("is finished"), f"a job with its files: {ended.out}")
    there = os.listdir(os.path.join(job["run"], "files"))
    h.expect_equal(sorted(there), ["heldout.jsonl", "model", "train.jsonl"], "what was shipped")
    h.expect("all equal" in h.tram("replay", job["run"], "--steps", "2").out, "a replay from what was shipped")
    h.expect_equal(os.listdir(cluster.homes["a"] + "/runs/.shipments"), [], "what is left of shipments")
    cluster.tram("rm", job["id"])
    h.expect(not os.path.exists(job["run"]), "shipped files of a job that was removed")
    print("shipped: it runs without what it was submitted from", flush=True)


def must_be_there(cluster, graph, at, warm):
    """By path: shared:, and whatever is too large. Nodes are asked before anything starts."""
    data, sets = copies_of_data(at)
    prompts = os.path.join(data, "train.jsonl")
    sets[1] = f"data.prompts=shared:{prompts}"
    files = shipped_of(cluster, graph, *sets)
    h.expect_equal(files[prompts], None, "a file that is named as shared")
    job = cluster.ask("submit", graph, *sets, "--set", "stages.reinforce.steps=2")
    cluster.tram("wait", job["id"])
    # Gone, and larger, by the time that there is a node for the job.
    cluster.kill("a", signal.SIGTERM)
    gone, larger = (cluster.ask("submit", graph, *sets)["id"] for _ in range(2))
    os.remove(prompts)
    cluster.start("a")
    ended = cluster.tram("wait", gone, status=h.BAD_INPUT).out
    h.expect(f"failed: node a: {prompts}: No such file" in ended and "copy them there" in ended, f"a file that is gone: {ended}")
    h.expect(not os.path.exists(os.path.join(cluster.job(gone)["run"], "job.yaml")), "nothing was started")
    h.expect_equal(cluster.job(larger)["state"], "failed", "the other job")
    big = os.path.join(at, "big.jsonl")
    with open(os.path.join(h.GATE, "train.jsonl")) as f, open(big, "w") as out:
        lines = f.read()
        while out.tell() < 64_000_001:
            out.write(lines)
    files = shipped_of(cluster, graph, "--set", f"data.prompts={big}")
    h.expect_equal(files[big], None, "a file that is too large")
    h.expect([f for f in files.values() if f], f"others go all the same: {files}")
    print("named by path: checked on the node, which the error names", flush=True)


def refused(cluster, disk, graph, text):
    """A submission while that disk is full: nothing of it stays."""
    runs = os.path.join(cluster.homes["a"], "runs")
    disk.fill()
    # The store may have room in what it has: jobs of a long text, which nothing can place.
    large = os.path.join(cluster.folder, "large.yaml")
    with open(graph) as f, open(large, "w") as out:
        out.write(f.read().replace("data: {", f"data: {{ system: {'x' * 2_000_000},"))
    for _ in range(50):
        before = sorted(os.listdir(runs)), cluster.ask("jobs")["jobs"]
        done = cluster.tram("submit", large, "--set", "actors.generator.place.needs.zone=nowhere", status=None)
        if done.status:
            break
    h.expect_equal(done.status, h.IO, f"a submission to a full disk: {done.err}")
    h.expect(text in done.err and "No space left on device" in done.err, f"why it was refused: {done.err}")
    after = sorted(os.listdir(runs)), cluster.ask("jobs")["jobs"]
    h.expect_equal(set(after[0]) - {".shipments"}, set(before[0]) - {".shipments"}, "what is left of a job that was refused")
    h.expect_equal(os.listdir(os.path.join(runs, ".shipments")), [], "its files")
    h.expect_equal([j["id"] for j in after[1]], [j["id"] for j in before[1]], "the jobs that there are")


def full(at, graph, name, of_runs, text):
    """The disk of run directories, or that of the head's own files; the other one has room."""
    disk = Disk(os.path.join(at, name))
    try:
        small = os.path.dirname(disk.mount(32 << 10))
    except (OSError, subprocess.CalledProcessError):
        return print("skipped: no tmpfs can be mounted here", flush=True)
    roomy = os.path.join(at, name, "roomy")
    os.makedirs(roomy)
    home, runs = (roomy, small) if of_runs else (small, roomy)
    os.symlink(runs, os.path.join(home, "runs"))
    cluster = Cluster(os.path.join(at, name))
    cluster.homes["a"] = home
    cluster.token = os.path.join(home, "token")
    try:
        cluster.start("head")
        cluster.start("a")
        cluster.wait_for_nodes("a")
        if not of_runs:
            job = cluster.ask("submit", graph)
            cluster.wait_for("steps", lambda: steps_told(job["run"]) >= 1)
        refused(cluster, disk, graph, text)
        if not of_runs:  # jobs go on
            steps = steps_told(job["run"])
            cluster.wait_for("further steps", lambda: steps_told(job["run"]) > steps)
        os.remove(disk.filler)
        disk.make_room()
        # The store may still be coming to itself.
        words = ["submit", graph, "--set", "stages.reinforce.steps=2", "--json"]
        taken = cluster.wait_for("a submission that is taken", lambda: cluster.tram(*words, status=None).out)
        small_one = json.loads(taken)
        cluster.tram("wait", small_one["id"])
        if not of_runs:
            cluster.ask("stop", job["id"])
        for who in ("head", "a"):
            cluster.kill(who, signal.SIGTERM)
        cluster.nothing_is_left()
        print(f"{name}: refused by name, nothing half left, and taken where there is room again", flush=True)
    finally:
        cluster.end()
        disk.leave()


with h.Folder() as folder:
    warm = h.warm_policy(folder)
    graph = h.job(folder, "shipped", policy=warm, steps=1000000, batch=32)
    cluster = Cluster(folder)
    try:
        cluster.start("head")
        cluster.start("a")
        cluster.wait_for_nodes("a")
        goes_with_the_job(cluster, graph, folder, warm)
        must_be_there(cluster, graph, folder, warm)
        for who in ("head", "a"):
            cluster.kill(who, signal.SIGTERM)
        cluster.nothing_is_left()
    finally:
        cluster.end()
    full(folder, graph, "the head's disk is full", False, "the head cannot keep a job")
    full(folder, graph, "the disk of run directories is full", True, "the head cannot store the job's files")
