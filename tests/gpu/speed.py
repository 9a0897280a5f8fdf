"""Speed on this card, as a share of what its memory allows.

  python3 tests/gpu/speed.py [passes|qwen3_06b|qwen3_8b]
"""
import sys

import torch
import torch.nn.functional as F

from device import BF, F32, QWEN3_06B, QWEN3_8B, Decoder, call, copy_bandwidth, milliseconds, multiply, normal, stream, Report

CONTEXT = 1024


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
    for rows, top_p in ((1, 1.0), (64, 1.0), (1, 0.9), (64, 0.9)):
        ms = milliseconds(lambda: call("t_sample", logits, rows, 151936, 1.0, tops, masses, top_p, u, tokens, log_probs, stream()))
        r.row(f"sampling, {rows} rows, top_p {top_p}", f"{ms * 1000:.0f} us")


def products(r):
    """Products of one layer: weights beyond the cache, so that each is read from memory."""
    bandwidth = copy_bandwidth()
    for name, columns, depth in [("0.6B qkv", 4096, 1024), ("0.6B o", 1024, 2048), ("0.6B gate_up", 6144, 1024), ("0.6B down", 1024, 3072),
            ("8B qkv", 6144, 4096), ("8B o", 4096, 4096), ("8B gate_up", 24576, 4096), ("8B down", 4096, 12288), ("8B head", 151936, 4096)]:
        copies = max(2, min(40, 400_000_000 // (columns * depth * 2)))
        ws = [normal(columns, depth) for _ in range(copies)]
        cells = []
        for rows in (1, 8, 64, 512):
            x = normal(rows, depth)
            for exact in (True, False):
                def run():
                    for w in ws:
                        multiply(x, w, exact, y=out)
                out = torch.empty(rows, columns, dtype=BF, device="cuda")
                run()
                graph = torch.cuda.CUDAGraph()
                with torch.cuda.graph(graph):
                    run()
                ms = milliseconds(graph.replay, 5) / copies
                if rows < 512:
                    cells.append(f"{(columns + rows) * depth * 2 / (ms / 1000) / bandwidth:.2f}")
                else:
                    cells.append(f"{2 * rows * columns * depth / ms / 1e9:.0f}")
        r.row(f"product {name}", "1: {}/{}  8: {}/{}  64: {}/{}  512: {}/{} TFLOP/s".format(*cells), "exact/fast")


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


def decode(r, name, shape):
    bandwidth = copy_bandwidth()
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
        for slot in range(rows):
            decoder.place(slot, slot, CONTEXT, 0, 5, slot)
        plain, _, flipped = decoder.time_flips(rows, 120, 0)
        stall = [u - plain[len(plain) // 2] for u in flipped]
        own = plain[int(len(plain) * 0.99) - 1] - plain[len(plain) // 2]
        r.row(f"{name} flip stall, batch {rows}", f"p50 {stall[len(stall) // 2]:.0f} p99 {stall[-1]:.0f} us (no flip: p99 {own:.0f})", "p99 < 100 us", stall[-1] < 100)
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
