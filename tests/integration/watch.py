"""What must stay true of a run over all its lives, however each of them ended."""
import collections
import os
import re

import harness as h


def is_half_written(rollout):
    return rollout["finish"] == "running" and bool(rollout["token_ids"])


def saved_version(run):
    folder = os.path.join(run, "checkpoints")
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return max((int(found[1]) for n in names if (found := re.fullmatch(r"step-(\d+)", n))), default=0)


def half_written(run):
    """Whether a rollout is half written, by weights that no checkpoint has: the next life begins with
    others, and its spans show who wrote what."""
    saved = saved_version(run)
    return any(is_half_written(r) and r["spans"][-1]["version"] > saved for r in h.rollouts(run).values())


def trained_and_not_saved(run):
    """The versions trained since the newest checkpoint: a kill now has them trained again."""
    saved = saved_version(run)
    return {e["version"] for e in h.steps_of(h.metrics(run)) if e["version"] > saved}


def written_until(rollout, length):
    """The spans of its first tokens."""
    return [dict(span, end=min(span["end"], length)) for span in rollout["spans"] if span["begin"] < length]


class Watch:
    """What is known of one run, over all its lives."""

    def __init__(self, run, name):
        self.run, self.name = run, name
        self.seen = {}
        self.half_at = set()  # rollouts that were half written at a kill, with their lengths then
        self.taken_back = {}  # versions that a kill took back, with how often they were trained by then
        self.finished_at_a_kill = self.continued = self.trained_again = 0

    def look(self):
        now = h.rollouts(self.run)
        for number, before in self.seen.items():
            after = now.get(number)
            where = f"{self.name}: rollout {number}"
            h.expect(after is not None, f"{where} is gone; it was {before}")
            length = len(before["token_ids"])
            if before["finish"] != "running":
                h.expect(after["finish"] != "running", f"{where} was finished and no longer is")
                h.expect_equal(after["token_ids"], before["token_ids"], f"{where} has other tokens")
                h.expect_equal(after["spans"], before["spans"], f"{where} has other spans")
            elif not after["state"].startswith("dropped: "):
                # Of what is dropped, for a reason, the half-written part goes.
                h.expect_equal(after["token_ids"][:length], before["token_ids"],
                    f"{where} did not keep the tokens that were written")
                h.expect_equal(written_until(after, length), before["spans"],
                    f"{where} was written anew up to the token that it had got to")
            if before["score"] is not None:
                h.expect_equal(after["score"], before["score"], f"{where} has another score")
            if before["step"] is not None:
                h.expect_equal(after["step"], before["step"], f"{where} moved to another batch")
        return now

    def after_kill(self):
        """Compares with what was there at earlier kills, and remembers what must go on from here."""
        self.seen = self.look()
        self.finished_at_a_kill += sum(r["finish"] != "running" for r in self.seen.values())
        for number, r in self.seen.items():
            if is_half_written(r):
                self.half_at.add((number, len(r["token_ids"])))
        trained = self.times_trained()
        for version in trained_and_not_saved(self.run):
            self.taken_back[version] = trained[version]

    def times_trained(self):
        return collections.Counter(e["version"] for e in h.steps_of(h.metrics(self.run)))

    def at_the_end(self, steps, batch):
        """The run has finished: everything seen finished was used, once; what was half written went on;
        replays are equal. Returns the last line of the replay."""
        now = self.look()
        for number, before in self.seen.items():
            if before["finish"] != "running":
                h.expect(now[number]["state"] == "trained" or now[number]["state"].startswith("dropped: "),
                    f"{self.name}: rollout {number} was finished but was neither trained nor dropped for a "
                    f"reason: {now[number]}")
        events = h.metrics(self.run)
        by_version = {}
        for e in h.steps_of(events):
            first = by_version.setdefault(e["version"], e)
            for key in ("fingerprint", "batch", "rollouts"):
                h.expect_equal(e[key], first[key], f"{self.name}: {key} of version {e['version']} changed")
        h.expect_equal(sorted(by_version), list(range(1, steps + 1)), f"{self.name}: the versions trained")
        for e in events:
            if e["event"] == "swap" and e["version"] in by_version:
                h.expect_equal(e["fingerprint"], by_version[e["version"]]["fingerprint"],
                    f"{self.name}: a swap to version {e['version']}")
        # Each rollout is in one batch at most, and each step's batch has what its event says.
        in_step = {}
        for r in now.values():
            if r["step"] is not None:
                in_step[r["step"]] = in_step.get(r["step"], 0) + 1
        for step in range(steps):
            h.expect(in_step.get(step, 0) >= batch, f"{self.name}: the batch of step {step} has "
                f"{in_step.get(step, 0)} completions")
        for e in events:
            # What a kill cuts off is no damage.
            h.expect(e["event"] != "alarm" or "damaged" not in e["text"], f"{self.name}: {e.get('text')}")
        summary = h.summary_of(events)
        h.expect_equal(summary["stopped"], "finished", self.name)
        h.expect_equal(summary["rollouts"], sum(e["rollouts"] for e in by_version.values()),
            f"{self.name}: rollouts in the summary count a step trained twice")
        h.expect_equal(summary["log_prob_gap_max"], 0, f"{self.name}: log-prob gap")
        replayed = h.tram("replay", self.run)
        h.expect("all equal" in replayed.out, replayed.out[-500:])
        # Other weights wrote on from the very token where the kill was.
        self.continued = sum(any(s["begin"] == length for s in now[number]["spans"]) for number, length in self.half_at)
        trained = self.times_trained()
        for version, before in self.taken_back.items():
            h.expect(trained[version] > before, f"{self.name}: version {version} was in no checkpoint, and not trained again")
        self.trained_again = sum(trained.values()) - len(trained)
        return replayed.out.strip().splitlines()[-1]
