"""Runs a program with TRAM_ISA set; exits 77 (skipped) where the processor lacks the set.

usage: with_isa.py ISA PROGRAM [ARGS]
"""
import os
import sys

NEEDS = {"portable": [], "avx2": ["avx2", "fma"], "avx512": ["avx512f", "avx512bw", "avx512dq", "avx512vl"]}

isa, program = sys.argv[1], sys.argv[2:]
flags = []
for line in open("/proc/cpuinfo"):
    if line.startswith("flags"):
        flags = line.split(":")[1].split()
        break
missing = [f for f in NEEDS[isa] if f not in flags]
if missing:
    print(f"skipped: this processor lacks {' '.join(missing)}")
    sys.exit(77)
os.environ["TRAM_ISA"] = isa
os.execv(program[0], program)
