#!/usr/bin/env python3
"""The developer script `dev`, tests/lint.py and tests/mutate.py, in folders of their own.

  tests/dev_test.py
"""
import contextlib
import importlib.machinery
import importlib.util
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TIDY_NAMES = "Checks: '-*,readability-identifier-naming'\nWarningsAsErrors: '*'\nCheckOptions:\n" \
    "  - { key: readability-identifier-naming.FunctionCase, value: lower_case }\n"


def module(path):
    loader = importlib.machinery.SourceFileLoader("tested_" + os.path.basename(path).replace(".", "_"), path)
    made = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(made)
    return made


def write(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def git(folder, *arguments):
    who = ["-c", "user.name=tester", "-c", "user.email=tester@example.org"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def copied_build_folder_is_set_up_anew(folder):
    """a build folder that was copied leads nowhere but into its own sources"""
    dev = module(os.path.join(ROOT, "dev"))
    dev.torch_prefix = lambda: "/nowhere"
    first, second = os.path.join(folder, "first"), os.path.join(folder, "second")
    write(first, "meson.build", "project('tiny')\ncustom_target('x', input: 'x.txt', output: 'x', command: ['cp', '@INPUT@', '@OUTPUT@'])\n")
    write(first, "meson_options.txt", "option('torch_prefix', type: 'string', value: '')\n")
    write(first, "x.txt", "x\n")
    dev.ROOT = first
    dev.configure("release")
    stamp = os.path.getmtime(os.path.join(first, "build", "release", "build.ninja"))
    dev.configure("release")
    assert os.path.getmtime(os.path.join(first, "build", "release", "build.ninja")) == stamp, "configured twice"
    shutil.copytree(first, second)
    dev.ROOT = second
    build = dev.configure("release")
    with open(os.path.join(build, "build.ninja")) as f:
        assert first not in f.read(), "build.ninja of the copy leads into the original"


def run_builds_what_it_runs(folder):
    """./dev run builds the program, its plug-in and no test, and has the job watched unless told where"""
    dev = module(os.path.join(ROOT, "dev"))
    built = []
    dev.install_packages = lambda *sections: None
    dev.configure = lambda kind, extra=(): folder
    dev.language_model = lambda where: None
    dev.compile_into = lambda where, kind, targets=(): built.append(list(targets))
    write(folder, "actors/tram", "#!/bin/sh\necho \"$@\" > \"$0.words\"\n")
    os.chmod(os.path.join(folder, "actors", "tram"), 0o755)
    assert dev.command_run([]) == 0
    assert built == [["actors/tram", "actors/model/torch/libtramontane_trainer.so"]], built
    words = lambda: open(os.path.join(folder, "actors", "tram.words")).read().split()
    assert words()[2:] == ["--http", "127.0.0.1:0"] and words()[1].endswith("arithmetic.yaml"), words()
    assert dev.command_run(["--http=127.0.0.1:80"]) == 0 and words()[2:] == ["--http=127.0.0.1:80"], words()


def tests_build_the_cuda_kernels(folder):
    """./dev test builds the CUDA kernels, which no other build does, where nvcc was found"""
    dev = module(os.path.join(ROOT, "dev"))
    built = []
    dev.install_packages = lambda *sections: None
    dev.configure = lambda kind, extra=(): folder
    dev.compile_into = lambda where, kind, targets=(): built.append(list(targets))
    write(folder, "build.ninja", "build all: phony x\n")
    dev.build_for_tests()
    assert built == [[]], built
    write(folder, "build.ninja", f"build all: phony x\nbuild {dev.CUDA_LIBRARY}: CUSTOM_COMMAND y\n")
    dev.build_for_tests()
    assert built == [[], [], [dev.CUDA_LIBRARY]], built


def check_of_the_format_changes_nothing(folder):
    """./dev format --check names what is not formatted, and leaves it as it is"""
    dev = module(os.path.join(ROOT, "dev"))
    dev.install_packages = lambda *sections: None
    dev.ROOT = folder
    git(folder, "init", "-q")
    shutil.copy(os.path.join(ROOT, ".clang-format"), folder)
    write(folder, "good.cc", "int good();\n")
    assert dev.command_format(["--check"]) == 0
    write(folder, "bad.cc", "int   bad( );\n")  # not yet known to git
    assert dev.command_format(["--check"]) == 1
    assert open(os.path.join(folder, "bad.cc")).read() == "int   bad( );\n"
    assert dev.command_format([]) == 0 and dev.command_format(["--check"]) == 0


def every_source_is_formatted(_):
    """every source is formatted"""
    dev = module(os.path.join(ROOT, "dev"))
    dev.install_packages = lambda *sections: None
    assert dev.command_format(["--check"]) == 0


def changes_are_found(folder):
    """what a branch changed, what is not committed and what is new is linted, and nothing else"""
    lint = module(os.path.join(ROOT, "tests", "lint.py"))
    lint.ROOT = folder
    git(folder, "init", "-q", "-b", "main")
    for name in ["old.cc", "edited.cc", "removed.cc"]:
        write(folder, name, "int f();\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "one")
    assert lint.base_of() is None and lint.changed(None) == ["edited.cc", "old.cc", "removed.cc"]
    git(folder, "checkout", "-q", "-b", "work")
    for name in ["first.cc", "second.cc"]:
        write(folder, name, "int f();\n")
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", name)
    write(folder, "edited.cc", "int g();\n")
    write(folder, "new.cc", "int f();\n")
    os.remove(os.path.join(folder, "removed.cc"))
    assert lint.changed(lint.base_of()) == ["edited.cc", "first.cc", "new.cc", "second.cc"]
    git(folder, "checkout", "-q", "-B", "main")
    assert lint.changed(lint.base_of()) == ["edited.cc", "new.cc", "second.cc"], "on main: the last commit"


def lint_reads_past_the_precompiled_header(folder):
    """clang-tidy looks at sources that GCC compiles with its own precompiled header"""
    lint = module(os.path.join(ROOT, "tests", "lint.py"))
    lint.ROOT = folder
    write(folder, ".clang-tidy", TIDY_NAMES)
    write(folder, "build/standard.h", "")
    write(folder, "build/standard.h.gch", "gpch: no clang reads this")
    write(folder, "good.cc", '#include "seen.h"\nint good_name() { return 1; }\n')
    write(folder, "seen.h", "#pragma once\n")
    write(folder, "bad.cc", "int BadName() { return 1; }\n")
    compiler = "ccache c++ -std=c++20 -Winvalid-pch -Wno-tsan -I.. -include standard.h"
    write(folder, "build/compile_commands.json", json.dumps([
        {"directory": os.path.join(folder, "build"), "file": f"../{name}.cc", "command": f"{compiler} -o {name}.o -c ../{name}.cc"}
        for name in ["good", "bad"]]))
    build = os.path.join(folder, "build")
    known = lint.commands(build)
    assert lint.through("seen.h", known) == "good.cc", "a header is linted through who includes it"
    if shutil.which("clang-tidy"):
        assert lint.lint(build, "good.cc")[0] == "", lint.lint(build, "good.cc")
        assert "BadName" in lint.lint(build, "bad.cc")[0]


MUTATED = """#include <vector>
// a + b
int f(std::vector<int> v, int a, int b) {
  TRAM_CHECK(a < b, "a < b", a + b);
  log(Level::info, str("1 + 1", a + 1));
  if (a <= b && !v.empty())
    v.push_back(a + 10);
  for (int i = 0; i < b; ++i) v.clear();
  auto text = R"(1 + 1)"; char c = '+'; Text(const Text&) = delete;
  return v.size() == 0 ? a : b;
}
"""


def mutations_are_of_code_alone(_):
    """comments, strings, includes, logging and assertions are not mutated; operators, constants and statements are"""
    mutations = module(os.path.join(ROOT, "tests", "mutations.py"))
    changed = [(mutations.difference("f.cc", MUTATED, m)[0][5:], MUTATED[m[0]:m[1]], m[2]) for m in mutations.of(MUTATED)]
    assert changed == [
        ("6", "<=", "<"), ("6", "<=", ">="), ("6", "&&", "||"), ("6", "!", ""),
        ("7", "v.push_back(a + 10);", ";"), ("7", "+", "-"), ("7", "10", "11"), ("7", "10", "9"),
        ("8", "0", "1"), ("8", "<", "<="), ("8", "<", ">"), ("8", "++", "--"), ("8", "v.clear();", ";"),
        ("10", "==", "!="), ("10", "0", "1")], changed


TINY = """project('tiny', 'cpp', default_options: ['optimization=2', 'debug=false'])
sum = static_library('sum', 'sum.cc')
test('sum', executable('sum_test', 'sum_test.cc', link_with: sum), suite: 'unit')
test('other', executable('other_test', 'other_test.cc'), suite: 'unit')
"""


def tiny_project(folder, sources):
    git(folder, "init", "-q")
    for name in ["dev", "tests/mutate.py", "tests/mutations.py"]:
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        shutil.copy(os.path.join(ROOT, name), os.path.join(folder, name))
    for name, text in sources.items():
        write(folder, name, text)
    write(folder, ".gitignore", "/build/\n/lib/\n")
    write(folder, "meson.build", TINY)
    write(folder, "meson_options.txt", "option('torch_prefix', type: 'string', value: '')\n")
    write(folder, "other_test.cc", "int main() { return 0; }\n")
    write(folder, "lib/libtorch_cpu.so", "")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "one")


def mutate_tiny(folder, *arguments):
    return subprocess.Popen([sys.executable, "tests/mutate.py", "--seed", "1", *arguments], cwd=folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(os.environ, TRAM_TORCH=folder))


def files_of_a_test(pid, copy):
    """The folder of the test that this ./dev mutate runs."""
    return [name for f in ["/dev/shm", copy] if os.path.isdir(f) for name in os.listdir(f) if name.startswith(f"test-{pid}-")]


def nothing_is_left(folder):
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=folder, capture_output=True, text=True).stdout
    assert changed == "", changed
    same = subprocess.run(["diff", "sum.cc", "build/mutate/src/sum.cc"], cwd=folder).returncode == 0
    assert same and sorted(os.listdir(os.path.join(folder, "build", "mutate"))) == ["lock", "src", "times.json"], "left behind"


def survivors_are_told(folder):
    """what no test notices is told with its place, of any two runs with one seed alike, and nothing is left behind"""
    tiny_project(folder, {
        "sum.cc": "int sum(int a, int b) {\n  if (a == 7) return 1000;\n  return a + b;\n}\nstatic const int same = 7;\n",
        "sum_test.cc": "int sum(int, int);\nint main() { return sum(1, 2) == 3 ? 0 : 1; }\n"})
    runs = [mutate_tiny(folder, "sum.cc:2", "sum.cc:3", "sum.cc:5").communicate()[0] for _ in range(2)]
    # == as !=, 7 as 6 or 8, 1000 as 999 or 1001; + as -. What the compiler leaves out is no draw.
    places = [[re.sub(r" in \d+ s", "", line) for line in out.split("\n") if "mutate: [" in line] for out in runs]
    assert places[0] == places[1] and len(places[0]) == 6, runs[0]
    assert sum("SURVIVED: sum.cc:2" in p for p in places[0]) == 4 and sum("noticed by sum: sum.cc:" in p for p in places[0]) == 2, runs[0]
    assert "2 of 6 mutations noticed (33 %), seed 1" in runs[0] and "  -   if (a == 7) return 1000;\n  +   if (a == 8)" in runs[0], runs[0]
    nothing_is_left(folder)


def endless_is_noticed(folder):
    """a test that computes without end under a mutation is ended, and has noticed it"""
    tiny_project(folder, {
        "sum.cc": "int sum(int a, int b) {\n  return a + b;\n}\n",
        "sum_test.cc": "int sum(int, int);\nint main() { for (volatile bool go = true; go && sum(1, 2) != 3;) {} }\n"})
    out = mutate_tiny(folder, "sum.cc:2").communicate()[0]
    assert "1 of 1 mutations noticed (100 %), seed 1" in out, out
    nothing_is_left(folder)


def interrupt_leaves_nothing(folder):
    """an interrupt ends the test that runs, however endless, and leaves nothing behind"""
    tiny_project(folder, {
        "sum.cc": "int sum(int a, int b) {\n  return a + b;\n}\n",
        "sum_test.cc": "int sum(int, int);\nint main() { for (volatile bool go = true; go && sum(1, 2) != 3;) {} }\n"})
    process = mutate_tiny(folder, "sum.cc:2")
    copy = os.path.join(folder, "build", "mutate")
    for _ in range(600):
        mutated = os.path.exists(copy + "/src/sum.cc") and " - b" in open(copy + "/src/sum.cc").read()
        if mutated and files_of_a_test(process.pid, copy):
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out = process.communicate()[0]
    assert process.returncode == 130, out
    nothing_is_left(folder)
    assert not files_of_a_test(process.pid, copy), "files of the test are left"
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert copy not in running, "a test still runs"


def main():
    tests = [mutations_are_of_code_alone, survivors_are_told, endless_is_noticed, interrupt_leaves_nothing, copied_build_folder_is_set_up_anew, run_builds_what_it_runs, tests_build_the_cuda_kernels, changes_are_found, lint_reads_past_the_precompiled_header]
    if shutil.which("clang-format"):
        tests += [check_of_the_format_changes_nothing, every_source_is_formatted]
    failed = 0
    for test in tests:
        told = io.StringIO()
        try:
            with tempfile.TemporaryDirectory(prefix="tram-dev-") as folder, contextlib.redirect_stdout(told):
                test(os.path.realpath(folder))
            print(f"ok      {test.__doc__}")
        except (Exception, SystemExit) as fault:  # a test that fails must not hide the next
            failed += 1
            print(f"FAILED  {test.__doc__}: {type(fault).__name__}: {fault}\n{told.getvalue()}")
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
