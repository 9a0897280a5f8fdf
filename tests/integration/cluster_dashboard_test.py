"""A cluster is watched and told what to do over HTTP, on its head's own port, by those who may; the
process that serves it may die, and so may the head.

  cluster_dashboard_test.py TRAM REPOSITORY
"""
import json
import os
import shutil
import signal
import subprocess

import harness as h
from cluster import Cluster
from http_site import Site, soon, token_in

WORD = "serve-cluster-dashboard"


def site_of(cluster):
    """The head's dashboard, as `tram dashboard` tells it."""
    told = json.loads(cluster.tram("dashboard", "--json").out)
    h.expect_equal((told["event"], told["http"]), ("dashboard", f"http://{cluster.address()}"), "what tram dashboard tells")
    return Site(told, token_in(cluster.homes["a"]))


def post(site, path, body=None, **options):
    status, _, text = site.ask("/api/v1/" + path, "POST", body=json.dumps(body) if body is not None else None, **options)
    return status, json.loads(text)


def steps(job):
    return len(h.steps_of(h.metrics(job["run"])))


def without_ages(rows):
    return [{k: v for k, v in row.items() if k not in ("since", "submitted")} for row in rows]


def who_may(site):
    """the token opens, a link opens once, a page of somebody else does nothing"""
    for path in ["/healthz", "/readyz"]:
        h.expect_equal(site.status(path, bearer=False), 200, f"{path} without a token")
    for path in ["/", "/metrics", "/api/v1/jobs", "/api/v1/jobs/1/actors", "/api/v1/stream", "/nothing"]:
        h.expect_equal(site.status(path, bearer=False), 401, f"{path} without a token")
    for wrong in ["", site.token[:-1], "0" * 64]:
        h.expect_equal(site.status("/api/v1/jobs", headers={"Authorization": f"Bearer {wrong}"}), 401, f"with '{wrong}'")
    for host in ["evil.com", "localhost.evil.com", f"evil.com:{site.port}", "169.254.1.1"]:
        h.expect_equal(site.status("/api/v1/jobs", headers={"Host": host}), 421, f"Host: {host}")
    for origin in ["http://evil.com", "null", f"http://localhost:{site.port + 1}"]:
        h.expect_equal(site.status("/api/v1/jobs", headers={"Origin": origin}), 403, f"Origin: {origin}")
    path = site.link.removeprefix(site.http)
    status, headers, _ = site.ask(path, bearer=False)
    h.expect_equal((status, headers["Location"]), (303, "/"), "the link")
    h.expect_equal(site.status(path, bearer=False), 403, "the link once more")
    mine = {"Cookie": headers["Set-Cookie"].split(";")[0]}
    status, _, page = site.ask("/", headers=mine, bearer=False)
    h.expect(status == 200 and 'data-of="cluster"' in page, "the page of a cluster")
    for fields, wanted in [({}, 403), ({"Origin": "http://evil.com"}, 403), ({"Origin": site.http}, 400)]:
        h.expect_equal(post(site, "jobs", {}, headers={**mine, **fields}, bearer=False)[0], wanted, f"a submission with the cookie and {fields}")
    return mine


def is_submitted(cluster, site, folder, policy):
    """a job graph that is posted runs, one that is wrong is told where; both as tram tells them"""
    graph = h.job(folder, "posted", policy=policy, steps=1000000, generators=2)
    text = open(graph).read()
    for body, words in [({}, "graph is missing"), ({"graph": 5}, "no string"), ({"graph": text, "sets": []}, "'sets'"), ({"graph": text, "folder": "here"}, "absolute"),
            ({"graph": text, "priority": 1.5}, "priority"), ({"graph": text, "set": ["nonsense=1"]}, "nonsense"), ({"graph": "model: {"}, "")]:
        status, told = post(site, "jobs", body)
        h.expect(status == 400 and words in told["error"]["text"], f"a submission of {str(body)[:60]}: {status} {told}")
    status, job = post(site, "jobs", {"graph": text, "folder": folder, "set": ["actors.generator.slots=8"], "priority": 3})
    h.expect_equal((status, job["name"], job["priority"]), (200, "posted", 3), f"a submission: {job}")
    soon(lambda: cluster.job(job["id"])["state"] == "running" and steps(job) > 2, "steps of a posted job")
    h.expect("slots: 8" in open(os.path.join(job["run"], "job.yaml")).read(), "what was set is not in the job graph")
    h.expect_equal(without_ages(site.get("jobs?order=oldest")["jobs"]), without_ages(cluster.ask("jobs")["jobs"]), "jobs")
    soon(lambda: without_ages(site.get("nodes")["nodes"]) == without_ages(cluster.ask("nodes")["nodes"]), "nodes as tram nodes has them")
    whole = site.get(f"jobs/{job['id']}")
    h.expect_equal(whole["workers"], cluster.job(job["id"])["workers"], "workers of the job")
    h.expect_equal(whole["progress"]["stage_kind"], "reinforce", "its run")
    h.expect_equal(site.status("/api/v1/jobs/77"), 404, "a job that there is not")
    h.expect_equal(site.status("/api/v1/jobs/77/actors"), 404, "the run of a job that there is not")
    return job


def is_watched(site, job):
    """everything that the dashboard of one run has, for each job; the cluster's own figures"""
    of = f"jobs/{job['id']}/"
    actors = {a["name"] for a in soon(lambda: site.get(of + "actors"), "actors")["actors"]}
    h.expect({"ledger", "trainer", "generator/0", "generator/1", "verifier/0"} <= actors, f"actors: {actors}")
    h.expect_equal(site.get(of + "actors/generator/1")["worker"], "generator/1", "one actor")
    rollouts = soon(lambda: site.get(of + "rollouts?state=trained&limit=2")["rollouts"], "a rollout that was trained on")
    h.expect(site.get(of + f"rollouts/{rollouts[0]['id']}")["texts"], "texts of a rollout")
    h.expect(site.get(of + f"batches/{rollouts[0]['step']}")["groups"], "a batch")
    h.expect(site.get(of + "metrics?names=score")["series"][0]["x"], "a curve")
    h.expect(site.get(of + "events?kind=swap")["events"], "events of the run")
    h.expect(any("is running" in e["text"] for e in site.get("events")["events"]), "events of the cluster")
    events = site.stream("", lambda events: {kind for kind, _, _ in events} == {"jobs", "nodes"})
    h.expect_equal(events[0][0], "jobs", "what the cluster's stream tells first")
    figures = {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in site.ask("/metrics")[2].splitlines() if line[0] != "#"}
    h.expect_equal((figures['tramontane_cluster_jobs{state="running"}'], figures['tramontane_cluster_nodes{state="ready"}']), (1, 2), "figures of the cluster")
    h.expect(figures['tramontane_node_cpus{node="b"}'] == 4 and figures['tramontane_node_cpus_used{node="b"}'] > 0, "processors of a node")
    for path in ["/metrics", f"/metrics?job={job['id']}"]:
        if shutil.which("promtool"):
            checked = subprocess.run(["promtool", "check", "metrics"], input=site.ask(path)[2], capture_output=True, text=True)
            h.expect(checked.returncode == 0 and not checked.stderr, f"promtool says of {path}: {checked.stdout}{checked.stderr}")


def rude_clients_harm_nobody(cluster, site, job):
    """a thousand who sit there, and who reads nothing, keep neither the head nor its dashboard from others"""
    deaf = site.connect(receive_buffer=4096)
    deaf.sendall(f"GET /api/v1/jobs/{job['id']}/stream?after=0 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {site.token}\r\n\r\n".encode())
    silent = [site.connect() for _ in range(500)]
    asked = f"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    idle = [site.connect() for _ in range(1000)]
    for one in idle:
        one.sendall(asked)
    before = steps(job)
    for _ in range(5):
        h.expect_equal(cluster.job(job["id"])["state"], "running", "the job beside 1,000 idle connections")
        site.get("version")
    h.expect(idle[-1].recv(1 << 16).startswith(b"HTTP/1.1 200"), "one of the idle has no answer")
    for garbage in [b"\0" * 64, b"GET", b"tramses", b"\r\n\r\n\r\n\r\n", b"POST /api/v1/jobs HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"]:
        one = site.connect()
        one.sendall(garbage)
        one.close()
    soon(lambda: steps(job) > before + 2, "steps beside rude clients")
    for one in [deaf, *silent, *idle]:
        one.close()


def dashboard_dies(cluster, site, job):
    """killed, it comes back; the head and the job are as they were"""
    [(first, _)] = cluster.found(WORD)
    head, attempt = cluster.processes["head"].pid, cluster.job(job["id"])["attempt"]
    for _ in range(3):
        [(pid, _)] = soon(lambda: cluster.found(WORD), "the dashboard's process")
        os.kill(pid, signal.SIGKILL)
        soon(lambda: [p for p, _ in cluster.found(WORD)] not in ([], [pid]), "another in its place")
        site.get("version")
    before = steps(job)
    soon(lambda: steps(job) > before + 2, "steps after it was killed")
    h.expect(cluster.processes["head"].poll() is None and cluster.processes["head"].pid == head, "the head has ended")
    h.expect_equal((cluster.job(job["id"])["state"], cluster.job(job["id"])["attempt"]), ("running", attempt), "the job")
    h.expect([p for p, _ in cluster.found(WORD)] != [first], "it is the first one still")
    # One that stands still is no matter to the head either.
    [(pid, _)] = cluster.found(WORD)
    os.kill(pid, signal.SIGSTOP)
    h.expect_equal(cluster.job(job["id"])["state"], "running", "the job beside a dashboard that stands still")
    os.kill(pid, signal.SIGCONT)
    site.get("version")


def head_comes_back(cluster, site, job):
    """the head killed and started again has its dashboard, with what it knew"""
    cluster.kill("head")
    soon(lambda: not cluster.found(WORD), "the end of the dashboard with its head")
    h.expect("newest of runs" not in cluster.tram("dashboard", status=None).out, "a link of a head that is gone")
    cluster.start("head")
    again = site_of(cluster)
    cluster.wait_for_nodes("a", "b")
    soon(lambda: again.get(f"jobs/{job['id']}")["state"] == "running", "the job after the head came back")
    before = steps(job)
    soon(lambda: steps(job) > before + 2, "steps after the head came back")
    h.expect(again.get(f"jobs/{job['id']}/actors")["actors"], "its actors")
    return again


def is_told_what_to_do(cluster, site, job):
    """a node is drained and used again, a job is stopped, and what was said is told"""
    status, node = post(site, "nodes/b/drain")
    h.expect(status == 200 and node["state"] in ("draining", "drained"), f"a node that is drained: {node}")
    soon(lambda: site.get("nodes/b")["state"] == "drained", "a node from which all has moved away")
    h.expect_equal(post(site, "nodes/b/drain?undo=true")[1]["state"], "ready", "a node that is used again")
    h.expect_equal(post(site, "nodes/nobody/drain")[0], 404, "a node that there is not")
    h.expect_equal(post(site, f"jobs/{job['id']}/stop?deadline=x")[0], 400, "a deadline that is none")
    status, _ = post(site, f"jobs/{job['id']}/stop?deadline=60")
    h.expect_equal(status, 200, "a job that is stopped")
    soon(lambda: site.get("jobs?state=stopped")["jobs"], "a job that is stopped, looked at")
    h.expect_equal(site.get(f"jobs/{job['id']}")["progress"]["state"], "stopped", "its run")
    h.expect(site.get(f"jobs/{job['id']}/rollouts?limit=1")["rollouts"], "its rollouts after its end")


def main():
    with h.Folder() as folder:
        policy = h.warm_policy(folder)
        cluster = Cluster(folder)
        try:
            for who in ("head", "a", "b"):
                cluster.start(who)
            cluster.wait_for_nodes("a", "b")
            site = site_of(cluster)
            who_may(site)
            job = is_submitted(cluster, site, folder, policy)
            is_watched(site, job)
            print("jobs and nodes are told as tram tells them, each job's run as a run; who may not is refused", flush=True)
            rude_clients_harm_nobody(cluster, site, job)
            print("1,500 who sit there and one who reads nothing keep nobody out", flush=True)
            dashboard_dies(cluster, site, job)
            site = head_comes_back(cluster, site, job)
            print("the dashboard dies and comes back, and so does the head; the job goes on", flush=True)
            is_told_what_to_do(cluster, site, job)
            home = cluster.homes["a"]
            for name in os.listdir(os.path.join(home, "logs")):
                with open(os.path.join(home, "logs", name), errors="replace") as f:
                    h.expect(site.token not in f.read(), f"the token is in {name}")
            cluster.kill("head", signal.SIGTERM)
            h.expect(not cluster.found(WORD), "the dashboard outlives its head")
            print("submitted, drained and stopped over HTTP", flush=True)
        finally:
            cluster.end()


main()
