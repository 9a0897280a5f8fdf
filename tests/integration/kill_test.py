"""kill -9, then resume, until the run ends: nothing finished is lost, nothing is trained twice, what
was half written goes on, and every version comes out as it was.

  kill_test.py TRAM REPOSITORY [--kills N] [--seed S]

Some kills fall anywhere. The others are aimed: the program runs for moments, is stopped after each
and looked at, and dies where what the kill should meet is there. A program that is stopped does
nothing between the look and its death, so that the speed of the machine does not matter.
"""
import argparse
import collections
import itertools
import os
import random
import signal
import time

import harness as h
from watch import Watch, half_written, trained_and_not_saved

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

# What a kill is to meet, how that is seen in the folder of a run, and how long a stop lasts at least.
# A generator keeps what is half written to itself for 0.25 s: after a longer stop it hands it over at
# its next token.
AIMS = {
    "half written": (half_written, 0.27),
    "trained and not saved": (trained_and_not_saved, 0),
}
STOPS_MOST = 12  # then the kill falls where it may, and another is aimed anew


class Life:
    """One process that works on a run."""

    def __init__(self, draw, run, words):
        self.draw, self.run = draw, run
        self.process = h.spawn(*words, "--json")

    def skip_lines(self, count):
        for _ in range(count):
            self.process.stdout.readline()

    def skip_to_a_step(self):
        """Reads on to the first version that it trains."""
        for line in self.process.stdout:
            if '"event":"step"' in line and '"kind":"reinforce"' in line:
                return

    def live(self, aim):
        """Whether it came to where the kill is to fall."""
        if aim in AIMS:
            return self.up_to(*AIMS[aim])
        self.anywhere()
        return True

    def anywhere(self):
        """Lets it run to any moment; one in three is in start-up or recovery. Events choose it, so
        that a slow machine is killed in the same places as a fast one."""
        if self.draw.random() < 0.3:
            time.sleep(self.draw.uniform(0, 0.6))
        else:
            self.skip_lines(self.draw.randint(1, 16))
            time.sleep(self.draw.expovariate(1 / 0.03))

    def up_to(self, is_there, pause):
        """Lets it run until it stands still where this is so; false if it ends, or takes long."""
        self.skip_to_a_step()
        self.skip_lines(self.draw.randint(0, 6))
        for _ in range(STOPS_MOST):
            time.sleep(self.draw.uniform(0.0005, 0.005))
            stopped = time.monotonic()
            if not h.stand_still(self.process):
                return False
            if is_there(self.run):
                return True
            time.sleep(max(0, stopped + pause - time.monotonic()))
            self.process.send_signal(signal.SIGCONT)
        return False

    def kill(self):
        """True if it did not end by itself before."""
        self.process.kill()
        _, err = self.process.communicate(timeout=h.PATIENCE)
        status = self.process.returncode
        h.expect(status in (-signal.SIGKILL, h.OK), f"a life ended with {status}: {err}")
        return status != h.OK


def campaign(draw, number, folder, policy, variant, aims):
    """Kills one run with these aims, as long as it lasts, then finishes it. Removes those met."""
    name = f"kill-{number}"
    run = os.path.join(folder, name)
    steps, batch = 12, 32
    start = {} if "warm_steps" in variant else {"policy": policy}
    # Few slots: most of a batch waits for one, and writing goes on long after a hand-over.
    graph = h.job(folder, name, steps=steps, batch=batch, slots=2, seed=draw.randrange(1 << 20), **start, **variant)
    watch = Watch(run, name)
    kills = []
    words = ["run", graph, "--run", run]
    while aims:
        life = Life(draw, run, words)
        aim = aims[0]
        try:
            met = life.live(aim)
        finally:
            killed = life.kill()
        if os.path.exists(os.path.join(run, "job.yaml")):
            words = ["resume", run]
        if not killed:
            break
        kills.append(aim if met else "anywhere")
        watch.after_kill()
        if met:
            aims.pop(0)
    h.tram(*words, "--plain")
    replayed = watch.at_the_end(steps, batch)
    print(f"run {number} {variant}: kills {dict(collections.Counter(kills))}; {watch.finished_at_a_kill} rollouts "
          f"finished before one, {len(watch.half_at)} half written at one, {watch.continued} of them continued by other weights, "
          f"{watch.trained_again} steps trained again; replay: {replayed}", flush=True)
    return len(kills), watch


def main():
    print(f"seed {seed}", flush=True)
    draw = random.Random(seed)
    began = time.time()
    watches, kills = [], 0

    def kill_all(aims, variant):
        nonlocal kills
        while aims:
            h.expect(len(watches) < options.kills, f"runs end before they can be killed: {variant}, {aims}")
            more, watch = campaign(draw, len(watches), folder, policy, variant, aims)
            watches.append(watch)
            kills += more

    with h.Folder() as folder:
        policy = h.warm_policy(folder)
        for variant in itertools.cycle(VARIANTS):
            # Each way to run meets each kind of kill; what one run ends before, the next one gets.
            aims = [*AIMS, "anywhere", "anywhere", draw.choice(list(AIMS))]
            draw.shuffle(aims)
            kill_all(aims, variant)
            if kills >= options.kills:
                break
        # Where generators run ahead, they write on at once, whichever weights they have.
        while not any(watch.continued for watch in watches):
            kill_all(["half written"], dict(max_lag=2, overdue="drop"))
    h.expect(any(watch.trained_again for watch in watches), "no step was ever trained again: the test proves too little")
    print(f"{kills} kills over {len(watches)} runs in {time.time() - began:.0f} s: nothing lost, nothing trained twice")


main()
