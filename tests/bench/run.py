#!/usr/bin/env python3
"""Runs the benchmarks and prints their tables: everything is compared side by side in one run.

  ./dev bench [NAME..]     asks, ledger, kernels, decode, train, loop, peers; none: all but peers

`loop` runs the main job asynchronously and synchronously with the same updates, three seeds each.
`peers` runs the job's reinforcement as a plain PyTorch script beside it; it first installs PyTorch
with all its libraries (about 3 GB) into build/deps/peers.
"""
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build", "release")
TRAM = os.path.join(BUILD, "actors", "tram")
JOB = os.path.join(ROOT, "examples", "arithmetic.yaml")
TARGET = 0.70


def machine():
    cpu = platform.processor()
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            cpu = line.split(":")[1].strip()
    load = os.getloadavg()[0]
    return f"{cpu}, {os.cpu_count()} cores, load {load:.1f} before the start"


def heading(text):
    print(f"\n== {text}", flush=True)


def program(name):
    def run():
        heading(name)
        sys.stdout.flush()
        return subprocess.run([os.path.join(BUILD, "tests", "bench", name)]).returncode
    return run


def run_job(folder, *sets):
    command = [TRAM, "run", JOB, "--run", folder, "--json"]
    for s in sets:
        command += ["--set", s]
    lines = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def seconds_to_target(events):
    """Seconds of reinforcement until a held-out evaluation reached the target; None if none did."""
    spent = {e["step"]: e["seconds"] for e in events if e["event"] == "step" and e["kind"] == "reinforce"}
    steps = [e for e in events if e["event"] == "step" and e["kind"] == "reinforce"]
    if not steps:
        return None
    began = steps[0]["seconds"] - steps[0]["step_seconds"]
    for e in events:
        if e["event"] == "evaluation" and e["label"] == "during" and e["sampled"] >= TARGET:
            return spent[e["step"]] - began
    return None


def loop():
    heading("the main job, asynchronous (max_lag 2) against synchronous (max_lag 0), same updates")
    print(f"{'mode':14}{'seed':>5}{'reinforce s':>13}{'to ' + str(TARGET):>9}{'generator':>11}{'trainer':>9}{'held-out':>10}{'lag':>5}{'gap':>5}{'stall p50/p99 us':>19}")
    totals = {}
    with tempfile.TemporaryDirectory() as work:
        for seed in range(3):
            for lag in (2, 0):
                events = run_job(os.path.join(work, f"{lag}-{seed}"), f"seed={seed}", f"stages.reinforce.max_lag={lag}", "actors.evaluator.every=10")
                s = events[-1]
                reached = seconds_to_target(events)
                mode = "asynchronous" if lag else "synchronous"
                totals.setdefault(mode, []).append((s["reinforce_seconds"], s["heldout_after"], reached))
                print(f"{mode:14}{seed:>5}{s['reinforce_seconds']:>13.1f}{(f'{reached:.1f}' if reached else '-'):>9}{s['generator_busy']:>11.0%}{s['trainer_busy']:>9.0%}"
                      f"{s['heldout_after']:>10.3f}{s['lag_max']:>5}{s['logprob_gap_max']:>5g}{s['swap_stall_us_p50']:>10.1f} / {s['swap_stall_us_p99']:.1f}", flush=True)
    a, b = ([row[0] for row in totals[mode]] for mode in ("asynchronous", "synchronous"))
    print(f"asynchronous takes {statistics.mean(a) / statistics.mean(b):.2f} of the synchronous time; held-out "
          f"{statistics.mean(r[1] for r in totals['asynchronous']):.3f} against {statistics.mean(r[1] for r in totals['synchronous']):.3f}")
    return 0


def peers():
    heading(f"seconds of reinforcement to held-out {TARGET}, against a plain PyTorch script with the same weights, prompts and loss")
    target = os.path.join(ROOT, "build", "deps", "peers")
    if not os.path.exists(os.path.join(target, "complete")):
        print("installing PyTorch with all its libraries …", flush=True)
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--target", target, "torch==2.11.0", "numpy"], check=True)
        open(os.path.join(target, "complete"), "w").close()
    with tempfile.TemporaryDirectory() as work:
        run = os.path.join(work, "run")
        ours = run_job(run, "actors.evaluator.every=10", "stages.reinforce.steps=120")
        checkpoint = max((os.path.join(run, "warm_start", name) for name in os.listdir(os.path.join(run, "warm_start")) if name.startswith("step-")))
        mine = seconds_to_target(ours)
        print(f"{'tramontane':34}{mine:>8.1f} s")
        for processes in (1, 2):
            out = subprocess.run([sys.executable, os.path.join(HERE, "peers", "plain_pytorch.py"), "--checkpoint", checkpoint, "--data", os.path.join(ROOT, "examples", "arithmetic"),
                "--processes", str(processes), "--until", str(TARGET)], stdout=subprocess.PIPE, text=True, env=dict(os.environ, PYTHONPATH=target, OMP_WAIT_POLICY="passive"))
            result = json.loads(out.stdout.strip().splitlines()[-1])
            took = result["seconds_to_target"]
            what = "PyTorch, one process, 2 threads" if processes == 1 else "PyTorch, two processes"
            print(f"{what:34}" + (f"{took:>8.1f} s   {took / mine:.1f} times ours" if took else f"not within {result['seconds']:.0f} s (held-out {result['heldout']:.2f})"), flush=True)
    return 0


BENCHES = {"asks": program("ask_bench"), "ledger": program("ledger_bench"), "kernels": program("kernels_bench"),
    "decode": program("decode_bench"), "train": program("train_bench"), "loop": loop, "peers": peers}


def main():
    names = sys.argv[2:] or [n for n in BENCHES if n != "peers"]
    for name in names:
        if name not in BENCHES:
            sys.exit(f"unknown benchmark '{name}'; there are: {', '.join(BENCHES)}")
    print(machine())
    return max(BENCHES[name]() for name in names)


if __name__ == "__main__":
    sys.exit(main())
