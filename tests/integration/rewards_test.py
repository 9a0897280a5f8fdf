"""Rewards outside the program, and the verifier by itself: verify-answer, grade.

  rewards_test.py TRAM REPOSITORY
"""
import gzip
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time

import harness as h

WRONG, UNDECIDED = 10, 11  # exit statuses of verify-answer

LINES = [{"prompt": "1+1=", "answer": "2", "completion": "the answer is 2"}, {"prompt": "2+2=", "answer": "4", "completion": "five"},
    {"prompt": "3+3=", "answer": "6", "completion": "6"}]


def graded(folder, rewards, lines=LINES, **options):
    """Grades the lines; the verdicts and the summary."""
    path, out = os.path.join(folder, "lines.jsonl"), os.path.join(folder, "verdicts.jsonl")
    with open(path, "w") as f:
        f.writelines(json.dumps(line) + "\n" for line in lines)
    ended = h.tram("grade", path, "--rewards", rewards, "--out", out, "--json", "--threads", "2", **options)
    return [json.loads(line) for line in open(out)], json.loads(ended.out)


def scores(verdicts):
    return [v["score"] for v in verdicts]


def script(folder, name, text):
    path = os.path.join(folder, name)
    open(path, "w").write(text)
    return path


def answers():
    for words, parts in [(["1/2", "\\boxed{0.5}"], ["right", "boxed"]), (["1/2", "\\boxed{0.51}"], ["wrong"]),
            (["432", "385+47", "--prompt", "385+47=", "--options", "answer: whole"], ["wrong"]),
            (["7", "\\boxed{5^{5^{5^{5^5}}}}"], ["wrong"]), (["", "2", "--kind", "format"], ["right"])]:
        began = time.time()
        status = 0 if "right" in parts else WRONG
        out = h.tram("verify-answer", *words, status=status).out
        h.expect(time.time() - began < 5, f"verify-answer {words} took {time.time() - began:.1f} s")
        for part in parts:
            h.expect(part in out, f"verify-answer {words}: {out}")
    h.expect("no verdict" in h.tram("verify-answer", "\\frac{", "2", status=UNDECIDED).out, "a gold answer that makes no sense")
    h.expect("10 if it is wrong" in h.tram("help", "verify-answer").out, "the help has no exit statuses")
    ended = h.tram("verify-answer", "1", "1", "--kind", "maths", status=h.BAD_INPUT)
    h.expect("did you mean 'math'?" in ended.err, ended.err)
    ended = h.tram("verify-answer", '{"tests": 1}', "```python\n1\n```", "--kind", "code", status=h.BAD_INPUT)
    h.expect("reward code: the problem's tests" in ended.err, f"tests that are none: {ended.err}")
    print("verify-answer: verdicts with evidence", flush=True)


def functions(folder):
    verdicts, summary = graded(folder, "{format: 0.1, math: 0.9}")
    h.expect_equal(scores(verdicts), [1, 0.1, 1], "format and math")
    h.expect_equal(summary["correct"], 2, "correct")
    verdicts, _ = graded(folder, "{math: 1}", [{"prompt": "?", "answer": "\\frac{", "completion": "2"}] + LINES)
    h.expect_equal(verdicts[0]["score"], None, "a gold answer that makes no sense")
    h.expect("no_verdict" in verdicts[0], verdicts[0])
    h.expect_equal(scores(verdicts)[1:], [1, 0, 1], "its neighbours")
    print("grade: functions, and golds that make no sense", flush=True)


def files(folder):
    """What grade takes, what it says, and how much memory it needs."""
    empty = [{"prompt": "", "answer": "2", "completion": ""}]
    h.expect_equal(scores(graded(folder, "{math: 1}", empty + LINES)[0]), [0, 1, 0, 1], "an empty prompt and completion")
    text = "".join(json.dumps(line) + "\n" for line in LINES)
    packed = os.path.join(folder, "packed.jsonl.gz")
    with gzip.open(packed, "wt") as file:
        file.write("".join(json.dumps(line) + "\n" for line in LINES))
    refused = h.tram("grade", packed, status=h.BAD_INPUT).err
    h.expect("is packed" in refused and "zcat" in refused, f"a packed file: {refused}")
    done = subprocess.run([h.TRAM, "grade", "-", "--rewards", "{math: {weight: 0.8}}"], input=text, capture_output=True, text=True)
    h.expect_equal(done.returncode, 0, f"grade of standard input: {done.stderr}")
    h.expect("correct       2 (66.7 % of those judged)" in done.stdout, done.stdout)
    h.expect("0.5333 of 0.8 on average, over 3" in done.stdout, done.stdout)
    rate = re.search(r"in +(\d+ ms|[\d.]+ s, \d+ verdicts/s)\n", done.stdout)
    h.expect(rate, f"a rate over milliseconds: {done.stdout}")

    out = os.path.join(folder, "out.jsonl")
    path = script(folder, "bad.jsonl", text + "{\n" + text + '{"prompt": 1}\n')
    ended = h.tram("grade", path, "--rewards", "{math: 1}", "--out", out, status=h.BAD_INPUT)
    h.expect("bad.jsonl:4: column" in ended.err and "bad.jsonl:8: no field 'answer'" in ended.err, ended.err)
    h.expect(not os.path.exists(out), "half of the verdicts were written")

    unread = [{"prompt": "?", "answer": f"{{\"tests\": {n}}}", "completion": "```python\n1\n```"} for n in range(3)]
    path = script(folder, "unread.jsonl", "".join(json.dumps(line) + "\n" for line in unread))
    refused = h.tram("grade", path, "--rewards", "{tests: {kind: code, weight: 1}}", "--out", out, status=h.BAD_INPUT).err
    h.expect("unread.jsonl:1: reward tests: " in refused and "unread.jsonl:3: " in refused, f"tests that are none: {refused}")
    h.expect(not os.path.exists(out), "verdicts by tests that are none")
    unread = [{"prompt": "?", "answer": f"\\frac{{{n}", "completion": "\\boxed{1}"} for n in range(3)]
    path = script(folder, "unread.jsonl", "".join(json.dumps(line) + "\n" for line in unread))
    said = h.tram("grade", path, "--rewards", "{math: 1}").out
    h.expect("no verdict    3" in said and re.search(r"  3  .*\(line 1 is the first\)", said), f"reasons are not put together: {said}")
    h.expect("th " in h.tram("help", "grade").out, "the help of grade names no languages")

    path = os.path.join(folder, "large.jsonl")
    line = json.dumps({"prompt": "1+1=", "answer": "2", "completion": "step by step " * 500 + "\\boxed{2}"}) + "\n"
    with open(path, "w") as f:
        f.writelines(line for _ in range(20000))
    ended = h.tram("grade", path, "--rewards", "{math: {weight: 1, answer: boxed}}", "--json")
    h.expect_equal(json.loads(ended.out)["correct"], 20000, "of a large file")
    if "TRAM_SANITIZED" not in os.environ:
        peak = peak_megabytes([h.TRAM, "grade", path, "--rewards", "{math: {weight: 1, answer: boxed}}", "--json", "--threads", "2"])
        h.expect(peak < 100, f"grade of {os.path.getsize(path) >> 20} MB needed {peak} MB")
    print("grade: standard input, empty texts, bad lines, reasons, and little memory", flush=True)


def peak_megabytes(command):
    """The most memory that a program had."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    h.expect_equal(process.returncode, 0, "exit status")
    return usage.ru_maxrss >> 10


def own_function(folder, policy):
    own = os.path.join(os.path.dirname(h.TRAM), "..", "examples", "own_reward")
    rewards = "{math: 0.5, distinct: 0.5}"
    verdicts, _ = graded(folder, rewards, [{"prompt": "1+1=", "answer": "2", "completion": "two two is 2"}], program=own)
    h.expect_equal(scores(verdicts), [0.5 + 0.5 * 3 / 4], "examples/own_reward.cc with math, by weight")
    h.expect_equal(verdicts[0]["components"][1]["evidence"], "3 of 4 words are distinct", "evidence")
    folded = "{distinct: {weight: 1, options: {case: fold}}}"
    line = [{"prompt": "1+1=", "answer": "2", "completion": "Two two"}]
    h.expect_equal(scores(graded(folder, folded, line, program=own)[0]), [0.5], "an option of its own")
    ended = h.tram("verify-answer", "1", "1", "--kind", "distinct", "--options", "options: {cas: fold}", status=h.BAD_INPUT, program=own)
    h.expect("did you mean 'case'?" in ended.err, ended.err)
    h.expect("http, distinct;" in h.tram("job", program=own).out, "tram job does not know the program's own kind")
    ended = h.tram("verify-answer", "1", "1", "--kind", "distinkt", status=h.BAD_INPUT, program=own)
    h.expect("did you mean 'distinct'?" in ended.err, ended.err)
    graph = h.job(folder, "distinct", policy=policy, steps=2)
    text = open(graph).read()
    open(graph, "w").write(text.replace("rewards: {", "rewards: { distinct: 0.2,"))
    run = os.path.join(folder, "distinct-run")
    h.tram("run", graph, "--run", run, "--plain", program=own)
    h.tram("resume", run, "--plain", program=own)
    h.expect("unknown reward 'distinct'" in h.tram("resume", run, "--plain", status=h.BAD_INPUT).err, "tram knows distinct")
    shown = h.tram("rollouts", run, "--json", "--limit", "1").out
    h.expect("words are distinct" in shown, shown)
    print("a program with a reward of its own in C++: grade, verify-answer, and a job", flush=True)


def commands(folder):
    own = os.path.join(h.ROOT, "examples", "rewards", "brevity.py")
    reward = f"{{brevity: {{kind: command, weight: 1, command: [{sys.executable}, {own}]}}}}"
    verdicts, _ = graded(folder, reward)
    h.expect_equal(scores(verdicts), [0.25, 1, 1], "examples/rewards/brevity.py")
    h.expect_equal(verdicts[0]["components"][0]["evidence"], "4 words", "evidence")

    def broken(name, text, reason, deadline=10):
        path = script(folder, name, text)
        found, _ = graded(folder, f"{{own: {{kind: command, weight: 1, deadline: {deadline}, batch: 1, command: [{sys.executable}, {path}]}}}}")
        h.expect_equal(scores(found), [None] * 3, f"{name}: never a silent score")
        h.expect(all(reason in v["no_verdict"] for v in found), f"{name}: {found}")

    broken("dies.py", "import sys\nsys.stdin.readline()\nprint('no model here', file=sys.stderr)\nsys.exit(3)", "ended with status 3; it said: no model here")
    broken("sleeps.py", "import time\ntime.sleep(60)", "did not answer in time", 0.5)
    broken("garbage.py", "import sys\nfor l in sys.stdin: print('{\"items\": 7', flush=True)", "the reply is not of the form")
    broken("forgets.py", "import sys\nfor l in sys.stdin: print('{\"items\": []}', flush=True)", "has no item")
    broken("boasts.py", "import json, sys\nfor l in sys.stdin: print(json.dumps({'items': [{'id': i['id'], 'score': 99} for i in json.loads(l)['items']]}), flush=True)", "scores go from -1 to 1")
    broken("absent.py", "", "ended with status 0")
    found, _ = graded(folder, "{own: {kind: command, weight: 1, command: [/no/such/program]}}")
    h.expect("No such file" in found[0]["no_verdict"], found[0])
    once = script(folder, "once.py", """import json, os, sys
line = sys.stdin.readline()
items = json.loads(line)["items"]
print(json.dumps({"items": [{"id": i["id"], "score": 1} for i in items]}), flush=True)
""")
    found, _ = graded(folder, f"{{own: {{kind: command, weight: 1, batch: 1, command: [{sys.executable}, {once}]}}}}", LINES * 4)
    h.expect(sum(s == 1 for s in scores(found)) >= 6, f"a command that ends after each line is started again: {found}")
    print("command rewards: kept alive, restarted, late, broken: a verdict or a reason", flush=True)


class Endpoint:
    """An HTTP server whose handler is a function from (path, request) to (status, body)."""

    def __init__(self, answer):
        self.seen = []
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                endpoint.seen.append(request)
                status, body = answer(len(endpoint.seen), request)
                body = body.encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/grade"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()


def all_right(request):
    return json.dumps({"items": [{"id": i["id"], "score": 1} for i in reversed(request["items"])]})


def endpoints(folder):
    def graded_by(answer, options="", lines=LINES):
        with Endpoint(answer) as endpoint:
            verdicts, _ = graded(folder, f'{{own: {{kind: http, weight: 1, url: "{endpoint.url}"{options}}}}}', lines)
            return verdicts, endpoint.seen

    verdicts, seen = graded_by(lambda n, r: (200, all_right(r)), lines=LINES * 20)
    h.expect_equal(scores(verdicts), [1] * 60, "items in another order")
    h.expect(len(seen) < 20, f"60 completions came in {len(seen)} requests")
    verdicts, seen = graded_by(lambda n, r: (500, "busy") if n == 1 else (200, all_right(r)))
    h.expect_equal(scores(verdicts), [1] * 3, "an endpoint that fails once")
    h.expect(seen[0]["items"] == seen[1]["items"], "sent again with the same ids")
    verdicts, seen = graded_by(lambda n, r: (403, "who are you?"))
    h.expect("status 403: who are you?" in verdicts[0]["no_verdict"] and len(seen) == 1, (verdicts, len(seen)))
    verdicts, _ = graded_by(lambda n, r: (time.sleep(3), (200, all_right(r)))[1], ", deadline: 0.5")
    h.expect_equal(scores(verdicts), [None] * 3, "an endpoint that is late")
    verdicts, _ = graded_by(lambda n, r: (200, "<html>"))
    h.expect("not of the form" in verdicts[0]["no_verdict"], verdicts)

    def judge(n, request):
        text = request["messages"][0]["content"]
        return 200, json.dumps({"choices": [{"message": {"content": f"I read: {text}. SCORE: {0.75 if '2' in text else 0.0}"}}]})

    verdicts, seen = graded_by(judge, ', model: small, template: "Is {completion} right for {prompt}? {answer}"')
    h.expect_equal(scores(verdicts), [0.75, 0.75, 0], "a language model as judge")
    h.expect_equal(seen[0]["model"], "small", "the judge's name")
    h.expect("I read: Is the answer is 2 right for 1+1=? 2." in verdicts[0]["components"][0]["evidence"], verdicts[0])
    with Endpoint(judge) as endpoint:
        text = open(os.path.join(h.ROOT, "examples", "rewards", "judge.yaml")).read()
        served = script(folder, "judge.yaml", text.replace("http://127.0.0.1:8000/v1/chat/completions", endpoint.url))
        verdicts, _ = graded(folder, served)
        h.expect_equal(scores(verdicts), [0.5 + 0.375, 0.375, 0.5], "examples/rewards/judge.yaml")
        h.expect("Problem: 1+1=\nSolution: the answer is 2\n" in endpoint.seen[0]["messages"][0]["content"], endpoint.seen[0])
    found, _ = graded(folder, '{own: {kind: http, weight: 1, deadline: 1, url: "http://127.0.0.1:1/"}}')
    h.expect_equal(scores(found), [None] * 3, "nobody listens")
    refused = h.tram("grade", os.path.join(folder, "lines.jsonl"), "--rewards", "{own: {kind: http, weight: 1}}", status=h.BAD_INPUT)
    h.expect("begins with http://" in refused.err, refused.err)
    print("http rewards: batches, attempts with the same ids, deadlines, a judge", flush=True)


def example_server(folder):
    server = subprocess.Popen([sys.executable, os.path.join(h.ROOT, "examples", "rewards", "server.py"), "0"], stdout=subprocess.PIPE, text=True)
    try:
        port = server.stdout.readline().split()[-1]
        verdicts, _ = graded(folder, f'{{mentions: {{kind: http, weight: 0.5, url: "http://127.0.0.1:{port}/grade"}}, math: 0.5}}')
        h.expect_equal(scores(verdicts), [1, 0, 1], "examples/rewards/server.py with math, by weight")
    finally:
        server.kill()
        server.wait()
    print("several rewards by weight, one of them a server", flush=True)


def in_a_job(folder, policy):
    graph = h.job(folder, "own", policy=policy, steps=3)
    own = os.path.join(h.ROOT, "examples", "rewards", "brevity.py")
    text = open(graph).read()
    text = text.replace("rewards: {", f"rewards: {{ brevity: {{ kind: command, weight: 0.2, command: [{sys.executable}, {own}] }},")
    open(graph, "w").write(text)
    run = os.path.join(folder, "own-run")
    h.tram("run", graph, "--run", run, "--plain")
    shown = json.loads(h.tram("rollouts", run, "--json", "--limit", "1").out.splitlines()[0])
    h.expect("words" in json.dumps(shown), f"the evidence is in the ledger: {shown}")
    print("a job with a command reward: its evidence is in the ledger", flush=True)


def whole_jobs(folder):
    """The example jobs with code and with language, through the ledger, evidence and all."""
    program = "```python\na, b = map(int, input().split())\nprint(a + b)\n```"
    tests = json.dumps({"tests": [{"stdin": "2 3\n", "stdout": "5\n"}]})
    runs_code = json.loads(h.tram("verify-answer", tests, program, "--kind", "code", "--json", status=None).out)
    if runs_code["score"] is None:
        print(f"examples/code.yaml: skipped, no sandbox here: {runs_code['no_verdict']}", flush=True)
    else:
        h.expect_equal(runs_code["score"], 1, "a right program")
        example(folder, "code", "code", "of 4 tests")
    planned = h.tram("plan", os.path.join(h.ROOT, "examples", "gsm8k.yaml"), status=None)
    if planned.status != h.OK:
        h.expect("language" in planned.err, planned.err)
        print(f"examples/gsm8k.yaml: skipped, {planned.err.strip()}", flush=True)
    else:
        example(folder, "gsm8k", "language", "en")
        line = {"question": "2+2?", "answer": "two and two is #### 4",
            "completion": "<think>Two and two make four, as everybody knows.</think>So the sum is \\boxed{4}."}
        path = script(folder, "fields.jsonl", json.dumps(line) + "\n")
        ended = h.tram("grade", path, "--job", os.path.join(h.ROOT, "examples", "gsm8k.yaml"), "--json")
        h.expect_equal(json.loads(ended.out)["correct"], 1, "grade by the fields of a job")


def example(folder, name, reward, evidence):
    run = os.path.join(folder, name)
    ended = h.tram("run", os.path.join(h.ROOT, "examples", f"{name}.yaml"), "--run", run, "--json")
    summary = h.summary_of(ended.events())
    h.expect(summary["heldout_before"] > 0.3, f"{name}: the policy learnt its demonstrations: {summary['heldout_before']}")
    h.expect_equal(sum(e["rollouts_no_verdict"] for e in h.steps_of(ended.events())), 0, f"{name}: rollouts without a verdict")
    listed = [json.loads(line) for line in h.tram("rollouts", run, "--json", "--limit", "1000").out.splitlines()]
    parts = [p for r in listed for p in r["components"] if p["name"] == reward]
    right = [p for p in parts if p["value"] > 0]
    h.expect(right and any(evidence in p["evidence"] for p in right), f"{name}: evidence of {reward}: {parts[:5]}")
    print(f"examples/{name}.yaml: {len(parts)} verdicts of {reward}, {len(right)} good; {right[0]['evidence']}", flush=True)


with h.Folder() as at:
    answers()
    policy = h.warm_policy(at, steps=60)
    functions(at)
    files(at)
    own_function(at, policy)
    commands(at)
    endpoints(at)
    example_server(at)
    in_a_job(at, policy)
    if "TRAM_SANITIZED" not in os.environ:  # minutes there, of code that other tests run
        whole_jobs(at)
