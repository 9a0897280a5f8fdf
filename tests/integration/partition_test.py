"""Two hosts of a cluster, as network namespaces of this machine, and the cable between them: it is
pulled for a moment, which nobody notices, and for long, which the job survives. What passes over it is
encrypted, as between any two machines: neither the token nor the job's name is seen there.

  partition_test.py TRAM REPOSITORY

Skipped (77) where the kernel does not allow namespaces.
"""
import json
import os
import subprocess
import sys
import time

import harness as h
from watch import Watch
from wire import Wire

MARK = f"{os.getpid()}"
HOSTS = {"a": ("10.77.1.1", f"tram-a-{MARK}", f"va{MARK}"), "b": ("10.77.1.2", f"tram-b-{MARK}", f"vb{MARK}")}


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def make_hosts():
    for address, space, cable in HOSTS.values():
        ip("netns", "add", space)
    ip("link", "add", HOSTS["a"][2], "netns", HOSTS["a"][1], "type", "veth", "peer", "name", HOSTS["b"][2], "netns", HOSTS["b"][1])
    for address, space, cable in HOSTS.values():
        ip("-n", space, "addr", "add", address + "/24", "dev", cable)
        ip("-n", space, "link", "set", cable, "up")
        ip("-n", space, "link", "set", "lo", "up")


def remove_hosts():
    for _, space, _ in HOSTS.values():
        for pid in subprocess.run(["ip", "netns", "pids", space], capture_output=True, text=True).stdout.split():
            os.kill(int(pid), 9)
        subprocess.run(["ip", "netns", "del", space], capture_output=True)


class Cluster:
    def __init__(self, folder):
        self.folder, self.processes = folder, {}
        self.homes = {name: os.path.join(folder, name) for name in HOSTS}

    def on(self, host, *words):
        return ["ip", "netns", "exec", HOSTS[host][1], h.TRAM, *words]

    def environment(self, host):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TRAM_")}
        return dict(environment, TRAM_HOME=self.homes[host])

    def start(self, who, host, *words):
        out = open(os.path.join(self.folder, who + ".out"), "a")
        process = subprocess.Popen(self.on(host, *words), stdout=subprocess.PIPE, stderr=out, text=True,
            stdin=subprocess.DEVNULL, env=self.environment(host))
        line = process.stdout.readline()
        h.expect(line, f"{who} does not start: see {out.name}")
        self.processes[who] = process
        return line

    def ask(self, *words):
        done = subprocess.run(self.on("a", *map(str, words), "--json"), capture_output=True, text=True, timeout=h.PATIENCE,
            env=self.environment("a"))
        h.expect(done.returncode == 0, f"{words}: {done.stderr}")
        return json.loads(done.stdout)

    def state_of(self, node):
        return {n["name"]: n["state"] for n in self.ask("nodes")["nodes"]}.get(node)

    def wait_for(self, what, condition, patience=h.PATIENCE):
        until = time.monotonic() + patience
        while not (found := condition()):
            h.expect(time.monotonic() < until, f"{what} does not come: see {self.folder}")
            time.sleep(0.05)
        return found


def cable(up):
    ip("-n", HOSTS["a"][1], "link", "set", HOSTS["a"][2], "up" if up else "down")


def steps_told(run):
    try:
        with open(os.path.join(run, "metrics.jsonl"), "rb") as f:
            return f.read().count(b'"event":"step"')
    except FileNotFoundError:
        return 0


def workers_on(cluster, job, node):
    return {w["name"] for w in cluster.ask("status", job)["workers"] if w["node"] == node}


ASK = """
import hashlib, http.client, ssl, sys
scheme, address, path, token = sys.argv[1:]
if scheme == "https":
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    at = http.client.HTTPSConnection(address, timeout=20, context=context)
else:
    at = http.client.HTTPConnection(address, timeout=20)
at.request("GET", path, headers={"Authorization": "Bearer " + token} if token else {})
sock = at.sock
certificate = hashlib.sha256(sock.getpeercert(True)).hexdigest().upper() if scheme == "https" else ""
answer = at.getresponse()
print(answer.status, certificate or "-", (answer.getheader("Set-Cookie") or "-").replace(" ", ""), answer.read().decode()[:300].replace(chr(10), " "))
"""


def dashboard_from_elsewhere(cluster, head, token):
    def ask(scheme, path="/api/v1/jobs", token=""):
        done = subprocess.run(["ip", "netns", "exec", HOSTS["b"][1], sys.executable, "-c", ASK, scheme, head, path, token],
            capture_output=True, text=True, timeout=h.PATIENCE)
        h.expect(done.returncode == 0, f"{scheme}://{head}{path}: {done.stderr}")
        return done.stdout.split(" ", 3)
    told = cluster.ask("dashboard")
    h.expect_equal(told["http"], "https://" + head, "where the dashboard is")
    status, certificate, _, text = ask("https", token=token)
    h.expect_equal(status, "200", f"jobs by https: {text}")
    h.expect_equal(certificate, told["certificate_sha256"].replace(":", ""), "the certificate that is shown")
    h.expect_equal(ask("https")[0], "401", "who has no token")
    status, _, _, text = ask("http", token=token)
    h.expect(status == "403" and "https" in text, f"the token in clear: {status} {text}")
    link = told["link"]
    h.expect(link.startswith(f"https://{head}/login?ticket="), f"the link: {link}")
    path = link.removeprefix("https://" + head)
    h.expect_equal(ask("http", path)[0], "403", "a link in clear")
    status, _, cookie, _ = ask("https", path)
    h.expect(status == "303" and "Secure;" in cookie + ";", f"a login: {status} {cookie}")
    print("from another machine the dashboard is had by https, and in clear not at all", flush=True)


def pulled_for_long(cluster, graph):
    job = cluster.ask("submit", graph)
    number, run = job["id"], job["run"]
    watch = Watch(run, "partition")
    more = lambda steps: cluster.wait_for("a step", lambda: steps_told(run) >= steps)
    more(3)
    there = workers_on(cluster, number, "b")
    h.expect(any(w.startswith("generator") for w in there), f"no generator is on the other host: {there}")
    pids = subprocess.run(["ip", "netns", "pids", HOSTS["b"][1]], capture_output=True, text=True).stdout.split()
    cable(up=False)
    time.sleep(3)
    cable(up=True)
    more(steps_told(run) + 3)
    h.expect_equal(cluster.state_of("b"), "ready", "a node whose cable was pulled for 3 s")
    h.expect_equal(subprocess.run(["ip", "netns", "pids", HOSTS["b"][1]], capture_output=True, text=True).stdout.split(), pids,
        "the processes there")
    print("a cable that is pulled for 3 s ends nothing", flush=True)
    cable(up=False)
    began = time.monotonic()
    cluster.wait_for("word that the node is slow", lambda: cluster.state_of("b") != "ready")
    cluster.wait_for("word that the node is lost", lambda: cluster.state_of("b") == "lost")
    cluster.wait_for("another place for its workers", lambda: not workers_on(cluster, number, "b"))
    more(steps_told(run) + 3)
    took = time.monotonic() - began
    cluster.wait_for("the end of its workers there", lambda: len(subprocess.run(["ip", "netns", "pids", HOSTS["b"][1]],
        capture_output=True, text=True).stdout.split()) < len(pids))
    print(f"a cable that stays pulled: the job goes on elsewhere, three steps further after {took:.0f} s", flush=True)
    cable(up=True)
    cluster.wait_for("the node again", lambda: cluster.state_of("b") == "ready")
    more(steps_told(run) + 3)
    watch.look()
    ended = cluster.ask("stop", number)
    h.expect_equal((ended["state"], ended["reason"]), ("stopped", "as wanted"), "the job")
    h.expect_equal(ended["attempt"], 1, "starts of its driver")
    watch.look()
    h.expect_equal([s["version"] for s in h.steps_of(h.metrics(run))], list(range(1, steps_told(run) + 1)), "the versions trained")
    replayed = h.tram("replay", run, "--steps", "30").out
    h.expect("all equal" in replayed, replayed[-500:])
    print("what was written before and after is there, each version once, and replays are equal", flush=True)


try:
    make_hosts()
except (OSError, subprocess.CalledProcessError) as error:
    remove_hosts()
    print(f"skipped: this kernel allows no network namespaces: {getattr(error, 'stderr', error)}")
    sys.exit(77)
try:
    with h.Folder() as at:
        warm = h.warm_policy(at)
        graph = h.job(at, "partition", policy=warm, steps=1000000, batch=32, slots=2, generators=2)
        cluster = Cluster(at)
        cluster.start("head", "a", "head", "--no-node", "--listen", "10.77.1.1:0")
        with open(os.path.join(cluster.homes["a"], "head")) as f:
            head = f.read().strip()
        for name in HOSTS:
            cluster.start(name, name, "node", "--name", name, "--cpus", "4", "--join", head, "--listen", HOSTS[name][0] + ":0",
                "--token-file", os.path.join(cluster.homes["a"], "token"))
        cluster.wait_for("both nodes", lambda: cluster.state_of("a") == cluster.state_of("b") == "ready")
        with open(os.path.join(cluster.homes["a"], "token")) as f:
            token = f.read().strip()
        dashboard_from_elsewhere(cluster, head, token)  # which says the token in clear, to be refused
        secrets = {"encrypted": b"TRAMTLS\n", "in clear": b"TRAMONT\n", "the token": token.encode(),
            "its bytes": bytes.fromhex(token), "an actor": b"generator/"}
        with Wire(HOSTS["a"][2], secrets, prefix=["ip", "netns", "exec", HOSTS["a"][1]]) as wire:
            pulled_for_long(cluster, graph)
            seen = wire.end()
        if seen:
            h.expect(seen.pop("encrypted") > 2, "the cable was not listened to")
            h.expect_equal(seen, dict.fromkeys(seen, 0), "what somebody at the cable sees")
            print("nothing of it is seen at the cable", flush=True)
finally:
    remove_hosts()
