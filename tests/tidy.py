#!/usr/bin/env python3
"""The house rules of CONTRIBUTING.md, as a test.

  tests/tidy.py            every rule over every file; lines per folder
  tests/tidy.py --quiet    without the table of lines

Standard library only, and about a second: it reads text, it does not parse C++. What a rule cannot
see through text it leaves to clang-tidy and to the reader. An exception to a rule is a row in one
of the tables below, with its reason.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Who may include whom. A folder means the files in it, not below it; a file means that file alone.
# What a folder's files may always include is their own folder. Anything absent is forbidden.
INCLUDES = {
    "runtime/base": [],
    "runtime/wire": ["runtime/base"],
    "runtime/config": ["runtime/base"],
    "runtime/cli": ["runtime/base"],
    "runtime/actor": ["runtime/base", "runtime/wire"],
    "runtime/link": ["runtime/base", "runtime/wire", "runtime/actor"],
    "runtime/http": ["runtime/base"],
    "runtime/node": ["runtime/base", "runtime/wire", "runtime/actor", "runtime/config", "runtime/link"],
    "runtime/cluster": ["runtime/base", "runtime/wire", "runtime/actor", "runtime/link", "runtime/node"],
    "runtime": ["runtime/base", "runtime/wire", "runtime/actor"],
    "kernels": ["runtime/base", "kernels/cpu/table.h", "kernels/cuda/bfloat16.h"],
    "kernels/cpu": ["kernels"],
    "kernels/cuda": ["runtime/base"],
    "kernels/cuda/rows": ["kernels/cuda"],
    "storage": ["runtime/base"],
    "scheduler": ["runtime/base"],
    # What travels, and what actors are made of.
    "actors/messages": ["runtime/base", "runtime/wire", "runtime/actor"],
    "actors/model/tokenizer": ["runtime/base", "actors/messages"],
    "actors/model": ["runtime/base", "runtime/wire", "kernels", "storage", "scheduler", "actors/messages", "actors/model/tokenizer", "actors/model/torch/plugin.h"],
    "actors/model/chat_template": ["runtime/base"],
    "actors/model/torch": ["runtime/base", "runtime/wire", "kernels", "storage", "scheduler", "actors/messages", "actors/model"],
    "actors/rewards": ["runtime/base", "runtime/node", "actors/messages", "actors/rewards/*"],
    "actors/rewards/language": ["runtime/base"],
    "actors/rewards/maths": ["runtime/base", "runtime/node"],
    "actors/rewards/sandbox": ["runtime/base", "runtime/node"],
    "actors/rewards/code": ["runtime/base", "actors/rewards/sandbox"],
    # The actors.
    "actors/weights": ["runtime/base", "runtime/wire", "runtime/actor", "kernels", "storage", "actors/messages", "actors/model"],
    "actors/ledger": ["runtime/base", "runtime/actor", "storage", "scheduler", "actors/messages"],
    "actors/generator": ["runtime/base", "runtime/actor", "kernels", "scheduler", "actors/messages", "actors/model", "actors/weights"],
    "actors/job": ["runtime/base", "runtime/config", "kernels", "kernels/cuda/devices.h", "storage", "scheduler", "actors/messages", "actors/model", "actors/model/tokenizer", "actors/model/chat_template", "actors/rewards",
        "actors/ledger", "actors/generator", "actors/alarms/alarm_bounds.h"],
    "actors/verifier": ["runtime/base", "runtime/actor", "actors/messages", "actors/model", "actors/model/tokenizer", "actors/rewards"],
    "actors/evaluator": ["runtime/base", "runtime/actor", "actors/messages", "actors/model", "actors/rewards", "actors/weights",
        "actors/generator", "actors/job"],
    "actors/trainer": ["runtime/base", "runtime/actor", "storage", "scheduler", "kernels", "actors/messages", "actors/model", "actors/rewards",
        "actors/weights", "actors/ledger", "actors/job", "actors/evaluator"],
    # The program.
    "actors/alarms": ["runtime/base", "runtime/node", "actors/messages", "actors/view"],
    "actors/view": ["runtime/base", "actors/messages"],
    "actors/report": ["runtime/base", "storage", "actors/messages", "actors/model", "actors/model/tokenizer", "actors/ledger", "actors/view"],
    "actors/dashboard": ["runtime/base", "runtime/http", "storage", "actors/messages", "actors/model", "actors/model/tokenizer", "actors/ledger", "actors/job", "actors/view", "actors/report"],
    "actors/export": ["runtime/base", "actors/messages", "actors/view", "actors/ledger", "actors/dashboard/line_reader.h", "actors/dashboard/metric_table.h"],
    "actors/run": ["runtime/*", "kernels", "storage", "scheduler", "actors/*"],
    "actors/cluster": ["runtime/*", "storage", "scheduler", "actors/job", "actors/rewards", "actors/run"],
    "actors/commands": ["runtime/*", "kernels", "kernels/cuda/devices.h", "storage", "actors/*"],
    "actors": ["runtime/*", "actors/*", "actors/rewards/*"],
    "examples": ["runtime/tramontane.h", "runtime/config/options.h", "runtime/node/kind.h", "runtime/wire/capnp_codec.h", "actors/tram.h",
        "actors/rewards/reward.h"],
    "examples/embed": ["runtime/tramontane.h", "runtime/config/options.h", "runtime/node/kind.h", "actors/tram.h", "actors/rewards/reward.h",
        "metronome.capnp.h"],
}
# Within a folder's allowance, what it may not include after all.
EXCLUDES = {
    "scheduler": ["runtime/base/async.h", "runtime/base/strand.h", "runtime/base/clock.h"],
}

# Which files may include a library's headers (and the schemas' generated ones follow Cap'n Proto).
LIBRARIES = {
    r"(torch|ATen|c10)/": [r"actors/model/torch/.*\.(cc|h)"],
    r"rocksdb/": [r"storage/(kv_store|rocksdb_words)\.cc"],
    r"oniguruma\.h": [r"actors/model/tokenizer/pattern\.cc"],
    r"unicode/": [r"actors/model/tokenizer/unicode\.cc", r"actors/model/chat_template/letters\.cc", r"actors/rewards/language/(clean|scripts|train)\.cc"],
    r"yaml-cpp/": [r"runtime/config/.*\.cc"],
    r"boost/asio": [r"runtime/base/asio_impl\.cc", r"runtime/actor/pool\.cc", r"runtime/link/(socket_link|tcp_server)\.cc", r"runtime/http/.*"],
    r"boost/beast": [r"runtime/http/.*"],
    r"openssl/": [r"runtime/link/(handshake|tls_channel)\.cc", r"runtime/http/certificate\.cc"],
    r"boost/json/src\.hpp": [r"runtime/base/json_impl\.cc"],
    r"xxhash\.h": [r"storage/(checkpoint|content_hash)\.cc", r"runtime/wire/(frame|hash)\.cc", r"actors/model/arena\.cc", r"actors/(messages/types|ledger/\w+)\.cc"],
    r"(capnp|kj)/": [r"runtime/(wire|config)/.*", r"runtime/cluster/(messages|head_messages)\.cc", r"runtime/cluster/forms\.h", r"runtime/link/(frames|handshake)\.cc", r"runtime/node/(messages|setup)\.cc", r"actors/(messages|ledger|job)/.*"],
    r"seccomp\.h": [r"actors/rewards/sandbox/filter\.cc"],
    r"(flint/|antic/|calcium/|acb|arb)": [r"actors/rewards/maths/.*"],
    r"(zlib|zstd)\.h": [r"storage/decompress\.cc"],
    r"curl/": [r"actors/rewards/http\.cc"],
    r"fasttext/": [r"actors/rewards/language/(identifier|train)\.cc"],
    r"doctest": [],
}

# Words that no source may contain, outside comments and strings, but for the files named.
MUTEX = r"std::(recursive_|shared_|timed_)?mutex\b|std::condition_variable"
WORDS = [
    ("new expression: own by std::make_unique", r"\bnew\s+[A-Za-z_:]",
        [r"actors/model/weights\.cc"]),  # a private constructor, which make_shared cannot reach
    ("delete expression: own by std::unique_ptr", r"(?<!=)(?<!= )(?<!operator )\bdelete\b(?!\s*;)", []),
    ("a coroutine's exceptions would be lost", r"\bdetached\b", []),
    ("an exception is swallowed", r"catch\s*\(\s*\.\.\.\s*\)\s*\{\s*\}", []),
    ("a CHECK outside tests: the house's is TRAM_CHECK", r"(?<![A-Z_])(CHECK|ASSERT|DCHECK)\(", [r"tests/.*"]),
    ("assert() vanishes in other builds: TRAM_CHECK", r"(?<![_\w])assert\(", []),
    ("what is written as JSON is valid: json_text() of runtime/base/json_text.h", r"\bjson::serialize\(",
        [r"runtime/base/json_text\.cc", r"tests/.*"]),
    ("what people read on stderr is text: print_error() of runtime/base/shown_text.h", r"fprintf\(\s*stderr\b.*%s|\bstd::cerr\b",
        [r"runtime/node/parent\.cc", r"actors/commands/grading\.cc", r"actors/rewards/(sandbox/sandbox|language/train)\.cc", r"tests/.*", r"examples/.*"]),
    ("random numbers come from runtime/base/random.h", r"\bstd::(mt19937\w*|random_device|default_random_engine)\b|(?<![\w.:>])s?rand\(",
        [r"tests/.*"]),
]
GRADE = r"actors/commands/grading\.(h|cc)"  # grades a file, without actors
ACTOR_WORDS = [  # in actors/ and scheduler/
    ("an actor needs no lock: its strand is one", MUTEX,
        [r"actors/weights/.*", r"actors/job/initial_weights\.(h|cc)", r"actors/run/(run|actors_file|first_causes|exit_file|graph_run|interrupt_watch)\.(cc|h)", r"actors/alarms/alarm_hook\.cc", r"actors/view/.*", GRADE,
            r"actors/rewards/language/identifier\.cc"]),  # one model for all verifiers of a process
    ("an actor needs no thread: pools are the runtime's", r"std::(jthread|thread)\b(?!::hardware)", [r"actors/model/fingerprint\.cc", r"actors/run/(run\.cc|actors_file\.h|interrupt_watch\.h)", r"actors/alarms/alarm_hook\.cc", r"actors/view/.*", GRADE]),
    ("an actor waits with co_await sleep()", r"sleep_for|sleep_until|\busleep\(", [GRADE, r"actors/commands/(cluster|job|node|watch)_commands\.cc", r"actors/rewards/http\.cc"]),
]
MACROS = {"runtime/base/check.h", "runtime/base/log.h"}  # where TRAM_* macros that stay are defined
LIBRARY_MACROS = {"XXH_INLINE_ALL", "flint_malloc", "flint_realloc"}  # that configure a library

# Sizes. Soft limits need a row here, with a reason; hard limits have no exceptions.
LINES_SOFT, LINES_HARD, FUNCTION_LINES = 400, 600, 70
LONG_FILES = {
    "dev": "one script with nothing beside it, so that a fresh clone can run it",
    "tests/tidy.py": "the rules, each a row or a few lines",
}
LONG_FUNCTIONS = {
    "tests/bench/kernels_bench.cc": "a table of measurements",
}

# The names of things outside this repository mean nothing to who reads it.
OUTSIDE = re.compile(r"\.\./shared|/work/(?!\.)|\bsit{2}ings?\b|\bissue #?\d+|\b(TODO|FIXME|XXX|HACK)\b(?!\((perf|test|soon)\))")


def listing():
    """Tracked and new files; every file where there is no git."""
    out = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
        capture_output=True, text=True)
    if out.returncode == 0:
        names = out.stdout.split("\n")
    else:
        names = [os.path.relpath(os.path.join(folder, name), ROOT)
            for folder, _, files in os.walk(ROOT) if "/build" not in folder and "/." not in folder for name in files]
    return sorted(n for n in set(names) if n and os.path.isfile(os.path.join(ROOT, n)))


def matches(path, patterns):
    return any(re.fullmatch(p, path) for p in patterns)


CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)


def without_text(source):
    """The source with comments and literals blanked, lines kept. Digit separators stay."""
    source = re.sub(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])", "_", source)
    return CODE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()) if m.group()[0] in "/R"
        else '"' + re.sub(r"[^\n]", " ", m.group()[1:-1]) + '"', source)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def closing(text, at, pair):
    """Where the bracket opened at `at` closes."""
    depth = 0
    for i in range(at, len(text)):
        if text[i] == pair[0]:
            depth += 1
        elif text[i] == pair[1]:
            depth -= 1
            if depth == 0:
                return i
    return len(text)


class Tidy:
    def __init__(self):
        self.files = listing()
        self.text = {}
        for name in self.files:
            with open(os.path.join(ROOT, name), "rb") as f:
                raw = f.read()
            try:
                if b"\0" not in raw:
                    self.text[name] = raw.decode("utf-8")
            except UnicodeDecodeError:
                pass
        self.sources = [n for n in self.text if n.endswith((".h", ".cc"))]
        self.code = {n: without_text(self.text[n]) for n in self.sources}
        self.found = []

    def complain(self, name, line, text):
        self.found.append(f"{name}:{line}: {text}")

    # ---- rules ------------------------------------------------------------------------------

    def include_directions(self):
        """a folder includes only what the table allows"""
        for name in self.sources:
            folder = os.path.dirname(name)
            if folder.startswith("tests"):
                continue
            if folder not in INCLUDES:
                self.complain(name, 1, f"folder {folder} is not in the table of include directions (tests/tidy.py)")
                continue
            for m in re.finditer(r'^\s*#\s*include\s*"([^"]+)"', self.text[name], re.M):
                target = m.group(1)
                home = os.path.dirname(target)
                fine = home == folder or any(target == a or home == a or os.path.dirname(home) + "/*" == a for a in INCLUDES[folder])
                if not fine or target in EXCLUDES.get(folder, []):
                    self.complain(name, line_of(self.text[name], m.start()), f"{folder} may not include {target}")
                elif not os.path.exists(os.path.join(ROOT, target)) and not target.endswith(".capnp.h"):
                    self.complain(name, line_of(self.text[name], m.start()), f"{target} is not there; paths begin at the root")

    def library_headers(self):
        """a library's headers stay where they belong"""
        for name in self.sources:
            if name.startswith("tests/"):
                continue
            for m in re.finditer(r"^\s*#\s*include\s*<([^>]+)>", self.text[name], re.M):
                for library, where in LIBRARIES.items():
                    if re.match(library, m.group(1)) and not matches(name, where):
                        self.complain(name, line_of(self.text[name], m.start()),
                            f"<{m.group(1)}> may be included by {' or '.join(where) or 'tests'} only")

    def words(self):
        """no banned words"""
        for name in self.sources:
            rules = list(WORDS)
            if name.startswith(("actors/", "scheduler/")):
                rules += ACTOR_WORDS
            for why, pattern, exempt in rules:
                if matches(name, exempt):
                    continue
                for m in re.finditer(pattern, self.code[name]):
                    self.complain(name, line_of(self.code[name], m.start()), f"`{m.group().strip()}`: {why}")

    def using_namespace(self):
        """`using namespace` for the project's own and for literals, and in no header"""
        for name in self.sources:
            for m in re.finditer(r"\busing\s+namespace\s+([\w:]+)", self.code[name]):
                ours = m.group(1).startswith("tramontane") or m.group(1).endswith("literals")
                if not ours or (name.endswith(".h") and not name.startswith("tests/")):
                    self.complain(name, line_of(self.code[name], m.start()), f"`{m.group()}`")

    def types(self):
        """a type's name is one header's alone: two of one name in one program destroy each other"""
        seen = {}
        for name in self.sources:
            if name.startswith("tests/") or not name.endswith(".h"):
                continue
            space = re.findall(r"^namespace ([\w:]+) \{", self.code[name], re.M)
            for m in re.finditer(r"^(?:struct|class|enum class)\s+(\w+)\s*(?:final\s*)?(?::(?!:)[^;{]*)?\{", self.code[name], re.M):
                first = seen.setdefault((space[-1] if space else "", m.group(1)), name)
                if first != name:
                    self.complain(name, line_of(self.code[name], m.start()), f"{m.group(1)} is in {first} as well")

    def macros(self):
        """macros are TRAM_ and few"""
        for name in self.sources:
            if name.startswith("tests/"):
                continue
            for m in re.finditer(r"^\s*#\s*define\s+(\w+)", self.code[name], re.M):
                if not m.group(1).startswith("TRAM_") and m.group(1) not in LIBRARY_MACROS:
                    self.complain(name, line_of(self.code[name], m.start()), f"macro {m.group(1)} is not named TRAM_…")
                elif name.endswith(".h") and name not in MACROS and f"#undef {m.group(1)}" not in self.code[name] \
                        and not name.startswith(("kernels/cpu/", "kernels/cuda/rows/")):  # compiled for several machines
                    self.complain(name, line_of(self.code[name], m.start()), f"macro {m.group(1)} leaves its header")

    def capturing_coroutines(self):
        """no lambda with captures is a coroutine: the captures die with the lambda"""
        head = re.compile(r"(?<![\w\])])\[([^\[\]]+)\]\s*(?=[({])")
        for name in self.sources:
            if name.startswith("tests/"):  # a Script holds its lambda for as long as it runs
                continue
            code = self.code[name]
            for m in head.finditer(code):
                at = m.end()
                if code[at] == "(":
                    at = closing(code, at, "()") + 1
                body = re.compile(r"\s*(mutable|noexcept|->[^{;]*|\s)*\{").match(code, at)
                if not body:
                    continue
                end = closing(code, body.end() - 1, "{}")
                inside = code[body.end():end]
                if re.search(r"->\s*Task\b", body.group()) or (
                        re.search(r"\bco_(await|return|yield)\b", inside) and not re.search(r"\[[^\]]*\]\s*\(", inside)):
                    self.complain(name, line_of(code, m.start()), "a capturing lambda that is a coroutine")

    def choices_in_await(self):
        """no ?: inside `co_await ask(…)` and `send(…)` (CONTRIBUTING.md: GCC 12)"""
        for name in self.sources:
            code = self.code[name]
            for m in re.finditer(r"\bco_await\s+(?:[\w.>-]*\b)?(ask|send)\s*(?=\()", code):
                if "?" in code[m.end():closing(code, m.end(), "()") + 1]:
                    self.complain(name, line_of(code, m.start()), f"?: inside co_await {m.group(1)}(…)")

    def headers_begin_well(self):
        """a header is guarded by #pragma once and says what it is"""
        for name in self.sources:
            if not name.endswith(".h"):
                continue
            first = self.text[name].split("\n", 3)
            if first[0] != "#pragma once":
                self.complain(name, 1, "the first line is `#pragma once`")
            elif not name.startswith("tests/") and not self.text[name].split("\n", 1)[1].lstrip().startswith("//"):
                self.complain(name, 2, "a header opens with a comment that says what it is")

    def own_header_first(self):
        """a source includes its own header first, which proves that it compiles alone"""
        for name in self.sources:
            own = name[:-3] + ".h"
            first = re.search(r'^\s*#\s*include\s*["<]([^">]+)', self.text[name], re.M)
            if name.endswith(".cc") and own in self.text and first.group(1) != own:
                self.complain(name, line_of(self.text[name], first.start()), f"{own} comes first")

    def file_sizes(self):
        """files over 400 lines have a reason, none is over 600"""
        for name, text in self.text.items():
            if not (name in self.sources or name.endswith((".py", ".js", ".css", ".capnp", "meson.build")) or name == "dev"):
                continue
            lines = text.count("\n")
            if lines > LINES_HARD:
                self.complain(name, lines, f"{lines} lines: {LINES_HARD} is the limit; split it")
            elif lines > LINES_SOFT and name not in LONG_FILES:
                self.complain(name, lines, f"{lines} lines: over {LINES_SOFT} needs a reason in tests/tidy.py")
        for name in LONG_FILES:
            if name not in self.text or self.text[name].count("\n") <= LINES_SOFT:
                self.complain("tests/tidy.py", 1, f"{name} needs no exception any more: remove its row")

    def function_sizes(self):
        """functions of 70 lines at most"""
        opening = re.compile(r"\)\s*(?:(?:const|noexcept|override|final|mutable)\b\s*)*(?:->[^{};]*)?(?::[^{};]*(?:\{[^{}]*\}[^{};]*)*)?\{\s*$", re.M)
        for name in self.sources:
            code = self.code[name]
            for m in opening.finditer(code):
                at = code.rindex("{", m.start(), m.end())
                begin = code.rfind("\n", 0, m.start()) + 1
                if re.match(r"\s*(\}\s*)?(TEST_CASE|SUBCASE|namespace|extern)\b", code[begin:]):
                    continue
                lines = code.count("\n", at, closing(code, at, "{}"))
                if lines > FUNCTION_LINES and name not in LONG_FUNCTIONS:
                    self.complain(name, line_of(code, at), f"a function of {lines} lines ({FUNCTION_LINES} at most)")

    def sources_are_built(self):
        """every source is named in a meson.build"""
        built = set()
        for build in self.text:
            if os.path.basename(build) == "meson.build":
                for quoted in re.findall(r"'([^'\n]+)'", self.text[build]):
                    built.add(os.path.normpath(os.path.join(os.path.dirname(build), quoted)))
        for name in self.sources + [n for n in self.text if n.endswith(".capnp")]:
            if not name.endswith(".h") and name not in built and os.path.splitext(name)[0] not in built:
                self.complain(name, 1, "not named in any meson.build: it is not built")

    def white_space(self):
        """no tabs, no trailing space, one newline at the end; sources of 100 columns"""
        for name, text in self.text.items():
            if name.endswith((".jsonl", ".hex")) or "/corpus/" in name or name == "LICENSE":
                continue
            for number, line in enumerate(text.split("\n"), 1):
                if line != line.rstrip():
                    self.complain(name, number, "trailing space")
                if len(line) > 100 and name in self.sources and '"' not in line and "://" not in line:
                    self.complain(name, number, "over 100 columns: ./dev format")
                if "\t" in line:
                    self.complain(name, number, "tab")
            if text and (not text.endswith("\n") or text.endswith("\n\n")):
                self.complain(name, text.count("\n") + 1, "a file ends with one newline")

    def self_contained(self):
        """nothing names what lies outside this repository; TODO(perf|test|soon) only"""
        for name, text in self.text.items():
            if name == "tests/tidy.py" or "/corpus/" in name or name.endswith(".jsonl"):
                continue
            for m in OUTSIDE.finditer(text):
                self.complain(name, line_of(text, m.start()), f"`{m.group()}`")

    def links(self):
        """every file that a page links to is there"""
        for name, text in self.text.items():
            if not name.endswith(".md"):
                continue
            for m in re.finditer(r"\]\((?!https?:|#|mailto:)([^)#]+)", text):
                if not os.path.exists(os.path.join(ROOT, os.path.dirname(name), m.group(1))):
                    self.complain(name, line_of(text, m.start()), f"{m.group(1)} is not there")

    # ---- all of them ------------------------------------------------------------------------

    def lines_per_folder(self):
        sums = {}
        for name, text in self.text.items():
            if name in self.sources or name.endswith((".py", ".capnp", ".js", ".css", ".html", "meson.build")) or name == "dev":
                parts = os.path.dirname(name).split("/")
                key = "/".join(parts[:2]) if parts[0] in ("actors", "runtime", "kernels") else parts[0] or "(root)"
                count, lines, longest = sums.get(key, (0, 0, (0, "")))
                own = text.count("\n")
                sums[key] = (count + 1, lines + own, max(longest, (own, os.path.basename(name))))
        print(f"{'folder':<20}{'files':>6}{'lines':>8}  longest")
        for key, (count, lines, longest) in sorted(sums.items()):
            print(f"{key:<20}{count:>6}{lines:>8}  {longest[1]} ({longest[0]})")
        print(f"{'all':<20}{sum(s[0] for s in sums.values()):>6}{sum(s[1] for s in sums.values()):>8}\n")

    def run(self):
        rules = [self.include_directions, self.library_headers, self.words, self.using_namespace, self.types, self.macros,
            self.capturing_coroutines, self.choices_in_await, self.headers_begin_well, self.own_header_first, self.file_sizes,
            self.function_sizes, self.sources_are_built, self.white_space, self.self_contained, self.links]
        failed = 0
        for rule in rules:
            self.found = []
            rule()
            if self.found:
                failed += 1
                print(f"FAILED  {rule.__doc__}")
                for complaint in self.found:
                    print(f"  {complaint}")
            else:
                print(f"ok      {rule.__doc__}")
        print(f"{len(rules) - failed} passed, {failed} failed")
        return 1 if failed else 0


def main():
    tidy = Tidy()
    if "--quiet" not in sys.argv[1:]:
        tidy.lines_per_folder()
    return tidy.run()


if __name__ == "__main__":
    sys.exit(main())
