#!/usr/bin/env python3
"""Joins the report's static files into one page and writes it as C++ strings, split where a run's
data goes: embed.py OUTPUT report.html report.css SCRIPT.js..."""
import sys

LITERAL = 8192  # bytes of one string literal


def literal(name, data):
    lines = [f"const std::string_view {name}(", "   "]
    for begin in range(0, len(data), LITERAL):
        # Octal escapes end after three digits, so what follows a byte is never taken for part of it.
        text = "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}"
                       for b in data[begin:begin + LITERAL])
        lines.append(f'    "{text}"')
    return "\n".join(lines + [f"    , {len(data)});"])


def main():
    output, html, css, *scripts = sys.argv[1:]
    read = lambda path: open(path, encoding="utf-8").read()
    script = "\n".join(read(path) for path in scripts)
    for path, text in [(css, read(css)), ("the scripts", script)]:
        if "</style" in text or "</script" in text:
            sys.exit(f"embed.py: {path} would end its own element")
    page = read(html)
    for marker, text in [("/*{{css}}*/", read(css)), ("/*{{script}}*/", script)]:
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
