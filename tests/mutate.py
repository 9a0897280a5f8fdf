#!/usr/bin/env python3
"""Which changes of the code no test notices: random mutations, one at a time.

  ./dev mutate                        50 draws over the C++ sources of the last 20 commits
  ./dev mutate --since REV            … over those changed since REV, committed or not
  ./dev mutate actors/ledger storage  … over these files and folders
  ./dev mutate storage/file.cc:61     … over one line: does a new test notice its mutations?
  ./dev mutate --draws N --seconds S --seed K    so many draws, in so long; the same draws again

A mutation is one operator, comparison, constant or boolean that is another, or a statement left
out. Comments, strings, includes, logging and assertions stay. The unit and simulation tests whose
programs contain the file are run, those of its own folder and quick ones first, until one fails or
outlasts its limit of processor time, or hangs: the mutation is noticed. A test whose program came out the same is not run. A
mutation that does not compile, or of which the compiler makes the same everywhere, is no draw. A
survivor is a missing test, a piece of code that does nothing, or a mutation that changes nothing one
could see.

All of it happens in a copy of the work tree, build/mutate/src, with its own build folder: the first
call builds the tests there, a later one what has changed. A header that much of the code includes is
left out, because each mutation of it would build all of that.
"""
import argparse
import fcntl
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import mutations  # beside this file

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = "build/mutate"
SUITES = ("unit", "sim")
WIDE = 40  # objects that include a header which is left out
MEMORY_BYTES, FILE_BYTES = 8 << 30, 1 << 30  # of a test, whose mutation may allocate or write without end
FILES = "/dev/shm"  # where tests have their files, if it is there: in memory, a sync costs nothing
SKIPPED = 77  # the exit status of a test that did not run


# ---- the copy and its tests -----------------------------------------------------------------


def say(text):
    print(f"mutate: {text}", flush=True)


def stop(text):
    sys.exit(f"mutate: {text}")


def git(*arguments):
    out = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    if out.returncode:
        stop(out.stderr.strip())
    return [line for line in out.stdout.split("\n") if line]


def copy_tree(target):
    """Makes `target` what the work tree is, touching only files that differ."""
    names = {n for n in git("ls-files", "--cached", "--others", "--exclude-standard") if os.path.isfile(os.path.join(ROOT, n))}
    for folder, folders, files in os.walk(target):
        if folder == target:
            folders[:] = [f for f in folders if f != "build"]
        for name in files:
            if os.path.relpath(os.path.join(folder, name), target) not in names:
                os.remove(os.path.join(folder, name))
    for name in names:
        source, copy = os.path.join(ROOT, name), os.path.join(target, name)
        if not os.path.exists(copy) or open(source, "rb").read() != open(copy, "rb").read():
            os.makedirs(os.path.dirname(copy), exist_ok=True)
            shutil.copyfile(source, copy)
            shutil.copymode(source, copy)
    deps, link = os.path.join(ROOT, "build", "deps"), os.path.join(target, "build", "deps")
    os.makedirs(os.path.dirname(link), exist_ok=True)
    if os.path.isdir(deps) and not os.path.lexists(link):
        os.symlink(deps, link)


def run(command, seconds, preexec_fn=None, **options):
    """The exit status of a command and of all it started; None when it outlasts `seconds`."""
    interrupt = {signal.SIGINT}

    def begin():
        signal.pthread_sigmask(signal.SIG_UNBLOCK, interrupt)
        if preexec_fn is not None:
            preexec_fn()

    # An interrupt between the start and the `try` would leave behind what was started.
    signal.pthread_sigmask(signal.SIG_BLOCK, interrupt)
    process = subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, preexec_fn=begin, **options)
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, interrupt)
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


def bounded(processor_seconds):
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (processor_seconds, processor_seconds))


def computed():
    """Processor seconds of all that was run and has ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def own_folder(name):
    """Where the tests of a source are: in the folder of tests/ that is called like its own, or else like one around it; or none."""
    parts = os.path.dirname(name).split("/")
    while parts and not os.path.isdir(os.path.join(ROOT, "tests", parts[-1])):
        parts.pop()
    return f"tests/{parts[-1]}/" if parts else "none"


class Copy:
    """The copy of the work tree, its build folder and its tests."""

    def __init__(self):
        loader = importlib.machinery.SourceFileLoader("dev", os.path.join(ROOT, "dev"))
        self.dev = importlib.util.module_from_spec(importlib.util.spec_from_loader("dev", loader))
        loader.exec_module(self.dev)
        self.source = self.dev.ROOT = os.path.join(ROOT, FOLDER, "src")
        os.makedirs(self.source, exist_ok=True)
        self.lock = open(os.path.join(ROOT, FOLDER, "lock"), "w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stop(f"{FOLDER} is in use by another ./dev mutate")
        copy_tree(self.source)
        # Most of the time goes into linking one test after the other.
        self.build = self.dev.configure("release", ["-Dcpp_link_args=-fuse-ld=lld -Wl,--strip-debug"] if shutil.which("ld.lld") else [])
        self.env = dict(self.dev.environment("release"), CCACHE_BASEDIR=os.path.dirname(ROOT))
        if run(["ninja", "-C", self.build, "build.ninja"], 600, env=self.env) != 0:  # a test may be new
            stop("configuring fails: ./dev build")
        files = {target["id"]: target["filename"] for target in self.dev.introspect(self.build, "targets")}
        self.tests = []
        for test in self.dev.introspect(self.build, "tests"):
            if any(s.split(":")[-1] in SUITES for s in test["suite"]):
                paths = test["cmd"] + [f for d in test["depends"] for f in files.get(d, [])]
                test["targets"] = sorted({os.path.relpath(p, self.build) for p in paths if p.startswith(self.build + os.sep) and "/../" not in p})
                self.tests.append(test)

    def make(self, tests, seconds):
        targets = sorted({target for test in tests for target in test["targets"]})
        return run(["ninja", "-C", self.build, *targets], seconds, env=self.env) == 0

    def make_all(self):
        say(f"building {len(self.tests)} tests in {FOLDER} …")
        start = time.time()
        if not self.make(self.tests, 7200):
            stop("the tests do not build as they are: ./dev build")
        say(f"built: {time.time() - start:.1f} s")

    def contents(self, test):
        """What identifies the test's programs, byte for byte."""
        total = hashlib.blake2b()
        for target in test["targets"]:
            with open(os.path.join(self.build, target), "rb") as f:
                total.update(f.read())
        return total.hexdigest()

    def passes(self, test, seconds, processor_seconds=resource.RLIM_INFINITY):
        folder = FILES if os.access(FILES, os.W_OK) else os.path.dirname(self.source)
        with tempfile.TemporaryDirectory(prefix=f"test-{os.getpid()}-", dir=folder) as temporary:
            code = run(test["cmd"], seconds, cwd=self.build, env=dict(self.env, **test["env"], TMPDIR=temporary),
                preexec_fn=lambda: bounded(processor_seconds))
        return code in (0, SKIPPED)

    def ninja(self, *arguments):
        return subprocess.run(["ninja", "-C", self.build, "-t", *arguments], capture_output=True, text=True, check=True).stdout

    def who_sees(self):
        """For each source and header, its objects, and the tests whose programs have one of them."""
        objects, seen, current = {}, {}, None
        inside = os.path.relpath(self.source, self.build) + os.sep
        for line in self.ninja("deps").split("\n"):
            if line and not line.startswith(" "):
                current = line.split(": #deps")[0]
            elif line.strip().startswith(inside):
                objects.setdefault(line.strip()[len(inside):], set()).add(current)
        for test in self.tests:
            inputs = set(self.ninja("inputs", *test["targets"]).split("\n"))
            for name, made in objects.items():
                if made & inputs:
                    seen.setdefault(name, []).append(test)
        return objects, seen

    def time_tests(self, tests):
        """What each takes, and that it passes; known of programs that are the same as in an earlier call."""
        path = os.path.join(ROOT, FOLDER, "times.json")
        known = json.load(open(path)) if os.path.exists(path) else {}
        for test in tests:
            test["contents"] = self.contents(test)
            if known.get(test["name"], {}).get("contents") == test["contents"]:
                test.update(known[test["name"]])
                continue
            start, used = time.time(), computed()
            if not self.passes(test, 600):
                say(f"the test '{test['name']}' fails without any mutation: once more …")
                start, used = time.time(), computed()
                if not self.passes(test, 600):
                    stop(f"'{test['name']}' fails again: ./dev test")
            test["took"], test["computed"] = time.time() - start, computed() - used
            known[test["name"]] = {key: test[key] for key in ("contents", "took", "computed")}
            with open(path + ".new", "w") as f:
                json.dump(known, f)
            os.replace(path + ".new", path)


def candidates(arguments, objects, seen):
    """(name, lines or None) of each source to mutate."""
    if arguments.files:
        named = [(re.sub(r":\d+$", "", f), int(f.rsplit(":", 1)[1]) if re.search(r":\d+$", f) else None) for f in arguments.files]
        named = [(os.path.relpath(os.path.abspath(f), ROOT), line) for f, line in named]
        known = git("ls-files", "--cached", "--others", "--exclude-standard")
        missing = [f for f, _ in named if not any(n == f or n.startswith(f + "/") for n in known)]
        if missing:
            stop(f"there is no {' and no '.join(missing)}")
        names = {(n, line) for f, line in named for n in known if n == f or n.startswith(f + "/")}
    else:
        since = arguments.since or f"HEAD~{min(20, int(git('rev-list', '--count', '--first-parent', 'HEAD')[0]) - 1)}"
        changed = git("diff", "--name-only", "--diff-filter=d", since) + git("ls-files", "--others", "--exclude-standard")
        names = {(n, None) for n in changed}
    names = {(n, line) for n, line in names if n.endswith((".cc", ".h")) and not n.startswith("tests/") and n in seen}
    wide = {n for n, _ in names if n.endswith(".h") and len(objects[n]) > WIDE}
    if wide:
        say(f"left out, because so much includes them: {' '.join(sorted(wide))}")
    return sorted((x for x in names if x[0] not in wide), key=lambda x: (x[0], x[1] or 0))


def all_draws(names, copy, seed):
    """(name, text, mutation) of every place, in the seed's order: one of the mutations of each."""
    places = {}
    for name, line in names:
        text = open(os.path.join(copy.source, name)).read()
        for mutation in mutations.of(text):
            if line in (None, text.count("\n", 0, mutation[0]) + 1):
                # On a line that was named every mutation is drawn, elsewhere one of each place.
                key = (name, mutation if line else mutation[:2])
                places.setdefault(key, []).append((name, text, mutation))
    dice = random.Random(seed)
    order = sorted(places)
    dice.shuffle(order)
    return [dice.choice(places[key]) for key in order]


def noticed_by(copy, name, tests, deadline):
    """The name of the first test that fails; None if none does; False if it is no draw."""
    own = [t for t in tests if any(target.startswith(own_folder(name)) for target in t["targets"])]
    quick = [t for t in tests if t["took"] < 1 and t not in own]
    seen = False
    for group in [own, quick, [t for t in tests if t not in own + quick]]:
        if group and not copy.make(group, 1200):
            return False
        for test in group:
            if copy.contents(test) == test["contents"]:
                continue
            seen = True
            # A test that computes for ever runs out of processor time; by the clock only one that waits does,
            # and a machine that is busy with other things slows the good ones too.
            limit = min(60 + 20 * test["took"], max(1, deadline - time.time()))
            if not copy.passes(test, limit, int(10 + 3 * test["computed"])):
                return test["name"]
    return None if seen else False


def play(copy, draws, seen, arguments):
    """Draws until there are enough; (number of draws, the survivors' descriptions)."""
    deadline, made, survivors = time.time() + arguments.seconds, 0, []
    for name, text, mutation in draws:
        if made == arguments.draws or time.time() >= deadline:
            break
        begin, end, other = mutation
        path, start = os.path.join(copy.source, name), time.time()
        try:
            with open(path, "w") as f:
                f.write(text[:begin] + other + text[end:])
            test = noticed_by(copy, name, seen[name], deadline)
        finally:
            with open(path, "w") as f:
                f.write(text)
        if test is False or (time.time() >= deadline and test is not None):
            continue
        made += 1
        place, lines = mutations.difference(name, text, mutation)
        say(f"[{made}/{arguments.draws}] {f'noticed by {test}' if test else 'SURVIVED'} in {time.time() - start:.0f} s: {place}")
        if test is None:
            survivors.append([place] + lines)
            print("\n".join(lines), flush=True)
    return made, survivors


def main():
    parser = argparse.ArgumentParser(prog="./dev mutate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--since", metavar="REV")
    parser.add_argument("--draws", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell's job had it ignored
        signal.signal(number, signal.default_int_handler)
    copy = Copy()
    copy.make_all()
    objects, seen = copy.who_sees()
    names = candidates(arguments, objects, seen)
    draws = all_draws(names, copy, arguments.seed)
    if not draws:
        stop("nothing to mutate there that a test's program contains")
    tests = [t for t in copy.tests if any(t in seen[name] for name, _ in names)]
    copy.time_tests(tests)
    for name in seen:
        seen[name] = sorted((t for t in seen[name] if t in tests), key=lambda t: t["took"])
    say(f"seed {arguments.seed}: {len(draws)} places in {len({n for n, _ in names})} files, {len(tests)} tests of {sum(t['took'] for t in tests):.0f} s")
    made, survivors = play(copy, draws, seen, arguments)
    for survivor in survivors:
        print("\n" + "\n".join(survivor))
    share = f" ({100 * (made - len(survivors)) / made:.0f} %)" if made else ""
    print(f"\n{made - len(survivors)} of {made} mutations noticed{share}, seed {arguments.seed}", flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
