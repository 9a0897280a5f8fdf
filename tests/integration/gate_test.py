"""The learning gate: examples/gate.yaml, asynchronous, learns on every seed, with sequences written
across swaps and log-probabilities equal bit for bit, whether what is overdue is waited for or
dropped; and its loss is Magistral's, computed here from the ledger's rollouts. With --isolation
process, every worker is a process of its own, and a replay finds every step equal.

  gate_test.py TRAM REPOSITORY SEED [SEED ...] [--isolation process]
"""
import argparse
import json
import os
import statistics

import harness as h

WANTED, HELDOUT = 0.65, 0.45
# Rules of alarms that do not depend on how fast and how full the machine is.
LEARNING = ["gap", "no_verdict", "reward_flat", "entropy", "length", "restarts"]


def check_loss(run, step):
    """Section 2.1 of the paper, for the first batch, whose ratios are 1: advantages r - mean(group), normalised over the
    minibatch; minus the mean over groups of 1 / sum |o_i| times the sum of its tokens' advantages."""
    lines = h.tram("rollouts", run, "--step", 0, "--state", "trained", "--limit", 10000, "--json").out.splitlines()
    groups = {}
    for rollout in map(json.loads, lines):
        groups.setdefault(rollout["group"], []).append((rollout["score"], len(rollout["token_ids"])))
    h.expect_equal(len(groups), step["groups_kept"], "groups of the first batch")
    raw = {g: [score - statistics.mean(s for s, _ in members) for score, _ in members] for g, members in groups.items()}
    everything = [a for advantages in raw.values() for a in advantages]
    mean, deviation = statistics.mean(everything), statistics.stdev(everything)
    of_groups = []
    for g, members in groups.items():
        tokens = [n for _, n in members]
        weighed = sum((a - mean) / (deviation + 1e-6) * n for a, n in zip(raw[g], tokens))
        of_groups.append(weighed / sum(tokens))
    loss = -statistics.mean(of_groups)
    h.expect(abs(loss - step["loss"]) < 1e-6, f"the loss of step 1 is {step['loss']}, by its formula {loss}")


def gate(folder, seed, overdue, isolation):
    run = os.path.join(folder, f"gate-{seed}-{overdue}")
    ended = h.tram("run", os.path.join(h.ROOT, "examples", "gate.yaml"), "--run", run, "--json", "--set", f"seed={seed}",
                   "--set", f"stages.reinforce.overdue={overdue}", "--isolation", isolation)
    events = ended.events()
    steps = h.steps_of(events)
    summary = h.summary_of(events)
    average = steps[-1]["correct_average"]
    check_loss(run, steps[0])
    print(f"seed {seed}, {overdue}: correct {average:.3f} after {len(steps)} steps, held-out {summary['heldout_before']:.3f} to "
          f"{summary['heldout_after']:.3f}, {summary['sequences_spanning_a_swap']} of {summary['rollouts']} across "
          f"a swap, lag {summary['lag_max']}, log-prob gap {summary['log_prob_gap_max']:g}, "
          f"{summary['seconds']:.1f} s ({summary['reinforce_seconds']:.1f} s reinforcing)", flush=True)
    h.expect(average >= WANTED, f"seed {seed}: the moving average of correct is {average:.3f}, wanted {WANTED}")
    h.expect(summary["heldout_after"] > HELDOUT, f"seed {seed}: held-out {summary['heldout_after']:.3f}, wanted {HELDOUT}")
    h.expect_equal(summary["log_prob_gap_max"], 0, f"seed {seed}: largest log-prob gap")
    h.expect(all(e["log_prob_gap_tokens"] > 0 for e in steps), f"seed {seed}: a step whose log-probs were not compared")
    alarms = [e["text"] for e in events if e["event"] == "alarm" and e.get("rule") in LEARNING]
    h.expect_equal(alarms, [], f"seed {seed}: alarms of a run that is as it should be")
    h.expect(summary["lag_max"] <= 2, f"seed {seed}: lag {summary['lag_max']}")
    for e in steps:
        h.expect_equal(8 * (e["groups_kept"] + e["groups_without_contrast"]), 256, f"seed {seed}: completions of step {e['step']}")
    h.expect_equal(summary["isolation"], isolation, f"seed {seed}: isolation")
    if isolation == "process":
        replay = h.tram("replay", run)
        h.expect("all equal" in replay.out, f"seed {seed}: {replay.out}")
        print(replay.out.splitlines()[-1], flush=True)
    if overdue == "drop":
        h.expect(summary["sequences_spanning_a_swap"] > 0, f"seed {seed}: no sequence was written across a swap")


parser = argparse.ArgumentParser()
parser.add_argument("tram")
parser.add_argument("repository")
parser.add_argument("seeds", type=int, nargs="+")
parser.add_argument("--isolation", choices=["thread", "process"], default="thread")
options = parser.parse_args()
with h.Folder() as at:
    for wanted in options.seeds:
        gate(at, wanted, "drop", options.isolation)
    for wanted in options.seeds[:2]:
        gate(at, wanted, "wait", options.isolation)
