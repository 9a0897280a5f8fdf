#!/usr/bin/env python3
"""Makes the problems of the arithmetic example from a copy of GSM8K.

  extract.py --gsm8k DIR [--out DIR] [--digits 3] [--operators '+-*/'] [--demonstrations 2000]

DIR holds train.jsonl and test.jsonl of GSM8K (https://github.com/openai/grade-school-math, MIT).
Its solutions carry calculator annotations, <<385+47=432>>: those with two whole operands and a
whole result are the problems. Problems of the test split become the held-out set, less those that
the train split has too (also with operands swapped). Written are

  train.jsonl           {"prompt": "385+47=", "answer": "432", "kind": "+"}
  heldout.jsonl         the same
  demonstrations.jsonl  {"prompt", "worked": "<think>5+7+0=12,…</think>432", "short": "432"}

The working goes digit by digit, least significant first, in steps of fixed width.
"""
import argparse
import json
import os
import random
import re

ANNOTATION = re.compile(r"<<(\d+)([-+*/])(\d+)=(\d+)>>")


def evaluate(a, operator, b):
    if operator == "/":
        return a // b if b and a % b == 0 else None
    return {"+": a + b, "-": a - b, "*": a * b}[operator]


def problems(path):
    found = set()
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            for a, operator, b, result in ANNOTATION.findall(json.loads(line)["answer"]):
                if evaluate(int(a), operator, int(b)) == int(result):
                    found.add((int(a), operator, int(b)))
    return found


def wanted(problem, digits, operators):
    """At most so many digits; one-digit multiplier and divisor; trivial ones left out."""
    a, operator, b = problem
    if operator not in operators or max(len(str(a)), len(str(b))) > digits:
        return False
    if operator == "*":
        return min(a, b) < 10 <= max(a, b)
    if operator == "/":
        return b < 10 <= a
    return min(a, b) >= 10


def commuted(problem):
    a, operator, b = problem
    return (min(a, b), operator, max(a, b)) if operator in "+*" else problem


def working(a, operator, b):
    """The steps of a calculation by hand."""
    if operator == "/":
        remainder, steps = 0, []
        for digit in map(int, str(a)):
            quotient, rest = divmod(remainder * 10 + digit, b)
            steps.append(f"{remainder}{digit}/{b}={quotient}r{rest}")
            remainder = rest
        return ",".join(steps)
    if operator == "*" and b > 9:
        a, b = b, a
    width = len(str(a)) if operator == "*" else max(len(str(a)), len(str(b)))
    left = [int(d) for d in str(a).zfill(width)][::-1]
    right = [int(d) for d in str(b).zfill(width)][::-1]
    carry, steps = 0, []
    for x, y in zip(left, right if operator != "*" else [b] * width):
        if operator == "-":
            borrow = int(x - y - carry < 0)
            steps.append(f"{borrow}{x}-{y}-{carry}={x + 10 * borrow - y - carry}")
            carry = borrow
        else:
            total = (x + y if operator == "+" else x * y) + carry
            steps.append(f"{x}{operator}{y}+{carry}={total:02d}")
            carry = total // 10
    return ",".join(steps)


def write(path, rows):
    with open(path, "w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(row, separators=(",", ":")) + "\n")
    print(f"{path}: {len(rows)} rows")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gsm8k", required=True, metavar="DIR", help="folder with train.jsonl and test.jsonl")
    parser.add_argument("--out", default=os.path.dirname(os.path.abspath(__file__)), metavar="DIR")
    parser.add_argument("--digits", type=int, default=3, help="digits of an operand at most")
    parser.add_argument("--operators", default="+-*/")
    parser.add_argument("--demonstrations", type=int, default=2000, help="problems that are shown worked")
    o = parser.parse_args()
    for name in ("train.jsonl", "test.jsonl"):
        if not os.path.exists(os.path.join(o.gsm8k, name)):
            parser.error(f"{o.gsm8k} has no {name}: point --gsm8k at a copy of GSM8K's data folder")
    os.makedirs(o.out, exist_ok=True)

    train = [p for p in problems(os.path.join(o.gsm8k, "train.jsonl")) if wanted(p, o.digits, o.operators)]
    known = {commuted(p) for p in train}
    heldout = [p for p in problems(os.path.join(o.gsm8k, "test.jsonl"))
               if wanted(p, o.digits, o.operators) and commuted(p) not in known]
    order = random.Random(1234)
    train.sort()
    order.shuffle(train)
    heldout.sort()
    order.shuffle(heldout)

    def row(p):
        return {"prompt": f"{p[0]}{p[1]}{p[2]}=", "answer": str(evaluate(*p)), "kind": p[1]}

    write(os.path.join(o.out, "train.jsonl"), [row(p) for p in train])
    write(os.path.join(o.out, "heldout.jsonl"), [row(p) for p in heldout])
    write(os.path.join(o.out, "demonstrations.jsonl"), [
        {"prompt": row(p)["prompt"], "worked": f"<think>{working(*p)}</think>{row(p)['answer']}", "short": row(p)["answer"]}
        for p in train[:o.demonstrations]])


if __name__ == "__main__":
    main()
