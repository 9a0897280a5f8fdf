#!/usr/bin/env python3
"""Joins the report's static files into one page and writes it as C++ strings, split where a run's
data goes: embed.py OUTPUT report.html FILE.css... FILE.js..."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from literal import literal  # noqa: E402


def main():
    output, html, *parts = sys.argv[1:]
    read = lambda path: open(path, encoding="utf-8").read()
    page = read(html)
    for marker, ending in [("/*{{css}}*/", ".css"), ("/*{{script}}*/", ".js")]:
        text = "\n".join(read(path) for path in parts if path.endswith(ending))
        if "</style" in text or "</script" in text:
            sys.exit(f"embed.py: a {ending} file would end its own element")
        if page.count(marker) != 1:
            sys.exit(f"embed.py: {html} must have {marker} once")
        page = page.replace(marker, text)
    head, found, tail = page.partition("{{data}}")
    if not found:
        sys.exit(f"embed.py: {html} must have {{{{data}}}} once")
    with open(output, "w", encoding="utf-8") as out:
        out.write('// Written by actors/report/embed.py.\n#include "actors/report/page.h"\n\n'
                  "namespace tramontane {\n\n"
                  + literal("page_head", head.encode()) + "\n\n" + literal("page_tail", tail.encode())
                  + "\n\n}  // namespace tramontane\n")


main()
