"""Runs a candidate's code, and calls its functions when the harness asks.

Not trusted: it shares its process with the candidate, and knows nothing but the arguments of calls.
"""
import builtins, json, os, sys, types
from collections import OrderedDict

sys.set_int_max_str_digits(0)
# What sites that ask for a `class Solution` have imported already.
SITE_IMPORTS = ["from typing import *", "from collections import *", "from itertools import *", "from functools import *",
    "from heapq import *", "from bisect import *", "from math import *", "from operator import *", "from string import *",
    "import bisect, collections, copy, datetime, functools, heapq, itertools, math, operator, random, re, statistics, string, sys, typing"]
requests = os.fdopen(3, "rb")
replies = os.fdopen(4, "wb", 0)
objects = {}


def keep(value):
    objects[id(value)] = value
    return ["h", id(value), type(value).__name__]


def encode(value):
    kind = type(value)
    if value is None or kind in (bool, int, float, str): return value
    if isinstance(value, list): return ["l", [encode(v) for v in value]]
    if isinstance(value, tuple): return ["t", [encode(v) for v in value]]
    if isinstance(value, frozenset): return ["f", [encode(v) for v in value]]
    if isinstance(value, set): return ["s", [encode(v) for v in value]]
    if isinstance(value, dict):
        return ["o" if isinstance(value, OrderedDict) else "d", [[encode(k), encode(v)] for k, v in value.items()]]
    if isinstance(value, bytearray): return ["B", value.hex()]
    if isinstance(value, bytes): return ["b", value.hex()]
    if isinstance(value, bool): return bool(value)
    if isinstance(value, int): return int(value)
    if isinstance(value, float): return float(value)
    if isinstance(value, str): return str(value)
    if isinstance(value, complex): return ["c", [value.real, value.imag]]
    if kind is type and value.__module__ == "builtins": return ["T", value.__name__]
    if isinstance(value, range): return ["r", [value.start, value.stop, value.step]]
    if kind.__module__ == "decimal" and kind.__name__ == "Decimal": return ["D", str(value)]
    if kind.__module__ == "fractions" and kind.__name__ == "Fraction": return ["F", [value.numerator, value.denominator]]
    if kind.__module__ == "numpy" and getattr(value, "ndim", 1) == 0: return encode(value.item())
    return keep(value)


def decode(value):
    if not isinstance(value, list): return value
    tag, rest = value[0], value[1]
    if tag == "l": return [decode(v) for v in rest]
    if tag == "t": return tuple(decode(v) for v in rest)
    if tag == "s": return {decode(v) for v in rest}
    if tag == "f": return frozenset(decode(v) for v in rest)
    if tag == "d": return {decode(k): decode(v) for k, v in rest}
    if tag == "o": return OrderedDict((decode(k), decode(v)) for k, v in rest)
    if tag == "b": return bytes.fromhex(rest)
    if tag == "B": return bytearray.fromhex(rest)
    if tag == "c": return complex(*rest)
    if tag == "r": return range(*rest)
    if tag == "D":
        from decimal import Decimal
        return Decimal(rest)
    if tag == "F":
        from fractions import Fraction
        return Fraction(*rest)
    if tag == "T": return getattr(builtins, rest)
    return objects[rest]


def answer(space, request):
    what, target = request[0], request[1] if len(request) > 1 else None
    if what == "start": return ["ok", None]
    if what == "class": return ["ok", None] if isinstance(space.get(target), type) else ["missing"]
    if isinstance(target, str):
        value = named(space, target)
    else:
        value = objects[target]
    if what == "call":
        arguments = [decode(a) for a in request[2]]
        gave = encode(value(*arguments, **{k: decode(v) for k, v in request[3].items()}))
        changed = []
        for place, (before, after) in enumerate(zip(request[2], arguments)):
            if isinstance(after, (list, dict, set, bytearray)) and type(after).__module__ in ("builtins", "collections"):
                now = encode(after)
                if now != before: changed.append([place, now])
        return ["ok", gave, changed]
    if what == "get": return ["ok", encode(getattr(value, target_name(request)))]
    if what == "set": return ["ok", setattr(value, target_name(request), decode(request[3]))]
    if what == "item": return ["ok", encode(value[decode(request[2])])]
    if what == "list": return ["ok", encode(list(value))]
    return ["ok", len(value)]


def named(space, name):
    """A name of the candidate's, or a method of a fresh `class Solution`, as the sites have it."""
    if name in space: return space[name]
    solution = space.get("Solution")
    if isinstance(solution, type) and hasattr(solution, name): return getattr(solution(), name)
    raise NameError(f"name '{name}' is not defined")


def target_name(request):
    return request[2]


def main():
    with open("solution.py") as file:
        source = file.read()
    try:
        code = compile(source, "solution.py", "exec")
    except (SyntaxError, ValueError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(65)
    module = types.ModuleType("solution")
    sys.modules["solution"] = module
    if "class Solution" in source:
        for line in SITE_IMPORTS: exec(line, module.__dict__)
    exec(code, module.__dict__)
    for line in requests:
        try:
            reply = answer(module.__dict__, json.loads(line))
        except Exception as error:
            reply = ["raised", type(error).__name__, str(error)[:500]]
        try:
            text = json.dumps(reply)
        except Exception as error:
            text = json.dumps(["raised", type(error).__name__, str(error)[:500]])
        replies.write(text.encode() + b"\n")
    os._exit(0)


main()
