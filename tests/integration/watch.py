"""What must stay true of a run over all its lives, however each of them ended."""
import harness as h


class Watch:
    """What is known of one run, over all its lives."""

    def __init__(self, run, name):
        self.run, self.name = run, name
        self.seen = {}
        self.finished_at_a_kill = 0

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
            else:
                h.expect_equal(after["token_ids"][:length], before["token_ids"],
                    f"{where} did not keep the tokens that were written")
                if length and before["spans"]:
                    h.expect_equal(after["spans"][0]["version"], before["spans"][0]["version"],
                        f"{where} begins under another version")
            if before["score"] is not None:
                h.expect_equal(after["score"], before["score"], f"{where} has another score")
            if before["step"] is not None:
                h.expect_equal(after["step"], before["step"], f"{where} moved to another batch")
        return now

    def after_kill(self):
        """Compares with what was there at earlier kills; returns how many are half written now."""
        self.seen = self.look()
        self.finished_at_a_kill += sum(r["finish"] != "running" for r in self.seen.values())
        return sum(r["finish"] == "running" and bool(r["token_ids"]) for r in self.seen.values())

    def at_the_end(self, steps, batch):
        """The run has finished: everything seen finished was used, once; replays are equal."""
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
        summary = h.summary_of(events)
        h.expect_equal(summary["stopped"], "finished", self.name)
        h.expect_equal(summary["rollouts"], sum(e["rollouts"] for e in by_version.values()),
            f"{self.name}: rollouts in the summary count a step trained twice")
        h.expect_equal(summary["logprob_gap_max"], 0, f"{self.name}: log-prob gap")
        replayed = h.tram("replay", self.run)
        h.expect("all equal" in replayed.out, replayed.out[-500:])
        trained_again = len(h.steps_of(events)) - len(by_version)
        return trained_again, replayed.out.strip().splitlines()[-1]
