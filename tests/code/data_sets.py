#!/usr/bin/env python3
"""Judges the reference solutions of HumanEval, HumanEval-X C++ and MBPP, and mutants of them.

  data_sets.py JUDGE_LINES [SET..] [--mutants N]    sets: humaneval humaneval_x mbpp

The data is read from $TRAM_DATA (humaneval/HumanEval.jsonl, humaneval/humaneval_x_cpp.jsonl,
mbpp/mbpp.jsonl); without it, exit status 77: skipped. Every reference solution must pass. A mutant (an operator swapped, a constant off by one, a constant
returned) must get the verdict that the same tests give it when they are run directly, outside the
sandbox.
"""
import ast
import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

SECONDS = 4


def lines(*path):
    with open(os.path.join(os.environ["TRAM_DATA"], *path), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def called(asserts):
    """The one function that all asserts call: no builtin, unless nothing else is called."""
    import builtins
    names = None
    for text in asserts:
        here = {n.func.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
        names = here if names is None else names & here
    own = [n for n in names if not hasattr(builtins, n)]
    return sorted(own or names, key=lambda n: ("Pair" in n, n))[0]


def humaneval():
    for row in lines("humaneval", "HumanEval.jsonl"):
        yield {"id": row["task_id"], "language": "python", "code": row["prompt"] + row["canonical_solution"],
            "given": row["prompt"].count("\n"), "answer": {"entry": row["entry_point"], "prompt": row["prompt"], "test": row["test"]},
            "direct": lambda code, row=row: code + "\n" + row["test"] + f"\ncheck({row['entry_point']})\n"}


def humaneval_x():
    for row in lines("humaneval", "humaneval_x_cpp.jsonl"):
        yield {"id": row["task_id"], "language": "cpp", "code": row["prompt"] + row["canonical_solution"],
            "body": row["canonical_solution"], "answer": {"declaration": row["declaration"], "test": row["test"]},
            "direct": lambda code, row=row: code + "\n" + row["test"]}


def mbpp():
    for row in lines("mbpp", "mbpp.jsonl"):
        setup = row["test_setup_code"]
        yield {"id": f"mbpp/{row['task_id']}", "language": "python", "code": row["code"],
            "answer": {"entry": called(row["test_list"]), "setup": setup, "asserts": row["test_list"]},
            "direct": lambda code, row=row, setup=setup: "\n".join([code, setup] + row["test_list"])}


SWAPS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Div: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.And: ast.Or, ast.Or: ast.And}


def python_mutants(code, given=0):
    """Every mutant of the three kinds, as source; the first `given` lines are the problem's, not the solution's."""
    tree = ast.parse(code)
    nodes = [n for n in ast.walk(tree) if getattr(n, "lineno", 0) > given]
    for node in nodes:
        if isinstance(node, (ast.BinOp, ast.BoolOp)) and type(node.op) in SWAPS:
            old, node.op = node.op, SWAPS[type(node.op)]()
            yield ast.unparse(tree)
            node.op = old
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
            old, node.ops[0] = node.ops[0], SWAPS[type(node.ops[0])]()
            yield ast.unparse(tree)
            node.ops[0] = old
        elif isinstance(node, ast.Constant) and type(node.value) is int:
            node.value += 1
            yield ast.unparse(tree)
            node.value -= 1
        elif isinstance(node, ast.Return) and node.value is not None:
            old, node.value = node.value, ast.Constant(0)
            yield ast.unparse(tree)
            node.value = old


def cpp_mutants(problem):
    body = problem["body"]
    head = problem["code"][:len(problem["code"]) - len(body)]
    swaps = {"+": "-", "-": "+", "*": "+", "%": "*", "<": "<=", ">": ">=", "==": "!=", "!=": "==", "&&": "||", "||": "&&"}
    for m in re.finditer(r"(?<![<>+\-*/=!&|])(\+|-|\*|%|<|>|==|!=|&&|\|\|)(?![<>+\-*/=&|])", body):
        if body[m.start() - 1:m.start()] != "r" or body[:m.start()].count('"') % 2 == 0:
            yield head + body[:m.start()] + swaps[m.group()] + body[m.end():]
    for m in re.finditer(r"(?<![\w.\"'])\d+(?![\w.\"'])", body):
        yield head + body[:m.start()] + str(int(m.group()) + 1) + body[m.end():]
    for m in re.finditer(r"\breturn\b[^;]*;", body):
        yield head + body[:m.start()] + "return {};" + body[m.end():]


def directly(problem, code):
    """OK, WA (an assertion failed), CE, TLE or RE, of the code and its tests in one program."""
    with tempfile.TemporaryDirectory() as folder:
        program = problem["direct"](code)
        # The example's own end, so that an early exit is no success.
        if problem["language"] == "python":
            path = os.path.join(folder, "main.py")
            open(path, "w").write(program + "\nprint('reached the end')\n")
            command = ["/usr/bin/python3", "-I", path]
        else:
            path = os.path.join(folder, "main.cc")
            open(path, "w").write(program)
            command = [os.path.join(folder, "main")]
            libraries = ["-lcrypto"] if "<openssl/" in program else []
            if subprocess.run(["g++", "-std=c++20", "-O2", "-w", "-o", command[0], path] + libraries, capture_output=True).returncode:
                return "CE"
        limit = f"ulimit -t {SECONDS} -v {8 << 20}; exec \"$@\""
        try:
            done = subprocess.run(["/bin/sh", "-c", limit, "sh"] + command, stdin=subprocess.DEVNULL, capture_output=True, timeout=4 * SECONDS, cwd=folder)
        except subprocess.TimeoutExpired:
            return "TLE"
        if done.returncode in (-24, -9, 137, 152):
            return "TLE"
        if problem["language"] == "cpp":
            if done.returncode == 0:
                return "OK"
            return "WA" if b"Assertion" in done.stderr else "RE"
        if done.returncode == 0 and done.stdout.endswith(b"reached the end\n"):
            return "OK"
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [""]
        if re.match(r"(SyntaxError|IndentationError|TabError)", last[0]):
            return "CE"
        return "WA" if last[0].startswith("AssertionError") else "RE"


class Judge:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, problem, code):
        line = {"language": problem["language"], "answer": json.dumps(problem["answer"]), "code": code}
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def references(judge, problems):
    failed, times = [], []
    for problem in problems:
        said = judge(problem, problem["code"])
        times.append(said["ms"])
        if said["verdict"] != "OK":
            failed.append(problem["id"])
            print(f"  {problem['id']}: {said}")
    times.sort()
    print(f"  {len(problems) - len(failed)} of {len(problems)} references pass; per verdict p50 {times[len(times) // 2]:.0f} ms, p99 {times[len(times) * 99 // 100]:.0f} ms, all {sum(times) / 1000:.0f} s")
    return failed


def mutants(judge, problems, count):
    """Verdicts of `count` mutants against the direct run's."""
    rng = random.Random(7)
    pairs = []
    for problem in problems:
        made = list(python_mutants(problem["code"], problem.get("given", 0)) if problem["language"] == "python" else cpp_mutants(problem))
        pairs += [(problem, code) for code in rng.sample(made, min(len(made), 3))]
    pairs = rng.sample(pairs, min(count, len(pairs)))
    table, wrong = collections.Counter(), []
    with ThreadPoolExecutor(1) as pool:  # the direct run beside the judge's
        expected = [pool.submit(directly, problem, code) for problem, code in pairs]
        for (problem, code), direct in zip(pairs, expected):
            said, truth = judge(problem, code), direct.result()
            table[(truth, said["verdict"])] += 1
            if said["verdict"] != truth:
                wrong.append((problem["id"], truth, said))
                print(f"  {problem['id']}: directly {truth}, judged {said}")
                if "--show" in sys.argv:
                    print(code)
    print(f"  {len(pairs)} mutants, {len(wrong)} verdicts differ; " + ", ".join(f"{t}->{s} {n}" for (t, s), n in sorted(table.items())))
    # The class may differ where a limit was near or a crash is no assertion; passing may not.
    return [w for w in wrong if (w[1] == "OK") != (w[2]["verdict"] == "OK") or w[2]["verdict"] == "no verdict"]


def main():
    if not os.path.isdir(os.environ.get("TRAM_DATA", "")):
        print("skipped: TRAM_DATA names no folder with the data sets")
        return 77
    words = [w for w in sys.argv[2:] if not w.startswith("--")]
    count = 300
    if "--mutants" in sys.argv:
        count = int(words.pop(-1))
    judge = Judge([sys.argv[1]])
    bad = []
    for load in (humaneval, humaneval_x, mbpp):
        if words and load.__name__ not in words:
            continue
        print(f"{load.__name__}:", flush=True)
        began = time.time()
        problems = list(load())
        bad += references(judge, problems)
        bad += mutants(judge, problems, count if load is not humaneval_x else count // 2)
        print(f"  {time.time() - began:.0f} s", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
