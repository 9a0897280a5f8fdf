"""Limits of the system: threads, memory, the size of files, a terminal that goes away. What the run
could not have is named, with the limit; nothing is lost, and the run goes on once there is enough.

  limits_test.py TRAM REPOSITORY
"""
import json
import os
import resource
import shutil
import signal

import harness as h
from watch import Watch

NOBODYS = 61234  # a user without processes: limits on their number count the program's own


def limited(folder, name, graph, limit, value, as_user=None):
    """A run under this limit, to its end."""
    run = os.path.join(folder, name)
    shutil.rmtree(run, ignore_errors=True)

    def begin():
        if as_user is not None:
            os.setgid(as_user)
            os.setuid(as_user)
        resource.setrlimit(limit, (value, value))

    return run, h.tram("run", graph, "--run", run, "--plain", status=None, preexec_fn=begin)


def names_a_cause(ended, *parts):
    h.expect(ended.status == h.IO, f"exit status {ended.status}, wanted {h.IO}: {ended.err[-2000:]}")
    for part in parts:
        h.expect(part in ended.err, f"the message lacks '{part}':\n{ended.err[-2000:]}")
    h.expect("terminate" not in ended.err and "ssertion" not in ended.err, ended.err)


def threads(folder, policy):
    """Each thread in turn is the first that may not be started."""
    graph = h.job(folder, "threads", policy=policy, steps=2, heldout=4)
    user = NOBODYS if os.geteuid() == 0 else None
    refused = []
    for most in range(1, 64):
        _, ended = limited(folder, "threads", graph, resource.RLIMIT_NPROC, most, user)
        if ended.status == h.OK:
            break
        names_a_cause(ended, "could not be started", f"ulimit -u is {most}")
        refused.append(ended.err.strip().splitlines()[-1].split("could not")[0])
        if user is None:  # other processes of this user count too: the first thread is refused already
            break
    whose = " ".join(refused)
    h.expect(user is None or ("RocksDB" in whose and "'decode/0'" in whose and "clock" in whose),
        f"these were refused: {refused}")
    print(f"threads: each of {len(refused)} that could not be started is named", flush=True)


def memory(folder, policy):
    graph = h.job(folder, "memory", policy=policy, steps=2, heldout=4)
    refused = 0
    # About 200 all threads begin: whatever each of them needs first may be refused.
    for megabytes in (110, 150, 190, 195, 200, 205, 215, 230, 260, 330, 420, 600, 900, 1100, 1150, 1200, 1300, 1500):
        _, ended = limited(folder, "memory", graph, resource.RLIMIT_AS, megabytes << 20)
        if ended.status == h.OK:
            continue
        names_a_cause(ended, f"ulimit -v is {megabytes << 10}")
        refused += 1
    h.expect(refused >= 5, f"only {refused} runs had too little memory: the test proves too little")
    print(f"memory: {refused} runs had too little, and say so", flush=True)


def size_of_files(folder, policy):
    graph = h.job(folder, "sizes", policy=policy, steps=3, heldout=4)
    for kilobytes in (1, 3, 8, 20, 40, 200, 800):
        _, ended = limited(folder, "sizes", graph, resource.RLIMIT_FSIZE, kilobytes << 10)
        names_a_cause(ended, "File too large", "ulimit -f")
    # Checkpoints fit; the log of the ledger grows out of it.
    graph = h.job(folder, "grows", policy=policy, steps=300, heldout=4, checkpoint_every=20)
    run, ended = limited(folder, "grows", graph, resource.RLIMIT_FSIZE, 1600 << 10)
    names_a_cause(ended, "File too large", "ulimit -f", "ledger")
    watch = Watch(run, "limit on files")
    watch.after_kill()
    h.tram("resume", run, "--plain")
    watch.at_the_end(300, 32)
    print(f"size of files: named; resumed, {watch.finished_at_a_kill} finished rollouts kept", flush=True)


def hangup(folder, policy):
    graph = h.job(folder, "hangup", policy=policy, steps=1000000, batch=64)  # never ends
    for ignored in (False, True):
        run = os.path.join(folder, f"hangup-{ignored}")
        how = signal.SIG_IGN if ignored else signal.SIG_DFL  # whatever this test itself was started with
        process = h.spawn("run", graph, "--run", run, "--json", preexec_fn=lambda: signal.signal(signal.SIGHUP, how))

        def next_step():
            for line in process.stdout:
                if json.loads(line)["event"] == "step":
                    return
            h.expect(False, f"the run ended: {process.stderr.read()}")

        next_step()
        process.send_signal(signal.SIGHUP)
        if ignored:  # as under nohup
            for _ in range(20):
                next_step()
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=h.PATIENCE)
        h.expect_equal(process.returncode, h.INTERRUPTED, "exit status after a hang-up")
        events = h.metrics(run)
        h.expect_equal(h.summary_of(events)["stopped"], "interrupted", "the summary after a hang-up")
        saved = [e["version"] for e in events if e["event"] == "checkpoint"][-1]
        h.expect_equal(saved, h.steps_of(events)[-1]["version"], "the checkpoint after a hang-up")
    print("a hang-up finishes the step and writes a checkpoint, unless it is ignored", flush=True)


with h.Folder() as at:
    os.chmod(at, 0o777)
    warm = h.warm_policy(at)
    threads(at, warm)
    memory(at, warm)
    size_of_files(at, warm)
    hangup(at, warm)
