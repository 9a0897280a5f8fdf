#!/usr/bin/env python3
"""Asks between two processes with other actor runtimes: the same actor, the same two measures as remote_bench.

  runtimes.py ray | monarch

Prints one JSON line: name, ask_p50_us, ask_p99_us, pipelined_per_second. Windows of asks one by one, and of a
thousand under way at once (each runtime's own way of it); the best window counts.
"""
import importlib.metadata
import json
import sys
import time

WINDOWS, ASKS, UNDER_WAY = 6, 500, 1000


def measured(name, ask, ask_many):
    for _ in range(100):
        ask()
    ask_many(UNDER_WAY)
    p50, p99, rate = [], [], []
    for _ in range(WINDOWS):
        trips = []
        for _ in range(ASKS):
            begin = time.perf_counter()
            ask()
            trips.append((time.perf_counter() - begin) * 1e6)
        trips.sort()
        p50.append(trips[len(trips) // 2])
        p99.append(trips[len(trips) * 99 // 100])
        begin = time.perf_counter()
        ask_many(UNDER_WAY)
        rate.append(UNDER_WAY / (time.perf_counter() - begin))
    print(json.dumps({"name": name, "ask_p50_us": min(p50), "ask_p99_us": min(p99), "pipelined_per_second": max(rate)}), flush=True)


def run_ray():
    import ray
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")

    @ray.remote
    class Adder:
        def __init__(self):
            self.sum = 0

        def add(self, value):
            self.sum += value
            return self.sum

    adder = Adder.remote()
    measured("Ray " + ray.__version__, lambda: ray.get(adder.add.remote(1)),
        lambda count: ray.get([adder.add.remote(1) for _ in range(count)]))
    ray.shutdown()


def run_monarch():
    from monarch.actor import Actor, endpoint, this_host

    class Adder(Actor):
        def __init__(self):
            self.sum = 0

        @endpoint
        async def add(self, value: int) -> int:
            self.sum += value
            return self.sum

    adder = this_host().spawn_procs(per_host={"gpus": 1}).spawn("adder", Adder)

    def many(count):
        for future in [adder.add.call_one(1) for _ in range(count)]:
            future.get()

    measured("Monarch " + importlib.metadata.version("torchmonarch"), lambda: adder.add.call_one(1).get(), many)


if __name__ == "__main__":
    {"ray": run_ray, "monarch": run_monarch}[sys.argv[1]]()
