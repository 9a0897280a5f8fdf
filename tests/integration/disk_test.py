"""A full disk, from the beginning or from some moment on, for good or for a while. The run ends with
exit status 4 and the first cause, or goes on; resumed where there is room, it comes to its end with
nothing lost.

  disk_test.py TRAM REPOSITORY
"""
import json
import os
import signal
import subprocess
import sys
import time

import harness as h
from disk import Disk
from watch import Watch

BATCH = 32
APART = ["--isolation", "process"]


def names_the_cause(name, status, err):
    h.expect_equal(status, h.IO, f"{name}: exit status, having said {err[-2000:]}")
    last = err.strip().splitlines()[-1]
    h.expect(last.startswith("tram: ") and "No space left on device" in last and "free some disk space" in last,
        f"{name}: the last message does not name cause and remedy: {err}")
    consequence = last.find("Resource busy")
    h.expect(consequence < 0 or last.find("No space") < consequence, f"{name}: not the first cause: {err}")


def goes_on(name, run, steps, isolation):
    watch = Watch(run, name)
    watch.after_kill()
    h.tram("resume", run, "--plain", *isolation)
    watch.at_the_end(steps, BATCH)
    return watch.finished_at_a_kill


def too_small(disk, folder, policy, isolation, sizes):
    """Of so many kilobytes: each is full in another file."""
    steps, kept = 12, 0
    graph = h.job(folder, "small", policy=policy, steps=steps, batch=BATCH, heldout=4)
    for kilobytes in sizes:
        name = f"a disk of {kilobytes} KB {isolation}"
        run = disk.mount(kilobytes)
        ended = h.tram("run", graph, "--run", run, "--plain", *isolation, status=None)
        names_the_cause(name, ended.status, ended.err)
        disk.make_room()
        kept += goes_on(name, run, steps, isolation)
    print(f"full from the beginning: {len(sizes)} sizes, {kept} finished rollouts kept {isolation}", flush=True)


def begin(disk, folder, policy, steps, isolation):
    """A run that has just written its first checkpoint."""
    graph = h.job(folder, "full", policy=policy, steps=steps, batch=BATCH, seed=4)
    run = disk.mount(24 << 10)
    process = h.spawn("run", graph, "--run", run, "--plain", *isolation)
    while "checkpoint" not in (line := process.stdout.readline()):
        h.expect(line, f"the run ended early: {process.poll()}")
    return run, process


def for_good(disk, folder, policy):
    run, process = begin(disk, folder, policy, 60, [])
    h.expect(h.stand_still(process), "the run ended before its disk was full")
    disk.fill()
    process.send_signal(signal.SIGCONT)
    _, err = process.communicate(timeout=h.PATIENCE)
    names_the_cause("full from the first checkpoint on", process.returncode, err)
    os.remove(disk.filler)
    kept = goes_on("full from the first checkpoint on", run, 60, [])
    print(f"full from the first checkpoint on: resumed, {kept} finished rollouts kept", flush=True)


def for_a_while(disk, folder, policy, killed):
    """And this worker dies meanwhile: its next lives may fail, until there is room."""
    name = f"full for a while, without {killed}"
    run, process = begin(disk, folder, policy, 120, APART)
    disk.fill()
    for pid in subprocess.run(["pgrep", "-P", str(process.pid), "-f", f"serve-worker {killed}"], capture_output=True, text=True).stdout.split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            pass  # the full disk was quicker
    time.sleep(0.7)
    os.remove(disk.filler)
    _, err = process.communicate(timeout=h.PATIENCE)
    h.expect_equal(process.returncode, h.OK, f"{name}: exit status, having said {err}")
    Watch(run, name).at_the_end(120, BATCH)
    with open(os.path.join(run, "exits.jsonl")) as f:
        kept = {(e["actor"], e["incarnation"]) for e in map(json.loads, f)}
    told = {(e["actor"], e["incarnation"]) for e in h.metrics(run) if e["event"] == "exit"}
    h.expect((killed, 1) in kept, f"{name}: its end has no record: {kept}")
    h.expect(told <= kept, f"{name}: these ends have no record: {told - kept}")
    print(f"{name}: it went on, after {len(kept)} ends with a record each", flush=True)


with h.Folder() as at:
    disk_here = Disk(at)
    try:
        disk_here.mount(1024)
    except (OSError, subprocess.CalledProcessError):
        print("skipped: no tmpfs can be mounted here")
        sys.exit(77)
    try:
        warm = h.warm_policy(at)
        too_small(disk_here, at, warm, [], (16, 24, 200, 1900, 2800, 4200))
        too_small(disk_here, at, warm, APART, (16, 40, 200, 1900, 4200))
        for_good(disk_here, at, warm)
        for_a_while(disk_here, at, warm, "trainer")
        for_a_while(disk_here, at, warm, "ledger")
    finally:
        disk_here.leave()
