"""A cluster whose connections are all encrypted, within one machine too: the main job runs over a head and two
nodes, and who listens on the way sees neither the token nor a name.

  encrypted_test.py TRAM REPOSITORY
"""
import json
import os

import harness as h
from cluster import Cluster
from wire import Wire

NAME = "a-name-that-is-nowhere-else"


class Encrypted(Cluster):
    """Its processes and its commands alike."""

    setting = "always"

    def environment(self, home):
        return dict(super().environment(home), TRAM_ENCRYPT=self.setting)


def secrets_of(cluster):
    with open(cluster.token) as f:
        token = f.read().strip()
    return {"the token": token.encode(), "its bytes": bytes.fromhex(token), "a name": NAME.encode(), "a graph": b"max_lag",
        "in clear": b"TRAMONT\n", "encrypted": b"TRAMTLS\n"}


def runs_a_job(cluster, folder):
    graph = h.job(folder, NAME, policy=h.warm_policy(folder), steps=6, generators=2)
    with Wire("lo", secrets_of(cluster)) as wire:
        number = cluster.ask("submit", graph)["id"]
        workers = cluster.wait_for("its workers", lambda: cluster.job(number)["workers"])
        h.expect_equal({w["node"] for w in workers if w["name"].startswith("generator")}, {"a", "b"}, "generators are spread")
        job = cluster.wait_for("the job's end", lambda: (j := cluster.job(number))["state"] in ("finished", "failed", "stopped") and j)
        h.expect_equal(job["state"], "finished", f"the job: {job['reason']}")
        h.expect_equal([s["version"] for s in h.steps_of(h.metrics(job["run"]))], list(range(1, 7)), "the versions trained")
        seen = wire.end()
    if seen is None:
        print("this machine lets nobody listen on its wires: what passes there is not looked at")
    else:
        h.expect(seen.pop("encrypted") > 2, "the wire was not listened to")
        seen.pop("in clear")  # others' clusters on this machine
        h.expect_equal(seen, dict.fromkeys(seen, 0), "what somebody on the way sees")
    print("a job runs over three processes that speak TLS to each other, and nothing of it is seen on the way", flush=True)


def settings_and_refusals(cluster):
    def jobs(setting, *words, **more):
        return h.tram("jobs", *words, env=dict(cluster.environment("a"), TRAM_ENCRYPT=setting), **more)
    for setting in ("never", "beyond-loopback", ""):
        ended = jobs(setting, status=h.IO)
        h.expect("lets nobody in who speaks in clear" in ended.err and "TRAM_ENCRYPT=always" in ended.err, f"a command in clear: {ended.err}")
    ended = jobs("sometimes", status=h.BAD_INPUT)
    h.expect("TRAM_ENCRYPT=sometimes: it is beyond-loopback, always or never" in ended.err, f"a setting that is none: {ended.err}")
    ended = cluster.tram("node", "--name", "c", "--trusted-network", status=h.USAGE)
    h.expect("--trusted-network contradicts TRAM_ENCRYPT=always" in ended.err, f"both: {ended.err}")
    link = json.loads(cluster.tram("dashboard", "--json").out)
    h.expect(link["head"] == cluster.address(), f"the dashboard is served as before: {link}")
    print("who speaks in clear is refused, and told what to do", flush=True)


with h.Folder() as at:
    cluster = Encrypted(at)
    try:
        cluster.start("head")
        cluster.start("a")
        cluster.start("b")
        cluster.wait_for_nodes("a", "b")
        settings_and_refusals(cluster)
        runs_a_job(cluster, at)
    finally:
        cluster.end()
    cluster.nothing_is_left()
