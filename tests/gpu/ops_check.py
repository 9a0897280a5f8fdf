"""Each op of kernels/cuda/ops.h against a reference in float64, on fresh random inputs.

  python3 tests/gpu/ops_check.py [STAGE..]
"""
import math
import random
import sys

import torch

from device import ARRIVED, BF, F32, Report, call, error, multiply, normal, poison, sample, stream

HALF_BOUND = 4e-3  # of a result that is rounded to bfloat16


def products(r):
    worst, worst_float = 0.0, 0.0
    for rows, columns, depth in [(1, 1024, 1024), (7, 4096, 1024), (16, 1000, 2048), (17, 6144, 1024), (64, 1024, 3072), (129, 520, 4096), (300, 24, 136), (3, 9, 40)]:
        x, w, bias = normal(rows, depth), normal(columns, depth), normal(columns)
        reference = x.double() @ w.double().T
        worst_float = max(worst_float, error(multiply(x, w, float_out=True), reference))
        worst = max(worst, error(multiply(x, w, bias=bias), reference + bias.double()))
        y = normal(rows, columns, scale=10)
        wanted = reference + y.double()
        worst = max(worst, error(multiply(x, w, y=y, accumulate=True), wanted))
    r.below("exact product, float32 out", worst_float, 1e-5)
    r.below("exact product, bfloat16 out", worst, HALF_BOUND)
    worst = 0.0
    for rows, columns, depth in [(1, 1024, 1024), (64, 4096, 1024), (300, 1000, 136)]:
        x, w = normal(rows, depth), normal(columns, depth)
        worst = max(worst, error(multiply(x, w, exact=False, float_out=True), x.double() @ w.double().T))
    r.below("fast product (cuBLASLt)", worst, 1e-4)


def invariance(r):
    """A row is the same bits in a batch of 1, 7, 64 and 256, wherever it stands."""
    unequal = 0
    for columns, depth in [(1024, 1024), (6144, 1024), (1024, 3072), (4096, 4096), (4096, 12288), (520, 136), (24, 40)]:
        x, w = normal(256, depth), normal(columns, depth)
        whole = multiply(x, w, float_out=True)
        for rows in (1, 7, 8, 9, 16, 17, 33, 64, 65, 128, 200):
            first = random.randrange(256 - rows + 1)
            unequal += not torch.equal(multiply(x[first:first + rows].contiguous(), w, float_out=True), whole[first:first + rows])
    r.row("exact product: row blocks that differ by batch", unequal, "0", unequal == 0)


def fused(r):
    """A product that normalises what it reads or gates what it writes has the bits of the ops apart."""
    unequal = 0
    for rows, columns, depth in [(1, 4096, 1024), (2, 1024, 1024), (1, 6144, 2048), (2, 24, 136)]:
        x, w, weight = normal(rows, depth), normal(columns, depth), normal(depth)
        y = poison(rows, depth)
        call("t_rms_norm", x, None, weight, 1e-6, rows, depth, y, None, stream())
        unequal += not torch.equal(multiply(x, w, norm=weight), multiply(y, w))
    for rows, columns, depth in [(1, 3072, 1024), (16, 3072, 1024), (17, 3072, 1024), (64, 12288, 4096), (200, 3072, 1024), (40, 72, 136), (3, 8, 40), (64, 512, 256)]:
        x, w = normal(rows, depth), normal(2 * columns, depth, scale=depth**-0.5)
        apart = poison(rows, columns)
        call("t_swiglu", multiply(x, w), rows, columns, apart, stream())
        unequal += not torch.equal(multiply(x, w, gated=True), apart)
    r.row("fused products that differ from the ops apart", unequal, "0", unequal == 0)


def fast_chains(r):
    """Fast products among other ops, enqueued at once: the bits of the same ops one by one."""
    rows, width, inner = 64, 256, 704
    up, down, weight = normal(2 * inner, width, scale=width**-0.5), normal(width, inner, scale=inner**-0.5), normal(width)
    begin = normal(rows, width)

    def chain(wait):
        x, y, both, gated = begin.clone(), poison(rows, width), poison(rows, 2 * inner), poison(rows, inner)
        torch.cuda.synchronize()
        for _ in range(32):
            call("t_rms_norm", x, None, weight, 1e-6, rows, width, y, None, stream())
            wait()
            multiply(y, up, exact=False, y=both)
            wait()
            call("t_swiglu", both, rows, inner, gated, stream())
            wait()
            multiply(gated, down, exact=False, y=x, accumulate=True)
            wait()
        torch.cuda.synchronize()
        return x

    torch.cuda.synchronize()
    with torch.cuda.stream(torch.cuda.Stream()):
        wanted = chain(torch.cuda.synchronize)
        unequal = sum(not torch.equal(chain(lambda: None), wanted) for _ in range(20))
    fine = unequal == 0 and bool(torch.isfinite(wanted).all())
    r.row("chains of fast products that differ by waits", unequal, "0", fine)


def norms(r):
    x, more, w = normal(37, 1024, scale=2), normal(37, 1024), normal(1024)
    y, rstd = poison(37, 1024), poison(37, dtype=F32)
    total = x.double() + more.double()
    call("t_rms_norm", x, more, w, 1e-6, 37, 1024, y, rstd, stream())
    r.below("residual", error(x, total), HALF_BOUND)
    kept = x.double()
    scale = (kept.pow(2).mean(-1, keepdim=True) + 1e-6).rsqrt()
    r.below("RMSNorm", error(y, kept * scale * w.double()), HALF_BOUND)
    r.below("RMSNorm: rstd", error(rstd, scale[:, 0]), 1e-6)
    both, out = normal(21, 2 * 3072, scale=3), poison(21, 3072)
    call("t_swiglu", both, 21, 3072, out, stream())
    r.below("SwiGLU", error(out, torch.nn.functional.silu(both[:, :3072].double()) * both[:, 3072:].double()), HALF_BOUND)
    table, ids = normal(1000, 256), torch.tensor([3, -1, 999], dtype=torch.int32, device="cuda")
    out = poison(3, 256)
    call("t_embed", ids, 3, table, 256, out, stream())
    fine = torch.equal(out[0], table[3]) and torch.equal(out[2], table[999]) and not out[1].any()
    r.row("embedding", "equal" if fine else "differs", "equal", fine)


def rotated(x, positions, theta=1e6):
    half = x.shape[-1] // 2
    angle = positions.double()[:, None] * theta ** (-2.0 * torch.arange(half, device="cuda", dtype=torch.double) / (2 * half))
    cosine, sine = angle.cos()[:, None], angle.sin()[:, None]
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cosine - b * sine, b * cosine + a * sine], -1)


def normed(x, w):
    return x * (x.pow(2).mean(-1, keepdim=True) + 1e-6).rsqrt() * w.double()


def attention_case(r_name, heads, kv_heads, d, length, window, r):
    qkv = normal(length, (heads + 2 * kv_heads) * d)
    qw, kw = normal(d), normal(d)
    positions = torch.arange(length, dtype=torch.int32, device="cuda")
    half = d // 2
    angle = positions.double()[:, None] * 1e6 ** (-2.0 * torch.arange(half, device="cuda", dtype=torch.double) / d)
    angles = torch.cat([angle.cos(), angle.sin()], -1).float().contiguous()
    count = (length + 15) // 16
    pages = torch.randperm(count + 3, device="cuda").to(torch.int32)[:count].contiguous()
    cache = poison((count + 3) * kv_heads * d * 32)
    sequences = torch.zeros(length, dtype=torch.int32, device="cuda")
    q, k, v = (t.double() for t in qkv.view(length, heads + 2 * kv_heads, d).split([heads, kv_heads, kv_heads], 1))
    q = rotated(normed(q, qw), positions).to(BF).double()
    k = rotated(normed(k, kw), positions).to(BF).double()
    k, v = (t.repeat_interleave(heads // kv_heads, 1) for t in (k, v))
    scores = torch.einsum("qhd,khd->hqk", q, k) / math.sqrt(d)
    seen = positions[:, None] >= positions[None]
    if window:
        seen &= positions[:, None] - positions[None] < window
    scores.masked_fill_(~seen, -math.inf)
    wanted = torch.einsum("hqk,khd->qhd", scores.softmax(-1), v).reshape(length, -1)
    parts = (length + 127) // 128
    out, sums = poison(length, heads * d), poison(length, heads, dtype=F32)

    def run(kind, rows, at, out, sums):
        parts_out, parts_sum = poison(rows * heads * parts * d, dtype=F32), poison(rows * heads * parts * 2, dtype=F32)
        call("t_attention", kind, qkv[at:at + rows], rows, heads, kv_heads, d, qw, kw, 1e-6, angles, positions[at:at + rows], sequences[at:at + rows],
            pages, count, cache, window, parts, parts_out, parts_sum, ARRIVED, out, sums, stream())
        torch.cuda.synchronize()

    run(0, length, 0, None, None)
    run(1, length, 0, out, sums)
    alone = [poison(1, heads * d) for _ in range(3)]
    places = [random.randrange(length) for _ in alone]
    for at, one in zip(places, alone):
        run(1, 1, at, one, None)
    same = all(torch.equal(one[0], out[at]) for at, one in zip(places, alone))
    r.row(f"attention {r_name}: a row alone", "equal" if same else "differs", "equal", same)
    return max(error(out, wanted), error(sums, torch.logsumexp(scores, -1).T))


def attention(r):
    worst = 0.0
    for name, case in {"0.6B": (16, 8, 128, 700, 0), "8B": (32, 8, 128, 300, 0), "64": (4, 4, 64, 257, 0), "window": (8, 2, 128, 500, 130), "16": (4, 1, 16, 90, 0), "256": (2, 2, 256, 150, 0)}.items():
        worst = max(worst, attention_case(name, *case, r))
    r.below("attention", worst, 6e-3)


def experts(r):
    logits = normal(50, 128, dtype=F32)
    chosen = torch.full((50, 8), -1, dtype=torch.int32, device="cuda")
    weights = poison(50, 8, dtype=F32)
    call("t_route", logits, 50, 128, 8, 1, chosen, weights, stream())
    p, ids = logits.double().softmax(-1).topk(8)
    ids, order = ids.sort(-1)
    p = (p / p.sum(-1, keepdim=True)).gather(-1, order)
    r.row("routing", "equal" if torch.equal(chosen.long(), ids) else "differs", "equal", torch.equal(chosen.long(), ids))
    r.below("routing: weights", error(weights, p), 1e-6)
    outs, y = normal(400, 1024), normal(50, 1024)
    places = torch.randperm(400, device="cuda").to(torch.int32).view(50, 8).contiguous()
    wanted = y.double() + (outs.double()[places.long()] * weights.double()[..., None]).sum(1)
    call("t_combine", outs, weights, places, 50, 8, 1024, y, stream())
    r.below("experts' sum", error(y, wanted), HALF_BOUND)


def sampling(r):
    """The CPU's rule in float64; a draw at the border of two tokens may go either way."""
    wrong, worst = 0, 0.0
    for vocabulary, rows in [(151936, 8), (32000, 16), (1003, 16)]:
        for temperature, top_p in [(1.0, 1.0), (0.7, 1.0), (1.0, 0.9), (0.6, 0.3)]:
            logits, u = normal(rows, vocabulary, scale=3, dtype=F32), torch.rand(rows, device="cuda")
            parts = (vocabulary + 2047) // 2048
            tops, masses = poison(rows, parts, dtype=F32), poison(rows, parts, dtype=torch.double)
            tokens, log_probs = torch.full((rows,), -7, dtype=torch.int32, device="cuda"), poison(rows, dtype=F32)
            sample(logits, rows, temperature, tops, masses, top_p, u, tokens, log_probs)
            logp = (logits.double() / temperature).log_softmax(-1)
            p = logp.exp()
            if top_p < 1:
                sorted_p, ids = torch.sort(p, dim=-1, descending=True, stable=True)
                keep = sorted_p.cumsum(-1) - sorted_p < top_p
                p = torch.zeros_like(p).scatter(-1, ids, sorted_p * keep)
            cumulative = p.cumsum(-1) / p.sum(-1, keepdim=True)
            t = tokens.long().clamp(0, vocabulary - 1)[:, None]
            after = cumulative.gather(-1, t)[:, 0]
            before = after - p.gather(-1, t)[:, 0] / p.sum(-1)
            wrong += int((((u.double() < before - 3e-6) | (u.double() > after + 3e-6)) | (tokens < 0)).sum())
            worst = max(worst, (log_probs - logp.gather(-1, t)[:, 0]).abs().max().item())
            found, entropy, gradient = poison(rows, dtype=F32), poison(rows, dtype=F32), poison(rows, vocabulary, dtype=F32)
            slopes = torch.randn(rows, device="cuda")
            call("t_log_prob", logits, rows, vocabulary, temperature, tops, masses, tokens, found, entropy, slopes, gradient, stream())
            if not torch.equal(found, log_probs):
                wrong += 1
            worst = max(worst, (entropy + (logp * logp.exp()).sum(-1)).abs().max().item())
            wanted = -logp.exp() * (slopes.double() / temperature)[:, None]
            wanted.scatter_add_(-1, t, (slopes.double() / temperature)[:, None])
            worst = max(worst, error(gradient, wanted))
    r.row("sampling: draws off the rule", wrong, "0", wrong == 0)
    r.below("log-prob, entropy, gradient", worst, 2e-5)


def optimizer(r):
    n = 1_000_003
    p, g, m, s = (normal(n, dtype=F32) for _ in range(4))
    s = s.square() * 0.01
    arena = poison(n)
    dp, dm, ds = p.double(), m.double(), s.double()
    call("t_adamw", p, g, m, s, arena, n, 0.01, 0.1, 3, stream())
    b1, b2 = 0.8999999761581421, 0.949999988079071
    dm = dm * b1 + g.double() * (1 - b1)
    ds = ds * b2 + g.double().square() * (1 - b2)
    dp = dp * (1 - 0.01 * 0.1) - 0.01 / (1 - b1**3) * dm / ((ds / (1 - b2**3)).sqrt() + 1e-8)
    r.below("AdamW", max(error(p, dp), error(m, dm), error(s, ds)), 1e-6)
    r.row("AdamW: cast", "equal" if torch.equal(arena, p.to(BF)) else "differs", "equal", torch.equal(arena, p.to(BF)))
    sums, result = poison((n + 16383) // 16384, dtype=torch.double), poison(1, dtype=torch.double)
    call("t_norm", g, n, sums, result, stream())
    r.below("norm", error(result[0], g.double().norm()), 1e-12)


def tree(data):
    import xxhash

    def padded(b):
        return xxhash.xxh3_64_intdigest(b + bytes(-len(b) % 1024))

    words = [padded(data[i:i + (1 << 20)]) for i in range(0, len(data), 1 << 20)] + [len(data)]
    return padded(b"".join(w.to_bytes(8, "little") for w in words))


def fingerprint(r):
    wrong = 0
    for size in (16, 1024, 5000 * 16, (3 << 20) + 48, 40 << 20):
        data = torch.randint(0, 256, (size,), dtype=torch.uint8, device="cuda")
        leaves, result = torch.zeros(4096, dtype=torch.int64, device="cuda"), torch.zeros(1, dtype=torch.int64, device="cuda")
        call("t_fingerprint", data, size, leaves, result, stream())
        wrong += result.item() % 2**64 != tree(data.cpu().numpy().tobytes())
    r.row("fingerprints that differ from the CPU's", wrong, "0", wrong == 0)


if __name__ == "__main__":
    Report().run([products, invariance, fused, fast_chains, norms, attention, experts, sampling, optimizer, fingerprint], sys.argv[1:])
