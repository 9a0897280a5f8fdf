#!/usr/bin/env python3
"""Compares what chat templates render with what Jinja2 renders as transformers sets it up:

  jinja2_test.py RENDER_CASES [RANDOM_TEMPLATES [SEED]]

Every template that packages of PyPI hold (template_sources.py), over the conversations of
conversations.py; then random small ones (random_templates.py). A text must be equal byte for byte,
and what Jinja2 cannot render must not render here. What is refused as not supported is counted and
named; a text that differs is a failure.

Jinja2 comes from PyPI, into a throw-away environment, and the packages into a throw-away folder.
TRAM_JINJA2 names an interpreter that has it instead, TRAM_TEMPLATES a folder where
template_sources.fetch() has been. Exit status 77 where Jinja2 cannot be had.
"""
import collections
import functools
import json
import os
import random
import subprocess
import sys
import tempfile
import time

SUPPORTED_LEAST = 0.9  # of the published templates


def main():
    driver, inside = os.path.abspath(sys.argv[1]), sys.argv[2:3] == ["--inside"]
    if inside:
        return Comparison(driver, sys.argv[3], *map(int, sys.argv[4:])).run()
    with tempfile.TemporaryDirectory(prefix="tram-jinja2-") as scratch:
        python = os.environ.get("TRAM_JINJA2") or os.path.join(scratch, "env", "bin", "python")
        if "TRAM_JINJA2" not in os.environ:
            for command in ([sys.executable, "-m", "venv", os.path.join(scratch, "env")], [python, "-m", "pip", "install", "-q", "jinja2"]):
                if subprocess.run(command).returncode:
                    print("Jinja2 cannot be installed here")
                    return 77
        folder = os.environ.get("TRAM_TEMPLATES") or os.path.join(scratch, "packages")
        return subprocess.run([python, os.path.abspath(__file__), driver, "--inside", folder, *sys.argv[2:]]).returncode


def oracle():
    """A function that renders as transformers' apply_chat_template() does."""
    import datetime
    import warnings
    import jinja2
    import jinja2.ext
    import jinja2.sandbox

    warnings.simplefilter("ignore")  # of what random templates compile to

    class Generation(jinja2.ext.Extension):
        tags = {"generation"}

        def parse(self, parser):
            line = next(parser.stream).lineno
            body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
            return jinja2.nodes.CallBlock(self.call_method("_text"), [], [], body).set_lineno(line)

        def _text(self, caller):
            return caller()

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    env = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = datetime.datetime(2024, 7, 26).strftime

    compiled = functools.lru_cache(4)(env.from_string)

    def render(case):
        try:
            names = {"tools": None, "documents": None, **case.get("variables", {})}
            names.update({k: case[k] for k in ("tools", "add_generation_prompt") if k in case})
            names.setdefault("add_generation_prompt", False)
            text = compiled(case["template"]).render(messages=case["messages"], **names)
            text.encode("utf-8")
            return text, None
        except (Exception, RecursionError) as error:
            return None, f"{type(error).__name__}: {error}"
    return render


class Comparison:
    """Runs in an environment that has Jinja2."""

    def __init__(self, driver, folder, randoms=20_000, seed=None):
        self.process = subprocess.Popen([driver], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.folder, self.randoms = folder, randoms
        self.seed = int(time.time()) if seed is None else seed
        self.render = oracle()

    def ours(self, case):
        self.process.stdin.write(json.dumps(case).encode() + b"\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"FAILED the driver died of {case!r}")
        return json.loads(answer)

    def compare(self, case):
        """("equal" | "error" | "refused" | "different" | "failed", why)"""
        wanted, error = self.render(case)
        got = self.ours(case)
        if got.get("code") == "unsupported":
            return "refused", got["error"]
        if error is not None:
            if "text" not in got:
                return "error", ""
            return "different", f"Jinja2: {error}\nhere: {got['text']!r}"
        if "text" not in got:
            return "failed", f"here: {got['error']}\nJinja2: {wanted!r}"
        return ("equal", "") if wanted == got["text"] else ("different", f"here: {got['text']!r}\nJinja2: {wanted!r}")

    def published(self):
        from conversations import cases
        from template_sources import fetch, published
        if "TRAM_TEMPLATES" not in os.environ:
            fetch(self.folder)
        count, refusals, renderings = collections.Counter(), collections.Counter(), collections.Counter()
        for template, name in published(self.folder).items():
            worst, told = "error", ""
            for case in cases(template):
                outcome, why = self.compare(case)
                renderings[outcome] += 1
                order = ["error", "equal", "refused", "failed", "different"]
                if order.index(outcome) > order.index(worst):
                    worst, told = outcome, why
            count[worst] += 1
            if worst == "refused":
                refusals[told.split(": ")[-1]] += 1
            if worst in ("different", "failed"):
                print(f"FAILED {name}: {worst}\n{told[:2000]}", flush=True)
        print(f"published templates: {dict(count)}; renderings: {dict(renderings)}")
        for why, times in refusals.most_common():
            print(f"  refused {times}: {why}")
        all_of = sum(count.values())
        if all_of == 0:
            print("no package with templates could be fetched")
            return True
        return count["different"] == count["failed"] == 0 and count["refused"] <= (1 - SUPPORTED_LEAST) * all_of

    def random(self):
        from random_templates import random_case
        print(f"{self.randoms} random templates of seed {self.seed}")
        count, shown = collections.Counter(), 0
        for i in range(self.randoms):
            case = random_case(random.Random(f"{self.seed}/{i}"))
            outcome, why = self.compare(case)
            count[outcome] += 1
            if outcome in ("different", "failed") and shown < 20:
                shown += 1
                print(f"FAILED {i}: {outcome}: {case['template']!r}\n{why[:600]}", flush=True)
        print(f"random templates: {dict(count)}")
        return count["different"] == count["failed"] == 0

    def run(self):
        results = [self.published() if self.folder != "-" else True, self.random()]
        return 0 if all(results) else 1


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    sys.dont_write_bytecode = True
    sys.exit(main())
