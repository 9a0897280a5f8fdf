#!/usr/bin/env python3
"""Writes text files as C++ strings: embed.py OUTPUT HEADER FILE... ; harness.py becomes harness_py."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".."))
from literal import literal  # noqa: E402


def main():
    output, header, *files = sys.argv[1:]
    lines = ["// Written by actors/rewards/code/inside/embed.py.", f'#include "{header}"', "", "namespace tramontane::code {", ""]
    for path in files:
        lines += [literal(os.path.basename(path).replace(".", "_"), open(path, "rb").read()), ""]
    lines.append("}  // namespace tramontane::code")
    with open(output, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")


main()
