"""Weights that are served in bfloat16, and several threads: a synchronous run has the same versions
whoever computes and whoever is killed, a run replays bit for bit, and checkpoints are float32.

  serving_test.py TRAM REPOSITORY
"""
import json
import os
import struct

import harness as h

BFLOAT16 = ("--set", "model.serving=bfloat16")
THREADS = ("--set", "actors.generator.threads=2", "--set", "actors.trainer.threads=3", "--set", "actors.generator.slots=7")


def fingerprints(run):
    return {e["version"]: e["fingerprint"] for e in h.steps_of(h.metrics(run))}


def run(folder, name, graph, *words):
    path = os.path.join(folder, name)
    h.tram("run", graph, "--run", path, "--plain", *words)
    h.expect_equal(h.summary_of(h.metrics(path))["log_prob_gap_max"], 0, f"{name}: log-prob gap")
    return path


def dtypes(run):
    """Of the tensors of the newest checkpoint."""
    folder = os.path.join(run, "checkpoints")
    newest = sorted(c for c in os.listdir(folder) if c.startswith("step-"))[-1]
    with open(os.path.join(folder, newest, "model.safetensors"), "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
    return {tensor["dtype"] for name, tensor in header.items() if name != "__metadata__"}


def killed_and_resumed(folder, graph, wanted):
    """Killed once it has trained its third version, with a checkpoint of the second."""
    path = os.path.join(folder, "killed")
    process = h.spawn("run", graph, "--run", path, "--json", *BFLOAT16)
    done = 0
    while done < 3:
        line = process.stdout.readline()
        h.expect(line, f"tram run ended early: {process.returncode}")
        done += '"event":"step"' in line and '"kind":"reinforce"' in line
    h.stop(process)
    # What the ledger recorded before must come out again: else this ends with exit status 7.
    h.tram("resume", path, "--plain")
    h.expect_equal(fingerprints(path), wanted, "versions of the run that was killed")


with h.Folder() as at:
    warm = h.warm_policy(at)
    sync = h.job(at, "sync", policy=warm, max_lag=0, steps=6, checkpoint_every=2, seed=11)
    plain = fingerprints(run(at, "plain", sync))
    h.expect_equal(fingerprints(run(at, "plain-threads", sync, *THREADS)), plain, "float32 by several threads")
    print("float32: the same six versions by one thread and by several", flush=True)

    first = run(at, "rounded", sync, *BFLOAT16)
    rounded = fingerprints(first)
    h.expect(not set(rounded.values()) & set(plain.values()), "bfloat16 served the versions of float32")
    h.expect_equal(dtypes(first), {"F32"}, "what a checkpoint holds")
    h.expect_equal(fingerprints(run(at, "rounded-threads", sync, *BFLOAT16, *THREADS)), rounded, "bfloat16 by several threads")
    apart = run(at, "rounded-apart", sync, *BFLOAT16, "--isolation", "process")
    h.expect_equal(fingerprints(apart), rounded, "bfloat16 with every worker a process")
    killed_and_resumed(at, sync, rounded)
    print("bfloat16: the same six versions by several threads, in processes, and after kill -9", flush=True)

    later = h.job(at, "async", policy=warm, max_lag=2, steps=8, batch=64, slots=4, overdue="drop", seed=7)
    replayed = h.tram("replay", run(at, "async", later, *BFLOAT16)).out.strip().splitlines()
    h.expect("all equal" in replayed[-1], "\n".join(replayed))
    print(f"asynchronous: {replayed[-1]}", flush=True)
