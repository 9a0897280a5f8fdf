"""The learning gate: examples/gate.yaml, asynchronous, learns on every seed, with sequences written
across swaps and log-probabilities equal bit for bit.

  gate_test.py TRAM REPOSITORY SEED [SEED ...]
"""
import argparse
import os

import harness as h

WANTED, HELDOUT = 0.65, 0.45


def gate(folder, seed):
    run = os.path.join(folder, f"gate-{seed}")
    ended = h.tram("run", os.path.join(h.ROOT, "examples", "gate.yaml"), "--run", run, "--json", "--set", f"seed={seed}")
    events = ended.events()
    steps = h.steps_of(events)
    summary = h.summary_of(events)
    average = steps[-1]["correct_average"]
    print(f"seed {seed}: correct {average:.3f} after {len(steps)} steps, held-out {summary['heldout_before']:.3f} to "
          f"{summary['heldout_after']:.3f}, {summary['sequences_spanning_a_swap']} of {summary['rollouts']} across "
          f"a swap, lag {summary['lag_max']}, log-prob gap {summary['log_prob_gap_max']:g}, "
          f"{summary['seconds']:.1f} s ({summary['reinforce_seconds']:.1f} s reinforcing)", flush=True)
    h.expect(average >= WANTED, f"seed {seed}: the moving average of correct is {average:.3f}, wanted {WANTED}")
    h.expect(summary["heldout_after"] > HELDOUT, f"seed {seed}: held-out {summary['heldout_after']:.3f}, wanted {HELDOUT}")
    h.expect_equal(summary["log_prob_gap_max"], 0, f"seed {seed}: largest log-prob gap")
    h.expect(all(e["log_prob_gap_tokens"] > 0 for e in steps), f"seed {seed}: a step whose log-probs were not compared")
    h.expect(0 < summary["lag_max"] <= 2, f"seed {seed}: lag {summary['lag_max']}")
    for e in steps:
        h.expect_equal(8 * (e["groups_kept"] + e["groups_without_contrast"]), 256, f"seed {seed}: completions of step {e['step']}")
    h.expect(summary["sequences_spanning_a_swap"] > 0, f"seed {seed}: no sequence was written across a swap")


parser = argparse.ArgumentParser()
parser.add_argument("tram")
parser.add_argument("repository")
parser.add_argument("seeds", type=int, nargs="+")
options = parser.parse_args()
with h.Folder() as at:
    for wanted in options.seeds:
        gate(at, wanted)
