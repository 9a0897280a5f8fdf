"""Nothing is left of a program that was killed: no child, and nothing that a child has forked.

  children_test.py TRAM REPOSITORY
"""
import json
import os
import signal
import subprocess
import sys
import time

import harness as h

GONE_WITHIN = 2  # seconds

# Forks a sleeper, answers so many requests, and then stands still.
GRADER = """import json, subprocess, sys, time
subprocess.Popen(["sleep", "1000"])
for n, line in enumerate(sys.stdin):
    if n == ANSWERS:
        time.sleep(1000)
    print(json.dumps({"items": [{"id": i["id"], "score": 1} for i in json.loads(line)["items"]]}), flush=True)
"""
MATHS = {"prompt": "?", "answer": "1+\\sqrt2", "completion": "\\boxed{\\sqrt{3+2\\sqrt2}}"}
TESTS = json.dumps({"tests": [{"stdin": "", "stdout": "3\n"}]})
ADDS = {"prompt": "?", "answer": TESTS, "completion": "```python\nprint(1 + 2)\n```"}
SLEEPS = {"prompt": "?", "answer": TESTS, "completion": "```python\nimport time\ntime.sleep(1000)\n```"}


def processes():
    """By id: parent, state, when it began (a number is given again), command line."""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            fields = open(f"/proc/{name}/stat").read().rsplit(")", 1)[1].split()
            words = open(f"/proc/{name}/cmdline").read().replace("\0", " ")
        except OSError:
            continue
        found[int(name)] = (int(fields[1]), fields[0], fields[19], words)
    return found


def below(pid):
    """The process and its descendants, those that run: (id, when it began) to command line."""
    table = processes()
    inside = {pid}
    while more := {p for p, (parent, *_) in table.items() if parent in inside} - inside:
        inside |= more
    return {(p, table[p][2]): table[p][3] for p in inside if p in table and table[p][1] != "Z"}


def marked(mark):
    """Processes with the variable, those that run: (id, when it began) to command line."""
    found = {}
    for pid, (_, state, began, words) in processes().items():
        try:
            if mark in open(f"/proc/{pid}/environ").read().split("\0") and state != "Z":
                found[(pid, began)] = words
        except OSError:
            pass
    return found


def killed(process, wanted, mark, text):
    """Waits until the process has descendants with these words, kills it, and looks for them."""
    end = time.time() + h.PATIENCE
    while True:
        inside = below(process.pid)
        missing = [word for word in wanted if not any(word in words for words in inside.values())]
        if not missing:
            break
        if time.time() > end or process.poll() is not None:
            process.kill()
            sys.exit(f"FAILED: {text}: no descendant is called {missing}: {inside}\n{process.communicate()[1][-2000:]}")
        time.sleep(0.01)
    inside |= below(process.pid)
    process.send_signal(signal.SIGKILL)
    began = time.time()
    while True:
        table = processes()
        left = {p: words for (p, start), words in inside.items() if p in table and table[p][2] == start and table[p][1] != "Z"}
        left.update({p: words for (p, _), words in marked(mark).items()})
        took = time.time() - began
        if not left or took > GONE_WITHIN:
            break
        time.sleep(0.005)
    process.communicate()
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    h.expect(not left, f"{text}: left after {took:.1f} s: {left}")
    print(f"{text}: {len(inside)} processes, gone {1000 * took:.0f} ms after kill -9", flush=True)


def environment(name):
    mark = f"TRAM_TEST_MARK={name}{os.getpid()}"
    return mark, dict(os.environ, TRAM_TEST_MARK=mark.split("=")[1])


def grader(folder, answers):
    path = os.path.join(folder, f"grader{answers}.py")
    open(path, "w").write(GRADER.replace("ANSWERS", str(answers)))
    return f"own: {{kind: command, weight: 0.5, deadline: 1000, batch: 1, command: [{sys.executable}, {path}]}}"


def grades(folder, name, line, rewards, wanted):
    path = os.path.join(folder, f"{name}.jsonl")
    open(path, "w").write(json.dumps(line) + "\n")
    mark, env = environment(name)
    killed(h.spawn("grade", path, "--rewards", f"{{{rewards}}}", env=env), wanted, mark, f"grade with {name}")


def job(folder):
    policy = h.warm_policy(folder, steps=5)
    graph = h.job(folder, "own", policy=policy, steps=1000)
    text = open(graph).read().replace("rewards: {", f"rewards: {{ {grader(folder, 3)},").replace("answer: number", "answer: automatic")
    open(graph, "w").write(text)
    mark, env = environment("job")
    process = h.spawn("run", graph, "--run", os.path.join(folder, "run"), "--plain", env=env)
    killed(process, ["grader3.py", "sleep 1000", "sweep-children"], mark, "a job with a command reward")


def ends_in_order(folder):
    """What is told to end, and what ends by itself, leaves as little."""
    path = os.path.join(folder, "order.jsonl")
    open(path, "w").write(json.dumps(MATHS) + "\n")
    mark, env = environment("order")
    h.tram("grade", path, "--rewards", f"{{math: 0.5, {grader(folder, 9)}}}", env=env)
    end = time.time() + GONE_WITHIN
    while (left := marked(mark)) and time.time() < end:
        time.sleep(0.005)
    h.expect(not left, f"left of a program that has ended: {left}")
    print("a program that has ended: nothing is left", flush=True)


def as_first_process():
    """In a container the program may be process 1, which is also who adopts orphans."""
    alone = ["unshare", "--pid", "--fork", "--mount-proc"]
    if subprocess.run(alone + ["true"], capture_output=True).returncode != 0:
        print("as the first process: skipped, no process namespace to be had", flush=True)
        return
    done = subprocess.run(alone + [h.TRAM, "verify-answer", MATHS["answer"], MATHS["completion"]], capture_output=True, text=True,
        timeout=h.PATIENCE)
    h.expect_equal(done.returncode, h.OK, f"verify-answer as the first process: {done.stdout}{done.stderr}")
    print("as the first process: children serve it", flush=True)


with h.Folder() as at:
    as_first_process()
    grades(at, "maths", MATHS, f"math: 0.5, {grader(at, 0)}", ["serve-maths", "grader0.py", "sleep 1000", "sweep-children"])
    sandbox = json.loads(h.tram("verify-answer", TESTS, ADDS["completion"], "--kind", "code", "--json", status=None).out)
    if sandbox["score"] is None:
        print(f"code: skipped, no sandbox here: {sandbox['no_verdict']}", flush=True)
    else:
        grades(at, "code", ADDS, f"code: 0.5, {grader(at, 0)}", ["serve-sandbox", "grader0.py", "sleep 1000"])
        grades(at, "running code", SLEEPS, f"{grader(at, 1)}, code: {{weight: 0.5, deadline: 100}}",
            ["serve-sandbox", "grader1.py", "sleep 1000", "main.py"])
    job(at)
    ends_in_order(at)
