"""A stand-in for the dashboard's server, with a made-up run of any size: it answers as the table of
actors/dashboard/api.h says, under the strictest policy that the page must live with.

    with StandIn(folder_of_page_files, actors=1000, rollouts=1_000_000, steps=10_000) as server:
        server.url
        server.step()              # the run goes on by a step, and the stream tells it
        server.kill("generator/0") # somebody dies
        server.end()               # the run ends; server.down() and server.up(): the server itself
"""
import datetime
import http.server
import json
import math
import os
import queue
import random
import socket
import threading
import urllib.parse

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
START = datetime.datetime(2026, 1, 5, 10, 0, 0, tzinfo=datetime.timezone.utc)
METRICS = [("score", "score", "step", "Mean score of the batch."), ("correct", "share", "step", "Share of completions that are right."),
    ("heldout_sampled", "share", "step", "Sampled pass@1 on held-out problems."), ("heldout_greedy", "share", "step", "Greedy pass@1 on held-out problems."),
    ("tokens_mean", "tokens", "step", "Mean length of the batch's completions."), ("entropy", "nats", "step", "Mean entropy of the policy, per token."),
    ("lag_max", "versions", "step", "The largest lag of a trained token."), ("log_prob_gap_max", "nats", "step", "Largest difference of log-probabilities that an audit found."),
    ("tokens_per_second", "tokens/s", "step", "Tokens that generators write in a second."), ("swap_stall_us", "µs", "seconds", "How long decoding stood still for a swap."),
    ("gradient_norm", "", "step", "Before clipping."), ("queue_waiting", "rollouts", "step", "Rollouts that wait for a generator."),
    ("warm_start_loss", "nats", "step", "Of the demonstrations.")]


def value_of(name, x):
    wave = math.sin(x * 0.9) + math.sin(x * 0.37)
    grown = 1 - math.exp(-x / 60)
    return {"score": 0.15 + 0.65 * grown + 0.02 * wave, "correct": 0.11 + 0.7 * grown + 0.02 * wave, "heldout_sampled": 0.11 + 0.72 * grown,
        "heldout_greedy": 0.08 + 0.78 * grown, "tokens_mean": 8 + 20 * grown + 0.4 * wave, "entropy": 0.4 - 0.3 * grown + 0.01 * wave, "lag_max": 1 + (int(x) % 5 == 0),
        "log_prob_gap_max": 0.0, "tokens_per_second": 41000 + 900 * wave, "warm_start_loss": 3 * (1 - grown) + 0.2, "swap_stall_us": 3 + abs(wave) * 6, "gradient_norm": 0.9 + 0.1 * wave,
        "queue_waiting": 40 + 10 * wave}[name]


class StandIn:
    def __init__(self, page, actors=6, rollouts=400, steps=60, live=True):
        self.page, self.actor_count, self.rollout_count, self.steps, self.live = page, actors, rollouts, steps, live
        self.lock = threading.RLock()
        self.readers, self.told, self.connections, self.port = [], [], [], 0
        self.random = random.Random(5)
        self.deaths = {}
        self.events = [self.event("run", 0, text="began"), self.event("checkpoint", 20, text="version 20, 1.7 MB, best so far"),
            self.event("alarm", 31, level="warning", text="3 % of the rollouts of step 31 have no verdict", data={"text": "3 % of the rollouts of step 31 have no verdict"}),
            self.event("log", 33, level="warning", actor="verifier/0", text="a grader was late")]
        self.events += [self.event("swap", n, actor="generator/0", text=f"took version {n}; stall 2.4 µs",
            data={"event": "swap", "seconds": n, "generator": "generator/0", "version": n, "stall_us": 2.4}) for n in range(1, min(steps, 300))]
        self.events += [self.step_event(n) for n in range(1, min(steps, 300))]
        self.events.sort(key=lambda event: event["seconds"])
        self.up()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.down()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def up(self):
        stand_in = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                stand_in.connections.append(self.connection)

            def do_GET(self):
                stand_in.answer(self)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def down(self):
        with self.lock:
            for reader in self.readers:
                reader.put(None)
            self.readers = []
        self.server.shutdown()
        self.server.server_close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # closed by then
        self.connections = []

    # ---- what happens ------------------------------------------------------------------------

    def event(self, kind, seconds, level="info", actor=None, text="", data=None):
        time = (START + datetime.timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
        return {"id": f"{seconds}.0.{self.random.randrange(10**6)}", "kind": kind, "time": time, "seconds": seconds, "level": level, "actor": actor, "text": text,
            "data": data or {"event": kind, "seconds": seconds}}

    def tell(self, kind, data, number=None):
        with self.lock:
            text = (f"id: {number}\n" if number else "") + f"event: {kind}\ndata: {json.dumps(data)}\n\n"
            if number:
                self.told.append((number, text))
            for reader in self.readers:
                reader.put(text)

    def step_event(self, n):
        return self.event("step", n, text=f"step {n}",
            data={"event": "step", "seconds": n, "kind": "reinforce", "step": n, "version": n, "train_seconds": 0.6, "wait_seconds": 0.3})

    def step(self):
        self.steps += 1
        event = self.step_event(self.steps)
        self.events.append(event)
        self.tell("step", event["data"], event["id"])
        self.tell("job", self.job())
        self.tell("actors", self.actors_now())

    def kill(self, name):
        self.deaths[name] = self.deaths.get(name, 0) + 1
        event = self.event("exit", self.steps, level="error", actor=name, text=f"{name} was killed by signal 9; it held 8 sequences",
            data={"event": "exit", "actor": name, "incarnation": self.deaths[name], "cause": "killed", "text": "signal 9", "holding": "8 sequences", "log": ["decoding", "took version 12"]})
        self.events.append(event)
        self.tell("exit", event["data"], event["id"])
        self.tell("actors", self.actors_now())

    def end(self):
        self.live = False
        self.tell("job", self.job())
        self.tell("actors", self.actors_now())

    # ---- answers -----------------------------------------------------------------------------

    def job(self):
        return {"id": "arithmetic-2", "name": "arithmetic", "kind": "reinforcement", "state": "running" if self.live else "finished", "reason": "", "run": "runs/arithmetic-2",
            "live": self.live, "pid": 71 if self.live else None, "node": "here", "started": START.isoformat(), "seconds": float(self.steps), "isolation": "process", "seed": 0,
            "parameters": 144448, "stage": 2, "stage_kind": "reinforce", "step": self.steps, "steps": max(200, self.steps), "eta_seconds": 65.0 if self.live else None, "version": self.steps,
            "score": value_of("score", self.steps), "correct": value_of("correct", self.steps), "heldout_before": 0.11, "heldout": value_of("heldout_sampled", self.steps), "lag_max": 2,
            "log_prob_gap_max": 0.0, "tokens_per_s": 41200.0, "queues": {"waiting": 40, "leased": 24, "finished": 3, "judging": 2, "judged": 120}, "exits": sum(self.deaths.values()), "alarms": 1,
            "alarms_now": [{"rule": "generator_idle", "actor": "generator/1", "text": "generator/1: it has written nothing for 1:04: reply of ledger", "look": "its wait reason and its log", "times": 1, "seconds": 28.0}], "summary": None}

    def actor(self, name, kind, worker, i):
        dead = not self.live
        computes = kind == "generator" or kind == "trainer" and self.steps % 2
        wait = "" if computes else {"trainer": f"reply of ledger to TakeBatch (the batch of step {self.steps + 1})", "verifier": "ledger: finished rollouts", "ledger": "messages"}.get(kind, "messages")
        died = self.deaths.get(name, 0)
        return {"name": name, "kind": kind, "job": "arithmetic-2", "node": f"node-{i // 400}" if self.actor_count > 400 else "here", "worker": worker, "pid": 100 + i if worker else 71,
            "state": "dead" if dead else "working" if computes else "idle", "last_state": "idle", "waiting_for": wait, "since": START.isoformat(),
            "waiting_seconds": (i * 7 + self.steps) % 60 / 7, "busy": 0.97 if computes else 0.1, "mailbox": (i + self.steps) % 9, "mailbox_limit": 64, "mailbox_bytes": 2048, "mailbox_bytes_limit": 4_000_000,
            "senders_waiting": 0, "oldest_message_seconds": 0.01, "handled": 1000 + 3 * self.steps, "last_handler": "Swap" if kind == "generator" else "Nudge", "unhandled": 0, "failed": died, "restarts": died,
            "incarnation": 1 + died, "weight_version": self.steps if kind in ("generator", "trainer") else None, "tokens_per_s": 20600.0 + i if kind == "generator" else None,
            "memory": 140_000_000 + i * 10_000, "asks": {"ledger": ["ledger"]} if kind != "ledger" else {}, "messages_from": {"trainer": 10 * self.steps, "verifier/0": 900, "generator/0": 3000 + 20 * self.steps} if kind == "ledger" else {}, "notes": {"sequences": "24"} if kind == "generator" else {}}

    def actors_now(self):
        fixed = [("reporter", "reporter", None), ("ledger", "ledger", "ledger"), ("trainer", "trainer", "trainer"), ("verifier/0", "verifier", "verifier/0")]
        names = fixed + [(f"generator/{i}", "generator", f"generator/{i}") for i in range(self.actor_count - len(fixed))]
        return {"live": self.live, "written": START.isoformat(), "actors": [self.actor(*name, i) for i, name in enumerate(names)], "next": None}

    def nodes(self):
        actors = self.actors_now()["actors"]
        nodes = []
        for name in dict.fromkeys(a["node"] for a in actors):
            here = [a for a in actors if a["node"] == name]
            processes = [{"worker": w, "pid": next(a["pid"] for a in here if a["worker"] == w), "state": "running", "actors": [a["name"] for a in here if a["worker"] == w], "memory": 140_000_000,
                "cpu_seconds": 12.5, "threads": 6} for w in dict.fromkeys(a["worker"] for a in here)]
            nodes.append({"name": name, "state": "up", "cores": 2, "machine": "Xeon", "isa": "avx512", "load": 1.8, "memory": 8_000_000_000, "memory_available": 3_100_000_000, "processes": processes})
        return {"nodes": nodes, "next": None}

    def row(self, i):
        step = i * max(1, self.steps) // max(1, self.rollout_count)
        right = i % 3 != 0
        reason = "math: too late" if i % 50 == 7 else ""
        return {"id": i, "group": i // 8, "sample": i % 8, "state": "trained" if step < self.steps - 1 else "judged", "step": step if step < self.steps - 1 else None, "tokens": 12, "oldest": step, "newest": step + i % 3,
            "finish": "stop", "score": None if reason else 1.0 if right else 0.1, "no_verdict": reason}

    def rollouts(self, query):
        after = int(query.get("after") or self.rollout_count)
        limit, rows, at = int(query.get("limit", 100)), [], after
        low, high = 0, self.rollout_count
        if "group" in query:
            low, high = int(query["group"]) * 8, int(query["group"]) * 8 + 8
        at = min(at, high)
        scanned = 0
        while at > low and len(rows) < limit and scanned < 20000:
            at, scanned = at - 1, scanned + 1
            row = self.row(at)
            if "step" in query and row["step"] != int(query["step"]) or "spanning" in query and row["oldest"] == row["newest"] or "text" in query and query["text"] not in "<think>1+1=2</think>2":
                continue
            if "no_verdict" in query and (not row["no_verdict"] or query["no_verdict"] not in row["no_verdict"]) or "min_score" in query and (row["score"] or 0) < float(query["min_score"]):
                continue
            rows.append(row)
        return {"rollouts": rows, "next": str(at) if at > low else None, "scanned": scanned, "note": ""}

    def rollout(self, i):
        row, step = self.row(i), self.row(i)["oldest"]
        versions = list(range(row["oldest"], row["newest"] + 1))
        texts = ["<think>", "7", "+", "5", "=", "1", "2", "</think>", "1", "2" if row["score"] != 0.1 else "3", "<eos>", "\n"]
        cuts = [len(texts) * k // len(versions) for k in range(len(versions) + 1)]
        spans = [{"begin": a, "end": b, "version": v, "fingerprint": f"{v:016x}", "fresh_cache": False} for a, b, v in zip(cuts, cuts[1:], versions)]
        return {**row, "prompt": f"{i % 90 + 10}+{step % 80}=", "answer": "12", "text": "".join(texts), "token_ids": list(range(5, 5 + len(texts))), "texts": texts, "log_probs": [-0.2 * (k % 7) for k in range(len(texts))], "spans": spans,
            "correct": row["score"] == 1.0, "components": [{"name": "format", "value": 0.1, "evidence": "one answer before <eos>"}, {"name": "math", "value": 0.9 if row["score"] == 1.0 else 0.0, "evidence": "found 12, expected 12: equal"}],
            "audit": {"step": step, "gaps": [0.0] * 12 + [None], "ratios": [1.0, 1.4] * 6 + [0.7], "entropy": [0.3 * k for k in range(13)], "fates": "....>>..<..m."} if i % 2 == 0 else None,
            "siblings": [self.row(k) for k in range(i // 8 * 8, min(i // 8 * 8 + 8, self.rollout_count))]}

    def batch(self, step):
        groups = [{"group": g, "prompt": f"{g % 90 + 10}+5=", "answer": str(g % 90 + 15), "rollouts": [self.row(k) for k in range(g * 8, g * 8 + 8)]} for g in range(min(32, self.rollout_count // 8))]
        return {"step": step, "state": "trained", "hash": "00c0ffee00c0ffee", "fingerprint": "0123456789abcdef", "rollouts_seen": 320, "groups_without_contrast": 8, "rollouts_stale": 0, "rollouts_no_verdict": 3, "mean_score": 0.63,
            "mean_correct": 0.6, "mean_tokens": 24.2, "truncated_share": 0.01, "groups": groups, "dropped": [{"group": 900 + k, "reason": "no contrast"} for k in range(8)],
            "event": {"loss": 0.02, "entropy": 0.2, "log_prob_gap_max": 0.0}}

    def metrics(self, query):
        names = [n for n in query.get("names", "").split(",") if n]
        points, low = int(query.get("points", 1000)), float(query.get("from", -1e300))
        series = []
        for name, unit, axis, _ in METRICS:
            if name not in names:
                continue
            every = 20 if name.startswith("heldout") else 1
            xs = [x for x in range(0 if every > 1 else 1, self.steps + 1, every) if x >= low]
            stride = max(1, -(-len(xs) // points))
            xs = xs[::stride]
            for label in (["generator/0", "generator/1"] if name == "swap_stall_us" else [""]):
                series.append({"name": name, "label": label, "axis": axis, "x": xs, "y": [value_of(name, x + (label == "generator/1") * 0.5) for x in xs], "thinned": stride > 1})
        return {"metrics": [{"name": n, "unit": u, "help": h, "axis": a, "points": self.steps, "last": value_of(n, self.steps)} for n, u, a, h in METRICS], "series": series}

    def spans(self, query):
        zero = int(START.timestamp() * 1e6)
        end = int(query.get("after") or self.steps)
        rows = []
        for n in range(max(0, end - 60), end):
            at = zero + n * 1_000_000
            rows.append({"id": str(3 * n), "event": "wait", "actor": "verifier/0", "what": "reply of ledger to LeaseFinished", "rollout": None, "parts": [], "from_us": at, "to_us": at + 400_000})
            rows.append({"id": str(3 * n + 1), "event": "written", "actor": None, "what": None, "rollout": 8 * n, "from_us": at, "to_us": at + 1_700_000,
                "parts": [{"version": n, "tokens": 20, "to_us": at + 900_000}, {"version": n + 1, "tokens": 12, "to_us": at + 1_700_000}]})
        return {"spans": rows, "next": str(end - 60) if end > 60 else None}

    def events_page(self, query):
        kinds = [k for k in query.get("kind", "").split(",") if k]
        ranks = {"info": 0, "warning": 1, "error": 2}
        found = [e for e in reversed(self.events) if (e["kind"] in kinds if kinds else e["kind"] != "step") and query.get("text", "").lower() in e["text"].lower()
            and (not query.get("actor") or e["actor"] == query["actor"]) and ranks[e["level"]] >= ranks[query.get("level", "info")]]
        begin, limit = int(query.get("after") or 0), int(query.get("limit", 100))
        return {"events": found[begin:begin + limit], "next": str(begin + limit) if len(found) > begin + limit else None}

    def find(self, path, query):
        if path == "version":
            return {"program": "tramontane", "version": "0", "api": 1, "time": START.isoformat()}
        if path == "jobs":
            job = self.job()
            return {"jobs": [job, {**job, "id": "arithmetic-1", "live": False, "state": "finished"}], "next": None}
        if path == "actors":
            return self.actors_now()
        if path == "spans":
            return self.spans(query)
        if path.startswith("actors/"):
            name = path[7:]
            found = next((a for a in self.actors_now()["actors"] if a["name"] == name), None)
            return found and {**found, "lives": [e for e in reversed(self.events) if e["kind"] == "exit" and e["actor"] == name],
                "log": [{"time": START.isoformat(), "level": "info", "who": name, "text": "took version 12"}], "output": ["a line of its process"]}
        simple = {"nodes": self.nodes, "rollouts": lambda: self.rollouts(query), "metrics": lambda: self.metrics(query), "events": lambda: self.events_page(query)}
        if path in simple:
            return simple[path]()
        kind, _, number = path.partition("/")
        if kind in ("rollouts", "batches") and number.isdigit() and int(number) < (self.rollout_count if kind == "rollouts" else self.steps):
            return (self.rollout if kind == "rollouts" else self.batch)(int(number))
        return None

    def answer(self, request):
        target = urllib.parse.urlsplit(request.path)
        path, query = urllib.parse.unquote(target.path), {k: v[0] for k, v in urllib.parse.parse_qs(target.query).items()}
        if path == "/api/v1/stream":
            return self.stream(request, query)
        if path.startswith("/api/v1/"):
            with self.lock:
                found = self.find(path[8:], query)
            body = found if found is not None else {"error": {"code": "not_found", "text": f"there is no {path[8:]}"}}
            return self.send(request, 200 if found is not None else 404, "application/json", json.dumps(body).encode())
        name = "index.html" if path == "/" else os.path.basename(path)
        for folder in self.page:
            file = os.path.join(folder, name)
            if os.path.isfile(file) and (path == "/" or path == "/static/" + name):
                with open(file, "rb") as source:
                    return self.send(request, 200, TYPES[os.path.splitext(name)[1]], source.read())
        return self.send(request, 404, "text/plain", b"no such page")

    def send(self, request, status, kind, body):
        request.send_response(status)
        for name, value in [("Content-Type", kind), ("Content-Length", str(len(body))), ("Content-Security-Policy", POLICY), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]:
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    def stream(self, request, query):
        reader = queue.Queue()
        known = request.headers.get("Last-Event-ID") or query.get("after")
        with self.lock:
            if known:
                numbers = [number for number, _ in self.told]
                begin = numbers.index(known) + 1 if known in numbers else 0
                for _, text in self.told[begin:]:
                    reader.put(text)
            for kind, data in [("actors", self.actors_now()), ("job", self.job())]:
                reader.put(f"event: {kind}\ndata: {json.dumps(data)}\n\n")
            self.readers.append(reader)
        request.send_response(200)
        request.send_header("Content-Type", "text/event-stream")
        request.send_header("Cache-Control", "no-store")
        request.send_header("Connection", "close")
        request.end_headers()
        request.wfile.write(b": welcome\n\n")
        request.wfile.flush()
        while (text := reader.get()) is not None:
            request.wfile.write(text.encode())
            request.wfile.flush()
        request.close_connection = True
