#!/usr/bin/env python3
"""Every header compiles alone (those of tests aside, which their tests compile).

  headers.py ROOT BUILD COMPILER [FLAGS…]

A header that is the first include of its own source (noun.cc) has been proven by the build. The
others are compiled here, each in a source that includes nothing else, and includes it twice.
"""
import concurrent.futures
import os
import re
import subprocess
import sys

FOLDERS = ["runtime", "kernels", "storage", "scheduler", "actors"]

# Headers that are not meant to compile alone, or not here, with the reason.
EXCEPT = {
    "kernels/cpu/kernels.h": "is compiled once per instruction set, with TRAM_KERNEL_ISA defined",
    "kernels/cpu/simd.h": "is compiled once per instruction set, with TRAM_KERNEL_ISA defined",
    "actors/model/torch/nodes.h": "LibTorch, 8 s; nodes.cc includes it first",
    "actors/model/torch/network.h": "LibTorch, 8 s; network.cc includes it first",
}

# What a folder's headers may say that the host's compiler does not know.
FLAGS = {"kernels/cuda/rows": ["-Wno-unknown-pragmas"]}  # how far nvcc unrolls


def first_include(path):
    with open(path, encoding="utf-8") as source:
        for line in source:
            found = re.match(r'\s*#\s*include\s*["<]([^">]+)[">]', line)
            if found:
                return found.group(1)
    return None


def headers(root):
    for top in FOLDERS:
        for folder, _, files in os.walk(os.path.join(root, top)):
            for name in sorted(files):
                if name.endswith(".h"):
                    yield os.path.relpath(os.path.join(folder, name), root)


def compiles(header, root, build, compiler):
    source = f'#include "{header}"\n#include "{header}"\n'
    command = compiler + ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wno-missing-field-initializers",
        *FLAGS.get(os.path.dirname(header), []), "-I", root, "-I", build, "-x", "c++", "-"]
    return subprocess.run(command, input=source, capture_output=True, text=True)


def main():
    root, build, *compiler = sys.argv[1:]
    if os.path.basename(compiler[0]) == "ccache":  # caches nothing here
        compiler = compiler[1:]
    alone, proven = [], 0
    for header in headers(root):
        own = os.path.join(root, header[:-2] + ".cc")
        if header in EXCEPT:
            continue
        if os.path.exists(own) and first_include(own) == header:
            proven += 1
        else:
            alone.append(header)
    stale = [h for h in EXCEPT if not os.path.exists(os.path.join(root, h))]
    failed = len(stale)
    for header in stale:
        print(f"FAILED  {header}: an exception for a header that is not there")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for header, result in zip(alone, pool.map(lambda h: compiles(h, root, build, compiler), alone)):
            if result.returncode or result.stderr:
                failed += 1
                print(f"FAILED  {header}\n{result.stderr}")
            else:
                print(f"ok      {header}")
    print(f"{proven} more are the first include of their own source; {len(EXCEPT)} excepted")
    print(f"{len(alone) + proven + len(stale) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
