#!/usr/bin/env python3
"""The arithmetic job's reinforcement as a plain PyTorch script: what one would write without a
runtime. The same warm-started weights, prompts, rewards, loss and optimizer settings.

  plain_pytorch.py --checkpoint DIR --data DIR [--processes 1|2] [--until 0.70] [--seconds 120]

With --processes 1 it samples a batch with all threads, trains on it, and so on. With 2, one
process samples and one trains, a thread each, with a queue of two batches between them and the
weights in shared memory. Held-out accuracy is measured every 10 steps, and that time is left out.
The last line is JSON: steps, seconds of reinforcement, held-out accuracy, seconds to the target.
"""
import argparse
import json
import os
import random
import re
import struct
import time

import numpy
import torch
import torch.multiprocessing as multiprocessing
import torch.nn.functional as F

PROMPTS, GROUP, MAX_TOKENS, LEARNING_RATE = 48, 8, 48, 5e-4


class Tokens:
    def __init__(self, folder):
        tokenizer = json.load(open(os.path.join(folder, "tokenizer.json")))
        self.ids = dict(tokenizer["model"]["vocab"])
        self.ids.update({t["content"]: t["id"] for t in tokenizer["added_tokens"]})
        self.texts = {i: t for t, i in self.ids.items()}
        self.eos, self.pad = self.ids["<eos>"], self.ids["<pad>"]
        self.pattern = re.compile("|".join(re.escape(t) for t in sorted(self.ids, key=len, reverse=True)))

    def encode(self, text):
        return [self.ids[t] for t in self.pattern.findall(text)]

    def decode(self, ids):
        return "".join(self.texts[i] for i in ids)


def load_weights(folder):
    with open(os.path.join(folder, "model.safetensors"), "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    out = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            values = numpy.frombuffer(data[begin:end], dtype=numpy.float32).copy()
            out[name] = torch.from_numpy(values).view(entry["shape"])
    return out


class Model:
    """Llama with left-padded batches and a dense cache."""

    def __init__(self, folder):
        self.config = json.load(open(os.path.join(folder, "config.json")))
        self.w = {k: v.requires_grad_(True) for k, v in load_weights(folder).items()}
        c = self.config
        self.heads = c["num_attention_heads"]
        self.dim = c.get("head_dim") or c["hidden_size"] // self.heads
        theta = c.get("rope_theta", 10000.0)
        angles = torch.arange(c["max_position_embeddings"])[:, None] * theta ** (-torch.arange(0, self.dim, 2) / self.dim)
        self.cos, self.sin = torch.cat([angles.cos()] * 2, -1), torch.cat([angles.sin()] * 2, -1)

    def rotate(self, x, positions):
        half = self.dim // 2
        turned = torch.cat([-x[..., half:], x[..., :half]], -1)
        return x * self.cos[positions][:, None] + turned * self.sin[positions][:, None]

    def forward(self, ids, positions, mask, cache=None, at=0):
        b, t = ids.shape
        w, c = self.w, self.config
        norm = lambda x, name: F.rms_norm(x, (c["hidden_size"],), w[name], c["rms_norm_eps"])
        x = F.embedding(ids, w["model.embed_tokens.weight"])
        for layer in range(c["num_hidden_layers"]):
            p = f"model.layers.{layer}."
            h = norm(x, p + "input_layernorm.weight")
            split = lambda name: F.linear(h, w[p + f"self_attn.{name}_proj.weight"]).view(b, t, self.heads, self.dim).transpose(1, 2)
            q, k, v = self.rotate(split("q"), positions), self.rotate(split("k"), positions), split("v")
            if cache is not None:
                keys, values = cache[layer]
                keys[:, :, at:at + t], values[:, :, at:at + t] = k, v
                k, v = keys[:, :, :at + t], values[:, :, :at + t]
            a = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
            x = x + F.linear(a.transpose(1, 2).reshape(b, t, -1), w[p + "self_attn.o_proj.weight"])
            h = norm(x, p + "post_attention_layernorm.weight")
            up = F.silu(F.linear(h, w[p + "mlp.gate_proj.weight"])) * F.linear(h, w[p + "mlp.up_proj.weight"])
            x = x + F.linear(up, w[p + "mlp.down_proj.weight"])
        return F.linear(norm(x, "model.norm.weight"), w["lm_head.weight"])


@torch.no_grad()
def sample(model, tokens, prompts, greedy=False):
    """Completions (lists of ids, the end token included) and their log-probabilities."""
    width, count = max(map(len, prompts)), len(prompts)
    ids = torch.full((count, width), tokens.pad)
    valid = torch.zeros(count, width + MAX_TOKENS, dtype=torch.bool)
    for i, p in enumerate(prompts):
        ids[i, width - len(p):] = torch.tensor(p)
        valid[i, width - len(p):] = True
    positions = (valid.cumsum(1) - 1).clamp(min=0)
    shape = (count, model.heads, width + MAX_TOKENS, model.dim)
    cache = [(torch.zeros(shape), torch.zeros(shape)) for _ in range(model.config["num_hidden_layers"])]
    causal = torch.ones(width, width, dtype=torch.bool).tril()
    mask = (causal & valid[:, None, :width] | torch.eye(width, dtype=torch.bool))[:, None]
    logits = model.forward(ids, positions[:, :width], mask, cache)[:, -1]
    texts, logs, live = [[] for _ in prompts], [[] for _ in prompts], torch.arange(count)
    for step in range(MAX_TOKENS):
        log_probs = F.log_softmax(logits, -1)
        next_ids = logits.argmax(-1) if greedy else torch.multinomial(log_probs.exp(), 1)[:, 0]
        chosen = log_probs.gather(1, next_ids[:, None])[:, 0].tolist()
        for row, token, value in zip(live.tolist(), next_ids.tolist(), chosen):
            texts[row].append(token)
            logs[row].append(value)
        going = next_ids != tokens.eos
        if step + 1 == MAX_TOKENS or not going.any():
            break
        live, next_ids = live[going], next_ids[going]
        valid, positions = valid[going], positions[going]
        cache = [(k[going], v[going]) for k, v in cache]
        at = width + step
        logits = model.forward(next_ids[:, None], positions[:, at:at + 1], valid[:, None, None, :at + 1], cache, at)[:, -1]
    return texts, logs


def grade(tokens, text, answer):
    """(reward, correct): 1 for a right answer, 0.1 for a well-formed wrong one, else 0."""
    if text[-1] != tokens.eos:
        return 0.0, False
    words = tokens.decode(text[:-1])
    match = re.fullmatch(r"(?:<think>(?:(?!</?think>).)*</think>)?(\d+)", words)
    if not match:
        return 0.0, False
    right = int(match[1]) == int(answer)
    return (1.0 if right else 0.1), right


def make_batch(model, tokens, rows):
    prompts = [tokens.encode(r["prompt"]) for r in rows for _ in range(GROUP)]
    texts, logs = sample(model, tokens, prompts)
    rewards = [grade(tokens, t, rows[i // GROUP]["answer"])[0] for i, t in enumerate(texts)]
    return prompts, texts, logs, rewards


def train(model, tokens, optimizer, batch, step):
    prompts, texts, logs, rewards = batch
    r = torch.tensor(rewards).view(-1, GROUP)
    kept = (r.max(1).values - r.min(1).values > 1e-6).repeat_interleave(GROUP)
    advantage = (r - r.mean(1, keepdim=True)).flatten()
    chosen = kept.nonzero()[:, 0].tolist()
    if not chosen:
        return
    a = advantage[chosen]
    advantage[chosen] = (a - a.mean()) / (a.std() + 1e-6)
    total = sum(len(texts[i]) for i in chosen)
    chosen.sort(key=lambda i: len(prompts[i]) + len(texts[i]))
    optimizer.zero_grad()
    for begin in range(0, len(chosen), 64):  # microbatches of like lengths
        part = chosen[begin:begin + 64]
        width = max(len(prompts[i]) + len(texts[i]) for i in part)
        ids = torch.full((len(part), width), tokens.pad)
        weight, old = torch.zeros(len(part), width), torch.zeros(len(part), width)
        for row, i in enumerate(part):
            p, t = prompts[i], texts[i]
            ids[row, :len(p) + len(t)] = torch.tensor(p + t)
            weight[row, len(p):len(p) + len(t)] = 1
            old[row, len(p):len(p) + len(t)] = torch.tensor(logs[i])
        positions = torch.arange(width - 1)[None].expand(len(part), -1)
        causal = torch.ones(width - 1, width - 1, dtype=torch.bool).tril()[None, None]
        log_probs = F.log_softmax(model.forward(ids[:, :-1], positions, causal), -1).gather(2, ids[:, 1:, None])[..., 0]
        ratio = ((log_probs - old[:, 1:]) * weight[:, 1:]).exp()
        adv = advantage[part][:, None]
        gain = torch.minimum(ratio * adv, ratio.clamp(0.8, 1.28) * adv) * weight[:, 1:]
        (-gain.sum() / total).backward()
    torch.nn.utils.clip_grad_norm_(list(model.w.values()), 1.0)
    for group in optimizer.param_groups:
        group["lr"] = LEARNING_RATE * min(1, (step + 1) / 5)
    optimizer.step()


def prompts_of(rows, seed):
    shuffler, order = random.Random(seed), []
    while True:
        if len(order) < PROMPTS:
            order = rows[:]
            shuffler.shuffle(order)
        yield [order.pop() for _ in range(PROMPTS)]


def held_out(model, tokens, rows):
    texts, _ = sample(model, tokens, [tokens.encode(r["prompt"]) for r in rows])
    return sum(grade(tokens, t, r["answer"])[1] for t, r in zip(texts, rows)) / len(rows)


def sampler(options, shared, queue, stop):
    torch.set_num_threads(1)
    torch.manual_seed(options.seed + 1)
    tokens, model = Tokens(options.checkpoint), Model(options.checkpoint)
    source = prompts_of(rows_of(options, "train"), options.seed)
    while not stop.is_set():
        with torch.no_grad():
            for name, value in model.w.items():
                value.copy_(shared[name])
        batch = make_batch(model, tokens, next(source))
        while not stop.is_set():
            try:
                queue.put(batch, timeout=0.2)
                break
            except Exception:
                pass


def rows_of(options, name):
    return [json.loads(line) for line in open(os.path.join(options.data, name + ".jsonl"))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--processes", type=int, default=1, choices=[1, 2])
    parser.add_argument("--until", type=float, default=0.70)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(2 if options.processes == 1 else 1)
    tokens, model = Tokens(options.checkpoint), Model(options.checkpoint)
    optimizer = torch.optim.AdamW(list(model.w.values()), lr=LEARNING_RATE, betas=(0.9, 0.95), weight_decay=0)
    test = rows_of(options, "heldout")
    source = prompts_of(rows_of(options, "train"), options.seed)
    queue = stop = shared = process = None
    if options.processes == 2:
        shared = {k: v.detach().clone().share_memory_() for k, v in model.w.items()}
        queue, stop = multiprocessing.Queue(2), multiprocessing.Event()
        process = multiprocessing.Process(target=sampler, args=(options, shared, queue, stop))
        process.start()
    before = held_out(model, tokens, test)
    step, left_out, began, reached, accuracy = 0, 0.0, time.time(), None, before
    while time.time() - began - left_out < options.seconds and reached is None:
        batch = make_batch(model, tokens, next(source)) if queue is None else queue.get()
        train(model, tokens, optimizer, batch, step)
        step += 1
        if shared is not None:
            with torch.no_grad():
                for name, value in model.w.items():
                    shared[name].copy_(value)
        if step % 10 == 0:
            pause = time.time()
            accuracy = held_out(model, tokens, test)
            left_out += time.time() - pause
            if accuracy >= options.until:
                reached = time.time() - began - left_out
    seconds = time.time() - began - left_out
    if process is not None:
        stop.set()
        while process.is_alive():
            try:
                queue.get(timeout=0.1)
            except Exception:
                pass
        process.join()
    print(json.dumps({"processes": options.processes, "steps": step, "seconds": seconds, "heldout_before": before,
        "heldout": accuracy, "seconds_to_target": reached}))


if __name__ == "__main__":
    main()
