"""What the compiler made of the CUDA kernels, by its own report, for every architecture.

A kernel of the hot path that spills registers, or keeps an array on a stack, runs at the speed of
memory that it was not to touch; nothing fails, it is only slow. And the library must have code for
every architecture and export what kernels/cuda/library.h promises.

usage: compiled.py ROOT LIBRARY      exits 77 (skipped) where the library was not built

The reports (NAME.report, of nvcc -Xptxas=-v) lie beside the library.
"""
import ctypes
import glob
import os
import re
import subprocess
import sys

ARCHITECTURES = ["sm_80", "sm_90a", "sm_100"]

# Of a decoding step, a prefill or an optimizer step: neither a stack nor a spill. A name stands for
# every instance of its template.
HOT = ["adamw_kernel", "advance_kernel", "attend_kernel", "combine_kernel", "embed_kernel", "leaf_kernel",
    "log_prob_backward_kernel", "log_prob_kernel", "mass_kernel", "rms_norm_kernel", "rotate_kernel", "route_kernel",
    "sample_cut_kernel", "sample_masses_kernel", "sample_tops_kernel", "square_kernel", "swiglu_kernel", "top_kernel"]

# These may have so many bytes of stack, and spill no more than that, with the reason.
ALLOWED = {
    "hash_root_kernel": (0, "one block, once a version"),
    "root_kernel": (0, "one block, once a step"),
    "thin_kernel": (8, "two registers over what keeps its warps on a multiprocessor; on compute capability 10.0 alone"),
    "wide_kernel": (8, "two registers over what keeps two blocks on a multiprocessor; on compute capability 8.0 alone"),
}

# By the names that the linker sees: a function of each of ops.h, shape.h and decoder.h.
EXPORTS = ["tramontane_cuda_abi", "tramontane::kernels::cuda::multiply_exact(", "tramontane::kernels::cuda::attend(",
    "tramontane::kernels::cuda::lay_out(", "tramontane::kernels::cuda::DeviceDecoder::DeviceDecoder(",
    "tramontane::kernels::cuda::DeviceDecoder::~DeviceDecoder(", "tramontane::kernels::cuda::DeviceDecoder::step(",
    "tramontane::kernels::cuda::DeviceDecoder::flip("]
# What it may load: all else it carries, or opens when it needs it.
LOADS = r"lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s)\.so\.\d+|ld-linux.*"

ENTRY = re.compile(r"Compiling entry function '(\w+)' for '(\w+)'\n.*\n"
    r"\s*(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads\n.*?Used (\d+) registers")


def demangled(text):
    return subprocess.run(["c++filt"], input=text, capture_output=True, text=True, check=True).stdout


def kernels_of(report):
    """(name, architecture, stack, stores, loads, registers) of each kernel in a report."""
    found = ENTRY.findall(report)
    names = demangled("\n".join(row[0] for row in found)).split("\n")
    for whole, row in zip(names, found):
        name = re.search(r"(\w+_kernel)(<[^>]*>)?", whole)
        yield (name.group() if name else whole, row[1]) + tuple(int(n) for n in row[2:])


def complaints(kernels, declared):
    """What is wrong with these kernels; `declared`: the names that the sources have."""
    for name in sorted(set(declared) - set(HOT) - set(ALLOWED)):
        yield f"{name} is neither hot nor allowed a stack: give it a row in this file"
    for name in sorted((set(HOT) | set(ALLOWED)) - set(declared)):
        yield f"{name} is in no source any more: remove its row"
    made = {}
    for name, architecture, stack, stores, loads, registers in kernels:
        made.setdefault(name.split("<")[0], {}).setdefault(architecture, set()).add(name)
        most = ALLOWED.get(name.split("<")[0], (0, ""))[0]
        if max(stack, stores, loads) > most:
            yield (f"{name} on {architecture}: {stack} bytes of stack, {stores} stored and {loads} loaded in spills, "
                f"{registers} registers; {most} bytes are allowed")
    for name in declared:
        instances = made.get(name, {})
        if sorted(instances) != sorted(ARCHITECTURES) or len(set(map(frozenset, instances.values()))) != 1:
            yield f"{name} is not compiled alike for {', '.join(ARCHITECTURES)}: {instances}"


def library_complaints(library):
    symbols = subprocess.run(["nm", "-DC", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    for name in EXPORTS:
        if name not in symbols:
            yield f"{library} does not export {name}"
    needed = re.findall(r"NEEDED +(\S+)", subprocess.run(["objdump", "-p", library], capture_output=True, text=True, check=True).stdout)
    for name in needed:
        if not re.fullmatch(LOADS, name):
            yield f"{library} loads {name}, which a machine without a card may lack"
    try:
        if ctypes.CDLL(library, mode=os.RTLD_NOW | os.RTLD_LOCAL).tramontane_cuda_abi() < 1:
            yield "the interface has no number"
    except OSError as e:
        yield f"the library does not load here: {e}"


def failures_are_seen(report):
    """That this test can fail: reports with something wrong are complained of, each for its reason."""
    good = list(kernels_of(report))
    own = sorted({name.split("<")[0] for name, *_ in good})
    spilling = report.replace(" 0 bytes spill loads", " 8 bytes spill loads", 1)
    stacked = report.replace(" 0 bytes stack frame", " 16 bytes stack frame", 1)
    fewer = [k for k in good if k[1] != "sm_100"]
    for what, kernels, names, part in [("a spill", kernels_of(spilling), own, "8 loaded"),
            ("a stack", kernels_of(stacked), own, "16 bytes of stack"), ("no sm_100", fewer, own, "not compiled alike"),
            ("a new kernel", good, own + ["new_kernel"], "new_kernel is neither")]:
        if not any(part in c for c in complaints(kernels, names)):
            yield f"a report with {what} is not complained of"


def main():
    root, library = sys.argv[1:]
    folder = os.path.join(root, "kernels", "cuda")
    sources = glob.glob(os.path.join(folder, "*.cu"))
    written = sources + [path for ending in ("h", "cuh") for path in glob.glob(os.path.join(folder, "**", "*." + ending), recursive=True)]
    if not os.path.exists(library) or os.path.getmtime(library) < max(map(os.path.getmtime, written)):
        print("the library is not built, or older than its sources: ./dev test builds it")
        return 77
    kernels, declared, some = [], set(), ""
    for path in sources:
        name = os.path.basename(path)[:-3] + ".report"
        with open(path, encoding="utf-8") as source, open(os.path.join(os.path.dirname(library), name), encoding="utf-8") as f:
            own = set(re.findall(r"__global__[^;{]*?\b(\w+_kernel)\(", source.read()))
            report = f.read()
        declared |= own
        kernels += kernels_of(report)
        some = report if own else some
    found = list(complaints(kernels, sorted(declared)))
    found += library_complaints(library)
    found += failures_are_seen(some)
    for complaint in found:
        print(f"FAILED  {complaint}")
    for name, (_, why) in sorted(ALLOWED.items()):
        most = max((max(k[2:5]) for k in kernels if k[0].split("<")[0] == name), default=0)
        print(f"{name}: {most} bytes of stack or spills ({why})")
    print(f"{len(kernels)} kernels for {len(ARCHITECTURES)} architectures, {len(found)} complaints")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
