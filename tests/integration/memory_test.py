"""What `tram plan` says of memory is what a run takes, within 15 %, whichever part is the largest; and a job that
cannot fit is refused before it starts.

  memory_test.py TRAM REPOSITORY
"""
import os
import re
import resource

import harness as h

UNITS = {"MB": 1e6, "GB": 1e9}
JOB = """
name: memory
model: {{ preset: {preset}, tokens: {tokens} }}
data: {{ prompts: {data}/train.jsonl, heldout: {data}/heldout.jsonl }}
stages:
  - warm_start:
      demonstrations: demonstrations.jsonl
      styles: {{ all: 1 }}
      steps: 2
      batch: {batch}
      optimizer: {{ learning_rate: 1e-4 }}
  - reinforce:
      algorithm: {{ name: magistral, group: 8, batch: 64 }}
      steps: 6
      max_lag: {max_lag}
      optimizer: {{ learning_rate: 1e-4 }}
actors:
  generator: {{ max_tokens: 24, slots: 64, cache_megabytes: {cache} }}
  trainer: {{ microbatch_rows: {rows}, checkpoint_every: 2, recompute: {recompute} }}
  verifier: {{ rewards: {{ math: {{ answer: number }} }} }}
  evaluator: {{ every: 0, problems: 16 }}
"""
# What is largest: optimizer and versions; the cache; activations. Demonstrations have `length` tokens.
CASES = {
    "weights": dict(preset="base", batch=8, max_lag=3, cache=16, rows=256, length=30),
    "cache": dict(preset="small", batch=8, max_lag=0, cache=512, rows=256, length=30),
    "activations": dict(preset="base", batch=32, max_lag=0, cache=16, rows=4096, length=127),
    "again": dict(preset="base", batch=32, max_lag=0, cache=16, rows=4096, length=127, recompute="layers"),
}


def planned(text):
    value, unit = re.search(r"^  in all +([0-9.]+) (MB|GB)", text, re.M).groups()
    return float(value) * UNITS[unit]


def check(folder, name, case):
    with open(os.path.join(folder, "demonstrations.jsonl"), "w") as file:
        file.writelines('{"prompt":"1+1=","all":"%s"}\n' % (str(i) + "2" * (case["length"] - 6)) for i in range(10, 100))
    job = os.path.join(folder, name + ".yaml")
    with open(job, "w") as file:
        file.write(JOB.format(tokens=h.TOKENS, data=h.GATE, **{"recompute": "none", **case}))
    plan = h.tram("plan", job).out
    ended = h.tram("run", job, "--run", os.path.join(folder, name), "--json")
    peak = h.summary_of(ended.events())["peak_memory_bytes"]
    ratio = planned(plan) / peak
    print(f"{name}: planned {planned(plan) / 1e6:.0f} MB, {peak / 1e6:.0f} MB at the peak ({ratio:.2f})", flush=True)
    h.expect(0.85 <= ratio <= 1.15, f"{name}: the plan is {ratio:.2f} of the peak\n{plan}")


def check_refusal(folder):
    """More than a machine has: refused with its largest parts before anything is written, unless told to start."""
    job = os.path.join(folder, "weights.yaml")
    run = os.path.join(folder, "refused")
    large = ("--set", "actors.generator.cache_megabytes=4000000", "--set", "actors.generator.slots=65536")
    ended = h.tram("run", job, "--run", run, *large, status=h.BAD_INPUT)
    for words in ("the job needs about", " GB of memory; there are", "generators: 1 x cache", "--overcommit"):
        h.expect(words in ended.err, f"the refusal does not say {words!r}: {ended.err}")
    h.expect(not os.path.exists(run), "a run that was refused has a folder")
    h.expect("too much" in h.tram("plan", job, *large).out, "the plan does not say that it is too much")

    def limit():  # so that what is started does not take the machine's memory
        resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))

    ended = h.tram("run", job, "--run", run, *large, "--overcommit", status=None, preexec_fn=limit)
    h.expect("the job needs about" not in ended.err, f"--overcommit did not start it: {ended.err}")
    h.expect("memory" in ended.err, f"what the system refuses is not named: {ended.err}")


with h.Folder() as folder:
    for name, case in CASES.items():
        check(folder, name, case)
    check_refusal(folder)
