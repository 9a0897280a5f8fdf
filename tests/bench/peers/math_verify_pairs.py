#!/usr/bin/env python3
"""Tramontane's maths verdicts beside Math-Verify's on the same labelled pairs: a table of errors by
kind, each disagreement, speed of one core, hangs.

  math_verify_pairs.py BENCH [--data DIR] [--peer DIR] [--seconds 2] [--limit 12]

BENCH is the maths_bench program (./dev build tests/bench/maths_bench with -Dbench=true). Math-Verify
is imported from --peer, or the Python path:

  pip install --target DIR 'math-verify[antlr4_13_2]'

Pairs are those of labelled_pairs.py, by kind; what public reports say that graders get wrong; and,
made from the golds below --data (math500, gsm8k, aime; left out where it is not given), each gold
with itself, with re-spellings, with near misses. `truth` says what each pair is by construction. A
false accept calls different answers equal, a false reject equal ones different; no verdict is
undecided, an error, a hang, a crash. Every pair runs under its own alarm in this process, as
Math-Verify's own timeout does; one that outlives --limit seconds in all is a hang.
"""
import argparse
import collections
import json
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time

import labelled_pairs

# gold, answer, whether they are equal (None: nobody can say)
ADVERSARIAL = [
    (r"\frac{1}{2004!}", r"\frac{1}{2006!}", False),
    (r"\frac{1}{2^{99}}", r"\frac{1}{2^{98}}", False),
    (r"\frac{2^{2005}+1}{3\cdot 2^{2006}}", r"\frac{1}{3\cdot 2^{2006}}", False),
    (r"1-1/\mathrm{e}", r"1+1/\mathrm{e}", False),
    (r"1,2,\ldots,n", r"1,3,5,\ldots,2n-1", False),
    (r"4", r"4\sqrt(2)", False),
    (r"3*x-1*y+13=0", r"3x+4y+14=0", False),
    (r"\sqrt{1/n}", r"1/\sqrt{n}", True),
    (r"73", r"**73**", True),
    (r"40\pi", r"125.6637", True),
    (r"40\pi", r"125.663", False),
    (r"\frac{3}{2}", r"1 1/2", True),
    (r"\cos x", r"\sin(90^\circ-x)", True),
    (r"1,-2", r"1,-3", False),
    (r"10\%", r"0.1", True),
    (r"0.1", r"10", False),
    (r"[1,2]", r"(1,2)", False),
    (r"(2,\infty)", r"3x-1>5", False),
    (r"(2,\infty)", r"x>2", True),
    (r"x>2", r"(2,\infty)", True),
    (r"x=5", r"2x=10", False),
    (r"5", r"5, 6, 7", False),
    (r"5", r"5 \text{ or } 6", False),
    (r"32,349", r"\{32, 349\}", False),
    (r"52_8", r"42", False),
    (r"|x|", r"x", False),
    (r"\sqrt{3+2\sqrt2}", r"1+\sqrt2", True),
    (r"\tan\frac{\pi}{12}", r"2-\sqrt3", True),
    (r"\frac{\log 8}{\log 2}", r"3", True),
    (r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", r"\begin{pmatrix} 2 \\ 1 \end{pmatrix}", False),
    (r"\dfrac{5^{(5^{(5^{(5^5)})}-4)}-5}{16}", "3", None),
    ("3", r"5^{5^{5^{5^5}}}", None),
    ("3", r"\ln \ln \ln \ln \ln 5^{5^{5^{5^5}}}", None),
    ("3", r"((100!)!)!", None),
    ("3", r"2^{-10000000000}", False),
    ("3", r"\sqrt{" * 100 + "2" + "}" * 100, None),
]


def golds(data):
    out = collections.OrderedDict()

    def add(text, group):
        out.setdefault(str(text).strip(), group)

    for line in open(os.path.join(data, "math500", "math500.jsonl")):
        add(json.loads(line)["answer"], "math500")
    for line in open(os.path.join(data, "gsm8k", "test.jsonl")):
        add(json.loads(line)["answer"].split("####")[1], "gsm8k")
    for name, field in (("aime24.json", "expected_answer"), ("aime25.json", "answer")):
        for line in open(os.path.join(data, "aime", name)):
            add(json.loads(line)[field], "aime")
    return out


def made_pairs(gold):
    """(answer, truth) by rule."""
    out = [(gold, True), (gold.replace("\\dfrac", "\\frac").replace("\\frac", "\\dfrac"), True),
        (gold.replace("\\left", "").replace("\\right", ""), True)]
    plain = re.fullmatch(r"(-?)\\d?frac\{(\d+)\}\{(\d+)\}", gold)
    if plain:
        out.append((f"{plain[1]}{plain[2]}/{plain[3]}", True))
        out.append((f"{plain[1]}\\frac{{{plain[3]}}}{{{plain[2]}}}", plain[2] == plain[3]))
    if re.fullmatch(r"-?\d+", gold):
        out += [(gold + ".0", True), (gold + "0", int(gold) == 0), (gold + ".0001", False),
            (str(-int(gold)), int(gold) == 0)]
    digit = re.search(r"\d", gold)
    if digit:
        other = str((int(digit[0]) + 1) % 10) if digit[0] != "9" else "8"
        out.append((gold[:digit.start()] + other + gold[digit.end():], False))
    pair = re.fullmatch(r"([\[(])([^,]+),([^,]+)([\])])", gold)
    if pair and pair[2].strip() != pair[3].strip():
        out.append((f"{pair[1]}{pair[3]},{pair[2]}{pair[4]}", False))
        swapped = {"(": "[", "[": "("}[pair[1]]
        out.append((f"{swapped}{pair[2]},{pair[3]}{pair[4]}", False))
    return out


def all_pairs(data):
    pairs = labelled_pairs.pairs() + [("public reports", g, a, t) for g, a, t in ADVERSARIAL]
    if data:
        for gold, group in golds(data).items():
            pairs += [(group, gold, answer, truth) for answer, truth in made_pairs(gold)]
    return [p for p in pairs if "\t" not in p[1] + p[2] and "\n" not in p[1] + p[2]]


def fenced(text):
    return "$" + text.strip().strip("$") + "$"


def peer_worker(jobs, results):
    from math_verify import parse, verify
    import logging
    logging.disable(logging.CRITICAL)
    while True:
        gold, answer = jobs.get()
        start = time.perf_counter()
        try:
            said = "equal" if verify(parse(fenced(gold)), parse(fenced(answer))) else "different"
        except Exception as error:
            said = f"error {type(error).__name__}"
        results.put((said, time.perf_counter() - start))


class Peer:
    """Math-Verify in a process of its own, so that a hang can be counted and killed."""

    def __init__(self, limit):
        self.limit, self.process = limit, None

    def start(self):
        self.jobs, self.results = multiprocessing.Queue(), multiprocessing.Queue()
        self.process = multiprocessing.Process(target=peer_worker, args=(self.jobs, self.results), daemon=True)
        self.process.start()

    def ask(self, gold, answer):
        if self.process is None:
            self.start()
        self.jobs.put((gold, answer))
        start = time.perf_counter()
        while time.perf_counter() - start < self.limit:
            try:
                return self.results.get(timeout=0.5)
            except Exception:
                if not self.process.is_alive():
                    break
        died = not self.process.is_alive()
        self.process.kill()
        self.process = None
        return ("died" if died else "hang"), time.perf_counter() - start


def ours(bench, pairs):
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
        file.writelines(f"{g}\t{a}\n" for _, g, a, _ in pairs)
        file.flush()
        lines = subprocess.run([bench, file.name], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    return [(said, float(us) / 1e6, how) for said, us, how in (line.split("\t", 2) for line in lines)]


def rate(bench, pairs, seconds):
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
        file.writelines(f"{g}\t{a}\n" for _, g, a, _ in pairs)
        file.flush()
        out = subprocess.run([bench, file.name, str(seconds)], stdout=subprocess.PIPE, text=True, check=True).stdout
    return float(out.split()[0])


class Errors:
    """How many verdicts on pairs of one kind were wrong, and how."""

    def __init__(self):
        self.accepts = self.rejects = self.none = 0

    def add(self, said, truth):
        if said not in ("equal", "different"):
            self.none += truth is not None
        elif truth is not None and (said == "equal") != truth:
            self.accepts += not truth
            self.rejects += truth

    def all(self):
        return self.accepts + self.rejects + self.none

    def columns(self):
        return f"{self.accepts:>8}{self.rejects:>8}{self.none:>8}{self.all():>8}"


def print_table(pairs, our, their):
    rows = {}
    for (kind, _, _, truth), (ours_said, *_), (theirs_said, *_) in zip(pairs, our, their):
        for row in (rows.setdefault(kind, [0, Errors(), Errors()]), rows.setdefault("all", [0, Errors(), Errors()])):
            row[0] += 1
            row[1].add(ours_said, truth)
            row[2].add(theirs_said, truth)
    rows["all"] = rows.pop("all")
    columns = f"{'accepts':>8}{'rejects':>8}{'none':>8}{'errors':>8}"
    print(f"{'':<22}{'':>7}{'ours: false':>16}{'no':>8}{'':>8}{'Math-Verify: false':>18}{'no':>6}")
    print(f"{'pairs of':<22}{'pairs':>7}{columns}{columns}")
    for kind, (count, ours_wrong, theirs_wrong) in rows.items():
        print(f"{kind:<22}{count:>7}{ours_wrong.columns()}{theirs_wrong.columns()}")
    worse = [kind for kind, (_, mine, peers) in rows.items() if mine.all() > 0 and mine.all() >= peers.all()]
    print("fewer errors than Math-Verify in every kind, or none" if not worse else "no fewer errors in: " + ", ".join(worse))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("bench")
    arguments.add_argument("--data")
    arguments.add_argument("--peer")
    arguments.add_argument("--seconds", type=float, default=2)
    arguments.add_argument("--limit", type=float, default=12)
    arguments.add_argument("--step", type=int, default=1, help="every STEPth pair of the data sets")
    options = arguments.parse_args()
    if options.peer:
        sys.path.insert(0, options.peer)
    try:
        import math_verify  # noqa: F401
    except ImportError:
        sys.exit("math_verify_pairs: no math_verify; install it with\n"
                 "  pip install --target DIR 'math-verify[antlr4_13_2]'\nand pass --peer DIR")
    pairs = all_pairs(None)
    fixed = len(pairs)
    pairs += all_pairs(options.data)[fixed::options.step]
    our = ours(options.bench, pairs)
    peer = Peer(options.limit)
    peer.ask("1", "1")
    their = [peer.ask(g, a) for _, g, a, _ in pairs]
    if peer.process:
        peer.process.kill()

    print_table(pairs, our, their)
    print("\ndisagreements: gold | answer | truth | ours | Math-Verify")
    for p, o, t in zip(pairs, our, their):
        if o[0] != t[0] or (p[3] is not None and o[0] != ("equal" if p[3] else "different")):
            truth = {True: "equal", False: "different", None: "-"}[p[3]]
            print(f"  {p[1][:60]} | {p[2][:60]} | {truth} | {o[0]} | {t[0]}")
    calm = [i for i, t in enumerate(their) if t[0] in ("equal", "different") and pairs[i][3] is not None]
    if calm:
        easy = [pairs[i] for i in calm]
        theirs = len(calm) / sum(their[i][1] for i in calm)
        mine = rate(options.bench, easy, options.seconds)
        print(f"\nspeed on {len(calm)} pairs, one core: {mine:,.0f} verdicts/s, "
              f"Math-Verify {theirs:,.0f}/s: {mine / theirs:,.0f} times")
    slow = max(our, key=lambda o: o[1])
    print(f"slowest of ours {slow[1] * 1e3:.1f} ms; of Math-Verify {max(t[1] for t in their):.1f} s")


if __name__ == "__main__":
    main()
