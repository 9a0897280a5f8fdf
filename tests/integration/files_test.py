"""A job's files on a cluster: fetched by who has no more than a head to ask, and removed. What dies
meanwhile leaves no half file under its name.

  files_test.py TRAM REPOSITORY
"""
import filecmp
import json
import os
import shutil
import signal

import harness as h
from cluster import Cluster, steps_told


def files_of(folder):
    return sorted(os.path.relpath(os.path.join(at, name), folder) for at, _, names in os.walk(folder) for name in names)


def equal(run, there, what):
    h.expect_equal(files_of(there), files_of(run), f"{what}: its files")
    _, different, failed = filecmp.cmpfiles(run, there, files_of(run), shallow=False)
    h.expect_equal((different, failed), ([], []), f"{what}: files that are others")


def refused(cluster, words, status, *texts):
    ended = cluster.tram(*words, status=status)
    for text in texts:
        h.expect(text in ended.err, f"tram {words}: {text!r} is not in {ended.err!r}")


def removed_while_it_runs(cluster, job):
    refused(cluster, ["rm", job["id"]], h.JOB_FAILED, f"job {job['id']} (small) is running", f"tram stop {job['id']}")
    h.expect(os.path.isdir(job["run"]), "the run directory of a job that runs")


def fetched_while_it_runs(cluster, job, at):
    there = os.path.join(at, "early")
    told = json.loads(cluster.tram("fetch", job["id"], there, "--json").out)
    h.expect(told["without_ledger"] and not os.path.exists(os.path.join(there, "ledger")), f"the ledger of a job that runs: {told}")
    h.expect(steps_told(there) >= 1, "steps in what was fetched of a job that runs")


def fetched(cluster, job, at):
    there = os.path.join(at, "there")
    told = cluster.tram("fetch", job["id"], there).out
    h.expect(f"in {there}" in told, told)
    equal(job["run"], there, "a job that was fetched")
    h.expect(os.path.getsize(h.tram("report", there).out.split()[-1]) > 1000, "the report of what was fetched")
    h.expect(len(h.rollouts(there)) > 0, "the rollouts of what was fetched")
    few = os.path.join(at, "few")
    cluster.tram("fetch", job["id"], few, "--only", "metrics.jsonl", "--only", "workers/*")
    h.expect("metrics.jsonl" in files_of(few) and not [n for n in files_of(few) if n.startswith("checkpoints")], f"{files_of(few)}")
    refused(cluster, ["fetch", job["id"], few, "--only", "nothing"], h.BAD_INPUT, "has no file like nothing")
    with open(os.path.join(few, "metrics.jsonl"), "a") as f:
        f.write("mine\n")
    before = files_of(few)
    refused(cluster, ["fetch", job["id"], few], h.JOB_FAILED, "metrics.jsonl is there already", "nothing was copied")
    h.expect_equal(files_of(few), before, "what is there after a refusal")
    print("fetched: all, some, and not over what is there", flush=True)


def dies_meanwhile(cluster, job, at, who):
    """The head stands still until the fetch has begun, then is gone, or its node is."""
    big = os.path.join(job["run"], "big")
    if not os.path.exists(big):
        with open(big, "wb") as f:
            f.write(os.urandom(96 << 20))
    there = os.path.join(at, f"without-{who}")
    process = h.subprocess.Popen([h.TRAM, "fetch", str(job["id"]), there, "--only", "big"], stdout=h.subprocess.PIPE,
        stderr=h.subprocess.PIPE, text=True, env=cluster.environment("a"))
    part = os.path.join(there, "big.fetching")
    cluster.wait_for("the first bytes", lambda: os.path.exists(part) and os.path.getsize(part) > 0 or process.poll() is not None)
    cut_off = h.stand_still(process)  # in the middle of it, unless it was faster
    cluster.kill(who)
    if cut_off:
        process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=h.PATIENCE)
    if who == "head" and process.returncode != h.OK:
        h.expect(not os.path.exists(os.path.join(there, "big")), "half a file under its name")
        h.expect_equal(process.returncode, h.JOB_FAILED, f"a fetch whose head is gone: {err}")
        cluster.start(who)
        cluster.tram("fetch", job["id"], there, "--only", "big")
    else:
        h.expect_equal(process.returncode, h.OK, f"a fetch while {who} died: {err}")
        cluster.start(who)
    h.expect(filecmp.cmp(big, os.path.join(there, "big"), shallow=False), f"the file, fetched while {who} died")
    h.expect_equal(files_of(there), ["big"], "what is left of the fetch")
    print(f"fetched while {who} was killed: whole", flush=True)


def removed(cluster, job, at):
    number = job["id"]
    log = os.path.join(cluster.homes["a"], "logs", f"job-{number}.log")
    h.expect(os.path.exists(log), f"there is no {log}")
    cluster.tram("rm", number)
    h.expect(not os.path.exists(job["run"]) and not os.path.exists(log), "files of a job that was removed")
    for words in (["status", number], ["rm", number], ["logs", number], ["fetch", number, os.path.join(at, "gone")]):
        refused(cluster, words, h.BAD_INPUT, f"there is no job {number}")
    h.expect(not os.path.exists(os.path.join(at, "gone")), "a folder for nothing")


def numbers_go_on(cluster, graph, last):
    """A job that was removed had its number alone, whatever became of the head."""
    cluster.kill("head")
    cluster.start("head")
    cluster.wait_for_nodes("a")
    job = cluster.ask("submit", graph)
    h.expect_equal(job["id"], last + 1, "the number of the next job")
    cluster.ask("stop", job["id"])
    told = cluster.tram("rm", job["id"], "--keep-run").out
    h.expect("its run directory stays: " + job["run"] in told, told)
    print("removed: number, record and files; numbers go on", flush=True)


with h.Folder() as folder:
    warm = h.warm_policy(folder)
    cluster = Cluster(folder)
    try:
        cluster.start("head")
        cluster.start("a")
        cluster.wait_for_nodes("a")
        graph = h.job(folder, "small", policy=warm, steps=1000000, batch=32)
        job = cluster.ask("submit", graph)
        cluster.wait_for("steps", lambda: steps_told(job["run"]) >= 2)
        removed_while_it_runs(cluster, job)
        fetched_while_it_runs(cluster, job, folder)
        cluster.ask("stop", job["id"])
        fetched(cluster, job, folder)
        dies_meanwhile(cluster, job, folder, "a")
        dies_meanwhile(cluster, job, folder, "head")
        cluster.wait_for_nodes("a")
        removed(cluster, job, folder)
        numbers_go_on(cluster, graph, job["id"])
        for who in ("head", "a"):
            cluster.kill(who, signal.SIGTERM)
        cluster.nothing_is_left()
    finally:
        cluster.end()
