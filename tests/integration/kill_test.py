"""kill -9 at random moments, then resume, until the run ends: nothing finished is lost, nothing is
trained twice, what was half written goes on, and every version comes out as it was.

  kill_test.py TRAM REPOSITORY [--kills N] [--seed S]
"""
import argparse
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
options = parser.parse_args()
seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 30)

# The ways to run that differ in what a crash can meet; each is killed some times, then finished.
VARIANTS = [
    dict(max_lag=2, generators=2),
    dict(max_lag=0),
    dict(max_lag=2, on_swap="recompute", verifiers=2),
    dict(max_lag=1, batch_of="kept"),
    dict(max_lag=2, overdue="drop", on_swap="isolate"),
    dict(warm_steps=30, max_lag=2),
]


class Life:
    """One process working on a run, killed at a moment that its own events choose, so that a slow
    machine is killed in the same places as a fast one."""

    def __init__(self, draw, words):
        self.process = h.spawn(*words, "--json")
        if draw.random() < 0.2:
            self.lines, pause = 0, draw.uniform(0, 0.6)  # anywhere in start-up or recovery
        else:
            self.lines, pause = draw.randint(1, 16), draw.expovariate(1 / 0.03)
        for _ in range(self.lines):
            if not self.process.stdout.readline():
                break
        time.sleep(pause)
        if draw.random() < 0.6:
            # A machine that stalls: whoever writes then finds it high time to hand over what is half
            # written, and the kill meets just that.
            self.process.send_signal(signal.SIGSTOP)
            time.sleep(0.27)
            self.process.send_signal(signal.SIGCONT)
            time.sleep(draw.expovariate(1 / 0.003))
        self.killed = self.process.poll() is None
        self.process.kill()
        _, self.err = self.process.communicate(timeout=h.PATIENCE)
        self.status = self.process.returncode
        # It may have ended by itself between the poll and the kill.
        self.killed = self.killed and self.status == -9
        h.expect(self.killed or self.status == h.OK, f"a life ended with {self.status}: {self.err}")


def campaign(draw, number, folder, policy, kills_wanted):
    variant = dict(VARIANTS[number % len(VARIANTS)])
    name = f"kill-{number}"
    run = os.path.join(folder, name)
    steps, batch = 8, 32
    if "warm_steps" not in variant:
        variant["policy"] = policy
    graph = h.job(folder, name, steps=steps, batch=batch, seed=draw.randrange(1 << 20), **variant)
    watch = Watch(run, name)
    kills = half = 0
    words = ["run", graph, "--run", run]
    while kills < kills_wanted:
        life = Life(draw, words)
        if os.path.exists(os.path.join(run, "job.yaml")):
            words = ["resume", run]
        if not life.killed:
            break
        kills += 1
        half += watch.after_kill()
    ended = h.tram(*words, "--plain")
    trained_again, replayed = watch.at_the_end(steps, batch)
    variant.pop("policy", None)
    print(f"run {number} {variant}: {kills} kills, {half} rollouts half written at one, "
          f"{watch.finished_at_a_kill} finished before one, {trained_again} steps trained again; "
          f"replay: {replayed}", flush=True)
    return kills, half, trained_again


def main():
    print(f"seed {seed}", flush=True)
    draw = random.Random(seed)
    began = time.time()
    kills = half = again = number = 0
    with h.Folder() as folder:
        policy = h.warm_policy(folder)
        while kills < options.kills:
            more = campaign(draw, number, folder, policy, min(options.kills - kills, draw.randint(5, 8)))
            kills, half, again, number = kills + more[0], half + more[1], again + more[2], number + 1
    h.expect(half > 0, "no kill met a rollout that was half written: the test proves too little")
    h.expect(again > 0, "no step was ever trained again: the test proves too little")
    print(f"{kills} kills over {number} runs in {time.time() - began:.0f} s: nothing lost, nothing trained twice")


main()
