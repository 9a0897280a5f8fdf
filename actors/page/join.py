#!/usr/bin/env python3
"""Joins parts into one file that a page can load: join.py OUTPUT FILE... Of several kinds of files,
those are taken that end like the output. Scripts become one, strict and with no names of its own
outside."""
import os
import sys


def main():
    output, *parts = sys.argv[1:]
    ending = os.path.splitext(output)[1]
    text = "\n".join(open(part, encoding="utf-8").read() for part in parts if part.endswith(ending))
    if ending == ".js":
        text = f'(function () {{\n"use strict";\n{text}}}());\n'
    with open(output, "w", encoding="utf-8") as out:
        out.write(text)


main()
