#!/usr/bin/env python3
"""Writes text files as C++ strings: embed.py OUTPUT HEADER FILE... ; harness.py becomes harness_py."""
import os
import sys

LITERAL = 8192  # bytes of one string literal


def main():
    output, header, *files = sys.argv[1:]
    lines = ["// Written by actors/rewards/code/inside/embed.py.", f'#include "{header}"', "", "namespace tramontane::code {", ""]
    for path in files:
        data = open(path, "rb").read()
        lines.append(f"const std::string_view {os.path.basename(path).replace('.', '_')}(")
        for begin in range(0, len(data), LITERAL):
            # Octal escapes end after three digits, so what follows a byte is never taken for part of it.
            text = "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in data[begin:begin + LITERAL])
            lines.append(f'    "{text}"')
        lines += [f"    , {len(data)});", ""]
    lines.append("}  // namespace tramontane::code")
    with open(output, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")


main()
