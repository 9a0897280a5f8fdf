"""Checks that code built for one instruction set cannot be called from code built for another.

The linker keeps one copy of an inline function that several files emit; were it the one built
for AVX-512, the program would crash elsewhere. So the kernels' archives may define only symbols
inside their own namespace.

usage: isolation.py ARCHIVE...      exits 77 (skipped) where a sanitizer adds symbols of its own
"""
import re
import subprocess
import sys

bad = []
for archive in sys.argv[1:]:
    isa = re.search(r"kernels_(\w+)\.a$", archive).group(1)
    listing = subprocess.run(["nm", "-C", "--defined-only", archive], capture_output=True, text=True, check=True).stdout
    if "__asan" in listing or "__tsan" in listing or "__odr_asan" in listing or ".ubsan" in listing:
        sys.exit(77)
    for line in listing.splitlines():
        parts = line.split(" ", 2)
        if len(parts) == 3 and parts[1] not in "tdbrn" and f"tramontane::kernels::{isa}::" not in parts[2]:
            bad.append(f"{archive}: {line}")
print("\n".join(bad))
sys.exit(1 if bad else 0)
