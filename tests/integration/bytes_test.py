#!/usr/bin/env python3
"""Completions of any bytes: a model whose tokens are single bytes writes text that is no UTF-8, and
ends inside characters. Whatever leaves the program as JSON, HTML or lines is valid UTF-8 all the same.

  bytes_test.py TRAM REPOSITORY
"""
import json
import os
import random
import struct
import sys

import harness as h

WIDTH, HEADS, HEAD_DIM, LAYERS, BYTES, END = 32, 2, 16, 1, 256, 256


def tensors():
    shapes = {"model.embed_tokens.weight": (BYTES + 1, WIDTH), "model.norm.weight": (WIDTH,)}
    for layer in range(LAYERS):
        at = f"model.layers.{layer}."
        for name in ("input_layernorm", "post_attention_layernorm"):
            shapes[f"{at}{name}.weight"] = (WIDTH,)
        for name in ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"):
            shapes[f"{at}{name}.weight"] = (HEADS * HEAD_DIM, WIDTH)
        for name in ("mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"):
            shapes[f"{at}{name}.weight"] = (WIDTH, WIDTH)
    return shapes


def write_weights(path):
    draw, header, body = random.Random(3), {}, b""
    for name, shape in tensors().items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        values = [draw.gauss(0, 0.1) if len(shape) > 1 else 1.0 for _ in range(count)]
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [len(body), len(body) + 4 * count]}
        body += struct.pack(f"<{count}f", *values)
    text = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + body)


def byte_characters():
    """How byte-level tokenizers write bytes: printable ones as they are, the others from U+0100 on."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(b) if b in plain else chr(next(others)) for b in range(BYTES)]


def byte_model(folder):
    os.makedirs(folder)
    write_weights(os.path.join(folder, "model.safetensors"))
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": BYTES + 1, "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "num_key_value_heads": HEADS, "head_dim": HEAD_DIM,
        "intermediate_size": WIDTH, "hidden_act": "silu", "max_position_embeddings": 64, "rms_norm_eps": 1e-6,
        "rope_theta": 10000.0, "tie_word_embeddings": True, "eos_token_id": END, "torch_dtype": "float32"}
    tokenizer = {"version": "1.0", "added_tokens": [{"id": END, "content": "<end>", "single_word": False, "lstrip": False,
            "rstrip": False, "normalized": False, "special": True}],
        "normalizer": None, "post_processor": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "vocab": {c: b for b, c in enumerate(byte_characters())}, "merges": []}}
    for name, value in (("config.json", config), ("tokenizer.json", tokenizer), ("special_tokens_map.json", {"eos_token": "<end>"}),
            ("generation_config.json", {"temperature": 0.6})):
        with open(os.path.join(folder, name), "w") as f:
            json.dump(value, f)
    return folder


GRADER = """import json, sys
for line in sys.stdin.buffer:
    items = json.loads(line.decode("utf-8"))["items"]
    print(json.dumps({"items": [{"id": i["id"], "score": len(i["completion"]) % 2, "evidence": "even or odd"} for i in items]}), flush=True)
"""


def valid(text, whose):
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        sys.exit(f"FAILED: {whose} is no UTF-8: {error}")


def whole(command):
    """What a command prints, as bytes."""
    done = h.subprocess.run([h.TRAM, *command], capture_output=True, timeout=h.PATIENCE)
    h.expect(done.returncode == h.OK, f"tram {' '.join(command)}: {done.returncode} {done.stderr[-2000:]}")
    return valid(done.stdout, f"tram {command[0]}")


def learns(folder, model):
    grader = os.path.join(folder, "grader.py")
    with open(grader, "w") as f:
        f.write(GRADER)
    graph = h.job(folder, "bytes", policy=model, steps=3, group=4, batch=16, heldout=4, checkpoint_every=1)
    text = open(graph).read()
    start = text.index("rewards: {")
    end = text.index("\n", start)
    rewards = f"rewards: {{ own: {{ kind: command, weight: 1, command: [{sys.executable}, {grader}] }} }} }}"
    with open(graph, "w") as f:
        f.write(text[:start] + rewards + text[end:])
    run = os.path.join(folder, "run")
    done = h.subprocess.run([h.TRAM, "run", graph, "--run", run, "--json"], capture_output=True, timeout=h.PATIENCE)
    events = [json.loads(line) for line in valid(done.stdout, "tram run --json").splitlines()]
    h.expect_equal(done.returncode, h.OK, f"tram run: {done.stderr[-2000:]}")
    h.expect_equal(len(h.steps_of(events)), 3, "steps that are told")
    h.expect_equal(h.summary_of(events)["rollouts"], 48, "rollouts in the summary")
    h.expect(not [e for e in events if e["event"] in ("alarm", "exit")], "an alarm or a death")
    for name in ("metrics.jsonl", "report.html", "log.jsonl", "job.yaml"):
        path = os.path.join(run, name)
        text = valid(open(path, "rb").read(), name)
        if name.endswith(".jsonl"):
            for line in text.splitlines():
                json.loads(line)
    kept(model, os.path.join(run, "checkpoints"))
    return run


def kept(model, checkpoints):
    """A checkpoint is a folder that other programs read like the one that the job began with."""
    newest = os.path.join(checkpoints, max(os.listdir(checkpoints)))
    before, after = (open(os.path.join(folder, "special_tokens_map.json"), "rb").read() for folder in (model, newest))
    h.expect_equal(after, before, "special tokens of a checkpoint")
    with open(os.path.join(newest, "generation_config.json")) as f:
        generation = json.load(f)
    h.expect_equal((generation["temperature"], generation["eos_token_id"]), (0.6, END), "generation settings of a checkpoint")


def looked_at(run, model, folder):
    lines = [json.loads(line) for line in whole(["rollouts", run, "--json", "--limit", "1000"]).splitlines()]
    h.expect_equal(len(lines), 48, "rollouts")
    h.expect("\ufffd" in json.dumps([line.get("text", "") for line in lines], ensure_ascii=False) or
        "\ufffd" in whole(["rollouts", run, str(lines[0]["id"])]), "no completion was cut or broken: the test sees nothing")
    whole(["rollouts", run])
    whole(["generate", model, "1+1=", "--samples", "8"])
    whole(["eval", model, "--data", os.path.join(folder, "few.jsonl"), "--json"])


def refusals_are_text(folder, model):
    """What is wrong with a file, a name or a word of the command line is told as valid UTF-8, without
    what a terminal takes for an order, whatever bytes it quotes."""
    graph = h.job(folder, "strange", policy=model, steps=1)
    with open(graph, "rb") as f:
        text = f.read()
    mark = b"\xc3\x1b[2J\xff"
    strange = os.path.join(folder.encode(), b"strange-\xff\x1b[1m.yaml")
    changes = {"a key": (b"\nseed:", b"\n" + b"s\xffeed:"), "a text that is looked for": (b"data: {", b"data: { answer_after: '\xff',")}
    words = {what: ["plan", strange] for what in changes}
    words.update({"a file": ["plan", mark], "a command": [mark], "an option": ["plan", graph, b"--" + mark], "a setting":
        ["plan", graph, "--set", b"stages.x" + mark + b"=1"], "a run": ["replay", mark], "a kind": ["kinds", mark]})
    for what, command in words.items():
        with open(strange, "wb") as f:
            f.write(text.replace(*changes[what], 1) if what in changes else text)
        done = h.subprocess.run([h.TRAM, *command], capture_output=True, timeout=h.PATIENCE)
        told = valid(done.stderr, f"what is said of {what}")
        h.expect(all(c.isprintable() or c in "\n\t" for c in told), f"what is said of {what} has control characters: {told!r}")
        h.expect(done.returncode in (h.USAGE, h.BAD_INPUT, h.IO) and told, f"{what} of any bytes is taken: {done.returncode} {told!r}")


with h.Folder() as at:
    made = byte_model(os.path.join(at, "model"))
    ran = learns(at, made)
    print("a model of single bytes learns, and every event is JSON of valid UTF-8", flush=True)
    looked_at(ran, made, at)
    print("rollouts, generate and eval print valid UTF-8", flush=True)
    refusals_are_text(at, made)
    print("what is refused is told in valid UTF-8", flush=True)
