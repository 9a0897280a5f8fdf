"""What being watched costs the main job: fifty clients that stream everything, against none.

Both runs do the same work (max_lag 0, one seed), in turns. The watchers are one process that yields
to everybody, as if they were elsewhere; what the dashboard itself took is told apart.
"""
import json
import os
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile

WATCHERS = 50
ROUNDS = 3


def processor_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def child_of(pid, word):
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            parent = int(open(f"/proc/{name}/stat").read().rsplit(")", 1)[1].split()[1])
            if parent == pid and word in open(f"/proc/{name}/cmdline").read():
                return int(name)
        except OSError:
            continue
    return None


def watch(address, token):
    """Reads fifty streams until they end; how many bytes each had."""
    os.nice(19)
    host, port = address.removeprefix("http://").split(":")
    waiting, got = selectors.DefaultSelector(), {}
    for _ in range(WATCHERS):
        one = socket.create_connection((host, int(port)))
        one.sendall(f"GET /api/v1/stream?after=0 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        waiting.register(one, selectors.EVENT_READ)
        got[one] = 0
    while waiting.get_map():
        for key, _ in waiting.select():
            try:
                some = key.fileobj.recv(1 << 18)
            except OSError:
                some = b""
            got[key.fileobj] += len(some)
            if not some:
                waiting.unregister(key.fileobj)
    print(json.dumps(sorted(got.values())))


def run(tram, job, folder, watched, seed, home):
    command = [tram, "run", job, "--run", folder, "--json", "--set", f"seed={seed}", "--set", "stages.reinforce.max_lag=0"]
    env = dict(os.environ, TRAM_HOME=home)
    process = subprocess.Popen(command + (["--http", "127.0.0.1:0"] if watched else []), stdout=subprocess.PIPE, text=True, env=env)
    watchers, spent, last = None, 0, None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "dashboard":
            token = open(os.path.join(home, "token")).read().strip()
            watchers = subprocess.Popen([sys.executable, __file__, "watch", event["http"], token], stdout=subprocess.PIPE, text=True)
            dashboard = child_of(process.pid, "serve-dashboard")
        if event["event"] == "step" and watchers and event["step"] % 20 == 0:
            spent = processor_seconds(dashboard)
        last = event
    process.wait()
    got = json.loads(watchers.communicate()[0]) if watchers else [0]
    return last["reinforce_seconds"], spent, got


def main(tram, job):
    print(f"\n== the main job, watched by {WATCHERS} clients, against unwatched: same work, {ROUNDS} rounds", flush=True)
    print(f"{'round':>6}{'unwatched s':>13}{'watched s':>11}{'dashboard s':>13}{'MB a client':>13}")
    ratios, shares = [], []
    with tempfile.TemporaryDirectory() as work:
        home = os.path.join(work, "home")
        for number in range(ROUNDS):
            alone, _, _ = run(tram, job, os.path.join(work, f"alone-{number}"), False, number, home)
            seen, spent, got = run(tram, job, os.path.join(work, f"seen-{number}"), True, number, home)
            ratios.append(seen / alone)
            shares.append(spent / (seen * os.cpu_count()))
            print(f"{number:>6}{alone:>13.1f}{seen:>11.1f}{spent:>13.2f}{got[0] / 1e6:>8.2f}-{got[-1] / 1e6:.2f}", flush=True)
    print(f"watched, the job takes {statistics.median(ratios):.3f} of the time; the dashboard takes "
          f"{statistics.mean(shares):.1%} of the processors", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(watch(*sys.argv[2:4]) if sys.argv[1] == "watch" else main(*sys.argv[1:3]))
