"""The test library (entries.cu) over ctypes, with torch's tensors as its memory."""
import ctypes as c
import json
import math
import os
import sys
import time

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARY = c.CDLL(os.path.join(os.path.dirname(os.path.dirname(HERE)), "build", "gpu", "libtram_gpu_test.so"))
SCRATCH = torch.zeros(20 << 20, dtype=torch.uint8, device="cuda")
BF = torch.bfloat16
F32 = torch.float32
TEXT_RESULT = ("t_decoder_arena", "t_decoder_cache", "t_decoder_cache_elements", "t_decoder_offsets", "t_decoder_free")


def argument(value):
    if value is None:
        return c.c_void_p(None)
    if isinstance(value, torch.Tensor):
        return c.c_void_p(value.data_ptr())
    if isinstance(value, float):
        return c.c_float(value)
    if isinstance(value, int):
        return c.c_int64(value)
    return value


def call(name, *arguments):
    """Runs an entry; what it says failed is an exception."""
    function = getattr(LIBRARY, name)
    function.restype = c.c_int64 if name in TEXT_RESULT else c.c_char_p
    result = function(*map(argument, arguments))
    if name in TEXT_RESULT:
        return result
    if result is not None:
        raise RuntimeError(f"{name}: {result.decode()}")
    return None


def stream():
    return c.c_void_p(torch.cuda.current_stream().cuda_stream)


def normal(*shape, scale=1.0, dtype=BF):
    return (torch.randn(*shape, device="cuda") * scale).to(dtype)


def poison(*shape, dtype=BF):
    return torch.full(shape, float("nan"), dtype=dtype, device="cuda")


def error(out, reference):
    """Norm of the difference over the norm of the reference, in float64; infinite for NaN."""
    out, reference = out.double(), reference.double()
    if not torch.isfinite(out).all():
        return math.inf
    return ((out - reference).norm() / reference.norm().clamp_min(1e-300)).item()


ARRIVED = torch.zeros(65536, dtype=torch.int32, device="cuda")


def cut_words(vocabulary):
    return 2048 + 4 + 2048 + (vocabulary + 2047) // 2048


def sample(logits, rows, temperature, tops, masses, top_p, u, tokens, log_probs, cut=None):
    vocabulary = logits.shape[1]
    if cut is None:
        cut = torch.full((rows, cut_words(vocabulary)), 0x7ff0123456789abc, dtype=torch.int64, device="cuda")
    call("t_sample", logits, rows, vocabulary, temperature, tops, masses, top_p, u, tokens, log_probs, ARRIVED, cut, stream())


def multiply(x, w, exact=True, bias=None, y=None, accumulate=False, float_out=False, norm=None, gated=False):
    rows, depth = x.shape
    columns = w.shape[0] // (2 if gated else 1)
    y = poison(rows, columns, dtype=F32 if float_out else BF) if y is None else y
    call("t_multiply", int(exact), x, x.stride(0), rows, w, columns, depth, bias, None if float_out else y,
        y if float_out else None, columns, int(accumulate), norm, int(gated), SCRATCH, stream())
    return y


def milliseconds(run, repeat=20):
    """The median time of a call, by events."""
    for _ in range(3):
        run()
    times = []
    for _ in range(repeat):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        run()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
    return sorted(times)[len(times) // 2]


def copy_bandwidth():
    """Bytes read and written a second, of a large device copy."""
    a = torch.randint(0, 255, (4 << 30,), dtype=torch.uint8, device="cuda")
    b = torch.empty_like(a)
    return 2 * a.numel() / (milliseconds(lambda: b.copy_(a), 10) / 1000)


class Report:
    """Rows of the table: what was measured, and what is wanted of it."""

    def __init__(self):
        self.failed = 0

    def row(self, name, value, wanted="", ok=None):
        self.failed += ok is False
        print("ROW " + json.dumps({"name": name, "value": value, "wanted": wanted, "ok": ok}), flush=True)

    def below(self, name, value, bound):
        self.row(name, f"{value:.2e}", f"< {bound:g}", value < bound)

    def share(self, name, value, wanted, note=""):
        self.row(name, f"{value:.3f}{note}", f">= {wanted:g}", value >= wanted)

    def run(self, stages, names):
        torch.manual_seed(time.time_ns() % 2**31)
        for stage in stages:
            if names and stage.__name__ not in names:
                continue
            begin = time.time()
            try:
                stage(self)
            except Exception as e:  # the others may still tell something
                self.row(stage.__name__, f"{type(e).__name__}: {e}"[:160], "", False)
            print(f"{stage.__name__}: {time.time() - begin:.1f} s", file=sys.stderr)
        sys.exit(1 if self.failed else 0)


class Decoder:
    def __init__(self, shape, slots, context, prefill_rows=512, exact=True, temperature=1.0):
        self.shape = shape
        names = ("vocabulary", "width", "layers", "heads", "kv_heads", "head_dim", "feed_forward", "tied", "bias", "qk_norm", "window")
        sizes = [int(shape.get(n, 0)) for n in names] + [slots, context, prefill_rows, int(exact)]
        self.at = c.c_void_p()
        call("t_decoder", (c.c_int64 * len(sizes))(*sizes), c.c_double(shape["theta"]), float(shape["eps"]), float(temperature), c.byref(self.at))
        words = (c.c_int64 * (4 + 9 * shape["layers"]))()
        call("t_decoder_offsets", self.at, words)
        self.offsets = list(words)
        self.elements = self.offsets[3]

    def arena(self, which):
        return call("t_decoder_arena", self.at, which)

    def free(self):
        call("t_decoder_free", self.at)

    def fill(self, scale=0.02):
        """Random matrices, norms around 1, a random cache."""
        for which in (0, 1):
            base = self.arena(which)
            call("t_fill", c.c_void_p(base), self.elements, scale, 0.0, 17)
            norms = [(self.offsets[1], self.shape["width"])]
            for layer in range(self.shape["layers"]):
                at = self.offsets[4 + 9 * layer:13 + 9 * layer]
                norms += [(at[0], self.shape["width"]), (at[6], self.shape["width"])]
                if at[3] >= 0:
                    norms += [(at[3], self.shape["head_dim"]), (at[4], self.shape["head_dim"])]
            for offset, size in norms:
                call("t_fill", c.c_void_p(base + 2 * offset), size, 0.1, 1.0, offset)
        call("t_fill", c.c_void_p(call("t_decoder_cache", self.at)), call("t_decoder_cache_elements", self.at), 1.0, 0.0, 3)

    def write(self, offset, tensor):
        """A tensor into both arenas, at an offset in elements."""
        tensor = tensor.detach().to(BF).contiguous().cuda()
        for which in (0, 1):
            target = self.arena(which) + 2 * offset
            call("t_copy", c.c_void_p(target), tensor, tensor.numel() * 2)

    def place(self, slot, token, position, draw=0, seed=0, stream_id=0):
        call("t_place", self.at, slot, token, position, draw, seed, stream_id)

    def prefill(self, slot, tokens):
        call("t_prefill", self.at, slot, (c.c_int32 * len(tokens))(*tokens), len(tokens))

    def log_probs(self, slot, tokens, targets):
        out = (c.c_float * len(tokens))()
        call("t_log_probs", self.at, slot, (c.c_int32 * len(tokens))(*tokens), (c.c_int32 * len(tokens))(*targets), len(tokens), out)
        return list(out)

    def step(self, rows):
        tokens, log_probs = (c.c_int32 * rows)(), (c.c_float * rows)()
        call("t_step", self.at, rows, tokens, log_probs)
        return list(tokens), list(log_probs)

    def time_steps(self, rows, steps):
        us = (c.c_float * steps)()
        call("t_time_steps", self.at, rows, steps, us)
        return sorted(us)

    def flip_stalls(self, rows, flips, position):
        """What a step after a flip takes longer than one that is not, and two such among themselves."""
        us = (c.c_float * (3 * flips))()
        call("t_flip_stalls", self.at, rows, flips, position, us)
        return sorted(us[i] - us[i + 2] for i in range(0, 3 * flips, 3)), sorted(us[i + 1] - us[i + 2] for i in range(0, 3 * flips, 3))

    def time_flips(self, rows, steps, piece):
        us, kinds = (c.c_float * steps)(), (c.c_int32 * steps)()
        call("t_time_flips", self.at, rows, steps, piece, us, kinds)
        return [sorted(u for u, k in zip(us, kinds) if k == kind) for kind in range(3)]


QWEN3_06B = {"vocabulary": 151936, "width": 1024, "layers": 28, "heads": 16, "kv_heads": 8, "head_dim": 128, "feed_forward": 3072,
    "tied": 1, "qk_norm": 1, "theta": 1e6, "eps": 1e-6}
QWEN3_8B = {"vocabulary": 151936, "width": 4096, "layers": 36, "heads": 32, "kv_heads": 8, "head_dim": 128, "feed_forward": 12288,
    "tied": 0, "qk_norm": 1, "theta": 1e6, "eps": 1e-6}
