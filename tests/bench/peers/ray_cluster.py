#!/usr/bin/env python3
"""Ray beside tests/bench/cluster.py: how soon a submitted job's first actor works, and what an idle head costs.

Prints one JSON line: name, submit_s, actors_s (a hundred actors made, asked once), idle_mb, idle_share.
"""
import importlib.metadata
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

BIN = os.path.dirname(sys.executable)
IDLE_SECONDS = 20
JOB = """
import time, sys, ray
ray.init(address="auto", log_to_driver=False, logging_level="error")
@ray.remote(num_cpus=0.01)
class First:
    def works(self): return time.time()
print("at", ray.get(First.remote().works.remote()))
"""
MANY = """
import time, ray
ray.init(address="auto", log_to_driver=False, logging_level="error")
@ray.remote(num_cpus=0.001)
class One:
    def works(self): return 1
begin = time.time()
all = [One.remote() for _ in range(100)]
ray.get([one.works.remote() for one in all])
print("took", time.time() - begin)
"""


def ray(*words):
    return subprocess.run([os.path.join(BIN, "ray"), *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout


def said(output, word):
    return float(next(line.split(word + " ")[1] for line in output.splitlines() if line.startswith(word + " ")).split()[0])


def of_ray():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = open(f"/proc/{pid}/cmdline").read()
        except OSError:
            continue
        if "/ray/" in words and "ray_cluster.py" not in words or words.startswith("ray::"):
            yield pid


def cost():
    memory, seconds = 0, 0
    for pid in of_ray():
        try:
            memory += sum(int(line.split()[1]) for line in open(f"/proc/{pid}/smaps_rollup") if line.startswith("Pss:")) / 1024
            fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
            seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except OSError:
            pass
    return memory, seconds


def main():
    ray("start", "--head", "--num-cpus=4", "--disable-usage-stats", "--include-dashboard=true")
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("job.py", JOB), ("many.py", MANY)):
                open(os.path.join(folder, name), "w").write(text)
            took = []
            for _ in range(3):
                begin = time.time()
                took.append(said(ray("job", "submit", "--address", "http://127.0.0.1:8265", "--", sys.executable, os.path.join(folder, "job.py")), "at") - begin)
            many = said(subprocess.run([sys.executable, os.path.join(folder, "many.py")], stdout=subprocess.PIPE, text=True, check=True).stdout, "took")
        time.sleep(10)
        _, before = cost()
        time.sleep(IDLE_SECONDS)
        memory, after = cost()
    finally:
        ray("stop", "--force")
    print(json.dumps({"name": "Ray " + importlib.metadata.version("ray"), "submit_s": statistics.median(took), "actors_s": many, "idle_mb": memory, "idle_share": (after - before) / IDLE_SECONDS}))


main()
