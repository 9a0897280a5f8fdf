"""Speed on this card, as a share of what its memory allows.

  python3 tests/gpu/speed.py [passes|qwen3_06b|qwen3_8b]
"""
import itertools
import sys

import torch
import torch.nn.functional as F

from device import ARRIVED, BF, F32, QWEN3_06B, QWEN3_8B, Decoder, call, copy_bandwidth, cut_words, milliseconds, multiply, normal, sample, stream, Report

CONTEXT = 1024
FLIPS = 200
ROWS = (1, 8, 16, 32, 64, 128, 512)


def replay(run, count):
    """Milliseconds of one of `count` calls, captured into a graph."""
    run()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(count):
            run()
    return milliseconds(graph.replay, 5) / count


def passes(r):
    bandwidth = copy_bandwidth()
    r.row("device copy, read and written", f"{bandwidth / 1e12:.2f} TB/s")
    n = 300_000_000
    p, g, m, s = (torch.randn(n, device="cuda") for _ in range(4))
    s = s.square()
    arena = torch.empty(n, dtype=BF, device="cuda")
    ms = milliseconds(lambda: call("t_adamw", p, g, m, s, arena, n, 1e-3, 0.1, 3, stream()))
    r.share("AdamW with cast", n * 30 / (ms / 1000) / bandwidth, 0.8)
    sums, result = torch.zeros(n // 16384 + 1, dtype=torch.double, device="cuda"), torch.zeros(1, dtype=torch.double, device="cuda")
    ms = milliseconds(lambda: call("t_norm", g, n, sums, result, stream()))
    r.share("norm", n * 4 / (ms / 1000) / bandwidth, 0.8)
    for size in (1_192_099_840, 4_000_000_000):
        data = torch.randint(0, 255, (size,), dtype=torch.uint8, device="cuda")
        leaves, root = torch.zeros(8192, dtype=torch.int64, device="cuda"), torch.zeros(1, dtype=torch.int64, device="cuda")
        ms = milliseconds(lambda: call("t_fingerprint", data, size, leaves, root, stream()))
        r.share(f"fingerprint of {size / 1e9:.1f} GB", size / (ms / 1000) / bandwidth, 0.8)
    logits = torch.randn(64, 151936, device="cuda")
    tops, masses = torch.empty(64, 75, device="cuda"), torch.empty(64, 75, dtype=torch.double, device="cuda")
    tokens, log_probs, u = torch.zeros(64, dtype=torch.int32, device="cuda"), torch.zeros(64, device="cuda"), torch.rand(64, device="cuda")
    cut = torch.zeros(64, cut_words(151936), dtype=torch.int64, device="cuda")
    for rows, top_p in ((1, 1.0), (64, 1.0), (1, 0.9), (64, 0.9)):
        us = 1000 * replay(lambda: sample(logits, rows, 1.0, tops, masses, top_p, u, tokens, log_probs, cut), 10)
        r.row(f"sampling, {rows} rows, top_p {top_p}", f"{us:.0f} us", "< 100 us", us < 100)


def products(r):
    """Products of one layer: weights beyond the cache, so that each is read from memory."""
    bandwidth = copy_bandwidth()
    for name, columns, depth in [("0.6B qkv", 4096, 1024), ("0.6B o", 1024, 2048), ("0.6B gate_up", 6144, 1024), ("0.6B down", 1024, 3072),
            ("8B qkv", 6144, 4096), ("8B o", 4096, 4096), ("8B gate_up", 24576, 4096), ("8B down", 4096, 12288), ("8B head", 151936, 4096)]:
        copies = max(2, min(40, 400_000_000 // (columns * depth * 2)))
        ws = [normal(columns, depth) for _ in range(copies)]
        cells = []
        for rows in ROWS:
            x = normal(rows, depth)
            for exact in (True, False):
                out = torch.empty(rows, columns, dtype=BF, device="cuda")
                at = itertools.cycle(ws)
                ms = replay(lambda: multiply(x, next(at), exact, y=out), copies)
                if rows < 512:
                    cells.append(f"{(columns + rows) * depth * 2 / (ms / 1000) / bandwidth:.2f}")
                else:
                    cells.append(f"{2 * rows * columns * depth / ms / 1e9:.0f}")
        r.row(f"product {name}", "  ".join(f"{rows}: {cells[2 * i]}/{cells[2 * i + 1]}" for i, rows in enumerate(ROWS)) + " TFLOP/s", "exact/fast")


class TorchDecoder:
    """The same step in plain torch: cuBLAS, SDPA over a contiguous cache; for a CUDA graph."""

    def __init__(self, s, batch):
        self.s, self.batch = s, batch
        w, d, h, kv, f = s["width"], s["head_dim"], s["heads"], s["kv_heads"], s["feed_forward"]

        def matrix(n, k):
            return torch.empty(n, k, dtype=BF, device="cuda").normal_(0, 0.02)
        self.layers = [dict(qkv=matrix((h + 2 * kv) * d, w), o=matrix(w, h * d), up=matrix(2 * f, w), down=matrix(w, f),
            k=torch.randn(batch, kv, CONTEXT + 1, d, dtype=BF, device="cuda"), v=torch.randn(batch, kv, CONTEXT + 1, d, dtype=BF, device="cuda"))
            for _ in range(s["layers"])]
        self.head = matrix(s["vocabulary"], w)
        self.ones, self.ones_d = torch.ones(w, dtype=BF, device="cuda"), torch.ones(d, dtype=BF, device="cuda")
        self.x = torch.randn(batch, w, dtype=BF, device="cuda")
        self.cosine, self.sine = torch.rand(2, 1, 1, d, dtype=BF, device="cuda")

    def turn(self, x):
        a, b = x.chunk(2, -1)
        return x * self.cosine + torch.cat([-b, a], -1) * self.sine

    def step(self):
        s, x = self.s, self.x
        h, kv, d = s["heads"], s["kv_heads"], s["head_dim"]
        for l in self.layers:
            qkv = F.linear(F.rms_norm(x, (s["width"],), self.ones, 1e-6), l["qkv"]).view(self.batch, h + 2 * kv, 1, d)
            q, k, v = qkv.split([h, kv, kv], 1)
            q, k = self.turn(F.rms_norm(q, (d,), self.ones_d, 1e-6)), self.turn(F.rms_norm(k, (d,), self.ones_d, 1e-6))
            l["k"][:, :, CONTEXT:].copy_(k)
            l["v"][:, :, CONTEXT:].copy_(v)
            a = F.scaled_dot_product_attention(q, l["k"], l["v"], enable_gqa=True).reshape(self.batch, h * d)
            x = x + F.linear(a, l["o"])
            gate, up = F.linear(F.rms_norm(x, (s["width"],), self.ones, 1e-6), l["up"]).chunk(2, -1)
            x = x + F.linear(F.silu(gate) * up, l["down"])
        logits = F.linear(F.rms_norm(x, (s["width"],), self.ones, 1e-6), self.head).float()
        return logits.argmax(-1), logits.log_softmax(-1)


def torch_times(shape):
    times = {}
    for batch in (1, 8, 64):
        model = TorchDecoder(shape, batch)
        with torch.no_grad():
            side = torch.cuda.Stream()
            with torch.cuda.stream(side):
                model.step()
            side.synchronize()
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                model.step()
            times[batch] = milliseconds(graph.replay, 10) * 1000
        del model, graph
        torch.cuda.empty_cache()
    return times


def step_bytes(s, rows):
    per_layer = s["width"] * (s["heads"] + 2 * s["kv_heads"]) * s["head_dim"] + s["width"] * s["heads"] * s["head_dim"] + 3 * s["width"] * s["feed_forward"]
    weights = s["layers"] * per_layer + s["vocabulary"] * s["width"]
    return 2 * weights + rows * (CONTEXT + 8) * s["layers"] * 2 * s["kv_heads"] * s["head_dim"] * 2


def kinds(r, name, s, rows, bandwidth):
    """What a step is made of: each kind of kernel alone, as often as a step has it, on memory of its own."""
    w, d, h, kv, f, layers = s["width"], s["head_dim"], s["heads"], s["kv_heads"], s["feed_forward"], s["layers"]
    qkv, floats = (h + 2 * kv) * d, dict(dtype=F32, device="cuda")
    x, attended, up, eights = normal(rows, w), normal(rows, h * d), normal(rows, f), torch.ones(w, dtype=BF, device="cuda")
    out = torch.empty(rows, 2 * f, dtype=BF, device="cuda")
    fuses = rows <= 2 and rows * w <= 2048
    found = {}

    def product(kind, columns, depth, x, times=layers, **options):
        ws = [normal(columns, depth, scale=0.02) for _ in range(max(1, min(times, 300_000_000 // (columns * depth * 2) + 1)))]
        at = itertools.cycle(ws)
        columns //= 2 if options.get("gated") else 1
        y = out.flatten()[:rows * columns].view(rows, columns) if times > 1 else torch.empty(rows, columns, **floats)
        found[kind] = replay(lambda: multiply(x, next(at), y=y, float_out=times == 1, **options), times) * times * 1000

    product("qkv", qkv, w, x, norm=eights if fuses else None)
    product("o", w, h * d, attended, accumulate=True)
    product("gate_up", 2 * f, w, x, gated=True, norm=eights if fuses else None)
    product("down", w, f, up, accumulate=True)
    product("head", s["vocabulary"], w, x, 1)
    if not fuses:
        found["norms"] = 2 * layers * 1000 * replay(lambda: call("t_rms_norm", x, None, eights, 1e-6, rows, w, out, None, stream()), 20)
    parts, count = (CONTEXT + 320 + 127) // 128, (CONTEXT + 16) // 16
    size = rows * count * 32 * kv * d
    caches = [normal(size) for _ in range(max(2, min(layers, 300_000_000 // (2 * size) + 1)))]
    positions = torch.full((rows,), CONTEXT, dtype=torch.int32, device="cuda")
    pages = torch.arange(rows * count, dtype=torch.int32, device="cuda")
    parts_out, parts_sum = torch.empty(rows * h * parts * d, **floats), torch.empty(rows * h * parts * 2, **floats)
    heads, angles, ones = normal(rows, qkv), torch.rand(CONTEXT + 1, d, device="cuda"), torch.ones(d, dtype=BF, device="cuda")
    at = itertools.cycle(caches)

    def attention(kind):
        call("t_attention", kind, heads, rows, h, kv, d, ones, ones, 1e-6, angles, positions, None, pages, count, next(at), 0, parts, parts_out, parts_sum,
            ARRIVED, attended, None, stream())
    found["rotate"] = layers * 1000 * replay(lambda: attention(0), len(caches))
    found["attention"] = layers * 1000 * replay(lambda: attention(1), len(caches))
    logits, tops = torch.randn(rows, s["vocabulary"], device="cuda"), torch.empty(rows, 75, device="cuda")
    masses, tokens, log_probs = torch.empty(rows, 75, dtype=torch.double, device="cuda"), torch.zeros(rows, dtype=torch.int32, device="cuda"), torch.zeros(rows, device="cuda")
    u = torch.rand(rows, device="cuda")
    found["sample"] = 1000 * replay(lambda: sample(logits, rows, 1.0, tops, masses, 1.0, u, tokens, log_probs, tops), 10)
    read = layers * rows * (CONTEXT + 1) * 2 * kv * d * 2
    r.row(f"{name} kinds, batch {rows}", " ".join(f"{kind} {us:.0f}" for kind, us in found.items()) + f"; {sum(found.values()):.0f} us")
    r.row(f"{name} attention, batch {rows}", f"{read / (found['attention'] / 1e6) / bandwidth:.2f}", "of K and V")


def decode(r, name, shape):
    bandwidth = copy_bandwidth()
    for rows in (1, 8, 64):
        kinds(r, name, shape, rows, bandwidth)
    torch.cuda.empty_cache()
    theirs = torch_times(shape)
    for exact in (True, False):
        mode = "exact" if exact else "fast"
        decoder = Decoder(shape, 64, CONTEXT + 320, prefill_rows=64, exact=exact)
        decoder.fill()
        for rows in (1, 8, 64):
            for slot in range(rows):
                decoder.place(slot, slot, CONTEXT, 0, 5, slot)
            us = decoder.time_steps(rows, 16)
            if min(decoder.step(rows)[0]) < 0:
                raise RuntimeError("a row had no distribution: its time says nothing")
            floor = step_bytes(shape, rows) / bandwidth * 1e6
            share = floor / us[len(us) // 2]
            r.share(f"{name} decode, {mode}, batch {rows}", share, 0.6 if exact else 0.8,
                f"  {us[len(us) // 2]:.0f} us (torch graph {theirs[rows]:.0f})")
        if exact:
            flips(r, name, decoder)
        decoder.free()


def flips(r, name, decoder):
    for rows in (1, 64):
        stall, own = decoder.flip_stalls(rows, FLIPS, CONTEXT)
        middle, late = FLIPS // 2, FLIPS * 99 // 100 - 1
        r.row(f"{name} flip stall, batch {rows}", f"p50 {stall[middle]:.0f} p99 {stall[late]:.0f} us (no flip: p99 {own[late]:.0f})", "p99 < 100 us", stall[late] < 100)
        for slot in range(rows):
            decoder.place(slot, slot, CONTEXT, 0, 5, slot)
        plain, beside, flipped = decoder.time_flips(rows, 120, 64 << 20)
        if beside and plain and flipped:
            r.row(f"{name} step beside a copy, batch {rows}", f"{beside[len(beside) // 2] / plain[len(plain) // 2]:.2f}x p50, max {beside[-1]:.0f} us; flip p50 {flipped[len(flipped) // 2] - plain[len(plain) // 2]:.0f} us")


def qwen3_06b(r):
    decode(r, "Qwen3-0.6B", QWEN3_06B)


def qwen3_8b(r):
    decode(r, "Qwen3-8B", QWEN3_8B)


if __name__ == "__main__":
    Report().run([passes, products, qwen3_06b, qwen3_8b], sys.argv[1:])
