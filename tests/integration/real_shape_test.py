"""A model of a real shape is trained in the memory that `tram plan` says: three reinforcement steps of a folder with
random weights, log-probabilities equal, the plan within 15 % of the peak.

  real_shape_test.py TRAM REPOSITORY [--whole]

By default a small model with the vocabulary of Qwen3. With --whole the shape of Qwen3-0.6B, under 16 GB; it takes
some minutes, 22 GB of disk, and as much memory as it says.
"""
import json
import os
import random
import re
import struct
import sys

import harness as h

VOCABULARY = 151936
SHAPE = dict(architectures=["Qwen3ForCausalLM"], model_type="qwen3", vocab_size=VOCABULARY, hidden_act="silu", rms_norm_eps=1e-6,
             rope_theta=1000000, max_position_embeddings=40960, tie_word_embeddings=True, attention_bias=False, torch_dtype="bfloat16",
             bos_token_id=151643, eos_token_id=151645)
SMALL = dict(SHAPE, num_hidden_layers=6, hidden_size=256, num_attention_heads=4, num_key_value_heads=2, head_dim=64, intermediate_size=768)
WHOLE = dict(SHAPE, num_hidden_layers=28, hidden_size=1024, num_attention_heads=16, num_key_value_heads=8, head_dim=128, intermediate_size=3072)
GIGABYTES_MOST = 16
JOB = """
name: real-shape
model: {{ path: {model}, serving: bfloat16, context: 64 }}
data: {{ prompts: {folder}/prompts.jsonl, chat: none }}
stages:
  - reinforce:
      algorithm: {{ name: grpo, group: 4, batch: 8 }}
      steps: 3
      max_lag: 0
      optimizer: {{ learning_rate: 1e-5 }}
actors:
  generator: {{ max_tokens: 24, slots: 8, cache_megabytes: 256, threads: 2 }}
  trainer: {{ recompute: layers, microbatch_rows: 256, checkpoint_every: 3, threads: 2 }}
  verifier: {{ rewards: {{ some: {{ kind: command, weight: 1, command: [{python}, {folder}/grader.py] }} }} }}
  evaluator: {{ every: 0 }}
"""
# What is worth learning does not matter, only that completions differ in it.
GRADER = """
import json, sys, zlib

for line in sys.stdin:
    items = json.loads(line)["items"]
    scores = [dict(id=i["id"], score=zlib.crc32(i["completion"].encode()) % 97 / 97) for i in items]
    print(json.dumps(dict(items=scores)), flush=True)
"""


def tensors(c):
    w, d = c["hidden_size"], c["head_dim"]
    q, kv, f = c["num_attention_heads"] * d, c["num_key_value_heads"] * d, c["intermediate_size"]
    yield "model.embed_tokens.weight", (VOCABULARY, w)
    for i in range(c["num_hidden_layers"]):
        at = f"model.layers.{i}."
        for name, shape in (("q_proj", (q, w)), ("k_proj", (kv, w)), ("v_proj", (kv, w)), ("o_proj", (w, q)), ("q_norm", (d,)), ("k_norm", (d,))):
            yield f"{at}self_attn.{name}.weight", shape
        for name, shape in (("gate_proj", (f, w)), ("up_proj", (f, w)), ("down_proj", (w, f))):
            yield f"{at}mlp.{name}.weight", shape
        yield f"{at}input_layernorm.weight", (w,)
        yield f"{at}post_attention_layernorm.weight", (w,)
    yield "model.norm.weight", (w,)


def write_weights(path, c):
    """In bfloat16: normal(0, 0.02), from one long block whose length has no factor in common with a row's; norms 1."""
    draw = random.Random(7)
    count = 1048573
    block = b"".join(struct.pack("<f", draw.gauss(0, 0.02))[2:] for _ in range(count))
    header, begin = {}, 0
    for name, shape in tensors(c):
        size = 2 * (shape[0] * (shape[1] if len(shape) == 2 else 1))
        header[name] = dict(dtype="BF16", shape=shape, data_offsets=[begin, begin + size])
        begin += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    at = 0
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for name, shape in tensors(c):
            size = header[name]["data_offsets"][1] - header[name]["data_offsets"][0]
            if len(shape) == 1:
                out.write(b"\x80\x3f" * (size // 2))
                continue
            while size > 0:
                part = block[at:at + size]
                out.write(part)
                size -= len(part)
                at = (at + len(part)) % len(block)


def write_tokenizer(path):
    """Byte-level BPE of as many tokens as Qwen's: all pairs of bytes, and triples until there are enough."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    letters = [chr(b) if b in printable else chr(256 + others.index(b)) for b in range(256)]
    special = 151643
    vocabulary = {letter: i for i, letter in enumerate(letters)}
    pairs = [a + b for a in letters for b in letters]
    merges = [[a, b] for a in letters for b in letters]
    for pair in pairs:
        for b in letters:
            if len(vocabulary) + len(merges) == special:
                break
            merges.append([pair, b])
    for a, b in merges:
        vocabulary[a + b] = len(vocabulary)
    added = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    level = dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=True)
    with open(path, "w") as out:
        json.dump(dict(version="1.0", truncation=None, padding=None, added_tokens=[
            dict(id=special + i, content=s, single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
            for i, s in enumerate(added)], normalizer=None, pre_tokenizer=level, post_processor=None, decoder=level,
            model=dict(type="BPE", dropout=None, unk_token=None, continuing_subword_prefix=None, end_of_word_suffix=None, fuse_unk=False,
                       byte_fallback=False, vocab=vocabulary, merges=merges)), out)


def write_folder(folder, c):
    os.makedirs(folder)
    with open(os.path.join(folder, "config.json"), "w") as out:
        json.dump(c, out, indent=1)
    write_weights(os.path.join(folder, "model.safetensors"), c)
    write_tokenizer(os.path.join(folder, "tokenizer.json"))


def planned(text):
    value, unit = re.search(r"^  in all +([0-9.]+) (MB|GB)", text, re.M).groups()
    return float(value) * dict(MB=1e6, GB=1e9)[unit]


def check(folder, c):
    model, job = os.path.join(folder, "model"), os.path.join(folder, "job.yaml")
    write_folder(model, c)
    with open(os.path.join(folder, "prompts.jsonl"), "w") as out:
        out.writelines(json.dumps(dict(prompt=f"{i} and {i * 7} are", answer=str(8 * i))) + "\n" for i in range(10, 40))
    with open(os.path.join(folder, "grader.py"), "w") as out:
        out.write(GRADER)
    with open(job, "w") as out:
        out.write(JOB.format(model=model, folder=folder, python=sys.executable))
    plan = h.tram("plan", job).out
    ended = h.tram("run", job, "--run", os.path.join(folder, "run"), "--json")
    steps = [e for e in ended.events() if e["event"] == "step"]
    peak = h.summary_of(ended.events())["peak_memory_bytes"]
    ratio = planned(plan) / peak
    print(f"{len(steps)} steps in {ended.seconds:.0f} s, planned {planned(plan) / 1e9:.2f} GB, {peak / 1e9:.2f} GB at the peak ({ratio:.2f})")
    h.expect_equal([s["version"] for s in steps], [1, 2, 3], "steps of reinforcement")
    for step in steps:
        h.expect_equal(step["log_prob_gap_max"], 0, f"step {step['version']}: the gap of log-probabilities")
        h.expect(step["log_prob_gap_tokens"] > 0, "no log-probability was compared")
        h.expect(step["gradient_norm"] > 0, "nothing was learnt from")
    h.expect(0.85 <= ratio <= 1.15, f"the plan is {ratio:.2f} of the peak\n{plan}")
    return peak


with h.Folder() as scratch:
    if "--whole" in sys.argv:
        h.PATIENCE = 3600
        used = check(scratch, WHOLE)
        h.expect(used < GIGABYTES_MOST * 1e9, f"{used / 1e9:.2f} GB at the peak, which may be {GIGABYTES_MOST}")
    else:
        check(scratch, SMALL)
