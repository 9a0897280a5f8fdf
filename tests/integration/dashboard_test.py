"""A run is watched: while it goes on, after it ended, by those who may and those who may not.

  dashboard_test.py TRAM REPOSITORY
"""
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import time

import harness as h
from http_site import Site, soon, token_in

def serve(run, home, *words):
    """tram dashboard as a process, and its site."""
    process = h.spawn("dashboard", run, "--json", *words, env=dict(os.environ, TRAM_HOME=home))
    line = process.stdout.readline()
    h.expect(line, f"tram dashboard {run} says nothing: {process.stderr.read() if process.poll() is not None else ''}")
    return process, Site(json.loads(line), token_in(home))


def pid_of(site_port):
    """Whose listening socket it is."""
    wanted = f"{site_port:04X}"
    inodes = {line.split()[9] for line in open("/proc/net/tcp").readlines()[1:]
        if line.split()[1].endswith(":" + wanted) and line.split()[3] == "0A"}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        except OSError:
            continue
        if any(link == f"socket:[{inode}]" for link in links for inode in inodes):
            return int(pid)
    return None


def who_may(site):
    """the token opens, a link opens once, and nothing else does"""
    jobs = "/api/v1/jobs"
    h.expect_equal(site.status("/healthz", bearer=False), 200, "/healthz without a token")
    h.expect_equal(site.status("/readyz", bearer=False), 200, "/readyz without a token")
    for path in [jobs, "/", "/metrics", "/api/v1/openapi.json", "/nothing", "/static/dashboard.css", "/api/v1/stream"]:
        h.expect_equal(site.status(path, bearer=False), 401, f"{path} without a token")
    for wrong in ["", site.token[:-1], site.token + "0", "0" * 64, site.token.upper() + " "]:
        h.expect_equal(site.status(jobs, headers={"Authorization": f"Bearer {wrong}"}), 401, f"with '{wrong}'")
    h.expect_equal(site.status(jobs + f"?token={site.token}", bearer=False), 401, "a token in the query")
    for host in ["evil.com", "localhost.evil.com", f"evil.com:{site.port}", "169.254.1.1"]:
        h.expect_equal(site.status(jobs, headers={"Host": host}), 421, f"Host: {host}")
        h.expect_equal(site.status("/healthz", headers={"Host": host}, bearer=False), 421, f"Host: {host} of /healthz")
    for origin in ["http://evil.com", "null", f"http://localhost:{site.port + 1}"]:
        h.expect_equal(site.status(jobs, headers={"Origin": origin}), 403, f"Origin: {origin}")
    path = site.link.removeprefix(site.http)
    status, headers, _ = site.ask(path, bearer=False)
    h.expect_equal((status, headers["Location"]), (303, "/"), "the link")
    cookie = headers["Set-Cookie"]
    h.expect("HttpOnly" in cookie and "SameSite=Strict" in cookie, f"the cookie is {cookie}")
    h.expect_equal(site.status(path, bearer=False), 403, "the link once more")
    mine = {"Cookie": cookie.split(";")[0]}
    status, headers, page = site.ask("/", headers=mine, bearer=False)
    h.expect_equal(status, 200, "the page with the cookie")
    h.expect("<script>" not in page and "script-src 'self'" in headers["Content-Security-Policy"], "a script in the page")
    post = lambda **fields: site.status("/api/v1/links", "POST", headers={**mine, **fields}, bearer=False)
    h.expect_equal(post(), 403, "a post with the cookie alone")
    h.expect_equal(post(Origin="http://evil.com"), 403, "a post of another page")
    h.expect_equal(post(Origin=site.http), 200, "a post of the page")
    h.expect_equal(site.status("/api/v1/links", "POST"), 200, "a post with the token")
    h.expect_equal(site.status(jobs, "POST"), 405, "a post where there is none")


def live_run_is_watched(folder, home):
    """a run in processes is watched; a worker's death is seen, the dashboard's changes nothing"""
    run = os.path.join(folder, "live")
    job = h.job(folder, "live", warm_steps=150, steps=5000, generators=2)
    process = h.spawn("run", job, "--run", run, "--json", "--isolation", "process", "--http", "127.0.0.1:0",
        env=dict(os.environ, TRAM_HOME=home))
    told = next(e for line in process.stdout if (e := json.loads(line))["event"] == "dashboard")
    # Whoever reads no further would stop it where the pipe is full.
    rest = subprocess.Popen(["cat"], stdin=process.stdout, stdout=open(os.path.join(folder, "events"), "w"))
    site = Site(told, token_in(home))
    who_may(site)
    soon(lambda: h.steps_of(h.metrics(run)), "a step")
    [found] = site.get("jobs")["jobs"]
    h.expect_equal((found["id"], found["state"], found["live"], found["isolation"]), ("live", "running", True, "process"), "job")
    actors = {a["name"]: a for a in soon(lambda: site.get("actors"), "actors")["actors"]}
    h.expect({"ledger", "trainer", "generator/0", "generator/1", "verifier/0"} <= set(actors), f"actors: {set(actors)}")
    h.expect(actors["generator/0"]["memory"] > 1 << 20, "no memory of a worker")
    h.expect_equal(actors["generator/0"]["worker"], "generator/0", "its worker")
    victim = soon(lambda: site.get("actors/generator/0")["pid"], "its pid")
    os.kill(victim, signal.SIGKILL)
    site.stream("after=0&kinds=exit", lambda events: any("generator/0" in data for _, _, data in events))
    lives = soon(lambda: site.get("actors/generator/0")["lives"], "an exit record")
    h.expect(lives[0]["kind"] == "exit" and "signal 9" in lives[0]["text"], f"the exit is {lives[0]}")
    soon(lambda: site.get("actors/generator/0")["pid"] not in (victim, None), "a successor")
    h.expect(site.get("events?kind=exit&actor=generator/0")["events"], "no event of it")
    [node] = site.get("nodes")["nodes"]
    soon(lambda: sum(p["state"] == "running" for p in site.get("nodes")["nodes"][0]["processes"]) >= 6, "its processes")
    rollouts = soon(lambda: site.get("rollouts?state=trained&limit=5")["rollouts"], "a rollout that was trained on")
    whole = site.get(f"rollouts/{rollouts[0]['id']}")
    h.expect_equal(len(whole["texts"]), whole["tokens"], "texts of its tokens")
    h.expect(whole["prompt"] and whole["answer"], "no problem of it")
    batch = site.get(f"batches/{rollouts[0]['step']}")
    h.expect(any(r["id"] == rollouts[0]["id"] for g in batch["groups"] for r in g["rollouts"]), "it is not in its batch")
    # The ledger knows of a step a moment before its event is told.
    event = soon(lambda: site.get(f"batches/{rollouts[0]['step']}")["event"], "the step's event")
    h.expect(event["step"] == rollouts[0]["step"] + 1, "the batch has another step's event")
    watcher = pid_of(site.port)
    h.expect(watcher and watcher != process.pid, "the dashboard is no process of its own")
    os.kill(watcher, signal.SIGKILL)
    before = len(h.steps_of(h.metrics(run)))
    soon(lambda: len(h.steps_of(h.metrics(run))) > before + 3, "steps after the dashboard was killed")
    h.expect(process.poll() is None, "the run has ended with its dashboard")
    process.send_signal(signal.SIGINT)
    h.expect_equal(process.wait(timeout=h.PATIENCE), h.INTERRUPTED, "exit status")
    rest.wait()
    summary = h.summary_of(h.metrics(run))
    h.expect_equal(summary["http"], site.http, "where it was watched")
    for name in os.listdir(run):
        path = os.path.join(run, name)
        if os.path.isfile(path):
            h.expect(site.token not in open(path, errors="replace").read(), f"the token is in {name}")
    h.expect("ticket=" not in open(os.path.join(run, "metrics.jsonl")).read(), "a link is in metrics.jsonl")
    return run


def dead_run_is_watched(run, home):
    """the same command shows a run that has ended, from its files alone"""
    listing = lambda: sorted((n, os.stat(os.path.join(run, n)).st_mtime_ns) for n in os.listdir(run) if n != "ledger")
    before = listing()
    process, site = serve(run, home)
    [found] = site.get("jobs")["jobs"]
    h.expect_equal((found["state"], found["live"]), ("stopped", False), "the job")
    h.expect(all(a["state"] == "dead" for a in site.get("actors")["actors"]), "an actor lives")
    h.expect(site.get("actors/generator/0")["lives"], "past lives are gone")
    h.expect(site.get("rollouts?limit=3")["rollouts"], "rollouts are gone")
    h.expect(site.get("metrics?names=score")["series"][0]["x"], "no curve")
    h.expect_equal(listing(), before, "the run's files")
    lines = [json.loads(line)["seconds"] for line in open(os.path.join(run, "metrics.jsonl")) if '"event":"step"' in line]
    events = site.stream("after=0&kinds=step", lambda events: len(events) == len(lines))
    h.expect_equal([json.loads(data)["seconds"] for _, _, data in events], lines, "the stream's steps")
    if shutil.which("promtool"):
        _, _, figures = site.ask("/metrics")
        checked = subprocess.run(["promtool", "check", "metrics"], input=figures, capture_output=True, text=True)
        h.expect(checked.returncode == 0 and not checked.stderr, f"promtool says: {checked.stdout}{checked.stderr}")
    third = events[len(events) // 3]
    again = site.stream("kinds=step", lambda more: len(more) >= len(lines) - len(events) // 3 - 1,
        headers=f"Last-Event-ID: {third[1]}\r\n")
    h.expect_equal([json.loads(data)["seconds"] for _, _, data in again], lines[len(events) // 3 + 1:], "what was missed")
    h.expect_equal(h.stop(process, signal.SIGINT), h.OK, "exit status")


def killed_run_is_told_apart(folder, home):
    """a run that was killed is no running one, and a name that is given again is no run of its process"""
    run = os.path.join(folder, "killed")
    process = h.spawn("run", h.job(folder, "killed", warm_steps=2000, steps=1), "--run", run, "--plain",
        env=dict(os.environ, TRAM_HOME=home))
    soon(lambda: os.path.exists(os.path.join(run, "actors.json")), "actors.json")
    dashboard, site = serve(run, home)
    soon(lambda: site.get("jobs")["jobs"][0]["state"] == "running", "running")
    h.stop(process)
    [found] = [soon(lambda: [j for j in site.get("jobs")["jobs"] if not j["live"]], "its end")[0]]
    h.expect(found["state"] == "failed" and "tram resume" in found["reason"], f"it is {found['state']}: {found['reason']}")
    h.stop(dashboard, signal.SIGTERM)


def made_up_run(folder, megabytes):
    run = os.path.join(folder, "made-up")
    os.makedirs(run)
    open(os.path.join(run, "job.yaml"), "w").write("name: made_up\n")
    line = json.dumps({"event": "alarm", "text": "x" * 1000, "seconds": 1.0}) + "\n"
    with open(os.path.join(run, "metrics.jsonl"), "w") as out:
        for _ in range(megabytes << 10):
            out.write(line)
    return run


def rude_clients_harm_nobody(folder, home):
    """who reads nothing is dropped and told of; a thousand who only sit there keep nobody out"""
    process, site = serve(made_up_run(folder, 48), home)
    site.get("jobs")
    deaf = site.begin_stream("after=0", receive_buffer=4096)
    idle = [site.connect() for _ in range(1000)]
    start = time.time()
    for _ in range(20):
        site.get("version")
    h.expect(time.time() - start < 5, f"20 answers beside 1,000 idle connections took {time.time() - start:.1f} s")
    idle += [site.connect() for _ in range(200)]
    site.get("version")
    half = site.connect()
    half.sendall(b"GET /api/v1/jobs HTTP/1.1\r\nHost: local")
    h.expect_equal(half.recv(100), b"", "who sends half a request")
    told = ""

    def dropped():
        nonlocal told
        if select.select([process.stderr], [], [], 1)[0]:
            told += os.read(process.stderr.fileno(), 1 << 16).decode()
        return "it took nothing of its stream" in told and "its request came too slowly" in told

    soon(dropped, "a reason in the log")
    site.get("version")
    h.expect(site.token not in told, "the token is in the log")
    for one in [deaf, half, *idle]:
        one.close()
    h.expect_equal(h.stop(process, signal.SIGINT), h.OK, "exit status")


def misuse_is_told(folder, home):
    """what cannot be served is said, with its exit status"""
    env = dict(os.environ, TRAM_HOME=home)
    said = lambda status, *words: h.tram("dashboard", *words, status=status, env=env).err
    h.expect("no run" in said(h.BAD_INPUT, folder), "a folder that is no run")
    run = os.path.join(folder, "made-up")
    h.expect("HOST:PORT" in said(h.USAGE, run, "--http", "nonsense:x:y"), "no address")
    taken = socket.create_server(("127.0.0.1", 0))
    h.expect("cannot be listened on" in said(h.IO, run, "--http", f"127.0.0.1:{taken.getsockname()[1]}"), "a port that is taken")
    path = os.path.join(home, "token")
    os.chmod(path, 0o644)
    h.expect("others may read" in said(h.BAD_INPUT, run), "a token for all")
    os.chmod(path, 0o600)
    job = h.job(folder, "no-port", warm_steps=5, steps=0)
    ended = h.tram("run", job, "--run", os.path.join(folder, "no-port"), "--json", "--http",
        f"127.0.0.1:{taken.getsockname()[1]}", env=env)
    alarms = [e["text"] for e in ended.events() if e["event"] == "alarm"]
    h.expect(any("goes on without its dashboard" in text for text in alarms), f"alarms: {alarms}")


def main():
    with h.Folder() as folder:
        home = os.path.join(folder, "home")
        for name, check in [("live", lambda: dead_run_is_watched(live_run_is_watched(folder, home), home)),
                ("killed", lambda: killed_run_is_told_apart(folder, home)),
                ("rude", lambda: rude_clients_harm_nobody(folder, home)), ("misuse", lambda: misuse_is_told(folder, home))]:
            start = time.time()
            check()
            print(f"{name}: {time.time() - start:.1f} s", flush=True)


main()
