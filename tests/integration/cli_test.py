"""Every command's errors and exit statuses, and what the others print.

  cli_test.py TRAM REPOSITORY
"""
import json
import os
import re
import signal
import subprocess
import time

import harness as h

SUMMARY = ("heldout_before heldout_after steps rollouts swaps sequences_spanning_a_swap log_prob_gap_max lag_max "
           "generator_busy seconds").split()


def refused(words, status, *parts):
    """The command ends with this status, and its message has all these parts."""
    ended = h.tram(*words, status=status)
    for part in parts:
        h.expect(part in ended.err, f"tram {' '.join(words)}: the message lacks '{part}':\n{ended.err}")
    h.expect("terminate" not in ended.err, ended.err)


def job_graphs(folder):
    good = h.job(folder, "good", warm_steps=10)
    text = open(good).read()

    def variant(name, old, new):
        path = os.path.join(folder, f"{name}.yaml")
        h.expect(old in text, f"no '{old}' in the job graph")
        open(path, "w").write(text.replace(old, new))
        return path

    several = variant("several", "max_lag: 2", "max_lagg: 2")
    open(several, "a").write("datum: 3\n")
    refused(["plan", several], h.BAD_INPUT, "unknown key 'max_lagg'; did you mean 'max_lag'?", "several.yaml:",
        "unknown key 'datum'")
    lines = open(several).read().splitlines()
    at = next(i for i, line in enumerate(lines) if "max_lagg" in line)
    refused(["run", several], h.BAD_INPUT, f"several.yaml:{at + 1}:{lines[at].index('max_lagg') + 1}: ")
    refused(["plan", variant("number", "steps: 8", "steps: many")], h.BAD_INPUT, "expected a whole number", "'many'")
    refused(["plan", variant("yaml", "name: good", "name: [good")], h.BAD_INPUT, "yaml.yaml:")
    refused(["plan", os.path.join(folder, "none.yaml")], h.BAD_INPUT, "none.yaml", "No such file")
    refused(["plan", good, "--set", "actors.verifier.rewards={}"], h.BAD_INPUT, "expected at least one reward")
    refused(["plan", good, "--set", "actors.verifier.rewards={mathe: 1}"], h.BAD_INPUT, "did you mean 'math'?")
    refused(["plan", good, "--set", "a=b", "--set", "seed=x"], h.BAD_INPUT, "unknown key 'a'", "found 'x'")

    prompts = f"prompts: {h.GATE}/train.jsonl"
    mine = os.path.join(folder, "mine.jsonl")
    graph = variant("data", prompts, f"prompts: {mine}")
    refused(["run", graph], h.BAD_INPUT, "mine.jsonl", "No such file")
    for content, parts in [
            ('{"prompt": "1+1=", "answer": "2"}\n{"prompt": "1+\n', ["mine.jsonl:2:", "JSON"]),
            ('{"prompt": "1+1=", "answer": "2"}\n\n[1]\n', ["mine.jsonl:3:"]),
            ("", ["mine.jsonl", "no examples"]),
            ('{"prompt": "' + "1+" * 100 + '1=", "answer": "101"}\n', ["mine.jsonl:1:", "context of 128"]),
            ('{"prompt": "one?", "answer": "2"}\n', ["mine.jsonl:1:", "tokenizer"])]:
        open(mine, "w").write(content)
        refused(["plan", graph], h.BAD_INPUT, *parts)
    os.remove(mine)
    os.mkdir(mine)
    refused(["plan", graph], h.IO, "mine.jsonl")
    print("job graphs and data: every error is named", flush=True)


def usage(folder, run, graph):
    refused(["run", "--frobnicate", graph], h.USAGE, "unknown option '--frobnicate'")
    refused(["rum", graph], h.USAGE, "did you mean 'run'")
    refused(["run"], h.USAGE, "JOB.yaml")
    refused(["plan", graph, "more"], h.USAGE, "more")
    refused(["eval", run], h.USAGE, "--data")
    refused(["rollouts", run, "--limit", "x"], h.USAGE, "limit")
    refused(["rollouts", run, "x1"], h.USAGE, "x1")
    refused(["rollouts", run, "999999"], h.BAD_INPUT, "999999")
    refused(["rollouts", folder], h.BAD_INPUT, "no run")
    refused(["report", folder], h.BAD_INPUT, "no run")
    refused(["resume", folder], h.BAD_INPUT, "no run")
    refused(["resume", os.path.join(folder, "none")], h.BAD_INPUT, "no run")
    refused(["replay", folder], h.BAD_INPUT)
    refused(["run", graph, "--run", run], h.BAD_INPUT, "is a run already", f"{h.TRAM} resume {run}`")
    refused(["plan"], h.USAGE, f"{h.TRAM} help plan")
    refused(["eval", folder, "--data", f"{h.GATE}/heldout.jsonl"], h.BAD_INPUT, "config.json")
    for words in (["help"], ["help", "run"], ["--help"], ["run", "--help"], ["version"], ["job"]):
        h.expect(h.tram(*words).out, f"tram {words} prints nothing")
    print("usage: every mistake is named", flush=True)


def devices():
    """version --devices: a line for each card, or one with the reason; that is no failure."""
    plain, ended = h.tram("version"), h.tram("version", "--devices")
    h.expect(ended.out.startswith(plain.out) and plain.out.count("\n") == 1, f"not the version first:\n{ended.out}")
    lines = ended.out[len(plain.out):].splitlines()
    if lines and lines[0].startswith("devices: none ("):
        h.expect(len(lines) == 1 and re.search("driver|libcuda|libtramontane_cuda", lines[0]), f"no reason:\n{ended.out}")
    else:
        h.expect(lines and all(re.fullmatch(r"device \d+: .+, compute capability \d+\.\d, \d+\.\d GiB(, no kernels for it)?",
            line) for line in lines), f"no cards:\n{ended.out}")
    h.expect_equal(ended.err, "", "what version --devices complains of")
    h.expect("--devices" in h.tram("version", "--help").out, "the help page lacks --devices")
    refused(["version", "--device"], h.USAGE, "did you mean 'devices'")
    print(f"version --devices: {lines[0]}", flush=True)


def one_run(folder, policy):
    """A whole run with --json; returns its folder and graph."""
    graph = h.job(folder, "one", policy=policy, steps=4)
    run = os.path.join(folder, "one")
    ended = h.tram("run", graph, "--run", run, "--json")
    events = ended.events()
    summary = h.summary_of(events)
    for key in SUMMARY:
        h.expect(key in summary, f"the summary lacks {key}")
    h.expect_equal([e["event"] for e in events].count("summary"), 1, "summaries")
    h.expect_equal(events[0]["event"], "run", "the first event")
    h.expect_equal(summary["steps"], 4, "steps")
    h.expect_equal(summary["rollouts"], 128, "rollouts")
    resumed = h.tram("resume", run, "--json")
    h.expect("come to its end already" in resumed.err, f"a finished run, resumed, says: {resumed.err}")
    again = resumed.events()
    h.expect_equal(h.summary_of(again)["fingerprint"], summary["fingerprint"], "a finished run, resumed")
    h.expect_equal(len(h.steps_of(h.metrics(run))), 4, "a finished run, resumed, trains nothing")
    page = open(os.path.join(run, "report.html")).read()
    h.expect("<html" in page and "http://" not in page.replace("http://www.w3.org", ""), "the report needs a network")
    print("--json: a line per event, the last a summary", flush=True)
    return run, graph


def model_commands(folder, policy):
    data = h.first_lines(f"{h.GATE}/heldout.jsonl", os.path.join(folder, "eval.jsonl"), 20)
    result = json.loads(h.tram("eval", policy, "--data", data, "--samples", 2, "--json").out)
    h.expect(0 <= result["sampled"] <= 1 and result["problems"] == 20, f"eval: {result}")
    h.expect("greedy pass@1" in h.tram("eval", policy, "--data", data, "--samples", 1).out, "eval")
    h.tram("eval", policy, "--data", data, "--force-thinking")
    once = h.tram("generate", policy, "23+42=", "--samples", 4, "--temperature", 0).out
    lines = once.splitlines()
    h.expect_equal(len(lines), 4, "completions")
    h.expect_equal(len(set(lines)), 1, "completions at temperature 0")
    h.expect(lines[0].startswith("23+42="), lines[0])
    h.expect_equal(h.tram("generate", policy, "23+42=", "--samples", 4, "--temperature", 0).out, once, "again")
    warm = h.tram("generate", policy, "23+42=", "--samples", 20, "--temperature", 1.5, "--seed", 3).out
    h.expect(len(set(warm.splitlines())) > 1, "temperature 1.5 draws nothing")
    h.expect_equal(h.tram("generate", policy, "23+42=", "--samples", 20, "--temperature", 1.5, "--seed", 3).out, warm,
        "the same seed")
    refused(["generate", policy, "what?"], h.BAD_INPUT, "tokenizer")
    refused(["generate", policy, "1+" * 100 + "1="], h.BAD_INPUT, "context")
    print("eval and generate: work, repeat, refuse", flush=True)


def reference(folder):
    """What `tram job` prints is a job graph, in the folder of the examples."""
    examples = os.path.join(folder, "examples")
    os.makedirs(examples)
    os.symlink(h.GATE, os.path.join(examples, "gate"))
    page = h.tram("job").out
    path = os.path.join(examples, "mine.yaml")
    open(path, "w").write(page)
    h.expect("reinforce" in h.tram("plan", path).out, "tram job: no plan")
    # A reward behind a comment is one that wants something, and is refused without it.
    for kind, wants in (("command", "needs a command"), ("http", "needs a url")):
        h.expect(f'# {" " * 6}- name: "{kind}"' in page, f"tram job: {kind} is no comment")
        refused(["plan", path, "--set", f"actors.verifier.rewards={{{kind}: 1}}"], h.BAD_INPUT, wants)
    refused(["plan", path, "--set", "actors.verifier.rewards={math: {weight: 1, length_max: 9}}"], h.BAD_INPUT,
        "'length_max' is no option of math; it has: name, weight, kind, answer, deadline, batch")
    for limits in ("actors.verifier.rewards={length: {weight: 1, length_max: 9, length_cache: 10}}", "actors.verifier.length_cache=49"):
        refused(["plan", path, "--set", limits], h.BAD_INPUT, "length_cache of at most length_max")
    help_page = h.tram("help", "verify-answer").out
    rows = re.findall(r"^\| `(\w+)`(?:, `(\w+)`)? \|", open(os.path.join(h.ROOT, "README.md")).read().split("| reward |")[1], re.M)
    named = {name for row in rows for name in row if name}
    kinds = re.search(r"kind: \"\".*?; (.*?); nothing", page).group(1).split(", ")
    h.expect(set(kinds) <= named, f"README.md names {named} of the rewards {kinds}")
    h.expect(", ".join(kinds) in help_page, "the help of verify-answer lacks a kind")
    print("tram job prints a job graph, and each kind has its own options", flush=True)


def one_rollout(folder, run):
    """One rollout whole: its problem too, also where a reward of the job cannot be made here."""
    listed = h.tram("rollouts", run, "--limit", 3).out
    pasted = subprocess.run(listed.splitlines()[-1], shell=True, capture_output=True, text=True)
    h.expect(pasted.returncode == 0 and "gold answer" in pasted.stdout, f"not to be pasted: {listed}\n{pasted}")
    problems = {}
    for line in open(f"{h.GATE}/train.jsonl"):
        problem = json.loads(line)
        problems[problem["prompt"]] = problem["answer"]
    elsewhere = os.path.join(folder, "it's elsewhere")
    subprocess.run(["cp", "-r", run, elsewhere], check=True)
    path = os.path.join(elsewhere, "job.yaml")
    text = open(path).read().replace('name: "math"', 'name: "language"').replace("answer: number", 'model: "/nowhere/lid.ftz"')
    text = re.sub(r"\n *boxes: last", "", text)
    h.expect("/nowhere" in text, "the job graph of the run has no reward math")
    open(path, "w").write(text)
    refused(["resume", elsewhere], h.BAD_INPUT, "/nowhere")
    shown = h.tram("rollouts", elsewhere, 17).out.splitlines()
    at = shown.index("  prompt")
    prompt, answer = shown[at + 1].strip(), shown[at + 3].strip()
    h.expect_equal(shown[at + 2], "  gold answer", "under the prompt")
    h.expect_equal(problems.get(prompt), answer, f"the gold answer of {prompt}")
    print("one rollout, whole: with its problem, without its rewards", flush=True)


def wrong_shape(folder, run, policy):
    graph = os.path.join(run, "job.yaml")
    text = open(graph).read()
    other = h.job(folder, "other", steps=4)
    shape = os.path.join(folder, "shape")
    subprocess.run(["cp", "-r", run, shape], check=True)
    resolved = h.tram("plan", other, "--graph", "--set", "model.preset=micro").out
    open(os.path.join(shape, "job.yaml"), "w").write(resolved)
    refused(["resume", shape, "--plain"], h.BAD_INPUT, "--accept-changes")
    ended = h.tram("resume", shape, "--plain", "--accept-changes", status=h.UNSUPPORTED)
    h.expect("another shape" in ended.err, f"a checkpoint of another shape: {ended.err}")
    open(graph, "w").write(text)
    print(f"a checkpoint of another shape: exit status {ended.status}", flush=True)


def changed_inputs(folder, policy):
    """What a run began with is what it goes on with, unless it is told otherwise; then the report tells."""
    data = h.first_lines(f"{h.GATE}/train.jsonl", os.path.join(folder, "changing.jsonl"), 50)
    graph = h.job(folder, "inputs", policy=policy, steps=2)
    run = os.path.join(folder, "inputs")
    h.tram("run", graph, "--run", run, "--plain", "--set", f"data.prompts={data}")
    h.tram("resume", run, "--plain")
    resolved = os.path.join(run, "job.yaml")
    text = open(resolved).read()
    longer = text.replace("      steps: 2\n", "      steps: 3\n")
    h.expect(longer != text, "no steps in job.yaml")
    open(resolved, "w").write(longer)
    h.first_lines(f"{h.GATE}/train.jsonl", data, 60)
    refused(["resume", run, "--plain"], h.BAD_INPUT, "`steps: 2` is now `steps: 3`")
    refused(["resume", run, "--plain"], h.BAD_INPUT, f"data.prompts ({data}) is not what it was")
    h.tram("resume", run, "--plain", "--accept-changes")
    told = [e["text"] for e in h.metrics(run) if e["event"] == "alarm"]
    h.expect(sum("did not begin with" in t for t in told) == 2, f"alarms: {told}")
    h.expect_equal(h.steps_of(h.metrics(run))[-1]["step"], 3, "steps")
    h.tram("resume", run, "--plain")  # and now it is what is expected
    print("changed inputs: refused by name, or accepted and told", flush=True)


def locked(folder, policy):
    graph = h.job(folder, "locked", policy=policy, steps=1000000, batch=64)  # never ends
    run = os.path.join(folder, "locked")
    process = h.spawn("run", graph, "--run", run, "--plain")
    while "reinforce" not in (line := process.stdout.readline()):
        h.expect(line, "the run ended early")
    refused(["resume", run], h.IO, "another process")
    h.tram("rollouts", run, "--limit", 3)
    h.tram("report", run)
    h.stop(process)
    print("a run that a live process works on: refused, but can be looked at", flush=True)


def closed_pipe(folder, policy):
    graph = h.job(folder, "pipe", policy=policy, steps=3)
    run = os.path.join(folder, "pipe")
    process = h.spawn("run", graph, "--run", run, "--json")
    process.stdout.readline()
    process.stdout.close()
    process.stderr.read()
    h.expect(process.wait(timeout=h.PATIENCE) >= 0, f"a reader that went away killed the run: {process.returncode}")
    h.expect_equal(len(h.steps_of(h.metrics(run))), 3, "steps of a run whose reader went away")
    print("a reader that goes away does not end the run", flush=True)


def stalled_pipe(folder, policy):
    """A reader that stays but does not read, like a pager that is left alone."""
    steps = 60  # more than a pipe holds
    graph = h.job(folder, "stalled", policy=policy, steps=steps)

    def unread(name):
        run = os.path.join(folder, name)
        process = h.spawn("run", graph, "--run", run, "--json")
        process.stdout.readline()
        deadline = time.time() + h.PATIENCE
        while not os.path.exists(os.path.join(run, "report.html")):
            h.expect(time.time() < deadline, "a reader that does not read held up the run")
            time.sleep(0.05)
        h.expect_equal(len(h.steps_of(h.metrics(run))), steps, "steps of a run whose reader does not read")
        return process

    process = unread("stalled")
    out, _ = process.communicate(timeout=h.PATIENCE)
    h.expect("summary" in out.splitlines()[-1], "the reader who came back lacks the summary")
    h.expect_equal(process.returncode, h.OK, "exit status")
    process = unread("stalled-2")
    h.expect_equal(process.poll(), None, "it waits for its reader")
    process.send_signal(signal.SIGINT)
    h.expect_equal(process.wait(timeout=h.PATIENCE), h.OK, "exit status of a finished run let go by Ctrl-C")
    process.communicate()
    print("a reader that does not read holds up nobody, and gets it all when it comes back", flush=True)


def quick(run, graph):
    """Commands that need no model are quick. Others on the machine do not count: the bound is on the
    processor's time, and the clock is only to show a wait."""
    for words in (["version"], ["version", "--devices"], ["help"], ["plan", graph], ["rollouts", run], ["report", run]):
        took = []
        for _ in range(5):
            took.append(h.tram(*words))
        processor, clock = min(t.processor for t in took), min(t.seconds for t in took)
        print(f"tram {words[0]}: {1000 * processor:.0f} ms of the processor, {1000 * clock:.0f} by the clock", flush=True)
        h.expect(processor < 0.2 and clock < 2, f"tram {words[0]} took {processor:.3f} s, by the clock {clock:.3f} s, "
            "at best of 5")


with h.Folder() as at:
    job_graphs(at)
    reference(at)
    warm = h.warm_policy(at)
    made, made_from = one_run(at, warm)
    usage(at, made, made_from)
    devices()
    quick(made, made_from)
    one_rollout(at, made)
    model_commands(at, warm)
    wrong_shape(at, made, warm)
    changed_inputs(at, warm)
    locked(at, warm)
    closed_pipe(at, warm)
    stalled_pipe(at, warm)
