"""A cluster of one machine, whose processes tests start, ask and kill."""
import json
import os
import signal
import time

import harness as h

MARK = "TRAM_TEST_MARK"


def steps_told(run):
    try:
        with open(os.path.join(run, "metrics.jsonl"), "rb") as f:
            return f.read().count(b'"event":"step"')
    except FileNotFoundError:
        return 0


class Cluster:
    """A head and node a, which have one home, and other nodes with homes of their own."""

    def __init__(self, folder):
        self.folder = folder
        self.mark = f"cluster-{os.getpid()}"
        self.homes = {"a": os.path.join(folder, "a")}
        self.token = os.path.join(self.homes["a"], "token")
        self.out = open(os.path.join(folder, "cluster.out"), "a")
        self.processes = {}

    def environment(self, home):
        self.homes.setdefault(home, os.path.join(self.folder, home))
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TRAM_")}
        return dict(environment, TRAM_HOME=self.homes[home], **{MARK: self.mark})

    def start(self, who, *more):
        """The head or a node; returns when it is up."""
        words = ["head", "--no-node"] if who == "head" else ["node", "--name", who, "--cpus", "4"]
        if who not in ("head", "a"):
            words += ["--token-file", self.token, "--join", self.address()]
        process = h.subprocess.Popen([h.TRAM, *words, *more], stdout=h.subprocess.PIPE, stderr=self.out, text=True,
            stdin=h.subprocess.DEVNULL, env=self.environment("a" if who == "head" else who))
        line = process.stdout.readline()
        h.expect(line.startswith("head: " if who == "head" else f"node {who}: "), f"{who} does not start: {line!r}, see {self.out.name}")
        self.processes[who] = process

    def address(self):
        with open(os.path.join(self.homes["a"], "head")) as f:
            return f.read().strip()

    def kill(self, who, by=signal.SIGKILL):
        self.processes[who].send_signal(by)
        self.processes[who].wait(timeout=h.PATIENCE)

    def tram(self, *words, **more):
        return h.tram(*words, env=self.environment("a"), **more)

    def ask(self, *words):
        return json.loads(self.tram(*words, "--json").out)

    def job(self, number):
        return self.ask("status", str(number))

    def wait_for(self, what, condition):
        until = time.monotonic() + h.PATIENCE
        while not (found := condition()):
            h.expect(time.monotonic() < until, f"{what} does not come; see {self.homes}")
            time.sleep(0.05)
        return found

    def wait_for_nodes(self, *names):
        self.wait_for(f"nodes {names}", lambda: {n["name"] for n in self.ask("nodes")["nodes"] if n["state"] == "ready"} >= set(names))

    def found(self, word):
        """Whoever of this cluster was started as that: (pid, words)."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as f:
                    if f"{MARK}={self.mark}".encode() not in f.read().split(b"\0"):
                        continue
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    words = f.read().decode(errors="replace").split("\0")
            except OSError:
                continue
            if words[1:2] == [word] or not word and words[0]:
                found.append((int(pid), words))
        return found

    def nothing_is_left(self):
        self.wait_for("the end of all processes", lambda: not self.found(""))

    def end(self):
        """All of it, however that goes."""
        for pid, _ in self.found(""):
            os.kill(pid, signal.SIGKILL)
