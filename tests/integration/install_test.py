#!/usr/bin/env python3
"""What is installed works where it was put, and the parts of this project build into other ones.

  install_test.py TRAM ROOT BUILD

A project of somebody else's has this one as a subproject and asks for its runtime alone: no
LibTorch, RocksDB, FLINT or ICU is looked for, and nothing of them linked. What that project then
installs, a program compiles against with pkg-config. The whole program, installed from BUILD, runs
from its new place, with the trainer's plug-in and the language model beside it.
"""
import os
import shutil
import subprocess
import sys

import harness as h

BUILD = os.path.abspath(sys.argv[3])
HEAVY = ["torch", "rocksdb", "flint", "calcium", "icu", "fasttext", "seccomp", "curl"]

OUTER = """project('outer', 'cpp', default_options: ['cpp_std=c++20', 'optimization=0', 'debug=false'])
runtime = dependency('tramontane-runtime', fallback: 'tramontane', default_options: ['parts=runtime'])
executable('hello', 'hello.cc', dependencies: runtime)
"""

JUDGE = """#include "actors/rewards/reward_table.h"
#include "actors/rewards/rewards.h"

#include <cstdio>

int main() {
  using namespace tramontane;
  RewardTable table(built_in_rewards(), {{.name = "format", .weight = 0.1}, {.name = "math", .weight = 0.9}}, {});
  for (const char* text : {"<think>half</think>1/2", "<think>half</think>1/3"}) {
    Verdict verdict = table.judge(Completion{.prompt = "0.25+0.25", .answer = "0.5", .text = text, .finish = Finish::stop});
    std::printf("%g %s\\n", verdict.score.value_or(-1), verdict.components.back().evidence.c_str());
  }
}
"""


def call(*command, **options):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, errors="replace", timeout=900, **options)
    h.expect(done.returncode == 0, f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def nothing_heavy(program):
    linked = call("ldd", program)
    h.expect(not [name for name in HEAVY if name in linked], f"{program} loads {linked}")


def compiled(folder, name, prefix, part):
    """Builds FOLDER/NAME.cc with nothing but what is installed."""
    found = [where for where, _, files in os.walk(prefix) if f"{part}.pc" in files]
    h.expect_equal(len(found), 1, f"{part}.pc below {prefix}")
    env = dict(os.environ, PKG_CONFIG_PATH=found[0])
    flags = call("pkg-config", "--cflags", "--libs", part, env=env).split()
    program = os.path.join(folder, name)
    call("g++", "-std=c++20", "-o", program, program + ".cc", *flags, cwd=folder)
    archive = next(os.path.join(where, f) for where, _, files in os.walk(prefix) for f in files if f == f"lib{part.replace('-', '_')}.a")
    with open(archive, "rb") as f:
        h.expect_equal(f.read(8), b"!<arch>\n", f"{archive} is a whole archive, not a thin one")
    return program


def runtime_alone(folder):
    outer, prefix = os.path.join(folder, "outer"), os.path.join(folder, "prefix")
    os.makedirs(os.path.join(outer, "subprojects"))
    os.symlink(h.ROOT, os.path.join(outer, "subprojects", "tramontane"))
    shutil.copy(os.path.join(h.ROOT, "examples", "hello_actor.cc"), os.path.join(outer, "hello.cc"))
    with open(os.path.join(outer, "meson.build"), "w") as f:
        f.write(OUTER)
    build = os.path.join(outer, "build")
    configured = call("meson", "setup", build, "--prefix", prefix, cwd=outer)
    h.expect(not [line for line in configured.splitlines() if any(f"dependency {name}" in line.lower() for name in HEAVY)],
        f"more than the runtime needs was looked for:\n{configured}")
    call("ninja", "-C", build)
    wanted = "Hello, "
    h.expect(wanted in call(os.path.join(build, "hello")), "the outer project's hello says nothing")
    nothing_heavy(os.path.join(build, "hello"))
    print("the runtime alone is a subproject of another project", flush=True)
    call("meson", "install", "-C", build, "--no-rebuild")
    shutil.copy(os.path.join(outer, "hello.cc"), os.path.join(folder, "hello.cc"))
    hello = compiled(folder, "hello", prefix, "tramontane-runtime")
    h.expect(wanted in call(hello), "the hello of the installed runtime says nothing")
    nothing_heavy(hello)
    print("the installed runtime: pkg-config, headers, a whole archive", flush=True)


def whole_program(folder):
    root = os.path.join(folder, "root")
    said = call("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", root)
    installed = [os.path.join(where, f) for where, _, files in os.walk(root) for f in files]
    tram = next(path for path in installed if path.endswith("/bin/tram"))
    h.expect_equal([p for p in installed if p.endswith(".so")], [p for p in installed if p.endswith("libtramontane_trainer.so")], "plug-ins")
    env = {k: v for k, v in os.environ.items() if k not in ("TRAM_TRAINER", "LD_LIBRARY_PATH")}
    job = h.job(folder, "installed", warm_steps=2, steps=1)
    h.tram("run", job, "--run", os.path.join(folder, "run"), "--plain", program=tram, env=env, cwd="/")
    if any(p.endswith("lid.ftz") for p in installed):
        line = '{"prompt": "Wie viele Tage hat eine Woche und wie viele Stunden hat ein Tag?", "answer": "7", "completion": "Die Woche hat sieben Tage, und jeder Tag hat vierundzwanzig Stunden."}'
        path = os.path.join(folder, "line.jsonl")
        with open(path, "w") as f:
            f.write(line + "\n")
        ended = h.tram("grade", path, "--rewards", "{language: 1}", program=tram, env=env, cwd="/")
        h.expect("no language model" not in ended.out + ended.err, ended.out + ended.err)
    else:
        h.expect("./dev setup" in said, f"no language model was installed, and nothing says so:\n{said}")
    print("the installed program learns, from its new place", flush=True)
    with open(os.path.join(folder, "judge.cc"), "w") as f:
        f.write(JUDGE)
    prefix = os.path.dirname(os.path.dirname(tram))
    for where, _, files in os.walk(root):
        for name in files:
            if name.endswith(".pc"):  # which name the prefix that was configured, not the staged one
                path = os.path.join(where, name)
                text = open(path).read()
                configured = "/" + os.path.relpath(prefix, root)
                open(path, "w").write(text.replace(f"prefix={configured}\n", f"prefix={prefix}\n", 1))
    lines = call(compiled(folder, "judge", prefix, "tramontane-rewards")).splitlines()
    h.expect(len(lines) == 2 and lines[0].startswith("1 ") and lines[1].startswith("0.1 "), f"the installed verifiers say {lines}")
    print("the installed verifiers: pkg-config, headers, a whole archive", flush=True)


def staged_prefix(root):
    """Where a staged installation lies; its pkg-config files then name that place."""
    tram = next(os.path.join(where, "tram") for where, _, files in os.walk(root) if "tram" in files and where.endswith("/bin"))
    return os.path.dirname(os.path.dirname(tram))


def embedded(folder):
    """A project outside this tree: a kind and a reward of its own, built against what is installed."""
    prefix = staged_prefix(os.path.join(folder, "root"))
    outer = shutil.copytree(os.path.join(h.ROOT, "examples", "embed"), os.path.join(folder, "embed"))
    pc = next(where for where, _, files in os.walk(prefix) if "tramontane.pc" in files)
    build = os.path.join(outer, "build")
    call("meson", "setup", build, "-Dbuildtype=plain", cwd=outer, env=dict(os.environ, PKG_CONFIG_PATH=pc))
    call("ninja", "-C", build)
    program = os.path.join(build, "embed")
    env = {k: v for k, v in os.environ.items() if k not in ("TRAM_TRAINER", "LD_LIBRARY_PATH")}
    run = os.path.join(folder, "beats")
    said = h.tram("run", os.path.join(outer, "graph.yaml"), "--run", run, program=program, env=env, cwd="/").out
    h.expect(said.count("beat left=") == 3 and "finished after" in said, f"the embedded graph says:\n{said}")
    h.expect("beats: 4   # whole number" in h.tram("kinds", "metronome", program=program, env=env).out, "the options of metronome")
    job = h.job(folder, "embedded", warm_steps=2, steps=1)
    h.tram("run", job, "--run", os.path.join(folder, "embedded"), "--plain", "--set",
        "actors.verifier.rewards={math: {weight: 0.9, answer: number}, brief: 0.1}", program=program, env=env, cwd="/")
    print("a project outside this tree has a kind and a reward of its own", flush=True)


with h.Folder() as at:
    runtime_alone(at)
    whole_program(at)
    embedded(at)
