#!/usr/bin/env python3
"""Runs the benchmarks and prints their tables: everything is compared side by side in one run.

  ./dev bench [NAME..]     asks, links, ledger, kernels, decode, train, verdicts, weights, place, sandbox,
                           language, loop, processes, watching, generate, peers, math_verify, runtimes, cluster; none: all but the last five

`loop` runs the main job asynchronously and synchronously with the same updates, three seeds each;
`processes` with its actors in processes and in one, and looks at workers that idle. `watching`
runs it with fifty clients that stream what it does, and without. `links` asks over TCP, and sends
blobs beside plain writes.
`generate` decodes with Hugging Face transformers beside our decoder. `peers` runs the main job's
reinforcement as a plain PyTorch script, in one process and in two, and with TRL's GRPO trainer.
These two first install the newest TRL and transformers of PyPI with PyTorch (about 6 GB) into a
virtual environment of their own, build/deps/peers. `runtimes` asks between two processes beside Ray
and Monarch of PyPI, installed there too. `cluster` submits jobs to a head, beside Ray's, has the main
job over three nodes, and looks at a head that idles.
`math_verify` compares mathematical answers beside the Math-Verify of PyPI: every tenth pair made
from the golds below $TRAM_DATA (math500, gsm8k, aime), or adversarial ones alone.
"""
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

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


def program(*names):
    def run():
        trainer = os.path.join(BUILD, "actors", "model", "torch", "libtramontane_trainer.so")
        codes = []
        for name in names:
            heading(name)
            sys.stdout.flush()
            codes.append(subprocess.run([os.path.join(BUILD, "tests", "bench", name)],
                env=dict(os.environ, TRAM_TRAINER=trainer)).returncode)
        return max(codes)
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
                      f"{s['heldout_after']:>10.3f}{s['lag_max']:>5}{s['log_prob_gap_max']:>5g}{s['swap_stall_us_p50']:>10.1f} / {s['swap_stall_us_p99']:.1f}", flush=True)
    a, b = ([row[0] for row in totals[mode]] for mode in ("asynchronous", "synchronous"))
    print(f"asynchronous takes {statistics.mean(a) / statistics.mean(b):.2f} of the synchronous time; held-out "
          f"{statistics.mean(r[1] for r in totals['asynchronous']):.3f} against {statistics.mean(r[1] for r in totals['synchronous']):.3f}")
    return 0


def processes():
    heading("the main job with its actors in processes, against one process: same updates, three seeds")
    print(f"{'isolation':12}{'seed':>5}{'reinforce s':>13}{'held-out':>10}{'gap':>5}{'stall p50/p99 us':>19}")
    totals = {}
    with tempfile.TemporaryDirectory() as work:
        for seed in range(3):
            for isolation in ("thread", "process"):
                s = run_job(os.path.join(work, f"{isolation}-{seed}"), f"seed={seed}", "actors.evaluator.majority=0",
                    *[f"actors.{role}.isolation={isolation}" for role in ("ledger", "generator", "verifier", "trainer", "evaluator")])[-1]
                totals.setdefault(isolation, []).append((s["reinforce_seconds"], s["heldout_after"]))
                print(f"{isolation:12}{seed:>5}{s['reinforce_seconds']:>13.1f}{s['heldout_after']:>10.3f}{s['log_prob_gap_max']:>5g}"
                      f"{s['swap_stall_us_p50']:>10.1f} / {s['swap_stall_us_p99']:.1f}", flush=True)
        one, many = ([statistics.mean(row[i] for row in totals[key]) for i in (0, 1)] for key in ("thread", "process"))
        print(f"processes take {many[0] / one[0]:.2f} of the time of one; held-out {many[1]:.3f} against {one[1]:.3f}")
        idle_workers(os.path.join(work, "idle"))
    return 0


def idle_workers(folder):
    """Verifier and evaluator have nothing to do while the trainer stands still."""
    command = [TRAM, "run", JOB, "--run", folder, "--plain", "--isolation", "process", "--set", "stages.reinforce.steps=1000000"]
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not (os.path.exists(folder + "/metrics.jsonl") and '"reinforce"' in open(folder + "/metrics.jsonl").read()):
            time.sleep(0.2)
        pids = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                words = open(f"/proc/{pid}/cmdline").read().split("\0")
                parent = int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if parent == run.pid and words[1:2] == ["serve-worker"]:
                pids[words[2]] = pid
        os.kill(int(pids["trainer"]), signal.SIGSTOP)
        time.sleep(3)
        spent = {name: processor_seconds(pids[name]) for name in ("verifier/0", "evaluator")}
        time.sleep(20)
        for name, before in spent.items():
            used = (processor_seconds(pids[name]) - before) / 20
            print(f"an idle {name}: {private_megabytes(pids[name]):.1f} MB of its own, {100 * used:.2f} % of a core", flush=True)
    finally:
        run.kill()
        run.wait()


def processor_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def private_megabytes(pid):
    lines = [line.split() for line in open(f"/proc/{pid}/smaps_rollup") if line.startswith("Private_")]
    return sum(int(line[1]) for line in lines) / 1024


PEERS = os.path.join(ROOT, "build", "deps", "peers")
PEER_PYTHON = os.path.join(PEERS, "bin", "python")
PEER_PACKAGES = ["torch==2.11.0", "numpy", "transformers", "trl", "datasets", "accelerate"]


def install_peers(more=()):
    if not os.path.exists(PEER_PYTHON):
        print("installing PyTorch, transformers and TRL …", flush=True)
        made = subprocess.run([sys.executable, "-m", "venv", PEERS], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if made.returncode:
            shutil.rmtree(PEERS, ignore_errors=True)
            sys.exit(f"a virtual environment is needed (apt-get install python3-venv): {made.stdout}")
    subprocess.run([PEER_PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--upgrade", "--upgrade-strategy", "only-if-needed"] + PEER_PACKAGES + list(more), check=True)
    shown = subprocess.run([PEER_PYTHON, "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check"], stdout=subprocess.PIPE, text=True, check=True).stdout
    print(", ".join(line for line in shown.splitlines() if line.split("==")[0] in ("torch", "transformers", "trl")), flush=True)


def peer(script, *words):
    """Runs a peer's script; the JSON lines it printed."""
    env = dict(os.environ, OMP_WAIT_POLICY="passive", HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", PYTHONWARNINGS="ignore")
    out = subprocess.run([PEER_PYTHON, os.path.join(HERE, "peers", script), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    if out.returncode:
        sys.exit(f"{script} failed:\n{out.stderr[-3000:]}")
    return [json.loads(line) for line in out.stdout.splitlines() if line.startswith('{"')]


def warm_start_of(run):
    folder = os.path.join(run, "warm_start")
    return max(os.path.join(folder, name) for name in os.listdir(folder) if name.startswith("step-"))


def generate():
    heading("decoding 40 tokens after 7, one thread: tokens/s of our decoder against Hugging Face transformers' generate()")
    install_peers()
    with tempfile.TemporaryDirectory() as work:
        run = os.path.join(work, "run")
        run_job(run, "stages.warm_start.steps=10", "stages.reinforce.steps=1", "actors.evaluator.majority=0")
        lines = subprocess.run([os.path.join(BUILD, "tests", "bench", "decode_bench")], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
        ours = {row["batch"]: row["ours_tokens_s"] for row in map(json.loads, lines)}
        for row in peer("transformers_generate.py", "--checkpoint", warm_start_of(run)):
            mine = ours[row["batch"]]
            print(f"batch {row['batch']:>4}{mine:>12,.0f} against {row['tokens_s']:>9,.0f}   {mine / row['tokens_s']:.1f} times", flush=True)
    return 0


def peers():
    heading(f"seconds of reinforcement to held-out {TARGET}: the same warm-started weights, prompts, rewards and learning rate; the\n"
            "   loss is Magistral's over the tokens of the batch, which all of them have")
    install_peers()
    with tempfile.TemporaryDirectory() as work:
        run = os.path.join(work, "run")
        mine = seconds_to_target(run_job(run, "actors.evaluator.every=10", "stages.reinforce.steps=120",
            "stages.reinforce.algorithm.normaliser=batch_tokens"))
        if mine is None:
            sys.exit("our own run did not reach the target")
        print(f"{'tramontane':36}{mine:>8.1f} s", flush=True)
        common = ["--checkpoint", warm_start_of(run), "--data", os.path.join(ROOT, "examples", "arithmetic"), "--until", str(TARGET)]
        for name, script, words in [("PyTorch, one process, 2 threads", "plain_pytorch.py", ["--processes", "1"]),
                ("PyTorch, two processes", "plain_pytorch.py", ["--processes", "2"]), ("TRL's GRPO trainer", "trl_grpo.py", ["--seconds", "900"])]:
            result = peer(script, *common, *words)[-1]
            took = result["seconds_to_target"]
            print(f"{name:36}" + (f"{took:>8.1f} s   {took / mine:.1f} times ours, {result['steps']} steps" if took else
                f"not within {result['seconds']:.0f} s, {result['steps']} steps (held-out {result['heldout']:.2f}): more than {result['seconds'] / mine:.1f} times ours"), flush=True)
    return 0


def watching():
    return subprocess.run([sys.executable, os.path.join(HERE, "watching.py"), TRAM, JOB]).returncode


def math_verify():
    heading("equality of mathematical answers against Math-Verify")
    folder = os.path.join(ROOT, "build", "deps", "math_verify")
    if not os.path.exists(os.path.join(folder, "complete")):
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--target", folder, "math-verify[antlr4_13_2]"], check=True)
        open(os.path.join(folder, "complete"), "w").close()
    data = ["--data", os.environ["TRAM_DATA"], "--step", "10"] if os.environ.get("TRAM_DATA") else []
    return subprocess.run([sys.executable, os.path.join(HERE, "peers", "math_verify_pairs.py"),
        os.path.join(BUILD, "tests", "bench", "maths_bench"), "--peer", folder] + data).returncode


def runtimes():
    heading("asks between two processes of one host: one after another, and many under way (32 here, 1,000 there)")
    install_peers(["ray==2.60.0", "torchmonarch==0.7.0"])
    out = subprocess.run([os.path.join(BUILD, "tests", "bench", "remote_bench"), "--json"], stdout=subprocess.PIPE, text=True, check=True).stdout
    ours = json.loads(out)
    print(f"{'':28}{'p50 us':>10}{'p99 us':>10}{'many, per s':>14}")
    print(f"{'bare Asio, equal bytes':28}{ours['bare_us']:>10.1f}{ours['bare_p99_us']:>10.1f}")
    print(f"{'tramontane':28}{ours['remote_ask_us']:>10.1f}{ours['remote_ask_p99_us']:>10.1f}{ours['remote_asks_per_second']:>14,.0f}"
        f"   {ours['remote_ask_us'] / ours['bare_us']:.2f} times bare Asio", flush=True)
    print(f"{'  link on a pool of its own':28}{ours['two_pools_ask_us']:>10.1f}", flush=True)
    for name in ("ray", "monarch"):
        theirs = peer("runtimes.py", name)[-1]
        print(f"{theirs['name']:28}{theirs['ask_p50_us']:>10.1f}{theirs['ask_p99_us']:>10.1f}{theirs['pipelined_per_second']:>14,.0f}"
            f"   {theirs['ask_p50_us'] / ours['remote_ask_us']:.0f} times slower; {ours['remote_asks_per_second'] / theirs['pipelined_per_second']:.0f} times fewer", flush=True)
    return 0


def links():
    heading("between two processes over TCP on the loopback: asks, and blobs that are hashed on arrival")
    for words in (["remote_bench", "--tcp"], ["blob_bench"]):
        subprocess.run([os.path.join(BUILD, "tests", "bench", words[0])] + words[1:], check=True)
    return 0


def cluster():
    heading("a cluster of one machine: jobs submitted, workers started, a head that idles, the main job over three nodes")
    install_peers(["ray[default]==2.60.0"])
    subprocess.run([os.path.join(BUILD, "tests", "bench", "spawn_bench")], check=True)
    return subprocess.run([sys.executable, os.path.join(HERE, "cluster.py"), TRAM, ROOT, PEER_PYTHON]).returncode


LONG = ("generate", "peers", "math_verify", "runtimes", "cluster")
BENCHES = {"asks": program("ask_bench", "remote_bench"), "links": links, "ledger": program("ledger_bench"), "kernels": program("kernels_bench"),
    "decode": program("decode_bench"), "train": program("train_bench"), "verdicts": program("verdicts_bench"), "weights": program("weights_bench"), "place": program("place_bench"), "sandbox": program("sandbox_bench"),
    "language": program("language_bench"), "loop": loop, "processes": processes, "watching": watching, "generate": generate, "peers": peers, "math_verify": math_verify, "runtimes": runtimes, "cluster": cluster}


def main():
    names = sys.argv[2:] or [n for n in BENCHES if n not in LONG]
    for name in names:
        if name not in BENCHES:
            sys.exit(f"unknown benchmark '{name}'; there are: {', '.join(BENCHES)}")
    print(machine())
    return max(BENCHES[name]() for name in names)


if __name__ == "__main__":
    sys.exit(main())
