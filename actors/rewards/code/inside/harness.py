"""Runs the tests of a problem against a candidate in another sandbox.

Trusted: it knows the tests, and shares two pipes with the candidate and nothing else. What comes
back is data of Python's own types, rebuilt here, or a Remote, which is equal to itself only. So no
__eq__, no patched builtin and no exit over there decides anything here.

Reads tests.json; the last line of its output is its verdict, as JSON.
"""
import ast, builtins, json, os, signal, sys
from collections import OrderedDict

FRAME_MAX = 64 << 20
sys.set_int_max_str_digits(0)
sys.setrecursionlimit(20000)
requests = os.fdopen(4, "wb", 0)
replies = os.fdopen(3, "rb")


class Gone(BaseException):
    """The candidate ended, or does not keep to the protocol."""


class Late(BaseException):
    """A test took too long."""


class CandidateError(Exception):
    """An exception of the candidate that is none of Python's own."""


def ask(*request):
    try:
        requests.write(json.dumps(request).encode() + b"\n")
        line = replies.readline(FRAME_MAX)
    except OSError:
        raise Gone("it is gone")
    if not line.endswith(b"\n"):
        raise Gone("it ended, or wrote too much" if line else "it ended before the tests did")
    try:
        reply = json.loads(line)
    except (ValueError, RecursionError):
        raise Gone("it wrote what is no reply")
    if not isinstance(reply, list) or not reply or not isinstance(reply[0], str):
        raise Gone("it wrote what is no reply")
    return reply


def decode(value):
    if not isinstance(value, list):
        if isinstance(value, dict):
            raise Gone("it wrote what is no value")
        return value
    try:
        tag, rest = value[0], value[1]
        if tag == "l": return [decode(v) for v in rest]
        if tag == "t": return tuple(decode(v) for v in rest)
        if tag == "s": return {decode(v) for v in rest}
        if tag == "f": return frozenset(decode(v) for v in rest)
        if tag == "d": return {decode(k): decode(v) for k, v in rest}
        if tag == "o": return OrderedDict((decode(k), decode(v)) for k, v in rest)
        if tag == "b": return bytes.fromhex(rest)
        if tag == "B": return bytearray.fromhex(rest)
        if tag == "c": return complex(float(rest[0]), float(rest[1]))
        if tag == "r": return range(int(rest[0]), int(rest[1]), int(rest[2]))
        if tag == "D":
            from decimal import Decimal
            return Decimal(str(rest))
        if tag == "F":
            from fractions import Fraction
            return Fraction(int(rest[0]), int(rest[1]))
        if tag == "T" and isinstance(getattr(builtins, rest), type): return getattr(builtins, rest)
        if tag == "h": return Remote(int(rest), str(value[2]))
    except (ValueError, TypeError, IndexError, AttributeError, OverflowError, ArithmeticError):
        pass
    raise Gone("it wrote what is no value")


def encode(value):
    kind = type(value)
    if value is None or kind in (bool, int, float, str): return value
    if kind is Remote: return ["h", object.__getattribute__(value, "_id")]
    if isinstance(value, list): return ["l", [encode(v) for v in value]]
    if isinstance(value, tuple): return ["t", [encode(v) for v in value]]
    if isinstance(value, frozenset): return ["f", [encode(v) for v in value]]
    if isinstance(value, set): return ["s", [encode(v) for v in value]]
    if isinstance(value, dict):
        return ["o" if isinstance(value, OrderedDict) else "d", [[encode(k), encode(v)] for k, v in value.items()]]
    if isinstance(value, bytearray): return ["B", value.hex()]
    if isinstance(value, bytes): return ["b", value.hex()]
    if isinstance(value, complex): return ["c", [value.real, value.imag]]
    if kind is type and value.__module__ == "builtins": return ["T", value.__name__]
    if isinstance(value, range): return ["r", [value.start, value.stop, value.step]]
    if kind.__name__ == "Decimal": return ["D", str(value)]
    if kind.__name__ == "Fraction": return ["F", [value.numerator, value.denominator]]
    if isinstance(value, (bool, int)): return int(value)
    if isinstance(value, float): return float(value)
    if isinstance(value, str): return str(value)
    raise NotImplementedError(f"the test passes a {kind.__name__}, which cannot be sent to the candidate")


def result(reply):
    if reply[0] == "ok" and len(reply) >= 2:
        return decode(reply[1])
    if reply[0] == "raised" and len(reply) == 3:
        kind = getattr(builtins, str(reply[1]), None)
        text = str(reply[2])[:500]
        if isinstance(kind, type) and issubclass(kind, Exception):
            try:
                raised = kind(text)
            except Exception:
                raised = CandidateError(f"{reply[1]}: {text}")
            raised.of_candidate = True
            raise raised
        raise CandidateError(f"{reply[1]}: {text}")
    raise Gone("it wrote what is no reply")


def call(target, arguments, named):
    reply = ask("call", target, [encode(a) for a in arguments], {k: encode(v) for k, v in named.items()})
    value = result(reply)
    for place, after in (reply[2] if len(reply) > 2 else []):  # what it did to its arguments
        mine, theirs = arguments[int(place)], decode(after)
        if isinstance(mine, (list, bytearray)) and isinstance(theirs, type(mine)):
            mine[:] = theirs
        elif isinstance(mine, (dict, set)) and isinstance(theirs, (dict, set)):
            mine.clear()
            mine.update(theirs)
    return value


class Remote:
    """An object of the candidate that is not plain data."""
    __slots__ = ("_id", "_name")

    def __init__(self, id, name):
        object.__setattr__(self, "_id", id)
        object.__setattr__(self, "_name", name[:100])

    def _do(self, what, *more):
        return result(ask(what, object.__getattribute__(self, "_id"), *more))

    def __call__(self, *arguments, **named): return call(object.__getattribute__(self, "_id"), arguments, named)
    def __getattr__(self, name): return self._do("get", name)
    def __setattr__(self, name, value): self._do("set", name, encode(value))
    def __getitem__(self, key): return self._do("item", encode(key))
    def __iter__(self): return iter(self._do("list"))
    def __len__(self): return int(self._do("len"))
    def __bool__(self): return True  # as every object without a word on it: the candidate is not asked
    def __repr__(self): return f"<{object.__getattribute__(self, '_name')} of the candidate>"


# What tests call modules that they use without importing them: ours, whatever the candidate calls so.
ALIASES = {"np": "numpy", "pd": "pandas", "sp": "scipy", "nx": "networkx", "dt": "datetime", "it": "itertools"}


class Namespace(dict):
    """The tests' globals. What they use and do not define is a module, or a class that the candidate was
    asked to define: never a function of the candidate's, whose word would then be the tests'."""

    def __missing__(self, name):
        if hasattr(builtins, name) or name.startswith("__"):
            raise KeyError(name)
        module = ALIASES.get(name, name)
        if module in sys.stdlib_module_names or module in ALIASES.values():
            try:
                self[name] = __import__(module)
            except ImportError:
                raise NotImplementedError(f"the tests need the module {module}, which is not installed here")
            return self[name]
        reply = ask("class", name)
        if reply[0] == "ok":
            self[name] = remote_class(name)
            return self[name]
        raise KeyError(name)


class Truths(ast.NodeTransformer):
    """An assertion is met by what is true, not by some object of the candidate's being there."""

    def visit_Assert(self, node):
        node.test = ast.copy_location(ast.Call(ast.Name("__truth__", ast.Load()), [node.test], []), node.test)
        return node


def truth(value):
    if type(value) is Remote:
        raise AssertionError(f"the tests assert {value!r}, which says nothing")
    return value


def run(code, where, space):
    exec(compile(ast.fix_missing_locations(Truths().visit(ast.parse(code, where))), where, "exec"), space, space)


def remote_function(name):
    return lambda *arguments, **named: call(name, arguments, named)


def remote_class(name):
    """Makes objects of the candidate's class, and nothing else: not True, not 4."""
    def construct(*arguments, **named):
        made = call(name, arguments, named)
        if type(made) is not Remote:
            raise CandidateError(f"TypeError: {name} is no class")
        return made
    return construct


class Watch:
    """Ends a test that takes too long. Counts ticks, so that time in which the machine stood still is one."""
    TICK = 0.25

    def __init__(self, seconds):
        self.seconds = seconds
        self.ticks = 0
        signal.signal(signal.SIGALRM, self.tick)
        signal.setitimer(signal.ITIMER_REAL, self.TICK, self.TICK)

    def tick(self, number, frame):
        self.ticks += 1
        if self.ticks * self.TICK > self.seconds:
            raise Late()


def tell(verdict, **more):
    signal.setitimer(signal.ITIMER_REAL, 0)  # nothing comes in between any more
    print("\n" + json.dumps(dict(more, verdict=verdict)), flush=True)
    os._exit(0 if verdict == "passed" else 1)


def main():
    with open("tests.json") as file:
        tests = json.load(file)
    os.unlink("tests.json")
    done = 0
    watch = Watch(tests["seconds"])
    space = Namespace(__name__="tests", __builtins__=builtins, __truth__=truth)
    try:
        if ask("start")[0] != "ok":
            raise Gone("it did not start")
        if tests.get("prompt"):
            exec(compile(tests["prompt"] + "\n    pass\n", "prompt", "exec"), space, space)
        known = ask("class", tests["entry"])[0] == "ok"
        space[tests["entry"]] = (remote_class if known else remote_function)(tests["entry"])
        if tests.get("setup"):
            run(tests["setup"], "setup", space)
        for code in tests.get("asserts") or [tests["test"] + f"\ncheck({tests['entry']})\n"]:
            run(code, "test", space)
            done += 1
            watch.ticks = 0
    except Gone as gone:
        tell("gone", done=done, text=str(gone))
    except Late:
        tell("late", done=done, text=f"no end after {tests['seconds']} seconds")
    except ImportError as failed:
        tell("raised" if getattr(failed, "of_candidate", False) else "undecidable", done=done, text=f"the tests: {failed}"[:500])
    except AssertionError as failed:
        tell("wrong", done=done, text=str(failed)[:500])
    except NotImplementedError as failed:
        tell("raised" if getattr(failed, "of_candidate", False) else "undecidable", done=done, text=str(failed)[:500])
    except Exception as failed:
        tell("raised", done=done, text=f"{type(failed).__name__}: {failed}"[:500])
    tell("passed", done=done)


main()
