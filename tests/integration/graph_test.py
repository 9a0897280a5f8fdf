"""Graph files: what is wrong with one, `tram kinds`, and the word count run whole.

  graph_test.py TRAM REPOSITORY WORDCOUNT
"""
import collections
import glob
import json
import os
import re
import signal
import subprocess
import sys
import time

import harness as h

WORDCOUNT = os.path.abspath(sys.argv[3])
EXAMPLE = os.path.join(h.ROOT, "examples", "wordcount.yaml")
TEXTS = os.path.join(h.ROOT, "examples", "wordcount", "*.txt")


def wordcount(*words, **options):
    return h.tram(*words, program=WORDCOUNT, **options)


def refused(words, status, *parts, program=WORDCOUNT):
    ended = h.tram(*words, status=status, program=program)
    for part in parts:
        h.expect(part in ended.err, f"{' '.join(map(str, words))}: the message lacks '{part}':\n{ended.err}")


def words_of(files, letters=1):
    """An independent count: every word with its number."""
    count = collections.Counter()
    for path in files:
        with open(path, "rb") as f:
            count.update(w.decode() for w in re.findall(rb"[a-z]+", f.read().lower()) if len(w) >= letters)
    return dict(count)


def counts_in(run):
    """What the report wrote; its order is by count, then by word."""
    pairs = [line.split() for line in open(os.path.join(run, "counts.txt"))]
    h.expect(pairs == sorted(pairs, key=lambda p: (-int(p[0]), p[1])), "counts.txt is out of order")
    return {word: int(count) for count, word in pairs}


def counted(folder):
    wanted = words_of(glob.glob(TEXTS))
    h.expect(len(wanted) > 100 and wanted["the"] > 20, f"the texts have few words: {wanted}")
    lines = None
    for readers in (1, 4):
        for counters in (1, 2, 3):
            run = os.path.join(folder, f"run-{readers}-{counters}")
            ended = wordcount("run", EXAMPLE, "--run", run, "--json", "--set", f"actors.reader.count={readers}",
                "--set", f"actors.counter.count={counters}")
            h.expect_equal(counts_in(run), wanted, f"words counted by {readers} readers and {counters} counters")
            text = open(os.path.join(run, "counts.txt")).read()
            h.expect(lines in (None, text), "counts.txt differs from run to run")
            lines = text
            summary = ended.events()[-1]
            h.expect_equal({k: summary[k] for k in ("event", "stopped", "isolation", "actors")},
                {"event": "summary", "stopped": "finished", "isolation": "thread", "actors": readers + counters + 1}, "the summary")
            h.expect(0 <= summary["seconds"] < h.PATIENCE and summary["run"] == run, f"the summary: {summary}")
    print("the words are counted right, by any number of actors", flush=True)
    return run


def counted_apart(folder):
    """The same words by actors in processes: one kind, and all of them."""
    wanted = words_of(glob.glob(TEXTS))
    for name, words, processes in (("counters", ["--set", "actors.counter.isolation=process"], 2),
            ("all", ["--isolation", "process"], 7)):
        run = os.path.join(folder, f"apart-{name}")
        ended = wordcount("run", EXAMPLE, "--run", run, "--json", *words)
        summary = ended.events()[-1]
        h.expect_equal(counts_in(run), wanted, f"words counted with {name} in processes")
        h.expect_equal([summary[k] for k in ("stopped", "isolation", "processes")], ["finished", "process", processes],
            "the summary")
        ends = [json.loads(line) for line in open(os.path.join(run, "exits.jsonl"))]
        h.expect_equal({e["cause"] for e in ends}, {"stopped"}, "how they ended")
        shown = [e["line"] for e in ended.events() if e["event"] == "log"]
        said = [line for line in shown if re.search(r" report: the count=\d+$", line)]
        h.expect(len(said) == 1, f"what an actor {name} in processes logs is shown once: {shown}")
        log = [json.loads(line) for line in open(os.path.join(run, "log.jsonl"))]
        h.expect(any(line["who"] == "report" and line["text"].startswith("written") for line in log),
            "the run's log lacks what its actors logged in processes")
    print("the words are counted right by actors in processes, which end when they have", flush=True)


def whole_run(folder, run):
    """What a run leaves, and what it prints."""
    given = open(EXAMPLE).read()
    h.expect_equal(open(os.path.join(run, "graph.yaml")).read(),
        given + "# --set actors.reader.count=4\n# --set actors.counter.count=3\n", "graph.yaml")
    ends = [json.loads(line) for line in open(os.path.join(run, "exits.jsonl"))]
    h.expect_equal(sorted(e["actor"] for e in ends), sorted(
        ["report"] + [f"counter/{i}" for i in range(3)] + [f"reader/{i}" for i in range(4)]), "whose ends are recorded")
    h.expect_equal({e["cause"] for e in ends}, {"stopped"}, "how they ended")
    log = [json.loads(line) for line in open(os.path.join(run, "log.jsonl"))]
    h.expect(any(line["who"] == "reader/2" and line["level"] == "debug" for line in log), "log.jsonl lacks the readers'")
    plain = wordcount("run", EXAMPLE, "--run", os.path.join(folder, "plain")).out
    h.expect(re.search(r"^wordcount: 7 actors in .*/plain$", plain, re.M), plain)
    h.expect(re.search(r"info\s+report: the count=\d+$", plain, re.M), plain)
    h.expect("debug" not in plain and plain.splitlines()[-1].startswith("finished after "), plain)
    refused(["run", EXAMPLE, "--run", run], h.BAD_INPUT, "is a run already")
    longer = os.path.join(folder, "longer")
    wordcount("run", EXAMPLE, "--run", longer, "--set", "actors.counter.options.letters=5")
    h.expect_equal(counts_in(longer), words_of(glob.glob(TEXTS), 5), "words of five letters and more")
    by_default = wordcount("run", EXAMPLE, cwd=folder).out
    h.expect(re.search(rf"in {re.escape(folder)}/runs/wordcount-\d+-\d+$", by_default, re.M), by_default)
    print("a run leaves its graph, log, ends and counts", flush=True)


def plan():
    text = wordcount("plan", EXAMPLE).out
    for part in ("wordcount\n", "graph, 7 actors", "reader/3", "file_reader", "thread, 1 thread, mailbox 64 messages, 4 MiB, no restarts",
            "asks counters: counter/0, counter/1", "asks report: report", "thread, 1 thread (main)", "mailboxes hold"):
        h.expect(part in text, f"tram plan lacks '{part}':\n{text}")
    h.expect_equal(wordcount("plan", EXAMPLE, "--graph").out, open(EXAMPLE).read(), "tram plan --graph")
    job = h.tram("plan", os.path.join(h.ROOT, "examples", "gate.yaml")).out
    for part in ("memory, at the peak", "graph, ", "generator/0", "asks ledger: ledger", "weight_broadcaster"):
        h.expect(part in job, f"tram plan of a job lacks '{part}':\n{job}")
    print("tram plan shows the graph, of jobs too", flush=True)


def kinds():
    listed = wordcount("kinds").out
    for name in ("file_reader", "word_counter", "word_report", "generator", "weight_receiver"):
        h.expect(re.search(rf"^  {name} +\S", listed, re.M), f"tram kinds lacks {name}:\n{listed}")
    page = wordcount("kinds", "file_reader").out
    for part in ("counters", "must be wired; takes several", 'files: ""   # text; a file, or several by a pattern', "1 thread of its own",
            "no restarts"):
        h.expect(part in page, f"tram kinds file_reader lacks '{part}':\n{page}")
    h.expect("it shares the pool" in wordcount("kinds", "word_report").out, "word_report has a pool")
    h.expect("64 messages, 16 MiB" in wordcount("kinds", "word_counter").out, "the mailbox of word_counter")
    page = h.tram("kinds", "generator").out
    for part in ("in a job file they stand under actors.generator", "slots: 192", "by reinforcement jobs alone"):
        h.expect(part in page, f"tram kinds generator lacks '{part}':\n{page}")
    h.expect("isolation: of_run" in h.tram("kinds", "ledger").out, "the ledger lacks its option")
    h.expect("options\n  none" in h.tram("kinds", "reporter").out, "the reporter has options")
    refused(["kinds", "file_raeder"], h.BAD_INPUT, "did you mean 'file_reader'?")
    reference = h.tram("kinds", "--file").out
    h.expect("of_kind|thread|process" in reference and "megabytes" in reference, reference)
    print("tram kinds lists and explains", flush=True)


def mistakes(folder):
    path = os.path.join(folder, "wrong.yaml")
    lines = ["name: wrong", "until: reprot", "actors:",
        "  report: { kind: word_report, asks: { counters: counter }, options: { topp: 3 } }",
        "  counter: { kind: word_countr, count: 2 }",
        "  reader: { kind: file_reader, count: many, asks: { counters: counter, repot: report } }",
        "  reader: { kind: file_reader }"]
    open(path, "w").write("\n".join(lines) + "\n")

    def at(line, word):
        return f"wrong.yaml:{line}:{lines[line - 1].index(word) + 1}: "

    for command in ("run", "plan"):
        refused([command, path], h.BAD_INPUT, at(2, "reprot") + "until: unknown actor 'reprot'; did you mean 'report'?",
            at(4, "topp") + "unknown key 'topp'; did you mean 'top'?",
            at(5, "word_countr") + "actors.counter.kind: unknown kind 'word_countr'; did you mean 'word_counter'?",
            at(6, "many") + "actors.reader.count: expected a whole number", "unknown port 'repot'; did you mean 'report'?",
            "there are two actors called 'reader'")
    refused(["run", EXAMPLE, "--set", "actors.reader.kind=word_reader"], h.BAD_INPUT, "--set actors.reader.kind=word_reader: ")
    refused(["plan", EXAMPLE, "--set", "actors.reader.options.fils=x"], h.BAD_INPUT, "did you mean 'files'?")
    refused(["plan", EXAMPLE, "--set", "actors.report.kind=generator"], h.BAD_INPUT, "generator is for reinforcement jobs alone")
    refused(["run", EXAMPLE, "--isolation", "proces"], h.BAD_INPUT, "did you mean 'process'?")
    refused(["plan", EXAMPLE], h.BAD_INPUT, "this program has no kinds for graph files", program=h.TRAM)
    refused(["run", os.path.join(folder, "none.yaml")], h.BAD_INPUT, "none.yaml", "No such file")
    missing = os.path.join(folder, "missing")
    refused(["run", EXAMPLE, "--run", missing, "--set", "actors.reader.options.files=nowhere/*.txt"], h.BAD_INPUT,
        f"no file is called {os.path.dirname(EXAMPLE)}/nowhere/*.txt", "reader/")
    ends = [json.loads(line) for line in open(os.path.join(missing, "exits.jsonl"))]
    h.expect(any(e["cause"] == "failed" and "nowhere" in e["text"] for e in ends), f"no record of the failure: {ends}")
    refused(["resume", missing], h.BAD_INPUT, "is no run")
    print("every mistake is named, with its place", flush=True)


def interrupted(folder):
    """A graph whose end never comes is stopped in order by Ctrl-C."""
    run = os.path.join(folder, "endless")
    process = subprocess.Popen([WORDCOUNT, "run", EXAMPLE, "--run", run, "--json", "--set", "until=counter"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    deadline = time.time() + h.PATIENCE
    while not os.path.exists(os.path.join(run, "counts.txt")) and time.time() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=h.PATIENCE)
    h.expect_equal(process.returncode, h.INTERRUPTED, f"the exit status after Ctrl-C ({err})")
    summary = json.loads(out.splitlines()[-1])
    h.expect_equal((summary["event"], summary["stopped"]), ("summary", "interrupted"), "the summary")
    ends = [json.loads(line)["actor"] for line in open(os.path.join(run, "exits.jsonl"))]
    h.expect(ends.index("counter/1") < ends.index("counter/0"), f"the counters were not stopped in order: {ends}")
    print("Ctrl-C stops the actors in order", flush=True)


with h.Folder() as at:
    last = counted(at)
    whole_run(at, last)
    counted_apart(at)
    plan()
    kinds()
    mistakes(at)
    interrupted(at)
