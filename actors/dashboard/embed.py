#!/usr/bin/env python3
"""Writes the page's files as C++ strings: embed.py OUTPUT FILE... Each is served as /static/NAME,
index.html as / too."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from literal import literal  # noqa: E402

TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


def main():
    output, *paths = sys.argv[1:]
    paths = [path for path in paths if not path.endswith(".py")]
    constants, rows = [], []
    for number, path in enumerate(paths):
        name = os.path.basename(path)
        kind = TYPES.get(os.path.splitext(name)[1])
        if not kind:
            sys.exit(f"embed.py: {path}: not one of {' '.join(TYPES)}")
        constants.append(literal(f"file_{number}", open(path, "rb").read()))
        rows.append(f'      {{"{name}", "{kind}", file_{number}}},')
    with open(output, "w", encoding="utf-8") as out:
        out.write('// Written by actors/dashboard/embed.py.\n#include "actors/dashboard/page_files.h"\n\n'
                  "namespace tramontane {\nnamespace {\n\n" + "\n\n".join(constants)
                  + "\n\n}  // namespace\n\nstd::vector<PageFile> page_files() {\n  return {\n"
                  + "\n".join(rows) + "\n  };\n}\n\n}  // namespace tramontane\n")


main()
