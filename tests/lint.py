#!/usr/bin/env python3
"""clang-tidy (.clang-tidy has its checks) on the sources that a change touches, or on all.

  tests/lint.py BUILD                  what differs from the base, and what git does not know yet
  tests/lint.py BUILD --base COMMIT    from that commit on
  tests/lint.py BUILD --all            every source
  tests/lint.py BUILD --seconds N      no file is begun after so long: those left out are named
  tests/lint.py BUILD FILE..           these

The base is where this branch left main (origin/main where there is one); on main itself, and where
there is no main, the commit before the last. A header is linted through the source of its name,
else through one that includes it. BUILD is a configured build folder, whose generated headers are
there: its commands, less what only GCC reads, are kept in BUILD/lint.
"""
import argparse
import concurrent.futures
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SKIPPED = 77  # what Meson takes as: not run


def git(*arguments):
    """The lines that git prints; None where it fails."""
    out = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return out.stdout.split("\n")[:-1] if out.returncode == 0 else None


def base_of():
    head = git("rev-parse", "HEAD")
    for name in ["origin/main", "main"]:
        base = git("merge-base", name, "HEAD")
        if base and base != head:
            return base[0]
    before = git("rev-parse", "--verify", "-q", "HEAD~1")
    return before[0] if before else None


def changed(base):
    """Names of what is not as in `base`, committed or not; all where there is nothing to compare with."""
    names = git("diff", "--name-only", "--diff-filter=d", base) if base else git("ls-files")
    return sorted(set((names or []) + (git("ls-files", "--others", "--exclude-standard") or [])))


def as_clang_reads(command):
    """The arguments of one compilation without ccache and without GCC's precompiled header."""
    words = shlex.split(command)
    words = words[next(i for i, word in enumerate(words) if os.path.basename(word) in ("c++", "g++", "clang++")):]
    out = ["clang++"]
    for before, word in zip(words, words[1:]):
        if word not in ("-include", "-Winvalid-pch") and not (before == "-include" and word == "standard.h"):
            out.append(word)
    return out + ["-Wno-everything"]


def commands(build):
    """The first compilation of each source, by its name; written where clang-tidy finds them."""
    with open(os.path.join(build, "compile_commands.json")) as f:
        entries = json.load(f)
    found = {}
    for entry in entries:
        name = os.path.relpath(os.path.join(entry["directory"], entry["file"]), ROOT)
        if not name.startswith("..") and os.path.exists(os.path.join(ROOT, name)):
            found.setdefault(name, {"directory": entry["directory"], "file": entry["file"],
                "arguments": as_clang_reads(entry["command"])})
    folder = os.path.join(build, "lint")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "compile_commands.json"), "w") as f:
        json.dump(list(found.values()), f, indent=1)
    return found


def through(name, known):
    """The source that `name` is linted through, if one is compiled here."""
    source = os.path.splitext(name)[0] + ".cc"
    if source in known:
        return source
    if not name.endswith(".h"):
        return None
    line = f'#include "{name}"'
    for candidate in sorted(known, key=lambda n: (n.startswith("tests/"), n)):
        if candidate.endswith(".cc") and line in open(os.path.join(ROOT, candidate), encoding="utf-8").read():
            return candidate
    return None


def lint(build, name):
    """What clang-tidy has to say, and how long it took."""
    start = time.time()
    out = subprocess.run(["clang-tidy", "--quiet", "-p", os.path.join(build, "lint"), os.path.join(ROOT, name)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    text = re.sub(r"^\d+ warnings? .*\n|^Suppressed .*\n|^Use -header-filter.*\n", "", out.stdout, flags=re.M)
    return (text.strip() if out.returncode or "warning:" in text else ""), time.time() - start


def main():
    parser = argparse.ArgumentParser(add_help=True)
    parser.add_argument("build")
    parser.add_argument("files", nargs="*")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--base")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--list", action="store_true", help="only name the sources")
    options = parser.parse_args()
    if not shutil.which("clang-tidy"):
        print("clang-tidy is not installed")
        return SKIPPED
    known = commands(os.path.abspath(options.build))
    names = options.files or (known if options.all else changed(options.base or base_of()))
    sources = sorted({s for s in (through(n, known) for n in names if n.endswith((".h", ".cc"))) if s})
    for name in names:
        if name.endswith(".cc") and name not in known and os.path.exists(os.path.join(ROOT, name)):
            print(f"not compiled in {options.build}, so not looked at: {name}")
    if options.list:
        print("\n".join(sources))
        return 0
    until = time.time() + options.seconds
    clean, found, left_out = 0, 0, []

    def one(name):
        return lint(os.path.abspath(options.build), name) if time.time() < until else None

    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for name, outcome in zip(sources, pool.map(one, sources)):
            if outcome is None:
                left_out.append(name)
                continue
            text, took = outcome
            clean, found = (clean, found + 1) if text else (clean + 1, found)
            print(f"{'FAILED' if text else 'ok':<8}{name}  {took:.0f} s" + (f"\n{text}" if text else ""), flush=True)
    if left_out:
        print(f"no time was left for {len(left_out)}: {' '.join(left_out)}")
    print(f"{clean} passed, {found} failed, {len(left_out)} skipped")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
